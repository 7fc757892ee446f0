from __future__ import annotations

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
from libpysal.graph import Graph
from shapely.geometry import box

from civmap.analysis.cell_windows import window_matrix
from civmap.analysis.neighbours import cell_neighbours, province_neighbours
from civmap.errors import AnalysisError

CENTRE = h3.latlng_to_cell(31.6, 65.7, 5)


def pairs(graph: Graph) -> set[tuple]:
    linked = graph.adjacency[graph.adjacency != 0]
    return set(linked.index)


@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_cells_are_linked_up_to_k_steps_as_h3_counts_them(k):
    cells = sorted(h3.grid_disk(CENTRE, 4))
    graph = cell_neighbours(pd.Index(cells), k=k)
    expected = {(one, two) for one in cells for two in h3.grid_disk(one, k) if two in set(cells) and one != two}
    assert pairs(graph) == expected
    assert list(graph.unique_ids) == cells


def test_a_window_of_one_step_has_seven_cells_inside_the_map():
    cells = pd.Index(sorted(h3.grid_disk(CENTRE, 3)))
    size = window_matrix(cell_neighbours(cells), cells).sum(axis=1)
    assert size[cells.get_loc(CENTRE)] == 7 and size.max() == 7 and size.min() == 4


def test_pentagons_and_their_neighbours_are_linked_too():
    pentagon = sorted(h3.get_pentagons(5))[0]
    cells = sorted(h3.grid_disk(pentagon, 2))
    graph = cell_neighbours(pd.Index(cells))
    assert pairs(graph) == {(a, b) for a in cells for b in h3.grid_disk(a, 1) if b in set(cells) and a != b}
    assert graph.cardinalities[pentagon] == 5


def test_numbers_and_text_make_the_same_graph_in_the_order_given():
    cells = list(h3.grid_disk(CENTRE, 2))
    text = cell_neighbours(pd.Index(cells))
    number = cell_neighbours(pd.Series([h3.str_to_int(cell) for cell in cells], dtype="UInt64"))
    assert list(text.unique_ids) == cells
    assert {(h3.int_to_str(int(a)), h3.int_to_str(int(b))) for a, b in pairs(number)} == pairs(text)


def test_far_cells_are_islands_and_stay():
    far = [CENTRE, h3.latlng_to_cell(36.7, 67.1, 5)]
    graph = cell_neighbours(pd.Index(far))
    assert set(graph.isolates) == set(far) and graph.n == 2


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([], "no cells"),
        ([CENTRE, CENTRE], "once"),
        ([CENTRE, "nowhere"], "nowhere"),
        ([CENTRE, h3.cell_to_parent(CENTRE, 4)], "resolutions 4, 5"),
    ],
)
def test_what_is_no_set_of_cells_is_refused(cells, words):
    with pytest.raises(AnalysisError, match=words):
        cell_neighbours(pd.Index(cells, dtype="str"))


def test_negative_steps_are_refused():
    with pytest.raises(AnalysisError):
        cell_neighbours(pd.Index([CENTRE]), k=-1)


def test_provinces_touch_by_border_or_corner():
    areas = gpd.GeoSeries(
        {"sw": box(0, 0, 1, 1), "se": box(1, 0, 2, 1), "nw": box(0, 1, 1, 2), "ne": box(1, 1, 2, 2),
         "isle": box(4, 4, 5, 5), "sliver": box(1.9999, 0, 3, 1)}
    )  # fmt: skip
    graph = province_neighbours(areas)
    assert set(graph["sw"].index) == {"se", "nw", "ne"}
    assert set(graph["se"].index) == {"sw", "nw", "ne", "sliver"}
    assert list(graph.isolates) == ["isle"]


def test_provinces_of_the_shipped_theatres(afghanistan, oir):
    graph = province_neighbours(afghanistan.boundaries)
    assert graph.n == 34 and not len(graph.isolates)
    assert set(graph["AF-KAN"].index) == {"AF-HEL", "AF-URU", "AF-ZAB"}
    assert graph.asymmetry().empty
    assert graph.n_components == 1
    assert province_neighbours(oir.boundaries).n == len(oir.boundaries)


@pytest.mark.parametrize(
    "areas",
    [
        gpd.GeoSeries([], index=pd.Index([], dtype="str")),
        gpd.GeoSeries([box(0, 0, 1, 1), box(1, 0, 2, 1)], index=["a", "a"]),
        gpd.GeoSeries([box(0, 0, 1, 1), None], index=["a", "b"]),
    ],
)
def test_provinces_without_id_or_area_are_refused(areas):
    with pytest.raises(AnalysisError, match="one id and one area"):
        province_neighbours(areas)


def test_window_matrix_is_binary_with_self_in_the_order_of_the_index():
    graph = Graph.from_arrays(["b", "a", "c", "c"], ["a", "b", "b", "c"], [0.5, 0.5, 3.0, 9.0])
    dense = window_matrix(graph, pd.Index(["c", "a", "b"])).toarray()
    assert np.array_equal(dense, [[1, 0, 1], [0, 1, 1], [0, 1, 1]])


def test_links_of_weight_0_are_no_links():
    graph = Graph.from_arrays(["a", "b"], ["b", "b"], [0.0, 0.0])
    assert np.array_equal(window_matrix(graph, pd.Index(["a", "b"])).toarray(), np.eye(2))
