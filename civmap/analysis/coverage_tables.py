"""Tables of coverage: partial sums of any number of batches, merged, and summed up over passes.

Sums are whole microseconds and bit masks, so the order in which they are merged does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from civmap.analysis.measuring_points import points_in_cell

PARTIAL = pa.schema(
    [("cell", pa.uint64()), ("day", pa.date32()), ("pass_id", pa.string()), ("assumed", pa.bool_()),
     ("microseconds", pa.int64()), ("mask", pa.uint64())]
)  # fmt: skip


def combine(table: pa.Table, *, assumed: bool = True) -> pd.DataFrame:
    """Sum partial coverage up over passes.

    Parameters
    ----------
    table
        What `partial_coverage` gave for any number of batches, one after another.
    assumed
        Whether assumed footprints count, where some were made.

    Returns
    -------
    DataFrame
        cell (H3, an integer), day, seconds (a footprint lay over some part of the cell; two sensors at once count
        both), looks (passes that touched it on that day), share (of the cell's measuring points that lay in some
        footprint that day), assumed_seconds (of the seconds, those of assumed footprints); sorted by day and cell.
    """
    if not assumed:
        table = table.filter(pc.invert(table["assumed"]))
    whole = merged([table])
    frame = pd.DataFrame({name: whole[name].to_numpy() for name in ("cell", "microseconds", "mask", "assumed")})
    frame["day"] = pd.Series(whole["day"].cast(pa.timestamp("s")).to_numpy()).astype("datetime64[us]")
    frame["pass"] = pc.dictionary_encode(whole["pass_id"]).combine_chunks().indices.to_numpy() if len(frame) else []
    frame["assumed_us"] = frame["microseconds"].where(frame["assumed"], 0)
    frame = frame.sort_values(["day", "cell", "pass"], ignore_index=True)
    begins = np.flatnonzero(changes(frame["day"].to_numpy(), frame["cell"].to_numpy()))
    if not len(begins):
        return pd.DataFrame(
            {"cell": np.array([], "uint64"), "day": pd.Series(dtype="datetime64[us]"), "seconds": np.array([], float),
             "looks": np.array([], "int64"), "share": np.array([], float), "assumed_seconds": np.array([], float)}
        )  # fmt: skip
    new_pass = changes(frame["day"].to_numpy(), frame["cell"].to_numpy(), frame["pass"].to_numpy())
    made = frame.iloc[begins][["cell", "day"]].reset_index(drop=True)
    made["seconds"] = np.add.reduceat(frame["microseconds"].to_numpy(), begins) / 1e6
    made["looks"] = np.add.reduceat(new_pass.astype("int64"), begins)
    mask = np.bitwise_or.reduceat(frame["mask"].to_numpy(), begins)
    made["share"] = np.bitwise_count(mask) / points_in_cell(made["cell"].to_numpy())
    made["assumed_seconds"] = np.add.reduceat(frame["assumed_us"].to_numpy(), begins) / 1e6
    return made


def merged(tables: Sequence[pa.Table]) -> pa.Table:
    """Sum partial tables up by cell, day, pass and kind."""
    table = pa.concat_tables([*tables]) if tables else PARTIAL.empty_table()
    if not table.num_rows:
        return PARTIAL.empty_table()
    ids = pc.dictionary_encode(table["pass_id"]).combine_chunks()
    ids = ids.chunk(0) if isinstance(ids, pa.ChunkedArray) else ids
    cell, day = table["cell"].to_numpy(), table["day"].cast(pa.int32()).to_numpy().astype("int64")
    code = (day * len(ids.dictionary) + ids.indices.to_numpy()) * 2 + table["assumed"].to_numpy()
    order = np.lexsort((cell, code))
    cell, code = cell[order], code[order]
    begins = np.flatnonzero(changes(code, cell))
    rows = pa.array(order[begins])
    return pa.table(
        {
            "cell": cell[begins], "day": table["day"].take(rows), "pass_id": table["pass_id"].take(rows),
            "assumed": table["assumed"].take(rows),
            "microseconds": np.add.reduceat(table["microseconds"].to_numpy()[order], begins),
            "mask": np.bitwise_or.reduceat(table["mask"].to_numpy()[order], begins),
        },
        schema=PARTIAL,
    )  # fmt: skip


def changes(*keys: np.ndarray) -> np.ndarray:
    """Say which rows of sorted keys differ from the one before."""
    new = np.zeros(len(keys[0]), bool)
    new[:1] = True
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    return new
