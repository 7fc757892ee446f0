"""A bundle: deck, report, pictures, data and the manifest by which all of it can be built again, in one ZIP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from civmap.exports import data, manifest, pictures, report, slides
from civmap.exports.prepared import Prepared
from civmap.figures import paper
from civmap.language import say, speaking, spoken

_MADE = (1980, 1, 1, 0, 0, 0)  # of every entry: the same content gives the same archive


def bundle(exported: Sequence[Prepared], *, notes: Sequence[str] = (), title: str = "") -> bytes:
    """Pack everything that can be made of some exhibits.

    Parameters
    ----------
    exported
        In their order; the folder of each begins with its number.
    notes
        A speaker's note for each exhibit, as far as there are any.
    title
        Of deck and report.

    Returns
    -------
    bytes
        Of a ZIP with ``deck.pptx``, ``report.html``, a folder for each exhibit, ``README.txt`` and ``manifest.json``,
        which holds a SHA-256 of every other file.
    """
    files = {
        "deck.pptx": slides.deck(exported, notes=notes, title=title),
        "report.html": report.report(exported, notes=notes, title=title),
    }
    for number, one in enumerate(exported, start=1):
        folder = f"{number:02d}-{one.exhibit.recipe.analysis.replace('_', '-')}"
        made = [*data.files(one), *pictures.pictures(one, paper.FORMATS)]
        files |= {f"{folder}/{name}": content for name, content in made}
    with speaking(exported[0].language if exported else spoken()):
        files["README.txt"] = _readme(exported, title).encode()
    files[manifest.FILE] = manifest.as_text(manifest.together(exported, files=files)).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _MADE), files[name], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _readme(exported: Sequence[Prepared], title: str) -> str:
    marks = list(dict.fromkeys(one.marking for one in exported))
    lines = [*marks, "", title or say("CivMap bundle"), ""]
    for number, one in enumerate(exported, start=1):
        lines += [f"{number}. {one.heading}", f"   {one.exhibit.sentence}", *(f"   {line}" for line in one.stamp), ""]
    lines += [
        say("deck.pptx: a slide or more for each exhibit. report.html: the same to read and print, without a network."),
        say("The folders hold pictures (PNG, SVG, PDF) and numbers (CSV, XLSX; of maps also GeoJSON, GeoPackage and "
            "GeoParquet)."),
        say("{file}: what is needed to build all this again. To see whether it would still be the same:",
            file=manifest.FILE),
        "    python -m civmap verify BUNDLE --home DIR",
        "", *marks,
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
