"""Tables as pictures: the first rows, numbers to the right, lines between rows."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from civmap.exhibits.headers import headers
from civmap.exports.slide_tables import cells, first_rows, shown_columns, widths
from civmap.exports.slide_text import LINE, POINTS, unbroken, wrapped
from civmap.figures import theme
from civmap.figures.part import Part
from civmap.language import say

MOST_ROWS = 40
SIZES = (8.0, 7.2, 6.5)  # points, the largest that breaks no word is taken
WIDER = 1.12  # the font that matplotlib brings along, against the one that lines are counted for
PAD = 0.06  # inches


def draw_table(
    part: Part, *, width_in: float = 10.0, synthetic: bool = False, head_in: float = 0.0, foot_in: float = 0.0
) -> Figure:
    """Draw a table, as high as its rows need.

    Parameters
    ----------
    width_in
        Width of the picture.
    head_in, foot_in
        Inches left free above and below for texts.
    """
    table = part.table
    named, rows, numeric = cells(table.loc[:, shown_columns(table)].head(MOST_ROWS), headers(part))
    shares = widths(named, rows, width_in - 0.24)
    size, written = _written([named, *rows], shares)
    more = first_rows(len(rows), len(table))
    heights = [max(map(len, row)) * LINE * size / POINTS + 0.06 for row in written]
    high = head_in + foot_in + sum(heights) + (0.2 if more else 0)
    colours = theme.palette("light")
    figure = Figure(figsize=(width_in, high), facecolor=colours.background)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width_in)
    axes.set_ylim(0, high)
    top = high - head_in
    for number, (row, tall) in enumerate(zip(written, heights, strict=True)):
        left = 0.12
        for lines, wide, right in zip(row, shares, numeric, strict=True):
            axes.text(left + (wide - PAD if right else PAD), top - 0.03, "\n".join(lines).replace("$", r"\$"), va="top",
                      ha="right" if right else "left", fontsize=size, linespacing=LINE, color=colours.text,
                      fontweight="normal" if number else "bold")  # fmt: skip
            left += wide
        top -= tall
        axes.plot([0.12, width_in - 0.12], [top, top], color=colours.grid if number else colours.text, linewidth=0.6)
    if more:
        axes.text(0.12 + PAD, top - 0.04, more, va="top", fontsize=size, color=colours.muted)
    if synthetic:
        axes.text(width_in / 2, foot_in + (high - head_in - foot_in) / 2, say(theme.SYNTHETIC), ha="center",
                  va="center", rotation=12, fontsize=34, fontweight="bold",
                  color=colours.watermark, alpha=0.3)  # fmt: skip
    return figure


def _written(rows: Sequence[Sequence[str]], shares: Sequence[float]) -> tuple[float, list[list[list[str]]]]:
    """Break all texts into the lines of their cells, at a size that leaves words whole if any does."""
    for size in SIZES:
        written = [[wrapped(text, wide - 2 * PAD, WIDER * size) for text, wide in zip(row, shares, strict=True)]
                   for row in rows]  # fmt: skip
        pairs = ((text, " ".join(lines)) for row, cut in zip(rows, written, strict=True)
                 for text, lines in zip(row, cut, strict=True))  # fmt: skip
        if all(unbroken(lines.replace("- ", "-")) == unbroken(text.replace("- ", "-")) for text, lines in pairs):
            break
    return size, written
