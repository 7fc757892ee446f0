"""A period beside the same period a year before: the form in which headquarters and the UN report.

Months of one year scatter more than a Poisson law allows and resemble each other, and an interval that forgets this
claims changes that are not there: 12 against 12 months of series without any change differ "significantly" in 21 to
76 % of cases. How much they scatter is learnt from all areas together and all months of the window, and the counts are
then taken for what they are worth.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from civmap.analysis.count_fit import CountFit, fit_counts
from civmap.analysis.count_panel import read_series
from civmap.analysis.rates import COUNTS, check_confidence, numbers
from civmap.analysis.segmented_design import build_design
from civmap.analysis.trend_words import FEWEST_INCIDENTS, HARMONICS
from civmap.errors import AnalysisError

__all__ = ["Clustering", "change_limits", "clustering", "effective_share", "same_period"]

Array = NDArray[np.float64]

RHO: Array = np.linspace(0.0, 0.8, 9)  # correlation of neighbouring months: 0, 0.1, ... 0.8


@dataclass(frozen=True)
class Clustering:
    """How much counts scatter beyond a Poisson law, and how long it lasts.

    Parameters
    ----------
    excess
        Variance of the factor by which each period departs from its mean: variance = mean + excess x mean squared.
    rho
        Correlation of that factor from one period to the next.
    """

    excess: float = 0.0
    rho: float = 0.0

    def of_sum(self, periods: int) -> float:
        """Give the excess of a sum over so many periods of equal mean.

        Examples
        --------
        >>> Clustering(0.5, 0.0).of_sum(12) == 0.5 / 12
        True
        """
        lag = np.arange(1, periods)
        return self.excess / periods * float(1 + 2 * ((1 - lag / periods) * self.rho**lag).sum())


def clustering(panel: pd.DataFrame, *, area: str = "area", outcome: str = "incidents") -> Clustering:
    """Learn the scatter beyond a Poisson law from all areas together.

    Every area has a season, and a level of its own in each twelve months, so that a lasting shift does not pass for
    scatter. The squares of the residuals and the products of neighbours are matched with what they would be on average
    under each correlation, given that levels and season were fitted to the same counts and took a part of the scatter
    along. Areas with fewer than twenty incidents say too little and are passed over.

    Parameters
    ----------
    panel
        One row per area and month with a column ``period``; null where not covered.
    area, outcome
        Columns of areas, and of incidents.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> clustering(pd.DataFrame({"area": "N", "period": months, "incidents": 0}))
    Clustering(excess=0.0, rho=0.0)
    """
    seen, usual, extra = np.zeros(2), np.zeros(2), np.zeros((len(RHO), 2))
    counts = pd.to_numeric(panel[outcome]).to_numpy(dtype=float, na_value=np.nan)
    counted = pd.DataFrame({area: panel[area], "period": panel["period"], outcome: counts})
    for _, own in counted.groupby(area, sort=False):
        model = _levels(own, outcome)
        if model is None:
            continue
        found, place = model
        weight = 1 / (1 + found.means.mean() / 2) ** 2  # about as much as an area can say, whatever its size
        moments = _moments(found, place)
        seen, usual, extra = seen + weight * moments[0], usual + weight * moments[1], extra + weight * moments[2]
    above = seen - usual
    if above[0] <= 0 or not extra.any():
        return Clustering()
    excess = above[0] / extra[:, 0]
    best = int(np.argmin(np.abs(usual[1] + excess * extra[:, 1] - seen[1])))
    return Clustering(float(excess[best]), float(RHO[best]))


def _levels(panel: pd.DataFrame, outcome: str) -> tuple[CountFit, Array] | None:
    """Fit a season and a level for each twelve months, counted back from the last; None where that says nothing."""
    if np.nansum(panel[outcome].to_numpy()) < FEWEST_INCIDENTS:
        return None
    try:
        series = read_series(panel, outcome=outcome, exposure=None)
        year = (series.place[-1] - series.place) // int(series.per_year)
        levels = (year[:, None] == np.unique(year)).astype(float)
        full = levels[:, (levels * series.counts[:, None]).sum(axis=0) > 0]  # a year without incidents says nothing
        series, full = series.keep(full.any(axis=1)), full[full.any(axis=1)]
        waves = build_design(series, at=(), harmonics=HARMONICS, slope_change=False, terms=(), trend=False).matrix
        fit = fit_counts(series.counts, np.hstack([full, waves[:, 1:]]))
    except AnalysisError:
        return None
    return fit, series.place.astype(float)


def _moments(fit: CountFit, place: Array) -> tuple[Array, Array, Array]:
    """Sum squares and neighbours' products of residuals: as found, from a Poisson law, and per unit of excess.

    The residuals are (I - X G) y with X the design on the scale of counts; what a covariance V leaves in them is
    V - X G V - V (X G)' + X G V (X G)'.
    """
    means = fit.means
    columns = means[:, None] * fit.design
    gain = np.linalg.solve(fit.design.T @ columns, fit.design.T)
    next_to = np.diff(place) == 1
    left = fit.outcome - means

    def sums(covariance: Array) -> Array:
        reduced = gain @ covariance
        inner = columns @ (reduced @ gain.T)
        turned = np.swapaxes(reduced, -1, -2)
        diagonal = np.diagonal(covariance, 0, -2, -1) + ((inner - 2 * turned) * columns).sum(axis=-1)
        beside = (
            np.diagonal(covariance, 1, -2, -1)
            - (columns[:-1] * turned[..., 1:, :]).sum(axis=-1)
            + ((inner[..., :-1, :] - turned[..., :-1, :]) * columns[1:]).sum(axis=-1)
        )
        return np.stack([diagonal.sum(axis=-1), beside[..., next_to].sum(axis=-1)], axis=-1)

    apart = np.abs(place[:, None] - place)
    both = np.outer(means, means)
    as_found = np.array([left @ left, (left[1:] * left[:-1])[next_to].sum()])
    return as_found, sums(np.diag(means)), sums(both * RHO[:, None, None] ** apart)


def effective_share(now: ArrayLike, before: ArrayLike, excess: ArrayLike) -> tuple[Array, Array]:
    """Scale two counts down to what independent incidents would have to say about their ratio.

    With a common excess of variance the first is a share of both that scatters as a beta-binomial count; both are
    divided by how many times its variance is that of a binomial one.

    References
    ----------
    Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data. Survey Methodology 24, 193-201.

    Examples
    --------
    >>> [float(part.round(1)) for part in effective_share(30, 10, 0.2)]
    [6.6, 2.2]
    """
    first, second = np.asarray(now, dtype=float), np.asarray(before, dtype=float)
    both = first + second
    more = np.asarray(excess, dtype=float)
    times = 1 + np.maximum(both - 1, 0) * more / (2 + more)
    return first / times, second / times


def change_limits(
    now: ArrayLike, before: ArrayLike, *, excess: ArrayLike = 0.0, confidence: float = 0.95
) -> tuple[Array, Array, Array]:
    """Give the ratio of two counts of incidents over equal times, with its limits.

    Parameters
    ----------
    now, before
        Incidents; null where a period is not covered.
    excess
        Of the sums, see `Clustering.of_sum`, one for all or one each; 0 gives the exact conditional interval of two
        Poisson counts.
    confidence
        Between 0 and 1.

    Returns
    -------
    ratio, low, high
        The ratio is infinite after 0 incidents and NaN with none in either period, which leaves 0 to infinity.

    Raises
    ------
    AnalysisError
        On what is no count, or no confidence.

    References
    ----------
    Clopper CJ, Pearson ES (1934). Biometrika 26, 404-413; Przyborowski J, Wilenski H (1940). Biometrika 31, 313-323.

    Examples
    --------
    >>> [round(float(part), 2) for part in change_limits(20, 10)]
    [2.0, 0.89, 4.78]
    >>> [round(float(part), 2) for part in change_limits(20, 10, excess=0.2)]
    [2.0, 0.4, 13.77]
    """
    half = check_confidence(confidence)
    counts = [numbers(part, COUNTS) for part in (now, before)]
    known = np.isfinite(counts[0]) & np.isfinite(counts[1])
    first, second = (np.where(known, part, 0.0) for part in counts)
    a, b = effective_share(first, second, excess)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(a > 0, betaincinv(np.maximum(a, 1e-9), b + 1, half), 0.0)
        high = np.where(b > 0, betaincinv(a + 1, np.maximum(b, 1e-9), 1 - half), 1.0)
        parts = (first / second, low / (1 - low), high / (1 - high))
    return tuple(np.where(known, part, np.nan) for part in parts)  # type: ignore[return-value]


def same_period(
    panel: pd.DataFrame, *, first: pd.Timestamp, periods: int, per_year: int, area: str = "area", outcome: str
) -> pd.DataFrame:
    """Sum each area over a span of periods and over the same span a year before.

    Parameters
    ----------
    panel
        One row per area and period with a column ``period``; null where not covered.
    first
        Start of the first period of the span.
    periods, per_year
        Length of the span; periods in a year: 12, 4 or 1.
    area, outcome
        Columns.

    Returns
    -------
    DataFrame
        Indexed by area: ``now`` and ``before``, null unless every one of the periods has a count.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=24, freq="MS")
    >>> panel = pd.DataFrame({"area": "N", "period": months, "n": range(24)})
    >>> found = same_period(panel, first=pd.Timestamp("2009-01-01"), periods=2, per_year=12, outcome="n")
    >>> found.loc["N"].tolist()
    [25.0, 1.0]
    """
    codes, names = pd.factorize(panel[area])
    values = panel[outcome].to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(values)
    now = pd.date_range(first, periods=periods, freq=pd.DateOffset(months=12 // per_year))
    sums = {}
    for name, wanted in (("now", now), ("before", now - pd.DateOffset(years=1))):
        within = panel["period"].isin(wanted).to_numpy() & known
        counted = np.bincount(codes[within], minlength=len(names)) == periods
        total = np.bincount(codes[within], weights=values[within], minlength=len(names))
        sums[name] = np.where(counted, total, np.nan)
    return pd.DataFrame(sums, index=pd.Index(names, name=area))
