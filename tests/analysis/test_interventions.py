"""Before/after comparisons: exact rates, the segmented model, what cannot be told apart, and the sentence."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binomtest, gamma, norm

from civmap.analysis.count_fit import fit_counts
from civmap.analysis.count_panel import read_series
from civmap.analysis.effects import Check
from civmap.analysis.interventions import AnalysisWarning, Term, interrupted_time_series, rate_ratio, summarise
from civmap.analysis.segmented_model import first_level, fit_segmented
from civmap.analysis.segmented_terms import term_columns
from civmap.errors import AnalysisError
from tests.analysis.published import sicily

MONTHS = pd.date_range("2008-01-01", periods=48, freq="MS")
DATE = MONTHS[24]

FORBIDDEN = ("caus", "avert", "no effect", "significan", "prove", "thanks to", "because of")


def simulated(
    rng: np.random.Generator,
    *,
    mean: float = 10,
    ratio: float = 1,
    k: float = 2,
    rho: float = 0.3,
    n: int = 48,
) -> NDArray[np.int64]:
    """Seasonal counts (amplitude 0.5), negative binomial (k), serially correlated in the log rate, a step half way."""
    noise = rng.normal(size=n)
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * noise[i]
    months = np.arange(n)
    rate = mean * np.exp(0.5 * np.sin(2 * np.pi * months / 12)) * np.where(months >= n // 2, ratio, 1)
    return rng.poisson(rate * gamma.ppf(norm.cdf(noise), k) / k)


def panel(counts: list[float] | NDArray[np.int64]) -> pd.DataFrame:
    """One row per month from January 2008."""
    months = pd.date_range("2008-01-01", periods=len(counts), freq="MS")
    return pd.DataFrame({"period": months, "incidents": counts})


def its(counts, **options):
    return interrupted_time_series(panel(counts), **{"at": DATE, "outcome": "incidents", **options})


# --- two rates ------------------------------------------------------------------------------------


def test_rate_ratio_equals_the_published_example():
    # Fay (2010), vignette of the R package exactci: poisson.exact(c(2, 10), c(17877, 20000)), central
    found = rate_ratio(10, 20_000, 2, 17_877)
    assert found.ratio == pytest.approx(0.2237512, abs=5e-8)
    assert (found.low, found.high) == pytest.approx((0.02383738, 1.04995468), abs=5e-9)
    assert found.p > 0.05  # where the other method's p of 0.042 contradicts its own interval


def test_rate_ratio_equals_the_example_of_r():
    # R, stats::poisson.test, second example of its help page, lung cancer in Fredericia against three other cities
    # (eba1977 in the package ISwR): poisson.test(c(11, 6 + 8 + 7), c(800, 1083 + 1050 + 878)); run, it gives the ratio
    # 1.971488 and the interval 0.8584264 to 4.2772659
    found = rate_ratio(6 + 8 + 7, 1083 + 1050 + 878, 11, 800)
    assert found.ratio == pytest.approx(1.971488, abs=5e-7)
    assert (found.low, found.high) == pytest.approx((0.8584264, 4.2772659), abs=5e-8)


@pytest.mark.parametrize(("before", "after"), [(3, 11), (40, 22), (0, 6), (7, 0)])
def test_rate_ratio_equals_clopper_pearson_of_the_share(before, after):
    found = rate_ratio(before, 12, after, 18)
    share = binomtest(after, before + after).proportion_ci(method="exact")
    high = share.high / (1 - share.high) if share.high < 1 else np.inf
    assert (found.low * 18, found.high * 18) == pytest.approx((12 * share.low / (1 - share.low), 12 * high))


def test_rate_ratio_p_and_interval_never_contradict_each_other():
    for before in range(12):
        for after in range(30):
            found = rate_ratio(before, 10, after, 13)
            assert (found.p < 0.05) == found.excludes_one


def test_rate_ratio_handles_zeros():
    none, gone, new = rate_ratio(0, 12, 0, 12), rate_ratio(5, 12, 0, 12), rate_ratio(0, 12, 5, 12)
    assert np.isnan(none.ratio)
    assert (none.low, none.high, none.p) == (0, np.inf, 1)
    assert (gone.ratio, gone.low) == (0, 0)
    assert 1 < gone.high < np.inf
    assert (new.ratio, new.high) == (np.inf, np.inf)
    assert 0 < new.low < 1


@pytest.mark.parametrize(
    ("numbers", "words"),
    [((-1, 12, 3, 12), "whole number"), ((2.5, 12, 3, 12), "whole number"), ((2, 0, 3, 12), "no exposure before"),
     ((2, 12, 3, np.nan), "no exposure after"), ((2, 12, np.nan, 3), "whole number")],
)  # fmt: skip
def test_rate_ratio_refuses_in_words(numbers, words):
    with pytest.raises(AnalysisError, match=words):
        rate_ratio(*numbers)


# --- the model ------------------------------------------------------------------------------------


def test_level_equals_statsmodels_formula():
    counts = simulated(np.random.default_rng(2))
    month = np.arange(48)
    frame = pd.DataFrame({"y": counts, "t": month, "after": (month >= 24) * 1, "a": 2 * np.pi * month / 12})
    formula = "y ~ t + after + np.sin(a) + np.cos(a) + np.sin(2 * a) + np.cos(2 * a)"
    glm = smf.glm(formula, frame, family=sm.families.Poisson()).fit(scale="X2")
    found = its(counts, errors="model")
    low, high = np.exp(glm.conf_int().loc["after"])
    assert (found.level.ratio, found.level.low, found.level.high) == pytest.approx(
        (np.exp(glm.params["after"]), low, high), rel=1e-5
    )
    assert found.level.p == pytest.approx(glm.pvalues["after"], rel=1e-4)
    np.testing.assert_allclose(found.fitted["value"], glm.mu, rtol=1e-5)


def test_published_example_of_the_sicilian_smoking_ban():
    # Lopez Bernal et al. (2017): 0.89 without season, 0.885 with it; trend 1.07 a year
    options = {"at": "2005-01-10", "outcome": "aces", "exposure": "stdpop", "errors": "model"}
    assert interrupted_time_series(sicily(), harmonics=0, **options).level.ratio == pytest.approx(0.89, abs=0.005)
    seasonal = interrupted_time_series(sicily(), **options)
    assert seasonal.level.ratio == pytest.approx(0.885, abs=0.0005)
    averaged = interrupted_time_series(sicily(), **{**options, "errors": "ar1"})
    assert averaged.level.ratio == pytest.approx(0.885, abs=0.005)
    assert averaged.level.high < 1


def test_poisson_family_has_no_dispersion():
    counts = simulated(np.random.default_rng(2))
    narrow, wide = its(counts, family="poisson", errors="model"), its(counts, errors="model")
    width = np.log(wide.level.high / wide.level.low) / np.log(narrow.level.high / narrow.level.low)
    assert width == pytest.approx(np.sqrt(wide.dispersion))


FAMILIES = {
    "quasipoisson": sm.families.Poisson(),
    "gaussian": sm.families.Gaussian(sm.families.links.Log()),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_equals_statsmodels_with_its_own_errors(family):
    counts = simulated(np.random.default_rng(2), mean=30)
    month = np.arange(48)
    design = np.column_stack([np.ones(48), month, month >= 24])
    glm = sm.GLM(counts, design, family=FAMILIES[family]).fit(scale="X2")
    found = its(counts, family=family, errors="model", harmonics=0).level
    assert np.log([found.ratio, found.low, found.high]) == pytest.approx([glm.params[2], *glm.conf_int()[2]], rel=1e-4)


def test_negative_binomial_equals_the_likelihood_of_statsmodels():
    counts = simulated(np.random.default_rng(2), mean=30)
    month = np.arange(48)
    design = np.column_stack([np.ones(48), month / 12, month >= 24])
    ml = sm.NegativeBinomial(counts, design).fit(disp=0, maxiter=500)
    fit = fit_counts(counts, design, family="negative_binomial")
    np.testing.assert_allclose(fit.coefficients, ml.params[:3], rtol=1e-3)
    assert fit.law.alpha == pytest.approx(ml.params[3], rel=1e-2)
    glm = sm.GLM(counts, design, family=sm.families.NegativeBinomial(alpha=ml.params[3])).fit()
    level = its(counts, family="negative_binomial", errors="model", harmonics=0).level
    assert np.log([level.low, level.high]) == pytest.approx(glm.conf_int()[2], rel=5e-3)


@pytest.mark.parametrize("family", ["quasipoisson", "negative_binomial", "gaussian", "poisson"])
def test_every_family_finds_a_planted_step_with_averaged_errors(family):
    found = its(simulated(np.random.default_rng(8), mean=80, ratio=0.2, k=8), family=family)
    assert found.level.low < 0.2 < found.level.high < 1
    assert found.errors == "ar1"
    assert ("is the quasi-Poisson one" in " ".join(found.notes)) == (family == "poisson")


def test_newey_west_equals_statsmodels_and_warns_on_a_short_series():
    counts = simulated(np.random.default_rng(2), mean=30, n=120)
    design = np.column_stack([np.ones(120), np.arange(120), np.arange(120) >= 60])
    glm = sm.GLM(counts, design, family=sm.families.Poisson()).fit(cov_type="HAC", cov_kwds={"maxlags": 4})
    found = its(counts, at="2013-01-01", errors="hac", hac_lags=4, harmonics=0).level
    assert np.log([found.ratio, found.low, found.high]) == pytest.approx([glm.params[2], *glm.conf_int()[2]], rel=1e-4)
    with pytest.warns(AnalysisWarning, match="48 points are too small"):
        its(counts[:48], errors="hac")


def test_a_control_takes_out_what_it_shares():
    rng = np.random.default_rng(5)
    shared = np.where(np.arange(48) >= 24, 0.4, 1.0)  # falls everywhere at the date
    counts, control = rng.poisson(100 * shared), rng.poisson(100 * shared)
    frame = panel(counts).assign(other=control)
    alone = interrupted_time_series(frame, at=DATE, outcome="incidents")
    beside = interrupted_time_series(frame, at=DATE, outcome="incidents", controls=["other"])
    assert alone.level.high < 1
    assert beside.level.low < 1 < beside.level.high


def test_a_control_that_is_unknown_in_some_months_leaves_them_out():
    frame = panel(simulated(np.random.default_rng(5))).assign(other=[np.nan] * 3 + [4.0, 6, 5] * 15)
    found = interrupted_time_series(frame, at=DATE, outcome="incidents", controls=["other"])
    assert found.n_before == 21
    assert "3 periods without a count of 'other' left out" in " ".join(found.notes)


def test_controls_make_the_change_a_ratio_of_ratios_and_the_sentence_says_so():
    rng = np.random.default_rng(5)
    frame = panel(rng.poisson(np.where(np.arange(48) >= 24, 20, 100))).assign(
        ground=rng.poisson(np.where(np.arange(48) >= 24, 30, 60)), raids=rng.poisson(np.full(48, 40))
    )
    found = interrupted_time_series(frame, at=DATE, outcome="incidents", controls=["ground"], harmonics=0)
    assert found.level.low < 0.4 < found.level.high
    assert interrupted_time_series(frame, at=DATE, outcome="incidents", controls="ground", harmonics=0) == found
    more = interrupted_time_series(frame, at=DATE, outcome="incidents", controls=["ground", "raids"], harmonics=0)
    assert more.level.ratio < found.level.ratio  # the other control did not fall
    assert "projected from before and from ground (" in summarise(found, name="July 2009 directive").text
    with pytest.raises(AnalysisError, match="has no place for"):
        interrupted_time_series(frame, at=DATE, outcome="incidents", controls=["ground"], family="gaussian")


def test_shares_equal_statsmodels_with_williams_weights():
    rng = np.random.default_rng(5)
    frame = panel(simulated(rng, mean=40)).assign(ground=simulated(rng, mean=60))
    ours, both = (frame["incidents"].to_numpy(), (frame["incidents"] + frame["ground"]).to_numpy())
    design = np.column_stack([np.ones(48), np.arange(48) / 12, np.arange(48) >= 24])

    def weighted(extra):
        weights = both / (1 + extra * (both - 1))
        return sm.GLM(ours / both, design, family=sm.families.Binomial(), var_weights=weights).fit(scale=1.0)

    extra = brentq(lambda extra: weighted(extra).pearson_chi2 - 45, 0, 1)
    glm = weighted(extra)
    found = interrupted_time_series(
        frame, at=DATE, outcome="incidents", controls=["ground"], harmonics=0, errors="model"
    )
    assert extra > 0.05  # two series apart scatter more than shares
    assert np.log(found.level.ratio) == pytest.approx(glm.params[2], rel=1e-3)
    assert np.log([found.level.low, found.level.high]) == pytest.approx(glm.conf_int()[2], rel=1e-2)
    assert found.dispersion == pytest.approx(1, abs=0.01)


def test_the_quick_way_to_a_level_is_the_same_level():
    counts = simulated(np.random.default_rng(5))
    series = read_series(panel(counts), outcome="incidents", exposure=None)
    assert first_level(fit_segmented(series, at=DATE)) == its(counts).level


def test_the_period_that_holds_the_date_counts_as_after():
    counts = [10] * 23 + [11, 30] + [31] * 23
    found = its(counts, at="2010-01-31", harmonics=0)
    assert (found.n_before, found.n_after) == (24, 24)
    assert found.counterfactual["period"].iloc[0] == pd.Timestamp("2010-01-01")
    assert its(counts, at="2009-12-31", harmonics=0).n_before == 23


def test_planted_step_is_found_and_its_absence_is_not():
    rng = np.random.default_rng(8)
    fall = its(simulated(rng, mean=80, ratio=0.2, k=8))
    assert fall.level.low < 0.2 < fall.level.high < 1
    assert fall.fewer_than_projected is not None
    assert fall.fewer_than_projected.low > 0
    still = its(simulated(rng, mean=80, k=8))
    assert still.level.low < 1 < still.level.high
    assert still.fewer_than_projected is None


def test_fewer_than_projected_says_what_the_level_says():
    found = its(simulated(np.random.default_rng(8), mean=80, ratio=0.2, k=8))
    total, level = found.fewer_than_projected, found.level
    expected = [found.events_after * (1 / part - 1) for part in (level.ratio, level.high, level.low)]
    assert [total.value, total.low, total.high] == pytest.approx(expected)
    ratio = found.fitted["value"].iloc[-24:].to_numpy() / found.counterfactual["value"].to_numpy()
    np.testing.assert_allclose(ratio, level.ratio)


def test_several_dates_give_several_levels():
    months = np.arange(60)
    counts = np.random.default_rng(4).poisson(60 * np.where(months >= 40, 2.0, 1) * np.where(months >= 20, 0.4, 1))
    dates = [pd.Timestamp("2011-05-01"), pd.Timestamp("2009-09-15")]  # any order
    found = its(counts, at=dates, harmonics=1)
    assert found.at == tuple(sorted(dates))
    first, second = found.level
    assert first.low < 0.4 < first.high < 1 < second.low < 2 < second.high
    assert {(one.kind, one.at) for one in found.neighbours} == {("directive", day) for day in found.at}


def test_two_dates_in_one_month_share_one_step_and_are_inseparable():
    found = its(simulated(np.random.default_rng(4)), at=["2010-01-03", "2010-01-20"])
    assert found.level[0] == found.level[1]
    assert len(found.inseparable) == 2
    assert "share one step" in " ".join(found.notes)


def test_slope_change_is_recovered_per_period():
    months = np.arange(60)
    counts = np.rint(400 * np.exp(0.01 * months - 0.05 * np.maximum(months - 24, 0)))
    counts += np.random.default_rng(1).integers(-2, 3, 60)
    found = its(counts, harmonics=0, slope_change=True)
    assert found.slope.ratio == pytest.approx(np.exp(-0.05), abs=0.002)
    assert found.level.ratio == pytest.approx(1, abs=0.02)


def test_exposure_turns_counts_into_rates():
    counts = np.full(48, 20) + np.arange(48) % 3
    frame = panel(counts).assign(strikes=np.where(np.arange(48) >= 24, 400, 100))
    found = interrupted_time_series(frame, at=DATE, outcome="incidents", exposure="strikes", harmonics=0)
    assert found.level.ratio == pytest.approx(0.25, rel=0.1)


def test_time_may_be_an_index_and_order_of_columns_does_not_matter():
    counts = simulated(np.random.default_rng(6))
    expected = its(counts).level
    for index in (MONTHS, MONTHS.to_period("M")):
        frame = pd.DataFrame({"other": 1, "incidents": counts}, index=index)
        assert interrupted_time_series(frame, at=DATE, outcome="incidents").level == expected


def test_null_periods_and_missing_rows_are_left_out_alike_and_not_taken_as_zero():
    counts = simulated(np.random.default_rng(6)).astype(float)
    holed = counts.copy()
    holed[[5, 30, 31]] = np.nan
    null = its(holed)
    missing = interrupted_time_series(panel(counts).drop([5, 30, 31]), at=DATE, outcome="incidents")
    assert null.level == missing.level
    assert (null.n_before, null.n_after) == (23, 22)
    assert "outside the source's scope" in null.notes[0]
    assert "not counted as zero" in missing.notes[0]


def test_phase_in_leaves_out_the_first_periods_after():
    counts = np.array([20, 24, 22, 19] * 6 + [500, 500, 500] + [10, 12, 11] * 7)
    found = its(counts, phase_in=3, harmonics=0)
    assert found.n_after == 21
    assert found.level.ratio == pytest.approx(0.5, abs=0.1)


def test_weekly_panels_use_the_same_rule():
    weeks = pd.date_range("2009-01-05", periods=104, freq="7D")
    frame = pd.DataFrame({"period": weeks, "incidents": simulated(np.random.default_rng(6), n=104)})
    found = interrupted_time_series(frame, at=weeks[52] + pd.Timedelta(days=6), outcome="incidents")
    assert (found.n_before, found.n_after, found.unit) == (52, 52, "week")


def test_long_periods_lower_the_season_with_a_note():
    assert "hard to tell apart" in its(simulated(np.random.default_rng(6), n=20), at="2008-11-01").notes[0]
    quarters = pd.date_range("2008-01-01", periods=24, freq="QS")
    frame = pd.DataFrame({"period": quarters, "incidents": [20, 25, 18, 22, 24, 19, 23, 21] * 3})
    found = interrupted_time_series(frame, at="2011-02-01", outcome="incidents", harmonics=3)
    assert "too long for 3 seasonal waves; 2 used" in found.notes[0]


def test_a_window_shorter_than_the_season_is_refused_unless_the_season_is_left_out_knowingly():
    weeks = pd.date_range("2009-01-05", periods=40, freq="7D")
    frame = pd.DataFrame({"period": weeks, "incidents": simulated(np.random.default_rng(6), n=40)})
    with pytest.raises(AnalysisError, match="shorter than the season"):
        interrupted_time_series(frame, at=weeks[20], outcome="incidents")
    assert interrupted_time_series(frame, at=weeks[20], outcome="incidents", harmonics=0).n_before == 20


def test_detectable_effect_does_not_depend_on_the_effect():
    rng = np.random.default_rng(12)
    base = simulated(rng, mean=400, k=50)
    plain, halved = its(base), its(np.where(np.arange(48) >= 24, base // 2, base))
    assert halved.detectable.fall == pytest.approx(plain.detectable.fall, abs=0.1)
    assert plain.detectable.fall < 1 < plain.detectable.rise
    assert np.log(plain.detectable.rise) < -np.log(plain.detectable.fall)  # a fall leaves fewer incidents to count


def test_too_sparse_a_series_could_not_have_seen_even_an_end():
    sparse = its(np.random.default_rng(3).poisson(0.6, 48), harmonics=1)
    assert sparse.detectable.fall < 0.05
    text = summarise(sparse, name="January 2010 directive").text
    assert "even a fall of 95 % would probably (by the usual 80 % standard) not have been seen" in text


# --- what cannot be told apart --------------------------------------------------------------------


def test_recording_change_in_the_same_month_is_inseparable_and_named():
    found = its(simulated(np.random.default_rng(7)), recording_changes=[Term("the new cell", "2010-01-20")])
    (one,) = found.inseparable
    assert (one.label, one.kind, one.in_model, one.inflation) == (
        "the new cell",
        "recording change",
        False,
        np.inf,
    )
    assert "says the same as the directive of January 2010" in " ".join(found.notes)


def test_events_may_be_given_by_their_days_alone():
    counts = simulated(np.random.default_rng(7), mean=50)
    named = [Term("x", "2010-07-01"), Term("y", "2009-02-01", "2009-06-30")]
    bare = ["2010-07-01", ("2009-02-01", "2009-06-30")]
    found = its(counts, recording_changes=bare)
    assert found.level == its(counts, recording_changes=named).level
    assert [one.label for one in found.neighbours] == [
        f"the recording change of {m} 20{y}" for m, y in (("July", 10), ("February", "09"))
    ]


def test_recording_change_six_months_away_is_told_apart():
    rng = np.random.default_rng(7)
    runs = [its(simulated(rng), recording_changes=[Term("cell", "2010-07-01")]) for _ in range(20)]
    assert sum(bool(run.inseparable) for run in runs) <= 2
    assert all(run.neighbours[0].in_model for run in runs)


def test_recording_ramp_through_the_date_is_inseparable():
    ramp = Term("better tracking", "2009-07-01", "2010-06-30")
    found = its(simulated(np.random.default_rng(7), mean=50), recording_changes=[ramp])
    assert abs(found.neighbours[0].correlation) > 0.5
    assert found.inseparable


def test_lasting_context_that_begins_the_month_before_is_inseparable_whatever_the_model_says():
    campaign = Term("the campaign", "2009-12-06", "2010-10-20")
    found = its(simulated(np.random.default_rng(7), mean=50, rho=0.8), context=[campaign])
    assert found.inseparable[0].label == "the campaign"
    election = its(simulated(np.random.default_rng(7)), context=[Term("the election", "2009-08-20", "2009-08-20")])
    assert not election.inseparable


def test_a_pulse_is_the_share_of_the_month_and_a_ramp_stays():
    series = read_series(panel([1] * 48), outcome="incidents", exposure=None)
    truce, cell = term_columns(
        series,
        context=[Term("truce", "2008-04-16", "2008-05-31")],
        recording_changes=[Term("cell", "2008-01-01", "2008-12-31")],
    )[::-1]
    np.testing.assert_allclose(truce.values[:6], [0, 0, 0, 0.5, 1, 0])
    assert (np.diff(cell.values[:12]) > 0).all()
    assert cell.values[0] == pytest.approx(31 / 366 / 2)
    assert (cell.values[12:] == 1).all()


def test_event_outside_the_window_is_dropped_into_the_notes():
    plain = its(simulated(np.random.default_rng(9)))
    found = its(simulated(np.random.default_rng(9)), context=[Term("the surge", "2003-03-20")])
    assert found.level == plain.level
    assert found.neighbours == ()
    assert "The surge does not vary inside the window" in found.notes[0]


def test_event_during_which_nothing_was_counted_is_left_out_with_its_months():
    counts = simulated(np.random.default_rng(9), mean=20)
    counts[30:33] = 0
    truce = Term("the truce", "2010-07-01", "2010-09-30")
    found = its(counts, context=[truce])
    assert found.n_after == 21
    assert "Nothing was counted during the truce; 3 periods left out" in found.notes[0]


def test_silent_months_between_two_events_make_them_inseparable_not_an_error():
    counts = simulated(np.random.default_rng(9), mean=20)
    counts[22:24] = 0
    found = its(counts, recording_changes=[Term("the new cell", "2009-11-01")])
    assert found.inseparable[0].label == "the new cell"
    assert "No incident tells the new cell from the other events" in " ".join(found.notes)


def test_more_events_than_the_window_can_carry_are_named_not_fitted():
    events = [Term(f"event {i}", MONTHS[i], MONTHS[i + 2]) for i in range(2, 46, 3)]
    found = its(simulated(np.random.default_rng(9), mean=40), context=events)
    assert sum(one.in_model for one in found.neighbours) == 9  # 16 columns for 48 months
    assert "Too few months to allow for event 2" in " ".join(found.notes)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::civmap.analysis.interventions.AnalysisWarning")
@pytest.mark.parametrize(
    ("counts", "options", "words"),
    [
        ([0] * 48, {}, "Nothing was counted in the whole window"),
        ([5, 6] * 12 + [0] * 24, {}, "Nothing was counted after"),
        ([0] * 24 + [5, 6] * 12, {}, "Nothing was counted before"),
        ([5, 6] * 24, {"at": "2007-12-31"}, "outside the data"),
        ([5, 6] * 24, {"at": "2012-01-01"}, "outside the data"),
        ([5, 6] * 24, {"at": "2008-03-01"}, "Too few months before"),
        ([5, 6] * 24, {"at": ["2010-01-01", "2011-10-01"]}, "Too few months after 1 October 2011"),
        ([5, 6] * 24, {"at": []}, "No date is given"),
        ([5, 6] * 24, {"at": "soon"}, "cannot be read"),
        ([5, 6] * 24, {"outcome": "deaths"}, "no column 'deaths'"),
        ([5, -6] * 24, {}, "not counts"),
        ([np.nan] * 48, {}, "No period has a count"),
        ([5, 6] * 24, {"exposure": "incidents", "outcome": "strikes"}, "no column 'strikes'"),
        (
            [5, 6] * 24,
            {"at": ["2010-01-01", "2010-02-01"], "phase_in": 3},
            "phase-ins of two directives overlap",
        ),
        ([5, 6] * 24, {"context": [Term("truce", "2010-05-01", "2010-04-01")]}, "ends before it starts"),
        ([5, 6] * 24, {"context": [Term("truce", "2010-05-01", shape="pulse")]}, "without an end"),
        (
            [5, 6, 4, 7, 5, 8, 6] * 2,
            {"at": "2008-07-01", "slope_change": True, "harmonics": 4},
            "too short for this model",
        ),
        ([5, 6] * 24, {"family": "lognormal"}, "is unknown"),
        ([5, 6] * 24, {"family": "quasibinomial"}, "is unknown"),
        ([5, 6] * 24, {"errors": "bootstrap"}, "is unknown"),
        ([5, 6] * 24, {"controls": ["other"]}, "no column 'other'"),
        ([5, 6] * 24, {"hac_lags": 3}, "belongs to errors='hac'"),
        ([5, 7, 6] * 16, {"hac_lags": -3, "errors": "hac"}, "whole number of periods"),
        ([5, 6] * 24, {"confidence": 95}, "has to be a share"),
        ([5, 6] * 24, {"harmonics": -1}, "whole number"),
    ],
)
def test_bad_input_is_refused_in_words(counts, options, words):
    with pytest.raises(AnalysisError, match=words):
        its(counts, **options)


def test_panel_faults_are_refused_in_words():
    frame = panel([5, 6] * 24)
    for broken, words in [
        (frame.iloc[::-1], "in time order"),
        (pd.concat([frame, frame]).sort_values("period"), "one row per period"),
        (frame.drop(columns="period"), "no time"),
        (frame.assign(period=[f"month {i}" for i in range(48)]), "cannot be read as dates"),
        (frame.assign(period=frame["period"] + pd.to_timedelta(np.arange(48) ** 2 % 5, "D")), "unequal length"),
    ]:  # fmt: skip
        with pytest.raises(AnalysisError, match=words):
            interrupted_time_series(broken, at=DATE, outcome="incidents")
    for exposure in (0.0, np.nan):
        with pytest.raises(AnalysisError, match="'strikes' is zero or missing in 1 period, first March 2008"):
            interrupted_time_series(
                frame.assign(strikes=np.where(np.arange(48) == 2, exposure, 9)), at=DATE, outcome="incidents",
                exposure="strikes",
            )  # fmt: skip


def test_input_is_not_changed():
    frame = panel(simulated(np.random.default_rng(1)))
    before = frame.copy(deep=True)
    interrupted_time_series(frame, at=DATE, outcome="incidents", context=[Term("x", "2010-05-01", "2010-06-01")])
    pd.testing.assert_frame_equal(frame, before)


# --- the sentence ---------------------------------------------------------------------------------


def sentence(counts, **options):
    found = its(counts, **options)
    summary = summarise(found, name="January 2010 directive", counted="incidents with civilian harm")
    assert not [word for word in FORBIDDEN if word in summary.text.lower()]
    assert summary.text.startswith("After the January 2010 directive, incidents with civilian harm per month were")
    assert found.level.ratio in summary.table["value"].to_list()
    return summary


def test_verdict_fewer():
    summary = sentence(simulated(np.random.default_rng(8), mean=80, ratio=0.2, k=8))
    assert summary.verdict == "fewer"
    assert "fewer incidents with civilian harm were counted than projected" in summary.text
    assert summary.text.endswith("This shows that the level changed after that date, not what changed it.")


def test_verdict_more():
    summary = sentence(simulated(np.random.default_rng(8), mean=80, ratio=5, k=8))
    assert summary.verdict == "more"
    assert "more incidents with civilian harm were counted than projected" in summary.text


def test_verdict_cannot_tell_names_what_would_have_been_seen():
    summary = sentence(simulated(np.random.default_rng(8)))
    assert summary.verdict == "cannot_tell"
    assert "the data cannot tell: the 95 % interval" in summary.text
    assert "includes no change" in summary.text
    assert "would probably (80 %) have been seen" in summary.text


def test_verdict_inseparable_wins_and_says_so():
    counts = simulated(np.random.default_rng(8), mean=80, ratio=0.2, k=8)
    campaign = Term("the Raqqa campaign", "2009-12-06", "2010-10-20")
    summary = sentence(counts, context=[campaign])
    assert summary.verdict == "inseparable"
    assert "cannot be separated from the Raqqa campaign (from December 2009 to October 2010)" in summary.text
    assert "which began in nearly the same months" in summary.text
    assert "fewer" not in summary.text


def test_verdict_words_are_bound_to_the_checks():
    found = its(simulated(np.random.default_rng(8), mean=80, ratio=0.2, k=8))
    held = Check("attribution", True, "it holds")
    failed = Check("displacement", False, "harm rose elsewhere: ground fire")
    unknown = Check("without the largest incident", None, "not to be had")
    good = summarise(found, name="January 2010 directive", checks=[held, unknown])
    assert good.verdict == "fewer"
    assert "Checks passed: attribution. Not answered: without the largest incident." in good.text
    bad = summarise(found, name="January 2010 directive", checks=[held, failed])
    assert bad.verdict == "fragile"
    assert "but this does not hold up: harm rose elsewhere: ground fire." in bad.text
    assert "fewer" not in bad.text
    assert "check: displacement" in bad.table["quantity"].to_list()


def test_checks_do_not_turn_cannot_tell_into_anything():
    found = its(simulated(np.random.default_rng(8)))
    failed = Check("displacement", False, "harm rose elsewhere")
    assert summarise(found, name="x", checks=[failed]).verdict == "cannot_tell"


def test_sentence_for_one_of_several_dates_and_for_a_slope():
    counts = simulated(np.random.default_rng(4), mean=60, n=60)
    found = its(counts, at=["2009-09-01", "2011-05-01"], slope_change=True)
    text = summarise(found, name="May 2011 guidance", which=1).text
    assert "were at first" in text
    assert "the month-to-month trend was multiplied by" in text
    with pytest.raises(AnalysisError, match="no such date"):
        summarise(found, name="x", which=2)


# --- calibration ----------------------------------------------------------------------------------


def test_series_without_effect_are_rarely_called_a_change():
    """Seasonal, over-dispersed, serially correlated counts with no step: the model keeps quiet, the naive ratio not."""
    rng = np.random.default_rng(20260101)
    claims = {"ar1": 0, "naive": 0}
    for _ in range(300):
        counts = simulated(rng, mean=10)
        claims["ar1"] += its(counts).level.excludes_one
        claims["naive"] += rate_ratio(int(counts[12:24].sum()), 12, int(counts[24:36].sum()), 12).excludes_one
    assert claims["ar1"] / 300 <= 0.09
    assert claims["naive"] / 300 > 0.2
