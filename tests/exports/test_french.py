"""Exports in another language: every file re-read, with the numbers of the English one and no English word left."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from lxml import etree
from pptx import Presentation

from civmap import language
from civmap.errors import ExportError
from civmap.exhibits import build
from civmap.exports import data, log, making, manifest, marking, pictures, report, slides, tables, verify
from civmap.exports.briefing import Briefing, in_words
from civmap.exports.prepare import prepare
from civmap.exports.prepared import Prepared
from civmap.exports.slide_tables import cells
from civmap.figures import theme
from civmap.figures.part import Part
from civmap.language import speaking
from civmap.store import Store
from tests.exports.conftest import TWELVE, asked
from tests.exports.test_slides import C, numbers, texts
from tests.stores import add, monthly

FRENCH = tuple(name for name in TWELVE if name != "tallies")  # that one quotes publications
THREE = ("totals", "incident_map", "national_trend")
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
ENGLISH = re.compile(
    r"\b(the|of|with|and|is|are|was|were|not|from|to|for|by|that|than|which|only|known|each|other|all|per|where|how|"
    r"withheld|killed|injured|months?|years?|rows?|records?)\b",
    re.I,
)


@pytest.fixture(scope="module")
def french(demonstration: Store) -> dict[str, Prepared]:
    with speaking("fr"):
        built = {name: build(asked(name), demonstration) for name in FRENCH}
    return {name: prepare(exhibit, demonstration) for name, exhibit in built.items()}  # in English surroundings


@pytest.fixture(scope="module")
def deck(french: dict[str, Prepared]) -> Any:
    return Presentation(io.BytesIO(slides.deck(list(french.values()), notes=["Une pause."])))


def english_in(text: str, store: Store) -> list[str]:
    """Find English words outside what is quoted: citations of sources."""
    for citation in store.theatre.source_scopes["citation"]:
        text = text.replace(str(citation).rstrip("."), "")
    return [found[0] for found in ENGLISH.finditer(text)]


def elements(deck: Any) -> Iterator[Any]:
    """Give the XML of every slide, of its notes and of its charts."""
    for slide in deck.slides:
        yield slide._element
        yield slide.notes_slide._element
        yield from (shape.chart.part._element for shape in slide.shapes if shape.has_chart)


def test_every_line_of_the_stamp_is_french(french: dict[str, Prepared], demonstration: Store) -> None:
    for one in french.values():
        stamp = "\n".join(one.stamp)
        for begins in ("DONNÉES SYNTHÉTIQUES", "À la date du 18 février 2015", "Tel que connu", "Période", "Comptés",
                       "Source", "Règle de divulgation", "Empreinte"):  # fmt: skip
            assert any(line.startswith(begins) for line in one.stamp), begins
        assert one.stamp.count(next(line for line in one.exhibit.caveats if line.startswith("Non comptés"))) == 1
        assert not english_in(stamp, demonstration) and one.language == "fr"
        assert one.marking.startswith("Données synthétiques")
        assert set(one.general) < set(one.stamp) and not any(one.exhibit.fingerprint in line for line in one.general)


def test_a_deck_is_french_all_through(deck: Any, demonstration: Store, french: dict[str, Prepared]) -> None:
    for slide in deck.slides:
        notes = slide.notes_slide.notes_text_frame.text
        alts = [shape._element.xpath(".//p:cNvPr")[0].get("descr", "") for shape in slide.shapes]
        for text in (*texts(slide), notes, *alts):
            assert not english_in(text, demonstration), text
    for element in elements(deck):
        for text in (one.text or "" for one in element.iter(f"{A}t", f"{C}v")):
            assert not english_in(text, demonstration), text
    notes = deck.slides[1].notes_slide.notes_text_frame.text
    for said in ("Une pause.", "Constat\u00a0:", "Réserves\u00a0:", "Méthode\u00a0:"):
        assert said in notes


def test_every_text_of_a_slide_names_its_language(deck: Any, ready: dict[str, Prepared]) -> None:
    assert deck.core_properties.language == "fr-FR"
    for made, name in ((deck, "fr-FR"), (Presentation(io.BytesIO(slides.deck([ready["totals"]]))), "en-GB")):
        named = 0
        for element in elements(made):
            for run in element.iter(f"{A}r"):
                assert run.find(f"{A}rPr").get("lang") == name, run.findtext(f"{A}t")
                named += 1
            assert {end.get("lang") for end in element.iter(f"{A}endParaRPr")} <= {name}
            assert not element.xpath(".//@rtl")
        assert named > 20


def test_charts_draw_the_numbers_of_the_english_ones(ready: dict[str, Prepared], french: dict[str, Prepared]) -> None:
    def drawn(one: Prepared) -> list[dict[int, float]]:
        made = Presentation(io.BytesIO(slides.deck([one])))
        charts = [shape.chart.part._element for slide in made.slides for shape in slide.shapes if shape.has_chart]
        return [numbers(side) for chart in charts for side in chart.iter(f"{C}yVal", f"{C}plus", f"{C}minus")]

    one, other = drawn(ready["national_trend"]), drawn(french["national_trend"])
    series = [values for values in one if len(values) > 50]
    assert series and series == [values for values in other if len(values) > 50]


@pytest.mark.parametrize("name", FRENCH)
def test_tables_hold_the_same_numbers_under_french_headers(
    name: str, ready: dict[str, Prepared], french: dict[str, Prepared], demonstration: Store
) -> None:
    pairs = [dict(data.files(one[name], ["csv", "xlsx"])) for one in (ready, french)]
    for ending in ("csv", "xlsx"):
        ours, theirs = ([content for file, content in files.items() if file.endswith(ending)] for files in pairs)
        assert len(ours) == len(theirs) > 0
        for one, other in zip(ours, theirs, strict=True):
            assert _numbers_of(one, ending) == _numbers_of(other, ending)
    for file, content in pairs[1].items():
        assert file.isascii(), file
        if file.endswith("csv"):
            head = [line for line in content.decode("utf-8-sig").splitlines() if line.startswith("#")]
            assert head[0] == head[-1] == f"# {french[name].marking}" and "# DONNÉES SYNTHÉTIQUES" in head
            assert all(f"# {line}" in head for line in french[name].stamp)
            assert sum(line.startswith("# Réserve\u00a0: ") for line in head) == len(french[name].exhibit.caveats)
            assert not english_in("\n".join(head), demonstration)


def _numbers_of(content: bytes, ending: str) -> list[Any]:
    if ending == "csv":  # what is not quoted is a number
        lines = [line for line in content.decode("utf-8-sig").splitlines() if not line.startswith("#")]
        return [re.sub(r'"(?:[^"]|"")*"', "", line) for line in lines[1:]]
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [cell.value for sheet in book.worksheets[1:] for row in sheet.iter_rows() for cell in row
            if isinstance(cell.value, int | float)]  # fmt: skip


@pytest.mark.parametrize("name", ["groups", "province_trend"])
def test_what_is_withheld_is_the_same_in_both_languages(name: str, demonstration: Store) -> None:
    made = []
    for spoken in ("en", "fr"):
        with speaking(spoken):
            made.append(prepare(build(asked(name, measure="killed"), demonstration), demonstration))
    one, other = (" ".join(re.findall(r"\d+", line)) for line in (made[0].stamp[-2], made[1].stamp[-2]))
    assert one == other and len(made[0].exhibit.caveats) == len(made[1].exhibit.caveats)
    for part, twin in zip(made[0].exhibit.parts, made[1].exhibit.parts, strict=True):
        for frame, same in ((part.frames[kind], twin.frames[kind]) for kind in part.frames):
            assert list(frame) == list(same)
            for column in frame.select_dtypes("number"):
                pd.testing.assert_series_equal(frame[column], same[column])
            if "withheld" in frame:
                assert frame["withheld"].tolist() == [text.replace(" à ", " to ") for text in same["withheld"]]


def test_headers_are_words_where_people_read_and_names_where_programs_do(french: dict[str, Prepared]) -> None:
    table = french["totals"].exhibit.parts[0]
    assert [str(name) for name in table.table][:2] == ["Period", "From"], "frames keep their names"
    written = dict(data.files(french["totals"], ["csv", "xlsx"]))
    csv = next(content for name, content in written.items() if name.endswith("csv")).decode("utf-8-sig")
    assert '"Période","Du","Au","Incidents","Tués, min","Tués, meilleure"' in csv
    book = openpyxl.load_workbook(io.BytesIO(next(c for name, c in written.items() if name.endswith("xlsx"))))
    assert book.sheetnames[0] == "À propos" and [cell.value for cell in book.worksheets[1][1]][:2] == ["Période", "Du"]
    series = french["national_trend"].exhibit.parts[0]
    assert list(tables.part_table(series))[0] == "period", "a working file keeps short names"
    shapes = dict(data.files(french["incident_map"], ["geojson"]))
    properties = json.loads(next(iter(shapes.values())))["features"][0]["properties"]
    assert "cell" in properties and "incidents" in properties


def test_units_take_their_bound_in_french(demonstration: Store) -> None:
    with speaking("fr"):
        part = build(asked("national_trend", measure="killed"), demonstration).parts[0]
        found = list(tables.part_table(part))
    assert found[1:4] == ["civils tués (meilleure) par mois", "civils tués par mois, min", "civils tués par mois, max"]


def test_numbers_and_months_in_tables_are_written_as_the_language_does() -> None:
    table = pd.DataFrame({"Ratio": [1.25, 1234.5], "Year": [2009, 2010], "Whole": [True, False],
                          "Share": ["12 à 15\u00a0%", "plus de 20 fois"]})  # fmt: skip
    with speaking("fr"):
        named, rows, numeric = cells(table, {"Ratio": "Rapport"})
    assert named[0] == "Rapport" and rows[0] == ["1,2", "2009", "oui", "12 à 15\u00a0%"]
    assert rows[1][:3] == ["1\u202f234" if rows[1][0].endswith("4") else "1\u202f235", "2010", "non"]
    assert numeric == [True, True, False, True]


def test_a_report_is_french_and_says_so(
    french: dict[str, Prepared], ready: dict[str, Prepared], demonstration: Store
) -> None:
    made = report.report(list(french.values()), notes=["Une pause."]).decode()
    page = etree.HTML(made)
    assert page.get("lang") == "fr" and page.get("dir") == "ltr"
    assert page.xpath("//nav/@aria-label") == ["Sommaire"] and page.xpath("//h1")[0].text == "Dommages aux civils"
    said = " ".join(text for text in page.xpath("//body//text()[not(parent::script)] | //@alt"))
    assert not english_in(said, demonstration) and "Note de l'orateur\u00a0:" in said
    assert "Réserves" in said and "Un tiret signale" in said and "7\u202f105" in said
    assert not page.xpath("//section/@lang")
    mixed = etree.HTML(report.report([french["totals"], ready["totals"]]).decode())
    assert mixed.get("lang") == "fr" and mixed.xpath("//section/@lang") == ["en"]


def test_pictures_carry_french_and_names_that_every_system_takes(
    french: dict[str, Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = pictures.draw
    drawn: list[str] = []

    def noted(part: Part, one: Prepared) -> Any:
        made = figure(part, one)
        drawn.extend(text.get_text() for axes in made.axes for text in axes.texts)
        return made

    monkeypatch.setattr(pictures, "draw", noted)
    made = pictures.pictures(french["totals"], ["svg"])
    assert all(name.isascii() for name, _ in made) and "DONNÉES SYNTHÉTIQUES" in drawn
    assert "meilleure" in " ".join(drawn) and not any(ENGLISH.search(text) for text in drawn)
    part = Part("table", "Évolution des œuvres", {"table": pd.DataFrame({"N": [1]})}, "une ligne")
    exhibit = replace(french["totals"].exhibit, parts=(part,))
    assert tables.file_name(exhibit, part, "csv").startswith("civmap-totals-evolution-des-oeuvres-")


def test_a_bundle_is_read_in_french_and_verified_in_english(
    french: dict[str, Prepared], tmp_path: Path, demonstration: Store
) -> None:
    file = tmp_path / "bundle.zip"
    file.write_bytes(making.made([french["totals"]], "zip"))
    with zipfile.ZipFile(file) as archive:
        assert all(name.isascii() for name in archive.namelist())
        readme = archive.read("README.txt").decode()
    assert "Dossier CivMap" in readme and not english_in(readme.replace("verify BUNDLE", ""), demonstration)
    assert verify.verify(file, demonstration.home).same


# ---- the manifest, and building it again ----------------------------------------------------------------------------


@pytest.fixture
def kept(own: Store, tmp_path: Path) -> Callable[[str], Path]:
    add(own, tmp_path, monthly([4] * 36))
    marking.set_marking(own, "RELEASABLE")

    def keep(spoken: str) -> Path:
        with speaking(spoken):
            made = [prepare(build(asked(name, source="log", measure="killed"), own), own) for name in THREE]
        file = tmp_path / f"{spoken}.json"
        file.write_text(manifest.as_text(manifest.together(made)), encoding="utf-8")
        return file

    return keep


def test_an_export_is_verified_in_its_own_language_wherever_that_is(own: Store, kept: Callable[[str], Path]) -> None:
    files = {spoken: kept(spoken) for spoken in ("fr", "en")}
    for spoken, file in files.items():
        assert {one["language"] for one in json.loads(file.read_text())["exhibits"]} == {spoken}
        for around in ("fr", "en"):
            with speaking(around):
                assert verify.verify(file, own.home).same
    own.decide("duplicates", [("log", "T1")], why="one event", who="A. Reader")
    (said,) = verify.verify(files["fr"], own.home).differences
    assert said.startswith("Exhibits 1, 2 and 3: Decided since") and "by A. Reader" in said
    with speaking("fr"):
        (said,) = verify.verify(files["en"], own.home).differences
    assert said.startswith("Éléments 1, 2 et 3\u00a0: Décidé depuis") and not ENGLISH.search(said)


def test_a_manifest_without_a_language_is_english(own: Store, kept: Callable[[str], Path]) -> None:
    for spoken in ("en", "fr"):
        file = kept(spoken)
        values = json.loads(file.read_text())
        for entry in values["exhibits"]:
            del entry["language"]
        file.write_text(json.dumps(values))
        assert verify.verify(file, own.home).same == (spoken == "en")


@pytest.mark.parametrize("other", ["xx", "", None, 5, ["fr"], {"fr": 1}])
def test_a_language_that_is_not_spoken_is_said(other: object, own: Store, kept: Callable[[str], Path]) -> None:
    file = kept("en")
    values = json.loads(file.read_text())
    for entry in values["exhibits"]:
        entry["language"] = other
    file.write_text(json.dumps(values))
    (said,) = verify.verify(file, own.home).differences
    assert said.startswith("Exhibits 1, 2 and 3: ")


def test_why_it_cannot_be_built_is_said_in_the_language_around(own: Store, kept: Callable[[str], Path]) -> None:
    file = kept("fr")
    file.write_text(file.read_text().replace('"source": "log"', '"source": "gone"'))
    said = "\n".join(verify.verify(file, own.home).differences)
    assert "It cannot be built anew." in said and "Il" not in said.replace("It", "")


# ---- a briefing -----------------------------------------------------------------------------------------------------


def test_a_briefing_is_made_in_the_language_around_and_its_faults_are_said_in_it(demonstration: Store) -> None:
    briefing = Briefing("Semaine 31").add(asked("totals"))
    with speaking("fr"):
        (one,) = making.prepared(briefing, lambda _: demonstration)
        assert one.language == "fr" and making.size(b"x" * 2_345_678) == "2,3 Mo"
        line = in_words(asked("trends", measure="killed"), demonstration.theatre)
        with pytest.raises(ExportError, match="L'exposé est vide"):
            making.prepared(Briefing(), lambda _: demonstration)
        with pytest.raises(ExportError, match="n'est pas du JSON valide"):
            Briefing.from_json("{")
    assert line.startswith("Tendances \u00b7 ") and "civils tués (meilleure) \u00b7 tous les jours" in line
    assert not ENGLISH.search(line)


def test_the_audit_log_stays_english(own: Store, kept: Callable[[str], Path]) -> None:
    kept("fr")
    with speaking("fr"):
        made = prepare(build(asked("totals", source="log"), own), own)
        log.record([made], own, what="a.pptx")
    assert log.lines(own)[-1]["rule"].startswith("People")


# ---- a language that runs from right to left -------------------------------------------------------------------------


@pytest.fixture
def arabic(monkeypatch: pytest.MonkeyPatch, ready: dict[str, Prepared]) -> dict[str, Prepared]:
    """Pretend that CivMap speaks Arabic; its texts stay English, as a catalogue is missing."""
    monkeypatch.setitem(language.LANGUAGES, "ar", "العربية")
    return {name: replace(one, exhibit=replace(one.exhibit, language="ar")) for name, one in ready.items()}


def test_slides_run_from_right_to_left_where_their_language_does(arabic: dict[str, Prepared]) -> None:
    chosen = [arabic[name] for name in ("totals", "national_trend", "directive_checks")]
    made = Presentation(io.BytesIO(slides.deck(chosen)))
    sides = set()
    for element in elements(made):
        for paragraph in element.iter(f"{A}p"):
            properties = paragraph.find(f"{A}pPr")
            assert properties is not None and properties.get("rtl") == "1", etree.tostring(paragraph)
            sides.add(properties.get("algn"))
        assert {run.get("lang") for run in element.iter(f"{A}rPr")} <= {"ar-EG"}
        assert all(table.get("rtl") == "1" for table in element.iter(f"{A}tblPr"))
    assert sides == {"r", "l", "ctr", None}, "words to the right, numbers to the left, markings in the middle"
    (first, *_) = (shape.table for slide in made.slides for shape in slide.shapes if shape.has_table)
    row = [cell.text_frame.paragraphs[0]._p.find(f"{A}pPr").get("algn") for cell in first.rows[1].cells]
    assert row[0] == "r" and row[-1] == "l"
    marks = [shape for shape in made.slides[1].placeholders if shape.placeholder_format.idx in (14, 15)]
    assert all(shape._element.find(f".//{A}pPr").get("algn") is None for shape in marks), "centred by the layout"


def test_a_report_runs_from_right_to_left_where_its_language_does(arabic: dict[str, Prepared]) -> None:
    page = etree.HTML(report.report([arabic["totals"]]).decode())
    assert page.get("lang") == "ar" and page.get("dir") == "rtl"
    css = page.findtext(".//style")
    assert not re.search(r"(margin|padding|border)-(left|right)|text-align: (left|right)|[^-](left|right):", css)


def test_the_watermark_is_the_one_of_the_language() -> None:
    with speaking("fr"):
        assert language.say(theme.SYNTHETIC) == "DONNÉES SYNTHÉTIQUES"
