"""The two tables that questions are asked of, derived from the loads: ``incidents`` on disk, ``facts`` in memory.

`derive` writes every record with ``known_from`` and ``known_to`` as one Parquet file, which can be deleted at any
time; `connect` opens it. ``facts`` holds what is counted and filtered by: text as codes, people as the three figures
that are summed, in an order that lets a scan skip what totals leave out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd

from civmap import schema
from civmap.errors import StoreError
from civmap.filters import BOUNDS
from civmap.language import say
from civmap.store.decisions import APART
from civmap.store.folders import refused
from civmap.store.loads import check_records, describe, load_id_of, set_aside

FORMAT = 6  # raise when the derived table changes, so that old caches are made anew
WORDS = ("source", "admin1", "admin2", "location_precision", "date_precision", "cause", "grade")  # codes in `facts`
BITS = ("location_precision", "cause", "grade")  # few enough words for a bit each: any of them in one comparison
BIT_COLUMNS = (*(f"{name}_bits" for name in BITS), "party_bits")
FLAGS = ("discounted", "set_apart", "in_theatre", "civilian_harm")
MAX_PARTIES = 64
_KEPT_CACHES = 2  # another process may still be reading the one before

# A civilian maximum or a count of unknown status above 0; where only a minimum or a best is known, that counts.
_HARM = """(
    coalesce(civilians_killed_max, civilians_killed_best, civilians_killed_min, 0) > 0
    OR coalesce(civilians_injured_max, civilians_injured_best, civilians_injured_min, 0) > 0
    OR coalesce(status_unknown_killed, 0) > 0)"""


def open_connection() -> duckdb.DuckDBPyConnection:
    """Open a DuckDB in memory that holds nothing yet."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection


def connect(file: Path) -> duckdb.DuckDBPyConnection:
    """Open the derived table: the view ``incidents``, the table ``facts``, and the words as codes."""
    connection = open_connection()
    path = str(file).replace("'", "''")
    connection.execute(f"CREATE VIEW kept AS SELECT * FROM read_parquet('{path}')")
    encode(connection)
    words = ", ".join(f"{column}::{column}_word AS {column}" for column in WORDS)
    connection.execute(
        f"""CREATE TABLE facts AS
        SELECT {words}, event_date::DATE AS event_date,
            (12 * year(event_date) + month(event_date) - 1)::INTEGER AS month, map_cell, known_from, known_to,
            {", ".join((*FLAGS, *BIT_COLUMNS))}, {_people()}
        FROM incidents
        ORDER BY in_theatre AND NOT set_apart AND NOT discounted, incidents.known_to IS NULL, incidents.source,
            civilian_harm, incidents.admin1, incidents.event_date"""
    )
    return connection


def encode(connection: duckdb.DuckDBPyConnection) -> None:
    """Turn the words of the table ``kept`` into codes and bits, and show it with the bits as the view ``incidents``.

    `civmap.filters.conditions` speaks of a type ``{column}_word`` for each of `WORDS` and a function
    ``{column}_bit(word)`` and a column ``{column}_bits`` for each of `BITS` and for parties.
    """
    for column in WORDS:
        words = f"SELECT DISTINCT {column} FROM kept WHERE {column} IS NOT NULL ORDER BY 1"
        connection.execute(f"CREATE TYPE {column}_word AS ENUM ({words})")
    connection.execute("CREATE TYPE party_word AS ENUM (SELECT DISTINCT unnest(parties) FROM kept ORDER BY 1)")
    parties = connection.execute("SELECT len(enum_range(NULL::party_word))").fetchall()[0][0]
    if parties > MAX_PARTIES:
        raise StoreError(
            say("The theatre names too many parties."), found=str(parties),
            expected=say("at most {number}", number=MAX_PARTIES),
            next_step=say("Name fewer in the theatre's parties.csv; several spellings of one are its aliases."),
        )  # fmt: skip
    for name in (*BITS, "party"):  # a word that no record has is no bit at all
        bit = f"1::UBIGINT << enum_code(TRY_CAST(word AS {name}_word))"
        connection.execute(f"CREATE MACRO {name}_bit(word) AS coalesce({bit}, 0::UBIGINT)")
    bits = ", ".join(f"{name}_bit({name}) AS {name}_bits" for name in BITS)
    named = "coalesce(list_bit_or(list_transform(parties, lambda party: party_bit(party))), 0::UBIGINT) AS party_bits"
    connection.execute(f"CREATE VIEW incidents AS SELECT *, {bits}, {named} FROM kept")


