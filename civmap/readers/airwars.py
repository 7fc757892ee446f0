"""Airwars' published incident table (flat CSV).

Counted: civilians killed and injured as minimum and maximum. Airwars gives no best estimate and none is made here,
neither a midpoint nor the minimum. Its grade *Confirmed* means that a belligerent has accepted responsibility.
Where several belligerents are named, each is one alleged party.

Source: Airwars, published methodology and grading (airwars.org); copyright Airwars.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.readers import columns as cols
from civmap.readers.faults import Fault, date_faults, place_faults, range_faults
from civmap.readers.files import TextTable, read_records
from civmap.readers.result import Draft, ReadResult, finish

NEEDED = ("code", "incident_date", "belligerents_original", "civilians_killed_min", "civilians_killed_max")
_PEOPLE = (
    "civilians_killed", "civilians_injured", "women_killed", "women_injured", "children_killed", "children_injured",
)  # fmt: skip
COLUMNS = (
    *NEEDED, "airwars_id", "incident_date_end", "local_time_original", "incident_first_reported", "location_en",
    "region_original", "governorate_original", "province_original", "district_original", "latitude", "longitude",
    "geolocation_accuracy", "strike_type_original", "strike_status_original", "civilian_harm_status_original",
    *(f"{people}_{end}" for people in _PEOPLE for end in ("min", "max")),
)  # fmt: skip

GRADE = {
    "Confirmed": "accepted_by_party",
    "Fair": "corroborated",
    "Weak": "single_source",
    "Contested": "contested",
    "Contested, Discounted": "contested",
    "Discounted": "discounted",
}
PLACE = {
    **dict.fromkeys(
        ("exact_location", "exact_location_other", "exact_location_coalition", "within_1m", "within_100m", "street",
         "nearby_landmark"), "exact"),
    **dict.fromkeys(("village", "town", "city", "neighbourhood_area"), "settlement"),
    **dict.fromkeys(("subdistrict", "district"), "district"),
    "province_governorate": "province",
}  # fmt: skip
# One of the source's words each; a list of several kinds says that the kind is not known.
CAUSE = {
    "Airstrike": "aerial",
    "Drone Strike": "unmanned",
    "Artillery": "indirect_fire",
    "Naval bombardment": "indirect_fire",
    "Ground operation": "ground_engagement",
    "Counter-Terrorism Action (Ground)": "ground_engagement",
}
EPOCH = pd.Timestamp("1970-01-01")


def read_airwars(table: TextTable, *, source: str = "airwars") -> ReadResult:
    """Read Airwars' incident table into incident records.

    Parameters
    ----------
    table
        The opened file with at least the columns of `NEEDED`.
    source
        Id under which the records are kept.

    Returns
    -------
    ReadResult
        Records and the rows set aside.
    """
    records = read_records(table, COLUMNS)
    raw = records.columns
    start, bad_start = cols.dates(raw, "incident_date")
    end, bad_end = cols.dates(raw, "incident_date_end")
    reported, _ = cols.dates(raw, "incident_first_reported")
    latitude, bad_latitude = cols.numbers(raw, "latitude")
    longitude, bad_longitude = cols.numbers(raw, "longitude")
    people: dict[str, pd.Series] = {}
    faults = [
        Fault("date_placeholder", "incident_date", (start == EPOCH).to_numpy()),
        *date_faults(start, end, bad_start=bad_start, bad_end=bad_end, names=("incident_date", "incident_date_end")),
        *place_faults(latitude, longitude, bad_latitude | bad_longitude, names=("latitude", "longitude")),
    ]
    for name in (f"{people_of}_{bound}" for people_of in _PEOPLE for bound in ("min", "max")):
        people[name], bad = cols.counts(raw, name)
        faults.append(Fault("count_unreadable", name, bad))
    faults += range_faults(people, _PEOPLE)
    code = cols.text(raw, "code")
    repeated = code.duplicated(keep=False) & code.notna()
    # the oldest record keeps the code as its id, so that a code used again in a later release changes no id
    number = pd.Series(cols.numbers(raw, "airwars_id")[0])
    later = repeated & (number > number.groupby(code).transform("min"))
    ids = code.mask(later, code.str.cat(cols.text(raw, "airwars_id"), sep="#", na_rep=""))
    faults.append(Fault("id_missing", "code", ids.isna().to_numpy()))
    faults.append(Fault("id_repeated", "code", (ids.duplicated() & ids.notna()).to_numpy()))

    province = cols.text(raw, "governorate_original")
    for name in ("province_original", "region_original"):
        province = province.fillna(cols.text(raw, name))
    # "Al Shaher village, Ar Raqqa": where no column names the province, the place often ends with it
    province = province.fillna(cols.text(raw, "location_en").str.extract(r",\s*([^,]+)$", expand=False))
    no_point = np.isnan(latitude) | np.isnan(longitude)
    accuracy = cols.translate(cols.text(raw, "geolocation_accuracy"), PLACE, default="district")
    precision = accuracy.mask(no_point, "province").mask(no_point & province.isna().to_numpy(), "country")
    parties = cols.text(raw, "belligerents_original").str.replace(r"\s*,\s*", "; ", regex=True)
    grade = cols.text(raw, "civilian_harm_status_original")
    time = cols.text(raw, "local_time_original")
    return finish(
        Draft(
            {
                "source_id": ids,
                "event_date": start,
                "event_date_end": end.fillna(start),
                "event_time_local": time.where(time.str.match(r"^\d{2}:\d{2}(:\d{2})?$", na=False)).str.slice(0, 5),
                "date_precision": cols.precision_of(start, end),
                "location_precision": precision,
                "admin1_as_reported": province,
                "admin2": cols.text(raw, "district_original"),
                "place": cols.text(raw, "location_en"),
                "party_as_reported": parties,
                "attribution": _attribution(parties, cols.text(raw, "strike_status_original")),
                "cause_as_reported": cols.text(raw, "strike_type_original"),
                "cause": _cause(cols.text(raw, "strike_type_original")),
                **people,
                "grade_as_reported": grade,
                "grade": cols.translate(grade, GRADE, default="ungraded"),
                "assessment": cols.always("none", len(ids)),
                "reported_at": reported,
                "caveats": cols.caveat_lists(
                    len(ids),
                    {
                        "date_range": (end > start).to_numpy(),
                        "no_coordinates": no_point,
                        "duplicate_code": repeated.to_numpy(),
                    },
                ),
            },
            longitude,
            latitude,
            faults,
            [f"{int(repeated.sum())} records share a code with another; the later ones have their Airwars id added"]
            if repeated.any()
            else [],
        ),
        records,
        table,
        reader="airwars",
        source=source,
    )


def _attribution(parties: pd.Series, strike: pd.Series) -> pd.Series:
    named = parties.fillna("").str.count("; ").to_numpy() + 1
    unknown = parties.isna().to_numpy() | (parties.fillna("").str.casefold() == "unknown").to_numpy()
    contested = (strike == "Contested strike").to_numpy()
    several = np.where(contested, "contested", "several_alleged")
    return pd.Series(np.where(unknown, "undetermined", np.where(named > 1, several, "single")))


def _cause(strike_type: pd.Series) -> pd.Series:
    """Translate lists of kinds; aircraft of several kinds are aerial, anything else mixed is unknown."""
    translated = {}
    for words in strike_type.dropna().unique():
        kinds = {CAUSE.get(word.strip(), "unknown") for word in words.split(",")}
        aerial = kinds <= {"aerial", "unmanned"}
        translated[words] = kinds.pop() if len(kinds) == 1 else "aerial" if aerial else "unknown"
    return cols.translate(strike_type, translated, default="unknown")
