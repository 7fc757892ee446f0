"""What is found of every area: its word, its change on the year before, raw and pooled, and what could be seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from civmap import queries
from civmap.analysis import trends as analysis
from civmap.exhibits.trends.asked import BY, Asked
from civmap.language import mark, say
from civmap.queries.scope import ALL

NOT_COVERED = mark("not covered")  # as the trend words a code, said where it is shown


def findings(asked: Asked) -> pd.DataFrame:
    """Give every area its word, its change on the year before, raw and pooled, and what could have been seen.

    Returns
    -------
    DataFrame
        Indexed by area, the whole theatre first: the columns of `trend_words`, ``name``, ``now``, ``before``,
        ``change``, ``change_low``, ``change_high``, ``pooled``, ``pooled_low``, ``pooled_high``, ``value_now``,
        ``value_before`` (of the measure), ``months`` (the last two years, a list).
    """
    window = asked.looked_at
    inside = window.loc[window["area"] != ALL]
    found = pd.concat([analysis.trend_words(window[window["area"] == ALL]), analysis.trend_words(inside)])
    # all together scatter less than each alone
    own = found.index != ALL
    every = analysis.clustering(inside).of_sum(asked.periods)
    together = analysis.clustering(window[window["area"] == ALL]).of_sum(asked.periods)
    excess = np.where(own, every, together)
    for outcome, prefix in (("incidents", ""), (asked.here.value, "value_")):
        sums = analysis.same_period(
            asked.panel, first=asked.span[0], periods=asked.periods, per_year=12, outcome=outcome
        )
        found[f"{prefix}now"], found[f"{prefix}before"] = sums["now"], sums["before"]
    now, before = found["now"].to_numpy(), found["before"].to_numpy()
    found["change"], found["change_low"], found["change_high"] = analysis.change_limits(now, before, excess=excess)
    pooled = analysis.pool_changes(now[own], before[own], excess=every).set_index(found.index[own])
    found[["pooled", "pooled_low", "pooled_high"]] = pooled[["ratio", "low", "high"]].reindex(found.index)
    last = window[window["period"] == asked.window[1]].set_index("area")["incidents"]
    found.loc[last.reindex(found.index).isna(), "word"] = NOT_COVERED
    if asked.here.filters.measure != "incidents":
        _people(asked, found, pd.Series(excess, found.index))
    recent = asked.panel[asked.panel["period"] > asked.window[1] - pd.DateOffset(months=24)]
    recent = recent[recent["period"] <= asked.window[1]]
    values = recent["incidents"].astype("object").where(recent["incidents"].notna(), None)
    lines = {area: own.tolist() for area, own in values.groupby(recent["area"])}
    found["months"] = pd.Series(lines, dtype="object").reindex(found.index)
    found.insert(0, "name", asked.names.reindex(found.index))
    return found


def _people(asked: Asked, found: pd.DataFrame, excess: pd.Series) -> None:
    """Put the change of a number of people in place of that of incidents, with a bootstrap over incidents."""
    here = asked.here
    days = {"date_from": asked.before[0].date(), "date_to": (asked.span[1] + pd.offsets.MonthEnd(0)).date()}
    drawn = queries.sizes(here.store, here.filters.with_(**days), bound=here.bound, by=BY[asked.areas],
                          as_known_on=here.recipe.as_known_on)  # fmt: skip
    every = drawn[drawn["area"].isna()] if asked.areas == "groups" else drawn  # groups overlap
    drawn = pd.concat([every.assign(area=ALL), drawn.dropna(subset=["area"])])
    limits = {}
    for name, (first, last) in {"now": asked.span, "before": asked.before}.items():
        within = drawn[drawn["period"].between(first, last)]
        limits[name] = {
            area: analysis.bootstrap_sum(
                own["size"].to_numpy(dtype=float, na_value=np.nan),
                incidents=own["incidents"],
                dispersion=1 + excess.get(area, 0.0) * own["incidents"].sum(),
            )
            for area, own in within.groupby("area")
        }
    ratio = found["value_now"] / found["value_before"].where(found["value_before"] > 0)
    ends = pd.DataFrame(
        {f"{name}_{end}": pd.Series({area: pair[k] for area, pair in made.items()}, dtype="float64")
         for name, made in limits.items() for k, end in enumerate(("low", "high"))}
    ).reindex(found.index)  # fmt: skip
    a, b = (
        np.log(found["value_now"].where(found["value_now"] > 0)),
        np.log(found["value_before"].where(found["value_before"] > 0)),
    )
    down = np.sqrt((a - np.log(ends["now_low"])) ** 2 + (np.log(ends["before_high"]) - b) ** 2)
    up = np.sqrt((np.log(ends["now_high"]) - a) ** 2 + (b - np.log(ends["before_low"])) ** 2)
    found["change"], found["change_low"], found["change_high"] = ratio, ratio * np.exp(-down), ratio * np.exp(up)


def percent(ratio: Any) -> str:
    """Write a ratio as a change.

    Examples
    --------
    >>> percent(1.2), percent(0.75), percent(12.0), percent(float("nan")), percent(float("inf"))
    ('+20 %', '-25 %', '12 times', '', 'no limit')
    """
    if ratio is None or np.isnan(ratio):
        return ""
    if ratio > 20:
        return say("over 20 times") if np.isfinite(ratio) else say("no limit")
    return say("{ratio:.0f} times", ratio=ratio) if ratio >= 5 else say("{change:+.0f} %", change=100 * (ratio - 1))


def limits(low: Any, high: Any) -> str:
    """Write the interval of a change.

    Examples
    --------
    >>> limits(0.7, 1.5), limits(0.0, float("inf"))
    ('-30 % to +50 %', '-100 % to no limit')
    """
    if low is None or np.isnan(low) or np.isnan(high):
        return ""
    return say("{low} to {high}", low=percent(low), high=percent(high))


def either(fall: Any, rise: Any) -> str:
    """Write the smallest changes that would be seen.

    Examples
    --------
    >>> either(0.8, 1.25)
    '-20 % or +25 %'
    """
    return say("{fall} or {rise}", fall=percent(fall), rise=percent(rise))
