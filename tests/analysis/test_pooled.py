"""All provinces at once, against dummies in statsmodels, planted truth and common shocks."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from civmap.analysis.interventions import interrupted_time_series, pooled_time_series
from civmap.errors import AnalysisError
from tests.calibration.simulated import counts, months, unit_panel

DATE = months(25)[-1]


def pooled(panel, **options):
    return pooled_time_series(panel, **{"at": DATE, "outcome": "incidents", **options})


def test_estimate_equals_statsmodels_with_a_dummy_per_province():
    frame = unit_panel(counts(np.random.default_rng(1), 12, mean=3, ratio=0.5))
    month = (frame["period"].dt.year - 2008) * 12 + frame["period"].dt.month - 1
    frame = frame.assign(month=month, after=(month >= 24) * 1, turn=2 * np.pi * month / 12)
    formula = "incidents ~ C(admin1) + month + after + np.sin(turn) + np.cos(turn)"
    glm = smf.glm(formula, frame, family=sm.families.Poisson()).fit()
    found = pooled(frame, harmonics=1, errors="model")
    assert np.log(found.level.ratio) == pytest.approx(glm.params["after"], rel=1e-5)


def test_a_province_that_drops_out_does_not_look_like_a_fall():
    frame = unit_panel(counts(np.random.default_rng(2), 10, mean=8, k=50)).astype({"incidents": "Float64"})
    gone = frame["admin1"].isin(["P00", "P01", "P02", "P03"]) & (frame["period"] >= DATE)
    frame.loc[gone, "incidents"] = pd.NA
    found = pooled(frame)
    assert found.level.low < 1 < found.level.high
    naive = frame.fillna({"incidents": 0}).groupby("period", as_index=False)["incidents"].sum()
    assert interrupted_time_series(naive, at=DATE, outcome="incidents").level.high < 0.9
    assert "unknown and left out" in " ".join(found.notes)


def test_pooling_finds_what_one_province_cannot():
    drawn = counts(np.random.default_rng(3), 34, mean=2, ratio=0.6)
    together = pooled(unit_panel(drawn))
    assert together.level.low < 0.6 < together.level.high < 1
    one = interrupted_time_series(
        pd.DataFrame({"period": months(48), "incidents": drawn[0]}), at=DATE, outcome="incidents"
    )
    assert one.level.low < 1 < one.level.high
    assert together.detectable.fall > one.detectable.fall


def test_notes_say_how_many_provinces_and_silent_ones_are_left_out():
    drawn = counts(np.random.default_rng(3), 5, mean=4)
    drawn[2] = 0
    notes = " ".join(pooled(unit_panel(drawn)).notes)
    assert "4 places pooled" in notes
    assert "1 place without any count left out" in notes


def test_one_province_is_refused_in_words():
    with pytest.raises(AnalysisError, match="fewer than two places"):
        pooled(unit_panel(counts(np.random.default_rng(3), 1, mean=4)))
