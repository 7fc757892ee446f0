"""Charts of Office as XML: points and lines over two number axes, or lying bars, both with intervals drawn in.

python-pptx writes no error bars. ECMA-376 part 1, section 21.2 (DrawingML charts) gives the elements and their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from civmap.exports.slide_book import Ref
from civmap.exports.slide_speech import paragraph, tag
from civmap.exports.slide_text import clean
from civmap.figures import theme

POINT = 12700  # EMU
_NAMESPACES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


@dataclass(frozen=True)
class Line:
    """A line: #rrggbb, points, how it is dashed in Office's words, and opacity."""

    colour: str
    width: float
    dash: str = "solid"
    opacity: float = 1.0

    def xml(self) -> str:
        """Write the element."""
        return (f'<a:ln w="{round(self.width * POINT)}" cap="flat">{fill(self.colour, self.opacity)}'
                f'<a:prstDash val="{self.dash}"/><a:round/></a:ln>')  # fmt: skip


@dataclass(frozen=True)
class Errors:
    """Whiskers along one axis: how far they reach up and down from each point, null for none."""

    along: str
    plus: Sequence[Any]
    minus: Sequence[Any]
    line: Line
    caps: bool = False


@dataclass(frozen=True)
class Series:
    """One series; of bars x holds the names of the rows."""

    name: str
    x: Ref
    y: Ref
    line: Line | None = None
    marker: tuple[str, int, str, str] | None = None  # symbol, size in points, fill, edge
    errors: Sequence[Errors] = ()
    labels: Sequence[str] = ()  # one for each point, in place of its value
    label_at: str = "t"
    fill: tuple[str, str] | None = None  # of bars: fill and edge


@dataclass(frozen=True)
class Axis:
    """An axis: ends, what it says, and how its numbers are written."""

    low: float
    high: float
    title: str = ""
    form: str = "General"
    step: float | None = None
    log: int = 0  # base of a logarithmic scale
    grid: bool = False
    labels: bool = True
    crosses: float | None = None  # where it crosses the other axis


def fill(colour: str, opacity: float = 1.0) -> str:
    """Write a fill of one colour."""
    alpha = "" if opacity >= 1 else f'<a:alpha val="{round(100000 * opacity)}"/>'
    return f'<a:solidFill><a:srgbClr val="{colour[1:]}">{alpha}</a:srgbClr></a:solidFill>'


def scatter(series: Sequence[Series], x: Axis, y: Axis, *, legend: bool = True, size: float = 9) -> bytes:
    """Write a chart of points and lines over two number axes."""
    body = "".join(_scatter_series(k, one, size) for k, one in enumerate(series))
    plot = (
        f'<c:scatterChart><c:scatterStyle val="lineMarker"/><c:varyColors val="0"/>{body}'
        '<c:axId val="11"/><c:axId val="12"/></c:scatterChart>'
        f"{_value_axis(x, 11, 12, 'b', size, other=y)}{_value_axis(y, 12, 11, 'l', size, other=x)}"
    )
    return _chart(plot, legend=legend, size=size)


def bars(series: Sequence[Series], values: Axis, *, legend: bool, size: float = 9) -> bytes:
    """Write a chart of lying bars, the first row on top."""
    body = "".join(_bar_series(k, one) for k, one in enumerate(series))
    colours = theme.palette("light")
    cross = f'<c:crossesAt val="{values.crosses}"/>' if values.crosses is not None else '<c:crosses val="min"/>'
    rows = (
        '<c:catAx><c:axId val="11"/><c:scaling><c:orientation val="maxMin"/></c:scaling><c:delete val="0"/>'
        '<c:axPos val="l"/><c:numFmt formatCode="General" sourceLinked="0"/><c:majorTickMark val="none"/>'
        '<c:minorTickMark val="none"/><c:tickLblPos val="low"/>'
        f"<c:spPr>{Line(colours.event, 1, 'sysDash').xml()}</c:spPr>{_text(size, colours.text)}"
        f'<c:crossAx val="12"/>{cross}<c:auto val="0"/><c:lblAlgn val="ctr"/><c:lblOffset val="60"/>'
        '<c:noMultiLvlLbl val="1"/></c:catAx>'
    )
    plot = (
        '<c:barChart><c:barDir val="bar"/><c:grouping val="clustered"/><c:varyColors val="0"/>'
        f'{body}<c:gapWidth val="90"/><c:overlap val="100"/><c:axId val="11"/><c:axId val="12"/></c:barChart>'
        f"{rows}{_value_axis(values, 12, 11, 'b', size, other=None, between='between')}"
    )
    return _chart(plot, legend=legend, size=size)


