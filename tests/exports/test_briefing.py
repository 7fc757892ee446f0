"""A briefing: what its file holds, that every fault of one is named at once, and that nothing half is left."""

import json
import resource
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civmap.errors import CivMapError, ExportError
from civmap.exhibits import Recipe, build
from civmap.exports import log, making
from civmap.exports.briefing import LONGEST_TITLE, MOST, Briefing, in_words
from civmap.exports.marking import SYNTHETIC
from civmap.filters import Filters
from civmap.store import Store
from civmap.theatre import Theatre
from tests.stores import add, incident

TOTALS = Recipe("afghanistan", "totals", filters=Filters(source="un_like"))
TREND = Recipe("afghanistan", "national_trend", {"frequency": "quarter"}, Filters(source="un_like", measure="killed"))


def analyses(briefing: Briefing) -> list[str]:
    return [item.recipe.analysis for item in briefing.items]


def three() -> Briefing:
    return Briefing("Weekly").add(TOTALS).add(TREND, title="Own", note="Pause.").add(Recipe("oir", "precision"))


@given(title=st.text(max_size=80), own=st.text(max_size=80), note=st.text(max_size=200))
def test_any_text_comes_back_from_the_file_as_it_was_kept(title: str, own: str, note: str) -> None:
    briefing = Briefing(title).add(TREND, title=own, note=note)
    data = briefing.to_json().encode()
    assert Briefing.from_json(data.decode()) == briefing


def test_signs_that_a_slide_cannot_hold_are_left_out_and_the_others_kept() -> None:
    item = Briefing().add(TREND, title="<b>R&D</b> \x00\x1b\ud800one\ntwo\ufffe", note="first\n\nsecond\x07").items[0]
    assert item.title == "<b>R&D</b> one two" and item.note == "first\n\nsecond"
    assert Briefing("a\x00b").title == "ab"


def test_exhibits_are_moved_dropped_titled_and_annotated_and_the_others_stay() -> None:
    briefing = three()
    assert analyses(briefing.move(2, 0)) == ["precision", "totals", "national_trend"]
    assert analyses(briefing.move(0, 9)) == ["national_trend", "precision", "totals"]
    assert analyses(briefing.move(1, -5)) == ["national_trend", "totals", "precision"]
    assert analyses(briefing.drop(1)) == ["totals", "precision"]
    changed = briefing.retitle(0, "Mine").annotate(2, "Slowly.")
    assert [(item.title, item.note) for item in changed.items] == [("Mine", ""), ("Own", "Pause."), ("", "Slowly.")]
    assert briefing == three(), "the one it was made from is unchanged"


@pytest.mark.parametrize("change", [
    lambda briefing: briefing.drop(3), lambda briefing: briefing.move(-1, 0), lambda briefing: briefing.retitle(7, "x"),
])  # fmt: skip
def test_an_exhibit_that_is_not_there_is_refused(change: Callable[[Briefing], Briefing]) -> None:
    with pytest.raises(ExportError, match="1 to 3"):
        change(three())


def test_two_hundred_exhibits_are_refused_before_any_is_built() -> None:
    full = Briefing(items=three().items[:1] * MOST)
    assert len(Briefing.from_json(full.to_json()).items) == MOST
    with pytest.raises(ExportError, match=f"Found: {MOST + 1}"):
        full.add(TREND)
    values = json.loads(full.to_json())
    values["exhibits"] *= 2
    with pytest.raises(ExportError, match="Found: 200. Expected: at most 100"):
        Briefing.from_json(json.dumps(values))


def test_all_faults_of_a_file_are_named_at_once() -> None:
    good = {"recipe": TREND.to_dict()}
    exhibits: list[Any] = [
        good, "a picture", {"title": "no recipe"}, {"recipe": TREND.to_dict() | {"format": 0}},
        {"recipe": TREND.to_dict() | {"analysis": "crystal_ball"}}, {"recipe": {"theatre": "oir"}},
        {"recipe": TREND.to_dict() | {"filters": {"colour": "red"}}}, good | {"title": "x" * (LONGEST_TITLE + 1)},
        good | {"note": 7}, {"recipe": TREND.to_dict() | {"as_known_on": "soon"}},
        {"recipe": TREND.to_dict() | {"theatre": "../../home"}},
    ]  # fmt: skip
    with pytest.raises(ExportError) as caught:
        Briefing.from_json(json.dumps({"exhibits": exhibits}), name="monday.json")
    said = str(caught.value)
    assert said.startswith("monday.json cannot be read.")
    lines = said.split("\n- ")[1:]
    assert [line.split(":")[0] for line in lines] == [f"exhibit {number}" for number in range(2, len(exhibits) + 1)]
    for word, line in zip(
        ("str", "recipe", "format", "crystal_ball", "analysis", "colour", "too long", "no text", "soon", "../../home"),
        lines, strict=True,
    ):  # fmt: skip
        assert word in line


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(place=st.sampled_from(["title", "note", *(f"recipe.{name}" for name in TREND.to_dict())]), value=JSON)
def test_whatever_stands_in_a_file_it_is_read_or_refused_with_a_sentence(place: str, value: Any) -> None:
    exhibit: dict[str, Any] = {"recipe": TREND.to_dict(), "title": "", "note": ""}
    within, _, name = place.rpartition(".")
    (exhibit[within] if within else exhibit)[name] = value
    try:
        read = Briefing.from_json(json.dumps({"format": 1, "exhibits": [exhibit]}))
    except ExportError as error:
        assert "exhibit 1: " in str(error)
    else:
        assert Briefing.from_json(read.to_json()) == read


