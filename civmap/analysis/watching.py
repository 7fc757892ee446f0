"""Does watching explain the pattern? Incidents per hour of observation, and what two lists can say of what neither has.

Two lists, ground and air, are not independent: ground teams go where the air looked. So there is no headline estimate
of the unseen, only a curve: what the number in neither list would be for each odds ratio between the lists.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from civmap.errors import AnalysisError
from civmap.language import mark, say, write

ODDS_RATIOS = (0.5, 0.63, 0.79, 1.0, 1.26, 1.59, 2.0, 2.52, 3.17, 4.0)  # even steps of a logarithmic scale
HELD = {
    "both": mark("on both lists"), "ground_only": mark("on the ground's list alone"),
    "air_only": mark("on the air's list alone"),
}  # fmt: skip
KINDS = (mark("both"), mark("air only"), mark("ground only"), mark("other"))


def sensitivity_curve(
    both: int, ground_only: int, air_only: int, *, odds_ratios: Sequence[float] = ODDS_RATIOS, level: float = 0.95
) -> pd.DataFrame:
    """Give the number of incidents in neither list for each odds ratio between being in one and in the other.

    With an odds ratio of theta the four cells of the table obey ``both * neither = theta * ground_only * air_only``.
    Theta is not in the data: 1 is independence, above 1 the lists find the same incidents, below 1 they part them.

    Parameters
    ----------
    both, ground_only, air_only
        Incidents on both lists, and on one of them alone.
    odds_ratios
        Values of theta.
    level
        Of the interval, which holds chance alone: log-normal, with the delta method's variance of log(neither), the sum
        of one over each of the three counts.

    Returns
    -------
    DataFrame
        odds_ratio, neither, neither_low, neither_high, total, total_low, total_high.

    Raises
    ------
    AnalysisError
        When one of the three counts is 0: the curve would be 0 or have no end.

    References
    ----------
    Bishop, Fienberg and Holland, Discrete Multivariate Analysis (1975), ch. 6; Gerritse, van der Heijden and Bakker,
    Sensitivity of population size estimation for violating parametric assumptions in log-linear models, Journal of
    Official Statistics 31 (2015) 357-379.

    Examples
    --------
    >>> sensitivity_curve(20, 60, 40, odds_ratios=(1.0, 2.0))[["neither", "total"]].to_numpy().tolist()
    [[120.0, 240.0], [240.0, 360.0]]
    """
    counts = {"both": both, "ground_only": ground_only, "air_only": air_only}
    empty = [name for name, count in counts.items() if count <= 0]
    if empty:
        raise AnalysisError(
            say("Two lists can say nothing here."),
            found=say("; ").join(say("{name}: {n}", name=say(HELD[name]), n=counts[name]) for name in empty),
            expected=say("incidents on both lists and on each alone"),
        )  # fmt: skip
    theta = np.asarray(odds_ratios, float)
    if (theta <= 0).any():
        raise AnalysisError(say("An odds ratio is above 0."), found=write(theta.min()))
    neither = theta * ground_only * air_only / both
    factor = np.exp(stats.norm.ppf((1 + level) / 2) * np.sqrt(1 / both + 1 / ground_only + 1 / air_only))
    seen = both + ground_only + air_only
    return pd.DataFrame(
        {
            "odds_ratio": theta, "neither": neither, "neither_low": neither / factor, "neither_high": neither * factor,
            "total": seen + neither, "total_low": seen + neither / factor, "total_high": seen + neither * factor,
        }
    )  # fmt: skip


def lists_of(reported: pd.Series, checked: pd.Series) -> pd.Series:
    """Say for each incident which channels were in place: air only, ground only, both, other, or not known.

    Parameters
    ----------
    reported, checked
        Lists of channels (`civmap.schema.CHANNELS`); ``ground_team`` is the ground, ``air_surveillance`` the air.
    """
    named = [set(_listed(one)) | set(_listed(two)) for one, two in zip(reported, checked, strict=True)]
    air = np.array(["air_surveillance" in one for one in named], bool)
    ground = np.array(["ground_team" in one for one in named], bool)
    some = np.array([bool(one) for one in named], bool)
    kind = np.select([air & ground, air, ground, some], list(KINDS), "not known")
    return pd.Series(kind, index=reported.index)


def per_hour(counted: pd.DataFrame, hours: pd.Series, population: pd.Series) -> pd.DataFrame:
    """Set incidents per observation hour beside incidents per population.

    Only incidents in a cell that was covered on their day are counted over hours: those elsewhere were not observed,
    and their number says nothing about a rate under observation. Null where nothing was observed or nobody is counted.

    Parameters
    ----------
    counted
        By area: ``incidents``, ``covered_incidents`` (in a covered cell on a covered day).
    hours
        Cell-hours of coverage by area: seconds times the share of the cell, summed over cells and days, in hours.
    population
        People by area.

    Returns
    -------
    DataFrame
        incidents, covered_incidents, hours, per_1000_hours, low, high (exact Poisson, 95 %), per_100k.

    References
    ----------
    Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936) 437-442.
    """
    made = counted[["incidents", "covered_incidents"]].copy()
    made["hours"] = hours.reindex(made.index).fillna(0.0)
    exposure = made["hours"].where(made["hours"] > 0) / 1000
    number = made["covered_incidents"].to_numpy("float64")
    made["per_1000_hours"] = number / exposure
    made["low"] = np.where(number > 0, stats.chi2.ppf(0.025, 2 * number) / 2, 0.0) / exposure
    made["high"] = stats.chi2.ppf(0.975, 2 * number + 2) / 2 / exposure
    people = population.reindex(made.index).astype("float64")
    made["per_100k"] = made["incidents"] / people.where(people > 0) * 1e5
    return made


def _listed(value: object) -> list[str]:
    return list(value) if isinstance(value, list | tuple | np.ndarray) else []
