"""Records look as records do: counts, dates, places, words, tails; and each stands for one true incident."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from h3ronpy import grid_disk
from h3ronpy.vector import coordinates_to_cells

from civmap import schema
from civmap.errors import CivMapError
from civmap.simulate import Effect, Plan, RecordingChange, Simulated, Source, Stream, afghan_plan, simulate
from civmap.theatre import Theatre, normalise_name


def top_share(killed: pd.Series) -> float:
    ordered = np.sort(killed.to_numpy(dtype="float64"))[::-1]
    return ordered[: len(ordered) // 100].sum() / ordered.sum()


def test_same_seed_same_data(theatre: Theatre) -> None:
    months = {"start": date(2009, 1, 1), "end": date(2009, 6, 15)}
    one, again, other = (simulate(theatre, **months, seed=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(pd.DataFrame(one.records), pd.DataFrame(again.records))
    pd.testing.assert_frame_equal(one.truth.incidents, again.truth.incidents)
    pd.testing.assert_frame_equal(one.passes, again.passes)
    assert not one.truth.incidents["longitude"].isin(other.truth.incidents["longitude"]).all()
    assert one.truth.incidents["event_date"].between("2009-01-01", "2009-06-15").all()


def test_every_record_stands_for_one_incident(large: Simulated) -> None:
    records, truth = large.records, large.truth
    assert list(records.columns) == [*schema.COLUMN, "geometry"]
    assert records["source_id"].str.startswith("SYN-").all() and records["source_id"].is_unique
    assert truth.matches["incident"].isin(truth.incidents.index).all()
    assert not truth.matches.duplicated(["source", "incident"]).any()
    seen = truth.matches.groupby("incident")["source"].nunique()
    assert 0.5 < len(seen) / len(truth.incidents) < 0.95  # some are in no source
    assert 0.2 < (seen == 2).mean() < 0.6  # and some in both
    both = truth.matches.assign(killed=records["civilians_killed_best"]).pivot(
        index="incident", columns="source", values="killed"
    )
    both = both[both.notna().all(axis=1) & both.gt(0).any(axis=1)]
    assert 0.05 < (both["isaf_like"] != both["un_like"]).mean() < 0.7  # counts disagree


def test_counts_are_in_order_and_nobody_unharmed(large: Simulated) -> None:
    for what in ("civilians_killed", "civilians_injured"):
        low, best, high = (large.records[f"{what}_{end}"] for end in ("min", "best", "max"))
        assert (low <= best).fillna(True).all() and (best <= high).fillna(True).all()
    people = ["civilians_killed_best", "civilians_injured_best", "status_unknown_killed"]
    assert (large.records[people].fillna(0).sum(axis=1) > 0).all()
    assert (large.records["reported_at"] >= large.records["event_date_end"]).all()


def test_a_hundredth_of_the_incidents_holds_a_fifth_of_the_deaths(large: Simulated) -> None:
    assert 0.15 < top_share(large.truth.incidents["killed"]) < 0.30
    for _, rows in large.records.groupby("source"):
        assert 0.15 < top_share(rows["civilians_killed_best"]) < 0.30


def test_a_fifth_of_the_places_is_exact_and_a_fifth_a_placeholder(large: Simulated) -> None:
    records = large.records
    shares = records["location_precision"].value_counts(normalize=True)
    assert abs(shares["exact"] - 0.2) < 0.02 and abs(shares["province"] - 0.2) < 0.03
    points = records[
        (records["location_precision"] == "province") & ~records.geometry.is_empty & records.geometry.notna()
    ]
    spots = points.groupby("admin1_as_reported").geometry.agg(lambda at: at.to_wkb().nunique())
    assert (spots == 1).all()
    exact = records[records["location_precision"] == "exact"]
    true = large.truth.incidents.loc[large.truth.matches.loc[exact.index, "incident"]]
    assert (exact.geometry.x.to_numpy() == true["longitude"].to_numpy()).all()


def test_hot_cells_stand_out(theatre: Theatre, large: Simulated) -> None:
    incidents = large.truth.incidents
    at = incidents[["latitude", "longitude"]].to_numpy().T
    cells = pa.array(coordinates_to_cells(*at, theatre.map_cell_resolution)).to_numpy()
    hot = large.truth.hot_cells
    assert len(hot) == 6 and hot["admin1"].is_unique
    assert set(cells[incidents["hot"]]) == set(hot["cell"])
    counted = pd.Series(cells).value_counts()
    assert (hot["cell"].map(counted) >= hot["incidents"]).all()
    for cell, admin1 in hot[["cell", "admin1"]].itertuples(index=False):
        others = pd.Series(cells[(incidents["admin1"] == admin1).to_numpy()]).value_counts().drop(cell)
        assert counted[cell] > 2 * others.max()


def test_people_do_not_live_evenly_and_the_background_is_smooth(theatre: Theatre) -> None:
    plan = replace(afghan_plan(), hot_cells=0, surveillance=None)
    made = simulate(theatre, start=date(2010, 1, 1), end=date(2010, 12, 31), incidents_per_month=12_000, plan=plan)
    at = made.truth.incidents.loc[made.truth.incidents["admin1"] == "AF-HEL", ["latitude", "longitude"]].to_numpy().T
    counted = pd.Series(pa.array(coordinates_to_cells(*at, 5)).to_numpy()).value_counts()
    near = pa.array(grid_disk(pa.array(counted.index.to_numpy()), 1, flatten=True)).to_numpy().reshape(-1, 7)
    counts = counted.reindex(near.ravel()).to_numpy().reshape(near.shape)
    counts = counts[~np.isnan(counts).any(axis=1)]  # cells within the province, with their six neighbours
    assert len(counts) > 100
    own, around = counts[:, 0], counts[:, 1:].mean(axis=1)
    assert own.var() > 10 * own.mean(), "an even spread is Poisson"
    assert np.corrcoef(own, around)[0, 1] > 0.7, "cells alike to their neighbours; without order it is 0"


def test_records_without_a_party_with_two_dated_roughly_and_late_come_as_planned(theatre: Theatre) -> None:
    parties = ("international_forces", "afghan_forces", "taliban", "undetermined")
    streams = tuple(Stream(party, "ground_engagement", {2000: 1.0}, 3.0) for party in parties)
    tally = Source("tally", "SYN-T", {}, 0.7, 0.9, {}, (("media", ""),), delay_days=9)
    plan = Plan(streams, (tally,), undetermined=0.1, several=0.2, contested=0.15)
    made = simulate(theatre, start=date(2009, 1, 1), end=date(2010, 12, 31), incidents_per_month=2000, plan=plan)
    records = made.records
    party = made.truth.incidents.loc[made.truth.matches["incident"], "party"].to_numpy()
    kinds, named = records["attribution"].to_numpy(), party != "undetermined"

    def holds(hits: np.ndarray, share: float) -> bool:
        error = np.sqrt(share * (1 - share) / len(hits))
        return abs(hits.mean() - share) < 4 * error < 0.3 * share

    assert (kinds[~named] == "undetermined").all() and holds(kinds[named] == "undetermined", 0.1)
    # the second party is drawn from four; itself or none would be no second
    assert holds(kinds[named] == "several_alleged", 0.2 / 2) and holds(kinds[named] == "contested", 0.15 / 2)
    assert (records["party_as_reported"].isna() == (records["attribution"] == "undetermined")).all()
    for precision, share in (("day", 0.955), ("week", 0.035), ("month", 0.010)):
        assert holds((records["date_precision"] == precision).to_numpy(), share)
    delay = (records["reported_at"] - records["event_date_end"]).dt.days
    assert (delay >= 0).all() and holds((delay < tally.delay_days).to_numpy(), 0.5), "half are reported before it"


def test_un_like_finds_twice_the_deaths_and_isaf_like_gets_better(large: Simulated) -> None:
    records = large.records
    killed = records.groupby(["source", records["event_date"].dt.year])["civilians_killed_best"].sum().unstack(0)
    late = killed.loc[2010:].sum()
    assert 1.7 < late["un_like"] / late["isaf_like"] < 2.3
    assert killed.loc[2008, "un_like"] / killed.loc[2008, "isaf_like"] > 2.4  # before its recording changed
    assert records.loc[records["source"] == "isaf_like", "event_date"].min() >= pd.Timestamp(2008, 1, 1)
    before = (records["source"] == "un_like") & (records["event_date"] < "2009-01-01")
    assert records.loc[before, "civilians_injured_best"].isna().all()  # unknown, not zero


def test_directive_effect_is_in_the_true_rates_and_in_the_counts(large: Simulated) -> None:
    rates = large.truth.rates
    ratio = rates["expected"] / rates["without_effect"]
    meant = (rates["party"] == "international_forces") & (rates["cause"] == "aerial")
    later = rates["month"] >= "2009-08-01"
    raids = (rates["party"] == "international_forces") & (rates["cause"] == "search_operation")
    assert np.allclose(ratio[meant & later], 0.4) and np.allclose(ratio[~(meant & later) & ~raids], 1)
    assert np.allclose(ratio[raids & (rates["month"] >= "2010-02-01")], 0.6)
    assert large.truth.effects == (
        Effect(date(2009, 7, 2), 0.4, ("international_forces",), ("aerial",), delay_days=30),
        Effect(date(2010, 1, 23), 0.6, ("international_forces",), ("search_operation",)),
    )
    assert large.truth.recording_changes == (
        RecordingChange("isaf_like", date(2009, 1, 1), date(2009, 12, 31), factor_before=0.6),
    )
    incidents = large.truth.incidents
    air = incidents[(incidents["cause"] == "aerial")]["event_date"]
    before = air.between("2008-08-01", "2009-07-31").sum()
    assert 0.25 < air.between("2009-08-01", "2010-07-31").sum() / before < 0.55


def test_words_resolve_through_the_theatre(theatre: Theatre, large: Simulated) -> None:
    words = large.records["party_as_reported"].dropna().unique()
    assert all("other" not in theatre.parties_of(each) for each in words)
    assert large.records["admin1_as_reported"].dropna().isin(theatre.boundaries["name"]).all()
    known = theatre.aliases["cause"]
    pairs = large.records[["cause_as_reported", "cause"]].drop_duplicates()
    assert all(known[normalise_name(said)] == cause for said, cause in pairs.itertuples(index=False))


def test_no_incident_at_all_gives_empty_frames(theatre: Theatre) -> None:
    made = simulate(theatre, start=date(2010, 1, 1), end=date(2010, 1, 31), incidents_per_month=1e-9)
    assert len(made.records) == 0 and len(made.truth.incidents) == 0
    assert list(made.records.columns) == [*schema.COLUMN, "geometry"]


def test_what_cannot_be_simulated_is_said(theatre: Theatre) -> None:
    with pytest.raises(CivMapError, match="2010-02-01 to 2010-01-01"):
        simulate(theatre, start=date(2010, 2, 1), end=date(2010, 1, 1))
    with pytest.raises(CivMapError, match="more than 0"):
        simulate(theatre, start=date(2010, 1, 1), end=date(2010, 2, 1), incidents_per_month=0)
