from __future__ import annotations

import numpy as np
import pandas as pd
import pymannkendall
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libpysal.graph import Graph
from scipy import stats
from statsmodels.stats.multitest import multipletests

from civmap.analysis.emerging import ROWS, emerging, patterns
from civmap.analysis.hotspots import gi_star_z
from civmap.analysis.mann_kendall import mann_kendall
from civmap.errors import AnalysisError
from tests.analysis.grids import grid_graph

PERIODS = 20
HOT, NORMAL, COLD = 60, 10, 0
# pattern: (levels of the planted cell over 20 periods); H hot, N normal, C cold
VECTORS = {
    "intensifying": [40 + 4 * number for number in range(PERIODS)],
    "diminishing": [120 - 4 * number for number in range(PERIODS)],
    "persistent": [60, 62] * (PERIODS // 2),
    "historical": [HOT] * (PERIODS - 1) + [NORMAL],
    "oscillating": [COLD] * 3 + [NORMAL] * 10 + [HOT] * 7,
    "new": [NORMAL] * (PERIODS - 1) + [HOT],
    "consecutive": [NORMAL] * (PERIODS - 6) + [HOT] * 6,
    "sporadic": [NORMAL, HOT] * (PERIODS // 2 - 1) + [NORMAL, NORMAL],
    "no_pattern": [NORMAL, NORMAL + 1] * (PERIODS // 2),
}
MIRRORED = {
    "persistent_cold": [0] * PERIODS,
    "historical_cold": [0] * (PERIODS - 1) + [NORMAL],
    "oscillating_cold": [HOT] * 3 + [NORMAL] * 10 + [0] * 7,
    "new_cold": [NORMAL] * (PERIODS - 1) + [0],
    "consecutive_cold": [NORMAL] * (PERIODS - 6) + [0] * 6,
    "sporadic_cold": [NORMAL, 0] * (PERIODS // 2 - 1) + [NORMAL, NORMAL],
}


def alone(labels) -> Graph:
    labels = list(labels)
    return Graph.from_arrays(labels, labels, [0] * len(labels))


def cube_with(levels, others: int = 40) -> pd.DataFrame:
    """Make one planted cell among others that alternate between 10 and 11."""
    quiet = NORMAL + (np.arange(others)[:, None] + np.arange(PERIODS)) % 2
    return pd.DataFrame(
        np.vstack([levels, quiet]), columns=pd.period_range("2010-01", periods=PERIODS, freq="M")
    )  # fmt: skip


@pytest.mark.parametrize("pattern", [*VECTORS, *MIRRORED])
def test_every_row_of_the_table_by_planted_counts(pattern):
    cube = cube_with((VECTORS | MIRRORED)[pattern])
    if pattern.endswith("_cold"):
        cube = cube.mask(cube >= NORMAL, cube * 3)  # enough for a cold spot to show
    found = emerging(cube, alone(cube.index))
    assert found.loc[0, "pattern"] == pattern
    assert (found.loc[1:, "pattern"] == "no_pattern").all()
    assert found["answer"].all()


@pytest.mark.parametrize(("pattern", "falling"), [("intensifying_cold", True), ("diminishing_cold", False)])
def test_cold_spots_that_grow_colder_or_less_cold(pattern, falling):
    levels = np.linspace(150, 10, PERIODS).round().astype(int)
    cube = cube_with(levels if falling else levels[::-1]).iloc[:, :]
    cube.iloc[1:] *= 40
    assert emerging(cube, alone(cube.index)).loc[0, "pattern"] == pattern


def plain_pattern(hot: list[bool], cold: list[bool], trend: int) -> str:
    """Apply the truth table as written, one row after another, to one cell."""
    for suffix, h, c, t in (("", hot, cold, trend), ("_cold", cold, hot, -trend)):
        number, periods = sum(h), len(h)
        most = number >= 0.9 * periods
        run = 0
        while run < periods and h[periods - 1 - run]:
            run += 1
        if h[-1] and most:
            return {1: "intensifying", -1: "diminishing", 0: "persistent"}[t] + suffix
        if most and not h[-1] and not c[-1]:
            return "historical" + suffix
        if h[-1] and any(c):
            return "oscillating" + suffix
        if number and not most and not any(c):
            if h[-1] and run == number:
                return ("new" if number == 1 else "consecutive") + suffix
            return "sporadic" + suffix
    return "no_pattern"


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("hcn"), min_size=10, max_size=10), st.sampled_from([-1, 0, 1])),
        min_size=1, max_size=30,
    )
)  # fmt: skip
@settings(max_examples=100)
def test_the_table_is_complete_and_each_cell_has_one_row(cells):
    states = np.array([states for states, _ in cells])
    trend = np.array([trend for _, trend in cells], dtype=float)
    found = patterns(states == "h", states == "c", trend)
    expected = [plain_pattern(list(row == "h"), list(row == "c"), int(t)) for row, t in zip(states, trend, strict=True)]
    assert found.tolist() == expected


