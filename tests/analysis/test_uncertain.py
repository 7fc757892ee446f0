from __future__ import annotations

import h3
import numpy as np
import pandas as pd
import pytest

from civmap.analysis.hotspots import hotspots
from civmap.analysis.neighbours import cell_neighbours
from civmap.analysis.uncertain import INCLUSION, RADII_KM, draw_counts, hot_in_draws, precision_areas
from civmap.errors import AnalysisError
from civmap.schema import GRADES, LOCATION_PRECISIONS

CENTRE = h3.latlng_to_cell(32.0, 65.0, 5)
CELLS = pd.DataFrame(index=sorted(h3.grid_disk(CENTRE, 6)))
CELLS["admin1"] = np.where([h3.cell_to_latlng(cell)[1] > 65.0 for cell in CELLS.index], "EAST", "WEST")
GRAPH = cell_neighbours(CELLS.index)


def inside(cell: str, number: int, seed: int = 0) -> list[str]:
    """Pick cells of resolution 9 within a map cell."""
    children = sorted(h3.cell_to_children(cell, 9))
    return [str(one) for one in np.random.default_rng(seed).choice(children, number)]


def records(cells, precision="exact", grade="corroborated", admin1="EAST") -> pd.DataFrame:
    return pd.DataFrame({"cell": cells, "location_precision": precision, "admin1": admin1, "grade": grade})


def background(number: int = 250, seed: int = 1) -> pd.DataFrame:
    where = np.random.default_rng(seed).choice(CELLS.index, number)
    return records([inside(cell, 1, seed)[0] for cell in where])


def drawn(table: pd.DataFrame, draws: int = 400, cells: pd.DataFrame = CELLS) -> pd.DataFrame:
    areas = precision_areas(table, cells)
    counts = draw_counts(areas, np.ones(len(table)), len(cells), draws=draws)
    return pd.DataFrame(counts, index=cells.index)


def test_exact_records_stay_where_they_are():
    table = background()
    counts = drawn(table, 5)
    expected = pd.Series([h3.cell_to_parent(cell, 5) for cell in table["cell"]]).value_counts()
    for draw in range(5):
        pd.testing.assert_series_equal(counts[draw], expected.reindex(CELLS.index, fill_value=0), check_names=False)


@pytest.mark.parametrize("precision", ["settlement", "district"])
def test_vague_points_are_spread_over_a_circle_in_proportion_to_its_part_in_each_cell(precision):
    point = inside(CENTRE, 1, seed=3)[0]
    share = drawn(records([point] * 50, precision)).mean(axis=1) / 50
    at = h3.cell_to_latlng(point)
    grid = [
        one for one in h3.grid_disk(point, 160)
        if h3.great_circle_distance(h3.cell_to_latlng(one), at) <= RADII_KM[precision]
    ]  # fmt: skip
    expected = pd.Series([h3.cell_to_parent(one, 5) for one in grid]).value_counts(normalize=True)
    difference = share.sub(expected.reindex(share.index, fill_value=0)).abs()
    assert share.sum() == pytest.approx(1) and difference.max() < 0.08
    assert (share > 0).sum() >= 2


def test_a_wider_precision_spreads_wider():
    point = h3.cell_to_center_child(CENTRE, 9)
    spread = {name: (drawn(records([point] * 50, name)).sum(axis=1) > 0).sum() for name in RADII_KM}
    assert spread["exact"] == 1 < spread["district"] and spread["settlement"] <= spread["district"]


def test_province_records_fall_in_cells_of_the_province_by_weight():
    table = records([None] * 60, "province", admin1="WEST")
    counts = drawn(table, 200).sum(axis=1)
    west = CELLS["admin1"] == "WEST"
    assert counts[~west].sum() == 0 and counts.sum() == 12_000
    mean = 12_000 / west.sum()
    assert (np.abs(counts[west] - mean) < 6 * np.sqrt(mean)).all()
    heavy = CELLS.assign(weight=np.where(CELLS.index == CELLS.index[west][0], 1000.0, 1.0))
    assert drawn(table, 50, heavy).loc[CELLS.index[west][0]].mean() > 50


def test_records_known_only_to_the_country_may_lie_anywhere():
    counts = drawn(records([None] * 500, "country", admin1=None), 50).sum(axis=1)
    assert (counts > 0).all()


