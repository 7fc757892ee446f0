"""What was found in words: the class and the label of a place, and the ranked list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from civmap.analysis.cell_windows import NOT_OBSERVED
from civmap.analysis.drawn import Drawn
from civmap.exhibits import words
from civmap.exhibits.hotspots.field import Field
from civmap.exhibits.hotspots.observed import NEVER
from civmap.exhibits.hotspots.tested import DRAWS, Tested
from civmap.language import mark, say, say_n, write

LISTED = 25
HUGE = 100  # an interval that runs to more than so many times has no upper end worth a number
STRONG = 4  # times what is expected; the darkest class, and so in its name

HOTTEST, HOT = mark("Hot: 4 times what is expected, or more"), mark("Hot: 2 to 4 times what is expected")
WITHIN = mark("More than pure chance, but within the scatter of this map")
NOT_HOT, EMPTY = mark("Incidents, not shown to be hot"), mark("No incident recorded; not the same as safe")
NO_ANSWER, UNSEEN = mark("No answer: too little to tell"), mark("Not observed by this source")
UNCOVERED = mark("Not observed: never covered by a sensor")
CLASSES = (
    (HOTTEST, "5"), (HOT, "4"), (WITHIN, "2"), (NOT_HOT, "1"), (EMPTY, "bare"), (NO_ANSWER, "no_answer"),
    (UNSEEN, "unobserved"), (UNCOVERED, "unobserved"),
)  # fmt: skip
PEOPLE = {"killed": "Killed, min to max", "injured": "Injured, min to max"}


def said(classes: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Name classes in the language that is spoken."""
    return tuple((say(name), role) for name, role in classes)


def findings(done: Tested) -> pd.Series:
    """Put every place into one class of the map."""
    found = done.found
    names = np.select(
        [found["hot"] & (found["ratio"] >= STRONG), found["hot"], found["reason"] == say(NOT_OBSERVED),
         found["reason"] == say(NEVER), ~found["answer"], done.by_chance, found["count"] > 0],
        [say(name) for name in (HOTTEST, HOT, UNSEEN, UNCOVERED, NO_ANSWER, WITHIN, NOT_HOT)],
        default=say(EMPTY),
    )  # fmt: skip
    return pd.Series(names, index=found.index, dtype="str")


def number(value: float) -> str:
    """Write an expected count or a ratio.

    Examples
    --------
    >>> number(0.034), number(3.456), number(123.4), number(float("inf"))
    ('0.03', '3.5', '123', 'none before')
    """
    if not np.isfinite(value):
        return say("none before") if value > 0 else ""
    return write(value, ",.0f" if value >= 100 else ".1f" if value >= 1 else ".2f")


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
        return say("more than {low}", low=number(low))
    return say("{low} to {high}", low=number(low), high=number(high))


def chance(q: float) -> str:
    """Write a false discovery rate.

    Examples
    --------
    >>> chance(0.00004), chance(0.0213), chance(1.0)
    ('<0.001', '0.021', '1')
    """
    return "" if np.isnan(q) else f"<{write(0.001)}" if q < 0.001 else write(q, ".2g")


def in_draws(draws: Drawn) -> pd.Series:
    """Write in how many draws a place is hot."""
    hot = each(draws.hot, lambda hot: say("hot in {hot} of {draws} draws", hot=hot, draws=DRAWS))
    return hot.where(draws.answered > 0, say("too little to tell in any draw"))


def place_names(field: Field) -> pd.Series:
    """Name each place for the screen: its province, and near what where that may be told."""
    if field.unit == "provinces":
        return field.places["name"]
    close = near(field)
    return field.places["name"] + (f" {say('near')} " + close).where(close != "", "")


def near(field: Field) -> pd.Series:
    """Name a place near each cell, empty where none may be told."""
    return field.places["near"].astype("str").str.slice(0, 40).where(field.places["near"].notna(), "")


def verdict(done: Tested) -> pd.Series:
    """Say of each place in a word or two what was decided."""
    found = done.found
    said = np.select(
        [found["hot"], ~found["answer"], done.by_chance], [say("hot"), say("no answer"), say("within scatter")],
        say("not shown"),
    )  # fmt: skip
    return pd.Series(said, index=found.index, dtype="str")


def short_draws(draws: Drawn) -> pd.Series:
    """Write in how many draws a place is hot, for a column that says so."""
    hot = each(draws.hot, lambda hot: say("{n} of {total}", n=hot, total=DRAWS))
    return hot.where(draws.answered > 0, say("no answer"))


def labels(done: Tested) -> pd.Series:
    """Say of each place what hovering shows."""
    found, wide = done.found, done.field.unit == "cells"
    count = found["count"].fillna(0).astype(int)
    said = (
        place_names(done.field) + "\n" + each(count, lambda n: say_n(n, "{n} incident here", "{n} incidents here"))
    )  # fmt: skip
    if wide:
        around = found["observed"].fillna(0).astype(int)
        said += each(around, lambda n: say("; {n} with the cells around", n=words.number(n)))
    some = found[found["answer"] & (found["observed"] > 0)]
    told = "\n" + _column(_expected, *(some[name] for name in ("expected", "ratio", "ratio_low", "ratio_high")))
    told = told + "\n" + in_draws(done.draws).loc[some.index]
    with_answer = said + told.reindex(found.index, fill_value="")
    return with_answer.where(found["reason"] == "", said + "\n" + found["reason"])


def _expected(expected: float, ratio: float, low: float, high: float) -> str:
    return say("expected {expected}, ratio {ratio} ({interval})", expected=number(expected), ratio=number(ratio),
               interval=interval(low, high))  # fmt: skip


def each(values: pd.Series, write: Callable[[Any], str]) -> pd.Series:
    """Write each value; those that are the same only once."""
    return values.map({value: write(value) for value in values.unique()})


def _column(write: Callable[..., str], *columns: pd.Series) -> pd.Series:
    rows = [write(*row) for row in zip(*columns, strict=True)]
    return pd.Series(rows, index=columns[0].index, dtype="object")


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
    span = [(name, f"{harm}_min", f"{harm}_max") for harm, name in PEOPLE.items()]
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
