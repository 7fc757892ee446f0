"""The segmented model of one series: read, fitted, and put into an `Intervention`.

All before/after comparisons of one series go through `analyse`: the plain one, the one beside a control, the pooled
provinces and the two tallies differ only in the series that they put in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.analysis.count_fit import FAMILIES, CountFit, NoFiniteFitError, fit_counts
from civmap.analysis.count_panel import Day, Series
from civmap.analysis.count_series import Estimates, Inference, ar1_estimates, hac_estimates, model_estimates
from civmap.analysis.detectable import smallest_detectable
from civmap.analysis.effects import Difference, Intervention, RateRatio, check_confidence, one_or_all
from civmap.analysis.segmented_design import Design, build_design
from civmap.analysis.segmented_terms import Column, Event, by_nearness, term_columns, without_silence
from civmap.analysis.separability import find_neighbours
from civmap.analysis.window import check_sides, read_dates, without_phase_in
from civmap.errors import AnalysisError
from civmap.language import listed, say

__all__ = ["Prepared", "Segmented", "analyse", "curve", "first_level", "fit_segmented", "prepare", "ratios"]

Array = NDArray[np.float64]

ERRORS = ("ar1", "model", "hac")


@dataclass(frozen=True)
class Prepared:
    """A series that has passed every check, with the columns that other events make.

    Parameters
    ----------
    series
        Without phase-in and without the silent periods of an event.
    days
        Dates in time order.
    after
        Whether a period lies from the first date on.
    terms
        Recording changes and context.
    notes
        What was left out.
    """

    series: Series
    days: tuple[pd.Timestamp, ...]
    after: NDArray[np.bool_]
    terms: tuple[Column, ...]
    notes: tuple[str, ...]


def prepare(
    series: Series,
    *,
    at: Day | Sequence[Day],
    phase_in: int,
    recording_changes: Sequence[Event],
    context: Sequence[Event],
) -> Prepared:
    """Check the window and leave out what cannot be fitted."""
    days = read_dates(at, series)
    first = min(series.position(day) for day in days)
    series, phase_note = without_phase_in(series, days, phase_in)
    check_sides(series, days)
    events = {"recording_changes": recording_changes, "context": context}
    series, silence_note = without_silence(series, term_columns(series, **events))
    check_sides(series, days)
    after: NDArray[np.bool_] = np.asarray(series.place >= first, dtype=bool)
    notes = (*series.notes, *phase_note, *silence_note)
    return Prepared(series, days, after, term_columns(series, **events), notes)


@dataclass(frozen=True)
class Segmented:
    """A segmented model, fitted, before anything is made of it."""

    ready: Prepared
    design: Design
    fit: CountFit
    estimates: Estimates
    silent: tuple[Column, ...]


def fit_segmented(
    series: Series,
    *,
    at: Day | Sequence[Day],
    family: str = "quasipoisson",
    harmonics: int = 2,
    slope_change: bool = False,
    recording_changes: Sequence[Event] = (),
    context: Sequence[Event] = (),
    errors: str = "ar1",
    hac_lags: int | None = None,
    phase_in: int = 0,
    trend: bool = True,
) -> Segmented:
    """Fit the segmented model to a series; see `interrupted_time_series` for what the options mean."""
    _check_options(FAMILIES if series.trials is not None else FAMILIES[:-1], family, errors, hac_lags)
    ready = prepare(series, at=at, phase_in=phase_in, recording_changes=recording_changes, context=context)
    design, fit, silent = _fitted(ready, family, harmonics=harmonics, slope_change=slope_change, trend=trend)
    return Segmented(ready, design, fit, _estimates(fit, ready.series, errors, hac_lags), silent)


def first_level(model: Segmented, *, confidence: float = 0.95) -> RateRatio:
    """Give the level change at the first date alone, where a hundred models are looked at."""
    return ratios(model.estimates, model.design.level[:1], confidence)[0]


def analyse(
    series: Series,
    *,
    outcome: str,
    exposure: str | None = None,
    controls: tuple[str, ...] = (),
    slope_change: bool = False,
    confidence: float = 0.95,
    family: str = "quasipoisson",
    errors: str = "ar1",
    **options: Any,
) -> Intervention:
    """Fit the segmented model and say everything that follows from it.

    Parameters
    ----------
    series
        What is compared.
    outcome, exposure, controls
        Names, for the report.
    slope_change, confidence, family, errors, options
        As for `fit_segmented`.
    """
    check_confidence(confidence)
    model = fit_segmented(series, slope_change=slope_change, family=family, errors=errors, **options)
    ready, design, fit, estimates = model.ready, model.design, model.fit, model.estimates
    series, days, after = ready.series, ready.days, ready.after
    levels = ratios(estimates, design.level, confidence)
    removed = _without_directives(design)
    one_clear = len(levels) == 1 and levels[0].excludes_one
    neighbours = tuple(
        one for i in range(len(days)) for one in find_neighbours(design, fit, estimates, days, i, model.silent)
    )
    notes = [
        say("No incident tells {event} from the other events; it is not in the model.", event=column.label)
        for column in model.silent
    ]
    if family == "poisson" and errors == "ar1":
        notes.append(say("With errors averaged over the serial correlation a Poisson family is the quasi-Poisson one."))
    return Intervention(
        at=days,
        unit=series.unit,
        outcome=outcome,
        exposure=exposure,
        controls=controls,
        confidence=confidence,
        family=family,
        errors=errors,
        level=one_or_all(levels),
        slope=one_or_all(ratios(estimates, design.slope, confidence)) if slope_change else None,
        dispersion=fit.dispersion,
        rho=estimates.mean_rho,
        fitted=curve(series, fit.design, fit.base, estimates, confidence),
        counterfactual=curve(series.keep(after), removed[after], fit.base[after], estimates, confidence),
        fewer_than_projected=_difference(fit, removed, estimates, after, confidence) if one_clear else None,
        detectable=one_or_all(
            smallest_detectable(fit, removed, estimates, column, confidence=confidence) for column in design.level
        ),
        neighbours=neighbours,
        n_before=int((~after).sum()),
        n_after=int(after.sum()),
        events_before=float(series.counts[~after].sum()),
        events_after=float(series.counts[after].sum()),
        notes=(*ready.notes, *notes, *design.notes),
    )


def ratios(estimates: Estimates, numbers: Sequence[int], confidence: float) -> tuple[RateRatio, ...]:
    """Turn coefficients on the log scale into ratios, each with interval and p."""
    if not numbers:
        return ()
    found = estimates.infer(np.eye(estimates.coefficients.shape[1])[list(numbers)], confidence=confidence)
    rows = zip(*_exponentiated(found), found.p, strict=True)
    return tuple(RateRatio(*map(float, row)) for row in rows)


def curve(series: Series, columns: Array, base: Array, estimates: Estimates, confidence: float) -> pd.DataFrame:
    """Give the expected count per period, with the interval of the expectation: single periods scatter more."""
    value, low, high = (part * base for part in _exponentiated(estimates.infer(columns, confidence=confidence)))
    return pd.DataFrame({"period": series.starts, "value": value, "low": low, "high": high})


def _check_options(families: Sequence[str], family: str, errors: str, hac_lags: int | None) -> None:
    for name, value, known in (("family", family, families), ("errors", errors, ERRORS)):
        if value not in known:
            raise AnalysisError(
                say("{name}='{value}' is unknown.", name=name, value=value), expected=listed(known, joined="or")
            )
    if hac_lags is not None and errors != "hac":
        raise AnalysisError(
            say("'hac_lags' belongs to errors='hac'."), next_step=say("Leave it out, or choose those errors.")
        )


def _estimates(fit: CountFit, series: Series, errors: str, hac_lags: int | None) -> Estimates:
    if errors == "hac":
        return hac_estimates(fit, lags=hac_lags, times=series.place)
    return ar1_estimates(fit, times=series.place) if errors == "ar1" else model_estimates(fit)


def _fitted(
    ready: Prepared, family: str, *, harmonics: int, slope_change: bool, trend: bool
) -> tuple[Design, CountFit, tuple[Column, ...]]:
    """Fit with as many of the other events as have a finite effect; the nearest to a date give way first."""
    series, days = ready.series, ready.days
    remaining = by_nearness(ready.terms, days)
    silent: list[Column] = []
    while True:
        design = build_design(
            series, at=days, harmonics=harmonics, slope_change=slope_change, terms=remaining, trend=trend
        )
        try:
            fit = fit_counts(series.counts, design.matrix, offset=series.offset, family=family, trials=series.trials)
            return design, fit, tuple(silent)
        except NoFiniteFitError:
            if not remaining:
                raise
            silent.append(remaining.pop(0))


def _exponentiated(found: Inference) -> tuple[Array, Array, Array]:
    with np.errstate(over="ignore"):  # a limit beyond all numbers is infinite
        return np.exp(found.value), np.exp(found.low), np.exp(found.high)


def _without_directives(design: Design) -> Array:
    matrix = design.matrix
    matrix[:, [*design.level, *design.slope]] = 0.0
    return matrix


def _difference(
    fit: CountFit, removed: Array, estimates: Estimates, after: NDArray[np.bool_], confidence: float
) -> Difference:
    """Projected less observed; for a level alone exactly what the level's interval says."""
    beta = estimates.mean_coefficients
    projected, fitted = ((fit.base * np.exp(columns @ beta))[after] for columns in (removed, fit.design))
    slope = projected @ removed[after] / projected.sum() - fitted @ fit.design[after] / fitted.sum()
    found = estimates.infer(slope, confidence=confidence)
    # the log of a ratio of sums is not linear: shift the linear answer to the ratio at the estimate
    shift = np.log(projected.sum() / fitted.sum()) - found.value[0]
    observed = fit.outcome[after].sum()
    value, low, high = (float(observed * np.expm1(part[0] + shift)) for part in (found.value, found.low, found.high))
    return Difference(value=value, low=low, high=high)
