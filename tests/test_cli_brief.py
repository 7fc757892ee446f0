"""`brief` on the command line: one scheduled command makes the deck, or says everything that is in its way."""

import json
import zipfile
from pathlib import Path

import pytest
from pptx import Presentation
from typer.testing import CliRunner, Result

from civmap.cli import app
from civmap.exhibits import Recipe, build
from civmap.exports import log
from civmap.exports.briefing import Briefing
from civmap.filters import Filters
from civmap.store import Store
from tests.stores import add, incident

UN = Filters(source="un_like")
BRIEFING = (
    Briefing("Week 31")
    .add(Recipe("afghanistan", "totals", filters=UN), note="Say that it is made up.")
    .add(Recipe("afghanistan", "national_trend", filters=UN), title="The <trend> & what it is")
)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["brief", *map(str, arguments)])


def saved(folder: Path, briefing: Briefing = BRIEFING) -> Path:
    file = folder / "monday.json"
    file.write_text(briefing.to_json(), encoding="utf-8")
    return file


def said(file: Path) -> str:
    return "\n".join(
        shape.text_frame.text for slide in Presentation(str(file)).slides for shape in slide.shapes
        if shape.has_text_frame
    )  # fmt: skip


def test_a_deck_is_made_with_titles_notes_and_one_line_in_the_log(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "deck.pptx"
    result = run(saved(tmp_path), "--out", out, "--home", home, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["files"] == [str(out)] and [one["analysis"] for one in told["exhibits"]] == ["totals", "national_trend"]
    assert all(one["synthetic"] for one in told["exhibits"]) and told["markings"]
    own = build(BRIEFING.items[0].recipe, Store(home, "afghanistan"))
    text = said(out)
    assert "The <trend> & what it is" in text and own.title in text
    notes = [slide.notes_slide.notes_text_frame.text for slide in Presentation(str(out)).slides
             if slide.has_notes_slide]  # fmt: skip
    assert sum("Say that it is made up." in note for note in notes) == 1
    (line,) = log.lines(Store(home, "afghanistan"))
    assert line["what"] == "deck.pptx" and len(line["exhibits"]) == 2


def test_report_and_bundle_are_made_beside_the_deck(home: Path, tmp_path: Path) -> None:
    out, report, bundle = (tmp_path / name for name in ("deck.pptx", "report.html", "all.zip"))
    result = run(saved(tmp_path), "--out", out, "--report", report, "--bundle", bundle, "--home", home)
    assert result.exit_code == 0, result.output
    assert "deck.pptx: 2 exhibits" in result.stdout and "Marking: " in result.stdout
    page = report.read_text(encoding="utf-8")
    assert "The &lt;trend&gt; &amp; what it is" in page and "<trend>" not in page
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("manifest.json"))))
    assert [one["recipe"]["analysis"] for one in manifest["exhibits"]] == ["totals", "national_trend"]


def test_all_faults_are_named_and_nothing_is_written(home: Path, tmp_path: Path) -> None:
    add(Store(home, "oir"), tmp_path, [incident(1, "2016-01-05", (36.2, 37.1))])
    bad = (
        BRIEFING.add(Recipe("atlantis", "totals"))
        .add(Recipe("oir", "totals"))
        .add(Recipe("afghanistan", "totals", filters=Filters(source="gone")))
    )
    out = tmp_path / "deck.pptx"
    out.write_bytes(b"last week's")
    result = run(saved(tmp_path, bad), "--out", out, "--report", tmp_path / "r.html", "--home", home, "--json")
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    error = json.loads(result.stdout)["error"]
    assert error.startswith("3 of 5 exhibits cannot be made")
    for word in ("exhibit 3 (Totals)", "atlantis", "exhibit 4 (Totals)", "marking", "exhibit 5 (Totals)", "gone"):
        assert word in error
    assert out.read_bytes() == b"last week's" and not (tmp_path / "r.html").exists()
    assert not log.lines(Store(home, "oir")) and not log.lines(Store(home, "afghanistan"))


