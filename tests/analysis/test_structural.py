"""The structural projection against published estimates, planted truth and gaps."""

import numpy as np
import pandas as pd
import pytest

from civmap.analysis.interventions import structural_counterfactual
from civmap.errors import AnalysisError
from tests.analysis.published import seat_belts
from tests.calibration.simulated import counts, months, panel

DATE = months(37)[-1]


def structural(values, **options):
    return structural_counterfactual(panel(incidents=values), **{"at": DATE, "outcome": "incidents", **options})


def drawn(seed=2, *, mean=200.0, ratio=1.0, n=72):
    return counts(np.random.default_rng(seed), 1, mean=mean, ratio=ratio, k=30, before=36, after=n - 36)[0]


@pytest.mark.parametrize(
    ("level", "printed"),
    [
        ("local level", -0.23759),  # stochastic level and deterministic seasonal, section 7.3
        ("fixed level", -0.19714),  # deterministic level and seasonal, section 7.1
    ],
)
def test_published_effect_of_the_seat_belt_law(level, printed):
    # Commandeur JJF, Koopman SJ (2007). An introduction to state space time series analysis. Oxford, chapter 7: log of
    # drivers killed or seriously injured, log of the petrol price, the law from February 1983, trigonometric seasonal
    # (as in the book's own program for sections 7.1 to 7.3)
    found = structural_counterfactual(
        seat_belts(), at="1983-02-01", outcome="drivers", controls=["petrol"], harmonics=6, level=level
    )
    assert np.log(found.level.ratio) == pytest.approx(printed, abs=5e-6)
    assert found.level.high < 1


def test_planted_step_is_found_and_its_absence_is_not():
    fall = structural(drawn(ratio=0.4))
    assert fall.level.low < 0.4 < fall.level.high < 1
    assert fall.fewer_than_projected.low > 0
    still = structural(drawn())
    assert still.level.low < 1 < still.level.high
    assert still.fewer_than_projected is None


def test_fitted_and_projected_differ_by_the_step():
    found = structural(drawn(ratio=0.4))
    ratio = found.fitted["value"].to_numpy()[36:] / found.counterfactual["value"].to_numpy()
    np.testing.assert_allclose(ratio, found.level.ratio)
    assert (found.counterfactual["high"] > found.counterfactual["value"]).all()
    wide, narrow = (frame["high"].iloc[-1] / frame["low"].iloc[-1] for frame in (found.counterfactual, found.fitted))
    assert wide > narrow  # what would have been is less sure than what was


def test_missing_periods_are_bridged():
    values = drawn(ratio=0.4).astype(float)
    values[[5, 40, 41]] = np.nan
    found = structural(values)
    assert (found.n_before, found.n_after) == (35, 34)
    assert found.level.low < 0.4 < found.level.high


def test_several_dates_give_several_levels():
    found = structural(drawn(ratio=0.4), at=["2009-07-01", DATE])
    assert len(found.level) == 2
    assert found.level[1].ratio < 0.7


def test_what_it_cannot_carry_is_refused_in_words():
    sparse = np.random.default_rng(1).poisson(0.7, 72)
    with pytest.raises(AnalysisError, match="Too many periods hold no incident"):
        structural(sparse)
    with pytest.raises(AnalysisError, match="level='wandering' is unknown"):
        structural(drawn(), level="wandering")
    with pytest.raises(AnalysisError, match="Nothing was counted after"):
        structural(np.where(np.arange(72) >= 36, 0, 9 + np.arange(72) % 3))


def test_input_is_not_changed():
    frame = panel(incidents=drawn())
    before = frame.copy(deep=True)
    structural_counterfactual(frame, at=DATE, outcome="incidents")
    pd.testing.assert_frame_equal(frame, before)
