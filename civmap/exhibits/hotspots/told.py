"""What was found in words: the label of a place, the ranked list, the sentence and what to be careful about."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from civmap.analysis.cell_windows import window_matrix
from civmap.analysis.drawn import Drawn
from civmap.exhibits import words
from civmap.exhibits.hotspots.field import Field, in_words
from civmap.exhibits.hotspots.observed import NEVER
from civmap.exhibits.hotspots.tested import DRAWS, Tested

LISTED = 25
HUGE = 100  # an interval that runs to more than so many times has no upper end worth a number
STRONG = 4  # times what is expected; the darkest class

HOTTEST, HOT = f"Hot: {STRONG} times what is expected, or more", f"Hot: 2 to {STRONG} times what is expected"
WITHIN = "More than pure chance, but within the scatter of this map"
NOT_HOT, EMPTY = "Incidents, not shown to be hot", "No incident recorded; not the same as safe"
NO_ANSWER, UNSEEN = "No answer: too little to tell", "Not observed by this source"
UNCOVERED = "Not observed: never covered by a sensor"
CLASSES = (
    (HOTTEST, "5"), (HOT, "4"), (WITHIN, "2"), (NOT_HOT, "1"), (EMPTY, "bare"), (NO_ANSWER, "no_answer"),
    (UNSEEN, "unobserved"), (UNCOVERED, "unobserved"),
)  # fmt: skip


def findings(done: Tested) -> pd.Series:
    """Put every place into one class of the map."""
    found = done.found
    words_ = np.select(
        [found["hot"] & (found["ratio"] >= STRONG), found["hot"], found["reason"] == "not observed",
         found["reason"] == NEVER, ~found["answer"], done.by_chance, found["count"] > 0],
        [HOTTEST, HOT, UNSEEN, UNCOVERED, NO_ANSWER, WITHIN, NOT_HOT],
        default=EMPTY,
    )  # fmt: skip
    return pd.Series(words_, index=found.index, dtype="str")


def number(value: float) -> str:
    """Write an expected count or a ratio.

    Examples
    --------
    >>> number(0.034), number(3.456), number(123.4), number(float("inf"))
    ('0.03', '3.5', '123', 'none before')
    """
    if not np.isfinite(value):
        return "none before" if value > 0 else ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def interval(low: float, high: float) -> str:
    """Write the interval of a ratio; an upper end that says nothing is not written.

    Examples
    --------
    >>> interval(1.21, 3.5), interval(2.3, 4000.0), interval(float("nan"), float("nan"))
    ('1.2 to 3.5', 'more than 2.3', '')
    """
    if not np.isfinite(low):
        return ""
    if high > HUGE:
        return f"more than {number(low)}"
    return f"{number(low)} to {number(high)}"


def chance(q: float) -> str:
    """Write a false discovery rate.

    Examples
    --------
    >>> chance(0.00004), chance(0.0213), chance(1.0)
    ('<0.001', '0.021', '1')
    """
    return "" if np.isnan(q) else "<0.001" if q < 0.001 else f"{q:.2g}"


def in_draws(draws: Drawn) -> pd.Series:
    """Write in how many draws a place is hot."""
    said = "hot in " + draws.hot.astype("str") + f" of {DRAWS} draws"
    return said.where(draws.answered > 0, "too little to tell in any draw")


def place_names(field: Field) -> pd.Series:
    """Name each place for the screen: its province, and near what where that may be told."""
    if field.unit == "provinces":
        return field.places["name"]
    close = near(field)
    return field.places["name"] + (" near " + close).where(close != "", "")


def near(field: Field) -> pd.Series:
    """Name a place near each cell, empty where none may be told."""
    return field.places["near"].astype("str").str.slice(0, 40).where(field.places["near"].notna(), "")


def verdict(done: Tested) -> pd.Series:
    """Say of each place in a word or two what was decided."""
    found = done.found
    said = np.select(
        [found["hot"], ~found["answer"], done.by_chance], ["hot", "no answer", "within scatter"], "not shown"
    )
    return pd.Series(said, index=found.index, dtype="str")


def short_draws(draws: Drawn) -> pd.Series:
    """Write in how many draws a place is hot, for a column that says so."""
    return (draws.hot.astype("str") + f" of {DRAWS}").where(draws.answered > 0, "no answer")


def labels(done: Tested) -> pd.Series:
    """Say of each place what hovering shows."""
    found, wide = done.found, done.field.unit == "cells"
    count = found["count"].fillna(0).astype(int)
    said = place_names(done.field) + "\n" + count.map(lambda n: words.count(n, "incident", "incidents")) + " here"
    if wide:
        said += found["observed"].fillna(0).astype(int).map(lambda n: f"; {n:,} with the cells around")
    told = (
        "\nexpected " + found["expected"].map(number) + ", ratio " + found["ratio"].map(number) + " ("
        + _column(interval, found["ratio_low"], found["ratio_high"]) + ")\n" + in_draws(done.draws)
    )  # fmt: skip
    with_answer = said + told.where(found["answer"] & (found["observed"] > 0), "")
    return with_answer.where(found["reason"] == "", said + "\n" + found["reason"])


def _column(write: object, *columns: pd.Series) -> pd.Series:
    return pd.Series([write(*row) for row in zip(*columns, strict=True)], index=columns[0].index)  # type: ignore[operator]


def ranked(done: Tested) -> pd.DataFrame:
    """List places with a record: hot ones first, then by the lower end of the ratio's interval; at least 25."""
    found, people, field = done.found, done.field.people, done.field
    known = found[found["count"] > 0]
    order = (
        known.assign(chance=done.by_chance)
        .sort_values(["hot", "answer", "chance", "ratio_low", "count"], ascending=False, kind="stable")
        .index
    )
    order = order[: max(LISTED, int(found["hot"].sum()))]
    top = found.loc[order]
    span = [(f"{harm.capitalize()}, min to max", f"{harm}_min", f"{harm}_max") for harm in ("killed", "injured")]
    wide = {"With cells around": top["observed"].astype("Int64")} if field.unit == "cells" else {}
    before = {} if done.before is None else {"Incidents before": done.before.counts.reindex(order).astype("Int64")}
    table = {
        "Rank": np.arange(1, len(order) + 1),
        "Province": field.places.loc[order, "name"],
        **({"Place": near(field).loc[order]} if field.unit == "cells" else {}),
        "Incidents": top["count"].astype("Int64"),
        **before,
        **wide,
        "Expected": top["expected"].map(number),
        "Ratio": top["ratio"].map(number),
        "95 % interval": _column(interval, top["ratio_low"], top["ratio_high"]),
        "q value": top["q"].map(chance),
        "Finding": verdict(done).loc[order],
        "Hot in draws": short_draws(done.draws).loc[order],
        **{name: _column(words.span, people.loc[order, low], people.loc[order, high]) for name, low, high in span},
        "Why there is no answer": top["reason"],
        **({"H3 cell": order} if field.unit == "cells" else {"ISO 3166-2": order}),
    }
    frame = pd.DataFrame(table).reset_index(drop=True)
    return without_empty(frame, "Place", "Why there is no answer")