@pytest.mark.parametrize(("text", "says"), [
    ("{", "not valid JSON"), ("[" * 100_000, "not valid JSON"), ("[]", "no briefing"),
    ('{"exhibits": 3}', "no briefing"), ('{"format": 2, "exhibits": []}', "from 1 to 1"),
    ('{"format": 0, "exhibits": []}', "from 1 to 1"), ('{"format": [], "exhibits": []}', "from 1 to 1"),
    ('{"title": 5, "exhibits": []}', "no text"),
])  # fmt: skip
def test_what_is_no_briefing_is_said(text: str, says: str) -> None:
    with pytest.raises(ExportError, match=says):
        Briefing.from_json(text)


def test_a_file_is_read_with_or_without_a_mark_and_a_bad_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "monday.json"
    for encoding in ("utf-8", "utf-8-sig"):
        file.write_text(three().to_json(), encoding=encoding)
        assert Briefing.load(file) == three()
    file.write_bytes(b"\xff\xfe\x00")
    for bad in (file, tmp_path / "none.json", tmp_path):
        with pytest.raises(ExportError, match=f"{bad.name} cannot be read"):
            Briefing.load(bad)


def test_a_recipe_in_words_says_everything_it_asks(afghanistan: Theatre) -> None:
    filters = Filters(
        source="isaf_like", measure="casualties", bound="max", admin1=("AF-KAB",), causes=("aerial",), harm_only=False
    )
    said = in_words(
        Recipe("afghanistan", "hotspots", {"unit": "provinces", "half": True}, filters, "2010-05-01"), afghanistan
    )
    for word in ("Hotspots", "unit: provinces", "half: yes", "ISAF-like", "civilians killed or injured (max)", "Kab",
                 "air-delivered", "with or without civilian harm", "as known on 1 May 2010", "all days"):  # fmt: skip
        assert word in said
    days = in_words(Recipe("afghanistan", "totals", filters=Filters(date_from="2009-01-02")), afghanistan)
    assert "from 2 January 2009" in days and "incidents with civilian harm · from" in days
    assert in_words(TREND, afghanistan) != in_words(TOTALS, afghanistan)


# ---- from a briefing to prepared exhibits --------------------------------------------------------------------------


def opener(home: Path) -> Callable[[str], Store]:
    return cache(partial(Store, home))


def test_exhibits_come_in_order_with_their_titles_and_progress(home: Path) -> None:
    told: list[tuple[int, str]] = []
    briefing = Briefing().add(TREND, title="Our own words").add(TOTALS)
    exported = making.prepared(briefing, opener(home), progress=lambda *what: told.append(what))
    assert told == [(0, "Our own words"), (1, "Totals")]
    own = build(TOTALS, Store(home, "afghanistan"))
    assert [one.heading for one in exported] == ["Our own words", own.title]
    assert [one.exhibit.recipe for one in exported] == [TREND, TOTALS]
    assert {one.marking for one in exported} == {SYNTHETIC} and all(one.synthetic for one in exported)


def test_everything_that_cannot_be_made_is_named_at_once(home: Path, tmp_path: Path) -> None:
    store = Store(home, "oir")
    add(store, tmp_path, [incident(1, "2016-01-05", (36.2, 37.1))])
    briefing = (
        Briefing()
        .add(TOTALS)
        .add(Recipe("atlantis", "totals"))
        .add(Recipe("afghanistan", "totals", filters=Filters(source="gone")), title="The gone source")
        .add(Recipe("oir", "totals"))
        .add(Recipe("afghanistan", "hotspots", {"unit": "hexes"}))
        .add(Recipe("oir", "precision"))
    )
    with pytest.raises(ExportError) as caught:
        making.prepared(briefing, opener(home))
    said = str(caught.value)
    assert said.startswith("5 of 6 exhibits cannot be made, so nothing was.")
    lines = said.split("\n- ")[1:]
    assert len(lines) == 4, "what ails several is said once"
    assert "exhibit 2 (Totals)" in lines[0] and "atlantis" in lines[0]
    assert "exhibit 3 (The gone source)" in lines[1] and "gone" in lines[1]
    assert lines[2].startswith("exhibit 4 (Totals) and exhibit 6 (Precision): ") and "marking" in lines[2]
    assert "exhibit 5 (Hotspots)" in lines[3]
    assert not log.lines(store)


def test_an_empty_briefing_says_what_to_do(home: Path) -> None:
    with pytest.raises(ExportError, match="Add at least one"):
        making.prepared(Briefing("Weekly"), opener(home))


def test_each_theatre_notes_what_left_from_it(home: Path) -> None:
    stores = opener(home)
    exported = making.prepared(Briefing().add(TOTALS).add(TREND), stores)
    making.note(exported, stores, what="deck.pptx")
    (line,) = log.lines(stores("afghanistan"))
    assert line["what"] == "deck.pptx" and len(line["exhibits"]) == 2


# ---- writing ---------------------------------------------------------------------------------------------------------


def test_a_file_is_written_whole_in_place_of_another(tmp_path: Path) -> None:
    file = tmp_path / "deck.pptx"
    for data in (b"old", b"new"):
        making.write_whole(file, data)
        assert file.read_bytes() == data
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_leaves_what_was_there_and_no_half_file(tmp_path: Path) -> None:
    file = tmp_path / "deck.pptx"
    file.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # the kernel refuses what is longer
    try:
        with pytest.raises(ExportError, match=r"deck.pptx was not written.*has space left"):
            making.write_whole(file, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    for bad in (tmp_path / "none" / "deck.pptx", tmp_path / "folder", tmp_path / "file" / "deck.pptx"):
        with pytest.raises(CivMapError, match=f"{bad.name} was not written"):
            making.write_whole(bad, b"x")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder"]
