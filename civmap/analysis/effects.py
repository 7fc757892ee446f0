"""Results of before/after comparisons, and the naive comparison of two rates.

Ratios compare what was counted after a date with before it or with what was projected from before. They speak
of counts as recorded: when recording changes, ratios move as well. Incidents only; deaths cluster within
incidents.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy.stats import beta, binom

from civmap.errors import AnalysisError
from civmap.language import mark, say

__all__ = ["KINDS", "Check", "Detectable", "Difference", "Intervention", "Neighbour", "RateRatio", "rate_ratio"]

Value = TypeVar("Value")

MAX_CORRELATION = 0.5  # of two estimates; beyond it they cannot be told apart
MAX_INFLATION = 1.2  # of a standard error by having the other event in the model
NEAR_DAYS = 62  # two months: dates are often known to the month, and orders take weeks to reach units
LASTING_DAYS = 182  # half a year: shorter events leave most periods on both sides alone

KINDS = (mark("directive"), mark("recording change"), mark("context"))  # of a neighbour; the codes are said where shown


@dataclass(frozen=True)
class RateRatio:
    """A ratio of two rates with interval and two-sided p, from one and the same method."""

    ratio: float
    low: float
    high: float
    p: float

    @property
    def excludes_one(self) -> bool:
        """Whether the interval lies wholly below or above 1."""
        return self.low > 1 or self.high < 1


@dataclass(frozen=True)
class Detectable:
    """The smallest fall and rise, as ratios, that this design would probably tell from no change.

    A fall of 0 or a rise of infinity: not even one to a thousandth or a thousandfold would be seen.
    """

    fall: float
    rise: float
    power: float = 0.8


@dataclass(frozen=True)
class Difference:
    """Projected less observed, over all periods after the date; negative when more was counted than projected."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Neighbour:
    """How far the level change at one date can be told apart from another event in the model.

    Parameters
    ----------
    label, kind
        Of the other event; kind is ``directive``, ``recording change`` or ``context``.
    start, end
        Of the other event; end may be open.
    correlation
        Of the two estimates, as the design has it around the means of trend and season; 1 where both say the
        same or no incident tells them apart; nan where there were too few periods for one more event.
    inflation
        Standard error of the level change with the other event in the model over that without it.
    at
        The date whose level change is meant.
    in_model
        False where the two are the same column, or where there were too few periods for one more event.
    """

    label: str
    kind: str
    start: pd.Timestamp
    end: pd.Timestamp | None
    correlation: float
    inflation: float
    at: pd.Timestamp
    in_model: bool = True

    @property
    def near(self) -> bool:
        """Whether a lasting event begins or ends within two months of the date.

        No model can tell two such changes apart without assuming that both took effect on the day.
        """
        edges = [self.start] if self.end is None else [self.start, self.end]
        lasting = self.end is None or (self.end - self.start).days >= LASTING_DAYS
        return lasting and any(abs((edge - self.at).days) <= NEAR_DAYS for edge in edges)

    @property
    def inseparable(self) -> bool:
        """Whether the two cannot be told apart by these data."""
        return self.near or abs(self.correlation) > MAX_CORRELATION or self.inflation > MAX_INFLATION


@dataclass(frozen=True)
class Check:
    """One thing that a result was held against.

    Parameters
    ----------
    name
        What was looked at.
    passed
        None where it could not be answered.
    said
        What was found, as it stands after a colon.
    """

    name: str
    passed: bool | None
    said: str


@dataclass(frozen=True)
class Intervention:
    """An interrupted time series, fitted.

    Parameters
    ----------
    at, unit
        The dates in time order; what one period is (``month``, ``week``, ...).
    outcome, exposure, controls, confidence, family, errors
        As asked for; with controls the family is ``quasibinomial``.
    level
        Ratio of the level after the date to the level projected from before; one, or one per date.
    slope
        Change of the trend as a ratio per period; None where none was asked for.
    dispersion
        Variance over mean.
    rho
        Correlation of neighbouring periods, weighted mean.
    fitted
        One row per period in the model: ``period, value, low, high`` (expected count).
    counterfactual
        The same for the periods from the first date on, as projected without the directives.
    fewer_than_projected
        For one date whose level interval excludes 1, else None.
    detectable
        Known from the design and the scatter, whatever the effect turned out to be; one, or one per date.
    neighbours
        Every other date, recording change and context in the model, for each date.
    n_before, n_after, events_before, events_after
        Periods and counts in the model, before the first date and from it on.
    notes
        What was dropped, lowered or assumed, in sentences.
    """

    at: tuple[pd.Timestamp, ...]
    unit: str
    outcome: str
    exposure: str | None
    confidence: float
    family: str
    errors: str
    level: RateRatio | tuple[RateRatio, ...]
    slope: RateRatio | tuple[RateRatio, ...] | None
    dispersion: float
    rho: float
    fitted: pd.DataFrame = field(repr=False, compare=False)
    counterfactual: pd.DataFrame = field(repr=False, compare=False)
    fewer_than_projected: Difference | None
    detectable: Detectable | tuple[Detectable, ...]
    neighbours: tuple[Neighbour, ...]
    n_before: int
    n_after: int
    events_before: float
    events_after: float
    notes: tuple[str, ...]
    controls: tuple[str, ...] = ()

    @property
    def inseparable(self) -> tuple[Neighbour, ...]:
        """The neighbours that cannot be told apart from a directive."""
        return tuple(neighbour for neighbour in self.neighbours if neighbour.inseparable)


