"""The same simulated files in each format that CivMap reads: which columns and which planted faults come through.

A reader that is new needs one entry in `FORMATS`; every property of the readers then holds it to account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from civmap.simulate import Simulated, write_files
from civmap.simulate.faults import FAULTS

ACCEPTED = frozenset({"coordinates_swapped"})  # degrees that exist: found when the record is placed, not when read


@dataclass(frozen=True)
class Format:
    """One format: how CivMap's own columns (as text, absent is empty) are put into it.

    Parameters
    ----------
    id
        The column that holds the record's id.
    convert
        A table in CivMap's own columns into one of the format's; none if they are the same.
    sets_aside
        The planted faults that its reader finds; the format cannot hold the others.
    carries
        The schema's columns that come through, with the column of the simulated records that each must be equal to.
    """

    id: str
    convert: Callable[[pd.DataFrame], pd.DataFrame] | None
    sets_aside: frozenset[str]
    carries: dict[str, str]

    def write(self, made: Simulated, folder: Path) -> list[Path]:
        """Write the simulated files, faults and all, one for each source and release."""
        files = write_files(made, folder)
        if self.convert is not None:
            for file in files:
                own = pd.read_csv(file, dtype="str", keep_default_na=False)
                own = own.reindex(columns=_OWN, fill_value="")
                # ten villages in each district, so that some are named as often as others
                village = own["admin2"].str.cat(own["source_id"].str[-1], sep=", village ")
                self.convert(own.assign(place=village.where(own["admin2"] != "", ""))).to_csv(file, index=False)
        return files


_PEOPLE = [f"{what}_{end}" for what in ("civilians_killed", "civilians_injured") for end in ("min", "best", "max")]
_OWN = [
    "source_id", "event_date", "event_date_end", "date_precision", "location_precision", "admin1_as_reported", "admin2",
    "party_as_reported", "attribution", "cause_as_reported", "cause", *_PEOPLE, "children_killed_min",
    "children_killed_max", "status_unknown_killed", "grade", "reported_at", "latitude", "longitude",
]  # fmt: skip


def _ucdp_ged(own: pd.DataFrame) -> pd.DataFrame:
    places = {"exact": "1", "settlement": "2", "district": "3", "province": "4", "country": "6"}
    sides = own["party_as_reported"].str.partition("; ")
    low, best, high = (own[f"civilians_killed_{end}"] for end in ("min", "best", "max"))
    turned = low.astype("float") > high.astype("float")
    return pd.DataFrame(
        {
            "id": own["source_id"],
            "type_of_violence": own["attribution"].map({"single": "3"}).fillna("1"),
            "where_prec": own["location_precision"].map(places).mask(own["cause"] == "unclear", "unclear"),
            "where_coordinates": own["place"],
            "adm_1": own["admin1_as_reported"],
            "adm_2": own["admin2"],
            "latitude": own["latitude"],
            "longitude": own["longitude"],
            "date_start": own["event_date"],
            "date_end": own["event_date_end"],
            "date_prec": own["date_precision"].map({"day": "1", "week": "3", "month": "4"}),
            "side_a": sides[0],
            "side_b": sides[2],
            "deaths_civilians": best,
            "deaths_unknown": own["status_unknown_killed"],
            "low": low,
            "best": best.mask(turned, "50"),  # between the planted 99 and 9: a range turned around
            "high": high,
        }
    )


def _airwars(own: pd.DataFrame) -> pd.DataFrame:
    places = {"exact": "exact_location", "settlement": "town", "district": "district",
              "province": "province_governorate"}  # fmt: skip
    grades = {"accepted_by_party": "Confirmed", "corroborated": "Fair", "single_source": "Weak",
              "contested": "Contested", "discounted": "Discounted"}  # fmt: skip
    causes = {"aerial": "Airstrike", "indirect_fire": "Artillery", "ground_engagement": "Ground operation"}
    # its accuracy has no word for the country; a planted (0, 0) stays
    unplaced = (own["location_precision"] == "country") & pd.to_numeric(own["latitude"]).ne(0)
    counts = {name: own[name] for name in _OWN if name.endswith(("_min", "_max"))}
    return pd.DataFrame(
        {
            "code": own["source_id"],
            "airwars_id": range(1, len(own) + 1),
            "incident_date": own["event_date"],
            "incident_date_end": own["event_date_end"],
            "incident_first_reported": own["reported_at"],
            "location_en": own["place"],
            "governorate_original": own["admin1_as_reported"],
            "district_original": own["admin2"],
            "latitude": own["latitude"].mask(unplaced, ""),
            "longitude": own["longitude"].mask(unplaced, ""),
            "geolocation_accuracy": own["location_precision"].map(places),
            "belligerents_original": own["party_as_reported"].str.replace("; ", ", "),
            "strike_status_original": own["attribution"].map({"contested": "Contested strike"}),
            "strike_type_original": own["cause"].map(causes),
            "civilian_harm_status_original": own["grade"].map(grades),
            **counts,
        }
    )


def _acled(own: pd.DataFrame) -> pd.DataFrame:
    places = {"exact": "1", "settlement": "1", "district": "2", "province": "3", "country": "3"}
    causes = {
        "aerial": "Air/drone strike", "indirect_fire": "Shelling/artillery/missile attack",
        "ied": "Remote explosive/landmine/IED", "suicide_or_complex": "Suicide bomb",
        "ground_engagement": "Armed clash", "unknown": "Attack",
    }  # fmt: skip
    sides = own["party_as_reported"].str.partition("; ")
    return pd.DataFrame(
        {
            "event_id_cnty": own["source_id"],
            "event_date": own["event_date"],
            "time_precision": own["date_precision"].map({"day": "1", "week": "2", "month": "3"}),
            "event_type": "Explosions/Remote violence",
            "sub_event_type": own["cause"].map(causes),
            "actor1": sides[0],
            "inter1": "Rebel group",
            "actor2": sides[2],
            "inter2": "Rebel group",
            "admin1": own["admin1_as_reported"],
            "admin2": own["admin2"],
            "location": own["place"],
            "latitude": own["latitude"],
            "longitude": own["longitude"],
            "geo_precision": own["location_precision"].map(places).mask(own["cause"] == "unclear", "unclear"),
            "fatalities": own["civilians_killed_best"],
        }
    )


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in ("event_date", "admin1_as_reported", "admin2", "party_as_reported", *names)}


FORMATS = {
    "civmap": Format(
        "source_id",
        None,
        frozenset(FAULTS) - ACCEPTED,
        _same(
            "event_date_end", "date_precision", "location_precision", "attribution", "cause", "cause_as_reported",
            "grade", "assessment", "assessed_by", "reported_at", "reported_via", "checked_via", "caveats", *_PEOPLE,
            "status_unknown_killed", "children_killed_min", "children_killed_max",
        ),
    ),
    "ucdp_ged": Format(
        "id",
        _ucdp_ged,
        frozenset(FAULTS) - ACCEPTED,
        _same(
            "event_date_end", "date_precision", "location_precision", "civilians_killed_best", "status_unknown_killed"
        ) | {f"all_killed_{end}": f"civilians_killed_{end}" for end in ("min", "best", "max")},
    ),
    "airwars": Format(
        "code",
        _airwars,
        # a place may be the country, a code may be used again, and no column has a codebook
        frozenset(FAULTS) - ACCEPTED - {"place_missing", "id_repeated", "code_unknown"},
        _same(
            "event_date_end", "location_precision", "grade", "reported_at", "children_killed_min",
            "children_killed_max", *(name for name in _PEOPLE if not name.endswith("best")),
        ),
    ),
    "acled": Format(
        "event_id_cnty",
        _acled,
        # one day and one figure for each event
        frozenset(FAULTS) - ACCEPTED - {"end_before_start", "min_above_max"},
        _same("date_precision", "cause") | {"all_killed_best": "civilians_killed_best"},
    ),
}  # fmt: skip
