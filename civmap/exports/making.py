"""From a briefing to one file: every exhibit is built and prepared, and what leaves is noted in the audit log."""

from __future__ import annotations

import io
import os
import uuid
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from civmap.errors import CivMapError, ExportError
from civmap.exhibits import Exhibit, Recipe, build
from civmap.exports import log
from civmap.exports.briefing import Briefing, kind
from civmap.exports.prepare import prepare
from civmap.exports.prepared import Prepared
from civmap.language import listed, say, say_n
from civmap.store import Store

OpenStore = Callable[[str], Store]
FORMS = ("pptx", "html", "zip")  # a deck, a report, a bundle of everything
PICTURES = {"png": "PNG", "svg": "SVG", "pdf": "PDF"}
TABLES = {"csv": "CSV", "xlsx": "XLSX"}
MAPS = {"geojson": "GeoJSON", "gpkg": "GeoPackage", "parquet": "GeoParquet"}


def prepared(
    briefing: Briefing,
    open_store: OpenStore,
    *,
    build: Callable[[Recipe, Store], Exhibit] = build,
    progress: Callable[[int, str], None] | None = None,
) -> list[Prepared]:
    """Build and prepare every exhibit of a briefing in the language that is spoken, its own titles in place.

    Parameters
    ----------
    open_store
        Gives the store of a theatre.
    build
        Another way to build, such as from a cache.
    progress
        Told before each exhibit how many are done and which comes next.

    Raises
    ------
    ExportError
        Names at once every exhibit that cannot be made: its data are gone, its recipe no longer holds, or the marking
        of its theatre is not set.
    """
    if not briefing.items:
        raise ExportError(say("The briefing is empty."), next_step=say("Add at least one exhibit."))
    found: list[Prepared] = []
    faults: dict[str, list[str]] = {}
    for number, item in enumerate(briefing.items, start=1):
        name = item.title or kind(item.recipe)
        if progress:
            progress(number - 1, name)
        try:
            store = open_store(item.recipe.theatre)
            found.append(prepare(build(item.recipe, store), store, title=item.title))
        except CivMapError as error:
            faults.setdefault(str(error), []).append(say("exhibit {number} ({name})", number=number, name=name))
    if faults:
        failed = say_n(
            len(briefing.items), "{failed} of {n} exhibit cannot be made, so nothing was.",
            "{failed} of {n} exhibits cannot be made, so nothing was.", failed=len(briefing.items) - len(found),
        )  # fmt: skip
        why = [say("{which}: {fault}", which=listed(which), fault=error) for error, which in faults.items()]
        raise ExportError("\n- ".join([failed, *why]))
    return found


def made(
    exported: Sequence[Prepared], form: str, *, notes: Sequence[str] = (), title: str = "", template: Path | None = None
) -> bytes:
    """Make one file of all exhibits, in their language.

    Parameters
    ----------
    form
        One of `FORMS`.
    notes
        A speaker's note for each exhibit.
    template
        A PowerPoint template of one's own; only a deck has one.
    """
    # loaded when asked for: they bring python-pptx and matplotlib along
    if form == "pptx":
        from civmap.exports import slides

        return slides.deck(exported, notes=notes, title=title, template=template)
    if form == "html":
        from civmap.exports import report

        return report.report(exported, notes=notes, title=title)
    if form == "zip":
        from civmap.exports import bundle

        return bundle.bundle(exported, notes=notes, title=title)
    raise ExportError(say("There is no form '{form}'.", form=form), expected=", ".join(FORMS))


def forms(exhibit: Exhibit) -> dict[str, str]:
    """List the forms in which one exhibit can leave, with their names; shapes only where it has a map."""
    kinds = {part.kind for part in exhibit.parts}
    maps = MAPS if kinds & {"cells", "provinces"} else {}
    return {"pptx": "PowerPoint", **PICTURES, **TABLES, **maps}


def one(exported: Prepared, form: str) -> tuple[str, bytes]:
    """Make one file of one exhibit, with its name; several files of one form are put into a ZIP.

    Parameters
    ----------
    form
        One of `forms`.
    """
    exhibit = exported.exhibit
    name = f"civmap-{exhibit.recipe.analysis.replace('_', '-')}-{exhibit.fingerprint}"
    if form == "pptx":
        return f"{name}.pptx", made([exported], form)
    if form in PICTURES:
        from civmap.exports import pictures

        files = pictures.pictures(exported, [form])
    else:
        from civmap.exports import data

        files = data.files(exported, [form])
    if not files:
        raise ExportError(say("{exhibit} holds nothing to export as {form}.", exhibit=exhibit.title,
                              form=forms(exhibit).get(form, form)))  # fmt: skip
    if len(files) == 1:
        return files[0]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in files:
            archive.writestr(file, content)
    return f"{name}-{form}.zip", packed.getvalue()


def size(data: bytes) -> str:
    """Say how large a file is.

    Examples
    --------
    >>> size(b"x" * 1500), size(b"x" * 2_345_678)
    ('2 kB', '2.3 MB')
    """
    if len(data) >= 1e6:
        return say("{size:.1f} MB", size=len(data) / 1e6)
    return say("{size} kB", size=-(-len(data) // 1000))


def note(exported: Sequence[Prepared], open_store: OpenStore, *, what: str) -> list[str]:
    """Write one line into the audit log of each theatre that something leaves from, and give its warnings.

    Raises
    ------
    StoreError
        When a line cannot be written; then nothing may leave.
    """
    theatres = dict.fromkeys(one.exhibit.recipe.theatre for one in exported)
    warnings: list[str] = []
    for theatre in theatres:
        own = [one for one in exported if one.exhibit.recipe.theatre == theatre]
        warnings += log.record(own, open_store(theatre), what=what)
    return list(dict.fromkeys(warnings))


def write_whole(file: Path, data: bytes) -> None:
    """Write a file whole under its name, or leave what was there.

    Raises
    ------
    ExportError
        When the disk refuses: it is full, or the folder may not be written.
    """
    if file.exists() and not (file.is_file() or file.is_dir()):  # a device, say
        raise ExportError(say("{file} is no file that could be written anew.", file=file.name))
    draft = file.with_name(f".{file.name}-{uuid.uuid4().hex}.tmp")
    try:
        try:
            draft.write_bytes(data)
            os.replace(draft, file)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(
            say("{name} was not written; what was there before is untouched.", name=file.name),
            found=error.strerror or str(error),
            next_step=say("Check that {folder} is there, has space left and may be written to.", folder=file.parent),
        ) from error  # fmt: skip
