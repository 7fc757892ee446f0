from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from esda import G_Local
from hypothesis import given, settings
from hypothesis import strategies as st
from libpysal.graph import Graph
from scipy import stats
from statsmodels.discrete.discrete_model import NegativeBinomial
from statsmodels.stats.multitest import multipletests

from civmap.analysis import tails
from civmap.analysis.hotspots import MIN_EXPECTED, estimate_dispersion, gi_star_z, hotspots
from civmap.errors import AnalysisError, CivMapError
from tests.analysis.grids import grid_graph

GETIS_ORD = pd.read_csv(Path(__file__).parent / "data" / "getis_ord_1996.csv")
# spdep 1.2-7: localG(val, nb2listw(include.self(dnearneigh(xy, 0, d)), style="B"))[120]
SPDEP_AT_120 = {30: 1.450779807387, 60: 1.900558882867, 90: 2.096938746468, 120: 1.981906851955, 150: 1.306698444178}


def within(table: pd.DataFrame, distance: float) -> Graph:
    apart = np.hypot(*(np.subtract.outer(table[axis].to_numpy(), table[axis].to_numpy()) for axis in "xy"))
    focal, other = np.nonzero((apart <= distance) & (apart > 0))
    return Graph.from_arrays(focal, other, np.ones(len(focal)))


def alone(labels) -> Graph:
    labels = list(labels)
    return Graph.from_arrays(labels, labels, [0] * len(labels))


def poisson_map(side: int = 20, mean: float = 0.5, seed: int = 1) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).poisson(mean, side * side), name="incidents")


# ---- Gi* ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.05, 0.5, 5, 500])
def test_gi_star_equals_esda(mean):
    counts, graph = poisson_map(mean=mean), grid_graph(20)
    theirs = G_Local(counts, graph.assign_self_weight(), transform="B", star=True, permutations=0)
    assert np.abs(gi_star_z(counts, graph) - theirs.Zs).max() < 1e-9


def test_gi_star_equals_esda_on_neighbours_that_are_not_mutual():
    generator = np.random.default_rng(3)
    values = pd.Series(generator.gamma(0.3, 40, 150))
    focal = np.repeat(np.arange(150), 6)
    other = np.concatenate([generator.choice(np.delete(np.arange(150), i), 6, replace=False) for i in range(150)])
    graph = Graph.from_arrays(focal, other, np.ones(900))
    theirs = G_Local(values, graph.assign_self_weight(), transform="B", star=True, permutations=0)
    assert np.abs(gi_star_z(values, graph) - theirs.Zs).max() < 1e-9


def test_gi_star_equals_spdep_on_the_data_of_getis_and_ord():
    z = gi_star_z(GETIS_ORD["value"], within(GETIS_ORD, 30))
    assert np.abs(z - GETIS_ORD["z"]).max() < 1e-9


@pytest.mark.parametrize("distance", SPDEP_AT_120)
def test_gi_star_equals_spdep_with_wider_windows(distance):
    assert gi_star_z(GETIS_ORD["value"], within(GETIS_ORD, distance))[119] == pytest.approx(
        SPDEP_AT_120[distance], abs=1e-9
    )


def test_weights_count_only_as_there_or_not():
    counts, graph = poisson_map(), grid_graph(20)
    expected = gi_star_z(counts, graph)
    for same in (graph.assign_self_weight(), graph.transform("R"), graph.assign_self_weight(7.0)):
        pd.testing.assert_series_equal(gi_star_z(counts, same), expected)


def test_a_cell_that_was_not_observed_is_as_if_it_were_not_on_the_map():
    counts, graph = poisson_map(mean=3).astype(float), grid_graph(20)
    gone = [0, 57, 210, 399]
    counts[gone] = np.nan
    rest = counts.drop(gone)
    expected = gi_star_z(rest, graph.subgraph(rest.index))
    z = gi_star_z(counts, graph)
    assert z[gone].isna().all()
    pd.testing.assert_series_equal(z.drop(gone), expected)


def test_gi_star_is_null_where_there_is_none():
    assert gi_star_z(pd.Series(4, index=range(9)), grid_graph(3)).isna().all()
    middle = gi_star_z(pd.Series(range(9)), grid_graph(3))
    assert middle.isna().tolist() == [False] * 4 + [True] + [False] * 4  # its window is the whole map
    assert gi_star_z(pd.Series([7], index=["a"]), alone("a")).isna().all()