def _scatter_series(number: int, one: Series, size: float) -> str:
    line = one.line.xml() if one.line else f'<a:ln w="{POINT}"><a:noFill/></a:ln>'
    return (
        f"<c:ser>{_head(number, one)}<c:spPr>{line}</c:spPr>{_marker(one)}{_labels(one, size)}"
        f"{''.join(_errors(whisker, scattered=True) for whisker in one.errors)}"
        f"<c:xVal>{_numbers(one.x)}</c:xVal><c:yVal>{_numbers(one.y)}</c:yVal>"
        f'<c:smooth val="0"/></c:ser>'
    )


def _bar_series(number: int, one: Series) -> str:
    inside, edge = one.fill or (theme.palette("light").ramp[0], theme.palette("light").value)
    return (
        f"<c:ser>{_head(number, one)}<c:spPr>{fill(inside)}{Line(edge, 0.75).xml()}</c:spPr>"
        f'<c:invertIfNegative val="0"/>{"".join(_errors(whisker, scattered=False) for whisker in one.errors)}'
        f"<c:cat>{_strings(one.x)}</c:cat><c:val>{_numbers(one.y)}</c:val></c:ser>"
    )


def _head(number: int, one: Series) -> str:
    return f'<c:idx val="{number}"/><c:order val="{number}"/><c:tx><c:v>{_escaped(one.name)}</c:v></c:tx>'


def _marker(one: Series) -> str:
    if one.marker is None:
        return '<c:marker><c:symbol val="none"/></c:marker>'
    symbol, points, inside, edge = one.marker
    return (f'<c:marker><c:symbol val="{symbol}"/><c:size val="{points}"/>'
            f"<c:spPr>{fill(inside)}{Line(edge, 1).xml()}</c:spPr></c:marker>")  # fmt: skip


def _labels(one: Series, size: float) -> str:
    if not one.labels:
        return ""
    ground = theme.palette("light").background  # a line behind a label does not cross its letters
    shown = '<c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/><c:showSerName val="0"/>'
    shown += '<c:showPercent val="0"/><c:showBubbleSize val="0"/>'
    running = paragraph()
    points = "".join(
        f'<c:dLbl><c:idx val="{k}"/><c:delete val="1"/></c:dLbl>' if not text else
        f'<c:dLbl><c:idx val="{k}"/><c:tx><c:rich><a:bodyPr wrap="none"/><a:p><a:pPr{running}/><a:r>'
        f'<a:rPr lang="{tag()}" sz="{round(100 * (size - 1))}" b="1"/><a:t>{_escaped(text)}</a:t></a:r></a:p>'
        "</c:rich></c:tx>"
        f'<c:spPr>{fill(ground)}</c:spPr><c:dLblPos val="{one.label_at}"/>{shown}</c:dLbl>'
        for k, text in enumerate(one.labels)
    )  # fmt: skip
    return f'<c:dLbls>{points}<c:dLblPos val="{one.label_at}"/>{shown}</c:dLbls>'


def _errors(whiskers: Errors, *, scattered: bool) -> str:
    reach = (
        f"<c:{side}>{_literal([v or None for v in values])}</c:{side}>"  # a length of nought would be drawn as a dot
        for side, values in (("plus", whiskers.plus), ("minus", whiskers.minus))
    )
    caps = int(not whiskers.caps)
    direction = f'<c:errDir val="{whiskers.along}"/>' if scattered else ""
    return (
        f'<c:errBars>{direction}<c:errBarType val="both"/><c:errValType val="cust"/>'
        f'<c:noEndCap val="{caps}"/>{"".join(reach)}<c:spPr>{whiskers.line.xml()}</c:spPr></c:errBars>'
    )


