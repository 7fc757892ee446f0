"""The workbook inside a native chart: the columns that are drawn, as the part's frames hold them, and nothing else."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from civmap.exports.slide_text import clean
from civmap.figures import axes

SHEET = "Data"
EPOCH = pd.Timestamp("1899-12-30")  # day 0 of a spreadsheet


@dataclass(frozen=True)
class Ref:
    """Numbers or texts of a chart and where they stand in its workbook; without a place they are the chart's own."""

    values: tuple[Any, ...]
    place: str = ""


@dataclass
class Book:
    """One sheet that grows to the right while a chart is drawn: a block of columns for each thing drawn."""

    columns: list[pd.Series] = field(default_factory=list)

    def add(self, frame: pd.DataFrame) -> dict[str, Ref]:
        """Keep a frame and give each of its columns as a reference; dates become days of a spreadsheet."""
        found = {}
        for name in frame:
            letter, last = xl_col_to_name(len(self.columns)), len(frame) + 1
            self.columns.append(frame[name])
            found[str(name)] = Ref(tuple(plain(frame[name])), f"{SHEET}!${letter}$2:${letter}${last}")
        return found

    def xlsx(self) -> bytes:
        """Write the workbook."""
        written = io.BytesIO()
        with xlsxwriter.Workbook(written, {"in_memory": True, "nan_inf_to_errors": False}) as book:
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            sheet = book.add_worksheet(SHEET)
            for k, column in enumerate(self.columns):
                sheet.write_string(0, k, clean(column.name))
                dated = is_dated(column)
                for row, value in enumerate(plain(column), start=1):
                    if isinstance(value, str):
                        sheet.write_string(row, k, value)  # never as a formula
                    elif value is not None and np.isfinite(value):
                        sheet.write_number(row, k, value, day if dated else None)
        return written.getvalue()


def is_dated(column: pd.Series) -> bool:
    """Say whether a column holds days."""
    return pd.api.types.is_datetime64_any_dtype(column)


def plain(column: pd.Series) -> list[Any]:
    """Give a column as numbers and texts, null as none."""
    if is_dated(column):
        return [None if pd.isna(day) else float((day - EPOCH).days) for day in column]
    if pd.api.types.is_numeric_dtype(column):
        return axes.numbers(column, infinite=True)
    return [None if pd.isna(text) else clean(text) for text in column]
