"""Did a tactical directive change anything? Before/after comparisons that survive questions.

Counted are incidents with civilian harm as one source recorded them, per period. The level after a date is
compared with the level projected from before, given trend, season and whatever else happened in the window.
The comparison shows a change after a date and how surely; it cannot show what made it. The naive comparison of
two rates (`rate_ratio`) stands beside the model, never instead of it.

This module holds the primary model and gives the names of its companions: the comparison with places that the
directive did not cover (`comparison`), all provinces at once (`pooled`), a structural projection (`structural`),
two tallies (`tallies`), how fragile the answer is (`fragility`) and the sentence (`effect_summary`).
"""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from civmap.analysis.comparison import Comparison, difference_in_differences
from civmap.analysis.count_panel import Day, read_series
from civmap.analysis.count_series import AnalysisWarning
from civmap.analysis.effect_summary import EffectSummary, summarise
from civmap.analysis.effects import Detectable, Difference, Intervention, Neighbour, RateRatio, rate_ratio
from civmap.analysis.pooled import pooled_time_series
from civmap.analysis.segmented_model import analyse
from civmap.analysis.segmented_terms import Event, Term
from civmap.analysis.structural import structural_counterfactual
from civmap.analysis.tallies import Agreement, compare_tallies
from civmap.errors import AnalysisError
from civmap.language import say

__all__ = [
    "Agreement",
    "AnalysisWarning",
    "Comparison",
    "Detectable",
    "Difference",
    "EffectSummary",
    "Intervention",
    "Neighbour",
    "RateRatio",
    "Term",
    "compare_tallies",
    "difference_in_differences",
    "interrupted_time_series",
    "pooled_time_series",
    "rate_ratio",
    "structural_counterfactual",
    "summarise",
]


def interrupted_time_series(
    panel: pd.DataFrame,
    *,
    at: Day | Sequence[Day],
    outcome: str,
    exposure: str | None = None,
    family: Literal["quasipoisson", "poisson", "negative_binomial", "gaussian"] = "quasipoisson",
    harmonics: int = 2,
    slope_change: bool = False,
    recording_changes: Sequence[Event] = (),
    context: Sequence[Event] = (),
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
        How counts scatter: ``quasipoisson``, variance a multiple of the mean; ``poisson``, the mean itself (only with
        ``errors="model"``; averaged errors estimate the multiple); ``negative_binomial``, mean plus a multiple of its
        square; ``gaussian``, the same everywhere. All have the exponential of the terms as mean, so that every
        coefficient is a ratio.
    harmonics
        Pairs of seasonal waves a year; lowered, with a note, where the length of a period does not allow them.
    slope_change
        Whether the trend may change at each date as well. Level is then the ratio in the first period after.
    recording_changes, context
        Other events as `Term`, a day (something lasting begins) or a pair of days. One that does not vary inside the
        window is dropped with a note; one that says the same as a directive stays out of the model and is named in
        ``neighbours``.
    controls
        Columns of counts that the directive could not touch: another party, another cause, provinces out of scope.
        Their sum is set beside the outcome: the share of the outcome in both together is modelled (quasi-binomial),
        whatever moves both in a period alike cancels out, and ``level`` is the change in the outcome over the change
        in the controls. For the first two families only.
    errors
        ``ar1``: averaged over serial correlations, see `count_series`. ``model``: the family's own, independent
        periods and normal tails, as textbooks and ``statsmodels`` with ``scale="X2"``; it claims too much on serial
        counts. ``hac``: Newey-West, warns under 100 points.
    hac_lags
        Only for ``hac``; without it, 4 (n / 100)^(2/9).
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
        When the data cannot carry the comparison: nothing before or after, too few periods, a window shorter than
        the season, no counts, an exposure of zero, a date outside the panel, phase-ins that overlap.

    References
    ----------
    Wagner AK, Soumerai SB, Zhang F, Ross-Degnan D (2002). Segmented regression analysis
    of interrupted time series studies in medication use research. J Clin Pharm Ther 27, 299-309; Lopez Bernal
    J, Cummins S, Gasparrini A (2017). Interrupted time series regression for the evaluation of public health
    interventions: a tutorial. Int J Epidemiol 46, 348-355; the same (2018). The use of controls in interrupted time
    series studies of public health interventions. Int J Epidemiol 47, 2082-2093.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> counts = [20, 26, 23, 19, 25, 22] * 3 + [12, 9, 11, 14, 10, 13] * 3
    >>> panel = pd.DataFrame({"period": months, "incidents": counts})
    >>> found = interrupted_time_series(panel, at="2009-07-02", outcome="incidents", harmonics=0)
    >>> round(found.level.ratio, 1), found.level.high < 1, found.n_before, found.n_after
    (0.5, True, 18, 18)
    """
    beside = (controls,) if isinstance(controls, str) else tuple(controls)
    if beside and family not in ("quasipoisson", "poisson"):
        raise AnalysisError(
            say("A control series is set beside the outcome as a share, which family='{family}' has no place for.",
                family=family),
            next_step=say("Leave the family or the controls out."),
        )  # fmt: skip
    return analyse(
        read_series(panel, outcome=outcome, exposure=exposure, beside=beside),
        at=at,
        outcome=outcome,
        exposure=exposure,
        controls=beside,
        family="quasibinomial" if beside else family,
        harmonics=harmonics,
        slope_change=slope_change,
        recording_changes=recording_changes,
        context=context,
        errors=errors,
        hac_lags=hac_lags,
        phase_in=phase_in,
        confidence=confidence,
    )
