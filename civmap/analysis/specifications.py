"""The same question asked in many ways: other windows, families, seasons, with and without a control, other dates.

The primary specification is fixed before looking; these show how much hangs on it. None of them replaces it, and
picking the most pleasing one is what they are there to prevent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pandas as pd

from civmap.analysis.count_panel import Day, read_series
from civmap.analysis.effects import RateRatio
from civmap.analysis.period_words import counted
from civmap.analysis.segmented_model import first_level, fit_segmented
from civmap.analysis.segmented_terms import Event
from civmap.analysis.window import around, read_dates
from civmap.errors import AnalysisError
from civmap.language import say

__all__ = ["Placebos", "each_outcome", "placebo_dates", "specification_curve"]

WINDOWS = (12, 18, 24, 30, 36)  # periods on each side
FAMILIES = ("quasipoisson", "negative_binomial", "gaussian")
MIN_YEARS = 3  # of data before the date, below which placebo dates say nothing
EDGE_YEARS = 1  # on each side of a placebo date
COLUMNS = ["ratio", "low", "high", "p", "why_not"]


@dataclass(frozen=True)
class Placebos:
    """Level changes at dates on which nothing is known to have happened, for the eye and never deciding.

    Parameters
    ----------
    dates
        One row per date: ``at, ratio, low, high, p, why_not``.
    text
        How many dates exist and how they hang together.
    """

    dates: pd.DataFrame = field(repr=False, compare=False)
    text: str


def specification_curve(
    panel: pd.DataFrame,
    *,
    at: Day,
    outcome: str,
    exposure: str | None = None,
    windows: Sequence[int] = WINDOWS,
    families: Sequence[str] = FAMILIES,
    harmonics: Sequence[int] = (0, 1, 2),
    controls: Sequence[str] = (),
    recording_changes: Sequence[Event] = (),
    context: Sequence[Event] = (),
    phase_in: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the level change in every combination of window, family, season and control.

    Parameters
    ----------
    panel, at, outcome, exposure, recording_changes, context, phase_in, confidence
        As for `interrupted_time_series`.
    windows
        Periods on each side of the date; those that the data do not reach on either side are left out.
    families, harmonics
        As for `interrupted_time_series`, each in turn; errors are averaged over the serial correlation.
    controls
        Each window and season is also fitted with each of these beside the outcome, as a share.

    Returns
    -------
    pandas.DataFrame
        ``window, family, harmonics, control, ratio, low, high, p, why_not``, sorted by ratio; where a specification
        has no answer the ratio is null and ``why_not`` says why.

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD (2020). Specification curve analysis. Nature Human Behaviour 4, 1208-1214.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=48, freq="MS")
    >>> counts = [20, 26, 23, 19, 25, 22] * 4 + [12, 9, 11, 14, 10, 13] * 4
    >>> panel = pd.DataFrame({"period": months, "incidents": counts})
    >>> curve = specification_curve(panel, at="2010-01-01", outcome="incidents", families=["quasipoisson"])
    >>> len(curve), bool((curve["high"] < 1).all())
    (9, True)
    """
    longest = _longest_side(panel, at, outcome)
    reached = [one for one in windows if one <= longest] or [longest]
    rows = []
    for window, control in product(reached, [None, *controls]):
        part = around(panel, at, window, outcome=outcome)
        for family, waves in product(families if control is None else ["quasibinomial"], harmonics):
            options: dict[str, Any] = {
                "at": at,
                "family": family,
                "harmonics": waves,
                "recording_changes": recording_changes,
                "context": context,
                "phase_in": phase_in,
            }
            chosen = () if control is None else (control,)
            found = _level(part, outcome, exposure, chosen, confidence, options)
            rows.append((window, family, waves, control, *found))
    columns = ["window", "family", "harmonics", "control", *COLUMNS]
    frame = pd.DataFrame(rows, columns=columns).astype({"control": "str", "why_not": "str"})
    return frame.sort_values("ratio", ignore_index=True)


