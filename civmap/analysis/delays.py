"""Late reports: how much of a month is still to come, and how much that may be.

Incidents of the last months are still being found out. From the months between event and report of those known so
far, corrected for what cannot be known yet, follows the share that has arrived after each number of months; with it
the last months are marked as provisional, and what is missing from them can be estimated.

What it does not do: it assumes that reports go on arriving as they did, and knows nothing of incidents that are never
reported.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from civmap.errors import AnalysisError
from civmap.language import say

__all__ = ["Triangle", "arrived_after", "now_cast", "reporting_triangle"]

Array = NDArray[np.float64]

LONGEST = 24  # months; what comes later is not waited for
FEWEST = 50  # incidents with a delay
SETTLED = 0.95  # share that has arrived, from which on a month no longer counts as provisional
DRAWS = 4000
TINY = 1e-6


@dataclass(frozen=True)
class Triangle:
    """Incidents by month of event (rows) and months until the report (columns); NaN where it cannot be known yet."""

    months: pd.DatetimeIndex
    counts: Array


def reporting_triangle(
    events: ArrayLike,
    reports: ArrayLike,
    *,
    as_of: pd.Timestamp,
    since: pd.Timestamp | None = None,
    incidents: ArrayLike | None = None,
) -> Triangle:
    """Count incidents by month of event and months until they were reported.

    Parameters
    ----------
    events, reports
        Local day of each incident and of its first report; rows without a report date are left out.
    as_of
        The last day on which a report would be known.
    since
        First month of events whose delays are known; the first event without it.
    incidents
        How many each row stands for; one without it.

    Returns
    -------
    Triangle
        One row per month, 25 columns (0 to 24 months); later reports count in the last column.

    Raises
    ------
    AnalysisError
        With fewer than 50 incidents that say when they were reported.

    Examples
    --------
    >>> days = pd.to_datetime(["2020-01-05"] * 40 + ["2020-02-10"] * 20)
    >>> told = pd.to_datetime(["2020-01-20"] * 30 + ["2020-02-02"] * 10 + ["2020-02-15"] * 20)
    >>> found = reporting_triangle(days, told, as_of=pd.Timestamp("2020-02-29"))
    >>> found.counts[:, :2].tolist()
    [[30.0, 10.0], [20.0, nan]]
    """
    frame = pd.DataFrame({"event": pd.to_datetime(pd.Series(events)), "report": pd.to_datetime(pd.Series(reports))})
    frame["incidents"] = 1 if incidents is None else np.asarray(incidents)
    frame = frame.dropna()
    frame = frame[frame["report"] <= as_of]
    if since is not None:
        frame = frame[frame["event"] >= since]
    if frame["incidents"].sum() < FEWEST:
        raise AnalysisError(
            say("Too few incidents say when they were reported to judge what is still to come."),
            found=str(int(frame["incidents"].sum())), expected=say("at least {n}", n=FEWEST),
        )  # fmt: skip
    event, report = _month(frame["event"]), _month(frame["report"])
    last = as_of.year * 12 + as_of.month - 1
    first = int(event.min())
    delay = np.clip(report - event, 0, LONGEST)  # a report dated before its event is a slip of a day or a month
    counts = np.zeros((last - first + 1, LONGEST + 1))
    np.add.at(counts, (event - first, delay), frame["incidents"].to_numpy())
    ahead = np.arange(LONGEST + 1) > (last - first - np.arange(len(counts)))[:, None]
    counts[ahead] = np.nan
    start = pd.Period(year=first // 12, month=first % 12 + 1, freq="M")
    return Triangle(pd.period_range(start, periods=len(counts), freq="M").to_timestamp(), counts)


def arrived_after(triangle: Triangle) -> Array:
    """Give the share of incidents known after 0, 1, 2 ... 24 months.

    The chain of reverse hazards: of all incidents known after d months, the share that came in month d is learnt from
    the months of events for which d months have passed.

    References
    ----------
    Lawless JF (1994). Adjustments for reporting delays and the prediction of occurred but not reported events. Can J
    Stat 22, 15-31; Kalbfleisch JD, Lawless JF (1989). JASA 84, 360-372.

    Examples
    --------
    >>> months = pd.date_range("2020-01-01", periods=2, freq="MS")
    >>> counts = np.full((2, 25), 0.0); counts[0, :2] = 30, 10; counts[1, :] = np.nan; counts[1, 0] = 20
    >>> arrived_after(Triangle(months, counts))[:2].tolist()
    [0.75, 1.0]
    """
    came, known = _reverse(triangle)
    with np.errstate(invalid="ignore"):
        hazard = np.where(known > 0, came / np.maximum(known, 1), 0.0)
    return _share(hazard)


def now_cast(triangle: Triangle, *, confidence: float = 0.95, seed: int = 20261123) -> pd.DataFrame:
    """Estimate how many incidents the last months will have once all reports are in.

    What is still missing of a month follows a negative binomial law around the known count, as it does when the number
    of incidents is not known beforehand. The shares are drawn anew for their uncertainty, and both are made as much
    wider as the triangle scatters around its own expectation.

    Parameters
    ----------
    triangle
        From `reporting_triangle`.
    confidence
        Of the interval, which is for the count itself, not for its mean.
    seed
        Of the draws.

    Returns
    -------
    DataFrame
        Per month: ``period``, ``known``, ``share`` (expected to be known by now), ``provisional`` (less than 95 %),
        ``value``, ``low``, ``high``.

    References
    ----------
    Lawless (1994), as in `arrived_after`; England PD, Verrall RJ (2002). Stochastic claims reserving in general
    insurance. British Actuarial Journal 8, 443-518 (the scatter of the triangle).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> events = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 730, 2000), unit="D")
    >>> told = events + pd.to_timedelta(rng.exponential(30, 2000).round(), unit="D")
    >>> triangle = reporting_triangle(events, told, as_of=pd.Timestamp("2021-12-31"))
    >>> last, happened = now_cast(triangle).iloc[-1], int((events >= "2021-12-01").sum())
    >>> bool(last["provisional"]), bool(last["low"] <= happened <= last["high"])
    (True, True)
    """
    came, known = _reverse(triangle)
    share = arrived_after(triangle)
    rng = np.random.default_rng(seed)
    scatter = _scatter(triangle, share)
    # a delay that never occurred stays at 0: a little for each of 24 would add up to much
    hazards = rng.beta(came / scatter + TINY, (known - came) / scatter + TINY, size=(DRAWS, len(came)))
    hazards[:, came == 0] = 0
    shares = _share(hazards)
    total = np.nansum(triangle.counts, axis=1)
    waited = np.minimum((~np.isnan(triangle.counts)).sum(axis=1) - 1, LONGEST)
    drawn = np.clip(shares[:, waited], 1e-6, 1)  # draws by months
    mean = rng.gamma((total + 0.5) / scatter, scatter, size=drawn.shape) * (1 - drawn) / drawn
    missing = np.floor(rng.poisson(mean / scatter) * scatter + rng.random(mean.shape) * (scatter - 1))
    half = (1 - confidence) / 2
    low, high = np.quantile(missing, [half, 1 - half], axis=0)
    settled = share[waited] >= 1
    return pd.DataFrame(
        {
            "period": triangle.months,
            "known": total.astype("int64"),
            "share": share[waited],
            "provisional": share[waited] < SETTLED,
            "value": np.divide(total, share[waited], out=np.full(len(total), np.nan), where=share[waited] > 0),
            "low": total + np.where(settled, 0, low),
            "high": total + np.where(settled, 0, high),
        }
    )


def _reverse(triangle: Triangle) -> tuple[Array, Array]:
    """Count for each delay what came then, and what had come by then, over the months for which it is known."""
    seen = ~np.isnan(triangle.counts)
    filled = np.nan_to_num(triangle.counts)
    return filled.sum(axis=0), np.asarray((filled.cumsum(axis=1) * seen).sum(axis=0))


def _share(hazard: Array) -> Array:
    """Multiply from the end what is left when the later delays are taken away."""
    later = np.concatenate([1 - hazard[..., 1:], np.ones((*hazard.shape[:-1], 1))], axis=-1)
    return np.asarray(np.cumprod(later[..., ::-1], axis=-1)[..., ::-1])


def _scatter(triangle: Triangle, share: Array) -> float:
    """Estimate how many times more the triangle varies than a Poisson law around rows times columns; at least 1."""
    seen = ~np.isnan(triangle.counts)
    part = np.diff(share, prepend=0.0)
    reached = share[np.minimum(seen.sum(axis=1) - 1, LONGEST)]
    total = np.nansum(triangle.counts, axis=1)
    rows = np.divide(total, reached, out=total.copy(), where=reached > 0)
    expected = rows[:, None] * part
    use = seen & (expected > 0)
    if not use.any():
        return 1.0
    squares = (np.nan_to_num(triangle.counts) - expected)[use] ** 2 / expected[use]
    free = use.sum() - (rows > 0).sum() - (part > 0).sum() + 1
    return float(max(squares.sum() / max(free, 1), 1.0))


def _month(days: pd.Series) -> NDArray[np.int64]:
    return np.asarray(days.dt.year * 12 + days.dt.month - 1, dtype="int64")
