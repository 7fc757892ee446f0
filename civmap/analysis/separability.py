"""What cannot be told apart: how the estimate at one date hangs together with every other event in the window.

Two events cannot be told apart when the estimates of their effects correlate strongly, when having the other in the
model inflates the standard error, or when a lasting event begins or ends within two months of the date. All three are
properties of the design and the counts around trend and season, not of the effects that were found.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.analysis.count_fit import CountFit, refit
from civmap.analysis.count_series import Estimates
from civmap.analysis.effects import Neighbour
from civmap.analysis.segmented_design import Design
from civmap.analysis.segmented_terms import Column
from civmap.language import say

__all__ = ["find_neighbours"]

SMOOTH = ("intercept", "trend")


def find_neighbours(
    design: Design,
    fit: CountFit,
    estimates: Estimates,
    days: Sequence[pd.Timestamp],
    which: int,
    silent: Sequence[Column],
) -> list[Neighbour]:
    """Relate the level change at one date to every other date, recording change and context.

    Parameters
    ----------
    design, fit, estimates
        Of the same model.
    days
        Dates in time order.
    which
        Number of the date.
    silent
        Events that no count tells from others, so that they are not in the model.
    """
    own, day = design.level[which], days[which]
    others = [
        number for number, column in enumerate(design.columns) if column.kind not in ("base", "slope") and number != own
    ]
    correlations = dict(zip(others, _correlations(design, fit, estimates, own)[others], strict=True)) if others else {}
    found = [_neighbour(design.columns[number], float(correlations[number]), day) for number in others]
    for other, its_day in enumerate(days):
        if other != which and design.level[other] == own:
            twin = Column(
                say("the directive of {day:%B %Y}", day=its_day), "directive", design.columns[own].values, its_day
            )
            found.append(_neighbour(twin, 1.0, day, in_model=False))
    for column, twins in design.left_out:
        if not twins:  # no room for it: only its nearness in time can speak
            found.append(_neighbour(column, float("nan"), day, in_model=False))
        elif own in twins:
            found.append(_neighbour(column, 1.0, day, in_model=False))
        elif same := [abs(float(correlations[number])) for number in twins if number in correlations]:
            # the twin of another event shares that event's answer; a twin of the trend alone has none
            found.append(_neighbour(column, max(same), day, in_model=False))
    return found + [_neighbour(column, 1.0, day, in_model=False) for column in silent]


def _correlations(design: Design, fit: CountFit, estimates: Estimates, own: int) -> NDArray[np.float64]:
    """Correlate one estimate with all others, around the trend: a season is too noisy to weigh by."""
    smooth = [number for number, column in enumerate(design.columns) if column.label in SMOOTH]
    means = refit(fit, fit.design[:, smooth]).means
    covariance = np.tensordot(estimates.weights, estimates.covariances_at(fit, means), axes=1)
    return np.asarray(covariance[own] / np.sqrt(covariance[own, own] * np.diag(covariance)))


def _neighbour(column: Column, correlation: float, day: pd.Timestamp, *, in_model: bool = True) -> Neighbour:
    # leaving out one column shrinks the variance of the other by 1 - correlation squared
    left = 1 - correlation**2
    inflation = float("inf") if left <= 0 else float(1 / np.sqrt(left))
    start = day if column.start is None else column.start
    return Neighbour(column.label, column.kind, start, column.end, correlation, inflation, day, in_model)
