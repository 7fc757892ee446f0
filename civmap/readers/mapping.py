"""A mapping says which column of a person's own table is which of ours, and how it is written; kept as TOML.

    source = "own_log"
    header = ["No", "Date", "Grid", "Killed", "Wilayat"]

    [columns.event_date]
    from = "Date"
    written = "day first"

    [columns.coordinates]
    from = "Grid"
    written = "mgrs"

Where something cannot be decided from the file, ``written = "?"`` stands, and must be answered before it is read.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from civmap import schema
from civmap.errors import ReadError
from civmap.readers.civmap_table import COLUMNS as OURS
from civmap.readers.written_dates import DAY_FIRST, MONTH_FIRST
from civmap.readers.written_places import LAT_LONG, LONG_LAT, MGRS

OPEN = "?"
MAX_COLUMNS = 500  # of a file, that are looked at and by which it is known again
RECORD_NUMBER = "record number"
COORDINATES = "coordinates"
MEASURES = tuple(dict.fromkeys(name.rsplit("_", 1)[0] for name in schema.COUNT_COLUMNS if name.endswith("_max")))
TARGETS = (*OURS, COORDINATES, *MEASURES)
_KEYS = {"source", "sheet", "header", "columns"}
_FIELD_KEYS = {"from", "written", "constant", "words"}


@dataclass(frozen=True)
class Field:
    """Where one of our columns comes from.

    Parameters
    ----------
    to
        A column of `civmap.schema.INCIDENT`, ``latitude``, ``longitude``, ``coordinates`` (both in one text), or a
        measure such as ``civilians_killed``, whose column may say ``4-7`` and fills min, best and max.
    column
        The file's column; empty where a constant stands or records are numbered.
    written
        How it is written, one of `ways`; ``?`` where that is still to be said.
    constant
        What holds for every record.
    words
        The file's words and ours.
    """

    to: str
    column: str = ""
    written: str = ""
    constant: str = ""
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Mapping:
    """Which column of a file is which of ours, and how each is written.

    Parameters
    ----------
    fields
        One for each of our columns.
    header
        The columns of the file that it was made for, by which it is known again.
    source
        Id under which the records are kept; the file's name if empty.
    sheet
        Sheet of a workbook or layer of a GeoPackage; the largest if empty.
    notes
        What was assumed and should be checked; written as comments.

    Examples
    --------
    >>> place = Field("coordinates", "Grid", MGRS)
    >>> mapping = Mapping((Field("source_id", "No"), Field("event_date", "Day", DAY_FIRST), place))
    >>> Mapping.from_toml(mapping.to_toml()) == mapping
    True
    """

    fields: tuple[Field, ...]
    header: tuple[str, ...] = ()
    source: str = ""
    sheet: str = ""
    notes: tuple[str, ...] = ()

    @property
    def questions(self) -> tuple[str, ...]:
        """What must be answered before a file can be read, a sentence each."""
        return tuple(_question(field) for field in self.fields if field.written == OPEN)

    @property
    def fingerprint(self) -> str:
        """A short hash of what it says; notes and the order of columns do not count."""
        said = [self.source, self.sheet, *sorted(repr(field) for field in self.fields)]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:8]

    def field(self, to: str) -> Field | None:
        """Give the field of one of our columns."""
        return next((field for field in self.fields if field.to == to), None)

    def to_toml(self) -> str:
        """Write it as TOML, notes and questions as comments."""
        lines = [f"# {_on_one_line(note)}" for note in self.notes]
        lines += [f"{name} = {_quoted(value)}" for name in ("source", "sheet") if (value := getattr(self, name))]
        if self.header:
            lines.append(f"header = [{', '.join(map(_quoted, self.header))}]")
        for field in self.fields:
            lines += ["", f"[columns.{field.to}]"]
            lines += [f"from = {_quoted(field.column)}"] if field.column else []
            if field.written:
                asked = f"  # {_on_one_line(_question(field))}" if field.written == OPEN else ""
                lines.append(f"written = {_quoted(field.written)}{asked}")
            lines += [f"constant = {_quoted(field.constant)}"] if field.constant else []
            if field.words:
                lines.append(f"[columns.{field.to}.words]")
                lines += [f"{_quoted(theirs)} = {_quoted(ours)}" for theirs, ours in field.words]
        return "\n".join([*lines, ""])

    @classmethod
    def from_toml(cls, text: str, *, name: str = "the mapping") -> Mapping:
        """Read TOML; all faults are named at once.

        Parameters
        ----------
        text
            As `to_toml` writes it.
        name
            The file's name, for messages.

        Raises
        ------
        ReadError
            When it is no TOML, or names a column or a way of writing that there is not.
        """
        try:
            said = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise ReadError(
                f"{name} is not written as TOML.",
                found=str(error),
                next_step="Compare it with what suggest-mapping made.",
            ) from error
        faults = [f"'{key}' is no key of a mapping" for key in said.keys() - _KEYS]
        columns = said.get("columns", {})
        fields = []
        if not isinstance(columns, dict) or not columns:
            faults.append("there is no [columns.…]")
            columns = {}
        for to, one in columns.items():
            wrong = _field_faults(to, one)
            faults += wrong
            if not wrong:
                words = tuple(sorted(one.get("words", {}).items()))
                fields.append(Field(to, one.get("from", ""), one.get("written", ""), one.get("constant", ""), words))
        header = said.get("header", [])
        if not isinstance(header, list) or not all(isinstance(one, str) for one in header):
            faults.append("header is a list of names")
        faults += [f"{key} is a text" for key in ("source", "sheet") if not isinstance(said.get(key, ""), str)]
        given = {field.to for field in fields}
        faults += conflicts(given) + [f"{what} is missing" for what in missing(given) if not faults]
        if faults:
            raise ReadError(
                f"{name} has {len(faults)} fault(s): {'; '.join(faults)}.", next_step="Mend these; README describes it."
            )
        notes = tuple(line[2:] for line in takewhile(lambda line: line.startswith("# "), text.splitlines()))
        return cls(tuple(fields), tuple(header), said.get("source", ""), said.get("sheet", ""), notes)

    @classmethod
    def load(cls, path: str | Path) -> Mapping:
        """Read a mapping from its file."""
        path = Path(path)
        try:
            return cls.from_toml(path.read_text(encoding="utf-8-sig"), name=path.name)
        except (OSError, UnicodeDecodeError) as error:
            raise ReadError(
                f"{path.name}: the mapping cannot be read.",
                found=str(error).replace(str(path), path.name),
                next_step="Make one with: python -m civmap suggest-mapping FILE > map.toml",
            ) from error


# ---- what may stand in a mapping ------------------------------------------------------------------------------------


def ways(to: str) -> tuple[str, ...]:
    """Give the ways in which one of our columns may be written, beside the usual one.

    Examples
    --------
    >>> ways("event_date"), ways("coordinates"), ways("place")
    (('day first', 'month first'), ('lat, long', 'long, lat', 'mgrs'), ())
    """
    if to == COORDINATES:
        return LAT_LONG, LONG_LAT, MGRS
    if to == "source_id":
        return (RECORD_NUMBER,)
    return (DAY_FIRST, MONTH_FIRST) if kind(to) == "date" else ()


def kind(to: str) -> str:
    """Give the kind of a target: a measure, coordinates, degrees, or the kind of its column in the schema."""
    if to in MEASURES:
        return "measure"
    if to == COORDINATES:
        return COORDINATES
    return "degrees" if to in ("latitude", "longitude") else schema.COLUMN[to].kind


def _question(field: Field) -> str:
    if kind(field.to) == "date":
        return f'Does "{field.column}" have the day or the month first? Write "{DAY_FIRST}" (31/12) or "{MONTH_FIRST}".'
    return f'How is "{field.column}" written? Write ' + " or ".join(f'"{way}"' for way in ways(field.to)) + "."


def _field_faults(to: str, one: Any) -> list[str]:
    if to not in TARGETS:
        near = difflib.get_close_matches(to, TARGETS, n=1)
        return [f"[columns.{to}] is no column of ours" + (f"; is it {near[0]}?" if near else "")]
    if not isinstance(one, dict):
        return [f"{to} must be a table, [columns.{to}]"]
    faults = [f"{to}: '{key}' is no key of a column" for key in one.keys() - _FIELD_KEYS]
    words = one.get("words", {})
    texts = [one.get(key, "") for key in ("from", "written", "constant")]
    if not isinstance(words, dict) or not all(isinstance(text, str) for text in [*texts, *words.values()]):
        return [*faults, f"{to}: from, written, constant and words are texts"]
    column, written, constant = texts
    if written not in ("", OPEN, *ways(to)):
        faults.append(
            f"{to}: '{written}' is no way to write it; there is {', '.join(ways(to)) or 'only the usual one'}"
        )
    if bool(column) + bool(constant) + (written == RECORD_NUMBER) != 1:
        faults.append(f"{to}: say one of from and constant")
    if to == COORDINATES and not written:
        faults.append(f"{to}: say how it is written: {', '.join(ways(to))}")
    allowed = schema.COLUMN[to].allowed if to in schema.COLUMN else ()
    strange = sorted({word for word in [constant, *words.values()] if word} - set(allowed)) if allowed else []
    if strange and kind(to) != "list":
        faults.append(f"{to}: {', '.join(strange)} is none of {', '.join(allowed)}")
    return faults


def conflicts(given: set[str]) -> list[str]:
    """Name what is said twice."""
    faults = [f"{name} and {name}_{end} are both said" for name in MEASURES for end in ("min", "best", "max")
              if {name, f"{name}_{end}"} <= given]  # fmt: skip
    if COORDINATES in given and given & {"latitude", "longitude"}:
        faults.append("coordinates and latitude or longitude are both said")
    return faults


def missing(given: set[str]) -> list[str]:
    """Name what every record needs and the mapping does not give."""
    place = {COORDINATES, "admin1", "admin1_as_reported"} & given or {"latitude", "longitude"} <= given
    lacking = [name for name in ("source_id", "event_date") if name not in given]
    return lacking + ([] if place else ["a place (coordinates, latitude and longitude, or admin1_as_reported)"])


def _on_one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _quoted(text: str) -> str:
    """Write a TOML string; its rules are those of JSON, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
