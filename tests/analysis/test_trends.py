"""Trends by area: every number against a published one, an independent implementation, or a planted truth."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pymannkendall
import pytest
import statsmodels.api as sm
from scipy.stats import binomtest, chi2, theilslopes
from statsmodels.tsa.seasonal import STL

from civmap.analysis.change_points import best_cuts, change_points
from civmap.analysis.count_series import ar1_estimates
from civmap.analysis.period_change import Clustering, change_limits, clustering, same_period
from civmap.analysis.pooling import pool_changes
from civmap.analysis.season import decompose
from civmap.analysis.trend_words import FEWEST_INCIDENTS, WORDS, fit_trend, trend_words
from civmap.analysis.trends import RateInterval, TrendResult, bootstrap_sum, mann_kendall, rate_interval, rate_limits
from civmap.errors import AnalysisError

# Garwood (1936), 95 % limits of a Poisson mean, as printed in his table and in every one made from it since
GARWOOD = {0: (0.0, 3.69), 1: (0.0253, 5.57), 2: (0.242, 7.22), 3: (0.619, 8.77), 5: (1.62, 11.67), 10: (4.80, 18.39),
           20: (12.22, 30.89), 50: (37.11, 65.92)}  # fmt: skip


def months(number: int, start: str = "2008-01-01") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=number, freq="MS")


def panel(values, area: str = "A") -> pd.DataFrame:
    return pd.DataFrame({"area": area, "period": months(len(values)), "incidents": pd.array(values, dtype="Int64")})


# ---- rates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", GARWOOD)
def test_exact_limits_are_those_of_garwoods_table(count):
    found = rate_interval(count, 1)
    assert isinstance(found, RateInterval)
    assert (found.low, found.high) == pytest.approx(GARWOOD[count], abs=0.006)


def test_exact_limits_are_those_that_r_prints_for_poisson_test():
    found = rate_interval(137, 24.19893)  # the example of R's help page
    assert (found.rate, found.low, found.high) == pytest.approx((5.661407, 4.753125, 6.692709), abs=1e-6)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("count", [1, 4, 33, 1200])
def test_exact_limits_are_chi_squared_quantiles_per_exposure(count, confidence):
    found = rate_interval(count, 2.5, confidence=confidence)
    half = (1 - confidence) / 2
    assert found.low == pytest.approx(chi2.ppf(half, 2 * count) / 2 / 2.5)
    assert found.high == pytest.approx(chi2.ppf(1 - half, 2 * count + 2) / 2 / 2.5)


@pytest.mark.parametrize("count", [5, 12, 60, 400])
def test_byar_is_near_the_exact_limits_and_keeps_its_published_form(count):
    found, exact = rate_interval(count, 1, method="byar"), rate_interval(count, 1)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), rel=0.02)
    z = 1.959963984540054
    assert found.low == pytest.approx(count * (1 - 1 / (9 * count) - z / (3 * count**0.5)) ** 3)


def test_byar_of_nothing_starts_at_nothing():
    found = rate_interval(0, 10, method="byar")
    assert (found.rate, found.low) == (0, 0)
    assert 0.3 < found.high < 0.4


@pytest.mark.parametrize(
    ("count", "exposure", "options"),
    [(-1, 1, {}), (2.5, 1, {}), (float("nan"), 1, {}), (float("inf"), 1, {}), ("many", 1, {}), (True, 1, {}),
     (None, 1, {}), (3, 0, {}), (3, -2, {}), (3, float("nan"), {}), (3, 1, {"confidence": 1.0}),
     (3, 1, {"method": "wald"})],
)  # fmt: skip
def test_a_rate_of_anything_but_a_count_and_an_exposure_is_refused(count, exposure, options):
    with pytest.raises(AnalysisError, match="No rate can be given"):
        rate_interval(count, exposure, **options)


def test_all_faults_of_a_rate_are_told_at_once():
    with pytest.raises(AnalysisError, match=r"count is -3.*exposure is 0.*method is 'x'"):
        rate_interval(-3, 0, method="x")


# ---- rank tests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_mann_kendall_is_that_of_pymannkendall(seed):
    x = np.random.default_rng(seed).poisson(6, 60).astype(float)
    for ours, theirs in (
        (mann_kendall(x), pymannkendall.original_test(x)),
        (mann_kendall(x, method="seasonal"), pymannkendall.seasonal_test(x, period=12)),
    ):
        assert isinstance(ours, TrendResult)
        assert (ours.s, ours.var_s, ours.z, ours.p, ours.tau, ours.slope) == pytest.approx(
            (theirs.s, theirs.var_s, theirs.z, theirs.p, theirs.Tau, theirs.slope), rel=1e-9, abs=1e-12
        )


@pytest.mark.parametrize("seed", range(5))
def test_hamed_rao_is_that_of_pymannkendall_without_ties(seed):
    rng = np.random.default_rng(seed)
    x = np.convolve(rng.normal(size=63), [1, 0.8, 0.5, 0.2], "valid")
    ours, theirs = mann_kendall(x, method="hamed_rao"), pymannkendall.hamed_rao_modification_test(x)
    assert (ours.s, ours.var_s, ours.p) == pytest.approx((theirs.s, theirs.var_s, theirs.p), rel=1e-9)
    assert ours.var_s != mann_kendall(x).var_s  # the correction did something


def test_hamed_rao_with_ties_ranks_the_exact_detrended_values():
    x = np.random.default_rng(4).poisson(3, 40)
    slopes = sorted(Fraction(int(x[j] - x[i]), j - i) for i in range(40) for j in range(i + 1, 40))
    slope = (slopes[len(slopes) // 2] + slopes[(len(slopes) - 1) // 2]) / 2
    left = [Fraction(int(value)) - k * slope for k, value in enumerate(x)]
    ranks = np.array([sum(a < b for a in left) + (sum(a == b for a in left) + 1) / 2 for b in left])
    ranks -= ranks.mean()
    n, more = 40, 0.0
    for lag in range(1, n):
        r = (ranks[lag:] @ ranks[:-lag]) / (ranks @ ranks)
        more += (n - lag) * (n - lag - 1) * (n - lag - 2) * r * (abs(r) > 1.959963984540054 / n**0.5)
    expected = mann_kendall(x).var_s * (1 + 2 / (n * (n - 1) * (n - 2)) * more)
    assert mann_kendall(x, method="hamed_rao").var_s == pytest.approx(expected, rel=1e-9)


def test_gilberts_example_of_a_series_with_ties_gives_his_z():
    # Gilbert (1987), chapter 16, p. 212: 22 values with ties, Z = 3.1
    x = [20, 20, 20, 20, 15, 20, 20, 30, 27, 26, 23, 35, 25, 28, 70, 26, 24, 34, 32, 23, 50, 30]
    assert round(mann_kendall(x).z, 1) == 3.1


def test_the_seasonal_example_of_the_epa_gives_its_z_slope_and_limits():
    # US EPA (2009), Unified Guidance, example 14-10 (p. 14-38), as worked out by the R package EnvStats: z = 5.1849514,
    # tau = 0.9722222, slope 0.06 a year with limits 0.05786914 and 0.07213086
    years = {
        1983: [1.99, 2.10, 2.12, 2.12, 2.11, 2.15, 2.19, 2.18, 2.16, 2.08, 2.05, 2.08],
        1984: [2.01, 2.10, 2.17, 2.13, 2.13, 2.18, 2.25, 2.24, 2.22, 2.13, 2.08, 2.16],
        1985: [2.15, 2.17, 2.27, 2.23, 2.24, 2.26, 2.31, 2.32, 2.28, 2.22, 2.19, 2.22],
    }
    found = mann_kendall(np.concatenate(list(years.values())), method="seasonal", period=12)
    assert (found.z, found.tau) == pytest.approx((5.1849514, 0.9722222), abs=1e-7)
    assert (found.slope, found.slope_low, found.slope_high) == pytest.approx((0.06, 0.05786914, 0.07213086), abs=1e-8)


def test_a_straight_line_has_nothing_left_to_correlate():
    x = np.arange(60)
    assert mann_kendall(x, method="hamed_rao") == mann_kendall(x)


@pytest.mark.parametrize("scale", [1e-300, 1e-9, 1e9, 1e300])
def test_the_unit_of_a_series_changes_nothing_but_its_slope(scale):
    x = np.random.default_rng(1).poisson(5, 60).astype(float)
    for method in ("original", "hamed_rao", "seasonal"):
        plain, scaled = mann_kendall(x, method=method), mann_kendall(x * scale, method=method)
        assert (scaled.s, scaled.p) == pytest.approx((plain.s, plain.p))
        assert scaled.slope == pytest.approx(plain.slope * scale)


def _as_given(x: np.ndarray) -> dict[str, object]:
    by_month = pd.Series(x, index=months(len(x)))
    return {
        "list": x.tolist(), "tuple": tuple(x), "integers": x.astype(np.int8), "series": pd.Series(x),
        "nullable": pd.Series(x, dtype="Int64"), "with months": by_month,
        "with month ends": by_month.set_axis(by_month.index + pd.offsets.MonthEnd(0)),
        "with periods": by_month.set_axis(by_month.index.to_period("M")), "shuffled": by_month.sample(frac=1),
        "with a time zone": by_month.tz_localize("Asia/Kabul"),
    }  # fmt: skip


@pytest.mark.parametrize("form", _as_given(np.arange(3.0)))
def test_it_does_not_matter_in_what_a_series_is_given(form):
    x = np.random.default_rng(1).poisson(5, 60).astype(float)
    for method in ("original", "hamed_rao", "seasonal"):
        assert mann_kendall(_as_given(x)[form], method=method) == mann_kendall(x, method=method)


@pytest.mark.parametrize("form", ["rows left out", "weeks left out", "nullable", "None"])
def test_a_series_with_times_keeps_the_place_of_what_is_missing(form):
    x = np.random.default_rng(2).poisson(5, 60).astype(float)
    gone = [3, 4, 17, 40]
    kept = np.delete(np.arange(60), gone)
    holed = x.copy()
    holed[gone] = np.nan
    given = {
        "rows left out": pd.Series(x, index=months(60)).iloc[kept],
        "weeks left out": pd.Series(x, index=pd.date_range("2008-01-07", periods=60, freq="7D")).iloc[kept],
        "nullable": pd.Series(holed).astype("Int64"), "None": [None if value != value else value for value in holed],
    }[form]  # fmt: skip
    for method in ("original", "hamed_rao", "seasonal"):
        assert mann_kendall(given, method=method) == mann_kendall(holed, method=method)


def test_times_that_are_no_calendar_are_refused():
    twice = pd.Series(range(10), index=[pd.Timestamp("2008-01-01")] * 2 + list(months(8, "2008-02-01")))
    with pytest.raises(AnalysisError, match="same time"):
        mann_kendall(twice)
    moments = pd.Timestamp("2008-01-01") + pd.to_timedelta(np.random.default_rng(0).integers(0, 10**7, 20), unit="s")
    with pytest.raises(AnalysisError, match="no step in common"):
        mann_kendall(pd.Series(range(20), index=moments))


@pytest.mark.parametrize("period", [None, 0, 1, 12.5, "12", True])
def test_a_season_that_is_none_is_refused(period):
    with pytest.raises(AnalysisError, match="A season has a whole number"):
        mann_kendall(range(60), method="seasonal", period=period)


def test_missing_months_keep_their_place():
    x = np.arange(36.0)
    x[10:20] = np.nan
    found = mann_kendall(x)
    assert (found.tau, found.slope, found.slope_low, found.slope_high) == (1.0, 1.0, 1.0, 1.0)
    season = np.tile(np.random.default_rng(0).normal(size=12) * 9, 4) + np.repeat([0.0, 1, 2, 3], 12)
    season[13] = np.nan
    found = mann_kendall(season, method="seasonal")
    assert (found.tau, found.slope) == (1.0, pytest.approx(1.0))


def test_the_interval_of_sens_slope_lies_beside_that_of_scipy():
    x = np.random.default_rng(2).normal(size=50) + np.arange(50) / 25
    ours, theirs = mann_kendall(x), theilslopes(x, np.arange(50))
    assert ours.slope == pytest.approx(theirs.slope)
    ordered = np.sort([(x[j] - x[i]) / (j - i) for i in range(50) for j in range(i + 1, 50)])
    for a, b in ((ours.slope_low, theirs.low_slope), (ours.slope_high, theirs.high_slope)):
        assert abs(np.searchsorted(ordered, a) - np.searchsorted(ordered, b)) <= 2


def test_the_interval_of_sens_slope_covers_and_turns_with_the_series():
    rng = np.random.default_rng(3)
    held = []
    for _ in range(300):
        found = mann_kendall(0.1 * np.arange(40) + rng.normal(size=40))
        held.append(found.slope_low <= 0.1 <= found.slope_high)
    assert 0.92 <= np.mean(held) <= 0.98
    x = rng.poisson(5, 30)
    up, down = mann_kendall(x), mann_kendall(-x)
    assert (up.s, up.slope_low, up.slope_high) == pytest.approx((-down.s, -down.slope_high, -down.slope_low))


@pytest.mark.parametrize(
    ("series", "options", "words"),
    [([1, 2, 3], {}, "too short"), ([], {}, "too short"), ([np.nan] * 30 + [1, 2], {}, "too short"),
     ([0] * 60 + [1, 2], {}, "nearly all zero"), ([4] * 20, {}, "the same"),
     (range(24), {"method": "seasonal"}, "too short for a seasonal"), (range(24), {"method": "magic"}, "no method"),
     (range(60), {"method": "seasonal", "period": 1}, "at least 2"), (["a"] * 9, {}, "no number"),
     ([1, np.inf, 3, 4, 5, 6], {}, "without end"), ([[1, 2], [3, 4]], {}, "one value")],
)  # fmt: skip
def test_what_ranks_cannot_judge_is_refused_in_words(series, options, words):
    with pytest.raises(AnalysisError, match=words):
        mann_kendall(series, **options)


# ---- words -----------------------------------------------------------------------------------------------------------


def seasonal(length: int, mean: float, yearly: float, seed: int) -> np.ndarray:
    month = np.arange(length)
    usual = mean * np.exp(0.5 * np.sin(2 * np.pi * month / 12)) * yearly ** ((month - month.mean()) / 12)
    return np.random.default_rng(seed).poisson(usual)


def test_the_slope_is_that_of_statsmodels_where_months_do_not_resemble_each_other():
    values = seasonal(60, 20, 1.2, 0)
    found = fit_trend(panel(values))
    place = np.arange(60)
    turn = 2 * np.pi * (place % 12) / 12
    waves = [wave(k * turn) for k in (1, 2) for wave in (np.sin, np.cos)]
    design = np.column_stack([np.ones(60), (place - place.mean()) / 12, *waves])
    theirs = sm.GLM(values, design, family=sm.families.Poisson()).fit(scale="X2", tol=1e-12)
    assert found.fit.coefficients[1] == pytest.approx(theirs.params[1], abs=1e-8)
    alone = ar1_estimates(found.fit, rho=[0.0])
    assert np.sqrt(alone.covariances[0, 1, 1]) == pytest.approx(theirs.bse[1], rel=1e-6)


@pytest.mark.parametrize(("yearly", "word"), [(1.5, "rising"), (0.6, "falling"), (1.0, "no clear change")])
def test_a_planted_trend_gets_its_word(yearly, word):
    found = trend_words(panel(seasonal(60, 20, yearly, 1))).iloc[0]
    assert found["word"] == word
    assert found["low"] <= yearly <= found["high"]
    assert found["fall"] < 1 < found["rise"] and found["why"] == ""


def test_an_answer_does_not_depend_on_the_order_of_areas_or_on_their_names():
    frames = [panel(seasonal(48, mean, yearly, k), f"P{k}") for k, (mean, yearly) in
              enumerate([(5, 1.0), (20, 1.6), (0.3, 1.0), (9, 0.6)])]  # fmt: skip
    one, other = trend_words(pd.concat(frames)), trend_words(pd.concat(frames[::-1]))
    pd.testing.assert_frame_equal(one, other.reindex(one.index))
    assert set(one["word"]) <= set(WORDS) and one["word"].nunique() > 1


def test_words_are_corrected_for_the_number_of_areas():
    values = next(
        one for one in (seasonal(48, 3, 1.25, seed) for seed in range(200)) if 0.02 < fit_trend(panel(one)).p < 0.05
    )
    alone = trend_words(panel(values))
    many = trend_words(pd.concat([panel(values), *[panel(seasonal(48, 6, 1.0, k), f"N{k}") for k in range(10, 40)]]))
    assert alone.loc["A", "word"] == "rising" and many.loc["A", "word"] == "no clear change"
    assert many.loc["A", "p"] == alone.loc["A", "p"] < many.loc["A", "q"]


@pytest.mark.parametrize(
    ("values", "why"),
    [([0] * 60, "too few incidents"), ([3] * 20, "too short"), ([2], "at least two periods"),
     ([pd.NA] * 40, "No period has a count"), ([0] * 47 + [FEWEST_INCIDENTS - 1], "too few incidents"),
     ([1] * 48, "without any scatter")],
)  # fmt: skip
def test_too_few_to_say_says_why(values, why):
    found = trend_words(panel(values)).iloc[0]
    assert found["word"] == "too few to tell" and why in found["why"]
    assert np.isnan(found["ratio"]) and np.isnan(found["p"])


@pytest.mark.parametrize(
    ("change", "words"),
    [({"incidents": [-1, *[3] * 35]}, "not counts, first -1"), ({"incidents": [np.inf, *[3.0] * 35]}, "first inf"),
     ({"incidents": ["many", *["3"] * 35]}, "first many"), ({"period": months(35).insert(0, months(1)[0])}, "twice"),
     ({"area": None}, "36 rows without an area")],
)  # fmt: skip
def test_a_panel_that_is_none_is_refused_and_never_called_too_few(change, words):
    given = panel([3] * 36).astype({"incidents": "object"}).assign(**change)
    with pytest.raises(AnalysisError, match=words):
        trend_words(given)
    with pytest.raises(AnalysisError, match="no column 'incidents'"):
        trend_words(given.drop(columns="incidents"))


def test_words_do_not_depend_on_the_order_of_rows():
    given = panel(seasonal(60, 6, 1.5, 1))
    pd.testing.assert_frame_equal(trend_words(given), trend_words(given.sample(frac=1, random_state=1)))


def test_a_month_that_drowns_all_others_is_left_out_and_named():
    counts = seasonal(60, 6, 1.0, 1)
    counts[30] = 10**7
    found, rest = trend_words(panel(counts)).loc["A"], panel(counts)
    rest.loc[30, "incidents"] = pd.NA
    assert found["word"] == "no clear change" and "Without July 2010, which alone holds 10,000,000" in found["why"]
    assert found["ratio"] == trend_words(rest).loc["A", "ratio"]


def test_one_huge_month_is_no_trend_and_months_missing_in_the_middle_are_no_zeros():
    values = seasonal(60, 10, 1.0, 5).astype(object)
    values[50] = 900
    assert fit_trend(panel(values)).p < 0.05  # the model alone would be fooled
    found = trend_words(panel(values)).iloc[0]
    assert found["word"] == "no clear change"
    assert found["why"] == "The trend rests on the month of March 2012 alone."
    values = seasonal(72, 20, 1.4, 6).astype(object)
    values[20:44] = pd.NA
    found = trend_words(panel(values)).iloc[0]
    assert found["word"] == "rising" and found["periods"] == 48 and found["low"] <= 1.4 <= found["high"]


# ---- the year before, and pooling ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "before"), [(20, 10), (3, 0), (0, 4), (150, 170), (1, 1)])
def test_without_clustering_the_change_is_the_exact_one_of_two_counts(now, before):
    ratio, low, high = (float(part) for part in change_limits(now, before))
    share = binomtest(now, now + before).proportion_ci(method="exact")
    assert low == pytest.approx(share.low / (1 - share.low))
    assert high == (np.inf if share.high == 1 else pytest.approx(share.high / (1 - share.high)))
    assert ratio == (np.inf if before == 0 else now / before)


def test_clustering_widens_the_change_and_nothing_known_stays_unknown():
    plain, wide = change_limits([30, np.nan, 0], [10, 4, 0]), change_limits([30, np.nan, 0], [10, 4, 0], excess=0.1)
    assert wide[1][0] < plain[1][0] and wide[2][0] > plain[2][0]
    assert all(np.isnan(part[1]) for part in wide)
    assert np.isnan(wide[0][2]) and (wide[1][2], wide[2][2]) == (0, np.inf)


def test_clustering_of_a_sum_is_the_variance_of_the_mean_of_an_ar1():
    clumps = Clustering(0.4, 0.5)
    matrix = 0.4 * 0.5 ** np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    assert clumps.of_sum(12) == pytest.approx(matrix.sum() / 144)
    assert clumps.of_sum(1) == pytest.approx(0.4)


def test_clustering_finds_what_was_planted_and_a_lasting_shift_is_none():
    from tests.calibration.simulated import frailty

    rng = np.random.default_rng(8)
    step = np.where(np.arange(48) >= 24, 0.4, 1.0)
    values = rng.poisson(20 * step * frailty(rng, (60, 48), k=4, rho=0.4))
    found = clustering(pd.concat([panel(one, f"P{k}") for k, one in enumerate(values)]))
    assert found.excess == pytest.approx(0.25, rel=0.2) and 0.2 <= found.rho <= 0.5
    still = rng.poisson(20 * np.tile(step, (60, 1)))
    assert clustering(pd.concat([panel(one, f"P{k}") for k, one in enumerate(still)])).excess < 0.02


def test_the_same_period_is_summed_over_the_same_months_and_null_stays_null():
    values = list(range(1, 31))
    known = same_period(panel(values), first=pd.Timestamp("2009-06-01"), periods=6, per_year=12, outcome="incidents")
    assert known.loc["A"].tolist() == [sum(range(18, 24)), sum(range(6, 12))]
    values[8] = pd.NA
    gap = same_period(panel(values), first=pd.Timestamp("2009-06-01"), periods=6, per_year=12, outcome="incidents")
    assert gap.loc["A", "now"] == sum(range(18, 24)) and np.isnan(gap.loc["A", "before"])
    early = same_period(panel(values), first=pd.Timestamp("2008-02-01"), periods=3, per_year=12, outcome="incidents")
    assert early.loc["A", "now"] == 9 and np.isnan(early.loc["A", "before"])
    beyond = same_period(panel(values), first=pd.Timestamp("2010-06-01"), periods=2, per_year=12, outcome="incidents")
    assert np.isnan(beyond.loc["A", "now"]) and beyond.loc["A", "before"] == 18 + 19


def test_two_incidents_after_one_do_not_shout_and_many_speak_for_themselves():
    found = pool_changes([2, 400, 50, 60, 48, 55], [1, 200, 51, 60, 50, 52])
    assert found["ratio"][0] < 1.5 < found["ratio"][1]
    assert found["high"][0] < change_limits(2, 1)[2]
    assert found["share"][0] < found["share"][2] < found["share"][1]


def test_pooled_changes_are_those_of_a_sampler_of_the_same_model():
    now, before = np.array([2, 30, 44, 9, 70]), np.array([5, 20, 50, 9, 40])
    found = pool_changes(now, before)
    rng = np.random.default_rng(0)
    draws = 400_000
    centre, spread = rng.uniform(-1.6, 1.6, draws), 0.5 * np.sqrt(-2 * np.log(rng.random(draws)))
    keep = spread < 1.5
    theta = centre[keep, None] + spread[keep, None] * rng.normal(size=(int(keep.sum()), 5))
    log_weight = (now * theta - (now + before) * np.logaddexp(0, theta)).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    for k in range(5):
        order = np.argsort(theta[:, k])
        median = np.exp(np.interp(0.5, np.cumsum(weight[order]) / weight.sum(), theta[order, k]))
        assert found["ratio"][k] == pytest.approx(median, rel=0.02)


def test_a_change_beyond_all_others_stays_finite():
    found = pool_changes([10**6, 4, 5, 6], [1, 4, 5, 6])
    assert np.isfinite(found.to_numpy()).all() and found["ratio"][0] > 100 and 0.5 < found["ratio"][1] < 2


@pytest.mark.parametrize(
    "work",
    [lambda: change_limits(-1, 2), lambda: change_limits(1, np.inf), lambda: change_limits("a", 1),
     lambda: change_limits(1, 2, confidence=95), lambda: pool_changes(["a"], [1]),
     lambda: pool_changes([1], [1], excess=-1), lambda: pool_changes([1], [1], excess=float("nan")),
     lambda: pool_changes([1], [1], confidence=1), lambda: rate_limits([-1]), lambda: rate_limits([1], method="wald"),
     lambda: rate_limits([1], confidence=95), lambda: bootstrap_sum([1, 2, -3, 4, 5, 6]), lambda: bootstrap_sum(["a"]),
     lambda: bootstrap_sum([1, 2, 3, 4, np.inf]), lambda: bootstrap_sum(range(9), confidence=0)],
)  # fmt: skip
def test_what_is_no_count_and_no_confidence_is_refused(work):
    with pytest.raises(AnalysisError):
        work()


def test_pooling_keeps_what_is_not_covered_apart_and_refuses_nonsense():
    found = pool_changes([3, np.nan, 0], [4, 5, 0])
    assert found["ratio"].isna().tolist() == [False, True, False]
    assert found["low"][2] < 1 < found["high"][2]  # nothing happened: the answer is what is usual elsewhere
    assert pool_changes([np.nan], [1.0])["ratio"].isna().all()
    with pytest.raises(AnalysisError, match="below 0"):
        pool_changes([-1, 2], [3, 4])
    with pytest.raises(AnalysisError, match="count now and a count before"):
        pool_changes([1], [3, 4])


# ---- season and shifts -----------------------------------------------------------------------------------------------


def test_season_and_level_are_those_of_stl_and_multiply_to_the_count():
    values = seasonal(60, 30, 1.1, 3)
    found = decompose(panel(values))
    theirs = STL(np.log(values + 0.5), period=12, robust=True).fit()
    np.testing.assert_allclose(found["season"], np.exp(theirs.seasonal))
    np.testing.assert_allclose(found["level"] * found["season"] * found["rest"], values + 0.5)
    assert found.loc[found["season"].idxmax(), "period"].month in (3, 4, 5)  # the planted peak is in April


@pytest.mark.parametrize(
    ("values", "words"),
    [([3] * 24, "too short"), ([1] * 20 + [pd.NA] + [2] * 40, "missing in the middle"), ([0] * 60, "no season")],
)
def test_a_season_that_cannot_be_seen_is_refused(values, words):
    with pytest.raises(AnalysisError, match=words):
        decompose(panel(values))


def test_cuts_are_the_best_of_all_that_could_be_made():
    y = np.random.default_rng(1).poisson(np.repeat([4, 12, 6], 9))
    x = np.ones(27)
    found = best_cuts(y, x, penalty=0.8)

    def gain(cuts):
        edges = [0, *cuts, 27]
        sums = [(y[a:b].sum(), b - a) for a, b in zip(edges, edges[1:], strict=False)]
        return 2 * sum(n * np.log(n / t) for n, t in sums if n)

    def price(cuts):
        from civmap.analysis.change_points import _scatter

        return 0.8 * np.log(27) * _scatter(y.astype(float), x) * len(cuts)

    every = [[], *[[a] for a in range(6, 22)], *[[a, b] for a in range(6, 16) for b in range(a + 6, 22)],
             *[[a, b, c] for a in range(6, 10) for b in range(a + 6, 16) for c in range(b + 6, 22)]]  # fmt: skip
    assert gain(found) - price(found) == pytest.approx(max(gain(one) - price(one) for one in every))
    assert len(found) >= 1


def test_a_shift_is_found_where_it_was_planted_and_too_few_months_are_refused():
    rng = np.random.default_rng(2)
    found = change_points(panel(rng.poisson(np.repeat([20, 6], 30))))
    assert len(found) == 2 and abs((found["start"][1] - months(60)[30]).days) < 70
    assert found["ratio"][1] == pytest.approx(0.3, abs=0.12) and np.isnan(found["ratio"][0])
    with pytest.raises(AnalysisError, match="too few periods"):
        best_cuts([1, 2, 3], [1, 1, 1])