def test_all_rows_can_occur():
    generator = np.random.default_rng(1)
    share = generator.dirichlet([0.4, 0.4, 0.4], 20_000)
    states = (generator.random((20_000, 10, 1)) > share.cumsum(axis=1)[:, None, :2]).sum(axis=2)
    found = set(patterns(states == 0, states == 1, generator.choice([-1.0, 0.0, 1.0], 20_000)))
    assert found == {*ROWS, *(f"{name}_cold" for name in ROWS), "no_pattern"}


def test_hot_and_cold_mirror_each_other():
    generator = np.random.default_rng(2)
    states = generator.choice(["h", "c", "n"], (500, 12))
    trend = generator.choice([-1.0, 0.0, 1.0], 500)
    one = patterns(states == "h", states == "c", trend)
    other = patterns(states == "c", states == "h", -trend)

    def swap(name: str) -> str:
        return name if name == "no_pattern" else name.removesuffix("_cold") if "_cold" in name else f"{name}_cold"

    clear = [name != "no_pattern" for name in one]
    assert [swap(name) for name in one[clear]] == other[clear].tolist()


def test_hot_periods_are_the_exact_two_sided_tails_corrected_over_cells_and_periods():
    generator = np.random.default_rng(3)
    cube = pd.DataFrame(generator.poisson(2, (64, 9)))
    cube.iloc[[27, 28, 35, 36], 4:] = 25
    graph = grid_graph(8)
    p = np.ones((64, 9))
    above = np.zeros((64, 9), dtype=bool)
    for period in range(9):
        total = int(cube[period].sum())
        for cell in range(64):
            members = [cell, *graph[cell].index]
            observed, share = int(cube.loc[members, period].sum()), len(members) / 64
            upper, lower = stats.binom.sf(observed - 1, total, share), stats.binom.cdf(observed, total, share)
            p[cell, period], above[cell, period] = min(1, 2 * min(upper, lower)), observed > total * share
    rejected = multipletests(p.ravel(), alpha=0.05, method="fdr_bh")[0].reshape(64, 9)
    found = emerging(cube, graph)
    assert found["hot_periods"].tolist() == (rejected & above).sum(axis=1).tolist()
    assert found["cold_periods"].tolist() == (rejected & ~above).sum(axis=1).tolist()
    assert found["z_last"].to_numpy() == pytest.approx(gi_star_z(cube[8], graph).to_numpy())


def test_trend_is_mann_kendall_on_the_z():
    cube = pd.DataFrame(np.random.default_rng(4).poisson(3, (49, 15)))
    graph = grid_graph(7)
    z = pd.concat([gi_star_z(cube[period], graph) for period in cube], axis=1)
    theirs = [pymannkendall.original_test(row).p for row in z.round(12).to_numpy()]
    assert emerging(cube, graph)["trend_p"].to_numpy() == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_mann_kendall_equals_pymannkendall_with_ties_and_gaps(missing, decimals):
    generator = np.random.default_rng(5)
    series = generator.normal(size=(60, 30)).round(decimals) + np.linspace(0, 1, 30)[None, :].round(decimals)
    series[generator.random(series.shape) < missing] = np.nan
    s, p = mann_kendall(series)
    for row, ours_s, ours_p in zip(series, s, p, strict=True):
        theirs = pymannkendall.original_test(row)
        assert (ours_s, ours_p) == pytest.approx((theirs.s, theirs.p), abs=1e-12)


def test_mann_kendall_of_too_little_or_nothing_but_ties():
    s, p = mann_kendall(np.array([[1.0, 2, 3, 4, np.nan, np.nan], [2.0] * 6]))
    assert s.tolist() == [6, 0] and np.isnan(p[0]) and p[1] == 1


def test_pure_noise_has_seldom_a_pattern():
    generator = np.random.default_rng(6)
    graph = grid_graph(10)
    some = [
        (emerging(pd.DataFrame(generator.poisson(1, (100, 12))), graph)["pattern"] != "no_pattern").any()
        for _ in range(60)
    ]
    assert np.mean(some) <= stats.binom.ppf(0.999, 60, 0.05) / 60


