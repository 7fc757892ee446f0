"""All provinces at once: one effect, a level per province.

Single provinces see an incident or two a month and can tell nothing; together they can. With a level per province and
a trend, a season and an effect in common, what the panel says about time lies in its total per period, once a province
that is missing in a period is allowed for. So the total is what is fitted, and the interval stands even where a shock
hits all provinces in the same month, which the scatter between provinces would not show.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from civmap.analysis.count_panel import Day, read_series
from civmap.analysis.effects import Intervention
from civmap.analysis.segmented_model import analyse
from civmap.analysis.segmented_terms import Event
from civmap.analysis.unit_panel import place_levels, read_unit_panel
from civmap.language import say

__all__ = ["pooled_time_series"]


def pooled_time_series(
    panel: pd.DataFrame,
    *,
    at: Day | Sequence[Day],
    outcome: str,
    unit: str = "admin1",
    exposure: str | None = None,
    family: str = "quasipoisson",
    harmonics: int = 2,
    slope_change: bool = False,
    recording_changes: Sequence[Event] = (),
    context: Sequence[Event] = (),
    errors: str = "ar1",
    phase_in: int = 0,
    confidence: float = 0.95,
) -> Intervention:
    """Estimate one level change over a panel of provinces, each with a level of its own.

    Assumes that trend, season and effect are the same ratio everywhere; where they are not, the answer is a mean
    weighted by incidents. THE PERIOD THAT HOLDS THE DATE COUNTS AS AFTER.

    Parameters
    ----------
    panel
        One row per province and period, with a column ``period``; null where a source's scope ends.
    unit
        Column of provinces.
    at, outcome, exposure, family, harmonics, slope_change, recording_changes, context, errors, phase_in, confidence
        As for `interrupted_time_series`.

    Returns
    -------
    Intervention
        Counts are totals over all provinces known in a period.

    Raises
    ------
    AnalysisError
        With fewer than two provinces, and as `interrupted_time_series`.

    References
    ----------
    Hausman J, Hall BH, Griliches Z (1984). Econometric models for count data. Econometrica 52, 909-938 (a level per
    unit, removed by conditioning).

    Examples
    --------
    >>> months = list(pd.date_range("2008-01-01", periods=36, freq="MS"))
    >>> north = [2, 3, 1, 2, 4, 2] * 3 + [1, 0, 1, 2, 1, 1] * 3
    >>> south = [20, 26, 23, 19, 25, 22] * 3 + [12, 9, 11, 14, 10, 13] * 3
    >>> panel = pd.DataFrame({"period": months * 2, "admin1": ["N"] * 36 + ["S"] * 36, "incidents": north + south})
    >>> found = pooled_time_series(panel, at="2009-07-02", outcome="incidents", harmonics=0)
    >>> round(found.level.ratio, 1), found.level.high < 1
    (0.5, True)
    """
    data = read_unit_panel(panel, outcome=outcome, unit=unit, exposure=exposure)
    places = place_levels(data)
    # how much of what is usual everywhere was present in each period
    present = (places[:, None] * data.exposure).sum(axis=0)
    frame = pd.DataFrame({"period": data.periods, outcome: data.counts.sum(axis=0), "present": present / present.max()})
    frame.loc[~data.known.any(axis=0), outcome] = np.nan
    found = analyse(
        read_series(frame, outcome=outcome, exposure="present"),
        at=at,
        outcome=outcome,
        exposure=exposure,
        family=family,
        harmonics=harmonics,
        slope_change=slope_change,
        recording_changes=recording_changes,
        context=context,
        errors=errors,
        phase_in=phase_in,
        confidence=confidence,
    )
    pooled = say("{n} places pooled, each with its own level and all with the same effect.", n=len(data.units))
    return replace(found, notes=(pooled, *data.notes, *found.notes))
