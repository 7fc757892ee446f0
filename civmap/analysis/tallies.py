"""Whether two tallies agree on what happened after a date.

Two counts of the same harm seldom have the same size; the question is whether they *changed* alike. That is answered
by the ratio of their ratios with its interval, never by "one is significant and the other is not": two estimates on
either side of a threshold need not differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from civmap.analysis.count_panel import Day, read_series
from civmap.analysis.effects import Intervention, RateRatio
from civmap.analysis.segmented_model import analyse
from civmap.analysis.segmented_terms import Event
from civmap.errors import AnalysisError
from civmap.language import say, say_n

__all__ = ["Agreement", "compare_tallies"]

MARGIN = 1.5  # changes within two thirds to one and a half times of each other count as agreement


@dataclass(frozen=True)
class Agreement:
    """Two tallies of the same harm before and after a date.

    Parameters
    ----------
    first, second
        The same model on each tally.
    ratio
        Change in the first over change in the second.
    nested
        Whether every incident of the first is also in the second.
    margin
        How far apart two changes may lie and still agree.
    verdict
        ``differ``: the interval of the ratio excludes 1. ``agree``: it includes 1 and lies within the margin.
        ``cannot_tell``: it includes 1 and reaches beyond the margin.
    text
        The same in a sentence.
    """

    first: Intervention
    second: Intervention
    ratio: RateRatio
    nested: bool
    margin: float
    verdict: Literal["agree", "differ", "cannot_tell"]
    text: str


def compare_tallies(
    panel: pd.DataFrame,
    *,
    at: Day,
    first: str,
    second: str,
    nested: bool = False,
    margin: float = MARGIN,
    harmonics: int = 2,
    recording_changes: Sequence[Event] = (),
    context: Sequence[Event] = (),
    phase_in: int = 0,
    confidence: float = 0.95,
) -> Agreement:
    """Say whether two tallies changed alike after a date.

    The first is modelled as a share of both together, so that what moves both in a month alike, such as a season or an
    offensive, cancels out; where the first is a part of the second, as a share of the second. The periods in which
    both have a count are used, for each tally and for their ratio. A change in how one tally records looks like a
    difference unless it is named.

    Parameters
    ----------
    panel, at, harmonics, recording_changes, context, phase_in, confidence
        As for `interrupted_time_series`, with one date.
    first, second
        Columns of incidents.
    nested
        Whether every incident of the first is also counted in the second.
    margin
        How far apart two changes may lie and still agree, as a ratio above 1.

    Returns
    -------
    Agreement
        Both results, the ratio of their ratios, verdict and sentence.

    Raises
    ------
    AnalysisError
        As `interrupted_time_series`; when a part is larger than the whole; when the tallies share no time.

    References
    ----------
    Gelman A, Stern H (2006). The difference between "significant" and "not significant" is not itself statistically
    significant. The American Statistician 60, 328-331; Altman DG, Bland JM (2003). Interaction revisited: the
    difference between two estimates. BMJ 326, 219.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> un = [40, 52, 46, 38, 50, 44] * 3 + [24, 18, 22, 28, 20, 26] * 3
    >>> isaf = [20, 26, 23, 19, 25, 22] * 3 + [12, 9, 11, 14, 10, 13] * 3
    >>> panel = pd.DataFrame({"period": months, "isaf": isaf, "un": un})
    >>> found = compare_tallies(panel, at="2009-07-02", first="isaf", second="un", nested=True, harmonics=0)
    Traceback (most recent call last):
    ...
    civmap.errors.AnalysisError: The counts follow the model without any scatter, ...
    >>> panel.loc[::5, "isaf"] += 2
    >>> compare_tallies(panel, at="2009-07-02", first="isaf", second="un", harmonics=0).verdict
    'agree'
    """
    if not margin > 1:
        raise AnalysisError(
            say("The margin has to be a ratio above 1."), found=str(margin), expected=say("such as 1.5")
        )
    both = panel.copy()
    for name in (first, second):
        if name not in both.columns:
            raise AnalysisError(
                say("The panel has no column '{name}'.", name=name), found=", ".join(map(str, both.columns))
            )
    unknown = both[first].isna() | both[second].isna()
    both = both.assign(**{name: both[name].astype("Float64").mask(unknown) for name in (first, second)})
    if nested and (both[first] > both[second]).any():
        raise AnalysisError(
            say("'{first}' counts more than '{second}' in some period, so it is no part of it.",
                first=first, second=second),
            next_step=say("Match the two tallies, or compare them without nested=True."),
        )  # fmt: skip
    model: dict[str, Any] = {
        "harmonics": harmonics,
        "recording_changes": recording_changes,
        "context": context,
        "phase_in": phase_in,
        "confidence": confidence,
    }
    each = [
        analyse(read_series(both, outcome=name, exposure=None), at=at, outcome=name, **model)
        for name in (first, second)
    ]
    if nested:
        counted = both.assign(**{second: both[second].mask(both[second] == 0)})
        shares = counted.assign(**{first: counted[first].mask(counted[second].isna())})
        apart = analyse(
            read_series(shares, outcome=first, exposure=second), at=at, outcome=first, exposure=second, **model
        )
    else:
        beside = read_series(both, outcome=first, exposure=None, beside=[second])
        apart = analyse(beside, at=at, outcome=first, controls=(second,), family="quasibinomial", **model)
    ratio = apart.level
    if not isinstance(ratio, RateRatio):
        raise AnalysisError(say("One date at a time is compared."), found=say_n(len(ratio), "{n} date", "{n} dates"))
    verdict = _verdict(ratio, margin)
    return Agreement(
        each[0], each[1], ratio, nested, margin, verdict, _sentence(ratio, verdict, first, second, confidence)
    )


def _verdict(ratio: RateRatio, margin: float) -> Literal["agree", "differ", "cannot_tell"]:
    if ratio.excludes_one:
        return "differ"
    return "agree" if 1 / margin <= ratio.low and ratio.high <= margin else "cannot_tell"


def _sentence(ratio: RateRatio, verdict: str, first: str, second: str, confidence: float) -> str:
    values = {"first": first, "second": second, "ratio": ratio.ratio, "percent": 100 * confidence, "low": ratio.low,
              "high": ratio.high}  # fmt: skip
    if verdict == "agree":
        return say(
            "The two tallies agree: the change in {first} was within {low:.2f} to {high:.2f} times the change in "
            "{second} ({percent:g} % interval).", **values,
        )  # fmt: skip
    if verdict == "differ":
        return say(
            "The two tallies differ: the change in {first} was {ratio:.2f} times the change in {second} ({percent:g} % "
            "interval {low:.2f} to {high:.2f}).", **values,
        )  # fmt: skip
    return say(
        "The change in {first} was {ratio:.2f} times the change in {second} ({percent:g} % interval {low:.2f} to "
        "{high:.2f}): these data cannot tell whether the two tallies changed alike.", **values,
    )  # fmt: skip
