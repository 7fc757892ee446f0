"""Whether an export would still be the same: every exhibit of its manifest is built anew, and what differs is said."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
from lxml import etree

from civmap import queries, schema
from civmap.errors import CivMapError, ExportError
from civmap.exhibits import Recipe, build, words
from civmap.exports import manifest
from civmap.exports.prepare import prepare
from civmap.store import Store
from civmap.store.decisions import KINDS
from civmap.theatre_settings import NAME

_PROPERTIES = "docProps/custom.xml"  # of a deck
_UNREADABLE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError)


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
    """Build the exhibits of a bundle anew and compare what they say and all their numbers.

    Parameters
    ----------
    bundle
        A ZIP of CivMap; or its manifest.json, or a deck of CivMap: then there are no other files to compare.
    home
        Folder of the stores.

    Raises
    ------
    ExportError
        When it is none of these or cannot be read, or there is no such home.
    """
    text, files = _opened(bundle)
    held = manifest.read(text, name=bundle.name)
    if not home.is_dir():
        raise ExportError(f"There is no folder {home}.", expected="the folder of the stores")
    found = _files(held.get("files", {}), files) if files is not None else []
    open_store = cache(partial(Store, home))
    for number, entry in enumerate(held["exhibits"], start=1):
        found += [f"Exhibit {number}: {line}" for line in _entry(entry, open_store)]
    return Verification(not found, tuple(_gathered(found)), len(held["exhibits"]), len(files or {}))


def _opened(bundle: Path) -> tuple[str, dict[str, str] | None]:
    """Read the manifest, and a hash of each other file of a bundle."""
    try:
        if bundle.suffix.lower() == ".json":
            return bundle.read_text(encoding="utf-8-sig"), None
        with zipfile.ZipFile(bundle) as archive:
            names = set(archive.namelist())
            if _PROPERTIES in names and manifest.FILE not in names:
                return _of_deck(archive.read(_PROPERTIES)), None
            if manifest.FILE not in names:
                raise ExportError(
                    f"{bundle.name} holds no manifest.", expected=f"a bundle of CivMap with {manifest.FILE}"
                )
            hashes = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in sorted(names - {manifest.FILE})}
            return archive.read(manifest.FILE).decode("utf-8"), hashes
    except _UNREADABLE as error:
        raise ExportError(
            f"{bundle.name} cannot be read.", found=str(error)[:200],
            expected="a bundle (.zip), its manifest.json or a deck (.pptx)",
        ) from error  # fmt: skip


def _of_deck(properties: bytes) -> str:
    """Read the manifest that a deck carries in its custom properties."""
    tree = etree.fromstring(properties, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    found = tree.xpath("string(//*[local-name() = 'property'][@name = 'CivMap manifest'])")
    return str(found) or "{}"


def _files(said: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Compare the files of the bundle with the hashes that were taken when it was made."""
    return [
        *(f"The file {name} is missing from the bundle." for name in said if name not in found),
        *(f"The file {name} was changed after the bundle was made." for name in said
          if name in found and found[name] != said[name]),
        *(f"The file {name} was added to the bundle." for name in found if name not in said),
    ]  # fmt: skip


def _entry(entry: Mapping[str, Any], open_store: Callable[[str], Store]) -> list[str]:
    """Build one exhibit anew; where it says something else, say why as far as that can be told."""
    try:
        recipe = Recipe.from_dict(entry["recipe"])
        if not re.fullmatch(NAME, recipe.theatre):  # a file that was sent must not open a folder of this machine
            return [f"The theatre '{recipe.theatre[:60]}' is no name of one."]
        store = open_store(recipe.theatre)
        try:
            now = prepare(build(recipe, store), store).manifest
        except CivMapError as error:
            return [*_reasons(entry, recipe, store), f"It cannot be built anew. {error}"]
        said = _rules(entry, now)
        if now["result"] != entry["result"]:
            reasons = _reasons(entry, recipe, store)
            said += reasons or ["Its numbers or its sentence differ, and nothing here says why."]
        return said
    except CivMapError as error:
        return [f"It cannot be built anew. {error}"]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return [f"Its entry in the manifest is damaged: {type(error).__name__} {error}."]


