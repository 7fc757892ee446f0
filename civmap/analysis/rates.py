"""Rates of incidents with their intervals, and sums of casualties with theirs.

Incidents are counted one by one, so that a Poisson law is a fair start; exact limits hold for them and for nothing
else. Casualties come in clumps, several in one incident: their interval comes from drawing whole incidents again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainccinv, gammaincinv, ndtri

from civmap.errors import AnalysisError
from civmap.language import listed, mark, say, say_n

__all__ = ["CASUALTIES", "COUNTS", "METHODS", "RateInterval", "bootstrap_sum", "rate_interval", "rate_limits"]

Array = NDArray[np.float64]

METHODS = ("exact", "byar")
COUNTS, CASUALTIES = mark("counts of incidents"), mark("casualties of incidents")  # what `numbers` reads
FEWEST_TO_DRAW = 5  # incidents; from fewer no spread of their sizes can be learnt
DRAWS = 1000  # as many as a bootstrap t needs for its ends (Efron and Tibshirani 1993, chapter 12)


@dataclass(frozen=True)
class RateInterval:
    """A rate per unit of exposure, and its confidence limits."""

    rate: float
    low: float
    high: float


def rate_interval(count: int, exposure: float, *, confidence: float = 0.95, method: str = "exact") -> RateInterval:
    """Give a rate of incidents with its confidence interval.

    For counts of INCIDENTS only. Deaths or injured come several in one incident, and an interval that takes them as
    independent is far too narrow: with four deaths an incident it covers 55 % instead of 95 %; see `bootstrap_sum`.
    It says how well a Poisson rate is known from one count; months that scatter more than a Poisson law, or that
    resemble each other, need the models of `civmap.analysis.trend_words`.

    Parameters
    ----------
    count
        Number of incidents, a whole number of at least 0.
    exposure
        What the rate is per: 100,000 people, months, strikes; above 0.
    confidence
        Between 0 and 1.
    method
        ``exact`` (Garwood) or ``byar`` (Byar's approximation in the form of Breslow and Day).

    Returns
    -------
    RateInterval
        In incidents per unit of exposure; with no incident the lower limit is 0.

    Raises
    ------
    AnalysisError
        On anything but a whole number of incidents and a positive exposure.

    References
    ----------
    Garwood F (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437-442; Breslow NE, Day NE (1987).
    Statistical Methods in Cancer Research II, IARC, p. 69 (Byar).

    Examples
    --------
    >>> found = rate_interval(5, 1)
    >>> round(found.rate, 2), round(found.low, 2), round(found.high, 2)
    (5.0, 1.62, 11.67)
    """
    faults = []
    number, per = _number(count), _number(exposure)
    if not (number >= 0 and np.isfinite(number) and number == np.floor(number)):
        given = repr(count)
        faults.append(say("the count is {given}, not a whole number of incidents of at least 0", given=given))
    if not (per > 0 and np.isfinite(per)):
        faults.append(say("the exposure is {given}, not a number above 0", given=repr(exposure)))
    if not 0 < _number(confidence) < 1:
        faults.append(say("the confidence is {given}, not between 0 and 1", given=repr(confidence)))
    if method not in METHODS:
        methods = listed(METHODS, joined="or")
        faults.append(say("the method is {given}, not {methods}", given=repr(method), methods=methods))
    if faults:
        raise AnalysisError(
            say("No rate can be given: {faults}.", faults="; ".join(faults)),
            next_step=say("Give incidents; for deaths or injured use a bootstrap over incidents."),
        )
    low, high = rate_limits(number, confidence=confidence, method=method)
    return RateInterval(number / per, float(low) / per, float(high) / per)


def rate_limits(count: ArrayLike, *, confidence: float = 0.95, method: str = "exact") -> tuple[Array, Array]:
    """Give the limits of Poisson means for many counts of incidents at once; null stays null.

    Raises
    ------
    AnalysisError
        On what is no count, no confidence or no method.

    Examples
    --------
    >>> [part.round(2).tolist() for part in rate_limits([0, 10])]
    [[0.0, 4.8], [3.69, 18.39]]
    """
    number = numbers(count, COUNTS)
    half = check_confidence(confidence)
    if method not in METHODS:
        raise AnalysisError(say("There is no method '{method}'.", method=method), expected=listed(METHODS, joined="or"))
    if method == "exact":
        low = np.where(number > 0, gammaincinv(np.maximum(number, 1e-300), half), 0.0)
        return np.where(np.isnan(number), np.nan, low), gammainccinv(number + 1, half)
    z = ndtri(1 - half)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = number * (1 - 1 / (9 * number) - z / (3 * np.sqrt(number))) ** 3
    more = number + 1
    high = more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3
    return np.where(number == 0, 0.0, np.maximum(low, 0.0)), high


def bootstrap_sum(
    values: ArrayLike,
    *,
    incidents: ArrayLike | None = None,
    dispersion: float = 1.0,
    confidence: float = 0.95,
    seed: int = 20261123,
) -> tuple[float, float]:
    """Give the interval of a sum of casualties by drawing whole incidents again.

    The number of incidents is drawn anew (as often as a Poisson law with so much over-dispersion lets it vary) and so
    is the size of each; a sum is what then comes out. Limits are taken on the log scale, since sums of clumps are
    skewed, with a bootstrap t: each draw is measured in its own spread.

    Parameters
    ----------
    values
        Casualties of each incident; null (no figure) adds nothing, as in the sum itself.
    incidents
        How many incidents have each of the values; one if not given.
    dispersion
        How many times more than a Poisson count the number of incidents varies; 1 if nothing is known of it.
    confidence
        Between 0 and 1.
    seed
        Of the draws.

    Returns
    -------
    tuple of float
        Lower and upper limit of the expected sum; NaN with fewer than five incidents that give a figure.

    Raises
    ------
    AnalysisError
        On what is no number of people, or no confidence.

    References
    ----------
    Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap, chapter 12 (bootstrap t); Hesterberg TC (2015).
    What teachers should know about the bootstrap. The American Statistician 69, 371-386.

    Examples
    --------
    >>> low, high = bootstrap_sum([1, 2, 1, 4, 9, 1, 3, 2, 1, 6])
    >>> low < 30 < high
    True
    """
    given = numbers(values, CASUALTIES).ravel()
    half = check_confidence(confidence)
    known = ~np.isnan(given)
    each = np.ones(len(given)) if incidents is None else np.asarray(incidents, dtype=float).ravel()
    distinct, which = np.unique(given[known], return_inverse=True)
    often = np.bincount(which, each[known], len(distinct))
    number, observed = often.sum(), often @ distinct
    if number < FEWEST_TO_DRAW or observed <= 0:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    extra = max(dispersion - 1, 0.0) / number  # variance of the factor that all incidents of a draw share
    factor = rng.gamma(1 / extra, extra, size=(DRAWS, 1)) if extra > 0 else np.ones((DRAWS, 1))
    drawn = rng.poisson(factor * often)
    total, square = drawn @ distinct, drawn @ distinct**2
    spread = np.sqrt(often @ distinct**2 / observed**2 + extra)
    some = (total > 0) & (square > 0)
    own = np.sqrt(square[some] / total[some] ** 2 + extra)
    t = np.log(total[some] / observed) / own
    upper, lower = np.quantile(t, [half, 1 - half])
    return float(observed * np.exp(-lower * spread)), float(observed * np.exp(-upper * spread))


def numbers(values: ArrayLike, what: str) -> Array:
    """Read counts, null as NaN; what is below 0, without end or no number is refused.

    Examples
    --------
    >>> numbers([3, None], "incidents").tolist()
    [3.0, nan]
    """
    try:
        read = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise AnalysisError(
            say("These are no {things}.", things=say(what)),
            found=str(error),
            expected=say("numbers, null where unknown"),
        ) from error
    wrong = read[(read < 0) | np.isinf(read)]
    if wrong.size:
        raise AnalysisError(
            say("These are no {things}.", things=say(what)),
            found=say_n(wrong.size, "{n} value below 0 or without end, first {first:g}",
                        "{n} values below 0 or without end, first {first:g}", first=wrong[0]),
            expected=say("0 or more, null where unknown"),
        )  # fmt: skip
    return read


def check_confidence(confidence: float) -> float:
    """Give the probability beyond each end of an interval.

    Examples
    --------
    >>> round(check_confidence(0.95), 3)
    0.025
    """
    if not 0 < _number(confidence) < 1:
        raise AnalysisError(
            say("The confidence is {given}.", given=repr(confidence)),
            expected=say("a number between 0 and 1, such as 0.95"),
        )
    return (1 - confidence) / 2


def _number(value: object) -> float:
    """Read a number; anything else, also true and false, is none."""
    if isinstance(value, bool | np.bool_):
        return float("nan")
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")
