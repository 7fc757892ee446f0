"""What is needed to build an export again and to tell whether it would still be the same: the manifest.

It is told with every export and so holds no count: loads and decisions by their ids and hashes, results as a hash.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pandas as pd

from civmap import __version__
from civmap.errors import ExportError
from civmap.exhibits.recipe import Exhibit
from civmap.exports.prepared import Prepared
from civmap.language import say
from civmap.store import Store, air, totals

FORMAT = 1
FILE = "manifest.json"
LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "duckdb", "pyarrow", "geopandas", "shapely", "h3ronpy")


def entry(exhibit: Exhibit, store: Store, *, marking: str, rule: str) -> dict[str, Any]:
    """Describe one safe exhibit: recipe, decisions, a hash for each load, versions, seed, time and marking.

    Parameters
    ----------
    exhibit
        As it leaves, see `civmap.exports.disclosure.disclose`.
    """
    loads = store.loads()
    decided = store.decisions()
    return {
        "recipe": exhibit.recipe.to_dict(),
        "language": exhibit.language,
        "title": exhibit.title,
        "fingerprint": exhibit.fingerprint,
        "result": result_hash(exhibit),
        "theatre": {"id": store.theatre.id, "fingerprint": store.theatre.fingerprint},
        "store_fingerprint": store.fingerprint,
        "loads": [
            {"load_id": str(one.load_id), "source": str(one.source), "sha256": str(one.sha256),
             "known_at": str(one.known_at), "erased": int(str(one.erased))} for one in loads.itertuples()
        ],
        "decisions": [{"decision_id": one.decision_id, "kind": one.kind, "decided_at": one.decided_at}
                      for one in decided],
        "beside": beside(store),
        "code_version": __version__,
        "versions": {name: number for name, number in versions().items() if name != "civmap"},
        "seed": exhibit.recipe.options.get("seed", 0),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "marking": marking,
        "disclosure": {"rule": rule, **dict(sorted(store.theatre.disclosure.items()))},
        "synthetic": exhibit.synthetic,
    }  # fmt: skip


def beside(store: Store) -> list[dict[str, str]]:
    """List what is kept beside the incidents: files of published totals and activity, and of air surveillance."""
    kept = [{"id": one.totals_id, "kind": one.kind} for one in totals.described(store.folder)]
    return kept + [{"id": str(one), "kind": "air surveillance"} for one in air.loads(store)["load_id"]]


def versions() -> dict[str, str]:
    """Give the versions of CivMap, of Python and of the libraries that results rest on."""
    ours = {"civmap": __version__, "python": platform.python_version()}
    return {**ours, **{name: version(name) for name in LIBRARIES}}


def result_hash(exhibit: Exhibit) -> str:
    """Hash what an exhibit says: sentence, caveats and all numbers of its parts; not when or from which files.

    Its title does not count: it may be the reader's own.
    """
    said = (exhibit.sentence, exhibit.n, exhibit.period, *exhibit.caveats)
    hashed = hashlib.sha256("|".join(map(str, said)).encode())
    for part in exhibit.parts:
        hashed.update(f"|{part.kind}|{part.title}|".encode())
        for name in sorted(part.frames):
            frame = part.frames[name]
            plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
            hashed.update(name.encode() + plain.to_csv(index=False, float_format="%.9g", lineterminator="\n").encode())
    return hashed.hexdigest()


def together(exported: Iterable[Prepared], *, files: Mapping[str, bytes] | None = None) -> dict[str, Any]:
    """Make the manifest of a whole bundle: its exhibits, and a hash for each of its other files."""
    entries = [dict(one.manifest) for one in exported]
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted((files or {}).items())}
    return {"format": FORMAT, "made_with": f"CivMap {__version__}", "exhibits": entries, "files": hashes}


def as_text(manifest: Mapping[str, Any]) -> str:
    """Write a manifest as JSON, the form that is kept in bundles."""
    return json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)


def short(exported: Iterable[Prepared]) -> str:
    """Write the manifest in one line, for the properties of a single file; it knows no hash of other files."""
    return json.dumps(together(exported), sort_keys=True, ensure_ascii=False)


def read(text: str, *, name: str) -> dict[str, Any]:
    """Read a manifest.

    Raises
    ------
    ExportError
        When it is no manifest, or in a form that is newer than this version reads.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExportError(say("The manifest of {name} is not valid JSON.", name=name), found=str(error)) from error
    if not isinstance(values, dict) or not isinstance(values.get("exhibits"), list):
        raise ExportError(
            say("{name} holds no manifest of CivMap.", name=name),
            expected=say("{file} with a list of exhibits", file=FILE),
        )
    if values.get("format") != FORMAT:
        raise ExportError(
            say("The manifest of {name} is in a form that this version of CivMap does not read.", name=name),
            found=repr(values.get("format")), expected=str(FORMAT),
        )  # fmt: skip
    if not isinstance(values.get("files", {}), dict):
        raise ExportError(say("The manifest of {name} is damaged.", name=name), expected=say("files with a hash each"))
    return values