def _rules(entry: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say whether another marking or disclosure rule would stand on it."""
    said = []
    if entry["marking"] != now["marking"]:
        said.append(f"The marking was '{entry['marking']}' and is '{now['marking']}'.")
    before, after = entry["disclosure"], now["disclosure"]
    if before != after:
        other = [f"{schema.words(name)} was {before.get(name)} and is {value}" for name, value in after.items()
                 if name != "rule" and before.get(name) != value]  # fmt: skip
        said.append("The disclosure rule is another one" + (f": {words.listed(other)}" if other else "") + ".")
    return said


def _reasons(entry: Mapping[str, Any], recipe: Recipe, store: Store) -> list[str]:
    """Say what is not as it was when the export was made, of what was known on the recipe's day."""
    return [*_loads(entry, recipe, store), *_decided(entry, recipe, store), *_beside(entry, store),
            *_versions(entry, store)]  # fmt: skip


def _loads(entry: Mapping[str, Any], recipe: Recipe, store: Store) -> list[str]:
    loads = store.loads(recipe.as_known_on).set_index("load_id")
    said = []
    for one in entry["loads"]:
        label = store.theatre.source_label(one["source"])
        if one["load_id"] not in loads.index:
            if recipe.as_known_on is None or one["known_at"][:10] <= recipe.as_known_on.isoformat():
                said.append(f"The load {one['load_id']} of {label}, known from {one['known_at'][:10]}, is missing.")
        elif (gone := int(loads.loc[one["load_id"], "erased"]) - int(one["erased"])) > 0:
            said.append(
                f"Redacted: {words.count(gone, 'record', 'records')} of the load {one['load_id']} of {label} erased since."
            )
    before = {one["load_id"] for one in entry["loads"]}
    came = [str(one) for one in loads.index if one not in before]
    return said + [store.remember(("revision", one), partial(_revision, store, one)) for one in came]


def _decided(entry: Mapping[str, Any], recipe: Recipe, store: Store) -> list[str]:
    day = recipe.as_known_on.isoformat() if recipe.as_known_on else "9999"
    made = {one.decision_id: one for one in store.decisions()}
    before = {one["decision_id"]: one for one in entry["decisions"]}
    since = [one for name, one in made.items() if name not in before and one.decided_at[:10] <= day]
    about = [
        f", {words.count(len(one.about), 'record', 'records')}" if one.kind != "expectation" else "" for one in since
    ]
    gone = [one for name, one in before.items() if name not in made and one["decided_at"][:10] <= day]
    return [
        *(f"Decided since, {one.decided_at[:10]}, by {one.who}: {KINDS.get(one.kind, one.kind)}{records}."
          for one, records in zip(since, about, strict=True)),
        *(f"The decision {one['decision_id']} of {one['decided_at'][:10]} is missing." for one in gone),
    ]  # fmt: skip


def _beside(entry: Mapping[str, Any], store: Store) -> list[str]:
    """Compare what is kept beside the incidents; a manifest of an earlier version does not say."""
    now = {one["id"]: one["kind"] for one in manifest.beside(store)}
    before = {one["id"]: one["kind"] for one in entry.get("beside", ())}
    return [
        *(f"A file of {kind} came since: {name}." for name, kind in now.items() if name not in before),
        *(f"A file of {kind} is missing: {name}." for name, kind in before.items() if name not in now),
    ]


def _revision(store: Store, load_id: str) -> str:
    """Say what a load revised that came after the export: records, and civilians killed on balance."""
    loads = store.loads()
    load = {str(name): value for name, value in loads[loads["load_id"] == load_id].iloc[0].items()}
    found = queries.changes(store, load_id)
    records = found.drop_duplicates(["source", "source_id"])
    counted = records["what"].value_counts()
    said = [f"{words.number(counted[what])} {what}" for what in ("new", "changed", "withdrawn") if what in counted]
    label = store.theatre.source_label(str(load["source"]))
    killed = _killed(store, found, load)
    people = f", {killed:+,} killed" if killed is not None and len(records) else ""
    return (
        f"Data revised: the load {load_id} of {label}, known from {str(load['known_at'])[:10]}, came since: "
        f"{words.count(len(records), 'record', 'records')}{' (' + words.listed(said) + ')' if said else ''}{people}."
    )


def _killed(store: Store, found: pd.DataFrame, load: Mapping[str, Any]) -> int | None:
    """Give the balance of civilians killed (best estimate, or the highest where a source has no best)."""
    ids = found[["source", "source_id"]].drop_duplicates()
    for column in ("civilians_killed_best", "civilians_killed_max"):
        sums = store.query(
            f"""WITH asked AS (SELECT unnest($1::VARCHAR[]) AS source, unnest($2::VARCHAR[]) AS source_id)
            SELECT sum(value) FILTER (ours) AS after, sum(value) FILTER (NOT ours) AS before FROM (
                SELECT load_id = $3 AS ours, {column} AS value FROM incidents JOIN asked USING (source, source_id)
                WHERE ours OR (known_from <= $4::TIMESTAMPTZ
                    AND (known_to IS NULL OR known_to >= $4::TIMESTAMPTZ))
                QUALIFY row_number() OVER (PARTITION BY source, source_id, ours ORDER BY known_from DESC) = 1)""",
            [ids["source"].tolist(), ids["source_id"].tolist(), load["load_id"], load["known_at"]],
        ).iloc[0]  # fmt: skip
        if sums.notna().any():
            after, before = sums.fillna(0)
            return int(after - before)
    return None


def _versions(entry: Mapping[str, Any], store: Store) -> list[str]:
    now, said = manifest.versions(), []
    if entry["theatre"]["fingerprint"] != store.theatre.fingerprint:
        said.append(f"The tables of the theatre {store.theatre.title} were changed.")
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
