"""What people decide about rows and records: mend and redact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from civmap.cli.terminal import Home, Json, TheatreName, plainly, say, working
from civmap.errors import ReadError, StoreError
from civmap.store import Store, default_home


def mend(
    file: Path,
    theatre: TheatreName,
    why: Annotated[str, typer.Option("--why", help="The reason; it stays with the records.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Take set-aside rows back from a CSV as the Data Quality page gives it, mended; those that pass are kept."""
    with plainly(as_json=as_json), working(f"Checking {file.name}"):
        try:
            rows = pd.read_csv(file, dtype="str", keep_default_na=False, encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            raise ReadError(f"{file.name} cannot be read as CSV.", found=str(error)[:200]) from error
        done = Store(home or default_home(), theatre).mend(rows, why=why)
    still = done.still_aside[["load_id", "source_row", "rule", "column", "value", "expected"]]
    faulty = still.astype("object").where(still.notna(), None).to_dict(orient="records")
    said = {"mended": len(done.records), "still_aside": len(still), "rows": faulty}
    lines = [
        f"record {row['source_row']}: {row['rule']}"
        + (f", {row['column']} = {row['value']}" if row["column"] else "")
        + (f"; expected {row['expected']}" if row["expected"] else "")
        for row in faulty
    ]
    counted = f"{said['mended']:,} mended and accepted, {said['still_aside']:,} still set aside."
    say(said, [counted, *lines], as_json=as_json)


def redact(
    theatre: TheatreName,
    where: Annotated[list[str], typer.Option("--where", help="column=value; given again, all must hold.")],
    why: Annotated[str, typer.Option("--why", help="The rule that asks for it; it stays.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Erase records from every load, for good; ids, the time and the rule stay."""
    with plainly(as_json=as_json):
        erased = Store(home or default_home(), theatre).redact(_conditions(where), why=why)
    said = {
        "erased": [list(one) for one in erased.records], "rows": erased.rows, "loads": list(erased.loads),
        "fingerprint_before": erased.fingerprint_before, "fingerprint_after": erased.fingerprint_after,
    }  # fmt: skip
    lines = [f"{len(erased.records):,} records erased, {erased.rows:,} set-aside rows emptied."]
    if erased.loads:
        lines.append(
            f"Exports made from these loads ({', '.join(erased.loads)}) can no longer be rebuilt: the store's "
            f"fingerprint was {erased.fingerprint_before} and is {erased.fingerprint_after}."
        )
    say(said, lines, as_json=as_json)


def _conditions(where: list[str]) -> dict[str, str]:
    """Take ``column=value`` apart; each column once, since no record has two values in one."""
    pairs = [condition.partition("=") for condition in where]
    columns = [column for column, _, _ in pairs]
    faulty = [condition for condition, (_, mark, value) in zip(where, pairs, strict=True) if not (mark and value)]
    faulty += [f"{column} twice" for column in dict.fromkeys(columns) if columns.count(column) > 1]
    if faulty:
        raise StoreError(
            "Say which records to erase.", found="; ".join(faulty), expected="column=value, each column once",
            next_step="Erase one record after the other where several values of a column are meant.",
        )  # fmt: skip
    return {column: value for column, _, value in pairs}
