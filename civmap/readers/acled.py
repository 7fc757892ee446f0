"""ACLED events: the current export and the older ones with numeric codes and other columns.

Counted: ``fatalities`` as everyone killed (``all_killed_*``), fighters included; it is one figure, the most cautious
of those reported, and 0 means that none was reported, which is not the same as none. ACLED counts no injured and does
not say who the dead were. So **no record of ACLED has a civilian count, and none is an incident with civilian harm**:
under that default nothing of ACLED is counted, which says that the source cannot tell and not that there was no harm.
Turn *only incidents with civilian harm* off to count its events. Events in which civilians were the main or only target
carry the caveat ``civilians_targeted``; those who died in fighting or in strikes on others are not among them.

Parties are the sides that are not civilians or protesters, each with those that ACLED associates with it. One such
side alone is *single*, or *joint* with others beside it; two that fight each other, or a side that is not identified,
leave it *undetermined*: the order of actors says nothing about who struck. Precision 1 is a town, not an exact place.
The timestamp is that of the last upload, not of the first report.

Source: ACLED Codebook, acleddata.com; Raleigh, Linke, Hegre & Karlsen (2010), Journal of Peace Research 47(5).
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa

from civmap.language import mark
from civmap.readers import columns as cols
from civmap.readers.faults import Fault, read_basics
from civmap.readers.files import TextTable
from civmap.readers.result import Draft, ReadResult, begin, finish

NEEDED = (
    "event_id_cnty", "event_date", "time_precision", "event_type", "actor1", "inter1", "latitude", "longitude",
    "geo_precision", "fatalities",
)  # fmt: skip
COLUMNS = (
    *NEEDED, "sub_event_type", "assoc_actor_1", "actor2", "assoc_actor_2", "inter2", "civilian_targeting", "admin1",
    "admin2", "location", "source_scale", "timestamp",
)  # fmt: skip
SPELLINGS = {
    "ally_actor_1": "assoc_actor_1", "ally_actor_2": "assoc_actor_2", "geo_precis": "geo_precision",
    "time_preci": "time_precision",
}  # fmt: skip
DATES = ("%d %B %Y", "%d-%B-%Y", "%d-%b-%Y", "%d %b %Y", "%d/%m/%Y")  # day first, as ACLED always writes

# 1 the day, 2 the week, 3 the month
DATE = {"1": "day", "2": "week", "3": "month"}
# 1 a town, 2 near a town or a small part of a region, 3 a region, often at the capital of the province
PLACE = {"1": "settlement", "2": "district", "3": "province"}
# inter1 and inter2: what kind of side it is, as a number until 2024 and in words since
SIDE = {
    **dict.fromkeys(
        ("1", "State forces", "2", "Rebel group", "Rebel groups", "Rebel forces", "3", "Political militia",
         "Political militias", "4", "Identity militia", "Identity militias", "5", "Rioters", "8",
         "External/Other forces", "External forces", "Other forces"), "party"),
    **dict.fromkeys(("6", "Protesters", "7", "Civilians"), "harmed"),
}  # fmt: skip
# names of those who are no party
_HARMED = re.compile(r"^(?:Civilians|Protesters|Women|Girls|Children)\b", re.IGNORECASE)
_UNSURE = r"^Unidentified|\band/or\b"  # "Unidentified Armed Group (Syria)", "Allied Syrian and/or Russian Forces"

# One of the source's words each: the sub-event, or the event where an old export has no sub-events.
CAUSE = {
    "Air/drone strike": "aerial",
    "Shelling/artillery/missile attack": "indirect_fire",
    "Remote explosive/landmine/IED": "ied",
    "Suicide bomb": "suicide_or_complex",
    **dict.fromkeys(
        ("Armed clash", "Government regains territory", "Non-state actor overtakes territory", "Battles",
         "Battle-No change of territory", "Battle-Government regains territory",
         "Battle-Non-state actor overtakes territory"), "ground_engagement"),
    **dict.fromkeys(
        ("Chemical weapon", "Grenade", "Sexual violence", "Abduction/forced disappearance", "Mob violence",
         "Violent demonstration", "Peaceful protest", "Protest with intervention", "Excessive force against protesters",
         "Riots", "Protests", "Riots/Protests", "Agreement", "Arrests", "Change to group/activity",
         "Disrupted weapons use", "Headquarters or base established", "Looting/property destruction",
         "Non-violent transfer of territory", "Other", "Strategic developments", "Strategic development"), "other"),
    # what was used is not said
    **dict.fromkeys(
        ("Attack", "Violence against civilians", "Explosions/Remote violence", "Remote violence"), "unknown"),
}  # fmt: skip
_MIXED_CAUSE = "Remote explosive/landmine/IED"
# Scales of the press; a local partner, new media and other sources may be anybody, alone or beside the press.
PRESS = {"subnational", "national", "regional", "international"}
_EARLIEST_UPLOAD = pd.Timestamp("2005-01-01")  # ACLED began then


def read_acled(table: TextTable, *, source: str = "acled") -> ReadResult:
    """Read an ACLED export into incident records.

    Notes, tags, names of media and other free text are not loaded.

    Parameters
    ----------
    table
        The opened file with at least the columns of `NEEDED`, in any letter case.
    source
        Id under which the records are kept.

    Returns
    -------
    ReadResult
        Records and the rows set aside. An export that gives each event once for each actor has every second row set
        aside as a repeated id.
    """
    records, notes = begin(table, COLUMNS, spellings=SPELLINGS)
    raw = records.columns
    ids, province = cols.text(raw, "event_id_cnty"), cols.text(raw, "admin1")
    basics = read_basics(
        raw,
        ids=ids,
        id_column="event_id_cnty",
        dates=("event_date", "event_date_end"),
        counts=("fatalities",),
        date_formats=DATES,
        province=province,
    )
    deaths = basics.people["fatalities"]
    place, uploaded, bad_upload = cols.codes(raw, "geo_precision"), *_uploaded(raw)
    faults = [
        *basics.faults,
        Fault("code_unknown", "geo_precision", ~place.isin(list(PLACE)).to_numpy(), mark("geo_precision 1 to 3")),
        Fault("date_unreadable", "timestamp", bad_upload, mark("seconds since 1970, or a date written YYYY-MM-DD")),
    ]
    parties, attribution, civilians_named = _parties(raw)
    kind = cols.text(raw, "sub_event_type").fillna(cols.text(raw, "event_type"))
    targeted = civilians_named
    if "civilian_targeting" in raw.column_names:
        targeted = cols.text(raw, "civilian_targeting").notna().to_numpy()
    return finish(
        Draft(
            {
                "source_id": ids,
                "event_date": basics.start,
                "event_date_end": basics.end,
                "date_precision": cols.translate(cols.codes(raw, "time_precision"), DATE, default="month"),
                "location_precision": cols.translate(place, PLACE, default="province").mask(
                    basics.no_point, "province"
                ),
                "admin1_as_reported": province,
                "admin2": cols.text(raw, "admin2"),
                "place": cols.text(raw, "location"),
                "party_as_reported": parties,
                "attribution": attribution,
                "cause_as_reported": kind,
                "cause": cols.translate(kind, CAUSE, default="unknown"),
                "all_killed_min": deaths,
                "all_killed_best": deaths,
                "all_killed_max": deaths,
                "grade": cols.always("ungraded", len(ids)),
                "assessment": cols.always("none", len(ids)),
                "reported_via": _channels(cols.text(raw, "source_scale")),
                "reported_at": uploaded,
                "caveats": cols.caveat_lists(
                    len(ids),
                    {
                        "civilians_targeted": targeted,
                        "mines_with_ied": (kind == _MIXED_CAUSE).to_numpy(dtype=bool),
                        "no_coordinates": basics.no_point,
                    },
                ),
            },
            basics.longitude,
            basics.latitude,
            faults,
            notes + _notes(deaths, targeted, uploaded),
        ),
        records,
        table,
        reader="acled",
        source=source,
    )


def _parties(raw: pa.Table) -> tuple[pd.Series, pd.Series, np.ndarray]:
    """Find the sides that are parties, how sure the attribution is, and the events in which civilians are a side."""
    names, is_party = [], []
    joint, unsure, civilians = (np.zeros(raw.num_rows, bool) for _ in range(3))
    for side in ("1", "2"):
        actor = cols.text(raw, f"actor{side}")
        kind = cols.translate(cols.codes(raw, f"inter{side}"), SIDE, default="")
        by_name = (kind == "").to_numpy() & cols.says(actor, _HARMED.pattern)
        party = actor.notna().to_numpy() & ~((kind == "harmed").to_numpy() | by_name)
        beside = _associates(cols.text(raw, f"assoc_actor_{side}")).where(party)
        names += [actor.where(party), beside]
        is_party.append(party)
        joint |= beside.notna().to_numpy()
        unsure |= party & cols.says(actor, _UNSURE)
        civilians |= cols.says(actor, r"^Civilians\b")
    alone = (is_party[0] ^ is_party[1]) & ~unsure
    attribution = cols.coded(["undetermined", "single", "joint"], np.where(alone, np.where(joint, 2, 1), 0))
    return cols.joined(*names), attribution, civilians


def _associates(listed: pd.Series) -> pd.Series:
    """Leave out of each list of associates those that are no party; null where none remains."""
    positions, distinct = pd.factorize(listed)  # null is -1, the last of the words
    split = ([name.strip() for name in names.split(";")] for names in distinct)
    kept = ["; ".join(name for name in names if name and not _HARMED.match(name)) or None for names in split]
    return cols.coded([*kept, None], positions)


def _channels(scale: pd.Series) -> pd.Series:
    """Say *media* where the source is the press and nothing else."""
    positions, distinct = pd.factorize(scale)  # null is -1, the last of the words
    press = ["media" if {*listed.casefold().split("-")} <= PRESS else None for listed in distinct]
    return cols.lists(cols.coded([*press, None], positions))


def _uploaded(raw: pa.Table) -> tuple[pd.Series, np.ndarray]:
    """Give the day (UTC) of each row's last upload and a mask of those that cannot be read."""
    seconds, unreadable = cols.numbers(raw, "timestamp")
    days = pd.to_datetime(pd.Series(seconds), unit="s", errors="coerce").dt.floor("D").astype("datetime64[us]")
    if unreadable.any():
        written, _ = cols.dates(raw, "timestamp")
        days = days.fillna(written)
    possible = days.between(_EARLIEST_UPLOAD, pd.Timestamp.now("UTC").tz_localize(None))
    given = cols.text(raw, "timestamp").notna().to_numpy()
    return days.where(possible), given & ~possible.to_numpy()


def _notes(deaths: pd.Series, targeted: np.ndarray, uploaded: pd.Series) -> list[str]:
    """Say what ACLED's figures are not, before anybody counts them."""
    notes = [
        f"ACLED does not say whose deaths it counts: the {deaths.sum():,} in this file are everyone's, and no record "
        f"counts as civilian harm; civilians were the main or only target in {targeted.sum():,} events with "
        f"{deaths[targeted].sum():,} deaths",
        f"events with 0 deaths: {(deaths == 0).sum():,}; none was reported, which is not the same as none",
    ]
    if uploaded.notna().any():
        notes.append(f"last upload of any event: {uploaded.max():%Y-%m-%d}; the export was made then or later")
    return notes
