"""Simulated records as files: CSV in CivMap's own columns, and samples of air surveillance as Parquet."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import shapely

from civmap import schema
from civmap.simulate.faults import spoil
from civmap.simulate.passes import CORNERS
from civmap.simulate.simulated import Simulated

_PLACE = ("latitude", "longitude", "admin1_as_reported")  # a table without any of them is no table of incidents
_DEGREES = (*CORNERS, "sensor_longitude", "sensor_latitude")


def write_files(simulated: Simulated, folder: Path) -> list[Path]:
    """Write one CSV for each source and release, in CivMap's own columns, with the faults of `Truth.faults` put in.

    A release holds what was reported since the one before, and earlier records that it corrects; what was reported
    after a source's last release is in no file. The same data give the same bytes. Files are named ``<source>.csv``,
    or ``<source>-<day of release>.csv`` where the source has releases, and replaced where they exist.

    Returns
    -------
    list of Path
        The files, in the order of the sources and releases.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    truth = simulated.truth
    table = pd.concat([_table(simulated.records), _table(simulated.revisions)], ignore_index=True)
    if table.empty:
        return []
    empty = table.columns[table.isna().all()].difference([*_PLACE])
    table = table.drop(columns=empty)
    released = pd.concat([truth.matches["released"], truth.revisions["released"]], ignore_index=True)
    by_release = {source.id for source in truth.plan.sources if source.releases}
    written = released.notna() | ~table["source"].isin(by_release)
    table, name = table[written], table["source"].str.cat("-" + released.dt.strftime("%Y-%m-%d").fillna(""))
    files = []
    for stem, rows in table.groupby(name[written].str.rstrip("-"), sort=True):
        faults = truth.faults[truth.faults["source"] == rows["source"].iloc[0]]
        first = rows.index < len(simulated.records)  # a row is spoilt once; its correction is whole
        spoilt = spoil(rows[first].reset_index(drop=True), faults)
        files.append(folder / f"{stem}.csv")
        whole = pd.concat([spoilt, rows[~first]], ignore_index=True)
        pa_csv.write_csv(pa.Table.from_pandas(whole, preserve_index=False), files[-1])
    return files


def write_passes(passes: pd.DataFrame, file: Path) -> Path:
    """Write samples of air surveillance as Parquet: degrees as 32-bit floats (about a metre), words as a dictionary.

    The same samples give the same content.
    """
    table = pa.Table.from_pandas(passes, preserve_index=False)
    for name in _DEGREES:
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pc.round(table[name], 5).cast(pa.float32()))
    split = [*_DEGREES]  # degrees of one run lie close together: their first bytes repeat
    pq.write_table(
        table, file, compression="zstd", compression_level=12, use_dictionary=["pass_id", "platform", "sensor"],
        column_encoding=dict.fromkeys(split, "BYTE_STREAM_SPLIT"),
    )  # fmt: skip
    return file


def _table(records: gpd.GeoDataFrame) -> pd.DataFrame:
    """Give records as they stand in a file."""
    table = pd.DataFrame(records.drop(columns=["geometry", "load_id", "source_row", "caveats"]))
    table = table.drop(columns=["admin1", "placed_by", "cell", "parties"])
    points = records.geometry.to_numpy()
    table["latitude"], table["longitude"] = shapely.get_y(points), shapely.get_x(points)
    for name in ("reported_via", "checked_via"):
        table[name] = pc.binary_join(pa.array(table[name].array), ";").to_pandas().array
    for name in table.columns:
        if name in schema.COLUMN and schema.COLUMN[name].kind == "date":
            table[name] = pa.array(table[name].array).cast(pa.date32()).cast(pa.string()).to_pandas().array
    return table
