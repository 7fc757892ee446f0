"""Which of the true incidents a source finds, on the ground or from the air, and which not."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from civmap.simulate.plan import Plan, Source
from civmap.theatre import Theatre

FOUND_BY = ("nobody", "ground", "air", "both")
REASONS = ("outside its scope", "not found", "found, but nobody counted")


def detect(
    theatre: Theatre, plan: Plan, source: Source, incidents: pd.DataFrame, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Say how a source finds each incident, as a number in `FOUND_BY`, and which lie in its scope.

    The ground's chance depends on party, province and size; it rises where the air watched, by `follows_air`. What
    surveillance saw is taken up with the chance `air`. Both follow the source's recording changes.
    """
    better = _recording(plan, source, incidents["event_date"])
    ground = _ground_chance(theatre, plan, source, incidents, rng) * better
    watched = incidents["watched_seconds"].to_numpy() > 0
    ground = 1 - (1 - ground) ** (1 + source.follows_air * watched)
    air = np.where(incidents["seen_from_air"], source.air * better, 0.0)
    scope = in_scope(plan, source, incidents)
    found = (rng.random(len(incidents)) < ground) + 2 * (rng.random(len(incidents)) < air)
    return np.where(scope, found, 0), scope


def in_scope(plan: Plan, source: Source, incidents: pd.DataFrame) -> np.ndarray:
    """Say which incidents lie in the days, parties, causes and provinces that a source covers."""
    day = incidents["event_date"]
    covered = day.between(moment(source.first_day), moment(source.last_day)).to_numpy()
    meant = [
        (stream.party in source.parties or not source.parties) and (stream.cause in source.causes or not source.causes)
        for stream in plan.streams
    ]
    covered = covered & np.array(meant)[incidents["stream"]]
    return covered & (incidents["admin1"].isin(source.areas).to_numpy() if source.areas else True)


def missed(source: Source, incidents: pd.Index, scope: np.ndarray, found: np.ndarray, kept: np.ndarray) -> pd.DataFrame:
    """List the incidents that are in no record of a source: source, incident, reason.

    `scope`, `found` (numbers in `FOUND_BY`) and `kept` (has a record) are given for each incident.
    """
    reason = np.where(~scope, 0, np.where(found == 0, 1, 2))  # numbers in `REASONS`
    out = ~kept
    return pd.DataFrame(
        {
            "source": pd.Categorical([source.id]).repeat(int(out.sum())),
            "incident": incidents[out],
            "reason": pd.Categorical.from_codes(reason[out], pd.Index(REASONS)),
        }
    )


def _ground_chance(
    theatre: Theatre, plan: Plan, source: Source, incidents: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray:
    presence = 1 - source.uneven * rng.random(len(theatre.boundaries))
    by_stream = np.array([source.found.get(stream.party, source.found_else) for stream in plan.streams])
    chance = by_stream[incidents["stream"]] * presence[incidents["province"]]
    return np.asarray(1 - (1 - chance) ** (0.8 + 0.5 * np.log1p(incidents["killed"].to_numpy())))


def _recording(plan: Plan, source: Source, day: pd.Series) -> np.ndarray:
    """Give the share of its own level at which the source finds, by day: a ramp, or a step where it is a day long."""
    level = np.ones(len(day))
    for change in plan.recording_changes:
        if change.source == source.id:
            length = (change.end - change.start).days + 1
            risen = (((day - moment(change.start)).dt.days + 1) / length).clip(0, 1).to_numpy()
            level *= change.factor_before + (1 - change.factor_before) * risen
    return level


def moment(day: date) -> pd.Timestamp:
    """Make a time of a day, the first and last of the calendar included."""
    return pd.Timestamp(min(max(day, date(1700, 1, 1)), date(2200, 1, 1)))  # pandas reaches no further