def _people() -> str:
    """Give the figures of one record, such that a sum over records is the sum over their groups.

    A minimum that is not given adds nothing (never a silent minimum), a maximum that is not given is at least the best
    or the minimum. ``lacks_best`` marks a figure without a best estimate: the best of a group with one is null.
    """
    columns = []
    for people in ("killed", "injured"):
        low, best, high = (f"civilians_{people}_{end}" for end in BOUNDS)
        known = f"coalesce({high}, {best}, {low})"
        columns += [
            f"coalesce({low}, {best}, CASE WHEN {high} IS NOT NULL THEN 0 END) AS {people}_min",
            f"{best} AS {people}_best",
            f"{known} AS {people}_max",
            f"{known} IS NOT NULL AND {best} IS NULL AS {people}_lacks_best",
            f"coalesce({high}, 0) > 0 AND {low} IS NULL AND {best} IS NULL AS {people}_only_max",
        ]
    for end in BOUNDS:
        both = f"killed_{end} IS NULL AND injured_{end} IS NULL"
        total = f"coalesce(killed_{end}, 0) + coalesce(injured_{end}, 0)"
        columns.append(f"CASE WHEN {both} THEN NULL ELSE {total} END AS casualties_{end}")
    return ", ".join([*columns, "killed_lacks_best OR injured_lacks_best AS casualties_lacks_best"])


def derive(file: Path, folders: Sequence[Path], decided: pd.DataFrame, *, map_resolution: int) -> None:
    """Write every record of the loads with the time from which and to which it was what the source said.

    A record of a later release ends the one before; a release that is complete for a period ends those of its source
    that it no longer holds; a decision splits a record at its moment.

    Raises
    ------
    StoreError
        When a load is damaged or the disk refuses.
    """
    file.parent.mkdir(mode=0o700, exist_ok=True)
    draft = file.with_name(f".{file.name}-{os.getpid()}-{threading.get_ident()}.tmp")
    connection = open_connection()
    try:
        loads = describe(folders)
        connection.register("loads", loads[list(_LOAD_TIMES)])
        complete = set(loads.loc[loads["complete_from"].notna(), "load_id"])
        faulty = set_aside([folder for folder in folders if load_id_of(folder) in complete])
        connection.register("faulty", faulty[["load_id", "source", "source_id"]])
        apart = decided.assign(apart=decided["kind"].map(APART).astype("boolean"))
        connection.register("decided", apart[apart["kind"].isin(list(APART))])
        connection.register("nothing", pd.DataFrame(schema.empty_incidents().drop(columns="geometry")))
        records = ", ".join("'" + str(folder / "records.parquet").replace("'", "''") + "'" for folder in folders)
        source = (
            f"read_parquet([{records}])" if folders else "(SELECT *, {'x': 0.0, 'y': 0.0} AS geometry FROM nothing)"
        )
        known = "SELECT * EXCLUDE (released), NULL::TIMESTAMPTZ AS known_to FROM placed"
        if len(folders) > 1 or len(decided):  # over few columns, then joined to the many: a tenth of the time
            known = """SELECT placed.* EXCLUDE (known_from, released, set_apart),
                coalesce(pieces.apart, set_apart) AS set_apart, pieces.known_from, pieces.known_to
                FROM placed JOIN pieces USING (load_id, source, source_id)
                WHERE pieces.known_to IS NULL OR pieces.known_to > pieces.known_from"""
        quoted = str(draft).replace("'", "''")
        connection.execute(
            f"""COPY (
                WITH placed AS (
                    SELECT records.* EXCLUDE (geometry), geometry.x AS longitude, geometry.y AS latitude,
                        known_at::TIMESTAMPTZ AS known_from, released_at::TIMESTAMPTZ AS released,
                        {_HARM} AS civilian_harm,
                        list_contains({list(schema.EXCLUDED_GRADES)!r}, grade) AS discounted,
                        list_contains({list(schema.EXCLUDED_ASSESSMENTS)!r}, assessment) AS set_apart,
                        coalesce(placed_by <> 'outside', false) AS in_theatre,
                        {_map_cell(map_resolution)} AS map_cell
                    FROM {source} AS records JOIN loads USING (load_id)),
                {_PIECES}
                {known}
            ) TO '{quoted}' (FORMAT parquet, ROW_GROUP_SIZE 100000)"""
        )
        draft.replace(file)
    except (duckdb.Error, OSError) as error:
        for folder in folders:
            check_records(folder)
        raise refused(say("The table of all loads could not be made."), file.parent, error) from error
    finally:
        connection.close()
        draft.unlink(missing_ok=True)
    old = sorted(file.parent.glob("*.parquet"), key=lambda path: path.stat().st_mtime)[:-_KEPT_CACHES]
    for path in old:
        path.unlink(missing_ok=True)


