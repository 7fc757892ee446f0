"""Lines of the printed table of benchmarks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One line of the printed table."""

    what: str
    found: str
    target: str
    holds: bool | None


def table(lines: list[Line]) -> str:
    """Lay the lines out in columns."""
    marks = {True: "holds", False: "MISSED", None: "-"}
    rows = [
        ("what", "found", "target", ""),
        *((line.what, line.found, line.target, marks[line.holds]) for line in lines),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