def without_empty(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Leave out those of the named columns in which nothing stands."""
    return table.drop(columns=[name for name in names if name in table and (table[name] == "").all()])


def against(done: Tested) -> str:
    """Say what incidents are compared with, in a clause."""
    if done.before is not None:
        return f"its own earlier period, {in_words((done.before.here.first, done.before.here.last))}"
    return {
        "population": "population", "all": "its part of all incidents that the source records",
        "area": "area", "hours": "observation hours",
    }[done.exposure]  # fmt: skip


def sentence(done: Tested) -> str:
    """Say which places are hot, how sure and how much; or that none is, or that there is no answer, and why."""
    found, field = done.found, done.field
    one, many = field.unit[:-1], field.unit
    days = in_words((field.here.first, field.here.last))
    total, answered, looked = int(found["count"].sum()), int(found["answer"].sum()), int(found["count"].notna().sum())
    held = f"{words.count(total, 'incident', 'incidents')}, {days}"
    if not answered:
        why = found.loc[~found["reason"].isin(["not observed", NEVER])].sort_values("count", ascending=False)["reason"]
        said = why.iloc[0] if len(why) else "no place was observed"
        return f"No answer for any {one}: {said} ({held})."
    hot = found[found["hot"]]
    part = f"all {words.number(looked)} {many} can be answered"
    if answered < looked:
        part = f"{words.number(answered)} of {words.number(looked)} {many} can be answered, the others hold too little"
    within = int((done.by_chance & ~found["hot"]).sum())
    also = ""
    if within:
        more = words.count(within, f"more {one}" if len(hot) else one, f"more {many}" if len(hot) else many)
        also = (
            f" If {many} scattered by pure chance alone, {more} would be called hot too; on this map {many} scatter "
            "more than that."
        )
    if hot.empty:
        return (
            f"No {one} is shown to be hot, compared with {against(done)} ({held}; {part}). This is no proof that "
            f"harm is spread evenly.{also}"
        )
    top = hot.sort_values("ratio_low", ascending=False).index[0]
    row = found.loc[top]
    areas = _areas(done)
    grouped = (
        f" in {words.count(areas, 'separate area', 'separate areas')}" if field.unit == "cells" and len(hot) > 1 else ""
    )
    around = " with the cells around it" if field.unit == "cells" else ""
    times = (
        f"where there were none before (more than {number(row['ratio_low'])} times)"
        if not np.isfinite(row["ratio"])
        else f"where {number(row['expected'])} are expected, {number(row['ratio'])} times (95 % interval "
        f"{interval(row['ratio_low'], row['ratio_high'])})"
    )
    return (
        f"{words.count(len(hot), one, many)}{grouped} {'is' if len(hot) == 1 else 'are'} hot, compared with "
        f"{against(done)} ({held}; {part}). Clearest: {place_names(field).loc[top]}{around}, "
        f"{words.count(int(row['observed']), 'incident', 'incidents')} {times}; {in_draws(done.draws).loc[top]}.{also}"
    )


def _areas(done: Tested) -> int:
    """Count the connected groups of hot cells."""
    hot = done.found["hot"].to_numpy()
    links = window_matrix(done.field.neighbours, done.found.index)[hot][:, hot]
    return int(connected_components(links, directed=False)[0])
