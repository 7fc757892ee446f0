"""Where a table's header stands: below its titles, over merged cells; and what each column is called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SAMPLE = 50  # records looked at
_Row = Sequence[str]


@dataclass(frozen=True)
class Header:
    """The position of the header's first row, how many rows it takes, and the columns' names."""

    first: int
    length: int
    names: tuple[str, ...]

    @property
    def end(self) -> int:
        """Position of the first record."""
        return self.first + self.length


def find_header(rows: Sequence[_Row]) -> Header:
    """Find the header among the first rows of a table.

    Rows above it are those with few cells (a title, a date of printing), never one that is as full as a record: no
    record is taken for a title. Where a row of groups stands over the names (*Civilians* over *Killed* and *Injured*),
    both make the name.

    Parameters
    ----------
    rows
        The first rows as stripped text, empty cells as empty text; they may differ in length.

    Returns
    -------
    Header
        Row 0 where nothing speaks for another; each name once and none of them empty.

    Examples
    --------
    >>> find_header([["Incidents 2010", "", ""], ["Date", "Killed", ""], ["2010-05-01", "3", "x"]])
    Header(first=1, length=1, names=('Date', 'Killed', 'column 3'))
    """
    first = _first(rows)
    names = list(rows[first]) if rows else []
    below, record = [*rows[first + 1 : first + 3], [], []][:2]
    above = rows[first - 1] if first else []
    if _completes(names, below, record):
        return Header(first, 2, unique_names(_grouped(names, below)))
    if _filled(above) > 1 and len(set(filter(None, names))) < _filled(names):
        return Header(first - 1, 2, unique_names(_grouped(above, names)))
    return Header(first, 1, unique_names(names))


def is_title(row: _Row, typical: float = math.inf) -> bool:
    """Say whether a row is too empty to be a header, where its table has `typical` cells in a row."""
    filled = _filled(row)
    few = filled <= 2 or len(row) - filled > filled
    return few and filled < typical / 2 or bool(row) and row[0].startswith("# ")


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Give every column a name of its own, on one line: an empty one by its position, a repeated one by a number."""
    seen: dict[str, int] = {}
    unique = []
    for position, name in enumerate(names, start=1):
        name = " ".join(name.split()) or f"column {position}"
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}__{seen[name]}")
    return tuple(unique)


def left_out(titles: Sequence[_Row]) -> list[str]:
    """Say which rows above the header were left out."""
    said = [" ".join(filter(None, row))[:80] for row in titles]
    said = [f"'{text}'" for text in said if text]
    return [f"above the header, not read: {', '.join(said[:5])}"] if said else []


def _filled(row: _Row) -> int:
    return sum(1 for cell in row if cell)


def _first(rows: Sequence[_Row]) -> int:
    filled = sorted(count for row in rows if (count := _filled(row)))
    typical = filled[math.ceil(0.75 * (len(filled) - 1))] if filled else 0
    candidates = (number for number, row in enumerate(rows) if _filled(row) and not is_title(row, typical))
    return next(candidates, 0)


def _completes(names: _Row, below: _Row, record: _Row) -> bool:
    """Say whether a row holds the second half of a header: names where the first has none, below its groups.

    A record must not be taken for one: it would be lost. So names hold no figure, and the row below has some.
    """
    width = max(len(names), len(below))
    top, sub, data = _padded(names, width), _padded(below, width), _padded(record, width)
    used = [number for number in range(width) if top[number] or sub[number]]
    open_above = [number for number in used if not top[number]]
    if not open_above or _figures(below) or not any(_figures(data[number]) for number in used if sub[number]):
        return False
    # a cell over another must be the first of a group, whose others are empty above
    groups = [number + 1 < width and not top[number + 1] and bool(sub[number + 1]) for number in range(width)]
    return all(not top[number] or not sub[number] or groups[number] for number in used)


def _figures(cells: _Row | str) -> bool:
    return any(letter.isdigit() for cell in cells for letter in cell)


def _grouped(groups: _Row, names: _Row) -> list[str]:
    width = max(len(groups), len(names))
    group, joined = "", []
    for above, name in zip(_padded(groups, width), _padded(names, width), strict=True):
        group = above or group
        joined.append(f"{group} {name}" if name and group != name else name or above)
    return joined


def _padded(row: _Row, width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]