# From when to when each version of a record held, and whether a decision set it apart then. A mended row belongs to
# the release that it came with (`released`), but was known only from the day on which it was mended.
_PIECES = """versions AS (
    SELECT load_id, source, source_id, event_date, known_from, released,
        min(known_from) OVER (PARTITION BY source, source_id ORDER BY released, known_from, load_id
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS replaced
    FROM placed),
complete AS (
    SELECT DISTINCT placed.source, loads.load_id, loads.released_at::TIMESTAMPTZ AS released,
        complete_from::DATE AS first_day, complete_to::DATE AS last_day
    FROM loads JOIN placed USING (load_id) WHERE complete_from IS NOT NULL),
present AS (
    SELECT load_id, source, source_id FROM placed
    UNION ALL SELECT load_id, source, source_id FROM faulty WHERE source_id IS NOT NULL),
withdrawals AS (
    SELECT versions.load_id, versions.source, versions.source_id, min(complete.released) AS withdrawn
    FROM versions JOIN complete ON complete.source = versions.source AND complete.released > versions.released
        AND versions.event_date BETWEEN first_day AND last_day
    WHERE NOT EXISTS (FROM present WHERE present.load_id = complete.load_id AND present.source = versions.source
        AND present.source_id = versions.source_id)
    GROUP BY ALL),
ended AS (
    SELECT load_id, source, source_id, known_from, least(replaced, withdrawn) AS known_to
    FROM versions LEFT JOIN withdrawals USING (load_id, source, source_id)),
timeline AS (
    SELECT source, source_id, apart, decided_at::TIMESTAMPTZ AS begins,
        lead(decided_at::TIMESTAMPTZ) OVER (PARTITION BY source, source_id ORDER BY decided_at, decision_id) AS until
    FROM decided
    UNION ALL SELECT source, source_id, NULL, NULL, min(decided_at::TIMESTAMPTZ) FROM decided GROUP BY ALL),
pieces AS (
    SELECT ended.load_id, ended.source, ended.source_id, apart, greatest(ended.known_from, begins) AS known_from,
        least(ended.known_to, until) AS known_to
    FROM ended LEFT JOIN timeline ON timeline.source = ended.source AND timeline.source_id = ended.source_id
        AND (begins IS NULL OR ended.known_to IS NULL OR begins < ended.known_to)
        AND (until IS NULL OR until > ended.known_from))"""
_LOAD_TIMES = ("load_id", "known_at", "released_at", "complete_from", "complete_to")


def parent_cell(resolution: int) -> str:
    """Give the H3 parent of ``cell`` by integer arithmetic: set the resolution, fill the finer digits with ones."""
    keep = ~(15 << 52) & (2**64 - 1)
    fill = (resolution << 52) | ((1 << 3 * (15 - resolution)) - 1)
    return f"((cell & {keep}::UBIGINT) | {fill}::UBIGINT)"


def _map_cell(fine: int) -> str:
    """Give the cell in which a record is drawn: none where the place is known no better than the province."""
    return f"""CASE WHEN location_precision IN ('exact', 'settlement') THEN {parent_cell(fine)}
        WHEN location_precision = 'district' THEN {parent_cell(fine - 1)} END"""
