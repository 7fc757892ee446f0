"""Published totals on the command line."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from civmap import queries
from civmap.cli import app
from civmap.store import Store


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_ingest_totals_says_what_became_of_each_row_and_a_second_time_changes_nothing(
    home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "weekly.csv"
    file.write_text("area,period,killed\nHilmand,2010,41\nPaktyka,2010,5\n")
    arguments = ("ingest-totals", file, "--theatre", "afghanistan", "--tally", "press", "--home", home,
                 "--released", "2012-01-31", "--json")  # fmt: skip
    said = json.loads(run(*arguments).stdout)
    assert [said[name] for name in ("read", "accepted", "rejected", "figures", "already_loaded")] == [2, 1, 1, 1, False]
    assert said["rows"][0]["rule"] == "area_ambiguous" and said["known_at"].startswith("2012-01-31")
    assert json.loads(run(*arguments).stdout)["already_loaded"]
    found = queries.tallies(Store(home, "afghanistan"))
    assert found.loc[found["tally"] == "press", "value"].tolist() == [41]
    plain = run("ingest-totals", file, "--theatre", "afghanistan", "--home", home)
    assert "2 rows read, 1 accepted with 1 figures, 1 set aside" in plain.stdout
    assert "record 2: area_ambiguous, area = Paktyka" in plain.stdout


def test_activity_is_read_when_asked_for(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "air.csv"
    file.write_text("period,party,sorties\n2010,ISAF,33679\n")
    assert run("ingest-totals", file, "--theatre", "afghanistan", "--home", home).exit_code == 1
    said = json.loads(
        run("ingest-totals", file, "--theatre", "afghanistan", "--activity", "--home", home, "--json").stdout
    )
    assert (said["kind"], said["figures"]) == ("activity", 1)
