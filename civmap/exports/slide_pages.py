"""Which slides an exhibit needs: one for each map and chart, panels and long tables on as many as stay readable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from civmap.exhibits import words
from civmap.exhibits.headers import headers
from civmap.exports.make_template import EXHIBIT, LAYOUTS, WIDE
from civmap.exports.methods import method
from civmap.exports.prepared import Prepared
from civmap.exports.slide_charts import KINDS, Chart, beyond, charts
from civmap.exports.slide_tables import (
    FEWEST_COLUMNS,
    MOST_COLUMNS,
    MOST_SLIDES,
    SOME_SLIDES,
    cells,
    first_rows,
    paged,
    shown_columns,
)
from civmap.exports.slide_text import first_sentence, sentences
from civmap.figures import axes, events
from civmap.figures.paper import MAPS
from civmap.figures.part import Part
from civmap.language import mark, say, say_n

PANELS = 15  # on one slide
NARROW_COLUMNS = 6
MANY_ROWS = 40  # that need more slides than a table gets, whatever columns are left out


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
    """One slide: its texts, and one of a map, charts or a table; none of them where nothing was found.

    ``sentence`` holds the sentences that follow the title, ``shown`` says what the slide shows of the exhibit.
    """

    layout: str
    title: str
    sentence: Sequence[str]
    shown: str
    caveats: Sequence[str]
    alt: str
    method: str = ""
    map: Part | None = None
    charts: Sequence[Chart] = ()
    table: Table | None = None
    events: Sequence[str] = field(default_factory=tuple)


def pages(one: Prepared, room: Mapping[str, tuple[float, float]] | None = None) -> list[Page]:
    """Lay out an exhibit: every slide says the finding, and what it shows.

    Parameters
    ----------
    room
        Width and height in inches of the exhibit's place in each layout; without it, of CivMap's own template.
    """
    room = room or {layout: LAYOUTS[layout]["exhibit"][2:4] for layout in (EXHIBIT, WIDE)}
    exhibit = one.exhibit
    finding, rest = first_sentence(exhibit.sentence)
    title = one.title or finding or exhibit.title
    begins = exhibit.title if not one.title else finding
    said = [begins if not begins or begins.endswith((".", "?")) else f"{begins}.", *sentences(rest)]
    plain = Page(WIDE, title, said, "", exhibit.caveats, "", say(method(exhibit.recipe.analysis)))
    found: list[Page] = []
    for part in exhibit.parts:
        known = replace(plain, alt=part.alt, shown=_shown(part, exhibit.title))
        if part.kind == "table":
            found += _tables(part, known, room)
        elif part.kind in MAPS:
            found.append(replace(known, layout=EXHIBIT, map=part))
        elif part.kind in KINDS:
            found += _charts(part, known)
    return found or [replace(plain, alt=say("Nothing was found to show."))]


def _shown(part: Part, title: str) -> str:
    subtitle = str(part.encoding.get("subtitle", ""))
    name = "" if part.title == title else part.title
    return _dotted(name, subtitle)


def _dotted(*texts: str) -> str:
    return " \u00b7 ".join(text for text in texts if text)


def _charts(part: Part, page: Page) -> list[Page]:
    drawn = charts(part)
    said = _events(part)
    page = replace(page, caveats=[*_unseen(part), *page.caveats])
    if len(drawn) <= 1:
        return [replace(page, layout=EXHIBIT, charts=drawn, events=said)] if drawn else []
    slides = -(-len(drawn) // PANELS)
    each = -(-len(drawn) // slides)
    found = []
    for number, start in enumerate(range(0, len(drawn), each), start=1):
        unit = str(part.encoding.get("unit", ""))
        shared = part.encoding.get("shared", part.kind == "ratio_panels")
        scale = say(mark("one scale") if shared else mark("each panel on its own scale"))
        if slides > 1:
            scale = say("{scale} ({number} of {slides})", scale=scale, number=number, slides=slides)
        name = str(unit or part.encoding.get("value_name", say("Ratio, logarithmic scale")))
        named = name.casefold() in page.shown.casefold()
        axis = scale if named else say("{unit}; {scale}", unit=name, scale=scale)
        chosen = drawn[start : start + each]
        shown = _dotted(page.shown, words.capital(axis))
        found.append(replace(page, charts=chosen, events=said, shown=shown))
    return found


def _unseen(part: Part) -> list[str]:
    """Say what a chart cannot show: what lies beyond its end, and what is withheld."""
    series = part.frames.get("series")
    hidden = 0 if series is None or "withheld" not in series else int(series["withheld"].fillna("").ne("").sum())
    said = say_n(
        hidden, "{n} value withheld so that nobody can be made out: left empty here, and not 0.",
        "{n} values withheld so that nobody can be made out: left empty here, and not 0.",
    )  # fmt: skip
    return [line for line in (beyond(part), said if hidden else "") if line]


def _events(part: Part) -> list[str]:
    """Name every event of a chart, for the notes."""
    if "events" not in part.frames or part.frames["events"].empty:
        return []
    months = axes.months(part.frames["series"]["period"])
    found = events.events_within(part.frames["events"], months.first, months.last)
    named = [say("{day}: {event}", day=words.day(one.start), event=one.label) for one in found]
    return [say("On the time axis:"), *named] if found else []


def _tables(part: Part, page: Page, room: Mapping[str, tuple[float, float]]) -> list[Page]:
    """Lay a table out over slides; columns and rows that find no room are counted in words."""
    table, heads = part.table, headers(part)
    if table.empty:
        return []
    wide = len(table.columns) > NARROW_COLUMNS
    layout = WIDE if wide else EXHIBIT
    for most in range(MOST_COLUMNS, FEWEST_COLUMNS - 1, -1):  # a column is left out before a row
        shown = table.loc[:, shown_columns(table, most)]
        named, rows, numeric = cells(shown, heads)
        size, widths, split = paged(named, rows, room[layout])
        if len(split) <= MOST_SLIDES or len(table) > MANY_ROWS:
            break
    left_out = []
    if len(shown.columns) < len(table.columns):
        gone = ", ".join(heads[str(name)] for name in table if name not in set(shown.columns))
        left_out.append(say("Columns without room: {columns}; the data files hold them.", columns=gone))
    if any(text.endswith("\u2026") for row in rows for text in row):
        left_out.append(say("Long texts are cut; the data files hold them whole."))
    drawn = split if len(split) <= MOST_SLIDES else split[:SOME_SLIDES]
    if len(split) > len(drawn):
        left_out.append(first_rows(sum(map(len, drawn)), len(rows)))
    return [
        replace(
            page, layout=layout, table=Table(named, some, numeric, widths, size),
            caveats=[*left_out, *page.caveats],
            shown=_dotted(page.shown, say("{number} of {all}", number=number, all=len(drawn)) if drawn[1:] else ""),
        ) for number, some in enumerate(drawn, start=1)
    ]  # fmt: skip