@given(st.permutations(range(36)), st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_order_and_names_do_not_matter(order, seed):
    counts, graph = poisson_map(6, 2.0, seed), grid_graph(6)
    found, z = hotspots(counts, graph, min_ratio=1), gi_star_z(counts, graph)
    shuffled = counts.iloc[order]
    pd.testing.assert_frame_equal(hotspots(shuffled, graph, min_ratio=1), found.iloc[order])
    pd.testing.assert_series_equal(gi_star_z(shuffled, graph), z.iloc[order])
    names = {number: f"cell {order[number]}" for number in range(36)}
    pairs = graph.adjacency.index
    named = Graph.from_arrays(
        pairs.get_level_values(0).map(names), pairs.get_level_values(1).map(names), graph.adjacency.to_numpy()
    )
    renamed = hotspots(counts.rename(names), named, min_ratio=1)
    pd.testing.assert_frame_equal(renamed.reset_index(drop=True), found)


# ---- the decision: numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uneven", [False, True])
def test_expected_tail_and_interval_are_those_of_the_exact_binomial(uneven):
    counts, graph = poisson_map(8, 1.5), grid_graph(8)
    exposure = pd.Series(np.random.default_rng(2).gamma(1, 100, 64)) if uneven else None
    found = hotspots(counts, graph, exposure=exposure)
    weight = np.ones(64) if exposure is None else exposure.to_numpy()
    total = int(counts.sum())
    for cell in range(64):
        members = [cell, *graph[cell].index]
        share = weight[members].sum() / weight.sum()
        row = found.loc[cell]
        assert row["observed"] == counts[members].sum() and row["cells"] == len(members)
        assert row["expected"] == pytest.approx(total * share)
        assert row["p"] == pytest.approx(stats.binom.sf(row["observed"] - 1, total, share), rel=1e-9)
        interval = stats.binomtest(int(row["observed"]), total, share).proportion_ci(method="exact")
        assert (row["ratio_low"], row["ratio_high"]) == pytest.approx(
            (interval.low / share, interval.high / share), rel=1e-6, abs=1e-12
        )


def test_with_dispersion_the_window_has_mean_and_variance_of_the_sum_of_its_cells():
    counts, graph, k = poisson_map(8, 3.0), grid_graph(8), 1.3
    exposure = pd.Series(np.random.default_rng(2).gamma(2, 1, 64))
    found = hotspots(counts, graph, exposure=exposure, dispersion=k)
    means = counts.sum() * exposure / exposure.sum()
    for cell in range(64):
        mean = means[[cell, *graph[cell].index]]
        variance = (mean + mean**2 / k).sum()
        size = mean.sum() ** 2 / (variance - mean.sum())
        row = found.loc[cell]
        law = stats.nbinom(size, size / (size + mean.sum()))
        assert (law.mean(), law.var()) == pytest.approx((row["expected"], variance))
        assert row["p"] == pytest.approx(law.sf(row["observed"] - 1), rel=1e-6)
        low, high = (
            stats.nbinom(size, size / (size + row[end] * row["expected"])) for end in ("ratio_low", "ratio_high")
        )
        assert row["ratio_low"] == 0 or low.sf(row["observed"] - 1) == pytest.approx(0.025, rel=1e-6)
        assert high.cdf(row["observed"]) == pytest.approx(0.025, rel=1e-6)


def test_the_negative_binomial_tail_is_that_of_summed_cells():
    generator, k, mean = np.random.default_rng(4), 2.0, 1.5
    sums = generator.negative_binomial(k, k / (k + mean), (200_000, 9)).sum(axis=1)
    for least in (15, 20, 30, 40):
        share = (sums >= least).mean()
        p = tails.negative_binomial_upper(np.array([least]), np.array([9 * mean]), np.array([9 * k]))[0]
        assert abs(p - share) < 4 * np.sqrt(share / len(sums)) + 1e-4


@pytest.mark.parametrize("k", [0.3, 2.0, 20.0])
@pytest.mark.parametrize("total", [40, 400, 4000])
def test_knowing_the_total_would_only_make_the_tail_smaller(k, total):
    """Equal exposure: given the total a window is beta-binomial (Dirichlet-multinomial cells)."""
    expected = total * 9 / 400
    every = np.arange(total + 1)
    chances = np.exp(stats.betabinom.logpmf(every, total, 9 * k, 391 * k))
    given_total = np.cumsum(chances[::-1])[::-1]
    tail = (given_total < 0.1) & (given_total > 1e-12)
    used = tails.negative_binomial_upper(every, np.full(total + 1, expected), np.full(total + 1, 9 * k))
    assert tail.sum() > 5 and (used[tail] >= given_total[tail]).all()


def test_much_dispersion_is_more_careful_and_none_is_the_binomial():
    counts, graph = poisson_map(mean=5), grid_graph(20)
    p = {k: hotspots(counts, graph, dispersion=k)["p"] for k in (0.5, 2.0, None, float("inf"))}
    above = hotspots(counts, graph)["ratio"] > 1.2
    assert (p[0.5][above] > p[2.0][above]).all() and (p[2.0][above] > p[None][above]).all()
    pd.testing.assert_series_equal(p[None], p[float("inf")])


def test_q_is_corrected_over_all_windows_also_those_without_an_answer():
    counts, graph = poisson_map(mean=0.3), grid_graph(20)
    exposure = pd.Series(np.where(np.arange(400) % 20 < 10, 1.0, 0.05))
    found = hotspots(counts, graph, exposure=exposure)
    assert 0 < found["answer"].sum() < 400
    assert found["q"].to_numpy() == pytest.approx(multipletests(found["p"], method="fdr_bh")[1])


def test_the_input_is_left_as_it_was():
    counts, graph = poisson_map(), grid_graph(20)
    exposure = pd.Series(1.0, index=counts.index)
    before = counts.copy(), exposure.copy(), graph.adjacency.copy()
    hotspots(counts, graph, exposure=exposure)
    pd.testing.assert_series_equal(counts, before[0])
    pd.testing.assert_series_equal(exposure, before[1])
    pd.testing.assert_series_equal(graph.adjacency, before[2])


# ---- the decision: what is called hot ----------------------------------------------------------------------------


def test_a_planted_cluster_is_found_and_nothing_else():
    means = np.full((20, 20), 0.5)
    means[4:7, 12:15] = 5
    counts = pd.Series(np.random.default_rng(11).poisson(means).ravel())
    hot = hotspots(counts, grid_graph(20))["hot"].to_numpy().reshape(20, 20)
    assert hot[5, 13]
    outside = hot.copy()
    outside[2:9, 10:17] = False
    assert not outside.any()


def test_an_empty_cell_is_never_hot_even_in_the_middle_of_a_hot_place():
    counts = poisson_map(mean=0.5)
    counts[[189, 191, 208, 209, 211, 212, 229, 231]] = 12
    counts[210] = 0
    found = hotspots(counts, grid_graph(20))
    assert found.loc[210, "ratio"] > 5 and found.loc[210, "q"] < 1e-6
    assert not found.loc[210, "hot"] and found.loc[211, "hot"]
    assert not found.loc[counts == 0, "hot"].any()


def test_hot_needs_the_size_as_well_as_the_certainty():
    counts = pd.Series(1000, index=range(400))
    counts.iloc[[188, 189, 190, 208, 209, 210, 228, 229, 230]] = 1500
    found = hotspots(counts, grid_graph(20))
    assert found.loc[209, "q"] < 1e-9 and 1.4 < found.loc[209, "ratio"] < 1.5
    assert not found["hot"].any()
    assert hotspots(counts, grid_graph(20), min_ratio=1.3).loc[209, "hot"]


def test_whether_there_is_an_answer_depends_on_what_is_expected_and_never_on_what_was_observed():
    generator = np.random.default_rng(5)
    exposure = pd.Series(generator.gamma(0.5, 1, 400))
    spread = pd.Series(np.bincount(generator.integers(0, 400, 200), minlength=400))
    heaped = pd.Series(np.bincount(generator.integers(40, 60, 200), minlength=400))
    one, other = (hotspots(counts, grid_graph(20), exposure=exposure) for counts in (spread, heaped))
    assert 0 < one["answer"].sum() < 400
    pd.testing.assert_series_equal(one["answer"], other["answer"])
    assert one.loc[one["answer"], "expected"].min() >= MIN_EXPECTED > one.loc[~one["answer"], "expected"].max()


def test_exposure_explains_what_it_explains():
    truth = np.where(np.arange(400) % 20 < 4, 6.0, 0.5)
    counts = pd.Series(np.random.default_rng(8).poisson(truth))
    assert hotspots(counts, grid_graph(20))["hot"].sum() > 20
    assert not hotspots(counts, grid_graph(20), exposure=pd.Series(truth))["hot"].any()


def test_an_earlier_period_can_be_the_exposure():
    before = pd.Series([20, 5, 40, 10, 25], index=list("abcde"))
    now = pd.Series([21, 30, 38, 11, 24], index=list("abcde"))
    found = hotspots(now, alone("abcde"), exposure=before.iloc[::-1])  # aligned by label, not by position
    assert found.index[found["hot"]].tolist() == ["b"]
    assert found.loc["b", "expected"] == pytest.approx(124 * 5 / 100)


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=16, max_size=16),
    st.lists(st.sampled_from([0.0, 0.1, 1.0, 50.0]), min_size=16, max_size=16),
)
@settings(max_examples=150)
def test_where_there_is_an_answer_no_number_is_missing_and_where_not_there_is_a_reason(counts, exposure):
    given_counts = pd.Series(counts, dtype="Int64")
    try:
        found = hotspots(given_counts, grid_graph(4), exposure=pd.Series(exposure))
    except CivMapError:
        assert not any(exposure)
        return
    assert found.loc[found["answer"]].notna().all(axis=None)
    assert (found.loc[found["answer"], "reason"] == "").all()
    assert (found.loc[~found["answer"], "reason"] != "").all()
    assert not found.loc[~found["answer"], "hot"].any()
    assert not found.loc[given_counts.fillna(0) == 0, "hot"].any()
    assert found.loc[given_counts.isna(), "reason"].isin(["not observed"]).all()
    assert ((found["ratio_low"] <= found["ratio"] + 1e-12) & (found["ratio"] <= found["ratio_high"] + 1e-12))[
        found["answer"]
    ].all()
    assert found["p"].dropna().between(0, 1).all() and (found["q"].dropna() >= found["p"].dropna() - 1e-12).all()


