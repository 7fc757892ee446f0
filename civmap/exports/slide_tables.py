"""Native tables on slides: as many rows as stay readable, numbers to the right, headers that repeat on every page."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd
from pptx.oxml import parse_xml
from pptx.util import Inches

from civmap.exports.slide_speech import paragraph, tag, turned
from civmap.exports.slide_text import LETTER, LINE, POINTS, clean, lines_needed, unbroken
from civmap.figures import theme
from civmap.language import say, speaking, spoken, write

SIZES = (11.0, 10.0, 9.0, 8.0)  # points, the largest that fits is taken
MOST_COLUMNS, FEWEST_COLUMNS, MOST_LETTERS = 11, 8, 150
FEW_ROWS, LETTERS_OF_FEW = 12, 600  # a short table has room for long texts
MOST_SLIDES, SOME_SLIDES = 3, 2  # of a table that they hold whole, and of a longer one
LONGEST_WORD = 16  # letters that are never broken where there is room for them
PAD = 0.05  # inches left and right in a cell
ROW_PAD = 0.05  # inches above and below the lines of a row together
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"


def shown_columns(table: pd.DataFrame, most: int = MOST_COLUMNS) -> list[bool]:
    """Choose the columns that stay readable: at most so many, no empty ones and none of small lines within a cell."""
    listed = table.map(lambda cell: isinstance(cell, list)).any().to_numpy()
    keep = table.notna().any().to_numpy() & ~listed
    return [bool(one and at <= most) for one, at in zip(keep, keep.cumsum(), strict=True)]


def cells(table: pd.DataFrame, heads: Mapping[str, str] | None = None) -> tuple[list[str], list[list[str]], list[bool]]:
    """Write a table as texts: headers, rows, and which columns hold numbers.

    Parameters
    ----------
    heads
        What stands above a column in place of its name.
    """
    heads, numbers = heads or {}, _numbers(spoken())
    most = MOST_LETTERS if len(table) > FEW_ROWS else LETTERS_OF_FEW
    columns = [[_text(value, str(name), number=_is_number(table[name]), most=most) for value in table[name].tolist()]
               for name in table]  # fmt: skip
    numeric = [_is_number(table[name]) or (any(texts) and all(numbers.fullmatch(text) for text in texts if text))
               for name, texts in zip(table, columns, strict=True)]  # fmt: skip
    named = [clean(heads.get(str(name), name)) for name in table]
    return named, [list(row) for row in zip(*columns, strict=True)], numeric


@lru_cache
def _numbers(language: str) -> re.Pattern[str]:
    """Give what counts, shares and intervals look like as texts of a language: numbers and the words around them."""
    with speaking(language):
        signs = re.escape("".join({*write(1234567.8, ",.1f")} - set(string.digits)))
        around = (
            say("more than {low}", low=""), say("over 20 times"), say("{low} to {high}", low="", high=""),
            say("withheld"),
        )  # fmt: skip
    words = "|".join({re.escape(word) for said in around for word in said.split() if not word.isdigit()} | {"%"})
    number = rf"[-+<>\u2212]?\d(?:[\d{signs}]*\d)?%?"
    spans = rf"(?:(?:{words})\s)*{number}(?:(?:\s(?:{words}))+\s{number})*(?:\s(?:{words}))*"
    return re.compile(rf"\u2013|{re.escape(around[-1])}|{spans}")


def first_rows(shown: int, of: int) -> str:
    """Say that a table is not whole; nothing where it is."""
    if shown >= of:
        return ""
    return say("The first {shown:,} of {all:,} rows; the data files hold all.", shown=shown, all=of)


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _text(value: Any, header: str, *, number: bool, most: int) -> str:
    if isinstance(value, list | tuple | set | np.ndarray):
        value = ", ".join(clean(one) for one in value)
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "\u2013"  # unknown or withheld, never nought
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, bool | np.bool_):
        return say("yes") if value else say("no")
    if number:
        return f"{value:.0f}" if header.casefold() == "year" else theme.number(value)
    text = clean(value)
    return text if len(text) <= most else text[: most - 1].rstrip() + "\u2026"


def widths(headers: Sequence[str], rows: Sequence[Sequence[str]], width_in: float) -> list[float]:
    """Share a width among columns: first the longest word of each, then by how long their texts are."""
    columns = [[header, *(row[k] for row in rows)] for k, header in enumerate(headers)]
    least = np.array([
        min(max(len(word) + 0.4 * sum(map(str.isupper, word)) for text in texts for word in unbroken(text) or [""]),
            LONGEST_WORD) + 1.5 for texts in columns
    ])  # fmt: skip
    wish = np.array([max(float(np.quantile([len(text) for text in texts[1:]] or [1], 0.9)), len(texts[0]) / 3)
                     for texts in columns])  # fmt: skip
    letters = width_in * POINTS / (LETTER * SIZES[-1])
    shares = np.minimum(wish, 46) ** 0.8
    spare = max(letters - least.sum(), 0)
    return [float(one) for one in width_in * (least + spare * shares / shares.sum()) / (least.sum() + spare)]


def paged(
    headers: Sequence[str], rows: Sequence[Sequence[str]], box: tuple[float, float]
) -> tuple[float, list[float], list[list[Sequence[str]]]]:
    """Choose size and pages: the largest size that needs no more pages than the smallest does, evenly filled.

    A table that is too long for `MOST_SLIDES` has the smallest size.

    Returns
    -------
    size, widths, pages
        Points, inches of each column, and the rows of each page.
    """
    shares = widths(headers, rows[:200], box[0])
    split = {size: _split(headers, rows, shares, size, box[1]) for size in SIZES}
    fewest = len(split[SIZES[-1]])
    if fewest > MOST_SLIDES:
        return SIZES[-1], shares, split[SIZES[-1]]
    size = next(size for size in SIZES if len(split[size]) <= fewest)
    pages = split[size]
    if len(pages) > 1:
        evenly = (_split(headers, rows, shares, size, box[1] * part) for part in np.arange(0.5, 1, 0.05))
        pages = next((found for found in evenly if len(found) == len(pages)), pages)
    return size, shares, pages


def _split(
    headers: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float], size: float, height_in: float
) -> list[list[Sequence[str]]]:
    head = row_height(headers, shares, size)
    pages: list[list[Sequence[str]]] = [[]]
    left = height_in - head
    for row in rows:
        high = row_height(row, shares, size)
        if high > left and pages[-1]:
            pages.append([])
            left = height_in - head
        pages[-1].append(row)
        left -= high
    return pages


def row_height(texts: Sequence[str], shares: Sequence[float], size: float) -> float:
    """Give the inches that a row needs."""
    lines = max(
        1 if len(text) * LETTER * size < (wide - 2 * PAD) * POINTS * 0.8 else lines_needed(text, wide - 2 * PAD, size)
        for text, wide in zip(texts, shares, strict=True)
    )
    return lines * LINE * size / POINTS + ROW_PAD


def table_xml(
    headers: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], shares: Sequence[float], size: float
) -> Any:
    """Write the table element: a header row in bold over a line, pale lines between rows, no fill."""
    back = ' rtl="1"' if turned() else ""
    grid = "".join(f'<a:gridCol w="{Inches(wide)}"/>' for wide in shares)
    drawn = [_row(headers, numeric, shares, size, head=True)]
    drawn += [_row(row, numeric, shares, size, head=False) for row in rows]
    return parse_xml(
        f'<a:tbl xmlns:a="{_A}"><a:tblPr firstRow="1"{back}/><a:tblGrid>{grid}</a:tblGrid>{"".join(drawn)}</a:tbl>'
    )


def _row(
    texts: Sequence[str], numeric: Sequence[bool], shares: Sequence[float], size: float, *, head: bool
) -> str:  # fmt: skip
    colours = theme.palette("light")
    edge = (colours.text if head else colours.grid)[1:]
    bold, width = (' b="1"', 12700) if head else ("", 6350)
    pad = Inches(PAD)
    none = "".join(f'<a:{side} w="0"><a:noFill/></a:{side}>' for side in ("lnL", "lnR", "lnT"))
    frame = (
        f'<a:tcPr marL="{pad}" marR="{pad}" marT="{Inches(ROW_PAD / 2)}" marB="{Inches(ROW_PAD / 2)}" '
        f'anchor="{"b" if head else "t"}">{none}<a:lnB w="{width}"><a:solidFill><a:srgbClr val="{edge}"/></a:solidFill>'
        "</a:lnB><a:noFill/></a:tcPr>"
    )
    letters = f'lang="{tag()}" sz="{round(100 * size)}"'
    colour = f'<a:solidFill><a:srgbClr val="{colours.text[1:]}"/></a:solidFill>'
    # an empty run would be as high as the letters of the theme
    written = [
        f"<a:r><a:rPr {letters}{bold}>{colour}</a:rPr><a:t>{escape(text)}</a:t></a:r>" if text.strip() else ""
        for text in texts
    ]
    made = "".join(
        f"<a:tc><a:txBody><a:bodyPr/><a:lstStyle/><a:p><a:pPr{paragraph('r' if right else 'l')}/>{text}"
        f"<a:endParaRPr {letters}/></a:p></a:txBody>{frame}</a:tc>"
        for text, right in zip(written, numeric, strict=True)
    )
    return f'<a:tr h="{Inches(row_height(texts, shares, size))}">{made}</a:tr>'


def replace_table(frame: Any, table: Any) -> None:
    """Put a table element into a graphic frame in place of its own."""
    old = frame._element.graphic.graphicData.find(f"{{{_A}}}tbl")
    old.getparent().replace(old, table)
