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
from pptx.enum.text import PP_ALIGN
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
        types = etree.fromstring(archive.read("[Content_Types].xml"))
        endings = {one.get("Extension", "").casefold() for one in types}
        named = {one.get("PartName", "").lstrip("/") for one in types}
        assert all(name in named or name.rpartition(".")[2].casefold() in endings for name in names)
        assert {f"ppt/charts/{Path(name).name}" for name in names if "/charts/chart" in name} <= named


# ECMA-376 part 1, section 21.2.2: the order in which each element must hold its children.
ORDER = {
    "chartSpace": "date1904 roundedCorners chart spPr txPr externalData",
    "chart": "autoTitleDeleted plotArea legend plotVisOnly dispBlanksAs",
    "plotArea": "layout scatterChart barChart catAx valAx spPr",
    "scatterChart": "scatterStyle varyColors ser axId",
    "barChart": "barDir grouping varyColors ser gapWidth overlap axId",
    "ser": "idx order tx spPr invertIfNegative marker dLbls errBars cat val xVal yVal smooth",
    "marker": "symbol size spPr",
    "dLbl": "idx delete tx spPr dLblPos showLegendKey showVal showCatName showSerName showPercent showBubbleSize",
    "dLbls": "dLbl dLblPos showLegendKey showVal showCatName showSerName showPercent showBubbleSize",
    "errBars": "errDir errBarType errValType noEndCap plus minus spPr",
    "scaling": "logBase orientation max min",
    "valAx": "axId scaling delete axPos majorGridlines title numFmt majorTickMark minorTickMark tickLblPos spPr txPr "
    "crossAx crosses crossesAt crossBetween majorUnit",
    "catAx": "axId scaling delete axPos numFmt majorTickMark minorTickMark tickLblPos spPr txPr crossAx crosses "
    "crossesAt auto lblAlgn lblOffset noMultiLvlLbl",
    "legend": "legendPos overlay txPr",
    "numLit": "formatCode ptCount pt", "numCache": "formatCode ptCount pt", "strCache": "ptCount pt",
}  # fmt: skip


def test_elements_of_charts_stand_in_the_order_of_the_standard(made: bytes) -> None:
    seen = set()
    for xml, _ in charts(made):
        for element in xml.iter():
            name = etree.QName(element).localname
            if name in ORDER and element.tag.startswith(C) and len(element):
                order = ORDER[name].split()
                places = [order.index(etree.QName(child).localname) for child in element]
                assert places == sorted(places), name
                seen.add(name)
    assert seen >= set(ORDER) - {"marker"}


def test_everything_drawn_lies_within_its_axes(made: bytes) -> None:
    checked = 0
    for xml, _ in charts(made):
        for plot in xml.iter(f"{C}scatterChart"):
            across, up = (
                (float(axis.find(f".//{C}min").get("val")), float(axis.find(f".//{C}max").get("val")))
                for axis in xml.iter(f"{C}valAx")
            )
            for series in plot.iter(f"{C}ser"):
                x, y = (numbers(series.find(f"{C}{side}")) for side in ("xVal", "yVal"))
                reach = [numbers(bars.find(f"{C}plus")) for bars in series.iter(f"{C}errBars")]
                ends = [y[k] + plus.get(k, 0) for plus in reach for k in y] + list(y.values())
                assert all(across[0] <= one <= across[1] for one in x.values())
                assert all(up[0] * (1 - 1e-9) <= one <= up[1] * (1 + 1e-9) for one in ends)
                checked += len(ends)
    assert checked > 1000


def numbers(element: Any) -> dict[int, float]:
    return {int(point.get("idx")): float(point.findtext(f"{C}v")) for point in element.iter(f"{C}pt")}


def months(count: int, **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"period": pd.date_range("2009-01-01", periods=count, freq="MS")})
    return frame.assign(**{"value": 5.0, "low": np.nan, "high": np.nan, **columns})


