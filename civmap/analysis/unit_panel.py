"""Counts of many places over the same periods, and the log-linear model with a level per place and per period.

Places by periods as arrays. A count that is null is unknown: it is left out together with its exposure, never taken as
zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.analysis.count_panel import Series, read_series
from civmap.analysis.period_words import counted
from civmap.errors import AnalysisError
from civmap.language import mark, say, say_n

__all__ = ["TwoWay", "UnitPanel", "place_levels", "read_unit_panel", "two_way_fit", "unit_list"]

Array = NDArray[np.float64]

ROUNDS = 10_000
CLOSE = 1e-12


@dataclass(frozen=True)
class UnitPanel:
    """Counts and exposure, places by periods; both 0 where the count is unknown.

    Parameters
    ----------
    units, periods
        Names of the places; first day of each period.
    counts, exposure
        Exposure is 1 per known count where none was named.
    known
        Where there is a count.
    notes
        What was left out.
    """

    units: pd.Index
    periods: pd.DatetimeIndex
    counts: Array
    exposure: Array
    known: NDArray[np.bool_]
    notes: tuple[str, ...]

    def keep(self, periods: NDArray[np.bool_]) -> "UnitPanel":
        """Leave out all other periods."""
        return replace(
            self,
            periods=self.periods[periods],
            counts=self.counts[:, periods],
            exposure=self.exposure[:, periods],
            known=self.known[:, periods],
        )

    def total(self, outcome: str, units: NDArray[np.bool_] | None = None) -> Series:
        """Sum over places as one series; a period without any known count stays in with 0."""
        counts = self.counts if units is None else self.counts[units]
        frame = pd.DataFrame({"period": self.periods, outcome: counts.sum(axis=0)})
        return read_series(frame, outcome=outcome, exposure=None)

    def rates(self, periods: NDArray[np.bool_]) -> Array:
        """Mean count per exposure of each place; nan where nothing was known."""
        exposure = self.exposure[:, periods].sum(axis=1)
        rates: Array = self.counts[:, periods].sum(axis=1) / np.where(exposure > 0, exposure, np.nan)
        return rates


@dataclass(frozen=True)
class TwoWay:
    """A log-linear model with a level per place and per period and one effect, fitted.

    Parameters
    ----------
    effect, error
        On the log scale; the error is robust to any correlation within a place.
    places, periods
        Levels, as factors of the exposure.
    """

    effect: float
    error: float
    places: Array
    periods: Array


def read_unit_panel(panel: pd.DataFrame, *, outcome: str, unit: str, exposure: str | None) -> UnitPanel:
    """Read a panel of places; those where nothing was ever counted say nothing about a ratio and are left out.

    Parameters
    ----------
    panel
        One row per place and period, with a column ``period``.
    outcome, unit, exposure
        Names of columns.

    Raises
    ------
    AnalysisError
        Without the columns, with two rows for a place and period, an exposure of zero, or fewer than two places.
    """
    for name in ["period", unit, outcome] + ([] if exposure is None else [exposure]):
        if name not in panel.columns:
            raise AnalysisError(
                say("The panel has no column '{name}'.", name=name), found=", ".join(map(str, panel.columns))
            )
    twice = panel.duplicated([unit, "period"])
    if twice.any():
        first = panel.loc[twice].iloc[0]
        raise AnalysisError(
            say("{place} has more than one row for {period}.", place=first[unit], period=str(first["period"])),
            next_step=say("Sum the panel by place and period."),
        )
    try:
        table = panel.assign(period=pd.to_datetime(panel["period"]))
    except (ValueError, TypeError) as error:
        raise AnalysisError(say("The column 'period' cannot be read as dates.")) from error
    wide = table.pivot(index=unit, columns="period", values=outcome)
    counts = wide.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(counts)
    if (counts[known] < 0).any() or np.isinf(counts[known]).any():
        raise AnalysisError(say("'{name}' holds values that are not counts.", name=outcome), expected=say("0 or more"))
    amounts = known.astype(float)
    if exposure is not None:
        amounts = table.pivot(index=unit, columns="period", values=exposure).to_numpy(dtype=float, na_value=np.nan)
        wrong = known & ~((amounts > 0) & np.isfinite(amounts))
        if wrong.any():
            where = wide.index[wrong.any(axis=1)][0]
            raise AnalysisError(
                say("'{name}' is zero or missing in {rows}, first in {place}.", name=exposure,
                    rows=counted(int(wrong.sum()), "row"), place=where),
                expected=say("an exposure above 0 wherever there is a count"),
                next_step=say("Leave those places or periods out, or compare counts without it."),
            )  # fmt: skip
    counts, amounts = np.where(known, counts, 0.0), np.where(known, amounts, 0.0)
    silent = counts.sum(axis=1) == 0
    notes = []
    if silent.any():
        notes.append(say_n(
            int(silent.sum()), "{n} place without any count left out.", "{n} places without any count left out."
        ))  # fmt: skip
    if (~silent).sum() < 2:
        raise AnalysisError(
            say("There are fewer than two places with a count, so places cannot be compared or pooled."),
            found=", ".join(map(str, wide.index[~silent])) or say("none"),
            next_step=say("Take a wider area, or compare this one place in time."),
        )
    gaps = int((~known[~silent]).sum())
    if gaps:
        notes.append(say_n(
            gaps,
            "{n} count of a single place and period is unknown and left out, not taken as zero.",
            "{n} counts of single places and periods are unknown and left out, not taken as zero.",
        ))  # fmt: skip
    rows = ~silent
    periods = pd.DatetimeIndex(wide.columns)
    return UnitPanel(wide.index[rows], periods, counts[rows], amounts[rows], known[rows], tuple(notes))


def unit_list(panel: pd.DataFrame, data: UnitPanel, treated: str | Sequence[str], unit: str) -> NDArray[np.bool_]:
    """Say of each place whether the directive covered it; both kinds have to be there."""
    if isinstance(treated, str):
        if treated not in panel.columns:
            raise AnalysisError(
                say("The panel has no column '{name}'.", name=treated), found=", ".join(map(str, panel.columns))
            )
        told = panel.groupby(unit)[treated].agg(["min", "max"])
        changing = told.index[told["min"].astype(bool) != told["max"].astype(bool)]
        if len(changing):
            raise AnalysisError(
                say("'{name}' changes within {place}.", name=treated, place=changing[0]),
                expected=say("whether the directive covers the place, at all"),
            )
        named = set(told.index[told["max"].astype(bool)])
    else:
        named = set(treated)
        strangers = sorted(map(str, named - set(panel[unit])))
        if strangers:
            raise AnalysisError(
                say("The panel has no place '{place}'.", place=strangers[0]), found=", ".join(map(str, data.units))
            )
    covered: NDArray[np.bool_] = np.asarray(data.units.isin(list(named)), dtype=bool)
    for rows, message in (
        (covered, mark("No place that the directive covered has a count, so there is nothing to compare with.")),
        (~covered, mark("No place outside the directive has a count, so there is nothing to compare with.")),
    ):
        if not rows.any():
            raise AnalysisError(
                say(message),
                next_step=say("Check the scope, or compare with another party or cause as a control series."),
            )
    return covered


def two_way_fit(data: UnitPanel, effect: NDArray[np.bool_]) -> TwoWay:
    """Fit a level per place, a level per period and one effect by Poisson quasi-likelihood.

    The levels are fitted in turn until nothing moves, which needs no matrix of dummies.

    Parameters
    ----------
    data
        The counts.
    effect
        Where the effect applies, places by periods; something was counted there.

    Returns
    -------
    TwoWay
        The error sums what each place adds to the score (clusters), times G / (G - 1).

    References
    ----------
    Wooldridge JM (1999). Distribution-free estimation of some nonlinear panel data models. J Econometrics 90, 77-97;
    Liang K-Y, Zeger SL (1986). Longitudinal data analysis using generalized linear models. Biometrika 73, 13-22.
    """
    y, where = data.counts, effect.astype(float)
    treated, delta = (y * where).sum(), 0.0
    for _ in range(ROUNDS):
        lift = data.exposure * np.exp(delta * where)
        places, periods = _levels(y, lift)
        step = np.log(treated / (np.outer(places, periods) * lift * where).sum())
        delta += step
        if abs(step) < CLOSE:
            break
    means = np.outer(places, periods) * data.exposure * np.exp(delta * where)
    own = _without_levels(where, means)
    information = (means * own**2).sum()
    scores = (own * (y - means)).sum(axis=1)
    clusters = len(y)
    error = np.sqrt((scores**2).sum() * clusters / (clusters - 1)) / information
    return TwoWay(float(delta), float(error), places, periods)


def place_levels(data: UnitPanel) -> Array:
    """Level of each place, as a factor of its exposure, whatever the periods are like."""
    return _levels(data.counts, data.exposure)[0]


def _levels(y: Array, lift: Array) -> tuple[Array, Array]:
    """Fit levels of places and periods in turn (iterative proportional fitting)."""
    periods = np.ones(y.shape[1])
    for _ in range(ROUNDS):
        places = y.sum(axis=1) / (lift @ periods)
        last, periods = periods, y.sum(axis=0) / np.maximum(places @ lift, np.finfo(float).tiny)
        if np.abs(periods - last).max() <= CLOSE * periods.max():
            break
    return places, periods


def _without_levels(values: Array, weights: Array) -> Array:
    """Take out weighted means of places and periods in turn until nothing is left of them."""
    rest = values.copy()
    by_place, by_period = weights.sum(axis=1), np.maximum(weights.sum(axis=0), np.finfo(float).tiny)
    for _ in range(ROUNDS):
        rest -= ((weights * rest).sum(axis=1) / by_place)[:, None]
        step = (weights * rest).sum(axis=0) / by_period
        rest -= step
        if np.abs(step).max() < CLOSE:
            break
    return rest
