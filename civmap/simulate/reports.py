"""What a source reports of the simulated incidents: which it finds, and what it gets wrong or leaves open."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from civmap import schema
from civmap.simulate.plan import Plan, Source
from civmap.simulate.world import TOWNS, Terrain
from civmap.theatre import Theatre

FAULTS = (
    "date_missing", "date_unreadable", "end_before_start", "place_missing", "coordinate_zero", "min_above_max",
    "code_unknown", "id_repeated", "coordinates_swapped",
)  # fmt: skip
_NULL: Any = None  # numpy's types know no None
_EARLIEST = date(1700, 1, 1)  # pandas reaches no further back
_PRECISION_SHARES = (0.20, 0.33, 0.23, 0.21, 0.03)  # in the order of `schema.LOCATION_PRECISIONS`
_DATE_PRECISION_SHARES = (0.955, 0.035, 0.010)  # day, week, month
_PLACED_BY_NAME_ONLY = 0.1  # share of the province placeholders that come without coordinates
_CAUSE_WORDS = {
    "aerial": "Air strike", "indirect_fire": "Indirect fire", "ground_engagement": "Ground engagement", "ied": "IED",
    "suicide_or_complex": "Suicide attack", "targeted_killing": "Targeted killing", "remnants": "ERW",
    "search_operation": "Search operation", "escalation_of_force": "Escalation of force",
}  # fmt: skip
_JUDGED = {  # what a party says of harm alleged against it: its word, grade, assessment, share
    "Confirmed": ("accepted_by_party", "credible", 0.86),
    "Disputed": ("contested", "pending", 0.05),
    "Not substantiated": ("discounted", "not_credible", 0.06),
    "Duplicate": ("single_source", "duplicate", 0.03),
}
_GRADED = {  # what is said of harm by others
    "Several sources": ("corroborated", "none", 0.76),
    "One source": ("single_source", "none", 0.20),
    "Sources disagree": ("contested", "none", 0.04),
}


def report(
    theatre: Theatre, plan: Plan, source: Source, incidents: pd.DataFrame, terrain: Terrain, rng: np.random.Generator
) -> pd.DataFrame:
    """Make a source's records, in the order of their dates.

    An incident without a death, or whose deaths the source missed, enters only if its injured are recorded.

    Returns
    -------
    DataFrame
        Columns of the schema (lists as text, separated by semicolons), longitude and latitude, incident (the true
        one), and rule: the fault that `write_files` gives the row, else null.
    """
    found = incidents[rng.random(len(incidents)) < _chance(theatre, plan, source, incidents, rng)]
    killed, hurt = found["killed"].to_numpy(), found["injured"].to_numpy()
    best = rng.binomial(killed, source.kept) + rng.poisson(0.04 * killed)
    doubtful = np.where(rng.random(len(found)) < 0.15, np.maximum(killed - best, 0), 0)
    injured = rng.binomial(hurt, source.kept) + rng.poisson(0.04 * hurt)
    recorded = (found["event_date"] >= pd.Timestamp(max(source.injuries_from, _EARLIEST))).to_numpy()
    enters = best + doubtful + np.where(recorded, injured, 0) > 0
    found, best, injured, doubtful, recorded = (part[enters] for part in (found, best, injured, doubtful, recorded))

    size = len(found)
    children = _counts(rng.binomial(best, 0.2), best > 0)
    channels = np.array(source.channels, dtype="object")[rng.integers(0, len(source.channels), size)]
    rows = pd.DataFrame(
        {
            "source": source.id,
            **_dates(source, found, rng),
            **_places(theatre, found, terrain, rng),
            **_attribution(theatre, plan, source, found, rng),
            **_ranges("civilians_killed", best, np.ones(size, bool), rng),
            **_ranges("civilians_injured", injured, recorded, rng),
            "children_killed_min": children,
            "children_killed_max": children,
            "status_unknown_killed": _counts(doubtful, doubtful > 0),
            **_grades(source, found, rng),
            "reported_via": channels[:, 0],
            "checked_via": np.where(channels[:, 1] == "", _NULL, channels[:, 1]),
            "rule": np.where(rng.random(size) < plan.faults, rng.choice(FAULTS, size), _NULL),
            "incident": found.index.to_numpy(),
        }
    )
    rows["caveats"] = np.where(rows["event_date_end"] > rows["event_date"], "date_range;", "")
    rows["caveats"] += np.where(rows["longitude"].isna(), "no_coordinates", "")
    rows = rows.sort_values(["event_date", "incident"], ignore_index=True)
    rows.loc[:0, "rule"] = None  # the first row has none before it whose id it could repeat
    rows["source_id"] = source.prefix + "-" + pd.Series(np.arange(1, size + 1)).astype("str").str.zfill(6)
    return rows.assign(source_row=np.arange(1, size + 1))


def _chance(
    theatre: Theatre, plan: Plan, source: Source, incidents: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray:
    """Give the chance that the source finds each incident; that of larger ones is higher."""
    presence = 1 - source.uneven * rng.random(len(theatre.boundaries))
    chance = incidents["party"].map(source.found).fillna(source.found_else).to_numpy(dtype="float64")
    chance = 1 - (1 - chance * presence[incidents["province"]]) ** (
        0.8 + 0.5 * np.log1p(incidents["killed"].to_numpy())
    )
    day = incidents["event_date"]
    for change in plan.recording_changes:
        if change.source == source.id:
            start, end = pd.Timestamp(change.start), pd.Timestamp(change.end)
            risen = ((day - start) / max(end - start, pd.Timedelta(days=1))).clip(0, 1).to_numpy()
            chance = chance * (change.factor_before + (1 - change.factor_before) * risen)
    return np.where(day >= pd.Timestamp(max(source.first_day, _EARLIEST)), chance, 0.0)


def _dates(source: Source, found: pd.DataFrame, rng: np.random.Generator) -> dict[str, Any]:
    """Date the records, some by the week or month only, never beyond the month; the report follows later."""
    day = found["event_date"].reset_index(drop=True)
    exact = rng.choice(schema.DATE_PRECISIONS[:3], len(day), p=_DATE_PRECISION_SHARES)
    first = day.dt.to_period("M").dt.start_time
    end = first + pd.offsets.MonthEnd(1)
    monday = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    start = day.mask(exact == "week", monday.clip(lower=first)).mask(exact == "month", first)
    last = day.mask(exact == "week", (monday + pd.Timedelta(days=6)).clip(upper=end)).mask(exact == "month", end)
    delay = np.floor(rng.lognormal(np.log(source.delay_days), 0.9, len(day)))
    return {
        "event_date": start.astype("datetime64[us]"),
        "event_date_end": last.astype("datetime64[us]"),
        "date_precision": exact,
        "reported_at": (last + pd.to_timedelta(delay, unit="D")).astype("datetime64[us]"),
    }


def _places(theatre: Theatre, found: pd.DataFrame, terrain: Terrain, rng: np.random.Generator) -> dict[str, Any]:
    """Place the records: exactly, at a settlement (about 1 km), a district's town, the capital, or in the country."""
    size = len(found)
    exact = rng.choice(schema.LOCATION_PRECISIONS, size, p=_PRECISION_SHARES)
    province, town = found["province"].to_numpy(), found["town"].to_numpy()
    true = found[["longitude", "latitude"]].to_numpy()
    steps = [
        (exact == "settlement", true.round(2)), (exact == "district", terrain.towns[province, town]),
        (exact == "province", terrain.towns[province, 0]), (exact == "country", np.tile(terrain.middle, (size, 1))),
    ]  # fmt: skip
    where = np.select([rows[:, None] for rows, _ in steps], [points for _, points in steps], true).round(5)
    where[(exact == "province") & (rng.random(size) < _PLACED_BY_NAME_ONLY)] = np.nan
    names = theatre.boundaries["name"].to_numpy(dtype="object")
    districts = np.array([[f"{name} district {n + 1}" for n in range(TOWNS)] for name in names], dtype="object")
    return {
        "location_precision": exact,
        "admin1_as_reported": np.where(exact == "country", _NULL, names[province]),
        "admin2": np.where(np.isin(exact, ("province", "country")), _NULL, districts[province, town]),
        "longitude": where[:, 0],
        "latitude": where[:, 1],
    }