# ---- little or odd input ---------------------------------------------------------------------------------------------


def test_too_few_incidents_are_too_few_to_tell():
    counts = pd.Series(0, index=range(400))
    counts[[1, 2, 300]] = [2, 1, 1]
    found = hotspots(counts, grid_graph(20))
    assert not found["answer"].any() and set(found["reason"]) == {"too few to tell: 4 incidents in 3 cells"}
    assert found["expected"].notna().all()


def test_no_incident_at_all():
    found = hotspots(pd.Series(0, index=range(9)), grid_graph(3))
    assert not found["hot"].any() and set(found["reason"]) == {"too few to tell: 0 incidents in 0 cells"}


def test_one_cell():
    found = hotspots(pd.Series([50], index=["a"]), alone("a"))
    assert found["reason"].tolist() == ["there is only one cell, and nothing to compare it with"]


def test_all_incidents_in_one_cell():
    counts = pd.Series(0, index=range(400))
    counts[210] = 200
    found = hotspots(counts, grid_graph(20))
    assert found.index[found["hot"]].tolist() == [210] and found["answer"].all()


def test_islands_are_judged_by_themselves():
    counts = pd.Series([40, 3, 2, 4, 3], index=list("abcde"))
    graph = Graph.from_arrays(["a", "b", "c", "d", "e"], ["a", "c", "b", "e", "d"], [0, 1, 1, 1, 1])
    found = hotspots(counts, graph)
    assert found.loc["a", ["cells", "observed", "hot", "answer"]].tolist() == [1, 40, True, True]


