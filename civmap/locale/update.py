"""Bring the catalogues up to date with the texts in code and theatres: `python -m civmap.locale.update`.

Texts that are new stand in a catalogue without a translation, those that are gone are left out; tests say which are
missing. A translation is written into the `.po` file by hand, with any editor.
"""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from civmap import schema
from civmap.exhibits import ANALYSES
from civmap.exports.methods import method
from civmap.language import CATALOGUES, LANGUAGES
from civmap.readers.air.result import RULES as AIR_RULES
from civmap.readers.faults import RULES
from civmap.readers.tallies import RULES as TOTALS_RULES
from civmap.store.erasure import RULE as ERASED
from civmap.theatre import SHIPPED, load_theatre
from civmap.theatre_files import CONTEXT_KINDS, DIRECTIONS, TEXTS

ROOT = Path(__file__).resolve().parents[2]
# which arguments of a function are the text (singular and plural), and which is its context
SAID: dict[str, tuple[tuple[int, ...], int | None]] = {
    "say": ((0,), None), "mark": ((0,), None), "say_in": ((1,), 0), "say_n": ((1, 2), None), "count": ((1, 2), None),
    "mark_n": ((0, 1), None),
}  # fmt: skip
PLURALS = {"fr": "nplurals=2; plural=(n > 1);"}  # CLDR's third form, of whole millions, has no use here


def texts() -> Catalog:
    """Collect every text that can be said, with the files in which it stands."""
    found = Catalog(charset="utf-8")
    for file, message, context in (*_in_code(), *_in_schema(), *_in_methods(), *_in_theatres()):
        found.add(message, locations=[(file, 0)], context=context)
    return found


def updated(language: str) -> Catalog:
    """Give a language's catalogue with the texts of now: what was translated before keeps its translation."""
    file = CATALOGUES / f"{language}.po"
    before = Catalog(locale=language)
    if file.is_file():
        with file.open("rb") as lines:
            before = read_po(lines, locale=language)
    made = Catalog(
        locale=language, domain=None, project="CivMap", version="", charset="utf-8", fuzzy=False,
        header_comment="# What CivMap says, in another language; see civmap/language.py.",
        creation_date=before.creation_date, revision_date=before.creation_date,
    )  # fmt: skip
    made.mime_headers = [("Plural-Forms", PLURALS[language])]
    for one in texts():
        if not one.id:
            continue
        known = before.get(one.id, one.context)
        same = known is not None and known.id == one.id
        made.add(one.id, known.string if known and same else None, locations=one.locations, context=one.context)
    return made


def write(catalogue: Catalog, file: Path) -> None:
    """Write a catalogue in the order of its texts, without line numbers, so that a change is a small one."""
    with file.open("wb") as lines:
        write_po(lines, catalogue, width=118, sort_output=True, include_lineno=False, omit_header=False)


def _in_code() -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    for place in ("civmap", "pages"):
        for file in sorted((ROOT / place).rglob("*.py")):
            if file.is_relative_to(ROOT / "civmap" / "cli"):
                continue  # the command line speaks English
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and (found := _said(node)):
                    yield file.relative_to(ROOT).as_posix(), *found


def _said(call: ast.Call) -> tuple[str | tuple[str, ...], str | None] | None:
    """Give the text and context of a call that says something; none where its text is not written out."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    places, context = SAID.get(name, ((), None))
    given = [one.value if isinstance(one, ast.Constant) else None for one in call.args]
    text = tuple(one for number in places if number < len(given) and isinstance(one := given[number], str))
    if not text or len(text) < len(places):
        return None
    return text if len(text) > 1 else text[0], str(given[context]) if context is not None else None


def _in_schema() -> Iterator[tuple[str, str, None]]:
    """Codes that have no words of their own are said as they are written, without the underscores."""
    said = [*schema.WORDS.values(), *schema.CAVEAT_WORDS.values(), *(column.meaning for column in schema.INCIDENT)]
    rules = (*RULES, *AIR_RULES, *TOTALS_RULES, ERASED)
    for words in (*vars(schema).values(), DIRECTIONS, CONTEXT_KINDS, rules):
        if isinstance(words, tuple) and all(isinstance(code, str) and code.islower() for code in words):
            said += [code.replace("_", " ") for code in words if code not in schema.WORDS]
    for text in said:
        yield "civmap/schema.py", text, None


def _in_methods() -> Iterator[tuple[str, str, None]]:
    """How an exhibit is made stands in the notes of its slides, as its function describes itself."""
    for analysis in ANALYSES:
        yield "civmap/exports/methods.py", method(analysis), None


def _in_theatres() -> Iterator[tuple[str, str, None]]:
    for settings in sorted(SHIPPED.glob("*/theatre.toml")):
        yield settings.relative_to(ROOT).as_posix(), load_theatre(settings.parent).title, None
        for name, columns in TEXTS.items():
            table = settings.with_name(f"{name}.csv")
            if not table.is_file():
                continue
            with table.open(encoding="utf-8", newline="") as lines:
                for row in csv.DictReader(lines):
                    if side := row.get("side"):
                        yield table.relative_to(ROOT).as_posix(), side.replace("_", " "), None
                    for column in columns:
                        if row[column].strip():
                            yield table.relative_to(ROOT).as_posix(), row[column].strip(), None


if __name__ == "__main__":
    for language in LANGUAGES:
        if language != "en":
            write(updated(language), CATALOGUES / f"{language}.po")
