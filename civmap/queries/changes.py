"""What a load changed: records that are new, changed field by field, or withdrawn."""

from __future__ import annotations

import pandas as pd

from civmap import schema
from civmap.errors import RecipeError
from civmap.language import mark, say
from civmap.store import Store

_NOT_COMPARED = (
    "source",
    "source_id",
    "load_id",
    "source_row",
    "cell",
    "parties",
    "caveats",
    "reported_via",
    "checked_via",
)
COMPARED = tuple(column.name for column in schema.INCIDENT if column.name not in _NOT_COMPARED)


def changes(store: Store, load_id: str) -> pd.DataFrame:
    """List what a load changed against what was known just before it.

    Parameters
    ----------
    load_id
        Id of a load.

    Returns
    -------
    DataFrame
        ``source``, ``source_id``, ``event_date``, ``what`` (new, changed, withdrawn), and for a change ``column``,
        ``before`` and ``after`` as text, one row each; sorted by what, date and id.

    Raises
    ------
    RecipeError
        When there is no such load.
    """
    loads = store.loads().set_index("load_id")
    if load_id not in loads.index:
        raise RecipeError(say("There is no load '{load}'.", load=load_id), expected=", ".join(loads.index))
    columns = ", ".join(COMPARED)
    brought = store.query(
        f"SELECT source, source_id, known_from, {columns} FROM incidents WHERE load_id = ? "
        "QUALIFY row_number() OVER (PARTITION BY source, source_id ORDER BY known_from) = 1",
        [load_id],
    )
    before = store.query(
        f"""SELECT incidents.source, incidents.source_id, {", ".join(f"incidents.{name}" for name in COMPARED)}
        FROM incidents JOIN (
            SELECT source, source_id, min(known_from) AS since FROM incidents WHERE load_id = $1 GROUP BY ALL
        ) AS brought ON brought.source = incidents.source AND brought.source_id = incidents.source_id
        WHERE load_id <> $1 AND known_from <= since AND (known_to IS NULL OR known_to >= since)
        QUALIFY row_number() OVER (
            PARTITION BY incidents.source, incidents.source_id ORDER BY known_from DESC) = 1""",
        [load_id],
    )
    key = ["source", "source_id"]
    both = brought.merge(before, on=key, how="left", suffixes=("", "_before"), indicator=True)
    new = both.loc[both["_merge"] == "left_only", [*key, "event_date"]].assign(what=mark("new"))
    known = both[both["_merge"] == "both"]
    changed = [_changed(known, name) for name in COMPARED]
    withdrawn = _withdrawn(store, load_id) if pd.notna(loads["complete_from"].loc[load_id]) else new.head(0)
    found = pd.concat([new, *changed, withdrawn], ignore_index=True)
    order = ["what", "event_date", "source_id"]
    return found.reindex(columns=[*key, "event_date", "what", "column", "before", "after"]).sort_values(
        order, ignore_index=True
    )


def _changed(known: pd.DataFrame, name: str) -> pd.DataFrame:
    after, before = known[name], known[f"{name}_before"]
    same = (after == before).fillna(False).to_numpy(dtype=bool)
    differs = ~same & ~(after.isna().to_numpy() & before.isna().to_numpy())
    rows = known.loc[differs, ["source", "source_id", "event_date"]]
    return rows.assign(what=mark("changed"), column=name, before=_text(before[differs]), after=_text(after[differs]))


def _text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m-%d")
    if pd.api.types.is_numeric_dtype(values):
        return values.astype("Int64").astype("str")
    return values.astype("str")


def _withdrawn(store: Store, load_id: str) -> pd.DataFrame:
    """List the records that end with this load although nothing takes their place."""
    found = store.query(
        """SELECT source, source_id, event_date FROM incidents AS ended
        WHERE load_id <> $1 AND source IN (SELECT source FROM incidents WHERE load_id = $1)
            AND known_to IN (SELECT known_from FROM incidents WHERE load_id = $1)
            AND NOT EXISTS (FROM incidents AS next WHERE next.source = ended.source
                AND next.source_id = ended.source_id AND next.known_from = ended.known_to)""",
        [load_id],
    )
    return found.assign(what=mark("withdrawn"))
