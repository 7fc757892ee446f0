"""The simulated records and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from civmap import schema
from civmap.errors import CivMapError
from civmap.simulate.plan import Effect, Plan, RecordingChange, afghan_plan, plain_plan
from civmap.simulate.reports import report
from civmap.simulate.world import draw_incidents, make_terrain, monthly_rates
from civmap.theatre import Theatre


@dataclass(frozen=True)
class Truth:
    """What happened and what was planted.

    Attributes
    ----------
    incidents
        Indexed by incident id: event_date, admin1, party, cause, killed, injured, longitude, latitude, hot.
    matches
        source, source_id, incident: which record stands for which incident; an incident may be in no source.
    rates
        month, party, cause, expected, without_effect: incidents expected in the theatre, with and without effects.
    hot_cells
        cell (H3), admin1, incidents.
    effects, recording_changes
        As in the plan.
    faults
        source, source_id, rule: the rows that `write_files` spoils.
    """

    incidents: pd.DataFrame
    matches: pd.DataFrame
    rates: pd.DataFrame
    hot_cells: pd.DataFrame
    effects: tuple[Effect, ...]
    recording_changes: tuple[RecordingChange, ...]
    faults: pd.DataFrame


@dataclass(frozen=True)
class Simulated:
    """Records of all sources in CivMap's columns, as a reader returns them where nothing is spoilt, and the truth."""

    records: gpd.GeoDataFrame
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
    """Make incidents in a theatre, and what the sources report of them.

    Parameters
    ----------
    theatre
        Its provinces, population and parties; without population all provinces count alike.
    start, end
        First and last local day.
    incidents_per_month
        Mean number of true incidents a month, before season, trends, noise, effects and what the sources miss.
    seed
        The same seed gives the same data.
    plan
        What is planted; `afghan_plan` for Afghanistan and `plain_plan` elsewhere if not given.

    Returns
    -------
    Simulated
        `records` of all sources and `truth`.

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
    rng = np.random.default_rng(seed).spawn(3 + len(plan.sources))
    first, last = pd.Timestamp(start), pd.Timestamp(end)
    months = pd.date_range(first.replace(day=1), last, freq="MS")
    rates, without = monthly_rates(theatre, plan, months, incidents_per_month, rng[0])
    terrain = make_terrain(theatre, plan, rates.sum(axis=(1, 2)), rng[1])
    incidents = draw_incidents(theatre, plan, months, rates, terrain, rng[2])
    incidents = incidents[incidents["event_date"].between(first, last)]
    numbers = pd.Series(np.arange(1, len(incidents) + 1)).astype("str").str.zfill(7)
    incidents.index = pd.Index("SYN-" + numbers, name="incident")

    reports = [report(theatre, plan, source, incidents, terrain, rng[3 + n]) for n, source in enumerate(plan.sources)]
    rows = pd.concat(reports, ignore_index=True)
    points = gpd.points_from_xy(rows["longitude"], rows["latitude"])
    points[rows["longitude"].isna().to_numpy()] = None
    columns = {name: rows[name] for name in rows.columns if name in schema.COLUMN}
    columns |= {name: _as_lists(rows[name]) for name in ("reported_via", "checked_via", "caveats")}
    hot = terrain.hot[["cell", "admin1"]]
    in_hot = incidents.loc[incidents["hot"], "admin1"].value_counts()
    truth = Truth(
        incidents=incidents.drop(columns=["stream", "province", "town"]),
        matches=rows[["source", "source_id", "incident"]],
        rates=pd.DataFrame(
            [(month, each.party, each.cause) for month in months for each in plan.streams],
            columns=["month", "party", "cause"],
        ).assign(expected=rates.sum(axis=0).ravel(), without_effect=without.sum(axis=0).ravel()),
        hot_cells=hot.assign(incidents=hot["admin1"].map(in_hot).fillna(0).astype("int64")),
        effects=plan.effects,
        recording_changes=plan.recording_changes,
        faults=rows[["source", "source_id", "rule"]].dropna().reset_index(drop=True),
    )
    return Simulated(schema.incident_frame(columns, points, length=len(rows)), truth)


def _as_lists(texts: pd.Series) -> pd.Series:
    """Split at semicolons; null stays null, empty text becomes an empty list."""
    codes, words = pd.factorize(texts)
    lists = pa.array([[part for part in str(word).split(";") if part] for word in words], pa.list_(pa.string()))
    taken = lists.take(pa.array(codes, mask=codes < 0))
    return pd.Series(pd.array(taken, dtype=schema.pandas_type(schema.COLUMN["caveats"])))
