"""The tables of docs/hotspots.md: made again by `pytest -m slow`, and by fewer maps every time."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from civmap.analysis.tails import adjust
from tests.calibration.hotspot_maps import (
    ACROSS,
    CENTRE,
    INSIDE,
    SIDE,
    TABLES,
    judged,
    noise,
    planted,
    poisson,
    scattered,
    two_periods,
    written,
)

MAPS = 150
LIMIT = binom.ppf(0.999, MAPS, 0.05) / MAPS  # a true 5 % passes 999 times in 1,000


def rows(name: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in written(name).splitlines()[2:]]


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_the_table_in_the_docs_is_what_comes_out(name):
    assert written(name) == TABLES[name](), "run python -m tests.calibration.hotspot_maps"


def test_the_table_holds_what_is_promised():
    promised = [row for row in rows("noise") if "wrong" not in row[1]]
    assert len(promised) == 9
    for row in promised:
        assert float(row[2].removesuffix(" %")) <= 5 and float(row[3].removesuffix(" %")) <= 5, row


@pytest.mark.parametrize("mean", [0.05, 0.5, 5])
def test_at_most_one_map_of_noise_in_twenty_is_hot(mean):
    found = noise(poisson(mean), MAPS)
    assert found["hot"] <= LIMIT and found["without_support"] <= LIMIT


@pytest.mark.parametrize("mean", [0.05, 0.5, 5])
@pytest.mark.parametrize("dispersion", [2.0, "estimated"])
def test_also_where_cells_scatter_more_than_chance(mean, dispersion):
    found = noise(scattered(mean, 2), MAPS, dispersion=dispersion)
    assert found["hot"] <= LIMIT and found["without_support"] <= LIMIT


def test_against_an_earlier_period_at_most_one_map_in_twenty_is_hot():
    for row in rows("earlier"):
        level = float(row[2].removesuffix(" %"))
        assert level <= 5 if row[1] == "1" else level > 50 or row[0].startswith("k"), row
    hot = [two_periods(number, 5, 2, 1) for number in range(60)]
    assert sum(one for one, *_ in hot) <= binom.ppf(0.999, 60, 0.05) and sum(bare for _, bare, _ in hot) > 30


def test_this_would_show_a_test_that_is_not_corrected_or_ignores_the_scatter():
    uncorrected = [((map_["p"] <= 0.05) & (map_["ratio"] >= 2)).any() for map_ in judged(poisson(0.5), 30)]
    assert sum(uncorrected) / 30 > 0.9
    assert noise(scattered(5, 2), MAPS)["hot"] > 0.3


def test_support_by_what_was_observed_makes_noise_hot():
    """Windows chosen by their own count: why rule 3 looks at what is expected."""
    hot = 0
    for found in judged(poisson(0.05), 60):
        chosen = found[found["observed"] >= 3]
        hot += bool(len(chosen)) and bool((adjust(chosen["p"].to_numpy()) <= 0.05).any())
    assert hot / 60 > 0.5


def test_planted_clusters_are_found():
    strong, weak = planted(0.5, 6, 40), planted(0.5, 2, 40)
    assert strong["any"] > 0.9 and strong["centre"] > 0.85 and strong["elsewhere"] <= 0.15
    assert weak["any"] < 0.5
    assert planted(5, 3, 20)["centre"] > 0.9


def test_an_uneven_background_that_the_exposure_does_not_know_is_called_hot():
    truth = 8**ACROSS / (8**ACROSS).mean()
    assert all(found["hot"].any() for found in judged(poisson(5 * truth), 20))
    assert sum(found["hot"].any() for found in judged(poisson(5 * truth), 40, exposure=truth)) <= 6


def test_the_planted_block_is_in_the_middle():
    assert next(judged(planted_map, 1)).loc[CENTRE, "hot"]


def planted_map(generator):
    counts = generator.poisson(0.5, SIDE * SIDE)
    counts[INSIDE] = 20
    return counts
