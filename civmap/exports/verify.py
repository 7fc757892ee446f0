"""Whether an export would still be the same: every exhibit of its manifest is built anew, and what differs is said."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
from lxml import etree

from civmap import queries
from civmap.errors import CivMapError, ExportError
from civmap.exhibits import Recipe, build
from civmap.exports import manifest
from civmap.exports.prepare import prepare
from civmap.exports.prepared import Prepared
from civmap.language import LANGUAGES, count, listed, mark, say, say_n, speaking
from civmap.store import Store
from civmap.store.decisions import KINDS, Decision
from civmap.theatre_settings import NAME

_PROPERTIES = "docProps/custom.xml"  # of a deck
_UNREADABLE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError)
_BESIDE = (mark("tallies"), mark("activity"), mark("air surveillance"))  # kinds of files in `manifest.beside`
_RULES = {
    "smallest_count": mark("smallest count"), "finest_place": mark("finest place"),
    "province_month_counts_exempt": mark("province month counts exempt"),
}  # fmt: skip


@dataclass(frozen=True)
class Verification:
    """Whether everything would be the same, and what differs, a sentence each, in the language that is spoken.

    `exhibits` and `files` say how many of each were looked at.
    """

    same: bool
    differences: tuple[str, ...]
    exhibits: int
    files: int


def verify(bundle: Path, home: Path) -> Verification:
    """Build the exhibits of a bundle anew, each in its own language, and compare what they say and all their numbers.

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
        raise ExportError(say("There is no folder {home}.", home=home), expected=say("the folder of the stores"))
    found = _files(held.get("files", {}), files) if files is not None else []
    open_store = cache(partial(Store, home))
    of: dict[str, list[str]] = {}
    for at, entry in enumerate(held["exhibits"], start=1):
        for line in _entry(entry, open_store):
            of.setdefault(line, []).append(str(at))
    for line, which in of.items():  # once what holds for several
        found.append(say_n(len(which), "Exhibit {which}: {line}", "Exhibits {which}: {line}", which=listed(which),
                           line=line))  # fmt: skip
    return Verification(not found, tuple(found), len(held["exhibits"]), len(files or {}))


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
                    say("{name} holds no manifest.", name=bundle.name),
                    expected=say("a bundle of CivMap with {file}", file=manifest.FILE),
                )
            hashes = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in sorted(names - {manifest.FILE})}
            return archive.read(manifest.FILE).decode("utf-8"), hashes
    except _UNREADABLE as error:
        raise ExportError(
            say("{name} cannot be read.", name=bundle.name), found=str(error)[:200],
            expected=say("a bundle (.zip), its manifest.json or a deck (.pptx)"),
        ) from error  # fmt: skip


