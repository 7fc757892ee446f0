"""Season, level and rest of a series of counts."""

import numpy as np
import pandas as pd
from statsmodels.tsa.seasonal import STL

from civmap.analysis.count_panel import read_series
from civmap.analysis.period_words import counted
from civmap.errors import AnalysisError
from civmap.language import say

__all__ = ["decompose"]

FEWEST_YEARS = 3  # with two, the season and the rest cannot be told apart


def decompose(panel: pd.DataFrame, *, outcome: str = "incidents") -> pd.DataFrame:
    """Split counts into a smooth level, a season and a rest that multiply to the count.

    STL on the logarithm of the counts plus a half; single extreme months have little weight. Small counts make the
    rest large: read it for the season's shape, not for its size.

    Parameters
    ----------
    panel
        One row per period with a column ``period``, months or quarters.
    outcome
        Column of incidents.

    Returns
    -------
    DataFrame
        ``period``, ``count``, ``level`` (incidents per period), ``season`` and ``rest`` (factors).

    Raises
    ------
    AnalysisError
        With less than three years, with periods missing in the middle, or where nothing was counted.

    References
    ----------
    Cleveland RB, Cleveland WS, McRae JE, Terpenning I (1990). STL: a seasonal-trend decomposition procedure based on
    loess. Journal of Official Statistics 6, 3-73.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=48, freq="MS")
    >>> found = decompose(pd.DataFrame({"period": months, "incidents": [5, 5, 9, 15, 20, 22, 21, 15, 9, 7, 5, 5] * 4}))
    >>> bool(found["season"].iloc[5] > 1.7), bool(found["season"].iloc[0] < 0.7)
    (True, True)
    """
    series = read_series(panel, outcome=outcome, exposure=None)
    n, per_year = len(series.counts), int(series.per_year)
    missing = int(series.place[-1] - series.place[0]) + 1 - n
    if missing:
        raise AnalysisError(
            say("Season and level cannot be told apart where months are missing in the middle."),
            found=say("{periods} without a count", periods=counted(missing, series.unit)),
            next_step=say("Choose a stretch without gaps."),
        )  # fmt: skip
    if n < FEWEST_YEARS * per_year or per_year < 2:
        raise AnalysisError(
            say("The series is too short for its season."), found=counted(n, series.unit),
            expected=say("at least {n} years of months or quarters", n=FEWEST_YEARS),
            next_step=say("Take a longer window."),
        )  # fmt: skip
    if not series.counts.any():
        raise AnalysisError(say("Nothing was counted, so there is no season."))
    found = STL(np.log(series.counts + 0.5), period=per_year, robust=True).fit()
    return pd.DataFrame(
        {
            "period": series.starts,
            "count": series.counts,
            "level": np.exp(found.trend),
            "season": np.exp(found.seasonal),
            "rest": np.exp(found.resid),
        }
    )
