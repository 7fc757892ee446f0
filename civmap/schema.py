"""The incident table: its columns, types, units and allowed words.

Every reader fills these columns, the store keeps them, and the documentation prints them. Unknown is null, never 0.
Casualty dates are local to the theatre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from civmap.language import say

CRS = "EPSG:4326"
FINEST_CELL_RESOLUTION = 9  # H3; coarser cells are its parents by integer arithmetic

DATE_PRECISIONS = ("day", "week", "month", "year")
LOCATION_PRECISIONS = ("exact", "settlement", "district", "province", "country")
ATTRIBUTIONS = ("single", "joint", "several_alleged", "contested", "undetermined")
GRADES = ("accepted_by_party", "corroborated", "single_source", "contested", "discounted", "ungraded")
ASSESSMENTS = ("credible", "not_credible", "pending", "duplicate", "none")
CHANNELS = (
    "ground_team", "air_surveillance", "health_facility", "community", "media", "authority", "remote",
)  # fmt: skip
PLACED_BY = ("point", "nearest", "name", "country", "outside")

# Of published totals, activity and the theatre's other tables.
CERTAINTIES = ("confirmed", "secondary", "recalled")  # read at its origin, read elsewhere, remembered and not looked up
PUBLISHED_PRECISIONS = ("day", "month", "year", "unknown")
TALLY_MEASURES = (
    "killed", "injured", "casualties", "women_killed", "women_injured", "children_killed", "children_injured",
    "incidents", "casualties_percent",
)  # fmt: skip
ACTIVITY_MEASURES = ("sorties", "weapons_released", "strikes", "engagements", "troops")

CAUSE_PARENTS = {"fixed_wing": "aerial", "rotary": "aerial", "unmanned": "aerial"}
CAUSES = (
    "aerial", "fixed_wing", "rotary", "unmanned", "indirect_fire", "ground_engagement", "ied", "suicide_or_complex",
    "targeted_killing", "search_operation", "escalation_of_force", "remnants", "other", "unknown",
)  # fmt: skip

# Outside totals by default, and counted apart.
EXCLUDED_GRADES = ("discounted",)
EXCLUDED_ASSESSMENTS = ("not_credible", "duplicate")

WORDS = {
    "accepted_by_party": "accepted by a party", "single_source": "single source", "several_alleged": "several alleged",
    "ied": "improvised explosive device", "fixed_wing": "fixed-wing aircraft", "rotary": "rotary-wing aircraft",
    "unmanned": "unmanned aircraft", "suicide_or_complex": "suicide or complex attack",
    "indirect_fire": "indirect fire",
    "ground_engagement": "ground engagement", "targeted_killing": "targeted killing",
    "search_operation": "search operation", "escalation_of_force": "escalation of force",
    "remnants": "explosive remnants of war", "aerial": "air-delivered (all)",
}  # fmt: skip


def words(code: str) -> str:
    """Say a code of the schema in plain words.

    Examples
    --------
    >>> words("escalation_of_force"), words("contested")
    ('escalation of force', 'contested')
    """
    return say(WORDS.get(code, code.replace("_", " ")))


@dataclass(frozen=True)
class Column:
    """One column of the incident table: its type, what it means and which words it may hold."""

    name: str
    kind: str  # text, date, timestamp, count, int, list, cell
    meaning: str
    required: bool = False
    allowed: tuple[str, ...] = ()


def _counts(what: str, meaning: str, *, bounds: tuple[str, ...] = ("min", "best", "max")) -> list[Column]:
    return [Column(f"{what}_{bound}", "count", f"{meaning}, {bound} (people)") for bound in bounds]


_RANGE = ("min", "max")
INCIDENT: tuple[Column, ...] = (
    Column("source", "text", "id of the source or tally", required=True),
    Column("source_id", "text", "the source's own id of the record", required=True),
    Column("load_id", "text", "the load that brought the record; filled by the store"),
    Column("source_row", "int", "record number in the file, the first below the header is 1", required=True),
    Column("event_date", "date", "local date, first day where a range is given", required=True),
    Column("event_date_end", "date", "last local day", required=True),
    Column("event_time_local", "text", "local time HH:MM where the source gives one"),
    Column("date_precision", "text", "how exact the date is", required=True, allowed=DATE_PRECISIONS),
    Column("location_precision", "text", "how exact the place is", required=True, allowed=LOCATION_PRECISIONS),
    Column("admin1_as_reported", "text", "province in the source's words"),
    Column("admin1", "text", "province, ISO 3166-2; filled by placing"),
    Column("placed_by", "text", "how the record got its province; filled by placing", allowed=PLACED_BY),
    Column("admin2", "text", "district in the source's words"),
    Column("place", "text", "place in the source's words"),
    Column("cell", "cell", "H3 cell of resolution 9 around the point; filled by placing"),
    Column("party_as_reported", "text", "parties in the source's words, separated by '; '"),
    Column("parties", "list", "parties of the theatre; filled by placing"),
    Column("attribution", "text", "how sure the attribution is", required=True, allowed=ATTRIBUTIONS),
    Column("cause_as_reported", "text", "cause in the source's words"),
    Column("cause", "text", "cause of harm", required=True, allowed=CAUSES),
    *_counts("civilians_killed", "civilians killed"),
    *_counts("civilians_injured", "civilians injured"),
    *_counts("women_killed", "women killed", bounds=_RANGE),
    *_counts("women_injured", "women injured", bounds=_RANGE),
    *_counts("children_killed", "children killed", bounds=_RANGE),
    *_counts("children_injured", "children injured", bounds=_RANGE),
    Column("status_unknown_killed", "count", "killed, whether civilian is unknown (people)"),
    *_counts("all_killed", "everyone killed, fighters included"),
    Column("grade_as_reported", "text", "credibility in the source's words"),
    Column("grade", "text", "credibility", required=True, allowed=GRADES),
    Column("assessment", "text", "what the party concluded", required=True, allowed=ASSESSMENTS),
    Column("assessed_by", "text", "who assessed"),
    Column("assessed_at", "date", "date of the assessment"),
    Column("reported_via", "list", "channels of the report", allowed=CHANNELS),
    Column("checked_via", "list", "channels of the check", allowed=CHANNELS),
    Column("reported_at", "date", "date of the first report; of the last upload where the source gives only that"),
    Column("caveats", "list", "short codes of what is doubtful about this record", required=True),
)

COLUMN = {column.name: column for column in INCIDENT}
COUNT_COLUMNS = tuple(column.name for column in INCIDENT if column.kind == "count")

CAVEAT_WORDS = {
    "no_coordinates": "no coordinates; placed by the reported province",
    "nearest_province": "the point lies just outside the drawn border; placed in the nearest province",
    "province_disagrees": "the point and the reported province disagree",
    "named_province_only": "the point lies outside the theatre; placed by the reported province",
    "province_by_likeness": "the reported province's spelling is not in the theatre's list; matched by likeness",
    "stand_in_point": "the point only stands for the province; many records share it that name no other place",
    "area_redrawn": "the area did not hold the same provinces all through the period",
    "place_not_recognised": "no coordinates, and a province name that the theatre does not know",
    "outside_theatre": "outside the theatre",
    "coordinates_swapped": "outside the theatre, but inside it with latitude and longitude exchanged",
    "party_not_recognised": "a party that the theatre does not list",
    "range_disagrees": "the best estimate of everyone killed lies outside the source's own range",
    "date_range": "the source gives a range of days",
    "linear_or_fuzzy_place": "a road, river or region without borders; the point is a stand-in",
    "undecodable_text": "some characters of this row could not be decoded",
    "duplicate_code": "the source uses this code for several records",
    "breakdown_disagrees": "the source's women, men and children do not fit its number of civilians",
    "strike_contested": "the source calls the strike contested",
    "strike_single_source": "the source knows of the strike from a single claim",
    "preliminary": "from a preliminary release; the yearly one may change or drop it",
    "civilians_targeted": "civilians were the main or only target; how many of the dead were civilians is not said",
    "mines_with_ied": "the source does not tell improvised devices from mines and other explosives set off from afar",
}


def caveat(code: str) -> str:
    """Say a short code of what is doubtful about a record in plain words."""
    return say(CAVEAT_WORDS.get(code, code))


_PANDAS: dict[str, Any] = {
    "text": "str", "date": "datetime64[us]", "timestamp": "datetime64[us, UTC]", "count": "Int32", "int": "Int32",
    "list": pd.ArrowDtype(pa.list_(pa.string())), "cell": "UInt64",
}  # fmt: skip


def pandas_type(column: Column) -> Any:
    """Give the pandas type of a column."""
    return _PANDAS[column.kind]


def empty_column(column: Column, length: int) -> pd.Series:
    """Make a column of nulls with the right type."""
    if column.kind == "list":
        return pd.Series(pd.array(pa.nulls(length, pa.list_(pa.string())), dtype=_PANDAS["list"]))
    if column.kind in ("date", "timestamp"):
        return pd.Series(np.full(length, np.datetime64("NaT", "us"))).astype(_PANDAS[column.kind])
    if column.kind == "text":
        return pa.nulls(length, pa.large_string()).to_pandas().astype("str")
    width = {"cell": "uint64"}.get(column.kind, "int32")
    return pd.Series(pd.arrays.IntegerArray(np.zeros(length, width), np.ones(length, bool)))


def incident_frame(columns: dict[str, Any], geometry: Any, *, length: int) -> gpd.GeoDataFrame:
    """Assemble an incident frame: given columns are cast, the others are null, in the schema's order.

    Parameters
    ----------
    columns
        Values by column name, each of the given length.
    geometry
        Points in EPSG:4326 or null.
    length
        Number of records.

    Returns
    -------
    GeoDataFrame
        All columns of `INCIDENT` and `geometry`, with a plain range index.
    """
    data = {}
    for column in INCIDENT:
        if column.name in columns:
            data[column.name] = pd.Series(columns[column.name]).reset_index(drop=True).astype(_PANDAS[column.kind])
        else:
            data[column.name] = empty_column(column, length)
    frame = pd.DataFrame(data, index=pd.RangeIndex(length))
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(geometry, crs=CRS), crs=CRS)


def empty_incidents() -> gpd.GeoDataFrame:
    """Make an incident frame without rows but with all columns and types."""
    return incident_frame({}, [], length=0)


REJECTED_COLUMNS = (
    "file", "source", "source_row", "source_id", "rule", "column", "value", "expected", "other_faults", "row",
)  # fmt: skip


def empty_rejected() -> pd.DataFrame:
    """Make a frame of set-aside rows without rows."""
    return pd.DataFrame(
        {name: pd.Series(dtype="Int32" if name == "source_row" else "str") for name in REJECTED_COLUMNS}
    )
