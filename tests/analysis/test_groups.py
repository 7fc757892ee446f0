from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civmap.analysis.groups import describe_groups, group_incidents
from civmap.errors import AnalysisError


def scattered(seed: int, number: int = 120) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": generator.uniform(0, 60_000, number),
            "y": generator.uniform(0, 60_000, number),
            "event_date": pd.Timestamp("2010-01-01") + pd.to_timedelta(generator.integers(0, 60, number), unit="D"),
        }
    )


def near(table: pd.DataFrame, radius_km: float, days: float) -> np.ndarray:
    across, along = table["x"].to_numpy(), table["y"].to_numpy()
    apart = np.hypot(across[:, None] - across, along[:, None] - along) / 1000
    day = table["event_date"].to_numpy()
    return (apart <= radius_km) & (np.abs(day[:, None] - day) <= np.timedelta64(round(days * 86400), "s"))


def chained(linked: np.ndarray) -> list[frozenset]:
    """Follow the links from one to the next, until nothing new comes."""
    left, groups = set(range(len(linked))), []
    while left:
        group, fresh = set(), {left.pop()}
        while fresh:
            group |= fresh
            fresh = {other for one in fresh for other in np.flatnonzero(linked[one])} - group
        left -= group
        groups.append(frozenset(int(one) for one in group))
    return groups


def as_sets(groups: pd.Series) -> set[frozenset]:
    return {frozenset(rows.index) for _, rows in groups.dropna().groupby(groups.dropna())}


@given(st.integers(0, 10_000), st.sampled_from([2.0, 6.0]), st.sampled_from([0, 1, 5]))
@settings(max_examples=30)
def test_with_two_it_is_what_chains_together(seed, radius_km, days):
    table = scattered(seed)
    expected = {group for group in chained(near(table, radius_km, days)) if len(group) > 1}
    assert as_sets(group_incidents(table, radius_km=radius_km, days=days)) == expected


@pytest.mark.parametrize("seed", range(5))
def test_with_more_only_dense_incidents_hold_a_group_together(seed):
    table = scattered(seed, 250)
    linked = near(table, 7, 6)
    core = np.flatnonzero(linked.sum(axis=1) >= 4)
    groups = group_incidents(table, radius_km=7, days=6, min_incidents=4)
    of_core = [frozenset(int(core[one]) for one in group) for group in chained(linked[np.ix_(core, core)])]
    assert as_sets(groups.iloc[core]) == set(of_core)
    edge = np.setdiff1d(np.flatnonzero(groups.notna()), core)
    for one in edge:  # belongs to a group of some dense incident near it
        assert groups[one] in set(groups.iloc[np.intersect1d(np.flatnonzero(linked[one]), core)])
    lonely = np.flatnonzero(groups.isna())
    assert not linked[np.ix_(lonely, core)].any()


def test_near_means_near_in_both():
    table = pd.DataFrame({"x": [0, 5_000, 0, 5_001], "y": 0.0, "event_date": pd.to_datetime(
        ["2010-01-01", "2010-01-04", "2010-01-05", "2010-01-01"])})  # fmt: skip
    one = group_incidents(table.iloc[:2], radius_km=5, days=3)
    assert one.tolist() == [1, 1]
    assert group_incidents(table.iloc[[0, 2]], radius_km=5, days=3).isna().all()
    assert group_incidents(table.iloc[[0, 3]], radius_km=5, days=3).isna().all()


def test_planted_groups_are_found_largest_first_then_earliest():
    generator = np.random.default_rng(1)
    parts = []
    for x, day, number in ((0, 100, 5), (300_000, 10, 9), (600_000, 40, 5)):
        parts.append(pd.DataFrame({"x": x + generator.normal(0, 500, number), "y": generator.normal(0, 500, number),
                                   "event_date": pd.Timestamp("2010-01-01") + pd.Timedelta(days=day)}))  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    groups = group_incidents(table, radius_km=10, days=2)
    assert groups.tolist() == [3] * 5 + [1] * 9 + [2] * 5
    found = describe_groups(table, groups)
    assert found["incidents"].tolist() == [9, 5, 5] and found.loc[1, "start"] == pd.Timestamp("2010-01-11")
    assert (found["width_km"] < 10).all() and found.loc[1, "x"] == pytest.approx(300_000, abs=1000)


def test_order_does_not_matter():
    table = scattered(3)
    shuffled = table.sample(frac=1, random_state=1)
    one, other = (group_incidents(frame, radius_km=5, days=4) for frame in (table, shuffled))
    assert as_sets(one) == as_sets(other)


def test_what_has_no_place_or_date_belongs_to_no_group():
    table = scattered(4)
    table.loc[:9, "x"] = np.nan
    table.loc[10:19, "event_date"] = pd.NaT
    groups = group_incidents(table, radius_km=30, days=30)
    assert groups.iloc[:20].isna().all() and groups.iloc[20:].notna().all()
    assert groups.index.equals(table.index) and str(groups.dtype) == "Int64"


def test_points_work_as_well_as_columns_and_degrees_are_refused():
    table = scattered(5)
    points = gpd.GeoDataFrame(
        table[["event_date"]], geometry=gpd.points_from_xy(table["x"], table["y"]), crs="EPSG:6933"
    )
    pd.testing.assert_series_equal(
        group_incidents(points, radius_km=5, days=4), group_incidents(table, radius_km=5, days=4)
    )
    with pytest.raises(AnalysisError, match="equal-area"):
        group_incidents(points.to_crs("EPSG:4326"), radius_km=5, days=4)


def test_nothing_and_one_make_no_group():
    for table in (scattered(6).head(0), scattered(6).head(1)):
        groups = group_incidents(table, radius_km=5, days=3)
        assert groups.isna().all() and len(groups) == len(table)
        assert describe_groups(table, groups).empty


def test_thousands_on_one_point_and_day_are_refused_and_not_tried(monkeypatch):
    monkeypatch.setattr("civmap.analysis.groups.MOST_PAIRS", 10_000)
    table = pd.DataFrame({"x": 0.0, "y": 0.0, "event_date": pd.Timestamp("2010-01-01")}, index=range(200))
    with pytest.raises(AnalysisError, match="40,000 pairs"):
        group_incidents(table, radius_km=5, days=3)


@pytest.mark.parametrize(
    ("columns", "options", "words"),
    [
        ({}, {"radius_km": 0}, "radius above 0"),
        ({}, {"days": -1}, "0 days or more"),
        ({}, {"min_incidents": 1}, "at least 2"),
        ({"event_date": None}, {}, "event_date"),
        ({"x": None}, {}, "x and y"),
    ],
)
def test_what_cannot_be_grouped_is_refused(columns, options, words):
    table = scattered(7).drop(columns=list(columns))
    with pytest.raises(AnalysisError, match=words):
        group_incidents(table, **({"radius_km": 5, "days": 3} | options))