def _of_deck(properties: bytes) -> str:
    """Read the manifest that a deck carries in its custom properties."""
    tree = etree.fromstring(properties, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    found = tree.xpath("string(//*[local-name() = 'property'][@name = 'CivMap manifest'])")
    return str(found) or "{}"


def _files(said: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Compare the files of the bundle with the hashes that were taken when it was made."""
    return [
        *(say("The file {name} is missing from the bundle.", name=name) for name in said if name not in found),
        *(say("The file {name} was changed after the bundle was made.", name=name) for name in said
          if name in found and found[name] != said[name]),
        *(say("The file {name} was added to the bundle.", name=name) for name in found if name not in said),
    ]  # fmt: skip


def _entry(entry: Mapping[str, Any], open_store: Callable[[str], Store]) -> list[str]:
    """Build one exhibit anew; where it says something else, say why as far as that can be told."""
    try:
        recipe = Recipe.from_dict(entry["recipe"])
        if not re.fullmatch(NAME, recipe.theatre):  # a file that was sent must not open a folder of this machine
            return [say("The theatre '{name}' is no name of one.", name=recipe.theatre[:60])]
        language = entry.get("language", "en")  # a manifest of an earlier version names none
        if language not in LANGUAGES:
            return [say("It is in a language that this version of CivMap does not speak: {language}.",
                        language=str(language)[:60])]  # fmt: skip
        store = open_store(recipe.theatre)
        try:
            now = _anew(recipe, store, language).manifest
        except CivMapError as error:
            return [*_reasons(entry, recipe, store), _no_more(error)]
        said = _rules(entry, now)
        if now["result"] != entry["result"]:
            reasons = _reasons(entry, recipe, store)
            said += reasons or [say("Its numbers or its sentence differ, and nothing here says why.")]
        return said
    except CivMapError as error:
        return [_no_more(error)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return [say("Its entry in the manifest is damaged: {fault}.", fault=f"{type(error).__name__} {error}")]


def _anew(recipe: Recipe, store: Store, language: str) -> Prepared:
    """Build an exhibit in the language that it had; why that fails is said in the one that is spoken."""
    try:
        with speaking(language):
            return prepare(build(recipe, store), store)
    except CivMapError:
        return prepare(build(recipe, store), store)


def _no_more(error: CivMapError) -> str:
    return say("It cannot be built anew. {why}", why=error)


def _rules(entry: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say whether another marking or disclosure rule would stand on it."""
    said = []
    if entry["marking"] != now["marking"]:
        said.append(say("The marking was '{before}' and is '{now}'.", before=entry["marking"], now=now["marking"]))
    before, after = entry["disclosure"], now["disclosure"]
    if before != after:
        other = [say("{name} was {before} and is {now}", name=say(_RULES.get(name, name)), before=before.get(name),
                     now=value) for name, value in after.items()
                 if name != "rule" and before.get(name) != value]  # fmt: skip
        said.append(say("The disclosure rule is another one: {changes}.", changes=listed(other)) if other
                    else say("The disclosure rule is another one."))  # fmt: skip
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
                said.append(say("The load {load} of {source}, known from {day}, is missing.", load=one["load_id"],
                                source=label, day=one["known_at"][:10]))  # fmt: skip
        elif (gone := int(loads.loc[one["load_id"], "erased"]) - int(one["erased"])) > 0:
            said.append(say_n(
                gone, "Redacted: {n} record of the load {load} of {source} erased since.",
                "Redacted: {n} records of the load {load} of {source} erased since.", load=one["load_id"], source=label,
            ))  # fmt: skip
    before = {one["load_id"] for one in entry["loads"]}
    came = [str(one) for one in loads.index if one not in before]
    return said + [store.remember(("revision", one), partial(_revision, store, one)) for one in came]


def _decided(entry: Mapping[str, Any], recipe: Recipe, store: Store) -> list[str]:
    day = recipe.as_known_on.isoformat() if recipe.as_known_on else "9999"
    made = {one.decision_id: one for one in store.decisions()}
    before = {one["decision_id"]: one for one in entry["decisions"]}
    since = [one for name, one in made.items() if name not in before and one.decided_at[:10] <= day]
    gone = [one for name, one in before.items() if name not in made and one["decided_at"][:10] <= day]
    return [
        *map(_decision, since),
        *(say("The decision {decision} of {day} is missing.", decision=one["decision_id"], day=one["decided_at"][:10])
          for one in gone),
    ]  # fmt: skip


def _decision(one: Decision) -> str:
    told = {"day": one.decided_at[:10], "who": one.who, "what": say(KINDS.get(one.kind, one.kind))}
    if one.kind == "expectation":
        return say("Decided since, {day}, by {who}: {what}.", **told)
    return say_n(len(one.about), "Decided since, {day}, by {who}: {what}, {n} record.",
                 "Decided since, {day}, by {who}: {what}, {n} records.", **told)  # fmt: skip


def _beside(entry: Mapping[str, Any], store: Store) -> list[str]:
    """Compare what is kept beside the incidents; a manifest of an earlier version does not say."""
    now = {one["id"]: one["kind"] for one in manifest.beside(store)}
    before = {one["id"]: one["kind"] for one in entry.get("beside", ())}
    return [
        *(say("A file of {kind} came since: {name}.", kind=say(kind), name=name)
          for name, kind in now.items() if name not in before),
        *(say("A file of {kind} is missing: {name}.", kind=say(kind), name=name)
          for name, kind in before.items() if name not in now),
    ]  # fmt: skip


def _revision(store: Store, load_id: str) -> str:
    """Say what a load revised that came after the export: records, and civilians killed on balance."""
    loads = store.loads()
    load = {str(name): value for name, value in loads[loads["load_id"] == load_id].iloc[0].items()}
    found = queries.changes(store, load_id)
    records = found.drop_duplicates(["source", "source_id"])
    counted = records["what"].value_counts()
    new, changed, gone = (int(counted.get(what, 0)) for what in ("new", "changed", "withdrawn"))
    said = [
        *([say_n(new, "{n} new", "{n} new")] if new else []),
        *([say_n(changed, "{n} changed", "{n} changed")] if changed else []),
        *([say_n(gone, "{n} withdrawn", "{n} withdrawn")] if gone else []),
    ]
    killed = _killed(store, found, load)
    how = count(len(records), "record", "records") + (f" ({listed(said)})" if said else "")
    if killed is not None and len(records):
        how = say("{records}, {killed:+,} killed", records=how, killed=killed)
    return say(
        "Data revised: the load {load} of {source}, known from {day}, came since: {how}.", load=load_id,
        source=store.theatre.source_label(str(load["source"])), day=str(load["known_at"])[:10], how=how,
    )  # fmt: skip


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
        said.append(say("The tables of the theatre {theatre} were changed.", theatre=store.theatre.title))
    if entry["code_version"] != now["civmap"]:
        said.append(say("The code was CivMap {before} and is {now}.", before=entry["code_version"], now=now["civmap"]))
    other = [say("{name} {before} and is {now}", name=name, before=was, now=now[name])
             for name, was in entry["versions"].items() if now.get(name, was) != was]  # fmt: skip
    return said + ([say("Libraries: it was {changes}.", changes=listed(other))] if other else [])
