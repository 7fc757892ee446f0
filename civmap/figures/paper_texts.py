"""Texts of charts on paper: whole where the screen cuts them or tells them under the mouse, broken where too long."""

from __future__ import annotations

import html
import textwrap
from typing import Any

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from civmap.figures import charts, theme
from civmap.figures import events as marks
from civmap.figures.part import Part
from civmap.language import say

TITLE_LETTER, NAME_LETTER = 6.7, 6.0  # pixels of a letter of an axis's title and of a panel's name
LABEL_LETTERS = 48  # of a tick label in one line
POINTS = 72  # to the inch


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Give how wide a text is drawn, in points."""
    font = FontProperties(size=size, weight="bold" if bold else "normal")
    return float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0])


def broken(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break a text between words into lines of at most a width, in points; a longer word stands alone.

    Examples
    --------
    >>> broken("one two three", 45, 10)
    ['one two', 'three']
    """
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def plain(text: str) -> str:
    r"""Give a text without plotly's escapes, and with none of its signs read as a formula.

    Examples
    --------
    >>> print(plain("R&amp;D<br>$5"))
    R&D
    \$5
    """
    return html.unescape(text.replace("<br>", "\n")).replace("$", r"\$")


def tick_label(text: Any) -> str:
    """Break a tick label that would leave no room for the chart."""
    return "\n".join(textwrap.fill(line, LABEL_LETTERS) for line in plain(str(text)).split("\n"))


def axis_title(axis: dict[str, Any], pixels: float) -> str:
    """Break the title of an axis that would be longer than the axis; its plot is so many pixels long."""
    start, end = axis.get("domain", (0, 1))
    text = plain(axis.get("title", {}).get("text", ""))
    return "\n".join(textwrap.wrap(text, max(int((end - start) * pixels / TITLE_LETTER), 12)))


def whole_names(layout: dict[str, Any], part: Part, pixels: float) -> None:
    """Write the names of panels whole that the screen cuts, and tells under the mouse; in two lines at most."""
    names = list(dict.fromkeys(part.frames["series"]["panel"]))
    for note in layout["annotations"]:
        if "domain" not in note["xref"] or not note["text"].endswith("…"):
            continue
        suffix = note["xref"].split(" ")[0][1:]
        start, end = layout[f"xaxis{suffix}"]["domain"]
        letters = int((end - start) * pixels / NAME_LETTER)
        lines = textwrap.wrap(str(names[int(suffix or 1) - 1]), letters, max_lines=2, placeholder="…")
        note["text"] = html.escape("\n".join(lines), quote=False)
        note["font"] = {"size": theme.SIZE_SMALL - (2 if len(lines) > 1 else 0)}


def unlabelled(traces: list[dict[str, Any]]) -> list[str]:
    """Name in words the events that have no more than a mark, which the screen tells under the mouse."""
    for trace in traces:
        if trace.get("name") == say(charts.OTHERS):
            trace["name"] = say("Other events")
            said = [plain(text) if day[:4] in text else f"{day[:7]} {plain(text)}"
                    for day, text in zip(trace["x"], trace["text"], strict=True)]  # fmt: skip
            return textwrap.wrap(say("Other events: {events}", events=" · ".join(said)), marks.LINE_LETTERS)
    return []
