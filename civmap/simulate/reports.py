"""What a source reports of the incidents it finds: what it counts, gets wrong or leaves open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from civmap import schema
from civmap.simulate.columns import counts, pick, ranges
from civmap.simulate.detection import FOUND_BY, detect, missed, moment
from civmap.simulate.faults import choose_faults
from civmap.simulate.plan import Plan, Source
from civmap.simulate.revisions import release_numbers, released_on
from civmap.simulate.terrain import TOWNS, Terrain
from civmap.theatre import Theatre

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
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make a source's records as first reported, in the order of their dates, and what it missed.

    An incident without a death, or whose deaths the source missed, enters only if its injured are recorded.

    Returns
    -------
    tuple of DataFrame
        The records: columns of the schema (lists as text, separated by semicolons), longitude and latitude; incident
        (the true one), found_by, released (the release that brings it; null if none does), and rule, the fault that
        `write_files` gives the row, else null. And what it missed: source, incident, reason.
    """
    how, scope = detect(theatre, plan, source, incidents, rng)
    found = incidents.assign(how=how)[how > 0]
    people = _people(source, found, rng)
    enters = people["killed"] + people["doubtful"] + people["injured"].where(people["injuries_recorded"], 0) > 0
    found, people = found[enters], people[enters]
    kept = how > 0
    kept[kept] = enters
    lost = missed(source, incidents.index, scope, how, kept)

    dates = _dates(source, found, rng)
    order = dates["event_date"].argsort(kind="stable")
    dates, found, people = dates.iloc[order].reset_index(drop=True), found.iloc[order], people.iloc[order]
    size = len(found)
    killed, doubtful = people["killed"].to_numpy(), people["doubtful"].to_numpy()
    children = counts(rng.binomial(killed, 0.2), killed > 0)
    places = _places(theatre, found, terrain, rng)
    release = release_numbers(source, dates["reported_at"])
    whole = np.isnan(places["longitude"]) | (release < 0)
    rows = dates.assign(
        source=pick([source.id], np.zeros(size, "int64")),
        source_id=source.prefix + "-" + pd.Series(np.arange(1, size + 1)).astype("str").str.zfill(6),
        source_row=np.arange(1, size + 1),
        **places,
        **_attribution(theatre, plan, source, found, rng),
        **ranges("civilians_killed", killed, np.ones(size, bool), rng),
        **ranges("civilians_injured", people["injured"].to_numpy(), people["injuries_recorded"].to_numpy(), rng),
        children_killed_min=children,
        children_killed_max=children,
        status_unknown_killed=counts(doubtful, doubtful > 0),
        **_grades(source, found, rng),
        **_channels(source, found["how"].to_numpy(), rng),
        found_by=pick(FOUND_BY, found["how"]),
        released=released_on(source, release),
        rule=choose_faults(plan.faults, file=release, has_point=~whole, rng=rng),
        incident=found.index.array,
    )
    doubts = (rows["event_date_end"] > rows["event_date"]) + 2 * rows["longitude"].isna()
    return rows.assign(caveats=pick(["", "date_range", "no_coordinates", "date_range;no_coordinates"], doubts)), lost


def _people(source: Source, found: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Count as the source does: a share of those killed, a few too many, some of them of unknown status."""
    killed, hurt = found["killed"].to_numpy(), found["injured"].to_numpy()
    people = pd.DataFrame(index=found.index)
    people["killed"] = rng.binomial(killed, source.kept) + rng.poisson(0.04 * killed)
    people["doubtful"] = np.where(rng.random(len(found)) < 0.15, np.maximum(killed - people["killed"], 0), 0)
    people["injured"] = rng.binomial(hurt, source.kept) + rng.poisson(0.04 * hurt)
    people["injuries_recorded"] = found["event_date"] >= moment(source.injuries_from)
    return people


def _channels(source: Source, how: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Say how a record was reported and checked, other for what was seen from the air alone or too."""
    pairs = source.channels + source.air_channels
    ground = rng.integers(0, len(source.channels), len(how))
    air = len(source.channels) + rng.integers(0, len(source.air_channels), len(how))
    channel = np.where(how >= FOUND_BY.index("air"), air, ground)
    return {
        "reported_via": pick([reported for reported, _ in pairs], channel),
        "checked_via": pick([checked or None for _, checked in pairs], channel),
    }


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
    return frame.assign(date_precision=pick(schema.DATE_PRECISIONS, exact))


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
        "location_precision": pick(schema.LOCATION_PRECISIONS, precision),
        "admin1_as_reported": pick(names, province, null=precision == country),
        "admin2": pick(districts, province * TOWNS + town, null=precision >= capital),
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
        "party_as_reported": pick(
            flat + pairs, np.where(two, len(flat) + first * len(flat) + second, first), null=kind == nobody
        ),
        "attribution": pick(["undetermined", "several_alleged", "contested", "single"], kind),
        "cause": pick(causes, cause),
        "cause_as_reported": pick([_CAUSE_WORDS.get(code, schema.words(code)) for code in causes], cause),
    }


def _grades(source: Source, found: pd.DataFrame, rng: np.random.Generator) -> dict[str, Any]:
    """Grade the records: a party judges the harm alleged against it, the others are graded by their sources."""
    own = (found["party"] == source.own_party).to_numpy()
    judged, graded = (rng.choice(len(t), len(found), p=[share for *_, share in t]) for t in (_JUDGED, _GRADED))
    code = np.where(own, judged, len(_JUDGED) + graded)
    word, grade, assessment, _ = zip(*_JUDGED, *_GRADED, strict=True)
    assessor = source.words.get(source.own_party, (source.id,))[0]
    return {
        "grade_as_reported": pick(word, code),
        "grade": pick(grade, code),
        "assessment": pick(assessment, code),
        "assessed_by": pick([assessor], np.zeros(len(found), "int64"), null=~own),
    }
