"""The command line: what each command prints, and that every fault ends in a sentence and exit code 1."""

import io
import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from rich.console import Console
from shapely import box
from typer.testing import CliRunner, Result

from civmap.cli import app, terminal
from civmap.filters import Filters
from civmap.store import Store
from tests.stores import incident

FIELDS = {"source", "read", "accepted", "rejected", "rules", "date_min", "date_max", "civilians_killed_best",
          "all_killed_best"}  # fmt: skip


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log.csv"
    rows = [incident(1, "2009-01-05"), incident(2, "2009-01-06", (10.0, 10.0)), incident(3, "nonsense")]
    pd.DataFrame(rows).to_csv(file, index=False)
    return file


def test_theatres_lists_the_shipped_ones() -> None:
    found = {one["id"]: one["provinces"] for one in json.loads(run("theatres", "--json").stdout)["theatres"]}
    assert found["afghanistan"] == 34 and found["oir"] == 32


def test_read_prints_one_object_and_keeps_nothing(log: Path, home: Path) -> None:
    result = run("read", log, "--json")
    said = json.loads(result.stdout)
    assert result.exit_code == 0 and said.keys() >= FIELDS
    assert (said["read"], said["accepted"], said["rejected"]) == (3, 2, 1)
    assert said["rules"] == {"date_unreadable": 1} and said["civilians_killed_best"] == 4
    assert not any(home.iterdir())


def test_ingest_prints_one_object_and_a_second_time_changes_nothing(log: Path, home: Path) -> None:
    arguments = ("ingest", log, "--theatre", "afghanistan", "--released", "2010-01-01", "--home", home, "--json")
    first = json.loads(run(*arguments).stdout)
    assert first.keys() >= FIELDS | {"placed", "outside"}
    assert first["placed"] == 1 and first["outside"] == 1 and not first["already_loaded"]
    assert first["placed"] + first["outside"] == first["accepted"]
    again = json.loads(run(*arguments).stdout)
    assert again["already_loaded"] and again["load_id"] == first["load_id"]


def test_several_files_add_up_and_each_keeps_its_own_object(log: Path, home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    pd.DataFrame([incident(9, "2011-01-05")]).to_csv(other, index=False)
    said = json.loads(run("ingest", log, other, "--theatre", "afghanistan", "--home", home, "--json").stdout)
    assert said["read"] == 4 and said["accepted"] == 3 and said["source"] == "log; other"
    assert [one["read"] for one in said["files"]] == [3, 1]
    assert said["date_max"] == "2011-01-05" and said["civilians_killed_best"] == 6


def test_one_bad_file_among_several_keeps_none_and_names_all_faults(log: Path, home: Path, tmp_path: Path) -> None:
    empty, absent = tmp_path / "empty.csv", tmp_path / "absent.csv"
    empty.touch()
    result = run("ingest", log, empty, absent, "--theatre", "afghanistan", "--home", home)
    assert result.exit_code == 1
    assert "empty.csv" in result.stderr and "absent.csv" in result.stderr and "Nothing was kept" in result.stderr
    assert not list(home.rglob("load.json"))


def test_a_recipe_gives_tables_and_a_description(log: Path, home: Path, tmp_path: Path) -> None:
    run("ingest", log, "--theatre", "afghanistan", "--home", home)
    recipe = tmp_path / "recipe.json"
    recipe.write_text(
        json.dumps({"theatre": "afghanistan", "analysis": "hotspots", "parameters": {"unit": "provinces"}})
    )
    result = run("exhibit", recipe, "--home", home, "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0
    described = json.loads((tmp_path / "out" / "exhibit.json").read_text())
    assert described == json.loads(result.stdout)
    assert described["n"] == 1 and described["caveats"] and described["sources"]
    tables = [pd.read_csv(tmp_path / "out" / name, comment="#", encoding="utf-8-sig") for name in described["files"]]
    assert tables[1]["Province"].tolist() == ["Kabul"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("read", "absent.csv"), "there is no such file"),
        (("ingest", "absent.csv", "--theatre", "nowhere"), "no theatre 'nowhere'"),
        (("exhibit", "absent.json", "--out", "out"), "cannot be read"),
        (("simulate",), "--out"),
    ],
)
def test_a_fault_ends_in_a_sentence_and_exit_code_1(arguments: tuple[str, ...], said: str, home: Path) -> None:
    result = run(*arguments)
    assert result.exit_code == 1 and said in result.stderr and "Traceback" not in result.output


