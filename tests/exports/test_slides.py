"""Decks: opened again by python-pptx, their XML and workbooks read, and rendered by LibreOffice where it is."""

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from lxml import etree
from pptx import Presentation
from pptx.util import Inches

from civmap.errors import ExportError
from civmap.exports import slides
from civmap.exports.make_template import LAYOUTS, TEMPLATE, make
from civmap.exports.prepared import Prepared
from civmap.figures import theme
from civmap.figures.part import Part
from tests.conftest import in_ci

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
NASTY = "<b>R&D</b> \u201equoted\u201c ]]> $x$ {0} %s"


@pytest.fixture(scope="module")
def made(ready: dict[str, Prepared]) -> bytes:
    return slides.deck(list(ready.values()), notes=["Say this first."], title=NASTY)


def opened(data: bytes) -> Any:
    return Presentation(io.BytesIO(data))


def texts(slide: Any) -> Iterator[str]:
    for shape in slide.shapes:
        if shape.has_text_frame:
            yield shape.text_frame.text
        if shape.has_table:
            yield from (cell.text for row in shape.table.rows for cell in row.cells)


def test_every_slide_carries_marking_stamp_caveats_and_a_text_for_every_shape(
    made: bytes, ready: dict[str, Prepared]
) -> None:
    deck = opened(made)
    assert len(deck.slides) > len(ready)
    for slide in list(deck.slides)[1:]:
        said = list(texts(slide))
        one = next(one for one in ready.values() if any(one.exhibit.fingerprint in text for text in said))
        assert said.count(one.marking) == 2
        notes = slide.notes_slide.notes_text_frame.text
        assert one.exhibit.sentence in notes and all(line in notes for line in (*one.stamp, *one.exhibit.caveats))
        for shape in slide.shapes:
            alt = shape._element.xpath(".//p:cNvPr")[0].get("descr")
            assert shape.is_placeholder or alt, shape.name
        assert any(theme.SYNTHETIC in text for text in said) or any(shape.shape_type == 13 for shape in slide.shapes)
    assert "Say this first." in deck.slides[1].notes_slide.notes_text_frame.text


def test_a_title_of_signs_stays_text(made: bytes) -> None:
    assert NASTY in list(texts(opened(made).slides[0]))


def test_nothing_lies_outside_its_slide(made: bytes) -> None:
    deck = opened(made)
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left >= 0 and shape.top >= 0, shape.name
            assert shape.left + shape.width <= deck.slide_width + Inches(0.01), shape.name
            assert shape.top + shape.height <= deck.slide_height, shape.name


