"""Whether an export would still be the same: every exhibit of its manifest is built anew, and what differs is said."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from civmap import queries
from civmap.errors import CivMapError, ExportError
from civmap.exhibits import Recipe, build, words
from civmap.exports import manifest
from civmap.exports.prepare import prepare
from civmap.store import Store
from civmap.store.decisions import KINDS

_KINDS = {**KINDS, "marking": "marking set"}


@dataclass(frozen=True)
class Verification:
    """Whether everything would be the same, and what differs, a sentence each.

    `exhibits` and `files` say how many of each were looked at.
    """

    same: bool
    differences: tuple[str, ...]
    exhibits: int
    files: int


def verify(bundle: Path, home: Path) -> Verification:
    """Build the exhibits of a bundle anew and compare.

    Parameters
    ----------
    bundle
        A ZIP of CivMap, or a manifest.json of one by itself; then there are no files to compare.
    home
        Folder of the stores.

    Raises
    ------
    ExportError
        When it is neither, or cannot be read.
    """
    text, files = _opened(bundle)
    held = manifest.read(text, name=bundle.name)
    found = _files(held.get("files", {}), files) if files is not None else []
    stores: dict[str, Store] = {}
    for number, entry in enumerate(held["exhibits"], start=1):
        found += [f"Exhibit {number}: {line}" for line in _entry(entry, home, stores)]
    return Verification(not found, tuple(_gathered(found)), len(held["exhibits"]), len(files or {}))


def _opened(bundle: Path) -> tuple[str, dict[str, str] | None]:
    """Read the manifest, and a hash of each other file."""
    try:
        if bundle.suffix.lower() == ".json":
            return bundle.read_text(encoding="utf-8"), None
        with zipfile.ZipFile(bundle) as archive:
            if manifest.FILE not in archive.namelist():
                raise ExportError(
                    f"{bundle.name} holds no manifest.", expected=f"a bundle of CivMap with {manifest.FILE}"
                )
            names = [name for name in archive.namelist() if name != manifest.FILE]
            hashes = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names}
            return archive.read(manifest.FILE).decode("utf-8"), hashes
    except (OSError, UnicodeDecodeError, zipfile.BadZipFile, EOFError) as error:
        raise ExportError(
            f"{bundle.name} cannot be read.", found=str(error)[:200], expected="a bundle (.zip) or its manifest.json",
        ) from error  # fmt: skip


def _files(said: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Compare the files of the bundle with the hashes that were taken when it was made."""
    return [
        *(f"The file {name} is missing from the bundle." for name in said if name not in found),
        *(f"The file {name} was changed after the bundle was made." for name in said
          if name in found and found[name] != said[name]),
        *(f"The file {name} was added to the bundle." for name in found if name not in said),
    ]  # fmt: skip


def _entry(entry: Mapping[str, Any], home: Path, stores: dict[str, Store]) -> list[str]:
    """Build one exhibit anew; the reasons come first, and where none is found the result itself."""
    try:
        recipe = Recipe.from_dict(entry["recipe"])
        store = stores.setdefault(recipe.theatre, Store(home, recipe.theatre))
        reasons = _reasons(entry, store)
        now = prepare(build(recipe, store), store).manifest
    except CivMapError as error:
        return [f"It cannot be built anew. {error}"]
    except (KeyError, TypeError, AttributeError) as error:
        return [f"Its entry in the manifest is damaged: {error}."]
    same = now["result"] == entry.get("result")
    marked = [f"The marking was '{entry.get('marking')}' and is '{now['marking']}'."] * (
        entry.get("marking") != now["marking"]
    )
    rule = ["The disclosure rule is another one."] * (entry.get("disclosure") != now["disclosure"])
    if same:
        return [*marked, *rule]
    return [*marked, *rule, *(reasons or ["Its numbers or its sentence differ, and nothing here says why."])]


