"""Surveillance watches what it says, and sees and is followed as the plan says."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from h3ronpy import grid_disk
from h3ronpy.vector import cells_to_wkb_points, coordinates_to_cells

from civmap.simulate import Plan, Simulated, Source, Stream, Surveillance, simulate
from civmap.simulate.passes import CORNERS
from civmap.theatre import Theatre

WAR = Stream("international_forces", "aerial", {2000: 1.0}, 6.0)
CLOSE = Surveillance(runs_per_day=60, minutes=60, unframed=0.0, frame_km=(6.0, 4.0))
FORCES = Source(
    "forces", "SYN-F", {}, 0.2, 0.9, {}, (("ground_team", ""),), delay_days=2, air=0.5, follows_air=1.5,
)  # fmt: skip
APART = replace(FORCES, id="apart", prefix="SYN-A", air=0.0, follows_air=0.0)


@pytest.fixture(scope="module")
def watched(theatre: Theatre) -> Simulated:
    plan = Plan((WAR,), (FORCES, APART), surveillance=CLOSE, hot_share=0.6, ar_sd=(0, 0), dispersion=50)
    return simulate(
        theatre, start=date(2010, 1, 1), end=date(2010, 6, 30), incidents_per_month=20_000, seed=3, plan=plan
    )


def test_samples_are_in_utc_and_say_how_long_each_stands_for(large: Simulated, theatre: Theatre) -> None:
    samples, how = large.passes, large.truth.plan.surveillance
    assert how is not None and str(samples["time"].dt.tz) == "UTC"
    assert samples["pass_id"].str.startswith("SYN-").all() and samples["platform"].str.startswith("SYN-").all()
    local = samples["time"].dt.tz_convert(ZoneInfo(theatre.time_zone)).dt.date
    assert local.min() >= date(2007, 1, 1)
    gap = samples.groupby("pass_id")["time"].diff(-1).dt.total_seconds().mul(-1)
    assert (samples["seconds"] == gap.clip(upper=how.longest_gap_seconds).fillna(0)).all()
    assert (gap > how.longest_gap_seconds).any(), "some gaps are longer than a sample may stand for"
    runs = samples.groupby("pass_id", sort=False)
    expected = how.runs_per_day * 2922
    assert abs(samples["pass_id"].nunique() - expected) < 4 * np.sqrt(expected)
    blank = runs[CORNERS[0]].agg(lambda corner: corner.isna().all())
    assert abs(blank.mean() - how.unframed) < 4 * np.sqrt(how.unframed * (1 - how.unframed) / len(blank))
    assert samples.loc[~samples["pass_id"].isin(blank.index[blank]), CORNERS].notna().all(axis=None)


def test_the_watched_cells_are_those_whose_centre_lies_in_a_frame(watched: Simulated, theatre: Theatre) -> None:
    samples = watched.passes[watched.passes["time"] < "2010-01-09"]
    corners = samples[[*CORNERS]].to_numpy().reshape(-1, 4, 2)
    frames = shapely.polygons(corners)
    # every cell within eight rings of a frame's first corner, asked of shapely: nothing of the simulator's own search
    start = pa.array(coordinates_to_cells(corners[:, 0, 1], corners[:, 0, 0], CLOSE.resolution))
    near = np.unique(pa.array(grid_disk(start, 8, flatten=True)).to_numpy())
    points = shapely.from_wkb(pa.array(cells_to_wkb_points(pa.array(near))).to_numpy(zero_copy_only=False))
    frame, point = shapely.STRtree(points).query(frames, predicate="contains")
    day = samples["time"].dt.tz_convert(theatre.time_zone).dt.tz_localize(None).dt.normalize().to_numpy()
    hits = pd.DataFrame({"cell": near[point], "day": day[frame], "seconds": samples["seconds"].to_numpy()[frame]})
    expected = hits.groupby(["cell", "day"])["seconds"].sum()
    expected = expected[(expected > 0) & (expected.index.get_level_values("day") < pd.Timestamp(2010, 1, 9))]
    true = watched.truth.watched.set_index(["cell", "day"])["seconds"]
    true = true[true.index.get_level_values("day") < pd.Timestamp(2010, 1, 9)]
    assert len(true) > 3000
    both = pd.concat([expected, true], axis=1).fillna(0)
    # corners are rounded to 5 decimals (a metre): a centre on the edge may fall on the other side
    assert (both.iloc[:, 0] != both.iloc[:, 1]).mean() < 0.002
    assert abs(both.sum().diff().iloc[1]) < 0.002 * both.sum().iloc[0]


def test_a_frame_has_its_size(watched: Simulated, theatre: Theatre) -> None:
    corners = watched.passes[[*CORNERS]].to_numpy().reshape(-1, 4, 2)[:2000]
    measured = gpd.GeoSeries(shapely.polygons(corners), crs="EPSG:4326").to_crs(theatre.measuring_crs)
    assert np.allclose(measured.area / 1e6, np.prod(CLOSE.frame_km), rtol=0.02)  # ellipsoid against sphere: about 1 %


def test_an_incident_is_watched_with_its_cell_on_its_day_and_seen_by_the_exponential(watched: Simulated) -> None:
    incidents, truth = watched.truth.incidents, watched.truth.watched
    cells = pa.array(coordinates_to_cells(incidents["latitude"], incidents["longitude"], CLOSE.resolution)).to_numpy()
    key = pd.MultiIndex.from_arrays([cells, incidents["event_date"]])
    lookup = truth.set_index(["cell", "day"])["seconds"]
    assert (lookup.reindex(key).fillna(0).to_numpy() == incidents["watched_seconds"].to_numpy()).all()
    seconds = incidents["watched_seconds"]
    assert not incidents.loc[seconds == 0, "seen_from_air"].any() and (seconds > 0).sum() > 3000
    chance = 1 - np.exp(-seconds / CLOSE.seconds_to_detect)
    error = np.sqrt((chance * (1 - chance)).sum())
    assert abs(incidents["seen_from_air"].sum() - chance.sum()) < 4 * error < 0.05 * chance.sum()


def found(made: Simulated, source: str, *how: str) -> pd.Series:
    """Which true incidents are in a source's records, found in these ways."""
    matches = made.truth.matches
    ids = matches.loc[(matches["source"] == source) & matches["found_by"].isin(how), "incident"]
    return pd.Series(made.truth.incidents.index.isin(ids), made.truth.incidents.index)


