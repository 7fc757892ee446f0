"""What a source reports of the simulated incidents: which it finds, and what it gets wrong or leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from civmap import schema
from civmap.simulate.plan import Plan, Source
from civmap.simulate.world import TOWNS, Terrain
from civmap.theatre import Theatre

FAULTS = (
    "date_missing", "date_unreadable", "end_before_start", "place_missing", "coordinate_zero", "min_above_max",
    "code_unknown", "id_repeated", "coordinates_swapped",
)  # fmt: skip
_EARLIEST = date(1700, 1, 1)  # pandas reaches no further back
_PRECISION_SHARES = (0.20, 0.33, 0.23, 0.21, 0.03)  # in the order of `schema.LOCATION_PRECISIONS`
_DATE_PRECISION_SHARES = (0.955, 0.035, 0.010)  # day, week, month
_PLACED_BY_NAME_ONLY = 0.1  # share of the province placeholders that come without coordinates
_CAUSE_WORDS = {
    "aerial": "Air strike", "indirect_fire": "Indirect fire", "ground_engagement": "Ground engagement", "ied": "IED",
    "suicide_or_complex": "Suicide attack", "targeted_killing": "Targeted killing", "remnants": "ERW",
    "search_operation": "Search operation", "escalation_of_force": "Escalation of force",
}  # fmt: skip
# the source's word, grade, assessment, share: harm alleged against the party that keeps the tally, and all other harm
_JUDGED = (
    ("Confirmed", "accepted_by_party", "credible", 0.86), ("Disputed", "contested", "pending", 0.05),
    ("Not substantiated", "discounted", "not_credible", 0.06), ("Duplicate", "single_source", "duplicate", 0.03),
)  # fmt: skip
_GRADED = (
    ("Several sources", "corroborated", "none", 0.76), ("One source", "single_source", "none", 0.20),
    ("Sources disagree", "contested", "none", 0.04),
)  # fmt: skip
_WORDINGS = 6  # a party's wordings are repeated to this number, so that each comes as often as it is listed


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
    counts = pd.DataFrame(index=found.index)
    counts["best"] = rng.binomial(killed, source.kept) + rng.poisson(0.04 * killed)
    counts["doubtful"] = np.where(rng.random(len(found)) < 0.15, np.maximum(killed - counts["best"], 0), 0)
    counts["injured"] = rng.binomial(hurt, source.kept) + rng.poisson(0.04 * hurt)
    counts["injuries_recorded"] = found["event_date"] >= pd.Timestamp(max(source.injuries_from, _EARLIEST))
    enters = counts["best"] + counts["doubtful"] + counts["injured"].where(counts["injuries_recorded"], 0) > 0
    found, counts = found[enters], counts[enters]

    dates = _dates(source, found, rng)
    order = dates["event_date"].argsort(kind="stable")
    dates, found, counts = dates.iloc[order].reset_index(drop=True), found.iloc[order], counts.iloc[order]
    size = len(found)
    best, doubtful = counts["best"].to_numpy(), counts["doubtful"].to_numpy()
    children = _counts(rng.binomial(best, 0.2), best > 0)
    channel = rng.integers(0, len(source.channels), size)
    places = _places(theatre, found, terrain, rng)
    spoilt = (rng.random(size) < plan.faults) & ~np.isnan(places["longitude"])
    spoilt[1:] &= ~spoilt[:-1]  # a row may repeat the id of the one before, which must then be whole
    spoilt[:1] = False
    rows = dates.assign(
        source=_pick([source.id], np.zeros(size, "int64")),
        source_id=source.prefix + "-" + pd.Series(np.arange(1, size + 1)).astype("str").str.zfill(6),
        source_row=np.arange(1, size + 1),
        **places,
        **_attribution(theatre, plan, source, found, rng),
        **_ranges("civilians_killed", best, np.ones(size, bool), rng),
        **_ranges("civilians_injured", counts["injured"].to_numpy(), counts["injuries_recorded"].to_numpy(), rng),
        children_killed_min=children,
        children_killed_max=children,
        status_unknown_killed=_counts(doubtful, doubtful > 0),
        **_grades(source, found, rng),
        reported_via=_pick([reported for reported, _ in source.channels], channel),
        checked_via=_pick([checked or None for _, checked in source.channels], channel),
        rule=_pick(FAULTS, rng.integers(0, len(FAULTS), size), null=~spoilt),
        incident=found.index.array,
    )
    doubts = (rows["event_date_end"] > rows["event_date"]) + 2 * rows["longitude"].isna()
    return rows.assign(caveats=_pick(["", "date_range", "no_coordinates", "date_range;no_coordinates"], doubts))


def _pick(words: Sequence[str | None], codes: Any, *, null: Any = None) -> pd.Series:
    """Write out words by their number."""
    return pa.array(words, pa.string()).take(pa.array(np.asarray(codes), mask=null)).to_pandas()


def _chance(
    theatre: Theatre, plan: Plan, source: Source, incidents: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray:
    """Give the chance that the source finds each incident; that of larger ones is higher."""
    presence = 1 - source.uneven * rng.random(len(theatre.boundaries))
    by_stream = np.array([source.found.get(stream.party, source.found_else) for stream in plan.streams])
    chance = by_stream[incidents["stream"]] * presence[incidents["province"]]
    chance = 1 - (1 - chance) ** (0.8 + 0.5 * np.log1p(incidents["killed"].to_numpy()))
    day = incidents["event_date"]
    for change in plan.recording_changes:
        if change.source == source.id:
            start, end = pd.Timestamp(change.start), pd.Timestamp(change.end)
            risen = ((day - start) / max(end - start, pd.Timedelta(days=1))).clip(0, 1).to_numpy()
            chance = chance * (change.factor_before + (1 - change.factor_before) * risen)
    return np.where(day >= pd.Timestamp(max(source.first_day, _EARLIEST)), chance, 0.0)


def _dates(source: Source, found: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Date the records, some by the week or month only, never beyond the month; the report follows later."""
    day = found["event_date"].reset_index(drop=True)
    exact = rng.choice(3, len(day), p=_DATE_PRECISION_SHARES)
    first = day.dt.to_period("M").dt.start_time
    end = first + pd.offsets.MonthEnd(1)
    monday = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    start = day.mask(exact == 1, monday.clip(lower=first)).mask(exact == 2, first)
    last = day.mask(exact == 1, (monday + pd.Timedelta(days=6)).clip(upper=end)).mask(exact == 2, end)
    delay = np.floor(rng.lognormal(np.log(source.delay_days), 0.9, len(day)))
    days = {"event_date": start, "event_date_end": last, "reported_at": last + pd.to_timedelta(delay, unit="D")}
    frame = pd.DataFrame(days).astype("datetime64[us]")
    return frame.assign(date_precision=_pick(schema.DATE_PRECISIONS, exact))


