"""The sensitivity curve holds planted dependence, independence lies at 1, and rates are exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from civmap.analysis.watching import lists_of, per_hour, sensitivity_curve
from civmap.errors import AnalysisError
from civmap.simulate import afghan_plan
from civmap.simulate.detection import FOUND_BY, detect
from civmap.theatre import Theatre


@pytest.mark.parametrize("follows", [-0.6, 0.0, 1.0, 2.0])
def test_planted_dependence_lies_on_the_curve_where_it_should(follows: float) -> None:
    """Detection as the simulator plants it: the ground's chance is 1 - (1 - p) ** (1 + follows) where the air found."""
    rng = np.random.default_rng(int(10 * follows) + 20)
    true, by_air, alone = 4000, 0.35, 0.3
    helped = 1 - (1 - alone) ** (1 + follows)
    odds = helped * (1 - alone) / ((1 - helped) * alone)
    inside, misses, runs = 0, 0, 400
    for _ in range(runs):
        air = rng.random(true) < by_air
        ground = rng.random(true) < np.where(air, helped, alone)
        both, only_ground, only_air = (air & ground).sum(), (ground & ~air).sum(), (air & ~ground).sum()
        curve = sensitivity_curve(both, only_ground, only_air, odds_ratios=(odds, 1.0)).iloc
        inside += curve[0]["total_low"] <= true <= curve[0]["total_high"]
        misses += not curve[1]["total_low"] <= true <= curve[1]["total_high"]
    assert 0.92 <= inside / runs <= 0.985
    if follows:
        assert misses / runs > 0.9, "independence, wrongly assumed, misses the truth"


@pytest.mark.parametrize("follows", [0.0, 1.0, 2.0])
def test_the_simulators_dependent_detection_lies_on_the_curve(afghanistan: Theatre, follows: float) -> None:
    """Incidents found by the simulator's ground and air, where the ground looks harder at what the air watched.

    The odds ratio of the two lists is reckoned from the planted chances alone: half of the incidents are watched, the
    ground finds 0.3 of the others and 1 - 0.7 ** (1 + follows) of those, the air 0.5 of what it saw and nothing else.
    """
    source = replace(afghan_plan().sources[0], found={}, found_else=0.3, uneven=0.0, air=0.5, follows_air=follows)
    plan = replace(afghan_plan(), sources=(source,), recording_changes=())
    number = 6000
    watched = np.arange(number) % 2 == 0
    incidents = pd.DataFrame({
        "event_date": pd.Timestamp("2010-06-01"), "stream": 0, "province": 0, "admin1": "AF-KAB", "killed": 0,
        "watched_seconds": np.where(watched, 600, 0), "seen_from_air": watched,
    }).assign(killed=np.expm1(0.4))  # fmt: skip
    chance = 1 - (1 - 0.3) ** (0.8 + 0.5 * 0.4)
    assert chance == pytest.approx(0.3)
    helped = 1 - (1 - chance) ** (1 + follows)
    both, air = 0.5 * 0.5 * helped, 0.5 * 0.5 * (1 - helped)
    ground = 0.5 * 0.5 * helped + 0.5 * chance
    odds = both * (1 - both - air - ground) / (ground * air)
    inside, independent, runs = 0, 0, 200
    for seed in range(runs):
        found, scope = detect(afghanistan, plan, source, incidents, np.random.default_rng(seed))
        assert scope.all()
        count = [int((found == FOUND_BY.index(name)).sum()) for name in ("both", "ground", "air")]
        curve = sensitivity_curve(*count, odds_ratios=(odds, 1.0)).iloc
        inside += curve[0]["total_low"] <= number <= curve[0]["total_high"]
        independent += curve[1]["total_low"] <= number <= curve[1]["total_high"]
    assert 0.9 <= inside / runs <= 0.99
    if follows:
        assert odds > 1.5 and independent / runs < 0.05, "independence, wrongly assumed, misses the truth"
    else:
        assert odds == pytest.approx(1.0) and independent == inside


def test_the_curve_is_the_identity_of_the_odds_ratio() -> None:
    curve = sensitivity_curve(20, 60, 40)
    table_odds = 20 * curve["neither"] / (60 * 40)
    assert np.allclose(table_odds, curve["odds_ratio"]) and (curve["odds_ratio"].min(), curve["odds_ratio"].max()) == (
        0.5,
        4,
    )
    # Lincoln and Petersen at independence: n1 * n2 / both
    assert curve.loc[curve["odds_ratio"] == 1, "total"].item() == pytest.approx(80 * 60 / 20)
    assert (curve["neither_low"] < curve["neither"]).all() and curve["total"].is_monotonic_increasing


@pytest.mark.parametrize("counts", [(0, 5, 5), (5, 0, 5), (5, 5, 0)])
def test_no_curve_without_all_three_counts(counts: tuple[int, int, int]) -> None:
    with pytest.raises(AnalysisError, match="Two lists can say nothing"):
        sensitivity_curve(*counts)


def test_rates_are_of_what_was_observed_and_null_where_nothing_was() -> None:
    counted = pd.DataFrame({"incidents": [10, 5, 3], "covered_incidents": [3, 0, 0]}, index=["a", "b", "c"])
    rates = per_hour(counted, pd.Series({"a": 200.0, "b": 50.0}), pd.Series({"a": 100_000, "c": 50_000}))
    assert rates.loc["a", ["per_1000_hours", "per_100k"]].tolist() == [15.0, 10.0]
    # Garwood's table for a count of 3: 0.619 to 8.767; for 0: 0 to 3.689
    assert rates.loc["a", ["low", "high"]].tolist() == pytest.approx([0.6187 / 0.2, 8.7673 / 0.2], rel=1e-4)
    assert rates.loc["b", ["per_1000_hours", "low", "high"]].tolist() == pytest.approx([0, 0, 3.6889 / 0.05], rel=1e-4)
    assert rates.loc["c", ["per_1000_hours", "low", "high"]].isna().all() and np.isnan(rates.loc["b", "per_100k"])


def test_lists_by_channel() -> None:
    reported = pd.Series([["air_surveillance"], ["ground_team"], ["ground_team"], ["media"], None])
    checked = pd.Series([None, ["air_surveillance"], [], ["remote"], None])
    assert lists_of(reported, checked).tolist() == ["air only", "both", "ground only", "other", "not known"]