def drawn(chart: Any) -> dict[str, Any]:
    """Give each series of a chart by its name."""
    return {series.findtext(f"{C}tx/{C}v"): series for series in etree.fromstring(chart.xml).iter(f"{C}ser")}


def test_directives_and_changes_in_recording_are_told_apart_and_no_label_is_met_by_a_later_line() -> None:
    starts = pd.to_datetime(["2009-03-01", "2009-05-01", "2009-07-02", "2010-06-01"])
    happened = pd.DataFrame({
        "kind": ["directive", "recording", "directive", "directive"], "start": starts, "end": starts,
        "label": ["March 2009 directive", "Injuries recorded", "July 2009 directive", "June 2010 directive"],
    })  # fmt: skip
    part = Part("series", "Harm", {"series": months(36), "events": happened}, "36 months", {"unit": "incidents"})
    (chart,) = slides_charts(part)
    found = drawn(chart)
    directive, recording = found["Directive (upright)"], found["Change in recording (upright)"]
    dashes = [one.find(f"{C}spPr").find(".//{*}prstDash").get("val") for one in (directive, recording)]
    assert dashes[0] == "solid" != dashes[1]
    labels = [text.text for one in (directive, recording) for text in one.iter("{*}t")]
    assert labels == ["March 2009", "July 2009", "June 2010", "Injuries recorded"]
    tops = {}
    for one in (directive, recording):
        x, y = numbers(one.find(f"{C}xVal")), numbers(one.find(f"{C}yVal"))
        tops |= {x[k]: height for k, height in y.items() if height > 0}
    early = [tops[day] for day in sorted(tops)][:3]
    assert early == sorted(early, reverse=True) and len(set(early)) == 3


def test_a_projection_that_is_not_there_is_not_in_the_legend() -> None:
    model = months(36)[["period"]].assign(fitted=4.0, counterfactual=np.nan)
    (chart,) = slides_charts(Part("series", "Level", {"series": months(36), "model": model}, "36 months"))
    assert set(drawn(chart)) == {"Recorded", "Model"}


def test_an_interval_that_leaves_the_chart_ends_at_its_edge_and_is_said(ready: dict[str, Prepared]) -> None:
    model = months(36)[["period"]].assign(fitted=4.0, counterfactual=8.0, counterfactual_low=1.0)
    frames = {"series": months(36), "model": model.assign(counterfactual_high=4321.0)}
    part = Part("series", "Harm", frames, "36 months")
    (chart,) = slides_charts(part)
    bars = drawn(chart)["Expected without a change"].find(f"{C}errBars")
    assert list(numbers(bars.find(f"{C}plus")).values()) == pytest.approx([1.06 * 3 * 8 - 8] * 36)
    assert any("reaches 4,321; the chart ends below it" in text for text in said_by(ready["totals"], part))
    near = replace(part, frames={**frames, "model": model.assign(counterfactual_high=20.0)})
    assert not any("the chart ends below it" in text for text in said_by(ready["totals"], near))


def said_by(one: Prepared, *parts: Part, **changes: Any) -> list[str]:
    """Give the texts of the only slide of an exhibit with other parts and words."""
    exhibit = replace(one.exhibit, parts=parts or one.exhibit.parts, **changes)
    return list(texts(opened(slides.deck([replace(one, exhibit=exhibit)])).slides[1]))


def test_withheld_values_are_said_on_the_slide(ready: dict[str, Prepared]) -> None:
    frame = months(4, value=[7.0, None, 9.0, None], withheld=["", "<5", "", "<5"])
    part = Part("series", "Harm", {"series": frame}, "four months")
    assert any("2 values withheld" in text and "not 0" in text for text in said_by(ready["totals"], part))