def test_a_circle_that_reaches_beyond_the_map_is_drawn_inside_it():
    edge = sorted(h3.grid_ring(CENTRE, 6))[0]
    counts = drawn(records(inside(edge, 30), "district"), 100)
    assert (counts.sum() == 30).all()


def test_records_that_no_cell_can_hold_are_counted_apart():
    far = h3.latlng_to_cell(10.0, 10.0, 9)
    table = pd.concat([
        background(), records([far]), records([None], "settlement"), records([None], "province", admin1="NORTH")
    ])  # fmt: skip
    found = hot_in_draws(table, CELLS, GRAPH, draws=3)
    assert found.attrs["unplaced"] == 3
    areas = precision_areas(table, CELLS)
    assert (areas.of_record[-3:] == -1).all() and (areas.of_record[:-3] >= 0).all()


def test_doubtful_records_are_in_by_their_chance():
    table = pd.concat([records(inside(CENTRE, 400), grade=grade) for grade in GRADES], ignore_index=True)
    areas = precision_areas(table, CELLS)
    chance = table["grade"].map(INCLUSION).to_numpy()
    counts = draw_counts(areas, chance, len(CELLS), draws=200).sum(axis=0)
    expected = 400 * sum(INCLUSION.values())
    assert abs(counts.mean() - expected) < 5 * np.sqrt((chance * (1 - chance)).sum() / 200)
    assert counts.std() == pytest.approx(np.sqrt((chance * (1 - chance)).sum()), rel=0.25)


def test_every_grade_and_precision_of_the_schema_is_provided_for():
    assert set(INCLUSION) == set(GRADES)
    assert {*RADII_KM, "province", "country"} == set(LOCATION_PRECISIONS)


def test_without_any_doubt_all_draws_agree_with_the_plain_decision():
    table = pd.concat([background(), records(inside(CENTRE, 40))], ignore_index=True)
    found = hot_in_draws(table, CELLS, GRAPH, draws=7)
    counts = pd.Series([h3.cell_to_parent(cell, 5) for cell in table["cell"]]).value_counts()
    plain = hotspots(counts.reindex(CELLS.index, fill_value=0), GRAPH)
    assert plain["hot"].any()
    assert found["hot_draws"].tolist() == (plain["hot"] * 7).tolist()
    assert found.loc[CENTRE, "words"] == "hot in 7 of 7 draws"
    assert (found["count_low"] == found["count_high"]).all()


def test_a_hot_spot_of_vague_and_doubtful_records_is_less_sure():
    burst = inside(CENTRE, 24)
    sure = pd.concat([background(), records(burst)], ignore_index=True)
    vague = pd.concat([background(), records(burst, "district", "contested")], ignore_index=True)
    one = hot_in_draws(sure, CELLS, GRAPH, draws=60).loc[CENTRE]
    other = hot_in_draws(vague, CELLS, GRAPH, draws=60).loc[CENTRE]
    assert one["hot_draws"] == 60 and other["hot_draws"] < 45
    assert other["count_high"] > other["count_low"]


def test_the_same_seed_gives_the_same_draws():
    table = background().assign(location_precision="district", grade="contested")
    one, same, other = (hot_in_draws(table, CELLS, GRAPH, draws=5, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one["count_high"].equals(other["count_high"])


def test_too_few_records_are_said_to_be_so():
    found = hot_in_draws(records(inside(CENTRE, 4)), CELLS, GRAPH, draws=5)
    assert set(found["words"]) == {"too few to tell in any draw"} and not found["hot_draws"].any()


def test_cells_may_be_numbers_as_in_the_incident_table():
    table = background()
    numbers = table.assign(cell=table["cell"].map(h3.str_to_int).astype("UInt64"))
    pd.testing.assert_frame_equal(drawn(numbers, 2), drawn(table, 2))


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"grade": None}, {}, "no chance"),
        ({"grade": "rumour"}, {}, "rumour"),
        ({"location_precision": "vague"}, {}, "vague"),
        ({}, {"draws": 0}, "At least one draw"),
        ({}, {"inclusion": {"corroborated": 1.5}}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(change, options, words):
    with pytest.raises(AnalysisError, match=words):
        hot_in_draws(background(20).assign(**change), CELLS, GRAPH, **options)


def test_missing_columns_are_named():
    with pytest.raises(AnalysisError, match="grade"):
        hot_in_draws(background(20).drop(columns="grade"), CELLS, GRAPH)
    with pytest.raises(AnalysisError, match="admin1"):
        precision_areas(background(20), CELLS.drop(columns="admin1"))