def test_nothing_exposed_in_a_window():
    counts = pd.Series([30, 2, 3, 0], index=list("abcd"))
    found = hotspots(counts, alone("abcd"), exposure=pd.Series([0.0, 1, 1, 1], index=list("abcd")))
    assert found.loc["a", "reason"] == "nothing is exposed here, so nothing can be expected"
    assert not found.loc["a", "hot"] and pd.isna(found.loc["a", "ratio"]) and found["answer"][1:].all()


def test_a_window_that_is_the_whole_map():
    found = hotspots(pd.Series([30, 2, 3, 5], index=range(4)), grid_graph(2))
    assert set(found["reason"]) == {"the window holds all that is exposed, and leaves nothing to compare it with"}


def test_the_same_count_everywhere():
    found = hotspots(pd.Series(6, index=range(25)), grid_graph(5))
    assert set(found["reason"]) == {"every cell has the same count"}


def test_an_unobserved_cell_is_no_zero():
    counts = pd.Series([12.0, 3, 2, np.nan, 3], index=list("abcde"))
    found = hotspots(counts, alone("abcde"))
    assert found.loc["a", "expected"] == 5  # a quarter of 20, not a fifth
    assert found.loc["d", "reason"] == "not observed" and not found.loc["d", "answer"]
    assert found.loc["d", ["observed", "expected", "ratio", "p", "q", "z"]].isna().all()