def rate_ratio(
    before: float, before_exposure: float, after: float, after_exposure: float, *, confidence: float = 0.95
) -> RateRatio:
    """Compare two counts over their exposures, exactly, given their sum.

    Counts incidents, not people, and assumes that incidents come independently at a steady rate: no season,
    no clusters, no serial correlation. On monthly conflict data that is seldom so, which is why this is the
    *naive* comparison beside `interrupted_time_series`. The central method: p is twice the smaller tail, and
    the interval holds the ratios that it does not reject.

    Parameters
    ----------
    before, after
        Counts of incidents, whole numbers.
    before_exposure, after_exposure
        Time, population or strikes over which they were counted, same unit for both.
    confidence
        Of the interval, between 0 and 1.

    Returns
    -------
    RateRatio
        After over before. No count at all gives ratio nan, interval 0 to infinity, p 1.

    Raises
    ------
    AnalysisError
        On negative or broken counts, or exposures that are not above 0.

    References
    ----------
    Fay MP (2010). Two-sided exact tests and matching confidence intervals for discrete
    data. The R Journal 2(1), 53-58; Clopper CJ, Pearson ES (1934). Biometrika 26, 404-413.

    Examples
    --------
    >>> found = rate_ratio(10, 20_000, 2, 17_877)
    >>> round(found.ratio, 4), round(found.low, 4), round(found.high, 4)
    (0.2238, 0.0238, 1.05)
    """
    sides = (
        (before, before_exposure, mark("The count before the date cannot be compared."),
         mark("There is no exposure before the date, so no rate.")),
        (after, after_exposure, mark("The count after the date cannot be compared."),
         mark("There is no exposure after the date, so no rate.")),
    )  # fmt: skip
    for count, exposure, no_count, no_rate in sides:
        if not np.isfinite(count) or count < 0 or count != int(count):
            raise AnalysisError(
                say(no_count),
                found=str(count),
                expected=say("a whole number of incidents, 0 or more"),
                next_step=say("Count incidents; casualties and averages need another method."),
            )
        if not np.isfinite(exposure) or exposure <= 0:
            raise AnalysisError(
                say(no_rate),
                found=str(exposure),
                expected=say("days, months, population or strikes above 0"),
                next_step=say("Choose a window with time on both sides of the date."),
            )
    alpha = 1 - check_confidence(confidence)
    a, total = int(after), int(after + before)
    if total == 0:
        return RateRatio(ratio=float("nan"), low=0.0, high=float("inf"), p=1.0)
    weight = before_exposure / after_exposure
    low_share = beta.ppf(alpha / 2, a, total - a + 1) if a else 0.0
    high_share = beta.ppf(1 - alpha / 2, a + 1, total - a) if a < total else 1.0
    even = after_exposure / (before_exposure + after_exposure)
    p = min(1.0, 2 * float(min(binom.cdf(a, total, even), binom.sf(a - 1, total, even))))
    ratio, low, high = (odds(share) * weight for share in (a / total, low_share, high_share))
    return RateRatio(ratio=ratio, low=low, high=high, p=p)


def odds(share: float) -> float:
    """Turn the share of all events into after over before."""
    return float(share / (1 - share)) if share < 1 else float("inf")


def check_confidence(confidence: float) -> float:
    """Refuse a confidence that is not a share."""
    if not 0 < confidence < 1:
        raise AnalysisError(
            say("The confidence has to be a share."),
            found=str(confidence),
            expected=say("between 0 and 1, such as 0.95"),
        )
    return confidence


def one_or_all(values: Iterable[Value]) -> Value | tuple[Value, ...]:
    """One value as it stands, several as a tuple."""
    found = tuple(values)
    return found[0] if len(found) == 1 else found
