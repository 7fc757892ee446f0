"""The table of trends: which areas rise or fall, by how much, and how sure that is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.analysis.trend_words import FALLING, NO_CHANGE, RISING, TOO_FEW
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import options, standing
from civmap.exhibits.trends.asked import AREAS, SPANS, YEARS, Asked, ask, month_span
from civmap.exhibits.trends.findings import NOT_COVERED, findings, limits, percent
from civmap.exhibits.trends.told import caveats_of, sentence_of
from civmap.exhibits.trends.trend_map import trend_map
from civmap.figures.part import Part
from civmap.queries.scope import ALL
from civmap.store import Store

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
    word = {"provinces": "Province", "districts": "District"}.get(chosen["areas"], "Area")
    months = month_span(*asked.window)
    parts = [Part(
        "table", f"Trend over {months}, and the latest period beside the year before",
        {"table": table.rename(columns={"Area": word})},
        alt=f"Table of {len(table)} areas with trend word, latest period, same period last year and change.",
        encoding={"subtitle": here.subtitle},
    )]  # fmt: skip
    if chosen["areas"] == "provinces":
        parts.append(trend_map(asked, found, months))
    return here.exhibit(
        title=f"Rising or falling: {words.what(here.filters.with_(measure='incidents'))} by {word.lower()}",
        sentence=sentence_of(asked, found, word.lower()),
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
    unit = f", {asked.here.unit}" if people else ""
    table = {
        "Area": shown["name"],
        f"Trend ({asked.length} months)": shown["word"],
        f"{month_span(*asked.span)}{unit}": shown[now].round().astype("Int64"),
        f"{month_span(*asked.before)}{unit}": shown[before].round().astype("Int64"),
        "Change, %": _hundredths(shown["change"]),
        "Change, 95 % interval": _joined(shown, "change_low", "change_high"),
        "Pooled change, %": _hundredths(shown["pooled"]),
        "Last 24 months": shown["months"],
        "Pooled, 95 % interval": _joined(shown, "pooled_low", "pooled_high"),
        "Trend a year": [percent(ratio) for ratio in shown["ratio"]],
        "Trend, 95 % interval": _joined(shown, "low", "high"),
        "Would show from (a year)": [
            "; ".join([f"{percent(fall)} or {percent(rise)}"] * (rise == rise) + [why] * bool(why))
            for fall, rise, why in zip(shown["fall"], shown["rise"], shown["why"], strict=True)
        ],
        "Incidents per 100,000 people a year": _per_head(asked, shown),
    }
    return pd.DataFrame(table).reset_index(drop=True)


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