@pytest.mark.parametrize(
    "name",
    ["killed", "civilians_killed_best", "injured", "deaths", "fatalities", "Casualties", "women_killed_min", "victims",
     "status_unknown_killed", "dead"],
)  # fmt: skip
def test_people_are_refused_with_the_reason(name):
    with pytest.raises(AnalysisError, match="not independent") as caught:
        hotspots(poisson_map().rename(name), grid_graph(20))
    assert name in str(caught.value) and "Test the number of incidents" in str(caught.value)


@pytest.mark.parametrize("name", [None, "incidents", "count", 0, "incidents_with_deaths", "fatal incidents", "cell"])
def test_counts_of_incidents_pass_under_any_name(name):
    assert hotspots(poisson_map().rename(name), grid_graph(20))["answer"].any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.where(c.index != 7, -1), "whole numbers"),
        (lambda c: c.where(c.index != 7, 2.5), "2.5 in 7"),
        (lambda c: c.where(c.index != 7, np.inf), "whole numbers"),
        (lambda c: c.astype("str").where(c.index != 7, "many"), "not numbers"),
        (lambda c: c.iloc[:-2], "398, 399"),
        (lambda c: c.rename({3: 1000}), "1000"),
        (lambda c: pd.concat([c, c.iloc[:1]]), "more than one row for 0"),
        (lambda c: c.iloc[:0], "no cells"),
    ],
)
def test_impossible_counts_are_refused_with_the_place(change, words):
    with pytest.raises(AnalysisError, match=words):
        hotspots(change(poisson_map()), grid_graph(20))


@pytest.mark.parametrize(
    ("exposure", "words"),
    [
        (pd.Series(0.0, index=range(400)), "zero everywhere"),
        (pd.Series(1.0, index=range(399)), "1 of 400 cells"),
        (pd.Series([-1.0, *[1.0] * 399]), "negative"),
        (pd.Series([1.0] * 401, index=[0, *range(400)]), "more than one for 0"),
    ],
)
def test_impossible_exposure_is_refused(exposure, words):
    with pytest.raises(AnalysisError, match=words):
        hotspots(poisson_map(), grid_graph(20), exposure=exposure)


@pytest.mark.parametrize(
    "options", [{"alpha": 0}, {"alpha": 1.2}, {"min_ratio": 0.5}, {"dispersion": 0}, {"dispersion": -1}]
)
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(AnalysisError):
        hotspots(poisson_map(), grid_graph(20), **options)


# ---- scatter ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [0.5, 2.0, 10.0])
def test_dispersion_is_recovered(k):
    generator = np.random.default_rng(6)
    exposure = pd.Series(generator.gamma(3, 1, 20_000))
    mean = 4 * exposure / exposure.mean()
    counts = pd.Series(generator.negative_binomial(k, k / (k + mean)))
    assert estimate_dispersion(counts, exposure=exposure) == pytest.approx(k, rel=0.1)


def test_dispersion_equals_the_likelihood_estimate_of_statsmodels():
    counts = pd.Series(np.random.default_rng(7).negative_binomial(1.5, 1.5 / (1.5 + 3), 500))
    theirs = NegativeBinomial(counts, np.ones(500)).fit(disp=0, method="newton", maxiter=200)
    assert estimate_dispersion(counts) == pytest.approx(1 / theirs.params["alpha"], rel=1e-3)


def test_no_scatter_beyond_chance_is_infinite_dispersion_and_the_binomial():
    counts = pd.Series(np.tile([3, 4, 3, 4], 100))
    k = estimate_dispersion(counts)
    assert k == float("inf")
    pd.testing.assert_frame_equal(hotspots(counts, grid_graph(20), dispersion=k), hotspots(counts, grid_graph(20)))


def test_dispersion_of_almost_nothing_is_refused():
    for counts in (pd.Series([1, 2, 3]), pd.Series(0, index=range(50))):
        with pytest.raises(AnalysisError, match="Too little"):
            estimate_dispersion(counts)


def test_an_exposure_may_be_null_where_nobody_watched() -> None:
    names = list("abcdefgh")
    alone = Graph.from_arrays(names, names, [0] * 8)
    counts = pd.Series([5, 4, 6, 31, 5, 3, 4, None], index=names)
    exposure = pd.Series([1.0] * 7 + [np.nan], index=names)
    pd.testing.assert_frame_equal(
        hotspots(counts, alone, exposure=exposure), hotspots(counts, alone, exposure=exposure.fillna(7))
    )
    with pytest.raises(AnalysisError, match="missing, negative or infinite in 1 of 8"):
        hotspots(counts.fillna(1), alone, exposure=exposure)