def _attribution(
    theatre: Theatre, plan: Plan, source: Source, found: pd.DataFrame, rng: np.random.Generator
) -> dict[str, Any]:
    """Name the party in the source's words, none, or two of them; and the cause, unknown where nobody is named."""
    size = len(found)
    words = {
        party: source.words.get(party, (label,)) for party, label in theatre.parties[["party", "label"]].to_numpy()
    }
    shares = [plan.undetermined, plan.several, plan.contested]
    kind = rng.choice(
        ["undetermined", "several_alleged", "contested", "single"], size, p=[*shares, 1 - sum(shares)]
    ).astype("object")
    kind[(found["party"] == "undetermined").to_numpy()] = "undetermined"
    parties = sorted(set(found["party"]) - {"undetermined"}) or ["undetermined"]
    spelt = {party: np.array(each, dtype="object") for party, each in words.items()}
    named = np.full((2, size), None, dtype="object")
    others = np.array(parties, dtype="object")[rng.integers(0, len(parties), size)]
    for column, who in enumerate((found["party"].to_numpy(dtype="object"), others)):
        for party in spelt:
            rows = np.flatnonzero(who == party)
            named[column, rows] = spelt[party][rng.integers(0, len(spelt[party]), len(rows))]
    two = np.isin(kind, ("several_alleged", "contested")) & (others != found["party"].to_numpy(dtype="object"))
    kind[~two & np.isin(kind, ("several_alleged", "contested"))] = "single"
    text = named[0]
    text[two] = named[0][two] + "; " + named[1][two]
    text[kind == "undetermined"] = None
    cause = found["cause"].to_numpy(dtype="object")
    unclear = (kind == "undetermined") & (rng.random(size) < 0.2)
    said = pd.Series(cause).map(lambda code: _CAUSE_WORDS.get(code, schema.words(code)))
    return {
        "party_as_reported": text,
        "attribution": kind,
        "cause": np.where(unclear, "unknown", cause),
        "cause_as_reported": np.where(unclear, "Unknown", said),
    }


