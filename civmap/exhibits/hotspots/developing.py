"""How hot spots came and went."""

from __future__ import annotations

import pandas as pd

from civmap import queries
from civmap.analysis.cell_windows import MIN_EXPECTED
from civmap.analysis.emerging import emerging as developed
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.hotspots import told
from civmap.exhibits.hotspots.answer import place_part
from civmap.exhibits.hotspots.field import Field, field
from civmap.exhibits.hotspots.units import counted
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, options, standing
from civmap.figures.part import Part
from civmap.language import mark, say, say_in, say_n
from civmap.store import Store

PERIODS = {"quarter": "Q", "month": "M", "year": "Y"}
WINDOW = 7  # cells
GROWING, LASTING = mark("New, consecutive or intensifying"), mark("Persistent")
CHANGING, FADING = mark("Sporadic or oscillating"), mark("Diminishing or historical")
COLD, NEITHER = mark("Cold spot of any kind: fewer than an even spread"), mark("No pattern")
PATTERNS = {
    "new": GROWING, "consecutive": GROWING, "intensifying": GROWING, "persistent": LASTING, "sporadic": CHANGING,
    "oscillating": CHANGING, "diminishing": FADING, "historical": FADING, "no_pattern": NEITHER,
    "too_few": told.NO_ANSWER, "not_observed": told.UNSEEN,
}  # fmt: skip
CLASSES = ((GROWING, "5"), (LASTING, "4"), (CHANGING, "3"), (FADING, "2"), (COLD, "1"), (NEITHER, "bare"),
           (told.NO_ANSWER, "no_answer"), (told.UNSEEN, "unobserved"))  # fmt: skip
BY = {
    "quarter": mark("How hot spots developed, by quarter"), "month": mark("How hot spots developed, by month"),
    "year": mark("How hot spots developed, by year"),
}  # fmt: skip
HOT_IN = {
    "quarter": mark("Hot in a quarter means more than an even spread over all cells would bring by chance, corrected "
                    "over all cells and quarters at 5 %."),
    "month": mark("Hot in a month means more than an even spread over all cells would bring by chance, corrected over "
                  "all cells and months at 5 %."),
    "year": mark("Hot in a year means more than an even spread over all cells would bring by chance, corrected over "
                 "all cells and years at 5 %."),
}  # fmt: skip
SIZE = {
    "quarter": mark("Cells are of H3 resolution {resolution}, so that a window expects at least {least:g} incident in "
                    "a quarter on average; only whole quarters are used."),
    "month": mark("Cells are of H3 resolution {resolution}, so that a window expects at least {least:g} incident in a "
                  "month on average; only whole months are used."),
    "year": mark("Cells are of H3 resolution {resolution}, so that a window expects at least {least:g} incident in a "
                 "year on average; only whole years are used."),
}  # fmt: skip


def emerging(recipe: Recipe, store: Store) -> Exhibit:
    """Say of each cell how its hot or cold spot developed over quarters, months or years.

    Parameters of the recipe: ``period``.
    """
    period = options(recipe, period=tuple(PERIODS))["period"]
    here = standing(recipe, store)
    seen, cube = _cube(here, PERIODS[period])
    title, total = say(BY[period]), int(cube.sum().sum())
    try:
        found = developed(cube, seen.neighbours)
    except AnalysisError as error:
        return here.exhibit(title=title, sentence=say("No answer: {why}", why=str(error)), parts=[], n=total)
    spans = counted_periods(cube.shape[1], period)
    below = words.clauses([here.subtitled(total), spans])
    mixed = (found["pattern"] == "no_pattern") & (found["hot_periods"] > 0)
    said = found["pattern"].map(kinds()).mask(mixed, say("hot and cold in turn"))
    ever = found[found["answer"] & (found["hot_periods"] > 0)].sort_values(["hot_periods", "z_last"], ascending=False)
    table = _table(seen, cube, ever, said)
    part = Part(
        "table", say("Cells by number of hot periods"), {"table": table},
        alt=say_n(len(table), "Table of {n} cell: {subtitle}.", "Table of {n} cells: {subtitle}.", subtitle=below),
    )  # fmt: skip
    sentence = say_n(
        len(ever), "Of {cells} that can be answered, {n} was hot in at least one of {periods}",
        "Of {cells} that can be answered, {n} were hot in at least one of {periods}",
        cells=counted(int(found["answer"].sum()), "cells"), periods=spans,
    )  # fmt: skip
    if len(ever):
        numbers = said[ever.index].value_counts()
        listed = words.listed([say("{n} {pattern}", n=number, pattern=name) for name, number in numbers.items()])
        sentence = say("{sentence}: {patterns}", sentence=sentence, patterns=listed)
    caveats = [
        say(HOT_IN[period]) + " "
        + say("An even spread over land is not where people live: lasting hot spots are mostly towns. What changed is "
              "the finding here, not where."),
        say("New: hot in the last period only. Consecutive: one unbroken run to the end. Intensifying, diminishing: "
            "hot in nine of ten periods with a z that rises or falls. Historical: so, but not now. Sporadic: on and "
            "off. Oscillating: hot now, cold before."),
        say("The trend is not corrected for the number of cells, nor for slow swings, which look like trends; scatter "
            "beyond chance is not allowed for."),
        say(SIZE[period], resolution=seen.resolution, least=MIN_EXPECTED),
    ]  # fmt: skip
    parts = [_map(seen, cube, found, period, below), part]
    return here.exhibit(title=title, sentence=f"{sentence}.", parts=parts, caveats=caveats, n=total)


