"""One HTML file that holds everything and fetches nothing: to read, to send and to print."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from civmap.exhibits.headers import headers
from civmap.exports import manifest
from civmap.exports.prepared import Prepared
from civmap.exports.slide_tables import cells, first_rows, shown_columns
from civmap.exports.slide_text import clean
from civmap.figures import paper, theme
from civmap.figures.part import Part
from civmap.language import direction, say, speaking, spoken

MOST_ROWS = 200  # of a table; more are in the data files
MOST_COLUMNS = 7  # in print at the usual size
SCREEN_DPI = 144
SHORT = 14  # letters that are not broken, such as those of a day
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)  # fmt: skip


def report(exported: Sequence[Prepared], *, notes: Sequence[str] = (), title: str = "") -> bytes:
    """Make a report of some exhibits.

    Parameters
    ----------
    exported
        In their order.
    notes
        A speaker's note for each exhibit, as far as there are any.
    title
        Of the report, which speaks as the first exhibit does.

    Returns
    -------
    bytes
        Of an HTML file, UTF-8. The marking stands at the top and bottom of every printed page; pictures are inside
        the file; the manifest lies in it as JSON.
    """
    with speaking(exported[0].language if exported else spoken()):
        said = [*notes, *[""] * len(exported)]
        shown = [_exhibit(at, one, note) for at, (one, note) in enumerate(zip(exported, said, strict=False), start=1)]
        text = _TEMPLATES.get_template("report.html").render(
            title=title.strip() or say("Harm to civilians"), stamp=_shared(exported), exhibits=shown,
            marking="; ".join(dict.fromkeys(one.marking for one in exported)),
            synthetic=say(theme.SYNTHETIC) if any(one.synthetic for one in exported) else "", tongue=_tongue(),
            dash=say("A dash stands for what is not known or withheld; it is never a nought."),
            contents=say("Contents"), most_columns=MOST_COLUMNS, manifest=_json(manifest.together(exported)),
        )  # fmt: skip
    return clean(text).encode()


def _exhibit(number: int, one: Prepared, note: str) -> dict[str, Any]:
    """Give all that the report says of an exhibit, in the exhibit's own language."""
    with speaking(one.language):
        return {
            "number": number, "title": one.heading, "sentence": one.exhibit.sentence, "caveats": one.exhibit.caveats,
            "stamp": one.stamp, "synthetic": say(theme.SYNTHETIC) if one.synthetic else "", "tongue": _tongue(),
            "note": note, "note_head": say("Speaker's note:"), "caveats_head": say("Caveats"),
            "parts": [_part(part, one) for part in one.exhibit.parts if not part.table.empty],
        }  # fmt: skip


def _tongue() -> dict[str, str]:
    """Give the language that is spoken and how it runs, as HTML names them."""
    return {"lang": spoken(), "dir": direction(spoken())}


def _shared(exported: Sequence[Prepared]) -> list[str]:
    """Give the lines that the stamps of all exhibits have in common: they stand on the first page as well."""
    first, others = exported[0].stamp if exported else (), [one.stamp for one in exported[1:]]
    return [line for line in first if all(line in stamp for stamp in others)]


def _part(part: Part, one: Prepared) -> dict[str, Any]:
    table = part.table
    drawn: dict[str, Any] = {"title": part.title if part.title != one.exhibit.title else "", "alt": part.alt,
                             "subtitle": part.encoding.get("subtitle", ""), "picture": "", "table": None}  # fmt: skip
    if part.kind != "table":
        picture = paper.picture(paper.draw(part, synthetic=one.synthetic), "png", dpi=SCREEN_DPI)
        return {**drawn, "picture": base64.b64encode(picture).decode()}
    named, rows, numeric = cells(table.loc[:, shown_columns(table)].head(MOST_ROWS), headers(part))
    short = [all(len(row[k]) <= SHORT for row in rows) for k in range(len(named))]
    kinds = ["number" if number else "short" if brief else "" for number, brief in zip(numeric, short, strict=True)]
    heads = [(header, "number" if number else "") for header, number in zip(named, numeric, strict=True)]
    return {**drawn, "table": {"headers": heads, "left_out": first_rows(len(rows), len(table)),
                               "rows": [list(zip(row, kinds, strict=True)) for row in rows]}}  # fmt: skip


def _json(value: Any) -> Markup:
    """Write JSON that cannot end the element that it stands in."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704
