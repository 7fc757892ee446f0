"""The one large incident, the attribution, and fewer strikes: three other readings of a change.

Three questions that a before/after result is always asked, each answered with the same primary model.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from civmap.analysis.count_panel import Day, read_series
from civmap.analysis.specifications import each_outcome
from civmap.errors import AnalysisError
from civmap.language import mark, say

__all__ = ["Activity", "Bounds", "Largest", "attribution_bounds", "per_activity", "without_largest"]


@dataclass(frozen=True)
class Largest:
    """The result without the largest incident.

    Parameters
    ----------
    table
        Two rows, ``all`` and ``without the largest incident``, as from `each_outcome`; these labels are codes.
    day, people
        When it happened and how many were harmed.
    """

    table: pd.DataFrame = field(repr=False, compare=False)
    day: pd.Timestamp
    people: float


@dataclass(frozen=True)
class Bounds:
    """The result when nobody knows whose the undetermined incidents are.

    Parameters
    ----------
    table
        Rows ``none of the undetermined ours``, ``all of the undetermined ours``, ``the undetermined``, as from
        `each_outcome`; these labels are codes.
    holds
        Whether both bounds exclude no change on the same side; None where one of them has no answer.
    text
        The same in a sentence.
    """

    table: pd.DataFrame = field(repr=False, compare=False)
    holds: bool | None
    text: str


@dataclass(frozen=True)
class Activity:
    """Whether there were fewer strikes, or safer strikes.

    Parameters
    ----------
    table
        Rows ``harm``, ``activity`` and ``harm per activity``, as from `each_outcome`; these labels are codes.
    verdict
        ``activity``, ``per_activity`` or ``both``: which of the two intervals excludes 1; ``cannot_tell``: neither.
    text
        The same in a sentence.
    """

    table: pd.DataFrame = field(repr=False, compare=False)
    verdict: Literal["activity", "per_activity", "both", "cannot_tell"]
    text: str


def without_largest(
    panel: pd.DataFrame,
    incidents: pd.DataFrame,
    *,
    at: Day,
    outcome: str,
    people: str,
    counts_people: bool,
    **options: Any,
) -> Largest:
    """Leave the largest incident of the window out and look again.

    Parameters
    ----------
    panel
        As for `interrupted_time_series`.
    incidents
        One row per incident, with ``event_date`` and the number harmed.
    outcome
        Column of the panel.
    people
        Column of ``incidents``: how many were harmed; null is unknown and never the largest.
    counts_people
        Whether the outcome counts people, so that all of them are taken out, or incidents, so that one is.
    at, options
        As for `interrupted_time_series`.

    Raises
    ------
    AnalysisError
        When no incident with a known number lies inside the panel, or the panel counts fewer in its period.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=24, freq="MS")
    >>> panel = pd.DataFrame({"period": months, "killed": [5, 7, 6, 9] * 3 + [4, 6, 5, 90] + [4, 6, 5, 7] * 2})
    >>> incidents = pd.DataFrame({"event_date": ["2009-04-05", "2008-02-01"], "killed_best": [85, 4]})
    >>> found = without_largest(panel, incidents, at="2009-01-01", outcome="killed", people="killed_best",
    ...                         counts_people=True, harmonics=0)
    >>> found.day.date().isoformat(), found.people, found.table["after"].tolist()
    ('2009-04-05', 85.0, [149.0, 64.0])
    """
    for name in ("event_date", people):
        if name not in incidents.columns:
            raise AnalysisError(
                say("The incidents have no column '{name}'.", name=name), found=", ".join(map(str, incidents.columns))
            )
    series = read_series(panel, outcome=outcome, exposure=None)
    days = pd.to_datetime(incidents["event_date"])
    harmed = pd.to_numeric(incidents[people]).astype("Float64")
    starts = series.starts
    number = starts.searchsorted(days, side="right") - 1
    inside = (number >= 0) & (days < series.ends[number]).to_numpy() & harmed.notna().to_numpy()
    if not inside.any():
        raise AnalysisError(
            say("No incident with a known number of people lies inside the panel."),
            next_step=say("Ask for incidents of the same filters as the panel."),
        )
    amounts = np.where(inside, harmed.to_numpy(dtype=float, na_value=-np.inf), -np.inf)
    largest = int(amounts.argmax())
    day, size, place = pd.Timestamp(days.iloc[largest]), float(amounts[largest]), int(number[largest])
    taken = size if counts_people else 1.0
    if series.counts[place] < taken:
        raise AnalysisError(
            say("The largest incident is not in the panel's counts."),
            found=say("{counted:g} in {when:%B %Y}", counted=series.counts[place], when=starts[place]),
            expected=say("at least {n:g}", n=taken),
            next_step=say("Ask for incidents of the same filters as the panel."),
        )
    less = series.counts.copy()
    less[place] -= taken
    both = pd.DataFrame({"period": starts, "all": series.counts, "less": less})
    labels = {mark("all"): "all", mark("without the largest incident"): "less"}
    return Largest(each_outcome(both, labels, at=at, **options), day, size)


def attribution_bounds(panel: pd.DataFrame, *, at: Day, ours: str, undetermined: str, **options: Any) -> Bounds:
    """Ask whether a change is only a change in what could be attributed.

    Parameters
    ----------
    panel
        As for `interrupted_time_series`.
    ours, undetermined
        Columns of incidents: attributed to us, and attributed to nobody.
    at, options
        As for `interrupted_time_series`.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> ours = [20, 26, 23, 19, 25, 22] * 3 + [12, 9, 11, 14, 10, 13] * 3
    >>> nobody = [2, 4, 3, 2, 5, 3] * 3 + [14, 15, 12, 11, 16, 13] * 3
    >>> panel = pd.DataFrame({"period": months, "ours": ours, "nobody": nobody})
    >>> print(attribution_bounds(panel, at="2009-07-02", ours="ours", undetermined="nobody", harmonics=0).text)
    The change does not hold for every attribution: with none of the undetermined incidents ours the ratio is ...
    """
    total = panel.assign(together=panel[ours] + panel[undetermined])
    labels = {
        mark("none of the undetermined ours"): ours,
        mark("all of the undetermined ours"): "together",
        mark("the undetermined"): undetermined,
    }
    table = each_outcome(total, labels, at=at, **options)
    least, most = table.iloc[0], table.iloc[1]
    if table["ratio"].iloc[:2].isna().any():
        reason = next(one for one in table["why_not"].iloc[:2] if one)
        return Bounds(table, None, say("What attribution could change cannot be said. {why}", why=reason))
    holds = bool((least["high"] < 1 and most["high"] < 1) or (least["low"] > 1 and most["low"] > 1))
    text = say(
        mark("The change holds whoever the undetermined incidents belong to: with none of the undetermined incidents "
             "ours the ratio is {least}, with all of them {most}.")
        if holds
        else mark("The change does not hold for every attribution: with none of the undetermined incidents ours the "
                  "ratio is {least}, with all of them {most}."),
        least=ratio_span(least), most=ratio_span(most),
    )  # fmt: skip
    return Bounds(table, holds, text)


def per_activity(panel: pd.DataFrame, *, at: Day, outcome: str, activity: str, **options: Any) -> Activity:
    """Split a change in harm into a change in activity and a change in harm per activity.

    Parameters
    ----------
    panel
        As for `interrupted_time_series`; the activity has to be known and above 0 in every period with a count.
    outcome, activity
        Columns: incidents; strikes or sorties.
    at, options
        As for `interrupted_time_series`.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> harm = [20, 26, 23, 19, 25, 22] * 3 + [12, 9, 11, 14, 10, 13] * 3
    >>> strikes = [400, 480, 470, 390, 520, 450] * 3 + [220, 190, 230, 280, 200, 250] * 3
    >>> panel = pd.DataFrame({"period": months, "incidents": harm, "strikes": strikes})
    >>> per_activity(panel, at="2009-07-02", outcome="incidents", activity="strikes", harmonics=0).verdict
    'activity'
    """
    harm = each_outcome(panel, {mark("harm"): outcome, mark("activity"): activity}, at=at, **options)
    each = each_outcome(panel, {mark("harm per activity"): outcome}, at=at, exposure=activity, **options)
    table = pd.concat([harm, each], ignore_index=True)
    clear = ((table["low"] > 1) | (table["high"] < 1)).iloc[1:].tolist()
    words: dict[tuple[bool, ...], Literal["activity", "per_activity", "both", "cannot_tell"]] = {
        (True, False): "activity",
        (False, True): "per_activity",
        (True, True): "both",
        (False, False): "cannot_tell",
    }
    verdict = words[tuple(clear)]
    reasons = [
        say("{reading}: {why}", reading=say(row["label"]), why=row["why_not"])
        for _, row in table.iterrows()
        if row["why_not"]
    ]
    if reasons:
        return Activity(table, verdict, say("Harm and activity cannot be told apart here. {why}", why=reasons[-1]))
    spans = {row["label"]: ratio_span(row) for _, row in table.iterrows()}
    ends = {
        "activity": mark("how much was done changed; harm each time need not have"),
        "per_activity": mark("harm each time changed; how much was done need not have"),
        "both": mark("both how much was done and harm each time changed"),
        "cannot_tell": mark("the data cannot tell which"),
    }
    text = say(
        "{Activity} changed {change} times, {outcome} per {activity} {each} times: {verdict}.",
        Activity=activity[:1].upper() + activity[1:], activity=activity, outcome=outcome,
        change=spans["activity"], each=spans["harm per activity"], verdict=say(ends[verdict]),
    )  # fmt: skip
    return Activity(table, verdict, text)


def ratio_span(row: Any) -> str:
    """Write a ratio with its interval.

    Examples
    --------
    >>> ratio_span({"ratio": 0.5, "low": 0.4, "high": 0.625})
    '0.50 (0.40 to 0.62)'
    """
    return say("{ratio:.2f} ({low:.2f} to {high:.2f})", ratio=row["ratio"], low=row["low"], high=row["high"])
