"""A structural projection: the level of the series wanders, and the step is what it does beyond wandering.

The segmented model draws a straight trend; here the level (and, if asked for, the trend) may change a little every
period, as an unobserved component, with season and other events as regressors. It is a second opinion on the logarithm
of the counts, for series that are rarely near zero.
"""

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.tsa.statespace.structural import UnobservedComponents

from civmap.analysis.count_panel import Day, Series, read_series
from civmap.analysis.count_series import Estimates
from civmap.analysis.effects import Detectable, Difference, Intervention, RateRatio, check_confidence, one_or_all
from civmap.analysis.segmented_design import Design, build_design, log_counts
from civmap.analysis.segmented_model import prepare, ratios
from civmap.analysis.segmented_terms import Event, by_nearness
from civmap.errors import AnalysisError
from civmap.language import listed, say

__all__ = ["structural_counterfactual"]

Array = NDArray[np.float64]

MOST_ZEROS = 0.1  # share of periods without a count, above which the logarithm says too little


def structural_counterfactual(
    panel: pd.DataFrame,
    *,
    at: Day | Sequence[Day],
    outcome: str,
    exposure: str | None = None,
    level: Literal["local level", "local linear trend", "fixed level"] = "local level",
    harmonics: int = 2,
    recording_changes: Sequence[Event] = (),
    context: Sequence[Event] = (),
    controls: Sequence[str] = (),
    phase_in: int = 0,
    confidence: float = 0.95,
) -> Intervention:
    """Project the level from before with an unobserved-components model of the logarithm of the counts.

    Where some period is 0, half a count is added to all. Intervals are normal and take the variances of the components
    as known; on four dozen months they are too narrow, see docs/directives.md. THE PERIOD THAT HOLDS THE DATE COUNTS AS
    AFTER; periods without a count are bridged.

    Parameters
    ----------
    level
        How the level moves: it wanders (local level), it and its trend wander (local linear trend), or it stays (fixed
        level).
    controls
        Columns above 0 whose logarithms are regressors (half a unit added where one is 0).
    panel, at, outcome, exposure, harmonics, recording_changes, context, phase_in, confidence
        As for `interrupted_time_series`.

    Returns
    -------
    Intervention
        As there. ``dispersion`` is the variance of the irregular part on the log scale; ``rho`` is not estimated (nan).

    Raises
    ------
    AnalysisError
        As `interrupted_time_series`; when more than a tenth of the periods hold no count; when no fit is reached.

    References
    ----------
    Harvey AC, Durbin J (1986). The effects of seat belt legislation on British road casualties. J R Stat Soc A 149,
    187-227; Harvey AC (1989). Forecasting, structural time series models and the Kalman filter, chapter 7.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> counts = [20, 26, 23, 19, 25, 22] * 3 + [12, 9, 11, 14, 10, 13] * 3
    >>> panel = pd.DataFrame({"period": months, "incidents": counts})
    >>> found = structural_counterfactual(panel, at="2009-07-02", outcome="incidents", harmonics=0)
    >>> round(found.level.ratio, 1), found.level.high < 1
    (0.5, True)
    """
    check_confidence(confidence)
    series = read_series(panel, outcome=outcome, exposure=exposure, controls=controls)
    ready = prepare(series, at=at, phase_in=phase_in, recording_changes=recording_changes, context=context)
    series, days, after = ready.series, ready.days, ready.after
    silent = float((series.counts == 0).mean())
    if silent > MOST_ZEROS:
        raise AnalysisError(
            say("Too many periods hold no incident for a model of the logarithm."),
            found=say("{percent:.0f} % of them", percent=100 * silent),
            expected=say("at most {percent:.0f} %", percent=100 * MOST_ZEROS),
            next_step=say("Use the primary model, or take a wider area."),
        )
    terms = by_nearness(ready.terms, days)
    design = build_design(series, at=days, harmonics=harmonics, slope_change=False, terms=terms, trend=False)
    logs = log_counts(series.counts) - series.offset
    estimates, signals = _components(series, logs, design, level)
    levels = ratios(estimates, range(len(days)), confidence)
    base = np.exp(series.offset)
    fitted, projected = (_band(series, signal, base, confidence) for signal in (signals["fitted"], signals["without"]))
    return Intervention(
        at=days,
        unit=series.unit,
        outcome=outcome,
        exposure=exposure,
        confidence=confidence,
        family="gaussian",
        controls=tuple(controls),
        errors=level,
        level=one_or_all(levels),
        slope=None,
        dispersion=float(estimates.scale[0]),
        rho=float("nan"),
        fitted=fitted,
        counterfactual=projected[after].reset_index(drop=True),
        fewer_than_projected=_difference(levels, float(series.counts[after].sum())),
        detectable=one_or_all(_detectable(estimates, number, confidence) for number in range(len(days))),
        neighbours=(),
        n_before=int((~after).sum()),
        n_after=int(after.sum()),
        events_before=float(series.counts[~after].sum()),
        events_after=float(series.counts[after].sum()),
        notes=(
            *ready.notes,
            *design.notes,
            say("A second opinion: what cannot be told apart is judged by the primary model."),
        ),
    )