def each_outcome(
    panel: pd.DataFrame,
    outcomes: Mapping[str, str],
    *,
    at: Day,
    exposure: str | None = None,
    confidence: float = 0.95,
    **options: Any,
) -> pd.DataFrame:
    """Put several counts of the same periods through the primary model, each by itself.

    For minimum, best and maximum, deaths and injured, other causes, parties and neighbouring provinces.

    Parameters
    ----------
    panel
        As for `interrupted_time_series`.
    outcomes
        Label and column of each count.
    at, exposure, confidence, options
        As for `interrupted_time_series`.

    Returns
    -------
    pandas.DataFrame
        ``label, before, after, ratio, low, high, p, why_not``, in the order given.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> counts = [20, 26, 23, 19, 25, 22] * 3 + [12, 9, 11, 14, 10, 13] * 3
    >>> panel = pd.DataFrame({"period": months, "air": counts, "ground": [0] * 36})
    >>> found = each_outcome(panel, {"air": "air", "ground": "ground"}, at="2009-07-02", harmonics=0)
    >>> found["ratio"].round(1).tolist(), found["why_not"][1][:35]
    ([0.5, nan], 'Nothing was counted in the whole wi')
    """
    rows = []
    for label, column in outcomes.items():
        found = _level(panel, column, exposure, (), confidence, {"at": at, **options})
        rows.append((label, *_sides(panel, column, at), *found))
    return pd.DataFrame(rows, columns=["label", "before", "after", *COLUMNS]).astype({"why_not": "str"})


def placebo_dates(
    panel: pd.DataFrame,
    *,
    at: Day,
    outcome: str,
    exposure: str | None = None,
    harmonics: int = 2,
    confidence: float = 0.95,
) -> Placebos:
    """Put the primary model on every date before the real one, from data before it alone.

    Neighbouring placebo dates share nearly all their data, so their number says little; they are a picture and decide
    nothing. Each has a year of data on both sides.

    Parameters
    ----------
    panel, at, outcome, exposure, harmonics, confidence
        As for `interrupted_time_series`.

    Returns
    -------
    Placebos
        Dates and what can be said of them.

    Raises
    ------
    AnalysisError
        With less than three years of data before the date.
    """
    series = read_series(panel, outcome=outcome, exposure=exposure)
    (day,) = read_dates(at, series)
    before = series.keep(series.place < series.position(day))
    years = len(before.place) / series.per_year
    if years < MIN_YEARS:
        raise AnalysisError(
            say("There is too little before the date for placebo dates: what they show would be chance."),
            found=counted(len(before.place), series.unit),
            expected=say("at least {n}", n=round(MIN_YEARS * series.per_year)),
            next_step=say("Take a source that reaches further back."),
        )
    edge = round(EDGE_YEARS * series.per_year)
    starts = before.starts[edge : len(before.starts) - edge + 1]
    kept = panel[_period_starts(panel) < day]
    rows = [(start, *_level(kept, outcome, exposure, (), confidence, {"at": start, "harmonics": harmonics}))
            for start in starts]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["at", *COLUMNS]).astype({"why_not": "str"})
    outside = int(((frame["low"] > 1) | (frame["high"] < 1)).sum())
    apart = max(1, len(before.place) // (2 * edge))
    text = say(
        "{n} placebo dates exist before {day:%B %Y}, of which at most {apart} share no data; at {outside} of them the "
        "interval excludes no change. They are shown for the eye and decide nothing.",
        n=len(frame), day=day, apart=apart, outside=outside,
    )  # fmt: skip
    return Placebos(frame, text)


def _level(
    panel: pd.DataFrame,
    outcome: str,
    exposure: str | None,
    controls: Sequence[str],
    confidence: float,
    options: Mapping[str, Any],
) -> tuple[float, float, float, float, str]:
    """Ratio, interval and p of one model, or nothing but the reason why there is none."""
    nothing = float("nan")
    try:
        series = read_series(panel, outcome=outcome, exposure=exposure, beside=controls)
        one: RateRatio = first_level(fit_segmented(series, **options), confidence=confidence)
    except AnalysisError as error:
        return nothing, nothing, nothing, nothing, str(error)
    return one.ratio, one.low, one.high, one.p, ""


def _sides(panel: pd.DataFrame, column: str, at: Day) -> tuple[float, float]:
    try:
        series = read_series(panel, outcome=column, exposure=None)
        after = series.place >= series.position(read_dates(at, series)[0])
    except AnalysisError:
        return float("nan"), float("nan")
    return float(series.counts[~after].sum()), float(series.counts[after].sum())


def _longest_side(panel: pd.DataFrame, at: Day, outcome: str) -> int:
    series = read_series(panel, outcome=outcome, exposure=None)
    position = series.position(read_dates(at, series)[0])
    return int(max(position - series.place[0], series.place[-1] + 1 - position))


def _period_starts(panel: pd.DataFrame) -> pd.DatetimeIndex:
    periods = pd.Index(panel["period"] if "period" in panel.columns else panel.index)
    starts = periods.to_timestamp() if isinstance(periods, pd.PeriodIndex) else pd.DatetimeIndex(periods)
    return starts.tz_localize(None)
