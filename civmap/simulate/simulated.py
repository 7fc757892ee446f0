"""The simulated records and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from civmap import schema
from civmap.errors import CivMapError
from civmap.simulate.columns import as_lists
from civmap.simulate.incidents import draw_incidents
from civmap.simulate.passes import fly, seconds_watched
from civmap.simulate.plan import Context, Effect, Plan, RecordingChange, Surveillance
from civmap.simulate.plans import afghan_plan, plain_plan
from civmap.simulate.rates import daily_rates, rate_table
from civmap.simulate.reports import report
from civmap.simulate.revisions import revise
from civmap.simulate.terrain import Terrain, make_terrain
from civmap.theatre import Theatre

_FOR_THE_SOURCES = ["stream", "province", "town"]  # numbers that only they need


@dataclass(frozen=True)
class Truth:
    """What happened and what was planted.

    Attributes
    ----------
    incidents
        Indexed by incident id: event_date, admin1, party, cause, killed, injured, longitude, latitude, hot,
        watched_seconds (by surveillance, of its cell, on its day), seen_from_air.
    matches
        source, source_id, incident, found_by (ground, air, both), released: which record stands for which incident,
        and the release that brings it; in the rows of `Simulated.records`.
    missed
        source, incident, reason: incidents that are in no record of a source.
    revisions
        source, source_id, released, killed_before, killed_after; in the rows of `Simulated.revisions`.
    rates
        admin1, month, party, cause, expected, without_effect: incidents expected, with and without the directives.
    hot_cells
        cell (H3), admin1, incidents.
    watched
        cell (H3), day (local), seconds: what surveillance watched.
    effects, recording_changes, contexts
        As in the plan.
    plan
        All that was planted.
    faults
        source, source_id, rule: the rows that `write_files` spoils.
    """

    incidents: pd.DataFrame
    matches: pd.DataFrame
    missed: pd.DataFrame
    revisions: pd.DataFrame
    rates: pd.DataFrame
    hot_cells: pd.DataFrame
    watched: pd.DataFrame
    plan: Plan
    faults: pd.DataFrame

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The directives' planted effects."""
        return self.plan.effects

    @property
    def recording_changes(self) -> tuple[RecordingChange, ...]:
        """The planted changes of recording."""
        return self.plan.recording_changes

    @property
    def contexts(self) -> tuple[Context, ...]:
        """The planted context."""
        return self.plan.contexts


@dataclass(frozen=True)
class Simulated:
    """What an analyst would be given, and the truth.

    Attributes
    ----------
    records
        Records of all sources in CivMap's columns, as first reported and as a reader returns them where nothing is
        spoilt.
    revisions
        Later versions of some of them: the same columns and ids, `released` in the truth.
    passes
        Samples of air surveillance, as `civmap.simulate.passes.Flown` describes them.
    """

    records: gpd.GeoDataFrame
    revisions: gpd.GeoDataFrame
    passes: pd.DataFrame
    truth: Truth


def simulate(
    theatre: Theatre,
    *,
    start: date,
    end: date,
    incidents_per_month: float = 120.0,
    seed: int = 0,
    plan: Plan | None = None,
) -> Simulated:
    """Make incidents in a theatre, and what surveillance and the sources make of them.

    Parameters
    ----------
    theatre
        Its provinces, population and parties; without population all provinces count alike.
    start, end
        First and last local day.
    incidents_per_month
        Mean number of true incidents a month, before season, trends, noise, context, effects and what the sources miss.
    seed
        The same seed gives the same data.
    plan
        What is planted; `afghan_plan` for Afghanistan and `plain_plan` elsewhere if not given.

    Returns
    -------
    Simulated
        `records` of all sources, their `revisions`, `passes`, and `truth`.

    Raises
    ------
    CivMapError
        If the period or the number of incidents is not above zero.

    Examples
    --------
    >>> from civmap.theatre import load_theatre
    >>> made = simulate(load_theatre("afghanistan"), start=date(2010, 1, 1), end=date(2010, 3, 31))
    >>> len(made.truth.hot_cells), sorted(made.records["source"].unique())
    (6, ['isaf_like', 'un_like'])
    """
    if end < start or not incidents_per_month > 0:
        raise CivMapError(
            "Nothing can be simulated.",
            found=f"{start} to {end}, {incidents_per_month:g} incidents a month",
            expected="an end not before the start, and more than 0 incidents a month",
        )
    plan = plan or (afghan_plan() if theatre.id == "afghanistan" else plain_plan(theatre))
    # a stream of random numbers for each step, so that widening one leaves the others as they were
    rng = np.random.default_rng(seed).spawn(5 + 2 * len(plan.sources))
    days = pd.date_range(start, end)
    rates, without = daily_rates(theatre, plan, days, incidents_per_month, rng[0])
    terrain = make_terrain(theatre, plan, rates.sum(axis=(1, 2)), rng[1])
    incidents = draw_incidents(theatre, plan, days, rates, terrain, rng[2])
    flown = fly(theatre, plan, days, rates, terrain, rng[3])
    incidents = _seen(incidents, flown.watched, plan.surveillance, rng[4])

    reports, lost, revisions = [], [], []
    for source, one, two in zip(plan.sources, rng[5::2], rng[6::2], strict=True):
        rows, not_in_it = report(theatre, plan, source, incidents, terrain, one)
        reports.append(rows)
        lost.append(not_in_it)
        revisions.append(revise(source, rows, incidents, two))
    rows, later = (pd.concat(each, ignore_index=True) for each in (reports, revisions))
    truth = Truth(
        incidents=incidents.drop(columns=_FOR_THE_SOURCES),
        matches=rows[["source", "source_id", "incident", "found_by", "released"]],
        missed=pd.concat(lost, ignore_index=True),
        revisions=later[["source", "source_id", "released"]].assign(
            killed_before=later["before"], killed_after=later["civilians_killed_best"]
        ),
        rates=rate_table(theatre, plan, days, rates, without),
        hot_cells=_hot_cells(terrain, incidents),
        watched=flown.watched,
        plan=plan,
        faults=rows[["source", "source_id", "rule"]].dropna().reset_index(drop=True),
    )
    return Simulated(_frame(rows), _frame(later), flown.samples, truth)


def _seen(
    incidents: pd.DataFrame, watched: pd.DataFrame, how: Surveillance | None, rng: np.random.Generator
) -> pd.DataFrame:
    """Say how long each incident's cell was watched on its day, and whether the incident was seen."""
    how = how or Surveillance(runs_per_day=0)
    seconds = seconds_watched(incidents, watched, resolution=how.resolution)
    seen = rng.random(len(incidents)) < -np.expm1(-seconds / how.seconds_to_detect)
    return incidents.assign(watched_seconds=seconds, seen_from_air=seen)


def _hot_cells(terrain: Terrain, incidents: pd.DataFrame) -> pd.DataFrame:
    in_hot = incidents.loc[incidents["hot"], "admin1"].value_counts()
    counted = terrain.hot["admin1"].map(dict(in_hot)).fillna(0).astype("int64")
    return terrain.hot[["cell", "admin1"]].assign(incidents=counted)


def _frame(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    """Put rows into the schema's columns."""
    points = gpd.points_from_xy(rows["longitude"], rows["latitude"])
    points[rows["longitude"].isna().to_numpy()] = None
    columns = {name: rows[name] for name in rows.columns if name in schema.COLUMN}
    columns |= {name: as_lists(rows[name]) for name in ("reported_via", "checked_via", "caveats")}
    return schema.incident_frame(columns, points, length=len(rows))
