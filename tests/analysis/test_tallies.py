"""Two tallies: agreement from the ratio of their ratios."""

import numpy as np
import pytest

from civmap.analysis.interventions import compare_tallies, interrupted_time_series
from civmap.errors import AnalysisError
from tests.calibration.simulated import months, panel, rates

DATE = months(25)[-1]
STEP = np.where(np.arange(48) >= 24, 1.0, 0.0)


def two(seed=1, *, mean=100.0, shared=1.0, own=1.0, k=2):
    """Two sources that see a part of the same incidents; `own` changes what the first sees."""
    rng = np.random.default_rng(seed)
    true = rng.poisson(rates(rng, 1, mean=mean, ratio=shared, k=k)[0])
    seen = 0.5 * own**STEP
    first = rng.binomial(true, seen)
    return panel(isaf=first, un=rng.binomial(true, 0.8), all=true)


def compared(frame, **options):
    return compare_tallies(frame, **{"at": DATE, "first": "isaf", "second": "un", **options})


def test_tallies_that_fall_alike_agree_even_where_neither_shows_a_change():
    found = compared(two(shared=0.7))
    assert found.verdict == "agree"
    assert found.first.level.low < 1 < found.first.level.high  # too noisy alone: the season and the clusters are shared
    assert 1 / 1.5 < found.ratio.low < 1 < found.ratio.high < 1.5
    assert found.text.startswith("The two tallies agree: the change in isaf was within")


def test_tallies_that_change_differently_differ():
    found = compared(two(own=0.4))
    assert found.verdict == "differ"
    assert found.ratio.low < 0.4 < found.ratio.high < 1
    assert "The two tallies differ" in found.text


def test_sparse_tallies_cannot_tell_and_never_by_comparing_significance():
    found = compared(two(mean=6, own=0.7))
    assert found.verdict == "cannot_tell"
    assert found.text.endswith("these data cannot tell whether the two tallies changed alike.")


def test_the_margin_decides_between_agreement_and_cannot_tell():
    frame = two(shared=0.7)
    assert compared(frame, margin=1.01).verdict == "cannot_tell"
    assert compared(frame, margin=3).verdict == "agree"


def test_a_tally_within_the_other_is_modelled_as_its_share():
    frame = two(own=0.5)
    found = compared(frame, second="all", nested=True)
    share = interrupted_time_series(frame, at=DATE, outcome="isaf", exposure="all").level
    assert found.ratio == share
    assert found.ratio.low < 0.5 < found.ratio.high < 1


def test_each_tally_is_what_the_primary_model_says_where_both_are_known():
    frame = two().astype("object")
    frame.loc[:3, "un"] = None
    found = compared(frame)
    alone = interrupted_time_series(frame.iloc[4:], at=DATE, outcome="isaf")
    assert found.first.level == alone.level
    assert found.first.n_before == found.second.n_before == 20


def test_bad_input_is_refused_in_words():
    frame = two()
    for options, words in [
        ({"first": "who"}, "no column 'who'"),
        ({"margin": 1}, "ratio above 1"),
        ({"at": [DATE, months(30)[-1]]}, "One date at a time"),
        ({"first": "all", "second": "isaf", "nested": True}, "it is no part of it"),
    ]:
        with pytest.raises(AnalysisError, match=words):
            compared(frame, **options)
    apart = frame.assign(isaf=frame["isaf"].where(STEP > 0), un=frame["un"].where(STEP == 0))
    with pytest.raises(AnalysisError, match="No period has a count"):
        compared(apart)
