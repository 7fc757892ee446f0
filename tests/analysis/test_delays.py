"""Late reports: the share that has arrived, what is still to come, and casualties with their bootstrap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from civmap.analysis.delays import LONGEST, Triangle, arrived_after, now_cast, reporting_triangle
from civmap.analysis.rates import bootstrap_sum
from civmap.errors import AnalysisError


def simulated(seed: int, *, size: int = 20_000, years: int = 6):
    """Events over six years and reports that take 0, 1, 2 ... months by a known law."""
    rng = np.random.default_rng(seed)
    law = np.array([0.5, 0.2, 0.1, 0.1, 0.05, 0.05])
    month = rng.integers(0, 12 * years, size)
    start = pd.period_range("2010-01", periods=12 * years + 12, freq="M").to_timestamp()
    events = start[month] + pd.Timedelta(days=3)
    reports = start[month + rng.choice(6, size, p=law)] + pd.Timedelta(days=20)
    return events, reports, law, start[12 * years - 1] + pd.offsets.MonthEnd(0)


def test_shares_are_those_of_the_law_though_the_last_months_are_cut_off():
    events, reports, law, today = simulated(0)
    triangle = reporting_triangle(events, reports, as_of=today)
    np.testing.assert_allclose(arrived_after(triangle)[:6], law.cumsum(), atol=0.012)
    naive = [(triangle.counts[-3:, 0].sum() / np.nansum(triangle.counts[-3:])).round(2)]
    assert naive[0] > 0.6  # the months at hand would have said so much, which is why the chain is needed


def test_the_triangle_holds_every_reported_incident_and_marks_what_cannot_be_known():
    events, reports, _, today = simulated(1, size=3000)
    triangle = reporting_triangle(events, reports, as_of=today)
    assert np.nansum(triangle.counts) == (reports <= today).sum()
    assert np.isnan(triangle.counts[-1]).sum() == LONGEST and not np.isnan(triangle.counts[0]).any()
    grouped = pd.DataFrame({"e": events, "r": reports}).value_counts().reset_index()
    again = reporting_triangle(grouped["e"], grouped["r"], as_of=today, incidents=grouped["count"])
    np.testing.assert_array_equal(again.counts, triangle.counts)


def test_events_before_the_first_release_say_nothing_of_their_delay():
    events, reports, law, today = simulated(2)
    first = pd.Timestamp("2011-06-30")
    seen = pd.Series(reports).clip(lower=first)  # what the first release holds has no delay of its own
    spoilt = arrived_after(reporting_triangle(events, seen, as_of=today))
    mended = arrived_after(reporting_triangle(events, seen, as_of=today, since=pd.Timestamp("2011-07-01")))
    assert abs(spoilt[0] - law[0]) > 0.05 > abs(mended[0] - law[0])


def test_the_now_cast_reaches_the_truth_and_settled_months_are_left_as_they_are():
    events, reports, _, today = simulated(3)
    truth = pd.Series(events).dt.to_period("M").value_counts().sort_index().to_numpy()
    found = now_cast(reporting_triangle(events, reports, as_of=today))
    assert not found["provisional"][:67].any() and found["provisional"][69:].all()
    old = found.iloc[:40]
    assert (old["low"] == old["known"]).all() and (old["high"] == old["known"]).all()
    tail = found.tail(4)  # the intervals' coverage is in tests/calibration
    np.testing.assert_allclose(tail["value"], truth[-4:], rtol=0.12)
    assert (tail["low"] < tail["value"]).all() and (tail["value"] < tail["high"]).all()
    assert (tail["high"] - tail["low"]).is_monotonic_increasing


def test_a_month_without_reports_so_far_may_still_have_incidents():
    counts = np.tile(np.append([6.0, 3.0, 1.0], np.zeros(LONGEST - 2)), (30, 1))
    counts[np.arange(LONGEST + 1) > 29 - np.arange(30)[:, None]] = np.nan
    counts[-1, 0] = 0
    last = now_cast(Triangle(pd.date_range("2018-01-01", periods=30, freq="MS"), counts)).iloc[-1]
    assert last["known"] == 0 and last["low"] == 0 and last["high"] >= 1


def test_too_few_reports_are_refused():
    days = pd.date_range("2020-01-01", periods=20)
    with pytest.raises(AnalysisError, match="Too few incidents say when"):
        reporting_triangle(days, days, as_of=pd.Timestamp("2020-12-31"))


def test_the_bootstrap_keeps_its_seed_scales_with_people_and_widens_with_clumps():
    sizes = [1, 2, 1, 4, 9, 1, 3, 2, 1, 6]
    low, high = bootstrap_sum(sizes)
    assert (low, high) == bootstrap_sum(sizes) and low < 30 < high
    assert bootstrap_sum(np.array(sizes) * 10) == pytest.approx((10 * low, 10 * high))
    assert bootstrap_sum([*range(10), None], incidents=[sizes.count(size) for size in range(10)] + [7]) == (low, high)
    clumped = bootstrap_sum([1] * 9 + [21])
    assert clumped[1] / clumped[0] > high / low
    wider = bootstrap_sum(sizes, dispersion=3)
    assert wider[0] < low and wider[1] > high


@pytest.mark.parametrize("values", [[], [3, 4], [0] * 20, [np.nan] * 20, [np.nan] * 20 + [1, 2, 3, 4]])
def test_a_bootstrap_of_too_little_gives_no_interval(values):
    assert np.isnan(bootstrap_sum(values)).all()
