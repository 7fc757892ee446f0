"""The language: what is said in it is whole, written as it is written there, and told as carefully as in English."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from civmap import language
from civmap.errors import RecipeError
from civmap.exports.disclosure_text import PEOPLE, bound_of, clean, measure_of, per_of
from civmap.language import CATALOGUES, LANGUAGES, bound, direction, say, say_n, speak, speaking, spoken, write
from civmap.locale.update import texts, updated
from civmap.theatre import load_theatre

OTHERS = [one for one in LANGUAGES if one != "en"]


def catalogue(name: str) -> list[Message]:
    with (CATALOGUES / f"{name}.po").open("rb") as lines:
        return [one for one in read_po(lines, locale=name) if one.id]


def pairs(one: Message) -> Iterator[tuple[str, str]]:
    """Give each English text with its translation."""
    ids, said = ((text,) if isinstance(text, str) else tuple(text) for text in (one.id, one.string))
    yield from zip(ids, said, strict=True)


def fields(text: str) -> set[tuple[str, str]]:
    """Give what stands in braces, with its format."""
    return {(name, form or "") for _, name, form, _ in string.Formatter().parse(text) if name}


# ---- the catalogues --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OTHERS)
def test_a_catalogue_holds_just_what_is_said(name: str) -> None:
    now = {(one.id, one.context) for one in texts() if one.id}
    kept = {(one.id, one.context) for one in catalogue(name)}
    assert len(now) > 1000
    assert kept == now, "run: python -m civmap.locale.update, and translate what is new"


@pytest.mark.parametrize("name", OTHERS)
def test_every_text_is_translated(name: str) -> None:
    lacking = [one.id for one in catalogue(name) if one.fuzzy or not all(said for _, said in pairs(one))]
    assert not lacking, f"{len(lacking)} texts, first: {lacking[:5]}"


@pytest.mark.parametrize("name", OTHERS)
def test_a_translation_fills_the_same_braces(name: str) -> None:
    for one in catalogue(name):
        singular = isinstance(one.id, tuple)
        for text, said in pairs(one):
            there, here = fields(text), fields(said)
            # the word for one may stand without its number
            assert here == there or (singular and here <= there and there - here == {("n", "")}), (text, said)


@pytest.mark.parametrize("name", OTHERS)
def test_what_english_says_of_people_the_translation_says_too(name: str) -> None:
    """Disclosure control looks for these words: one that is lost would let a small count out."""
    for one in catalogue(name):
        for text, said in pairs(one):
            if PEOPLE.search(text):
                assert PEOPLE.search(said), (text, said)
            assert bound_of(said) == bound_of(text), (text, said)
            if per_of(text) != "none":
                assert per_of(said) == per_of(text), (text, said)


@pytest.mark.parametrize("name", OTHERS)
def test_units_of_people_count_the_same_in_every_language(name: str) -> None:
    with speaking(name):
        for unit in ("civilians killed", "civilians injured", "civilians killed or injured", "incidents"):
            assert measure_of(say(unit), "none") == measure_of(unit, "none") != "none"


def test_an_update_leaves_an_up_to_date_catalogue_as_it_is(tmp_path: Path) -> None:
    from civmap.locale.update import write as write_catalogue

    for name in OTHERS:
        write_catalogue(updated(name), tmp_path / f"{name}.po")
        assert (tmp_path / f"{name}.po").read_bytes() == (CATALOGUES / f"{name}.po").read_bytes()


# ---- saying ----------------------------------------------------------------------------------------------------------


def test_numbers_and_dates_are_written_as_the_language_writes_them() -> None:
    with speaking("fr"):
        assert write(1234567.5, ",.1f") == "1\u202f234\u202f567,5"
        assert language.number(1234) == "1\u202f234"
        assert language.day(date(2009, 7, 1)) == "1er juillet 2009"
        assert language.month(pd.Timestamp("2008-02-01")) == "février 2008"
        assert write(pd.Timestamp("2008-02-01"), "%Y-%m-%d") == "2008-02-01"
        assert language.english_signs("1\u202f234,5 et 3, 4") == "1,234.5 et 3, 4"
    assert write(1234567.5, ",.1f") == "1,234,567.5" and language.day(date(2009, 7, 1)) == "1 July 2009"


def test_french_counts_nought_in_the_singular_and_english_in_the_plural() -> None:
    one, many = "{n} incident with civilian harm", "{n} incidents with civilian harm"
    assert say_n(0, one, many) == "0 incidents with civilian harm"
    with speaking("fr"):
        assert say_n(0, one, many) == "0 incident avec dommages civils"
        assert say_n(2, one, many) == "2 incidents avec dommages civils"
        assert say_n(None, one, many).startswith("inconnu")


def test_a_text_without_a_translation_is_said_in_english() -> None:
    with speaking("fr"):
        assert say("no such text {n}", n=3) == "no such text 3"


def test_braces_in_a_value_stay_as_they_are() -> None:
    for name in LANGUAGES:
        with speaking(name):
            assert say("{what} of it", what="{n} %s") == "{n} %s of it"


def test_a_language_ends_with_its_block_even_after_a_fault() -> None:
    with pytest.raises(ValueError, match="inside"), speaking("fr"):
        raise ValueError("inside")
    assert spoken() == "en"
    with speaking("xx"):
        assert spoken() == "en", "an unknown language is English"


def test_work_in_another_thread_speaks_as_its_caller_did() -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        with speaking("fr"):
            asked = bound(spoken)
            assert pool.submit(spoken).result() == "en"
        assert pool.submit(asked).result() == "fr"


def test_speaking_on_in_a_thread_does_not_reach_another() -> None:
    from threading import Thread

    thread = Thread(target=lambda: speak("fr"))
    thread.start()
    thread.join()
    assert spoken() == "en"


def test_an_error_is_said_in_the_language_in_which_it_arises() -> None:
    with speaking("fr"):
        said = str(RecipeError("X.", found="a", expected="b"))
    assert "Found" not in said and re.search(r"a\..*b\.", said)


def test_the_theatre_speaks_and_its_codes_stay() -> None:
    theatre = load_theatre("afghanistan")
    assert theatre.spoken is theatre
    with speaking("fr"):
        said = theatre.spoken
        assert said is theatre.spoken, "made once"
        assert said.fingerprint == theatre.fingerprint
        assert (said.directives["id"] == theatre.directives["id"]).all()
        assert (said.directives["title"] != theatre.directives["title"]).any()
        assert (said.parties["label"] != theatre.parties["label"]).any()


def test_right_to_left_languages_are_known_as_such() -> None:
    assert [direction(one) for one in ("en", "fr", "ar", "fa", "ps")] == ["ltr", "ltr", "rtl", "rtl", "rtl"]


# ---- what may leave --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "withheld", "left"),
    [
        ("Le plus\u00a0: Kunduz près de Chardara, 12. Le moins, 3 tués\u00a0; Kaboul en avait 40.", {3},
         "Le plus\u00a0: Kunduz, 12. Kaboul en avait 40."),
        ("Dans 3 incidents du 3 mai 2011, 3\u00a0%, 3,3 fois. 5 tués.", {3}, None),
        ("1\u202f234 civils tués en mai 2011. Ici rien.", {1234}, "Ici rien."),
        ("De 2 à 4 civils blessés.", {4}, ""),
        ("Entre 2 et 4 incidents.", {4}, None),
    ],
)  # fmt: skip
def test_french_clauses_with_a_withheld_number_do_not_leave(text: str, withheld: set[int], left: str | None) -> None:
    with speaking("fr"):
        assert clean(text, withheld) == (text if left is None else left)