def test_all_parts_are_well_formed_and_every_relation_leads_somewhere(made: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        for name in names:
            if name.endswith((".xml", ".rels")):
                etree.fromstring(archive.read(name))
        for name in (name for name in names if name.endswith(".rels")):
            base = Path(name).parent.parent
            for relation in etree.fromstring(archive.read(name)):
                if relation.get("TargetMode") != "External":
                    target = relation.get("Target")
                    path = target.lstrip("/") if target.startswith("/") else str((Path("/") / base / target).resolve())
                    assert path.lstrip("/") in names, f"{name} leads to {target}"
        assert "CivMap manifest" in archive.read("docProps/custom.xml").decode()


def charts(data: bytes) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Give the XML of each chart and the sheet of its workbook."""
    for slide in opened(data).slides:
        for shape in slide.shapes:
            if shape.has_chart:
                part = shape.chart.part
                book = openpyxl.load_workbook(io.BytesIO(part.chart_workbook.xlsx_part.blob))
                (sheet,) = book.worksheets
                rows = list(sheet.iter_rows(values_only=True))
                yield part._element, pd.DataFrame(rows[1:], columns=range(len(rows[0])), dtype="object")


def test_what_a_chart_draws_is_what_its_workbook_holds(made: bytes) -> None:
    found = 0
    for xml, sheet in charts(made):
        for reference in xml.iter(f"{C}numRef"):
            place = reference.findtext(f"{C}f")
            letter, last = re.fullmatch(r"Data!\$([A-Z]+)\$2:\$\1\$(\d+)", place).groups()
            column = openpyxl.utils.column_index_from_string(letter) - 1
            drawn = {int(point.get("idx")): float(point.findtext(f"{C}v")) for point in reference.iter(f"{C}pt")}
            held = sheet[column].iloc[: int(last) - 1]
            epoch = pd.Timestamp("1899-12-30")
            numbers = {
                k: (pd.Timestamp(value) - epoch).days if hasattr(value, "year") else value
                for k, value in enumerate(held) if value is not None
            }  # fmt: skip
            assert numbers == pytest.approx(drawn), place
            found += len(drawn)
    assert found > 1000


def test_intervals_are_drawn_into_charts(made: bytes, ready: dict[str, Prepared]) -> None:
    part = ready["directive_checks"].exhibit.parts[0]
    whole = {round(float(v), 9) for v in part.frames["bars"]["value"].dropna()}
    for xml, _ in charts(made):
        values = {round(float(p.findtext(f"{C}v")), 9) for p in xml.iter(f"{C}pt") if p.findtext(f"{C}v")
                  and re.fullmatch(r"[-\d.e]+", p.findtext(f"{C}v"))}  # fmt: skip
        if whole <= values:
            (bars,) = xml.iter(f"{C}errBars")
            ends = [float(p.findtext(f"{C}v")) for p in bars.find(f"{C}plus").iter(f"{C}pt")]
            span = part.frames["bars"]
            assert np.isclose(ends[0], min(span["high"].iloc[0], 50) - span["value"].iloc[0])
            return
    raise AssertionError("the chart of the checks is missing")


def test_what_is_withheld_is_in_no_workbook_and_drawn_as_a_gap() -> None:
    frame = pd.DataFrame({
        "period": pd.date_range("2010-01-01", periods=4, freq="MS"), "value": [7.0, None, 9.0, 8.0],
        "low": [None] * 4, "high": [None] * 4, "withheld": ["", "<5", "", ""],
    })  # fmt: skip
    part = Part("series", "Harm", {"series": frame}, "four months", {"unit": "civilians killed per month"})
    (chart,) = slides_charts(part)
    xml = etree.fromstring(chart.xml)
    points = [point.get("idx") for point in next(xml.iter(f"{C}yVal")).iter(f"{C}pt")]
    assert points == ["0", "2", "3"] and xml.find(f".//{C}dispBlanksAs").get("val") == "gap"
    assert b"<5" not in chart.book and b"withheld" not in zipped(chart.book)


def slides_charts(part: Part) -> list[Any]:
    from civmap.exports.slide_charts import charts as native

    return native(part)


def zipped(book: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def test_rows_and_columns_without_room_are_said(ready: dict[str, Prepared]) -> None:
    one = ready["tallies"]
    said = [text for slide in opened(slides.deck([one])).slides for text in texts(slide)]
    assert any(re.search(r"The first \d+ of 102 rows", text) for text in said)
    assert any("Columns without room: " in text for text in said)


def test_a_title_of_ones_own_is_the_title_and_the_finding_stays(ready: dict[str, Prepared]) -> None:
    one = replace(ready["totals"], title=NASTY)
    slide = opened(slides.deck([one])).slides[1]
    assert slide.shapes.title.text_frame.text == NASTY
    assert any("incidents with civilian harm" in text for text in texts(slide) if text != NASTY)


def test_a_template_of_ones_own_is_taken_without_its_slides(tmp_path: Path, ready: dict[str, Prepared]) -> None:
    mine = make()
    mine.slides.add_slide(mine.slide_layouts[0])
    mine.save(tmp_path / "mine.pptx")
    deck = opened(slides.deck([ready["totals"]], template=tmp_path / "mine.pptx"))
    assert len(deck.slides) == 2


def test_all_that_a_template_lacks_is_named_at_once(tmp_path: Path, ready: dict[str, Prepared]) -> None:
    Presentation().save(tmp_path / "bare.pptx")
    with pytest.raises(ExportError) as told:
        slides.deck([ready["totals"]], template=tmp_path / "bare.pptx")
    assert all(f"'{name}'" in str(told.value) for name in LAYOUTS)
    lacking = make()
    layout = next(layout for layout in lacking.slide_layouts if layout.name == "CivMap exhibit")
    gone = next(shape for shape in layout.placeholders if shape.placeholder_format.idx == 12)
    layout.shapes._spTree.remove(gone._element)
    lacking.save(tmp_path / "lacking.pptx")
    with pytest.raises(ExportError, match="'CivMap exhibit' has no placeholder 12"):
        slides.deck([ready["totals"]], template=tmp_path / "lacking.pptx")
    for data in (b"no zip", b"PK\x05\x06" + bytes(18)):
        (tmp_path / "bad.pptx").write_bytes(data)
        with pytest.raises(ExportError, match=r"bad\.pptx cannot be read"):
            slides.deck([ready["totals"]], template=tmp_path / "bad.pptx")


def test_the_template_in_the_repository_is_the_one_that_the_code_makes() -> None:
    made, kept = make(), Presentation(str(TEMPLATE))
    for one, other in zip(made.slide_layouts, kept.slide_layouts, strict=True):
        places = [[(shape.placeholder_format.idx, shape.left, shape.top, shape.width, shape.height)
                   for shape in layout.placeholders] for layout in (one, other)]  # fmt: skip
        assert one.name == other.name and places[0] == places[1]


def test_libreoffice_renders_every_slide(made: bytes, tmp_path: Path) -> None:
    if not shutil.which("soffice"):
        assert not in_ci(), "CI must not skip this test: LibreOffice is not installed"
        pytest.skip("LibreOffice is not installed")
    (tmp_path / "deck.pptx").write_bytes(made)
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "pdf",
         "--outdir", str(tmp_path), str(tmp_path / "deck.pptx")], check=True, capture_output=True,
    )  # fmt: skip
    pages = re.findall(rb"/Type\s*/Page[^s]", (tmp_path / "deck.pdf").read_bytes())
    assert len(pages) == len(opened(made).slides)
