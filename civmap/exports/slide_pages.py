"""Which slides an exhibit needs: one for each map and chart, panels and long tables on as many as stay readable."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from civmap.exhibits import ANALYSES, words
from civmap.exports.make_template import EXHIBIT, LAYOUTS, WIDE
from civmap.exports.prepared import Prepared
from civmap.exports.slide_charts import KINDS, Chart, charts
from civmap.exports.slide_tables import cells, paged, shown_columns
from civmap.exports.slide_text import first_sentence
from civmap.figures import axes, events
from civmap.figures.paper import MAPS
from civmap.figures.part import Part

PANELS = 15  # on one slide
MOST_TABLE_SLIDES = 2
NARROW_COLUMNS = 6


@dataclass(frozen=True)
class Table:
    """The rows of a table that stand on one slide."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]
    widths: Sequence[float]
    size: float


@dataclass(frozen=True)
class Page:
    """One slide: its texts, and one of a map, charts or a table; none of them where nothing was found."""

    layout: str
    title: str
    sentence: Sequence[str]
    caveats: Sequence[str]
    alt: str
    method: str = ""
    map: Part | None = None
    charts: Sequence[Chart] = ()
    table: Table | None = None
    events: Sequence[str] = field(default_factory=tuple)


def pages(one: Prepared) -> list[Page]:
    """Lay out an exhibit.

    The first slide says the finding; the following ones repeat it, with what they show.
    """
    exhibit = one.exhibit
    finding, rest = first_sentence(exhibit.sentence)
    title = one.title or finding or exhibit.title
    said = [exhibit.title if not one.title else finding, rest]
    plain = Page(
        WIDE,
        title,
        [". ".join(line.rstrip(".") for line in said if line)],
        exhibit.caveats,
        "",
        _method(exhibit.recipe.analysis),
    )
    found: list[Page] = []
    for part in exhibit.parts:
        known = replace(plain, alt=part.alt, sentence=[*plain.sentence, _shown(part, exhibit.title)])
        if part.kind == "table":
            found += _tables(part, known)
        elif part.kind in MAPS:
            found.append(replace(known, layout=EXHIBIT, map=part))
        elif part.kind in KINDS:
            found += _charts(part, known)
    return found or [replace(plain, alt="Nothing was found to show.")]


def _shown(part: Part, title: str) -> str:
    subtitle = str(part.encoding.get("subtitle", ""))
    name = "" if part.title == title else part.title
    return " \u00b7 ".join(one for one in (name, subtitle) if one)


def _method(analysis: str) -> str:
    return (inspect.getdoc(ANALYSES[analysis]) or "").split("\n\n")[0].replace("\n", " ")


def _charts(part: Part, page: Page) -> list[Page]:
    drawn = charts(part)
    said = _events(part)
    if len(drawn) <= 1:
        return [replace(page, layout=EXHIBIT, charts=drawn, events=said)] if drawn else []
    slides = -(-len(drawn) // PANELS)
    each = -(-len(drawn) // slides)
    found = []
    for number, start in enumerate(range(0, len(drawn), each), start=1):
        of = f" ({number} of {slides})" if slides > 1 else ""
        unit = str(part.encoding.get("unit", ""))
        scale = (
            "one scale" if part.encoding.get("shared", part.kind == "ratio_panels") else "each panel on its own scale"
        )
        axis = f"{unit or part.encoding.get('value_name', 'Ratio, logarithmic scale')}; {scale}{of}"
        chosen = drawn[start : start + each]
        found.append(replace(page, charts=chosen, events=said, sentence=[*page.sentence, axis[:1].upper() + axis[1:]]))
    return found


def _events(part: Part) -> list[str]:
    """Name every event of a chart, for the notes."""
    if "events" not in part.frames or part.frames["events"].empty:
        return []
    months = axes.months(part.frames["series"]["period"])
    found = events.events_within(part.frames["events"], months.first, months.last)
    return ["On the time axis:", *(f"{words.day(one.start)}: {one.label}" for one in found)] if found else []


def _tables(part: Part, page: Page) -> list[Page]:
    """Lay a table out over slides; columns and rows that find no room are counted in words."""
    table = part.table
    if table.empty:
        return []
    wide = len(table.columns) > NARROW_COLUMNS
    shown = table.loc[:, shown_columns(table)]
    headers, rows, numeric = cells(shown)
    layout = WIDE if wide else EXHIBIT
    box = LAYOUTS[layout]["exhibit"]
    size, widths, split = paged(headers, rows, (box[2], box[3]))
    left_out = []
    if len(shown.columns) < len(table.columns):
        gone = [str(name) for name in table if name not in set(shown.columns)]
        left_out.append(f"Columns without room: {', '.join(gone)}; the data files hold them.")
    drawn = split[:MOST_TABLE_SLIDES]
    if len(split) > len(drawn):
        kept = sum(map(len, drawn))
        left_out.append(f"The first {words.number(kept)} of {words.number(len(rows))} rows; the data files hold all.")
    return [
        replace(
            page, layout=layout, table=Table(headers, some, numeric, widths, size),
            sentence=[*page.sentence, *left_out, *([f"({number} of {len(drawn)})"] if len(drawn) > 1 else [])],
        ) for number, some in enumerate(drawn, start=1)
    ]  # fmt: skip
