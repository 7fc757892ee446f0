"""Every exhibit in French: the same numbers, and no English left in what a person reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
import pytest

from civmap.errors import CivMapError
from civmap.exhibits import ANALYSES, Exhibit, build
from civmap.exhibits.headers import header, headers
from civmap.exports import tables
from civmap.exports.disclosure_text import bound_of, measure_of, per_of
from civmap.language import speaking
from civmap.store import Store
from civmap.theatre import Theatre
from tests.exports.conftest import asked

# Words that French does not have; a text with one of them was not translated.
ENGLISH = re.compile(
    r"\b(the|of|with|and|is|are|was|were|from|for|by|that|this|than|which|only|each|other|more|known|not|no|to|between|"
    r"their|its|has|have|been|months?|years?|weeks?|days?|hours?|killed|injured|records?|counts?|rows?|cells?)\b",
    re.IGNORECASE,
)
# Columns with what somebody wrote: sources, notes, codes and values of files.
AS_WRITTEN = (
    "By", "Why", "File", "Publication", "Source", "SHA-256", "Load", "Value", "Id", "Kept (UTC)", "Account", "Notes",
    "Note", "Expected", "Column", "Field", "Other faults", "Before", "After", "cell", "admin1", "geometry", "kind",
    "unit",
)  # fmt: skip
MEASURES = ("incidents", "killed")


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory, afghanistan: Theatre) -> Store:
    return Store(tmp_path_factory.mktemp("demonstration"), afghanistan)


def built(analysis: str, measure: str, store: Store) -> dict[str, Exhibit]:
    """Build an exhibit in both languages."""
    found = {}
    for name in ("en", "fr"):
        with speaking(name):
            try:
                found[name] = build(asked(analysis, measure=measure), store)
            except CivMapError as error:
                assert name == "en" or not ENGLISH.search(str(error)), error
                pytest.skip("these days cannot carry the analysis")
    return found


def said(exhibit: Exhibit) -> Iterator[tuple[str, str]]:
    """Give every text that a person reads, with where it stands."""
    yield from (("title", exhibit.title), ("sentence", exhibit.sentence), ("period", exhibit.period))
    yield from (("caveat", line) for line in exhibit.caveats)
    for part in exhibit.parts:
        yield from (("part", part.title), ("alt", part.alt))
        yield from ((f"encoding {key}", value) for key, value in part.encoding.items() if isinstance(value, str))
        for one in part.encoding.get("classes", ()):
            yield "class", str(one[0])
        if part.kind == "table":
            yield from (("header", text) for text in headers(part).values())
        else:
            yield from (("header", header(str(name))) for name in tables.part_table(part))
        for frame in part.frames.values():
            for name in frame:
                if str(name) not in AS_WRITTEN:
                    yield from ((f"column {name}", text) for text in texts_of(frame[name]))


def texts_of(column: pd.Series) -> set[str]:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return set()
    return {text for text in column.dropna().astype("object") if isinstance(text, str)}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("analysis", sorted(ANALYSES))
def test_no_english_is_left(analysis: str, measure: str, demonstration: Store) -> None:
    exhibit = built(analysis, measure, demonstration)["fr"]
    with speaking("fr"):
        read = list(said(exhibit))
    references = set(demonstration.theatre.directives["source"])  # as they were published
    left = {where: text for where, text in read if text not in references and ENGLISH.search(text)}
    assert exhibit.language == "fr"
    assert not left, "\n".join(f"{where}: {text}" for where, text in list(left.items())[:12])


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("analysis", sorted(ANALYSES))
def test_numbers_columns_and_codes_are_the_same(analysis: str, measure: str, demonstration: Store) -> None:
    english, french = built(analysis, measure, demonstration).values()
    assert (english.n, english.fingerprint) == (french.n, french.fingerprint)
    assert [part.kind for part in english.parts] == [part.kind for part in french.parts]
    for one, other in zip(english.parts, french.parts, strict=True):
        units = [str(part.encoding.get("unit", "")) for part in (one, other)]
        if units[0]:
            what = [(measure_of(unit, "none"), bound_of(unit), per_of(unit)) for unit in units]
            assert what[0] == what[1], f"disclosure control would read them differently: {units}"
        assert set(one.frames) == set(other.frames)
        for name, frame in one.frames.items():
            there = other.frames[name]
            assert list(frame.columns) == list(there.columns), f"columns of {one.title} identify and stay"
            for column in frame:
                if pd.api.types.is_numeric_dtype(frame[column]) or pd.api.types.is_datetime64_any_dtype(frame[column]):
                    pd.testing.assert_series_equal(frame[column], there[column])