def kinds() -> dict[str, str]:
    """Say each pattern of `civmap.analysis.emerging.emerging` in words.

    Examples
    --------
    >>> kinds()["new_cold"]
    'new cold'
    """
    return {
        "new": say_in("hot spot", "new"), "consecutive": say_in("hot spot", "consecutive"),
        "intensifying": say_in("hot spot", "intensifying"), "persistent": say_in("hot spot", "persistent"),
        "sporadic": say_in("hot spot", "sporadic"), "oscillating": say_in("hot spot", "oscillating"),
        "diminishing": say_in("hot spot", "diminishing"), "historical": say_in("hot spot", "historical"),
        "new_cold": say("new cold"), "consecutive_cold": say("consecutive cold"),
        "intensifying_cold": say("intensifying cold"), "persistent_cold": say("persistent cold"),
        "sporadic_cold": say("sporadic cold"), "oscillating_cold": say("oscillating cold"),
        "diminishing_cold": say("diminishing cold"), "historical_cold": say("historical cold"),
        "no_pattern": say("no pattern"), "too_few": say("too few"), "not_observed": say("not observed"),
    }  # fmt: skip


def counted_periods(number: int, period: str) -> str:
    """Write a number of quarters, months or years.

    Examples
    --------
    >>> counted_periods(1, "year"), counted_periods(12, "quarter")
    ('1 year', '12 quarters')
    """
    if period == "quarter":
        return words.count(number, "quarter", "quarters")
    return words.count(number, "month", "months") if period == "month" else words.count(number, "year", "years")


def _map(seen: Field, cube: pd.DataFrame, found: pd.DataFrame, period: str, below: str) -> Part:
    """Draw what became of every cell."""
    finding = found["pattern"].map(lambda name: say(COLD if name.endswith("_cold") else PATTERNS[name]))
    said = found["pattern"].map(kinds())
    spans = counted_periods(cube.shape[1], period)
    hot = told.each(found["hot_periods"], lambda hot: say("hot in {hot} of {periods}", hot=hot, periods=spans))
    frame = pd.DataFrame({
        "admin1": seen.places["admin1"], "finding": finding, "pattern": said,
        "incidents": cube.sum(axis=1).astype("Int64"),
        "hot periods": found["hot_periods"], "cold periods": found["cold_periods"],
        "trend of z": found["trend"].map(say), "why no answer": found["reason"],
        "label": told.place_names(seen) + "\n" + said.where(found["answer"], found["reason"]) + "\n" + hot,
    })  # fmt: skip
    alt = say("Map of patterns: {subtitle}.", subtitle=below)
    return place_part(seen, frame, say("Patterns"), alt, told.said(CLASSES), below)


def _table(seen: Field, cube: pd.DataFrame, ever: pd.DataFrame, said: pd.Series) -> pd.DataFrame:
    """List the cells that were hot in most periods."""
    table = pd.DataFrame({
        "Province": seen.places.loc[ever.index, "name"], "Place": told.near(seen).loc[ever.index],
        "Pattern": said[ever.index], "Hot periods": ever["hot_periods"].astype("Int64"),
        "Last period": ever["last"].map(say), "Trend": ever["trend"].map(say),
        "Trend p": ever["trend_p"].map(told.chance),
        "Incidents": cube.sum(axis=1)[ever.index].astype("Int64"), "H3 cell": ever.index,
    }).head(told.LISTED).reset_index(drop=True)  # fmt: skip
    return told.without_empty(table, "Place")


def _cube(here: Standing, code: str) -> tuple[Field, pd.DataFrame]:
    """Count by cell and whole period, in cells large enough for the number of incidents; null where not covered."""
    store, known_on = here.store, here.recipe.as_known_on
    spans = pd.period_range(here.first, here.last, freq=code)
    slack = pd.Timedelta(days=queries.EDGE_DAYS)
    whole = (spans.start_time >= here.first - slack) & (spans.end_time <= here.last + slack + pd.Timedelta(days=1))
    spans = spans[whole]
    seen = field(here, "cells")
    finest = seen.resolution or 0
    for size in (finest, finest - 1, finest - 2):
        seen = field(here, "cells", resolution=size)
        if seen.counts.sum() * WINDOW >= MIN_EXPECTED * max(seen.counts.notna().sum() * len(spans), 1):
            break
    placed = queries.place_counts(store, here.filters, resolution=seen.resolution, by_month=True, as_known_on=known_on)
    month = months_of(placed["month"])
    placed = placed.assign(period=month.asfreq(code))
    cube = placed.pivot_table(index="place", columns="period", values="incidents", aggfunc="sum", observed=True)
    cube = cube.reindex(index=seen.places.index, columns=spans).fillna(0)
    areas = list(store.theatre.boundaries.index)
    scope = queries.scope_of(store, here.filters, as_known_on=known_on)
    covered = pd.DataFrame(scope.covers(areas, pd.DatetimeIndex(spans.start_time)), index=areas)
    return seen, cube.where(covered.loc[seen.places["admin1"]].to_numpy())


def months_of(number: pd.Series) -> pd.PeriodIndex:
    """Turn months since year 0, as the store counts them, into periods."""
    return pd.PeriodIndex((number - 12 * 1970).to_numpy(dtype="int64").view("datetime64[M]"), freq="M")
