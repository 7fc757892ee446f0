"""Pictures on paper: any part in, a matplotlib figure out, and its bytes; no browser is needed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from civmap.errors import CivMapError
from civmap.figures import charts, paper_maps
from civmap.figures.paper_charts import draw_chart
from civmap.figures.paper_maps import draw_map
from civmap.figures.part import Part
from civmap.language import say

FORMATS = ("png", "svg", "pdf")
DPI = 192  # twice that of a screen
MAPS = paper_maps.KINDS
CHARTS = charts.KINDS


def draw(part: Part, *, synthetic: bool = False, head_in: float = 0.0, foot_in: float = 0.0) -> Figure:
    """Draw a map or a chart.

    Parameters
    ----------
    head_in, foot_in
        Inches left free above and below for texts.

    Raises
    ------
    CivMapError
        The part is of a kind that has no picture.

    Examples
    --------
    >>> import pandas as pd
    >>> bars = pd.DataFrame({"label": ["Kabul"], "value": [1.2], "low": [0.8], "high": [1.9]})
    >>> figure = draw(Part("interval_bars", "Change", {"bars": bars}, "one bar", {"unit": "ratio"}))
    >>> picture(figure, "png")[1:4]
    b'PNG'
    """
    if part.kind in MAPS:
        return draw_map(part, synthetic=synthetic, head_in=head_in, foot_in=foot_in)
    if part.kind in CHARTS:
        return draw_chart(part, synthetic=synthetic, head_in=head_in, foot_in=foot_in)
    raise CivMapError(
        say("'{title}' cannot be drawn as a picture.", title=part.title),
        found=part.kind,
        expected=", ".join((*MAPS, *CHARTS)),
    )


def picture(figure: Figure, form: str, *, dpi: float = DPI, carried: Mapping[str, Any] | None = None) -> bytes:
    """Write a figure as PNG, SVG or PDF; the same figure gives the same bytes.

    Parameters
    ----------
    figure
        From `draw`.
    form
        One of `FORMATS`.
    dpi
        Pixels to the inch of a PNG.
    carried
        What the file's own properties say.
    """
    if form not in FORMATS:
        raise CivMapError(say("There is no picture of the form '{form}'.", form=form), expected=", ".join(FORMATS))
    undated: dict[str, Any] = {"png": ("Software", "CivMap"), "svg": ("Date", None), "pdf": ("CreationDate", None)}
    own = dict([undated[form]])
    written = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "civmap", "svg.fonttype": "path", "pdf.fonttype": 42}):
        figure.savefig(written, format=form, dpi=dpi, metadata={**own, **(carried or {})})
    return written.getvalue()
