"""Did a tactical directive change anything? Before/after comparisons that survive questions.

Counted are incidents with civilian harm as one source recorded them, per period. The level after a date is
compared with the level projected from before, given trend, season and whatever else happened in the window.
The comparison shows a change after a date and how surely; it cannot show what made it. The naive comparison
of two rates
(`rate_ratio`) stands beside the model, never instead of it.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.analysis.count_panel import Day, Series, read_series, to_day
from civmap.analysis.count_series import (
    CountFit,
    Estimates,
    Inference,
    NoFiniteFitError,
    ar1_estimates,
    fit_counts,
    model_estimates,
)
from civmap.analysis.detectable import smallest_detectable
from civmap.analysis.effect_summary import EffectSummary, summarise
from civmap.analysis.effects import (
    Detectable,
    Difference,
    Intervention,
    Neighbour,
    RateRatio,
    check_confidence,
    one_or_all,
    rate_ratio,
)
from civmap.analysis.segmented_design import (
    MIN_SIDE,
    Column,
    Design,
    Term,
    build_design,
    by_nearness,
    term_columns,
    without_silence,
)
from civmap.analysis.separability import find_neighbours
from civmap.errors import AnalysisError

__all__ = [
    "Detectable",
    "Difference",
    "EffectSummary",
    "Intervention",
    "Neighbour",
    "RateRatio",
    "Term",
    "interrupted_time_series",
    "rate_ratio",
    "summarise",
]

Array = NDArray[np.float64]


def interrupted_time_series(
    panel: pd.DataFrame,
    *,
    at: Day | Sequence[Day],
    outcome: str,
    exposure: str | None = None,
    family: Literal["quasipoisson", "poisson", "negative_binomial", "gaussian"] = "quasipoisson",
    harmonics: int = 2,
    slope_change: bool = False,
    recording_changes: Sequence[Term] = (),
    context: Sequence[Term] = (),
    controls: Sequence[str] = (),
    errors: Literal["ar1", "model", "hac"] = "ar1",
    hac_lags: int | None = None,
    phase_in: int = 0,
    confidence: float = 0.95,
) -> Intervention:
    """Compare the level of counts after one or several dates with the level projected from before.

    A log-linear model with trend, season, a step at each date, and terms for recording changes and context.
    THE PERIOD THAT HOLDS THE DATE COUNTS AS AFTER; drop it from the panel, or set its count to null, where
    the month is split. Counts are taken as recorded: a change in recording looks like a change in harm unless
    it is a term of the model and lies far enough away in time, which `Intervention.neighbours` says.

    Parameters
    ----------
    panel
        One row per period (month, quarter, week, ...) in time order, with a column ``period`` (first day of
        the period) or a time index. Periods with a null count, or without a row, are left out with a note,
        not taken as zero; their gap in time is kept in the serial correlation.
    at
        Day or days on which something took effect.
    outcome
        Column of counts; incidents, since deaths cluster within incidents.
    exposure
        Column of strikes, sorties or population; without it, counts per period are compared.
    family
        ``quasipoisson`` lets the variance be a multiple of the mean; ``poisson`` does not (only with
        ``errors="model"``). The others are not built yet.
    harmonics
        Pairs of seasonal waves a year; lowered, with a note, where the window or the period does not allow
        them.
    slope_change
        Whether the trend may change at each date as well. Level is then the ratio in the first period after.
    recording_changes, context
        Other events as `Term`. One that does not vary inside the window is dropped with a note; one that says
        the same as a directive stays out of the model and is named in ``neighbours``.
    controls
        Not built yet.
    errors
        ``ar1``: averaged over serial correlations, see `count_series`. ``model``: independent periods and
        normal tails, as textbooks and ``statsmodels`` with ``scale="X2"``; it claims too much on serial
        counts. ``hac`` is not built yet.
    hac_lags
        Only for ``hac``.
    phase_in
        Number of periods to leave out from each date on.
    confidence
        Of all intervals, between 0 and 1.

    Returns
    -------
    Intervention
        Level, what could have been seen, what cannot be told apart, fitted and projected counts.

    Raises
    ------
    AnalysisError
        When the data cannot carry the comparison: nothing before or after, too few periods, no counts, an
        exposure of zero, a date outside the panel, an option that is not built yet.

    References
    ----------
    Wagner AK, Soumerai SB, Zhang F, Ross-Degnan D (2002). Segmented regression analysis
    of interrupted time series studies in medication use research. J Clin Pharm Ther 27, 299-309; Lopez Bernal
    J, Cummins S, Gasparrini A (2017). Interrupted time series regression for the evaluation of public health
    interventions: a tutorial. Int J Epidemiol 46, 348-355.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> counts = [20, 26, 23, 19, 25, 22] * 3 + [12, 9, 11, 14, 10, 13] * 3
    >>> panel = pd.DataFrame({"period": months, "incidents": counts})
    >>> found = interrupted_time_series(panel, at="2009-07-02", outcome="incidents", harmonics=0)
    >>> round(found.level.ratio, 1), found.level.high < 1, found.n_before, found.n_after
    (0.5, True, 18, 18)
    """
    _refuse_unbuilt(family, errors, controls, hac_lags)
    check_confidence(confidence)
    series = read_series(panel, outcome=outcome, exposure=exposure)
    days = _dates(at, series)
    first = min(series.position(day) for day in days)
    series, phase_note = _without_phase_in(series, days, phase_in)
    _check_sides(series, days)
    events = {"recording_changes": recording_changes, "context": context}
    series, silence_note = without_silence(series, term_columns(series, **events))
    after: NDArray[np.bool_] = np.asarray(series.place >= first, dtype=bool)
    _check_sides(series, days)
    design, fit, silent = _fitted(
        series, days, term_columns(series, **events), harmonics=harmonics, slope_change=slope_change
    )
    silent_notes = [
        f"No incident tells {column.label} from the other events; it is not in the model." for column in silent
    ]
    dispersed = family == "quasipoisson"
    estimates = ar1_estimates(fit, times=series.place) if errors == "ar1" else model_estimates(fit, dispersed=dispersed)
    levels = _ratios(estimates, design.level, confidence)
    removed = _without_directives(design)
    one_clear = len(levels) == 1 and levels[0].excludes_one
    fewer = _difference(fit, removed, estimates, after, confidence) if one_clear else None
    neighbours = tuple(
        one for i in range(len(days)) for one in find_neighbours(design, fit, estimates, days, i, silent)
    )
    return Intervention(
        at=days,
        unit=series.unit,
        outcome=outcome,
        exposure=exposure,
        confidence=confidence,
        family=family,
        errors=errors,
        level=one_or_all(levels),
        slope=one_or_all(_ratios(estimates, design.slope, confidence)) if slope_change else None,
        dispersion=fit.dispersion,
        rho=estimates.mean_rho,
        fitted=_curve(series, fit.design, fit.offset, estimates, confidence),
        counterfactual=_curve(series.keep(after), removed[after], fit.offset[after], estimates, confidence),
        fewer_than_projected=fewer,
        detectable=one_or_all(
            smallest_detectable(fit, removed, estimates, column, confidence=confidence) for column in design.level
        ),
        neighbours=neighbours,
        n_before=int((~after).sum()),
        n_after=int(after.sum()),
        events_before=float(series.counts[~after].sum()),
        events_after=float(series.counts[after].sum()),
        notes=(*series.notes, *phase_note, *silence_note, *silent_notes, *design.notes),
    )


def _refuse_unbuilt(family: str, errors: str, controls: Sequence[str], hac_lags: int | None) -> None:
    """Say so where an option has no code behind it, rather than ignore it."""
    asked = {"family": family, "errors": errors}
    known = {
        "family": (("quasipoisson", "poisson"), ("negative_binomial", "gaussian")),
        "errors": (("ar1", "model"), ("hac",)),
    }
    for name, value in asked.items():
        built, planned = known[name]
        if value not in built:
            why = "is not built yet" if value in planned else "is unknown"
            raise AnalysisError(f"{name}='{value}' {why}.", expected=" or ".join(built))
    if len(controls):
        raise AnalysisError("Control series are not built yet.", next_step="Leave 'controls' empty.")
    if hac_lags is not None:
        raise AnalysisError("'hac_lags' belongs to errors='hac', which is not built yet.", next_step="Leave it out.")
    if family == "poisson" and errors == "ar1":
        raise AnalysisError(
            "A Poisson family assumes independent counts and has no serial correlation.",
            next_step="Take family='quasipoisson', or errors='model' for the textbook's Poisson regression.",
        )


def _dates(at: Day | Sequence[Day], series: Series) -> tuple[pd.Timestamp, ...]:
    several = list(at) if isinstance(at, Iterable) and not isinstance(at, str) else [at]
    days = tuple(sorted(to_day(day, "the directive") for day in several))
    if not days:
        raise AnalysisError("No date is given.", next_step="Give the day on which the directive took effect.")
    for day in days:
        if not series.starts[0] <= day < series.ends[-1]:
            raise AnalysisError(
                f"{day:%Y-%m-%d} lies outside the data.",
                found=f"counts from {series.starts[0]:%B %Y} to {series.starts[-1]:%B %Y}",
                next_step="Choose a date inside, a longer window, or a source whose scope covers it.",
            )
    return days


def _without_phase_in(series: Series, days: Sequence[pd.Timestamp], phase_in: int) -> tuple[Series, list[str]]:
    if phase_in < 0 or phase_in != int(phase_in):
        raise AnalysisError("The phase-in has to be a whole number of periods.", found=str(phase_in))
    if not phase_in:
        return series, []
    positions = sorted({series.position(day) for day in days})
    if (np.diff(positions) <= phase_in).any():
        raise AnalysisError(
            "The phase-ins of two directives overlap, so nothing is left between them.",
            next_step="Shorten the phase-in or leave one date out.",
        )
    away = np.isin(series.place, [start + i for start in positions for i in range(phase_in)])
    return series.keep(~away), [f"{int(away.sum())} periods of phase-in left out."]


def _check_sides(series: Series, days: Sequence[pd.Timestamp]) -> None:
    """Refuse a window with too little before the first date or from the last one on."""
    if not series.counts.any():
        raise AnalysisError(
            "Nothing was counted in the whole window, so there is nothing to compare.",
            next_step="Take a wider area, more causes or parties, or a longer window.",
        )
    before = series.place < series.position(days[0])
    after = series.place >= series.position(days[-1])
    for side, rows, day in (("before", before, days[0]), ("after", after, days[-1])):
        if rows.sum() < MIN_SIDE:
            raise AnalysisError(
                f"Too few {series.unit}s {side} {day:%d %B %Y} to compare.",
                found=f"{int(rows.sum())} with a count",
                expected=f"at least {MIN_SIDE}",
                next_step="Take a longer window or a source that reaches further.",
            )
        if not series.counts[rows].any():
            raise AnalysisError(
                f"Nothing was counted {side} {day:%d %B %Y}, so the model has no finite answer.",
                found=f"{series.counts[before].sum():.0f} before, {series.counts[after].sum():.0f} after",
                next_step="The naive comparison (rate_ratio) can say how surely the two differ.",
            )


def _fitted(
    series: Series,
    days: Sequence[pd.Timestamp],
    terms: Sequence[Column],
    *,
    harmonics: int,
    slope_change: bool,
) -> tuple[Design, CountFit, tuple[Column, ...]]:
    """Fit with as many of the other events as have a finite effect; the nearest to a date give way first."""
    remaining = by_nearness(terms, days)
    silent: list[Column] = []
    while True:
        design = build_design(series, at=days, harmonics=harmonics, slope_change=slope_change, terms=remaining)
        try:
            return design, fit_counts(series.counts, design.matrix, offset=series.offset), tuple(silent)
        except NoFiniteFitError:
            if not remaining:
                raise
            silent.append(remaining.pop(0))


def _ratios(estimates: Estimates, numbers: Sequence[int], confidence: float) -> tuple[RateRatio, ...]:
    if not numbers:
        return ()
    found = estimates.infer(np.eye(estimates.coefficients.shape[1])[list(numbers)], confidence=confidence)
    rows = zip(*_exponentiated(found), found.p, strict=True)
    return tuple(RateRatio(*map(float, row)) for row in rows)


def _exponentiated(found: Inference) -> tuple[Array, Array, Array]:
    return np.exp(found.value), np.exp(found.low), np.exp(found.high)


def _without_directives(design: Design) -> Array:
    matrix = design.matrix
    matrix[:, [*design.level, *design.slope]] = 0.0
    return matrix


def _curve(series: Series, columns: Array, offset: Array, estimates: Estimates, confidence: float) -> pd.DataFrame:
    """Give the expected count per period, with the interval of the expectation: single periods scatter more."""
    found = _exponentiated(estimates.infer(columns, confidence=confidence))
    value, low, high = (part * np.exp(offset) for part in found)
    return pd.DataFrame({"period": series.starts, "value": value, "low": low, "high": high})


def _difference(
    fit: CountFit, removed: Array, estimates: Estimates, after: NDArray[np.bool_], confidence: float
) -> Difference:
    """Projected less observed; for a level alone exactly what the level's interval says."""
    beta = estimates.mean_coefficients
    projected, fitted = (np.exp(fit.offset + columns @ beta)[after] for columns in (removed, fit.design))
    slope = projected @ removed[after] / projected.sum() - fitted @ fit.design[after] / fitted.sum()
    found = estimates.infer(slope, confidence=confidence)
    # the log of a ratio of sums is not linear: shift the linear answer to the ratio at the estimate
    shift = np.log(projected.sum() / fitted.sum()) - found.value[0]
    observed = fit.outcome[after].sum()
    value, low, high = (float(observed * np.expm1(part[0] + shift)) for part in (found.value, found.low, found.high))
    return Difference(value=value, low=low, high=high)