def _value_axis(
    axis: Axis, own: int, crossed: int, side: str, size: float, *, other: Axis | None, between: str = "midCat"
) -> str:
    colours = theme.palette("light")
    grid = f"<c:majorGridlines><c:spPr>{Line(colours.grid, 0.5).xml()}</c:spPr></c:majorGridlines>" if axis.grid else ""
    turned = ' rot="-5400000" vert="horz"' if side == "l" else ""
    title = (
        f"<c:title><c:tx><c:rich><a:bodyPr{turned}/><a:p><a:pPr{paragraph('ctr')}><a:defRPr/>"
        f'</a:pPr><a:r><a:rPr lang="{tag()}" sz="{round(100 * size)}" b="0">{fill(colours.text)}</a:rPr>'
        f'<a:t>{_escaped(axis.title)}</a:t></a:r></a:p></c:rich></c:tx><c:overlay val="0"/></c:title>'
        if axis.title
        else ""
    )
    line = Line(colours.muted, 0.75).xml() if side == "b" else "<a:ln><a:noFill/></a:ln>"
    unit = axis.log or axis.step
    step = f'<c:majorUnit val="{unit:.10g}"/>' if unit else ""
    crosses = (
        '<c:crosses val="max"/>' if other is None  # rows run from the top, the axis lies at the bottom
        else f'<c:crossesAt val="{other.low:.10g}"/>'
    )  # fmt: skip
    base = f'<c:logBase val="{axis.log}"/>' if axis.log else ""
    form = escape(axis.form, {'"': "&quot;"})
    placed = "none" if not axis.labels else "low" if other is not None else "nextTo"
    tick = "out" if side == "b" and axis.labels else "none"
    return (
        f'<c:valAx><c:axId val="{own}"/><c:scaling>{base}'
        f'<c:orientation val="minMax"/><c:max val="{axis.high:.10g}"/><c:min val="{axis.low:.10g}"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{side}"/>{grid}{title}'
        f'<c:numFmt formatCode="{form}" sourceLinked="0"/>'
        f'<c:majorTickMark val="{tick}"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="{placed}"/><c:spPr>{line}</c:spPr>{_text(size, colours.muted)}'
        f'<c:crossAx val="{crossed}"/>{crosses}<c:crossBetween val="{between}"/>{step}</c:valAx>'
    )  # fmt: skip


def _chart(plot: str, *, legend: bool, size: float) -> bytes:
    colours = theme.palette("light")
    key = (f'<c:legend><c:legendPos val="b"/><c:overlay val="0"/>{_text(size, colours.text)}</c:legend>'
           if legend else "")  # fmt: skip
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<c:chartSpace {_NAMESPACES}><c:date1904 val="0"/><c:roundedCorners val="0"/><c:chart>'
        f'<c:autoTitleDeleted val="1"/><c:plotArea><c:layout/>{plot}<c:spPr><a:noFill/></c:spPr></c:plotArea>'
        f'{key}<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart>'
        f"<c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>{_text(size, colours.text)}</c:chartSpace>"
    ).encode()


def _text(size: float, colour: str) -> str:
    return (f'<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr{paragraph("ctr")}><a:defRPr sz="{round(100 * size)}" b="0">'
            f'{fill(colour)}</a:defRPr></a:pPr><a:endParaRPr lang="{tag()}"/></a:p></c:txPr>')  # fmt: skip


def _numbers(ref: Ref) -> str:
    if not ref.place:
        return _literal(ref.values)
    return f"<c:numRef><c:f>{_escaped(ref.place)}</c:f><c:numCache>{_points(ref.values)}</c:numCache></c:numRef>"


def _literal(values: Sequence[Any]) -> str:
    return f"<c:numLit>{_points(values)}</c:numLit>"


def _points(values: Sequence[Any]) -> str:
    known = "".join(
        f'<c:pt idx="{k}"><c:v>{value:.12g}</c:v></c:pt>'
        for k, value in enumerate(values)
        if value is not None and np.isfinite(value)
    )
    return f'<c:formatCode>General</c:formatCode><c:ptCount val="{len(values)}"/>{known}'


def _strings(ref: Ref) -> str:
    texts = "".join(f'<c:pt idx="{k}"><c:v>{_escaped(text)}</c:v></c:pt>' for k, text in enumerate(ref.values))
    cached = f'<c:ptCount val="{len(ref.values)}"/>{texts}'
    if not ref.place:
        return f"<c:strLit>{cached}</c:strLit>"
    return f"<c:strRef><c:f>{_escaped(ref.place)}</c:f><c:strCache>{cached}</c:strCache></c:strRef>"


def _escaped(text: object) -> str:
    return escape(clean(text))
