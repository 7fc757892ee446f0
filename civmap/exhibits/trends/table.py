"""The table of trends: which areas rise or fall, by how much, and how sure that is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.analysis.trend_words import FALLING, NO_CHANGE, RISING, TOO_FEW
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import options, standing
from civmap.exhibits.trends.asked import AREAS, SPANS, YEARS, Asked, ask
from civmap.exhibits.trends.findings import NOT_COVERED, either, findings, limits, percent
from civmap.exhibits.trends.periods import month_span
from civmap.exhibits.trends.told import caveats_of, sentence_of
from civmap.exhibits.trends.trend_map import trend_map
from civmap.figures.part import Part
from civmap.language import mark, say, say_n, speaking
from civmap.queries.scope import ALL
from civmap.store import Store

COLUMNS = {"provinces": "Province", "districts": "District", "groups": "Area"}
TITLES = {
    "provinces": mark("Rising or falling: {what} by province"),
    "districts": mark("Rising or falling: {what} by district"),
    "groups": mark("Rising or falling: {what} by area"),
}
ORDER = {RISING: 0, FALLING: 1, NO_CHANGE: 2, TOO_FEW: 3, NOT_COVERED: 4}


def trend_table(recipe: Recipe, store: Store) -> Exhibit:
    """Say of every area whether it rises or falls, and set the latest period beside the same one a year before.

    Parameters of the recipe: ``span``, the latest period: 12 months, year to date, 3 months, 1 month; ``years`` that
    the words look back: 4, 2, 8, all; ``areas``: provinces, groups or districts.
    """
    chosen = options(recipe, span=SPANS, years=YEARS, areas=AREAS)
    here = standing(recipe, store)
    asked = ask(here, span=chosen["span"], years=chosen["years"], areas=chosen["areas"])
    found = findings(asked)
    table = _table(asked, found)
    months = month_span(*asked.window)
    parts = [Part(
        "table", say("Trend over {months}, and the latest period beside the year before", months=months),
        {"table": table},
        alt=say_n(
            len(table), "Table of {n} area with trend word, latest period, same period last year and change.",
            "Table of {n} areas with trend word, latest period, same period last year and change.",
        ),
        encoding={"subtitle": here.subtitle, "headers": _headers(asked)},
    )]  # fmt: skip
    if chosen["areas"] == "provinces":
        parts.append(trend_map(asked, found, months))
    return here.exhibit(
        title=say(TITLES[chosen["areas"]], what=words.what(here.filters.with_(measure="incidents"))),
        sentence=sentence_of(asked, found),
        parts=parts,
        caveats=caveats_of(asked, found),
    )


def _table(asked: Asked, found: pd.DataFrame) -> pd.DataFrame:
    shown = found[(found["word"] != NOT_COVERED) & ((found["incidents"] > 0) | (found["now"].fillna(0) > 0))]
    rank = shown["word"].map(ORDER).where(shown.index != ALL, -1)
    order = pd.DataFrame({"rank": rank, "now": -shown["now"].fillna(-1)}).sort_values(["rank", "now"]).index
    shown = shown.loc[order]
    people = asked.here.filters.measure != "incidents"
    now, before = ("value_now", "value_before") if people else ("now", "before")
    trend, latest, year_before = _headers(asked)
    table = {
        COLUMNS[asked.areas]: shown["name"],
        trend: shown["word"].map({word: say(word) for word in ORDER}),
        latest: shown[now].round().astype("Int64"),
        year_before: shown[before].round().astype("Int64"),
        "Change, %": _hundredths(shown["change"]),
        "Change, 95 % interval": _joined(shown, "change_low", "change_high"),
        "Pooled change, %": _hundredths(shown["pooled"]),
        "Last 24 months": shown["months"],
        "Pooled, 95 % interval": _joined(shown, "pooled_low", "pooled_high"),
        "Trend a year": [percent(ratio) for ratio in shown["ratio"]],
        "Trend, 95 % interval": _joined(shown, "low", "high"),
        "Would show from (a year)": [
            words.clauses([either(fall, rise) if rise == rise else "", why])
            for fall, rise, why in zip(shown["fall"], shown["rise"], shown["why"], strict=True)
        ],
        "Incidents per 100,000 people a year": _per_head(asked, shown),
    }
    return pd.DataFrame(table).reset_index(drop=True)


def _headers(asked: Asked) -> dict[str, str]:
    """Head the columns that are named after months, by their English names, which disclosure control reads."""
    with speaking("en"):
        names = _months(asked)
    return dict(zip(names, _months(asked), strict=True))


def _months(asked: Asked) -> list[str]:
    """Name the columns of the word, of the latest period and of the one a year before."""
    trend = say_n(asked.length, "Trend ({n} month)", "Trend ({n} months)")
    spans = [month_span(*asked.span), month_span(*asked.before)]
    if asked.here.filters.measure != "incidents":
        spans = [say("{months}, {unit}", months=months, unit=asked.here.unit) for months in spans]
    return [trend, *spans]


def _hundredths(ratio: pd.Series) -> pd.Series:
    """Turn ratios into whole percent, so that the column sorts; blank without an answer or after none."""
    finite = ratio.where(np.isfinite(ratio.astype("float64")))
    return (100 * (finite - 1)).round().astype("Int64")


def _joined(frame: pd.DataFrame, low: str, high: str) -> list[str]:
    return [limits(a, b) for a, b in zip(frame[low], frame[high], strict=True)]


def _per_head(asked: Asked, shown: pd.DataFrame) -> pd.Series:
    """Relate the latest period to the population counted or estimated nearest to it; blank where there is none."""
    known = asked.here.store.theatre.population
    if known.empty:
        return pd.Series(pd.NA, index=shown.index, dtype="Float64")
    apart = (known["year"].astype(int) - asked.span[1].year).abs()
    nearest = known.assign(apart=apart).sort_values("apart").drop_duplicates("admin1").set_index("admin1")["population"]
    people = nearest.reindex(shown.index).astype("float64")
    if ALL in people.index and set(asked.here.store.theatre.boundaries.index) <= set(nearest.index):
        people[ALL] = nearest.sum()
    rate = shown["now"] / (people / 100_000) / (asked.periods / 12)
    return rate.round(2).astype("Float64")