def _components(
    series: Series, logs: Array, design: Design, level: str
) -> tuple[Estimates, dict[str, tuple[Array, Array]]]:
    """Fit by the Kalman filter, the regressors as constant states.

    Returns the steps' estimates, and two signals with their standard errors: with the steps and without.
    """
    names = {"local level": "llevel", "local linear trend": "lltrend", "fixed level": "fixed intercept"}
    if level not in names:
        raise AnalysisError(
            say("{name}='{value}' is unknown.", name="level", value=level), expected=listed(list(names), joined="or")
        )
    steps = list(dict.fromkeys(design.level))
    others = [number for number in range(1, len(design.columns)) if number not in steps]
    rows = series.place - series.place[0]
    whole = np.full(rows[-1] + 1, np.nan)
    whole[rows] = logs
    regressors = np.zeros((len(whole), len(steps) + len(others)))
    regressors[rows] = design.matrix[:, [*steps, *others]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters of them is asked below
        model = UnobservedComponents(
            whole, level=names[level], exog=regressors, mle_regression=False, use_exact_diffuse=True
        )
        found = model.fit(disp=False, maxiter=500)
    first = model.k_states - regressors.shape[1]
    states, spread = found.smoothed_state, found.smoothed_state_cov
    if not found.mle_retvals["converged"] or not np.isfinite(states[first:, -1]).all():
        raise AnalysisError(
            say("The structural model reached no answer."),
            next_step=say("Take a longer window, or use the primary model."),
        )
    loads = np.zeros((model.k_states, len(whole)))
    loads[0] = 1.0
    loads[first:] = regressors.T
    signals = {}
    for name, until in (("fitted", 0), ("without", len(steps))):
        loads[first : first + until] = 0.0
        value = np.einsum("it,it->t", loads, states)
        error = np.sqrt(np.einsum("it,ijt,jt->t", loads, spread, loads))
        signals[name] = value[rows], error[rows]
    place = [first + steps.index(number) for number in design.level]
    irregular = np.array([found.params[list(model.param_names).index("sigma2.irregular")]])
    estimates = Estimates(
        np.full(1, np.nan),
        np.ones(1),
        states[place, -1][None],
        spread[np.ix_(place, place, [-1])][..., 0][None],
        irregular,
        np.inf,
        series.place.astype(float),
    )
    return estimates, signals


def _band(series: Series, signal: tuple[Array, Array], base: Array, confidence: float) -> pd.DataFrame:
    value, error = signal
    reach = norm.ppf((1 + confidence) / 2) * error
    parts = {"value": value, "low": value - reach, "high": value + reach}
    return pd.DataFrame({"period": series.starts, **{name: base * np.exp(part) for name, part in parts.items()}})


def _difference(levels: Sequence[RateRatio], observed: float) -> Difference | None:
    if len(levels) != 1 or not levels[0].excludes_one:
        return None
    value, low, high = (observed * (1 / part - 1) for part in (levels[0].ratio, levels[0].high, levels[0].low))
    return Difference(value, low, high)


def _detectable(estimates: Estimates, number: int, confidence: float) -> Detectable:
    error = np.sqrt(estimates.covariances[:, number, number])
    size = estimates.detectable(error, confidence=confidence)
    return Detectable(fall=float(np.exp(-size)), rise=float(np.exp(size)))