def _places(theatre: Theatre, found: pd.DataFrame, terrain: Terrain, rng: np.random.Generator) -> dict[str, Any]:
    """Place the records: exactly, at a settlement (about 1 km), a district's town, the capital, or in the country."""
    size = len(found)
    exact, settlement, district, capital, country = range(5)  # in the order of `schema.LOCATION_PRECISIONS`
    precision = rng.choice(5, size, p=_PRECISION_SHARES)
    province, town = found["province"].to_numpy(), found["town"].to_numpy()
    where = found[["longitude", "latitude"]].to_numpy().copy()
    for known, points in (
        (settlement, where.round(2)), (district, terrain.towns[province, town]),
        (capital, terrain.towns[province, 0]), (country, np.tile(terrain.middle, (size, 1))),
    ):  # fmt: skip
        where[precision == known] = points[precision == known].round(5)
    where[(precision == capital) & (rng.random(size) < _PLACED_BY_NAME_ONLY)] = np.nan
    names = theatre.boundaries["name"].tolist()
    districts = [f"{name} district {number}" for name in names for number in range(1, TOWNS + 1)]
    return {
        "location_precision": _pick(schema.LOCATION_PRECISIONS, precision),
        "admin1_as_reported": _pick(names, province, null=precision == country),
        "admin2": _pick(districts, province * TOWNS + town, null=precision >= capital),
        "longitude": where[:, 0],
        "latitude": where[:, 1],
    }


def _attribution(
    theatre: Theatre, plan: Plan, source: Source, found: pd.DataFrame, rng: np.random.Generator
) -> dict[str, Any]:
    """Name the party in the source's words, none, or two of them; a fifth of those without a party has no cause."""
    size = len(found)
    parties = sorted({stream.party for stream in plan.streams})
    labels = dict(zip(theatre.parties["party"], theatre.parties["label"], strict=True))
    wordings = [np.resize(source.words.get(party, (labels.get(party, party),)), _WORDINGS) for party in parties]
    flat = [str(wording) for each in wordings for wording in each]
    stream = found["stream"].to_numpy()
    party = np.array([parties.index(each.party) for each in plan.streams])[stream]
    other = rng.integers(0, len(parties), size)
    first, second = (who * _WORDINGS + rng.integers(0, _WORDINGS, size) for who in (party, other))

    nobody, both_named, disputed, one = range(4)
    shares = [plan.undetermined, plan.several, plan.contested]
    kind = rng.choice(4, size, p=[*shares, 1 - sum(shares)])
    unnamed = np.array([each == "undetermined" for each in parties])
    kind[(kind != nobody) & ((party == other) | unnamed[other])] = one
    kind[unnamed[party]] = nobody
    two = (kind == both_named) | (kind == disputed)
    pairs = [f"{a}; {b}" for a in flat for b in flat]
    unclear = (kind == nobody) & (rng.random(size) < 0.2)
    cause = np.where(unclear, len(plan.streams), stream)
    causes = [each.cause for each in plan.streams] + ["unknown"]
    return {
        "party_as_reported": _pick(
            flat + pairs, np.where(two, len(flat) + first * len(flat) + second, first), null=kind == nobody
        ),
        "attribution": _pick(["undetermined", "several_alleged", "contested", "single"], kind),
        "cause": _pick(causes, cause),
        "cause_as_reported": _pick([_CAUSE_WORDS.get(code, schema.words(code)) for code in causes], cause),
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
    judged, graded = (rng.choice(len(t), len(found), p=[share for *_, share in t]) for t in (_JUDGED, _GRADED))
    code = np.where(own, judged, len(_JUDGED) + graded)
    word, grade, assessment, _ = zip(*_JUDGED, *_GRADED, strict=True)
    assessor = source.words.get(source.own_party, (source.id,))[0]
    return {
        "grade_as_reported": _pick(word, code),
        "grade": _pick(grade, code),
        "assessment": _pick(assessment, code),
        "assessed_by": _pick([assessor], np.zeros(len(found), "int64"), null=~own),
    }