def test_a_theatre_is_started_from_any_boundaries(tmp_path: Path) -> None:
    halves = gpd.GeoDataFrame({"code": ["XX-A", "XX-B"], "name": ["West", "East"]},
                              geometry=[box(10, 10, 11, 11), box(11, 10, 12, 11)], crs="EPSG:4326")  # fmt: skip
    halves.to_file(tmp_path / "halves.gpkg")
    result = run("theatre", "new", "halves", "--boundaries", tmp_path / "halves.gpkg", "--folder", tmp_path / "own",
                 "--code-column", "code")  # fmt: skip
    assert result.exit_code == 0 and "2 provinces" in result.stdout


def test_simulated_files_can_be_ingested(home: Path, tmp_path: Path) -> None:
    made = run(
        "simulate", "--out", tmp_path, "--start", "2010-01-01", "--end", "2010-12-31", "--per-month", 20, "--json"
    )
    written = json.loads(made.stdout)
    said = json.loads(run("ingest", *written["files"], "--theatre", "afghanistan", "--home", home, "--json").stdout)
    assert said["read"] == said["accepted"] + said["rejected"] > 100
    assert written["passes"] == [str(tmp_path / "passes.parquet")]
    times = pd.read_parquet(tmp_path / "passes.parquet")["time"]
    assert len(times) > 1000 and times.dt.year.isin([2009, 2010]).all()  # UTC: the first night begins in 2009


def test_rows_are_mended_and_records_erased(log: Path, home: Path, tmp_path: Path) -> None:
    place = ("--theatre", "afghanistan", "--home", home)
    load = json.loads(run("ingest", log, *place, "--json").stdout)
    mended = tmp_path / "mended.csv"
    edit = {"load_id": [load["load_id"]], "source_row": [3], "event_date": ["2009-01-07"]}
    pd.DataFrame(edit).to_csv(mended, index=False)
    said = json.loads(run("mend", mended, *place, "--why", "it is in the report", "--json").stdout)
    assert said == {"mended": 1, "still_aside": 0, "rows": []}
    said = json.loads(run("redact", *place, "--where", "source_id=T3", "--why", "asked for", "--json").stdout)
    assert said["erased"] == [["log", "T3"]] and said["fingerprint_before"] != said["fingerprint_after"]
    refused = run("redact", *place, "--where", "sorrow=1", "--why", "asked for")
    assert refused.exit_code == 1 and "Say which records to erase" in refused.stderr


def test_a_complete_file_withdraws_what_it_no_longer_holds(home: Path, tmp_path: Path) -> None:
    place = ("--theatre", "afghanistan", "--home", home, "--source", "log", "--json")
    for name, rows, day in (("a", (1, 2), "2010-01-01"), ("b", (1,), "2011-01-01")):
        pd.DataFrame([incident(number, "2009-01-05") for number in rows]).to_csv(tmp_path / f"{name}.csv", index=False)
        span = ("--complete-from", "2009-01-01", "--complete-to", "2009-12-31") if name == "b" else ()
        assert run("ingest", tmp_path / f"{name}.csv", *place, "--released", day, *span).exit_code == 0
    assert Store(home, "afghanistan").incidents(Filters(source="log"))["source_id"].tolist() == ["T1"]
    half = run("ingest", tmp_path / "a.csv", *place, "--complete-from", "2009-01-01")
    assert half.exit_code == 1 and "two ends" in half.stderr


