"""Difference in differences: a published table, closed forms, statsmodels, planted truth, bad input."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.stats import t as student
from scipy.stats import ttest_ind

from civmap.analysis.interventions import difference_in_differences
from civmap.errors import AnalysisError
from tests.analysis.published import cholera
from tests.calibration.simulated import counts, months, unit_panel

DATE = months(25)[-1]
NAMES = [f"P{number:02}" for number in range(30)]


def provinces(seed=3, *, mean=4.0, effect=0.5, treated=12, number=30):
    """Provinces under one season, the first of them with an effect."""
    drawn = counts(np.random.default_rng(seed), number, mean=mean, k=8)
    drawn[:treated, 24:] = np.random.default_rng(seed).binomial(drawn[:treated, 24:], effect)
    return unit_panel(drawn)


def did(panel, **options):
    return difference_in_differences(panel, **{"at": DATE, "outcome": "incidents", "treated": NAMES[:12], **options})


def test_the_cholera_of_1849_and_1854_as_published():
    # deaths per 10,000 as printed in Coleman (2019), Causality in the time of cholera (SSRN 3262234), and
    # Huntington-Klein (2021), The Effect, chapter 18 (data set causaldata::snow): 134.9 to 146.6 without and 130.1 to
    # 84.9 with the Lambeth company's water
    found = difference_in_differences(
        cholera(), at="1854-01-01", outcome="deaths", treated="lambeth", unit="district", exposure="people"
    )
    rates = 10_000 * found.means.set_index("group")[["rate_before", "rate_after"]]
    assert rates.loc["control"].round(1).tolist() == [134.9, 146.6]
    assert rates.loc["treated"].round(1).tolist() == [130.1, 84.9]
    # the ratio of ratios is that of the totals: 2547 / 3905 over 2458 / 2261 (Snow 1855, table XII)
    assert found.ratio.ratio == pytest.approx(2547 / 3905 / (2458 / 2261), rel=1e-9)
    assert (found.errors, found.n_treated, found.n_control) == ("cluster", 16, 12)
    assert found.ratio.high < 1


def test_ratio_and_error_equal_statsmodels_with_dummies_and_clusters():
    frame = cholera()
    frame["x"] = ((frame["year"] == "1854") & frame["lambeth"]).astype(int)
    glm = smf.glm(
        "deaths ~ C(district) + C(year) + x", frame, family=sm.families.Poisson(), offset=np.log(frame["people"])
    ).fit(cov_type="cluster", cov_kwds={"groups": frame["district"].astype("category").cat.codes.to_numpy()})
    found = difference_in_differences(
        frame, at="1854-01-01", outcome="deaths", treated="lambeth", unit="district", exposure="people"
    ).ratio
    n, k, g = len(frame), len(glm.params), 28
    error = glm.bse["x"] / np.sqrt((n - 1) / (n - k))  # its further correction for estimated levels, undone
    reach = student.ppf(0.975, g - 2) * error
    assert np.log(found.ratio) == pytest.approx(glm.params["x"], rel=1e-6)
    assert np.log([found.low, found.high]) == pytest.approx(glm.params["x"] + np.array([-reach, reach]), rel=1e-4)


def test_unbalanced_panel_equals_statsmodels():
    frame = provinces().sample(frac=0.8, random_state=2).sort_values(["admin1", "period"])
    frame["x"] = (frame["admin1"].isin(NAMES[:12]) & (frame["period"] >= DATE)).astype(int)
    glm = smf.glm("incidents ~ C(admin1) + C(period) + x", frame, family=sm.families.Poisson()).fit()
    assert np.log(did(frame).ratio.ratio) == pytest.approx(glm.params["x"], rel=1e-6)


def test_additive_difference_is_welch_on_the_changes_of_places():
    frame = provinces()
    wide = frame.pivot(index="admin1", columns="period", values="incidents")
    change = wide.iloc[:, 24:].mean(axis=1) - wide.iloc[:, :24].mean(axis=1)
    test = ttest_ind(change.iloc[:12], change.iloc[12:], equal_var=False)
    interval = test.confidence_interval(0.95)
    found = did(frame).difference
    assert found.value == pytest.approx(change.iloc[:12].mean() - change.iloc[12:].mean())
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_planted_effect_is_found_and_a_shared_fall_is_not():
    found = did(provinces())
    assert found.errors == "cluster"
    assert found.ratio.low < 0.5 < found.ratio.high < 1
    shared = counts(np.random.default_rng(4), 30, mean=4, ratio=0.3, k=8)
    assert did(unit_panel(shared)).ratio.low < 1 < did(unit_panel(shared)).ratio.high


def test_few_places_are_judged_by_the_two_totals_in_time():
    found = did(provinces(treated=3), treated=NAMES[:3])
    assert found.errors == "series"
    assert "too few, or too unequal" in " ".join(found.notes)
    assert found.ratio.low < 0.5 < found.ratio.high


def test_one_huge_place_is_worth_one_place():
    frame = provinces()
    frame.loc[frame["admin1"] == "P00", "incidents"] *= 50
    assert did(frame).errors == "series"


def test_unknown_counts_are_left_out_and_not_taken_as_zero():
    frame = provinces().astype({"incidents": "Float64"})
    frame.loc[frame["admin1"].eq("P02") & (frame["period"] >= DATE), "incidents"] = pd.NA
    found = did(frame)
    assert found.ratio.ratio == pytest.approx(did(frame.dropna()).ratio.ratio)
    assert "24 counts of single places and periods are unknown" in " ".join(found.notes)


def test_pre_period_picture_and_drift():
    found = did(provinces())
    before = found.periods[found.periods["period"] < DATE]
    assert len(found.periods) == 48
    assert before["ratio"].mean() == pytest.approx(1, abs=0.15)
    inside = (before["low"] <= 1) & (before["high"] >= 1)
    assert inside.mean() > 0.85
    assert found.drift.low < 1 < found.drift.high
    drifting = provinces(effect=1)
    grows = np.exp(0.06 * (drifting["period"].dt.year * 12 + drifting["period"].dt.month - 2008 * 12))
    own = drifting["admin1"].isin(NAMES[:12])
    drifting["incidents"] = np.where(own, np.rint(drifting["incidents"] * grows), drifting["incidents"])
    assert did(drifting).drift.low > 1.2


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda frame: frame, {"treated": []}, "No place that the directive covered"),
        (lambda frame: frame, {"treated": NAMES}, "No place outside the directive"),
        (lambda frame: frame, {"treated": ["Kabul"]}, "no place 'Kabul'"),
        (lambda frame: frame, {"treated": "scope"}, "no column 'scope'"),
        (lambda frame: frame.assign(scope=range(len(frame))), {"treated": "scope"}, "changes within"),
        (lambda frame: frame, {"at": "2020-01-01"}, "outside the data"),
        (lambda frame: frame, {"at": "2008-01-05"}, "no period before"),
        (lambda frame: frame, {"at": [DATE, months(30)[-1]]}, "One date at a time"),
        (lambda frame: frame[frame["admin1"] == "P01"], {}, "fewer than two places"),
        (lambda frame: frame.assign(incidents=0), {}, "fewer than two places"),
        (lambda frame: pd.concat([frame, frame]), {}, "more than one row"),
        (lambda frame: frame.drop(columns="admin1"), {}, "no column 'admin1'"),
        (lambda frame: frame.assign(incidents=-1), {}, "not counts"),
        (lambda frame: frame.assign(sorties=0), {"exposure": "sorties"}, "zero or missing in 1,440 rows, first in P00"),
        (
            lambda frame: frame.assign(
                incidents=frame["incidents"].where(~frame["admin1"].isin(NAMES[:12]) | (frame["period"] < DATE), 0)
            ),
            {},
            "Nothing was counted after 1 January 2010 in the treated places",
        ),
        (
            lambda frame: frame.assign(
                incidents=frame["incidents"].where(frame["admin1"].isin(NAMES[:12]) | (frame["period"] < DATE))
            ),
            {},
            "no period after 1 January 2010 with a count in the other places",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_words(change, options, words):
    with pytest.raises(AnalysisError, match=words):
        did(change(provinces()), **options)
