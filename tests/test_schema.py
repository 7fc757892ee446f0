from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pandera.pandas as pa
import pytest
from pandera.errors import SchemaErrors

from civmap import schema
from civmap.placing import place
from civmap.readers import read
from civmap.store import Store
from civmap.theatre import Theatre


def incident_schema(*, placed: bool = False) -> pa.DataFrameSchema:
    """State the schema of accepted records from `schema.INCIDENT`: types, words, what must be there, order of bounds.

    `placed` adds what only placing fills.
    """

    def checks(column: schema.Column) -> list[pa.Check]:
        if column.kind == "count":
            return [pa.Check.ge(0)]
        if column.kind == "list" and column.allowed:
            return [pa.Check(lambda listed, allowed=set(column.allowed): set(listed) <= allowed, element_wise=True)]
        return [pa.Check.isin(column.allowed)] if column.allowed else []

    filled = {"placed_by", "parties"} if placed else set()
    columns = {
        column.name: pa.Column(
            None if column.kind == "list" else schema.pandas_type(column),
            checks(column),
            nullable=not column.required and column.name not in filled,
        )
        for column in schema.INCIDENT
    }
    return pa.DataFrameSchema(
        {**columns, "geometry": pa.Column("geometry", nullable=True)},
        checks=[pa.Check(_bounds_are_in_order, error="min <= best <= max"), pa.Check(_ends_after_start, error="dates")],
        strict=True,
        ordered=True,
        unique=["source", "source_id"],
    )


def _bounds_are_in_order(frame: pd.DataFrame) -> pd.Series:
    good = pd.Series(True, index=frame.index)
    for low in (name for name in schema.COUNT_COLUMNS if name.endswith("_min")):
        given = [frame[name] for end in ("min", "best", "max") if (name := low.replace("_min", f"_{end}")) in frame]
        for position, lower in enumerate(given):
            for upper in given[position + 1 :]:
                good &= (lower <= upper).fillna(True).astype(bool)
    return good


def _ends_after_start(frame: pd.DataFrame) -> pd.Series:
    return frame["event_date_end"] >= frame["event_date"]


def record(**change: Any) -> gpd.GeoDataFrame:
    values = {
        "source": "own", "source_id": "1", "source_row": 1, "event_date": pd.Timestamp("2010-05-01"),
        "event_date_end": pd.Timestamp("2010-05-01"), "date_precision": "day", "location_precision": "exact",
        "attribution": "single", "cause": "ied", "grade": "ungraded", "assessment": "none", "caveats": [], **change,
    }  # fmt: skip
    points = gpd.points_from_xy([69.2], [34.5])
    return schema.incident_frame({name: [value] for name, value in values.items()}, points, length=1)


def test_good_record_satisfies_the_schema() -> None:
    incident_schema().validate(record())


@pytest.mark.parametrize(
    "change",
    [{"cause": "magic"}, {"grade": None}, {"civilians_killed_min": -1}, {"source_id": None}, {"caveats": None},
     {"civilians_killed_min": 3, "civilians_killed_max": 2}, {"reported_via": ["rumour"]},
     {"event_date_end": pd.Timestamp("2010-04-30")}, {"event_date": None}],
)  # fmt: skip
def test_schema_refuses_a_bad_record(change: dict[str, Any]) -> None:
    with pytest.raises(SchemaErrors):
        incident_schema().validate(record(**change), lazy=True)


REFERENCE = ["ucdp/ucdp_ged_syria*.csv.gz", "ucdp/ucdp_ged_world*.csv", "airwars/*.csv.gz"]


@pytest.mark.reference
@pytest.mark.parametrize("file", REFERENCE)
def test_real_records_satisfy_the_schema(reference_data: Path, file: str, oir: Theatre) -> None:
    records = read(next(reference_data.glob(file))).records
    incident_schema().validate(records, lazy=True)
    incident_schema(placed=True).validate(place(records, oir), lazy=True)


def test_demonstration_satisfies_the_schema(tmp_path: Path, afghanistan: Theatre) -> None:
    store = Store(tmp_path, afghanistan)
    assert store.is_demonstration
    shown = store.incidents()
    assert len(shown)
    incident_schema(placed=True).validate(shown[[*schema.COLUMN, "geometry"]], lazy=True)


def test_empty_incidents_have_the_types_of_full_ones() -> None:
    incident_schema().validate(schema.empty_incidents())
    pd.testing.assert_series_equal(schema.empty_incidents().dtypes, record().dtypes)


def test_columns_that_are_not_given_are_null() -> None:
    frame = record()
    absent = [name for name in schema.COLUMN if name.startswith(("civilians", "women", "assessed", "cell", "parties"))]
    assert frame[absent].isna().all(axis=None)


@pytest.mark.parametrize("column", schema.INCIDENT, ids=lambda column: column.name)
def test_column_of_nulls_has_the_right_type_and_length(column: schema.Column) -> None:
    empty = schema.empty_column(column, 3)
    assert empty.isna().tolist() == [True] * 3
    assert empty.dtype == schema.pandas_type(column)


def test_every_code_has_words() -> None:
    codes = {code for column in schema.INCIDENT for code in column.allowed}
    assert all(schema.words(code).strip() and "_" not in schema.words(code) for code in codes)


def test_every_cause_parent_is_a_cause() -> None:
    assert set(schema.CAUSE_PARENTS) | set(schema.CAUSE_PARENTS.values()) <= set(schema.CAUSES)


def test_excluded_words_are_words_of_the_schema() -> None:
    assert set(schema.EXCLUDED_GRADES) <= set(schema.GRADES)
    assert set(schema.EXCLUDED_ASSESSMENTS) <= set(schema.ASSESSMENTS)


def test_names_of_columns_are_unique_and_explained() -> None:
    assert len(schema.COLUMN) == len(schema.INCIDENT)
    assert all(column.meaning for column in schema.INCIDENT)
