"""Comparison with provinces that the directive did not cover.

A fall that is seen everywhere is not the directive's. On the log scale the comparison is a ratio of ratios: the change
in what the directive covers over the change in what it does not. Shocks that both share cancel out. Counted are
incidents as recorded; a change of recording in one of the two looks like an effect.

What it does not do: it cannot show that the two would have moved alike. The periods before the date are given for the
eye, and how far the two drifted apart before it as a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from civmap.analysis.count_panel import Day, Series, read_series
from civmap.analysis.effects import Difference, RateRatio, check_confidence
from civmap.analysis.pre_period import drift_before, picture
from civmap.analysis.segmented_model import analyse
from civmap.analysis.unit_panel import UnitPanel, read_unit_panel, two_way_fit, unit_list
from civmap.analysis.window import WIDER, read_dates, without_phase_in
from civmap.errors import AnalysisError
from civmap.language import day as said_day
from civmap.language import mark, say, say_n

__all__ = ["MIN_CLUSTERS", "Comparison", "difference_in_differences"]

Array = NDArray[np.float64]

MIN_CLUSTERS = 8  # equal provinces' worth on each side, below which their scatter says too little about the error


@dataclass(frozen=True)
class Comparison:
    """A difference in differences, on the log scale.

    Parameters
    ----------
    at
        The date.
    ratio
        Change in the treated places over change in the others.
    difference
        The same per place and period (per unit of exposure where there is one): mean change of the treated less mean
        change of the others, each place counted once. None with fewer than two places on a side.
    errors
        ``cluster``: from the scatter between places. ``series``: from the scatter of the two totals in time, where
        places are too few.
    n_treated, n_control
        Places with any count.
    means
        One row per group, ``treated`` and ``control``: ``group, units, before, after, rate_before, rate_after, ratio``.
    periods
        One row per period: ``period, treated, control, ratio, low, high``; the ratio of the two relative to its level
        before the date, for the eye.
    drift
        How the ratio of the two moved per year before the date; None where there were too few periods.
    notes
        What was left out or assumed, in sentences.
    """

    at: pd.Timestamp
    ratio: RateRatio
    difference: Difference | None
    errors: str
    n_treated: int
    n_control: int
    means: pd.DataFrame = field(repr=False, compare=False)
    periods: pd.DataFrame = field(repr=False, compare=False)
    drift: RateRatio | None
    notes: tuple[str, ...]


def difference_in_differences(
    panel: pd.DataFrame,
    *,
    at: Day,
    outcome: str,
    treated: str | Sequence[str],
    unit: str = "admin1",
    exposure: str | None = None,
    phase_in: int = 0,
    confidence: float = 0.95,
) -> Comparison:
    """Compare the change in places that a directive covered with the change in places that it did not.

    A log-linear model with a level per place, a level per period and one effect. THE PERIOD THAT HOLDS THE DATE COUNTS
    AS AFTER. With at least eight equal places' worth on each side, which is (sum of counts)^2 over the sum of squared
    counts, the interval comes from the scatter between places (cluster-robust, t with places less two degrees of
    freedom); this assumes that no shock hits one group as a whole. With fewer, it comes from the scatter of the two
    totals in time, averaged over their serial correlation.

    Parameters
    ----------
    panel
        One row per place and period, with a column ``period``. Null counts are left out, not taken as zero.
    at
        Day on which the directive took effect.
    outcome
        Column of counts; incidents.
    treated
        Names of the places that the directive covered, or a column that says so of each row.
    unit
        Column of places.
    exposure
        Column of population, strikes or sorties per place and period.
    phase_in
        Number of periods to leave out from the date on.
    confidence
        Of the intervals, between 0 and 1.

    Returns
    -------
    Comparison
        Ratio of ratios, difference per place and period, means, pre-period picture.

    Raises
    ------
    AnalysisError
        When there is nothing to compare: no place on one side, nothing counted before or after, a date outside.

    References
    ----------
    Card D, Krueger AB (1994). Minimum wages and employment. American Economic Review 84, 772-793 (the difference per
    place); Bertrand M, Duflo E, Mullainathan S (2004). How much should we trust differences-in-differences estimates?
    Quarterly Journal of Economics 119, 249-275 (clusters, and the two totals where they are few); Carter AV, Schnepel
    KT, Steigerwald DG (2017). Asymptotic behavior of a t-test robust to cluster heterogeneity. Review of Economics and
    Statistics 99, 698-709 (unequal clusters are worth fewer).

    Examples
    --------
    >>> before = [4, 7, 5, 9, 6, 8, 5, 7, 6, 4] * 2
    >>> after = [2, 3, 2, 5, 3, 4, 3, 3, 3, 2] + [4, 6, 6, 9, 5, 8, 6, 7, 6, 5]
    >>> provinces = [f"P{number:02}" for number in range(20)]
    >>> panel = pd.DataFrame({"period": ["2009-01-01"] * 20 + ["2010-01-01"] * 20, "admin1": provinces * 2,
    ...                       "incidents": before + after})
    >>> found = difference_in_differences(panel, at="2010-01-01", outcome="incidents", treated=provinces[:10])
    >>> round(found.ratio.ratio, 2), found.ratio.high < 1, round(found.difference.value, 1), found.errors
    (0.48, True, -3.2, 'cluster')
    """
    alpha = 1 - check_confidence(confidence)
    data, covered, day, notes = _read(panel, at, outcome, treated, unit, exposure, phase_in)
    total = data.total(outcome)
    after = total.place >= total.position(day)
    effect = covered[:, None] & after
    two_way = two_way_fit(data, effect)
    groups = {"treated": covered, "control": ~covered}
    counts = {name: data.counts[rows].sum(axis=0) for name, rows in groups.items()}
    n_treated, n_control = int(covered.sum()), int((~covered).sum())
    if min(_worth(data, covered), _worth(data, ~covered)) >= MIN_CLUSTERS:
        errors = "cluster"
        reach = student.ppf(1 - alpha / 2, n_treated + n_control - 2) * two_way.error
        p = float(2 * student.sf(abs(two_way.effect) / two_way.error, n_treated + n_control - 2))
        value, low, high = map(float, np.exp(two_way.effect + np.array([0.0, -reach, reach])))
        ratio = RateRatio(value, low, high, p)
    else:
        errors = "series"
        notes.append(say(
            "{treated} treated and {others} other places are too few, or too unequal, to judge by their scatter; the "
            "interval comes from the two totals in time.", treated=n_treated, others=n_control,
        ))  # fmt: skip
        ratio = _from_totals(data, two_way.places, covered, outcome, day, confidence)
    pair = _pair(data, two_way.places, covered)
    return Comparison(
        at=day,
        ratio=ratio,
        difference=_per_place(data, covered, after, alpha),
        errors=errors,
        n_treated=n_treated,
        n_control=n_control,
        means=_means(data, groups, after),
        periods=picture(data.periods, counts, pair, after, alpha),
        drift=drift_before(pair, after, confidence),
        notes=tuple(notes),
    )


def _read(
    panel: pd.DataFrame,
    at: Day,
    outcome: str,
    treated: str | Sequence[str],
    unit: str,
    exposure: str | None,
    phase_in: int,
) -> tuple[UnitPanel, NDArray[np.bool_], pd.Timestamp, list[str]]:
    data = read_unit_panel(panel, outcome=outcome, unit=unit, exposure=exposure)
    covered = unit_list(panel, data, treated, unit)
    series = data.total(outcome)
    days = read_dates(at, series)
    if len(days) != 1:
        raise AnalysisError(say("One date at a time is compared."), found=say_n(len(days), "{n} date", "{n} dates"))
    kept, phase_note = without_phase_in(series, days, phase_in)
    data = data.keep(np.isin(series.place, kept.place))
    _check_counts(data, covered, data.total(outcome), days[0])
    return data, covered, days[0], [*data.notes, *phase_note]


def _check_counts(data: UnitPanel, covered: NDArray[np.bool_], total: Series, day: pd.Timestamp) -> None:
    """Refuse a comparison of which one corner is empty."""
    after = total.place >= total.position(day)
    sides = (
        (~after, mark("There is no period before {day} with a count in {places}."),
         mark("Nothing was counted before {day} in {places}, so the ratio has no finite answer.")),
        (after, mark("There is no period after {day} with a count in {places}."),
         mark("Nothing was counted after {day} in {places}, so the ratio has no finite answer.")),
    )  # fmt: skip
    for rows, places in ((covered, mark("the treated places")), (~covered, mark("the other places"))):
        where = {"day": said_day(day), "places": say(places)}
        for periods, unknown, nothing in sides:
            if not data.known[np.ix_(rows, periods)].any():
                raise AnalysisError(
                    say(unknown, **where),
                    next_step=say("Take a longer window or a source whose scope covers both sides of the date."),
                )
            if not data.counts[np.ix_(rows, periods)].any():
                raise AnalysisError(say(nothing, **where), next_step=say(WIDER))


def _pair(data: UnitPanel, places: Array, covered: NDArray[np.bool_]) -> Series:
    """Put the two totals side by side; the offset says how much of each group was present."""
    present = places[:, None] * data.exposure
    frame = pd.DataFrame(
        {
            "period": data.periods,
            "treated": data.counts[covered].sum(axis=0),
            "control": data.counts[~covered].sum(axis=0),
            "weight": present[covered].sum(axis=0) / present[~covered].sum(axis=0),
        }
    )
    return read_series(frame, outcome="treated", exposure="weight", beside=["control"])


def _from_totals(
    data: UnitPanel, places: Array, covered: NDArray[np.bool_], outcome: str, day: pd.Timestamp, confidence: float
) -> RateRatio:
    found = analyse(
        _pair(data, places, covered),
        at=day,
        outcome=outcome,
        family="quasibinomial",
        harmonics=0,
        trend=False,
        confidence=confidence,
    )
    assert isinstance(found.level, RateRatio)
    return found.level


def _worth(data: UnitPanel, rows: NDArray[np.bool_]) -> float:
    """Count the equal places that these unequal ones are worth."""
    totals = data.counts[rows].sum(axis=1)
    return float(totals.sum() ** 2 / (totals**2).sum())


def _per_place(
    data: UnitPanel, covered: NDArray[np.bool_], after: NDArray[np.bool_], alpha: float
) -> Difference | None:
    """Mean change per place, treated less others (Welch)."""
    change = data.rates(after) - data.rates(~after)
    sides = [change[rows & ~np.isnan(change)] for rows in (covered, ~covered)]
    if min(len(side) for side in sides) < 2:
        return None
    value = float(sides[0].mean() - sides[1].mean())
    squares = np.array([side.var(ddof=1) / len(side) for side in sides])
    if not squares.sum():
        return None
    df = squares.sum() ** 2 / (squares**2 / np.array([len(side) - 1 for side in sides])).sum()
    reach = float(student.ppf(1 - alpha / 2, df) * np.sqrt(squares.sum()))
    return Difference(value, value - reach, value + reach)


def _means(data: UnitPanel, groups: dict[str, NDArray[np.bool_]], after: NDArray[np.bool_]) -> pd.DataFrame:
    rows = []
    for name, members in groups.items():
        counts, exposure = data.counts[members], data.exposure[members]
        before, later = counts[:, ~after].sum(), counts[:, after].sum()
        rate_before, rate_after = before / exposure[:, ~after].sum(), later / exposure[:, after].sum()
        rows.append((name, int(members.sum()), before, later, rate_before, rate_after, rate_after / rate_before))
    return pd.DataFrame(rows, columns=["group", "units", "before", "after", "rate_before", "rate_after", "ratio"])