def test_an_empty_cell_is_never_a_hot_spot_though_its_neighbours_are():
    cube = pd.DataFrame(np.random.default_rng(7).poisson(1, (100, 12)))
    cube.iloc[[33, 34, 35, 43, 45, 53, 54, 55]] = 20
    cube.iloc[44] = 0
    found = emerging(cube, grid_graph(10))
    assert found.loc[45, "pattern"] == "persistent"
    assert found.loc[44, "hot_periods"] == 0 and found.loc[44, "pattern"] == "no_pattern"


def test_unobserved_cells_have_a_class_of_their_own():
    cube = pd.DataFrame(np.random.default_rng(8).poisson(3, (36, 12))).astype(float)
    cube.iloc[0] = np.nan
    cube.iloc[1, -1] = np.nan
    cube.iloc[2, :6] = np.nan
    cube.iloc[3, :3] = np.nan
    found = emerging(cube, grid_graph(6))
    assert found.loc[[0, 1, 2], "pattern"].eq("not_observed").all()
    assert not found.loc[[0, 1, 2], "answer"].any()
    assert found.loc[0, "reason"] == "not observed in the last period"
    assert found.loc[2, "reason"] == "not observed in half of the periods or more"
    assert found.loc[3, "answer"] and found.loc[3, "periods"] == 9


def test_too_little_expected_is_a_class_of_its_own():
    generator = np.random.default_rng(9)
    sparse = pd.DataFrame(generator.poisson(0.02, (100, 12)))
    found = emerging(sparse, grid_graph(10))
    assert set(found["pattern"]) == {"too_few"} and found["reason"].str.contains("expected here per period").all()
    nothing = emerging(pd.DataFrame(0, index=range(9), columns=range(6)), grid_graph(3))
    assert set(nothing["reason"]) == {"too few to tell: 0 incidents in 0 cells"}


def test_one_cell_or_a_window_over_all_has_nothing_to_compare_with():
    cube = pd.DataFrame([[5, 6, 7, 8, 9, 30]], index=["a"])
    assert emerging(cube, alone("a")).loc["a", "pattern"] == "too_few"


def test_a_period_without_any_data_is_left_out_and_one_of_zeros_is_not():
    cube = cube_with(VECTORS["new"]).astype(float)
    cube.insert(3, "lost", np.nan)
    assert emerging(cube, alone(cube.index)).loc[0, ["pattern", "periods"]].tolist() == ["new", PERIODS]
    quiet = cube_with(VECTORS["new"])
    quiet.insert(3, "quiet", 0)
    found = emerging(quiet, alone(quiet.index))
    assert found.loc[0, ["pattern", "periods"]].tolist() == ["new", PERIODS + 1]
    last = cube_with(VECTORS["new"]).assign(quiet=0)
    found = emerging(last, alone(last.index))
    assert found["z_last"].isna().all() and found.loc[0, "pattern"] == "sporadic"


def test_order_of_cells_does_not_matter():
    cube = pd.DataFrame(np.random.default_rng(10).poisson(2, (36, 8)))
    graph, order = grid_graph(6), np.random.default_rng(11).permutation(36)
    pd.testing.assert_frame_equal(emerging(cube.iloc[order], graph), emerging(cube, graph).iloc[order])


@pytest.mark.parametrize(
    ("cube", "words"),
    [
        (pd.DataFrame(1, index=range(9), columns=range(4)), "4 with any data"),
        (pd.DataFrame(-1, index=range(9), columns=range(6)), "whole numbers"),
        (pd.DataFrame(1, index=range(8), columns=range(6)), "same cells"),
        (pd.DataFrame(index=range(9)), "0 with any data"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(cube, words):
    with pytest.raises(AnalysisError, match=words):
        emerging(cube, grid_graph(3))
    with pytest.raises(AnalysisError, match="alpha"):
        emerging(cube, grid_graph(3), alpha=0)


def test_periods_are_put_in_order_of_time_and_stand_once() -> None:
    places = list("abcdefgh")
    alone = Graph.from_arrays(places, places, [0] * 8)
    cube = pd.DataFrame(3, index=places, columns=pd.period_range("2010-01", periods=8, freq="M"))
    cube.loc["b", "2010-08"] = 30
    mixed = cube[cube.columns[[5, 7, 0, 1, 6, 2, 4, 3]]]
    assert emerging(cube, alone)["pattern"]["b"] == "new"
    pd.testing.assert_frame_equal(emerging(mixed, alone), emerging(cube, alone))
    with pytest.raises(AnalysisError, match="one column"):
        emerging(pd.concat([cube, cube], axis=1), alone)