def expected_finds(made: Simulated, source: Source) -> pd.Series:
    """Give the chance to find each incident on the ground, as the plan's documentation states it."""
    incidents = made.truth.incidents
    alone = 1 - (1 - source.found_else) ** (0.8 + 0.5 * np.log(1 + incidents["killed"]))
    return 1 - (1 - alone) ** np.where(incidents["watched_seconds"] > 0, 1 + source.follows_air, 1.0)


@pytest.mark.parametrize("source", [FORCES, APART])
def test_ground_teams_find_more_where_the_air_watched(watched: Simulated, source: Source) -> None:
    incidents, missed = watched.truth.incidents, watched.truth.missed
    uncounted = missed.loc[(missed["source"] == source.id) & missed["reason"].str.startswith("found"), "incident"]
    usable = ~incidents.index.isin(uncounted) & (incidents["killed"] >= 5)  # who finds five killed counts somebody
    by_ground = found(watched, source.id, "ground", "both")[usable]
    chance = expected_finds(watched, source)[usable]
    looked = incidents.loc[usable, "watched_seconds"] > 0
    for stratum in (looked, ~looked):
        error = np.sqrt((chance * (1 - chance))[stratum].sum())
        assert abs(by_ground[stratum].sum() - chance[stratum].sum()) < 4 * error
    assert looked.sum() > 2000
    more = by_ground[looked].mean() - by_ground[~looked].mean()
    error = np.sqrt(by_ground.var() * (1 / looked.sum() + 1 / (~looked).sum()))
    assert more > 4 * error if source.follows_air else abs(more) < 4 * error


def test_the_tally_takes_up_what_surveillance_saw(watched: Simulated) -> None:
    incidents, matches = watched.truth.incidents, watched.truth.matches
    seen = incidents["seen_from_air"] & (incidents["killed"] >= 5)
    by_air = found(watched, "forces", "air", "both")
    error = np.sqrt(seen.sum() * 0.5 * 0.5)
    assert abs(by_air[seen].sum() - 0.5 * seen.sum()) < 4 * error < 0.05 * seen.sum()
    assert not by_air[~incidents["seen_from_air"]].any() and not found(watched, "apart", "air", "both").any()
    from_air = matches["found_by"].isin(["air", "both"]).to_numpy()
    via = watched.records["reported_via"].map(lambda channels: "air_surveillance" in channels)
    assert (via.to_numpy() == from_air).all()


def test_without_surveillance_nothing_is_watched(theatre: Theatre) -> None:
    plan = Plan((WAR,), (FORCES,))
    made = simulate(theatre, start=date(2010, 1, 1), end=date(2010, 3, 31), plan=plan)
    assert made.passes.empty and made.truth.watched.empty
    assert not made.truth.incidents["seen_from_air"].any() and set(made.truth.matches["found_by"]) == {"ground"}
