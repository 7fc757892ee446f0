"""The trend word: rising, falling, no clear change, or too few to tell.

Each word follows from a stated rule. Incidents per period are taken as log-linear in time with a season, and the
uncertainty of the slope is averaged over the serial correlation (`count_series.ar1_estimates`, the rule that
before/after comparisons use). Looking at many areas finds some trend by chance, so the words of areas that are looked
at together are corrected for their number.

What it does not do: it says nothing of why, and it describes a window as one steady change, whatever happened within.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from civmap.analysis.count_fit import NoFiniteFitError
from civmap.analysis.count_panel import Series, read_series
from civmap.analysis.count_series import CountFit, Estimates, ar1_estimates, fit_counts
from civmap.analysis.period_words import counted, unit_word
from civmap.analysis.segmented_design import build_design
from civmap.analysis.tails import adjust
from civmap.errors import AnalysisError
from civmap.language import mark, say, say_n

__all__ = ["FEWEST_INCIDENTS", "FEWEST_YEARS", "NO_CHANGE", "TOO_FEW", "WORDS", "TrendFit", "fit_trend", "trend_words"]

RISING, FALLING = mark("rising"), mark("falling")  # codes, said where they are shown
NO_CHANGE, TOO_FEW = mark("no clear change"), mark("too few to tell")
WORDS = (RISING, FALLING, NO_CHANGE, TOO_FEW)

FEWEST_YEARS = 2  # below two years a season cannot be told from a trend
FEWEST_INCIDENTS = 20
FALSE_DISCOVERY_RATE = 0.05  # of the words rising and falling over areas looked at together
HARMONICS = 2  # waves of the season
RESTS_BELOW = 0.05  # p below which it is asked whether a trend rests on a single period
TREND = 1  # number of the trend's column in the design
POWER = 0.8
MOST_OF_ALL = 0.5  # share of all incidents in one period beyond which the others are judged without it


@dataclass(frozen=True)
class TrendFit:
    """The model of one area.

    Parameters
    ----------
    series
        What was fitted.
    fit, estimates
        Means and dispersion; slope and errors per assumed correlation.
    ratio, low, high
        Rate of a year over that of the year before, along the trend, with its 95 % interval.
    p
        Two-sided, against no trend.
    odd, p_without
        First day of the period that stands out most, and p without it; as p where that is above 0.05 already.
    fall, rise
        Smallest yearly ratios below and above 1 that would be told from no trend in four of five such series.
    """

    series: Series
    fit: CountFit
    estimates: Estimates
    ratio: float
    low: float
    high: float
    p: float
    odd: pd.Timestamp
    p_without: float
    fall: float
    rise: float

    @property
    def p_safe(self) -> float:
        """What the word goes by: a trend that a single period makes is none."""
        return max(self.p, self.p_without)


def fit_trend(panel: pd.DataFrame, *, outcome: str = "incidents", confidence: float = 0.95) -> TrendFit:
    """Fit the trend of one area.

    Parameters
    ----------
    panel
        One row per period with a column ``period``; null where a source's scope ends.
    outcome
        Column of incidents, not of casualties.
    confidence
        Of the interval.

    Returns
    -------
    TrendFit
        Slope as a yearly ratio, with what could have been seen.

    Raises
    ------
    AnalysisError
        With less than two years or fewer than twenty incidents, or where the model has no finite answer.

    Examples
    --------
    >>> panel = pd.DataFrame({"period": pd.date_range("2008-01-01", periods=36, freq="MS"),
    ...                       "incidents": [4, 6, 5, 7, 9, 8, 6, 7, 9, 8, 7, 9, 9, 8, 11, 12, 9, 12, 10, 13, 12, 14, 12,
    ...                                     13, 15, 13, 16, 15, 18, 16, 14, 17, 19, 16, 18, 17]})
    >>> found = fit_trend(panel)
    >>> round(found.ratio, 1), found.low > 1
    (1.5, True)
    """
    series = read_series(panel, outcome=outcome, exposure=None)
    years = len(series.counts) / series.per_year
    incidents = int(series.counts.sum())
    if years < FEWEST_YEARS:
        raise AnalysisError(
            say("The series is too short to tell a trend from a season."),
            found=counted(len(series.counts), series.unit), expected=say("at least {n} years", n=FEWEST_YEARS),
            next_step=say("Take a longer window."),
        )  # fmt: skip
    if incidents < FEWEST_INCIDENTS:
        raise AnalysisError(
            say("There are too few incidents to say."), found=str(incidents),
            expected=say("at least {n}", n=FEWEST_INCIDENTS), next_step=say("Take a wider area or a longer window."),
        )  # fmt: skip
    design = build_design(series, at=(), harmonics=HARMONICS, slope_change=False, terms=()).matrix
    fit = fit_counts(series.counts, design, offset=series.offset)
    estimates = ar1_estimates(fit, times=series.place)
    contrast = np.eye(design.shape[1])[TREND]
    found = estimates.infer(contrast, confidence=confidence)
    without = design.copy()
    without[:, TREND] = 0
    errors = np.sqrt(estimates.covariances_at(fit, fit.mean_of(without))[:, TREND, TREND])
    seen = estimates.detectable(errors, power=POWER, confidence=confidence)
    ratio, low, high = (float(np.exp(part[0])) for part in (found.value, found.low, found.high))
    with np.errstate(over="ignore"):
        rise = float(np.exp(seen))
    p = float(found.p[0])
    odd = int(np.argmax(np.abs(fit.outcome - fit.means) / np.sqrt(fit.means)))
    p_without = _p_without(series, odd, ratio) if p <= RESTS_BELOW else p
    return TrendFit(
        series, fit, estimates, ratio, low, high, p, series.starts[odd], p_without, float(np.exp(-seen)), rise
    )


def _p_without(series: Series, odd: int, ratio: float) -> float:
    """Give the p without one period; 1 where the trend then turns round or has no answer."""
    rest = series.keep(np.arange(len(series.counts)) != odd)
    try:
        design = build_design(rest, at=(), harmonics=HARMONICS, slope_change=False, terms=()).matrix
        estimates = ar1_estimates(fit_counts(rest.counts, design, offset=rest.offset), times=rest.place)
    except AnalysisError:
        return 1.0
    value, p = estimates.test(np.eye(design.shape[1])[TREND])
    return p if (value > 0) == (ratio > 1) else 1.0


def trend_words(
    panel: pd.DataFrame, *, area: str = "area", outcome: str = "incidents", rate: float = FALSE_DISCOVERY_RATE
) -> pd.DataFrame:
    """Give every area its word.

    Parameters
    ----------
    panel
        One row per area and period with a column ``period``: a zero is a zero, null is not covered.
    area, outcome
        Columns of areas, and of incidents.
    rate
        Share of the words rising and falling that may be false, among areas looked at together.

    Returns
    -------
    DataFrame
        Indexed by area in the panel's order: ``word``, ``ratio``, ``low``, ``high`` (yearly, 95 %), ``p``, ``q`` (of p,
        or of p without the period that stands out most where that is larger, corrected for the number of areas),
        ``fall`` and ``rise`` (smallest yearly ratios that would have been seen in four of five), ``incidents``,
        ``periods`` (with a count) and ``why`` (why there are too few to tell, or that a trend
        rests on one period, or is clear by itself only; a sentence, while ``word`` is one of `WORDS`, a code).

    Raises
    ------
    AnalysisError
        On a panel with columns missing, counts that cannot be, or an area and period twice.

    References
    ----------
    Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. J R Stat Soc B 57, 289-300.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> north = pd.DataFrame({"area": "N", "period": months, "incidents": [2, 5, 3] * 12})
    >>> south = pd.DataFrame({"area": "S", "period": months, "incidents": 0})
    >>> trend_words(pd.concat([north, south]))["word"].tolist()
    ['no clear change', 'too few to tell']
    """
    grouped = _checked(panel, area, outcome).groupby(area, sort=False, observed=True)
    rows = {name: _row(own, outcome) for name, own in grouped}
    rows = {name: rows[name] for name in panel[area].unique()}
    columns = ["ratio", "low", "high", "p", "fall", "rise", "incidents", "periods", "why", "safe"]
    found = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(area)
    safe = found.pop("safe").to_numpy(dtype=float)
    tested = found["p"].notna().to_numpy(dtype=bool)
    q = np.full(len(found), np.nan)
    if tested.any():
        q[tested] = adjust(safe[tested])
    found.insert(columns.index("p") + 1, "q", q)
    clear = tested & (np.nan_to_num(q, nan=1.0) <= rate)
    ratio = found["ratio"].to_numpy(dtype=float)
    word = np.select([~tested, clear & (ratio > 1), clear], [TOO_FEW, RISING, FALLING], NO_CHANGE)
    found.insert(0, "word", word)
    alone = tested & (found["p"].to_numpy(dtype=float) <= RESTS_BELOW) & (word == NO_CHANGE) & (found["why"] == "")
    if alone.any():
        found.loc[alone, "why"] = say("Clear by itself, not among the {n} areas tested together.", n=int(tested.sum()))
    return found


def _row(panel: pd.DataFrame, outcome: str) -> tuple[object, ...]:
    counts = panel[outcome].to_numpy()
    known = ~np.isnan(counts)
    size = (int(counts[known].sum()), int(known.sum()))
    why = ""
    try:
        try:
            found = fit_trend(panel, outcome=outcome)
        except NoFiniteFitError:
            if not known.any() or np.nanmax(counts) <= MOST_OF_ALL * size[0]:
                raise
            # one period drowns all others: they can still be judged among themselves
            rest = panel.assign(**{outcome: np.where(counts == np.nanmax(counts), np.nan, counts)})
            found = fit_trend(rest, outcome=outcome)
            at = pd.Timestamp(panel["period"].iloc[int(np.nanargmax(counts))])
            why = say(
                "Without {when:%B %Y}, which alone holds {most:,.0f} of {all:,} incidents.",
                when=at, most=np.nanmax(counts), all=size[0],
            )  # fmt: skip
    except AnalysisError as error:
        reason = error.message
        if error.found:
            reason += " " + say("Found: {found}.", found=error.found.rstrip("."))
        return (*[np.nan] * 6, *size, reason, np.nan)
    if found.p <= RESTS_BELOW < found.p_without:
        why += " " + say(
            "The trend rests on the {unit} of {when:%B %Y} alone.", unit=unit_word(found.series.unit), when=found.odd
        )
    return (found.ratio, found.low, found.high, found.p, found.fall, found.rise, *size, why.strip(), found.p_safe)


def _checked(panel: pd.DataFrame, area: str, outcome: str) -> pd.DataFrame:
    """Give areas, periods and counts in the order of time within each area, or say all that is wrong with them."""
    faults = [say("no column '{name}'", name=name) for name in (area, "period", outcome) if name not in panel.columns]
    if not faults:
        panel = panel.sort_values("period", kind="stable") if not panel["period"].is_monotonic_increasing else panel
        counts = pd.to_numeric(panel[outcome], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        bad = (counts < 0) | np.isinf(counts) | (np.isnan(counts) & panel[outcome].notna().to_numpy())
        twice = panel.duplicated([area, "period"])
        if bad.any():
            faults.append(say(
                "{n} of '{name}' are not counts, first {first}",
                n=int(bad.sum()), name=outcome, first=panel[outcome].iloc[bad.argmax()],
            ))  # fmt: skip
        if twice.any():
            row = panel.loc[twice].iloc[0]
            faults.append(say_n(
                int(twice.sum()),
                "{n} row stands twice, {area}, {period}", "{n} rows stand twice, first {area}, {period}",
                area=row[area], period=str(row["period"]),
            ))  # fmt: skip
        if panel[area].isna().any():
            nameless = int(panel[area].isna().sum())
            faults.append(say_n(nameless, "{n} row without an area", "{n} rows without an area"))
    if faults:
        raise AnalysisError(
            say("Trends need one row per area and period."), found="; ".join(faults),
            expected=say("counts of 0 or more, null where not covered"),
        )  # fmt: skip
    return pd.DataFrame({area: panel[area], "period": panel["period"], outcome: counts})