def _reasons(entry: Mapping[str, Any], store: Store) -> list[str]:
    """Say what is not as it was when the export was made: loads, decisions, theatre, code."""
    loads = store.loads().set_index("load_id")
    before = {one["load_id"]: one for one in entry["loads"]}
    said = []
    for load_id, one in before.items():
        label = store.theatre.source_label(one["source"])
        if load_id not in loads.index:
            said.append(f"The load {load_id} of {label}, known from {one['known_at'][:10]}, is missing.")
        elif (gone := int(loads.loc[load_id, "erased"]) - int(one["erased"])) > 0:
            said.append(f"{words.count(gone, 'record')} of the load {load_id} of {label} were erased.")
    said += [_revision(store, str(one)) for one in loads.index if one not in before]
    known = {one["decision_id"] for one in entry["decisions"]}
    said += [
        f"Decided since, {made.decided_at[:10]}, by {made.who}: {_KINDS.get(made.kind, made.kind)}, "
        f"{words.count(len(made.about), 'record')}."
        for made in store.decisions() if made.decision_id not in known
    ]  # fmt: skip
    now = {made.decision_id for made in store.decisions()}
    said += [f"The decision {one['decision_id']} of {one['decided_at'][:10]} is missing." for one in entry["decisions"]
             if one["decision_id"] not in now]  # fmt: skip
    if entry["theatre"]["fingerprint"] != store.theatre.fingerprint:
        said.append(f"The tables of the theatre {store.theatre.title} were changed.")
    return said + _versions(entry)


def _revision(store: Store, load_id: str) -> str:
    """Say what a load revised that came after the export: records, and civilians killed on balance."""
    load = store.loads().set_index("load_id").loc[load_id]
    found = queries.changes(store, load_id)
    records = found.drop_duplicates(["what", "source_id"])
    counted = records["what"].value_counts()
    said = [f"{words.number(counted[what])} {what}" for what in ("new", "changed", "withdrawn") if what in counted]
    label = store.theatre.source_label(str(load["source"]))
    killed = _killed(store, found, load_id)
    people = f", {killed:+,} killed" if killed is not None and len(records) else ""
    return (
        f"Data revised: the load {load_id} of {label}, known from {str(load['known_at'])[:10]}, came since: "
        f"{words.count(len(records), 'record')}{' (' + words.listed(said) + ')' if said else ''}{people}."
    )


def _killed(store: Store, found: pd.DataFrame, load_id: str) -> int | None:
    """Give the balance of civilians killed (best estimate, or the highest where a source has no best)."""
    ids = found.loc[found["what"].ne("changed"), ["source_id", "what"]].drop_duplicates()
    for column in ("civilians_killed_best", "civilians_killed_max"):
        changed = found[found["column"] == column]
        sums = [pd.to_numeric(changed[side]).fillna(0).sum() for side in ("after", "before")]
        values = store.query(
            f"SELECT source_id, load_id = ? AS ours, max({column}) AS value FROM incidents "
            "WHERE source = ? GROUP BY ALL", [load_id, str(store.loads().set_index("load_id").loc[load_id, "source"])],
        )  # fmt: skip
        if values["value"].isna().all():
            continue
        new = values[values["ours"] & values["source_id"].isin(ids.loc[ids["what"] == "new", "source_id"])]
        gone = values[values["source_id"].isin(ids.loc[ids["what"] == "withdrawn", "source_id"])]
        return int(sums[0] - sums[1] + new["value"].sum() - gone["value"].sum())
    return None


def _versions(entry: Mapping[str, Any]) -> list[str]:
    now = manifest.versions()
    said = []
    if entry["code_version"] != now["civmap"]:
        said.append(f"The code was CivMap {entry['code_version']} and is {now['civmap']}.")
    other = [f"{name} {was} and is {now[name]}" for name, was in entry["versions"].items() if now.get(name, was) != was]
    return said + ([f"Libraries: it was {words.listed(other)}."] if other else [])


def _gathered(lines: Iterable[str]) -> list[str]:
    """Say once what holds for several exhibits."""
    said: dict[str, list[str]] = {}
    for line in lines:
        head, _, rest = line.partition(": ")
        if head.startswith("Exhibit "):
            said.setdefault(rest, []).append(head.removeprefix("Exhibit "))
        else:
            said[line] = []
    return [
        f"{'Exhibits' if len(which) > 1 else 'Exhibit'} {words.listed(which)}: {rest}" if which else rest
        for rest, which in said.items()
    ]