def test_what_finds_no_room_above_stands_among_the_caveats(ready: dict[str, Prepared]) -> None:
    sentences = [f"Sentence {k} says that the change cannot be separated from directive {k}." for k in range(12)]
    said = said_by(ready["national_trend"], sentence=" ".join(sentences), caveats=("A caveat.",))
    assert all(any(sentence in text for text in said) for sentence in sentences)
    assert any("Incidents with civilian harm per month" in text for text in said)
    long = "The change " + "cannot be separated from another directive nor " * 15 + "from chance."
    said = said_by(ready["national_trend"], sentence=long, caveats=("A caveat.",))
    assert any(text.startswith("The change") and text.endswith("\u2026") for text in said)
    assert any(f"\u2013 {long}" in text for text in said)


def test_a_cover_without_room_for_all_exhibits_says_so_and_its_notes_list_them(ready: dict[str, Prepared]) -> None:
    many = [replace(ready["totals"], title=f"Exhibit named {k}") for k in range(60)]
    cover = opened(slides.deck(many)).slides[0]
    said = "\n".join(texts(cover))
    assert "Exhibit named 0" in said and "Exhibit named 59" not in said
    assert "The notes of this slide list all 60 exhibits." in said
    assert "60. Exhibit named 59" in cover.notes_slide.notes_text_frame.text


def test_tables_fill_the_place_of_the_template_and_their_pages_evenly(
    tmp_path: Path, ready: dict[str, Prepared]
) -> None:
    table = pd.DataFrame({"Year": [2000.0 + k for k in range(40)], "Share": [f"{k} %" for k in range(40)],
                          "Killed": ["<5", "7 to 12", "withheld", "1,200"] * 10, "Where": ["Kabul"] * 40})  # fmt: skip
    part = Part("table", "Shares", {"table": table}, "40 rows")
    one = replace(ready["totals"], exhibit=replace(ready["totals"].exhibit, parts=(part,)))
    small = make()
    for layout in small.slide_layouts:
        for shape in layout.placeholders:
            if shape.placeholder_format.idx == 11:
                shape.height = Inches(2.8)
    small.save(tmp_path / "small.pptx")
    own = tables(slides.deck([one]))
    assert sum(map(len, own)) == 40 and max(map(len, own)) - min(map(len, own)) <= 2
    for rows in own:
        assert [row[0].text for row in rows][:1] == [str(2000 + sum(map(len, own[: own.index(rows)])))]
        assert [cell.text_frame.paragraphs[0].alignment for cell in rows[0]] == [*[PP_ALIGN.RIGHT] * 3, PP_ALIGN.LEFT]
    longer = replace(part, frames={"table": pd.concat([table, table, table.head(20)], ignore_index=True)})
    many = replace(one, exhibit=replace(one.exhibit, parts=(longer,)))
    narrow = slides.deck([many], template=tmp_path / "small.pptx")
    assert 2 <= len(tables(narrow)[0]) < len(own[0])
    for slide in list(opened(narrow).slides)[1:]:
        (frame,) = (shape for shape in slide.shapes if shape.has_table)
        assert frame.height <= Inches(2.8)
    said = [text for slide in opened(narrow).slides for text in texts(slide)]
    assert any(re.search(r"The first \d+ of 100 rows", text) for text in said)


def tables(data: bytes) -> list[list[Any]]:
    """Give the rows below the header of each slide's table, as lists of cells."""
    return [
        [list(row.cells) for row in list(shape.table.rows)[1:]]
        for slide in opened(data).slides for shape in slide.shapes if shape.has_table
    ]  # fmt: skip


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
    narrow = make()
    for shape in narrow.slide_layouts[1].placeholders:
        if shape.placeholder_format.idx in (0, 11):
            shape.width = Inches(1)
    narrow.save(tmp_path / "narrow.pptx")
    with pytest.raises(ExportError) as told:
        slides.deck([ready["totals"]], template=tmp_path / "narrow.pptx")
    assert all(f"placeholder {slot} of layout 'CivMap exhibit' is smaller than" in str(told.value)
               for slot in ("0 (title)", "11 (exhibit)"))  # fmt: skip
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