def _ranges(what: str, best: np.ndarray, known: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Give a best count with a minimum and a maximum; for half of the records the three are the same."""
    wide = rng.random(len(best)) < 0.5
    low = np.where(wide, rng.binomial(best, 0.9), best)
    high = np.where(wide, best + rng.poisson(0.12 * best), best)
    return {f"{what}_{end}": _counts(count, known) for end, count in (("min", low), ("best", best), ("max", high))}


def _counts(values: np.ndarray, known: np.ndarray) -> Any:
    return pd.arrays.IntegerArray(values.astype("int32"), ~known)


def _grades(source: Source, found: pd.DataFrame, rng: np.random.Generator) -> dict[str, Any]:
    """Grade the records: a party judges the harm alleged against it, the others are graded by their sources."""
    own = (found["party"] == source.own_party).to_numpy()
    tables = [
        np.array([(word, *said[:2]) for word, said in table.items()], dtype="object") for table in (_JUDGED, _GRADED)
    ]
    picked = [
        table[rng.choice(len(table), len(found), p=[share for *_, share in shares.values()])]
        for table, shares in zip(tables, (_JUDGED, _GRADED), strict=True)
    ]
    said = np.where(own[:, None], *picked)
    assessor = source.words.get(source.own_party, (source.id,))[0]
    return {
        "grade_as_reported": said[:, 0],
        "grade": said[:, 1],
        "assessment": said[:, 2],
        "assessed_by": np.where(own, assessor, _NULL),
    }
