"""Airwars' published incident table (flat CSV).

Counted: civilians killed and injured as minimum and maximum. Airwars gives no best estimate and none is made here,
neither a midpoint nor the minimum. Its grade *Confirmed* means that a belligerent has accepted responsibility.
Where several belligerents are named, each is one alleged party. Women, men and children are parts of the civilians.
Men are read to check that the parts fit the whole and are not kept: the incident table has women and children, whom
other sources count too, and what is left of the civilians is not the men, because of many nobody knows. Whether a
strike is declared, likely, contested or known from a single claim qualifies the attribution. The date 1970-01-01
stands for none, and a code that Airwars gave twice is made unique; both are said in the notes.

Source: Airwars, published methodology and grading (airwars.org); copyright Airwars.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from civmap.readers import columns as cols
from civmap.readers.faults import Fault, range_faults, read_basics
from civmap.readers.files import TextTable
from civmap.readers.result import Draft, ReadResult, begin, finish

NEEDED = ("code", "incident_date", "belligerents_original", "civilians_killed_min", "civilians_killed_max")
_PEOPLE = (
    "civilians_killed", "civilians_injured", "women_killed", "women_injured", "children_killed", "children_injured",
)  # fmt: skip
_BOUNDS = ("min", "max")
COLUMNS = (
    *NEEDED, "airwars_id", "incident_date_end", "local_time_original", "incident_first_reported", "location_en",
    "region_original", "governorate_original", "province_original", "district_original", "latitude", "longitude",
    "geolocation_accuracy", "strike_type_original", "strike_status_original", "civilian_harm_status_original",
    *(f"{people}_{bound}" for people in (*_PEOPLE, "men_killed", "men_injured") for bound in _BOUNDS),
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
# A likely or declared strike needs no caveat.
STRIKE = {"Contested strike": "strike_contested", "Single source claim": "strike_single_source"}
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
    records, notes = begin(table, COLUMNS)
    raw = records.columns
    ids, repeated = _ids(raw)
    basics = read_basics(
        raw,
        ids=ids,
        id_column="code",
        dates=("incident_date", "incident_date_end"),
        counts=[f"{people}_{bound}" for people in _PEOPLE for bound in _BOUNDS],
    )
    placeholder = (basics.start == EPOCH).to_numpy()
    faults = [
        Fault("date_placeholder", "incident_date", placeholder),
        *basics.faults,
        *range_faults(basics.people, _PEOPLE),
    ]
    province = _province(raw)
    accuracy = cols.translate(cols.text(raw, "geolocation_accuracy"), PLACE, default="district")
    precision = accuracy.mask(basics.no_point, "province")
    parties = cols.text(raw, "belligerents_original").str.replace(r"\s*,\s*", "; ", regex=True)
    grade, strike, kind, time = (
        cols.text(raw, name)
        for name in (
            "civilian_harm_status_original", "strike_status_original", "strike_type_original", "local_time_original",
        )
    )  # fmt: skip
    caveat = cols.translate(strike, STRIKE, default="")
    return finish(
        Draft(
            {
                "source_id": ids,
                "event_date": basics.start,
                "event_date_end": basics.end,
                "event_time_local": time.where(time.str.match(r"^\d{2}:\d{2}(:\d{2})?$", na=False)).str.slice(0, 5),
                "date_precision": cols.precision_of(basics.start, basics.end),
                "location_precision": precision.mask(basics.no_point & province.isna().to_numpy(), "country"),
                "admin1_as_reported": province,
                "admin2": cols.text(raw, "district_original"),
                "place": cols.text(raw, "location_en"),
                "party_as_reported": parties,
                "attribution": _attribution(parties, strike),
                "cause_as_reported": kind,
                "cause": _cause(kind),
                **basics.people,
                "grade_as_reported": grade,
                "grade": cols.translate(grade, GRADE, default="ungraded"),
                "assessment": cols.always("none", len(ids)),
                "reported_at": cols.dates(raw, "incident_first_reported")[0],
                "caveats": cols.caveat_lists(
                    len(ids),
                    {
                        "date_range": (basics.end > basics.start).to_numpy(),
                        "no_coordinates": basics.no_point,
                        "duplicate_code": repeated,
                        **{code: (caveat == code).to_numpy(dtype=bool) for code in STRIKE.values()},
                        "breakdown_disagrees": _breakdown_disagrees(raw, basics.people),
                    },
                ),
            },
            basics.longitude,
            basics.latitude,
            faults,
            notes + _notes(placeholder, repeated),
        ),
        records,
        table,
        reader="airwars",
        source=source,
    )


def _ids(raw: pa.Table) -> tuple[pd.Series, np.ndarray]:
    """Make each code unique: the oldest record keeps it, so that a code used again in a later release changes no id."""
    code = cols.text(raw, "code")
    repeated = code.duplicated(keep=False) & code.notna()
    number = pd.Series(cols.numbers(raw, "airwars_id")[0])
    later = repeated & (number > number.groupby(code).transform("min"))
    longer = code.str.cat(cols.codes(raw, "airwars_id"), sep="#", na_rep="")
    return code.mask(later, longer), repeated.to_numpy(dtype=bool)


def _province(raw: pa.Table) -> pd.Series:
    province = cols.text(raw, "governorate_original")
    for name in ("province_original", "region_original"):
        province = province.fillna(cols.text(raw, name))
    # "Al Shaher village, Ar Raqqa": where no column names the province, the place often ends with it
    return province.fillna(cols.text(raw, "location_en").str.extract(r",\s*([^,]+)$", expand=False))


def _breakdown_disagrees(raw: pa.Table, people: Mapping[str, pd.Series]) -> np.ndarray:
    """Find records whose women, men and children are more than their civilians, or whose men are turned around."""
    wrong = np.zeros(raw.num_rows, bool)
    for harm in ("killed", "injured"):
        men, most_men = (cols.numbers(raw, f"men_{harm}_{bound}")[0] for bound in _BOUNDS)
        most = people[f"civilians_{harm}_max"].to_numpy(dtype="float64", na_value=np.nan)
        least = [
            people[f"{part}_{harm}_min"].to_numpy(dtype="float64", na_value=np.nan) for part in ("women", "children")
        ]
        with np.errstate(invalid="ignore"):
            wrong |= (np.nansum([men, *least], axis=0) > most) | (men > most_men)
    return wrong


def _notes(placeholder: np.ndarray, repeated: np.ndarray) -> list[str]:
    notes = []
    if placeholder.any():
        notes.append(f"set aside because 1970-01-01 stands for no date: {placeholder.sum():,}")
    if repeated.any():
        notes.append(
            f"{repeated.sum():,} records share a code with another; the later ones have their Airwars id added"
        )
    return notes


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