def test_rows_still_set_aside_are_told_with_what_was_expected(log: Path, home: Path, tmp_path: Path) -> None:
    place = ("--theatre", "afghanistan", "--home", home)
    load = json.loads(run("ingest", log, *place, "--json").stdout)
    pd.DataFrame({"load_id": [load["load_id"]], "source_row": [3], "event_date": ["x"]}).to_csv(
        tmp_path / "m.csv", index=False
    )
    said = json.loads(run("mend", tmp_path / "m.csv", *place, "--why", "x", "--json").stdout)
    (row,) = said["rows"]
    assert (row["load_id"], row["source_row"], row["rule"]) == (load["load_id"], 3, "date_unreadable")
    assert row["value"] == "x" and row["expected"] and said["still_aside"] == 1
    told = run("mend", tmp_path / "m.csv", *place, "--why", "x").stdout
    assert "record 3: date_unreadable, event_date = x; expected" in told
    (tmp_path / "m.csv").write_text("source_row;event_date\n3;2009-01-07\n")
    refused = run("mend", tmp_path / "m.csv", *place, "--why", "x")
    assert refused.exit_code == 1 and "do not say which they are" in refused.stderr


@pytest.mark.parametrize("where", [("source_id",), ("source_id=",), ("source_id=T1", "source_id=T2")])
def test_conditions_that_cannot_be_meant_erase_nothing(where: tuple[str, ...], log: Path, home: Path) -> None:
    place = ("--theatre", "afghanistan", "--home", home)
    run("ingest", log, *place)
    asked = [word for one in where for word in ("--where", one)]
    result = run("redact", *place, *asked, "--why", "x")
    assert result.exit_code == 1 and "column=value, each column once" in result.stderr
    assert len(Store(home, "afghanistan").incidents()) == 2


def test_a_file_loaded_again_after_an_erasure_is_not_said_to_break_other_rules(log: Path, home: Path) -> None:
    place = ("--theatre", "afghanistan", "--home", home)
    run("ingest", log, *place)
    run("redact", *place, "--where", "source_id=T1", "--why", "asked for")
    again = json.loads(run("ingest", log, *place, "--json").stdout)
    assert again["already_loaded"] and again["rules"] == {"date_unreadable": 1}
    assert len(Store(home, "afghanistan").incidents()) == 1, "what was erased does not come back"


def test_what_takes_long_leaves_rows_read_and_set_aside_on_stderr(
    log: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("ingest", log, "--theatre", "afghanistan", "--home", home, "--json")
    assert "set aside" not in run("read", log, "--json").stderr
    monkeypatch.setattr(terminal, "LONG_SECONDS", -1.0)
    result = run(*arguments)
    assert json.loads(result.stdout)["read"] == 3
    reading, keeping = (line for line in result.stderr.splitlines() if line.strip())
    assert reading.startswith("Reading log.csv: 3 rows read, 1 set aside, ")
    assert keeping.startswith("Placing and keeping log.csv, 3 rows read, 1 set aside: ")
    absent = run("read", "absent.csv", "--json")
    assert "rows read" not in absent.stderr and json.loads(absent.stdout)["error"]


def test_on_a_terminal_what_is_going_on_moves_and_goes_away(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    screen = Console(file=shown, force_terminal=True, width=100)
    monkeypatch.setattr(terminal, "Console", lambda **_: screen)
    with terminal.working("Reading [odd] name.csv") as task:
        task.outcome = "5 rows read"
    assert "Reading [odd] name.csv …" in shown.getvalue() and "0:00:00" in shown.getvalue()


def test_a_file_where_a_folder_should_be_is_a_sentence(log: Path, home: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.json"
    recipe.write_text('\ufeff{"theatre": "afghanistan", "analysis": "hotspots"}', encoding="utf-8")
    result = run("exhibit", recipe, "--home", home, "--out", log, "--json")
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert json.loads(result.stdout)["error"].startswith(f"{log} cannot be used. Found: File exists.")


def test_a_faulty_theatre_is_told_as_json_where_json_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "theatre.toml").write_text('id = "mine"\n')
    monkeypatch.setenv("CIVMAP_THEATRES", str(tmp_path))
    result = run("theatres", "--json")
    assert result.exit_code == 1 and "no key 'title'" in json.loads(result.stdout)["error"]
