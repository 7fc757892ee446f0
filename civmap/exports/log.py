"""The audit log of exports: one line each, only ever added to, kept in the theatre's folder of the store.

A line is written in one piece and forced to disk; a line that a kill cut short is left alone and not read.
"""

from __future__ import annotations

import errno
import getpass
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from civmap import queries
from civmap.errors import StoreError
from civmap.exports import disclosure
from civmap.exports.prepared import Prepared
from civmap.filters import BOUNDS
from civmap.language import mark, say, speaking
from civmap.store import Store
from civmap.store.folders import refused

FILE = "exports.log"
_PEOPLE = {
    "killed_min": mark("killed, min"), "killed_best": mark("killed, best"), "killed_max": mark("killed, max"),
    "injured_min": mark("injured, min"), "injured_best": mark("injured, best"), "injured_max": mark("injured, max"),
}  # fmt: skip


def record(exported: Sequence[Prepared], store: Store, *, what: str, who: str | None = None) -> list[str]:
    """Add one line about an export, and say which earlier exports it differs from by one person.

    Parameters
    ----------
    exported
        What left, in its order.
    what
        Name of the file, without its folder.
    who
        Whose export it is; the user of this machine if not given.

    Returns
    -------
    list
        Warnings, a sentence each.

    Raises
    ------
    StoreError
        When the line cannot be written; then nothing may leave.
    """
    before = lines(store)
    with speaking("en"):  # whoever reads the log later need not know who exported
        rule = disclosure.rule(store)
    line = {
        "who": who or getpass.getuser(), "when": datetime.now(UTC).isoformat(timespec="seconds"), "what": what,
        "marking": exported[0].marking if exported else "", "rule": rule,
        "exhibits": [
            {"recipe": one.exhibit.recipe.to_dict(), "fingerprint": one.exhibit.fingerprint,
             "people": people(one, store)} for one in exported
        ],
    }  # fmt: skip
    _append(store, line)
    return _near(line, before)


def people(exported: Prepared, store: Store) -> dict[str, int]:
    """Count the people that an export is about; stays in the log and never leaves."""
    recipe = exported.exhibit.recipe
    found = queries.totals(store, recipe.filters, as_known_on=recipe.as_known_on)
    names = (f"{harm}_{bound}" for harm in ("killed", "injured") for bound in BOUNDS)
    return {name: int(found[name]) for name in names if found.get(name) is not None}


def lines(store: Store) -> list[dict[str, Any]]:
    """Read the log, oldest first; a line that was cut short is left out."""
    try:
        text = (store.folder / FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(
            say("The audit log {file} cannot be read, so nothing leaves.", file=store.folder / FILE),
            found=error.strerror, next_step=say("Make it readable for the user of this machine."),
        ) from error  # fmt: skip
    found = []
    for line in text.split("\n"):
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict):
            found.append(one)
    return found


def _append(store: Store, line: Mapping[str, Any]) -> None:
    text = json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n"
    file = store.folder / FILE
    try:
        handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            piece = (("\n" if torn else "") + text).encode()
            if os.write(handle, piece) < len(piece):  # a disk that fills up takes a part
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise refused(
            say("The export was not noted in the audit log, so nothing leaves."), store.folder, error
        ) from error


def _near(line: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> list[str]:
    """Find earlier exports whose counts of people differ from one of these by exactly one."""
    found = []
    earlier = [*before, line]
    for at, ours in enumerate(line["exhibits"]):
        for one in earlier:
            others = one.get("exhibits", [])[:at] if one is line else one.get("exhibits", [])
            for theirs in others:
                by_one = [
                    name for name, number in ours["people"].items()
                    if abs(number - theirs.get("people", {}).get(name, number)) == 1
                ]  # fmt: skip
                if by_one and _of_one_source(ours, theirs):
                    found.append(say(
                        "This export and the one of {when} ({file}) differ by one person ({counts}): whoever has both "
                        "may learn about that person. Send only one of them.", when=one["when"][:16].replace("T", " "),
                        file=one["what"], counts=", ".join(say(_PEOPLE.get(name, name)) for name in by_one),
                    ))  # fmt: skip
    return list(dict.fromkeys(found))


def _of_one_source(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    sources = {one["recipe"].get("filters", {}).get("source") for one in (ours, theirs)}
    return len(sources - {None}) <= 1
