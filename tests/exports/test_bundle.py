"""A bundle, and verifying it: the same as long as nothing changed, else what differs and why."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from civmap import __version__
from civmap.cli import app
from civmap.errors import ExportError
from civmap.exhibits import Recipe, build
from civmap.exports import bundle, manifest, marking, verify
from civmap.exports.prepare import prepare
from civmap.exports.prepared import Prepared
from civmap.filters import Filters
from civmap.store import Store
from tests.stores import add, monthly

LOG = Filters(source="log", measure="killed", bound="max")
ASKED = [Recipe("afghanistan", name, filters=LOG) for name in ("totals", "national_trend")]


def entries(store: Store) -> list[Prepared]:
    return [prepare(build(recipe, store), store) for recipe in ASKED]


def kept(store: Store, folder: Path) -> Path:
    """Write the manifest of what is there now."""
    file = folder / "manifest.json"
    file.write_text(manifest.as_text(manifest.together(entries(store))), encoding="utf-8")
    return file


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return monthly([4] * 36)


@pytest.fixture
def filled(own: Store, tmp_path: Path, rows: list[dict[str, Any]]) -> Store:
    add(own, tmp_path, rows, known_at=date(2012, 1, 5))
    marking.set_marking(own, "RELEASABLE")
    return own


# ---- the bundle ----------------------------------------------------------------------------------------------------


def test_everything_lies_in_it_with_a_hash_of_each_file(ready: dict[str, Prepared]) -> None:
    chosen = [ready["totals"], ready["incident_map"]]
    data = bundle.bundle(chosen, notes=["A note."], title="Week 31")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        held = json.loads(archive.read("manifest.json"))
        for name, said in held["files"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == said
        assert set(names) == {*held["files"], "manifest.json"} and len(names) == len(set(names))
        readme = archive.read("README.txt").decode()
    endings = {name.rsplit(".", 1)[1] for name in names}
    assert endings == {"pptx", "html", "txt", "json", "png", "svg", "pdf", "csv", "xlsx", "geojson", "gpkg", "parquet"}
    assert readme.startswith(chosen[0].marking) and chosen[1].exhibit.sentence in readme
    assert [one["recipe"]["analysis"] for one in held["exhibits"]] == ["totals", "incident_map"]
    entry = held["exhibits"][0]
    assert {"recipe", "decisions", "loads", "versions", "seed", "made_at", "marking", "disclosure"} <= set(entry)
    assert all(len(load["sha256"]) == 64 for load in entry["loads"]) and entry["code_version"] == __version__


def test_a_manifest_holds_no_count_of_people(filled: Store) -> None:
    text = manifest.as_text(manifest.together(entries(filled)))
    assert "432" not in text.replace("sha256", ""), "144 incidents with 3 killed at most"


# ---- verify --------------------------------------------------------------------------------------------------------


def test_nothing_changed_is_the_same_and_a_title_of_ones_own_changes_nothing(filled: Store, tmp_path: Path) -> None:
    found = verify.verify(kept(filled, tmp_path), filled.home)
    assert found.same and not found.differences and found.exhibits == 2
    titled = prepare(build(ASKED[0], filled), filled, title="Our own words")
    assert titled.manifest["result"] == entries(filled)[0].manifest["result"]


def test_a_revision_is_named_with_its_records_and_people(
    filled: Store, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    file = kept(filled, tmp_path)
    revised = [dict(row) for row in rows]
    for at in (3, 7):
        revised[at]["civilians_killed_best"] -= 1
        revised[at]["civilians_killed_max"] -= 1
    revised.append({**rows[-1], "source_id": "T999"})
    load = add(filled, tmp_path, revised, known_at=date(2012, 3, 1))
    found = verify.verify(file, filled.home)
    assert not found.same
    (said,) = found.differences
    # two records lose one killed each, one record of two killed (best) is new
    assert said.startswith(f"Exhibits 1 and 2: Data revised: the load {load.load_id} of log, known from 2012-03-01")
    assert "3 records (1 new and 2 changed), +0 killed" in said


def test_a_decision_since_is_named_with_its_day_and_person(filled: Store, tmp_path: Path) -> None:
    file = kept(filled, tmp_path)
    filled.decide("duplicates", [("log", "T1"), ("log", "T2")], why="one event", who="A. Reader")
    found = verify.verify(file, filled.home)
    (said,) = found.differences
    assert "by A. Reader: set apart as likely duplicates, 2 records" in said and said.startswith("Exhibits 1 and 2: ")


def test_erased_records_and_a_missing_load_are_named(filled: Store, tmp_path: Path) -> None:
    file = kept(filled, tmp_path)
    filled.redact({"source_id": "T3"}, why="asked for")
    (said, *_) = verify.verify(file, filled.home).differences
    assert "Redacted: 1 record of the load" in said and "erased since" in said
    values = json.loads(file.read_text())
    for entry in values["exhibits"]:
        entry["loads"][0]["load_id"] = "0" * 12
        entry["result"] = "another"
    file.write_text(json.dumps(values))
    missing = verify.verify(file, filled.home).differences
    assert any("The load 000000000000 of log, known from 2012-01-05, is missing." in line for line in missing)


def test_code_theatre_marking_and_rule_are_named(filled: Store, tmp_path: Path) -> None:
    file = kept(filled, tmp_path)
    values = json.loads(file.read_text())
    for entry in values["exhibits"]:
        entry |= {"code_version": "0.0.1", "result": "another", "marking": "SECRET"}
        entry["theatre"]["fingerprint"] = "another"
        entry["versions"]["numpy"] = "0.1"
        entry["disclosure"]["smallest_count"] = 9
    file.write_text(json.dumps(values))
    said = "\n".join(verify.verify(file, filled.home).differences)
    for words in (f"The code was CivMap 0.0.1 and is {__version__}.", "numpy 0.1 and is", "The disclosure rule",
                  "The marking was 'SECRET' and is 'RELEASABLE'", "The tables of the theatre Afghanistan"):  # fmt: skip
        assert words in said


def test_a_difference_without_a_reason_is_said_too(filled: Store, tmp_path: Path) -> None:
    file = kept(filled, tmp_path)
    file.write_text(file.read_text().replace(entries(filled)[0].manifest["result"], "0" * 64))
    (said,) = verify.verify(file, filled.home).differences
    assert said == "Exhibit 1: Its numbers or its sentence differ, and nothing here says why."


def changed(data: bytes, change: Callable[[str, bytes], bytes | None], **more: bytes) -> bytes:
    """Write an archive anew with some of its files changed, left out or added."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in more.items():
            new.writestr(name, content)
    return packed.getvalue()


