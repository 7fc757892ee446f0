"""Growth against an earlier period: exact tails, the level on noise, planted growth, and many draws at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from libpysal.graph import Graph
from scipy import stats

from civmap.analysis.drawn import hot_by_earlier, hot_by_exposure
from civmap.analysis.earlier import estimate_change_scatter, hotter_than_before, scatter_elsewhere
from civmap.analysis.hotspots import hotspots
from civmap.errors import AnalysisError
from tests.analysis.grids import grid_graph

SIDE = 12
GRID = grid_graph(SIDE)
UNEVEN = np.exp(np.random.default_rng(1).normal(0, 1.2, SIDE * SIDE))  # levels differ; nothing moves


def alone(n: int) -> Graph:
    return Graph.from_arrays(np.arange(n), np.arange(n), np.zeros(n))


def noise(number: int, mean: float, *, k: float | None = None) -> tuple[pd.Series, pd.Series]:
    generator = np.random.default_rng([number, 7])
    burst = [1 if k is None else generator.gamma(k, 1 / k, UNEVEN.size) for _ in "12"]
    now, before = (pd.Series(generator.poisson(mean * UNEVEN * one)) for one in burst)
    return now, before


def test_the_tail_is_the_exact_comparison_of_two_counts() -> None:
    now, before = pd.Series([9, 0, 14, 7, 3]), pd.Series([2, 4, 15, 0, 9])
    found = hotter_than_before(now, before, alone(5))
    share = now.sum() / (now.sum() + before.sum())
    for x, y, p in zip(now, before, found["p"], strict=True):
        assert p == pytest.approx(stats.binomtest(int(x), int(x + y), share, alternative="greater").pvalue, rel=1e-9)
    limits = stats.binomtest(9, 11, share).proportion_ci(0.95, "exact")
    odds = before.sum() / now.sum()
    ends = [limit / (1 - limit) * odds for limit in (limits.low, limits.high)]
    assert found.loc[0, ["ratio_low", "ratio_high"]].tolist() == pytest.approx(ends, rel=1e-9)
    assert found.loc[0, "ratio"] == pytest.approx(9 / 2 * odds)


def test_where_there_was_none_before_the_ratio_has_no_end_and_can_be_hot() -> None:
    now, before = pd.Series([20, 5, 6, 5, 6]), pd.Series([0, 6, 5, 6, 5])
    row = hotter_than_before(now, before, alone(5)).loc[0]
    assert row["hot"] and np.isinf(row["ratio"]) and np.isinf(row["ratio_high"]) and row["ratio_low"] > 2


def test_a_rise_that_is_the_same_everywhere_is_no_hot_spot() -> None:
    now, _ = noise(0, 5)
    assert not hotter_than_before(now * 3, now, GRID)["hot"].any()


@pytest.mark.parametrize(("mean", "k"), [(0.5, None), (5, None), (0.5, 2), (5, 2)])
def test_noise_is_seldom_hot_where_an_exposure_taken_as_known_is_hot_often(mean: float, k: float | None) -> None:
    maps, hot, naive = 120, 0, 0
    for number in range(maps):
        now, before = noise(number, mean, k=k)
        scatter = scatter_elsewhere(now, before, GRID)
        hot += hotter_than_before(now, before, GRID, scatter=scatter)["hot"].any()
        naive += hotspots(now, GRID, exposure=before)["hot"].any() if number < 40 else 0
    # of maps with a true rate of 5 %, 12 or more of 120 would be hot once in a hundred times
    assert hot < 12
    assert naive > 40 * 0.05 + 3 or (mean == 5 and k is None), "the reason for comparing counts with counts"


def test_bursts_that_are_not_allowed_for_make_noise_hot() -> None:
    hot = sum(hotter_than_before(*noise(number, 5, k=2), GRID)["hot"].any() for number in range(20))
    assert hot > 10


def test_planted_growth_is_found() -> None:
    block = [row * SIDE + column for row in (5, 6, 7) for column in (5, 6, 7)]
    found = 0
    for number in range(20):
        now, before = noise(number, 3)
        now[block] += np.random.default_rng(number).poisson(4 * 3 * UNEVEN[block])
        table = hotter_than_before(now, before, GRID, scatter=scatter_elsewhere(now, before, GRID))
        found += table.loc[block, "hot"].any()
    assert found >= 15


def test_one_great_change_does_not_hide_itself_in_the_scatter() -> None:
    now, before = noise(1, 0.5)
    now[77] = 60
    everywhere = estimate_change_scatter(now, before)
    assert not hotter_than_before(now, before, GRID, scatter=everywhere).loc[77, "hot"]
    apart = scatter_elsewhere(now, before, GRID)
    assert apart[77] < everywhere / 2 and apart[0] == everywhere
    assert hotter_than_before(now, before, GRID, scatter=apart).loc[77, "hot"]


def test_scatter_is_estimated() -> None:
    generator = np.random.default_rng(3)
    level, burst = np.exp(generator.normal(1.5, 1.2, 4000)), generator.gamma(2, 0.5, (2, 4000))
    now, before = (pd.Series(generator.poisson(level * one)) for one in burst)
    assert estimate_change_scatter(now, before) == pytest.approx(1 / 5, abs=0.02)  # 1 / (2 k + 1)
    flat = [pd.Series(generator.poisson(level)) for _ in "12"]
    assert estimate_change_scatter(*flat) < 0.01


def test_what_cannot_be_told_says_why() -> None:
    now, before = pd.Series([3, 0, 4, 6, np.nan]), pd.Series([2, 0, 4, 5, 3])
    said = hotter_than_before(now, before, alone(5))["reason"]
    assert said.tolist() == ["", "too few to tell: 0 incidents here in both periods together", "", "", "not observed"]
    assert "4 incidents in 1 cell" in hotter_than_before(pd.Series([4, 0]), pd.Series([9, 9]), alone(2))["reason"][0]
    only = hotter_than_before(pd.Series([12, 0]), pd.Series([9, 0]), alone(2))
    assert "holds every incident" in only["reason"][0] and not only["answer"].any()
    assert "no incident in the earlier" in hotter_than_before(now * 9, before * 0, alone(5))["reason"][0]


def test_bad_questions_are_refused() -> None:
    now = pd.Series([5, 9])
    with pytest.raises(AnalysisError, match="same cells"):
        hotter_than_before(now, pd.Series([5, 9], index=[7, 8]), alone(2))
    with pytest.raises(AnalysisError, match="counts people"):
        hotter_than_before(now.rename("killed"), now, alone(2))
    with pytest.raises(AnalysisError, match="scatter"):
        hotter_than_before(now, now, alone(2), scatter=1.0)


# ---- many draws at once ---------------------------------------------------------------------------------------------


def draws(seed: int, *, mean: float, hot: float) -> tuple[np.ndarray, np.ndarray, pd.Series, pd.Series]:
    """Draw a few maps with a block that is hot, some cells unseen, and one draw without anything."""
    generator = np.random.default_rng(seed)
    level = mean * UNEVEN
    level[40:43] *= hot
    drawn, before = (
        generator.poisson(level[:, None], (level.size, 8)),
        generator.poisson(mean * UNEVEN[:, None], (level.size, 8)),
    )
    drawn[:, 7] = 0
    seen = pd.Series(generator.random(level.size) > 0.1)
    return drawn, before, seen, pd.Series(np.where(generator.random(level.size) < 0.2, 0.0, UNEVEN))


@pytest.mark.parametrize("dispersion", [None, 0.7])
@pytest.mark.parametrize("mean", [0.2, 4.0])
def test_draws_are_decided_as_single_maps_are(mean: float, dispersion: float | None) -> None:
    drawn, _, seen, exposure = draws(5, mean=mean, hot=12)
    hot, answered = np.zeros(len(seen), dtype=int), np.zeros(len(seen), dtype=int)
    for column in drawn.T:
        counts = pd.Series(column, dtype=float).where(seen)
        one = hotspots(counts, GRID, exposure=exposure, dispersion=dispersion)
        hot, answered = hot + one["hot"].to_numpy(), answered + one["answer"].to_numpy()
    together = hot_by_exposure(drawn, seen, GRID, exposure=exposure, dispersion=dispersion)
    assert together.hot.tolist() == hot.tolist() and together.answered.tolist() == answered.tolist()
    assert mean < 1 or dispersion or hot.any()


@pytest.mark.parametrize("scatter", [0.0, 0.15])
def test_draws_of_two_periods_are_decided_as_single_maps_are(scatter: float) -> None:
    drawn, before, seen, _ = draws(6, mean=4, hot=9)
    before[:, 6] = 0
    hot, answered = np.zeros(len(seen), dtype=int), np.zeros(len(seen), dtype=int)
    for now, then in zip(drawn.T, before.T, strict=True):
        one = hotter_than_before(
            pd.Series(now, dtype=float).where(seen), pd.Series(then, dtype=float).where(seen), GRID, scatter=scatter
        )
        hot, answered = hot + one["hot"].to_numpy(), answered + one["answer"].to_numpy()
    together = hot_by_earlier(drawn, before, seen, GRID, scatter=scatter)
    assert together.hot.tolist() == hot.tolist() and together.answered.tolist() == answered.tolist()
    assert scatter or hot.any()
