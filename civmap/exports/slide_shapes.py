"""Shapes on a slide: text that fits, charts, maps and tables in the place that the layout gives them, each with a text
for those who cannot see it."""  # noqa: D205, D209

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lxml import etree
from pptx.dml.color import RGBColor
from pptx.enum.text import PP_ALIGN
from pptx.opc.constants import CONTENT_TYPE as CT
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.parts.chart import ChartPart
from pptx.util import Emu, Inches, Pt

from civmap.exports.slide_charts import Chart
from civmap.exports.slide_speech import speak_on
from civmap.exports.slide_tables import replace_table, row_height, table_xml
from civmap.exports.slide_text import clean, fit
from civmap.figures import paper, paper_maps, theme
from civmap.figures.part import Part
from civmap.language import say

if TYPE_CHECKING:
    from civmap.exports.slide_pages import Page, Table

PANEL_HEAD = 0.2  # inches above a panel for its name
PER_ROW = 5
GAP = 0.08
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"


@dataclass(frozen=True)
class Box:
    """A place on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def of(cls, shape: Any) -> Box:
        """Take the place of a shape."""
        return cls(*(Emu(side).inches for side in (shape.left, shape.top, shape.width, shape.height)))

    @property
    def emu(self) -> tuple[int, int, int, int]:
        """The place as python-pptx takes it."""
        return tuple(int(Inches(side)) for side in (self.left, self.top, self.width, self.height))  # type: ignore[return-value]


def fill_text(
    shape: Any, lines: Sequence[str], *, largest: float, least: float, more: str = "", centred: bool = False
) -> tuple[str, ...]:
    """Write paragraphs at the largest size at which they fit, and give those that found no room.

    Parameters
    ----------
    more
        Written last where some found no room.
    centred
        Whether the layout sets them in the middle.
    """
    box = Box.of(shape)
    said = [line for line in lines if line.strip()]
    fitted = fit(said, box.width, box.height, largest=largest, least=least)
    if fitted.rest and more:
        fitted = fit([*fitted.lines[:-1], more], box.width, box.height, largest=fitted.size, least=least)
        fitted = type(fitted)(fitted.lines, fitted.size, tuple(said[len(fitted.lines) - 1 :]))
    frame = shape.text_frame
    frame.text = "\n".join(fitted.lines)
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            run.font.size = Pt(fitted.size)
    speak_on(shape._element, centred=centred)
    return fitted.rest


def notes_text(slide: Any, lines: Sequence[str]) -> None:
    """Write the notes of a slide."""
    frame = slide.notes_slide.notes_text_frame
    frame.text = "\n".join(clean(line) for line in lines if line)
    speak_on(frame._element)


def place(slide: Any, holder: Any, page: Page, *, synthetic: bool) -> None:
    """Put what a page shows where the layout holds a place for it; the empty placeholder goes."""
    box = Box.of(holder)
    holder._element.getparent().remove(holder._element)
    if page.map is not None:
        _map(slide, box, page.map, page.alt, synthetic=synthetic)
    elif page.table is not None:
        _table(slide, box, page.table, page.alt)
    elif len(page.charts) == 1:
        _chart(slide, box, page.charts[0], page.alt)
    elif page.charts:
        _panels(slide, box, page.charts, page.alt)
    else:
        shape = slide.shapes.add_textbox(*box.emu)
        shape.text_frame.text = page.alt
        speak_on(shape._element)
        _describe(shape, say("Nothing to show"), page.alt)
    if synthetic and page.map is None:
        watermark(slide, box)


def watermark(slide: Any, box: Box) -> None:
    """Write SYNTHETIC DATA across a place, pale enough to read through."""
    high = 0.8
    shape = slide.shapes.add_textbox(*Box(box.left, box.top + (box.height - high) / 2, box.width, high).emu)
    shape.rotation = -12
    frame = shape.text_frame
    frame.text = say(theme.SYNTHETIC)
    paragraph = frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.CENTER
    font = paragraph.runs[0].font
    font.size, font.bold = Pt(40), True
    colour = theme.palette("light").watermark
    font.color.rgb = RGBColor.from_string(colour[1:].upper())
    solid = paragraph.runs[0]._r.find(f".//{{{_A}}}srgbClr")
    etree.SubElement(solid, f"{{{_A}}}alpha", val="30000")
    speak_on(shape._element)
    _describe(shape, say("Synthetic data"), say("Mark: synthetic data, no real incident"))


def _describe(shape: Any, name: str, alt: str) -> None:
    properties = getattr(shape, "_element", shape).xpath(".//p:cNvPr")[0]
    properties.set("name", clean(name))
    properties.set("descr", clean(alt))


def _map(slide: Any, box: Box, part: Part, alt: str, *, synthetic: bool) -> None:
    figure = paper_maps.draw_map(part, width_in=box.width, height_in=box.height, synthetic=synthetic)
    shape = slide.shapes.add_picture(io.BytesIO(paper.picture(figure, "png")), *box.emu)
    _describe(shape, part.title, alt)


def _chart(slide: Any, box: Box, chart: Chart, alt: str) -> None:
    package = slide.part.package
    name = package.next_partname(ChartPart.partname_template)
    part = ChartPart.load(name, CT.DML_CHART, package, chart.xml)
    part.chart_workbook.update_from_xlsx_blob(chart.book)
    shape = slide.shapes._add_chart_graphicFrame(slide.part.relate_to(part, RT.CHART), *box.emu)
    _describe(shape, chart.panel or say("Chart"), alt if not chart.panel else f"{chart.panel}. {alt}")


def _panels(slide: Any, box: Box, charts: Sequence[Chart], alt: str) -> None:
    """Lay charts out in rows, each under its name."""
    down = -(-len(charts) // (PER_ROW if len(charts) > 6 else 3))
    across = -(-len(charts) // down)
    wide, high = box.width / across, box.height / down
    for number, chart in enumerate(charts):
        left, top = box.left + number % across * wide, box.top + number // across * high
        head = slide.shapes.add_textbox(*Box(left, top, wide - GAP, PANEL_HEAD).emu)
        frame = head.text_frame
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        frame.text = fit([chart.panel], wide - GAP, PANEL_HEAD, largest=9, least=6).lines[0] if chart.panel else ""
        for run in frame.paragraphs[0].runs:
            run.font.size, run.font.bold = Pt(9 if len(chart.panel) * 0.53 * 9 / 72 < wide else 7), True
        speak_on(head._element)
        _describe(head, say("Panel"), say("Name of the panel: {name}", name=chart.panel))
        _chart(slide, Box(left, top + PANEL_HEAD, wide - GAP, high - PANEL_HEAD), chart, alt)


def table_height(table: Table) -> float:
    """Give the inches that a table needs."""
    return sum(row_height(row, table.widths, table.size) for row in [table.headers, *table.rows])


def _table(slide: Any, box: Box, table: Table, alt: str) -> None:
    xml = table_xml(table.headers, table.rows, table.numeric, table.widths, table.size)
    shape = slide.shapes.add_table(1, 1, *Box(box.left, box.top, sum(table.widths), table_height(table)).emu)
    replace_table(shape, xml)
    _describe(shape, say("Table"), alt)