@pytest.mark.parametrize("text", ["{", "[]", '{"exhibits": [{"recipe": {}}]}', '{"exhibits": []}'])
def test_what_is_no_briefing_ends_in_a_sentence(home: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "monday.json"
    file.write_text(text)
    result = run(file, "--out", tmp_path / "deck.pptx", "--home", home)
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert len(result.stderr.strip()) > 20 and not (tmp_path / "deck.pptx").exists()


def test_a_briefing_that_is_not_there_and_a_folder_that_is_not_there(home: Path, tmp_path: Path) -> None:
    result = run(tmp_path / "none.json", "--out", tmp_path / "deck.pptx", "--home", home)
    assert result.exit_code == 1 and "none.json cannot be read" in result.stderr
    result = run(saved(tmp_path), "--out", tmp_path / "none" / "deck.pptx", "--home", home)
    assert result.exit_code == 1 and "deck.pptx was not written" in result.stderr


def test_two_files_of_one_name_are_refused(home: Path, tmp_path: Path) -> None:
    same = tmp_path / "deck.pptx"
    result = run(saved(tmp_path), "--out", same, "--bundle", tmp_path / "." / "deck.pptx", "--home", home)
    assert result.exit_code == 1 and "one name" in result.stderr and not same.exists()


def test_a_template_that_is_none_is_refused_and_ones_own_is_used(home: Path, tmp_path: Path) -> None:
    out, template = tmp_path / "deck.pptx", tmp_path / "own.pptx"
    for make in (lambda: template.write_bytes(b"no slides"), lambda: Presentation().save(str(template))):
        make()
        result = run(saved(tmp_path), "--out", out, "--template", template, "--home", home)
        assert result.exit_code == 1 and "own.pptx" in result.stderr, result.output
        assert isinstance(result.exception, SystemExit) and not out.exists()


def test_a_deck_is_made_in_a_language_and_an_unknown_one_is_refused(home: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "deck.pptx", tmp_path / "report.html"
    result = run(saved(tmp_path), "--out", out, "--report", report, "--language", "fr", "--home", home)
    assert result.exit_code == 0, result.output
    assert "deck.pptx: 2 exhibits" in result.stdout, "the command line itself stays English"
    assert "Marking: Données synthétiques" in result.stdout
    assert "DONNÉES SYNTHÉTIQUES" in said(out) and '<html lang="fr"' in report.read_text(encoding="utf-8")
    told = json.loads(run(saved(tmp_path), "--out", out, "--language", "fr", "--home", home, "--json").stdout)
    assert {one["language"] for one in told["exhibits"]} == {"fr"}
    before = out.read_bytes()
    for wrong in ("de", "FR", ""):
        result = run(saved(tmp_path), "--out", out, "--language", wrong, "--home", home)
        assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
        assert "en (English), fr (Français)" in result.stderr and out.read_bytes() == before
    verified = CliRunner().invoke(app, ["verify", str(out), "--home", str(home)])
    assert verified.exit_code == 0 and verified.stdout == "same: 2 exhibits, 0 files\n"


def test_an_exhibit_is_written_in_a_language(home: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.json"
    recipe.write_text(BRIEFING.items[0].recipe.to_json(), encoding="utf-8")

    def run(*more: str) -> Result:
        asked = ["exhibit", str(recipe), "--out", str(tmp_path / "out"), "--home", str(home), *more]
        return CliRunner().invoke(app, asked)

    assert run("--language", "fr").exit_code == 0
    described = json.loads((tmp_path / "out" / "exhibit.json").read_text(encoding="utf-8"))
    assert described["language"] == "fr" and described["sentence"] in run("--language", "fr").stdout
    written = (tmp_path / "out" / described["files"][0]).read_text(encoding="utf-8-sig")
    assert "# DONNÉES SYNTHÉTIQUES" in written and '"Période"' in written and described["files"][0].isascii()
    refused = run("--language", "xx")
    assert refused.exit_code == 1 and "fr (Français)" in refused.stderr
