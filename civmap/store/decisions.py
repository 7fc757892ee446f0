"""What people decide about records: append-only, dated, and seen through the same "as known on" as the records.

A decision is a small JSON file, written whole under its name or not at all; nothing is ever changed or taken back, a
later decision about the same record stands instead.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from civmap.errors import StoreError
from civmap.language import mark, say
from civmap.store.folders import refused

# what was decided -> the words for it; the first two are about records, the third about rows set aside, the last about
# a directive
KINDS = {
    "duplicates": mark("set apart as likely duplicates"),
    "restored": mark("counted again"),
    "mended": mark("rows mended and accepted"),
    "erased": mark("records erased"),
    "expectation": mark("expected of a directive before its result was shown"),
}
APART = {"duplicates": True, "restored": None}  # none: as the source assessed it


@dataclass(frozen=True)
class Decision:
    """One decision: what, about which records, by whom, when and why.

    `about` lists records as (source, source_id); `values` holds what was decided in detail.
    """

    decision_id: str
    kind: str
    decided_at: str
    who: str
    why: str
    about: tuple[tuple[str, str], ...]
    values: Mapping[str, Any] = field(default_factory=dict)


def decision(
    kind: str,
    about: Iterable[Sequence[str]],
    *,
    why: str,
    who: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> Decision:
    """Make a decision of this moment.

    Raises
    ------
    StoreError
        When nothing is decided about, or no reason is given.
    """
    records = tuple((str(source), str(source_id)) for source, source_id in about)
    if not records:
        raise StoreError(say("A decision is about at least one record."), next_step=say("Choose records first."))
    if not why.strip():
        raise StoreError(
            say("A decision needs its reason."), next_step=say("Say in a few words why; it stays with the records.")
        )
    moment = datetime.now(UTC).isoformat()
    stated = {"kind": kind, "decided_at": moment, "who": who or getpass.getuser(), "why": why.strip()}
    detail = dict(values or {})
    text = json.dumps([stated, records, detail], sort_keys=True, ensure_ascii=False)
    return Decision(hashlib.sha256(text.encode()).hexdigest()[:12], **stated, about=records, values=detail)


def write(folder: Path, made: Decision, *, name: str | None = None) -> None:
    """Keep a decision in a folder, whole or not at all."""
    file = folder / (name or f"{made.decision_id}.json")
    draft = file.with_name(f".{file.name}-{uuid.uuid4().hex}.tmp")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        draft.write_text(json.dumps(asdict(made), indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(draft, file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise refused(
            say("The decision could not be kept; everything is as it was before."), folder.parent, error
        ) from error


def files(root: Path) -> list[Path]:
    """List the decisions under a theatre's folder; those that made a load lie with it."""
    return sorted((root / "decisions").glob("[!.]*.json"))


def read(files: Iterable[Path]) -> list[Decision]:
    """Read decisions, oldest first.

    Raises
    ------
    StoreError
        When one is damaged.
    """
    found = []
    for file in files:
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            found.append(Decision(**{**values, "about": tuple((source, one) for source, one in values["about"])}))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise StoreError(
                say("The decision {name} is damaged.", name=file.name),
                found=str(error)[:200],
                next_step=say("Move the file {file} away; what it decided no longer holds then.", file=file),
            ) from error
    return sorted(found, key=lambda one: (one.decided_at, one.decision_id))


def frame(found: Sequence[Decision]) -> pd.DataFrame:
    """Give one row per record decided about: ``source, source_id, decided_at, kind, decision_id``, oldest first."""
    rows = [
        (source, source_id, one.decided_at, one.kind, one.decision_id)
        for one in found
        for source, source_id in one.about
    ]
    return pd.DataFrame(rows, columns=["source", "source_id", "decided_at", "kind", "decision_id"], dtype="str")