def test_files_of_a_bundle_that_were_touched_are_named(filled: Store, tmp_path: Path) -> None:
    data = bundle.bundle(entries(filled)[:1])
    file = tmp_path / "bundle.zip"
    file.write_bytes(data)
    whole = verify.verify(file, filled.home)
    assert whole.same and whole.files > 4
    touched = changed(
        data, lambda name, content: {"README.txt": None, "deck.pptx": content + b" "}.get(name, content), extra=b"1"
    )
    file.write_bytes(touched)
    assert set(verify.verify(file, filled.home).differences) == {
        "The file README.txt is missing from the bundle.", "The file deck.pptx was changed after the bundle was made.",
        "The file extra was added to the bundle.",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "content", "says"), [
    ("b.zip", b"no zip", "cannot be read"), ("m.json", b"{", "not valid JSON"), ("m.json", b"[]", "no manifest"),
    ("m.json", b'{"exhibits": [], "format": 99}', "does not read"), ("m.json", b"\xff", "cannot be read"),
    ("none.zip", None, "cannot be read"),
])  # fmt: skip
def test_what_is_no_bundle_is_said(name: str, content: bytes | None, says: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ExportError, match=says):
        verify.verify(tmp_path / name, tmp_path)


@pytest.mark.parametrize("entry", [{}, {"recipe": 5}, {"recipe": {"theatre": "afghanistan", "analysis": "totals"}}])
def test_a_damaged_entry_is_a_difference_and_no_crash(entry: dict[str, Any], filled: Store, tmp_path: Path) -> None:
    file = tmp_path / "m.json"
    file.write_text(json.dumps({"format": 1, "exhibits": [entry]}))
    found = verify.verify(file, filled.home)
    assert not found.same and found.differences[0].startswith("Exhibit 1: ")


def test_the_command_says_same_or_differs_with_its_exit_code(filled: Store, tmp_path: Path) -> None:
    file = kept(filled, tmp_path)

    def run(*more: str) -> Any:
        return CliRunner().invoke(app, ["verify", str(file), "--home", str(filled.home), *more])

    assert run().exit_code == 0 and run().stdout == "same: 2 exhibits, 0 files\n"
    filled.decide("duplicates", [("log", "T1")], why="one event")
    differs = run()
    assert differs.exit_code == 1 and differs.stdout.startswith(
        "differs: 2 exhibits, 0 files\n- Exhibits 1 and 2: Decided"
    )
    told = json.loads(run("--json").stdout)
    assert told["same"] is False and len(told["differences"]) == 1
    file.write_text("{")
    assert run().exit_code == 2 and "error" in json.loads(run("--json").stdout)


def test_the_command_sets_and_shows_the_marking(own: Store, tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    add(own, tmp_path, rows)

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["marking", *arguments, "--theatre", "afghanistan", "--home", str(own.home)])

    assert run().exit_code == 1
    assert run("FOR RELEASE", "--who", "A. Reader").stdout == "Afghanistan: FOR RELEASE\n"
    assert run().stdout == "Afghanistan: FOR RELEASE\n" and run("").exit_code == 1
    assert prepare(build(ASKED[0], own), own).marking == "FOR RELEASE"
