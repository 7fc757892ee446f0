"""The Briefing page without a browser: what is added elsewhere, its order and words, and what becomes of bad files."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from civmap.exhibits import Exhibit, Recipe, build
from civmap.exports import log, marking
from civmap.exports.briefing import Briefing, Item
from civmap.filters import Filters
from civmap.store import Store, default_home
from tests.conftest import ROOT
from tests.stores import add, incident

MAP, TOTALS = (Recipe("afghanistan", name, filters=Filters(source="un_like")) for name in ("incident_map", "totals"))
TITLES = ["Where incidents with civilian harm are recorded", "Incidents and civilians harmed"]


def opened(page: str = "app.py", briefing: Briefing | None = None, **params: str) -> AppTest:
    """Open a page, with a briefing in the session where one is given."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    if page != "app.py":
        test.switch_page(page)
    for name, value in {"theatre": "afghanistan", **params}.items():
        test.query_params[name] = value
    if briefing is not None:
        test.session_state["briefing"] = briefing
        test.session_state["briefing-numbers"] = [number + 1000 for number in range(len(briefing.items))]
    return run(test)


def page(*recipes: Recipe, **params: str) -> AppTest:
    return opened("pages/7_Briefing.py", Briefing(items=tuple(map(Item, recipes))), **params)


def run(test: AppTest) -> AppTest:
    test.run()
    assert not test.exception, test.exception
    return test


def press(test: AppTest, label: str, at: int = 0) -> AppTest:
    button(test, label, at).click()
    return run(test)


def button(test: AppTest, label: str, at: int = 0) -> Any:
    return [one for one in test.main.get("button") if one.label == label][at]


def labels(test: AppTest) -> list[str]:
    return [one.label for one in test.main.get("button")]


def kept(test: AppTest) -> Briefing:
    return test.session_state["briefing"]  # type: ignore[no-any-return]


def listed(test: AppTest) -> list[str]:
    return [one.value.strip("*") for one in test.main.markdown if one.value.startswith("**")]


def test_every_exhibit_can_be_added_with_one_press_and_says_where_it_stands(home: Path) -> None:
    test = opened()
    assert labels(test).count("Add to briefing") == len(test.subheader) == 3
    press(test, "Add to briefing", 1)
    assert [box.value for box in test.toast] == ["1 exhibit in the briefing"]
    press(test, "Add to briefing", 0)
    assert [box.value for box in test.toast] == ["2 exhibits in the briefing"]
    assert [label for label in labels(test) if "briefing" in label] == [
        "No. 2 in the briefing", "No. 1 in the briefing", "Add to briefing",
    ]  # fmt: skip
    assert [item.recipe for item in kept(test).items] == [TOTALS, MAP]
    assert not run(test).toast, "it is said once"


def test_a_change_of_filters_makes_it_another_exhibit(home: Path) -> None:
    test = press(opened(), "Add to briefing")
    box = next(one for one in test.selectbox if one.label == "Count")
    box.set_value("killed")
    run(test)
    press(test, "Add to briefing")
    assert [item.recipe.filters.measure for item in kept(test).items] == ["incidents", "killed"]


def test_the_list_lives_on_from_page_to_page(home: Path) -> None:
    test = press(press(opened(), "Add to briefing"), "Add to briefing")
    test.switch_page("pages/2_Trends.py")
    press(run(test), "Add to briefing")
    test.switch_page("pages/7_Briefing.py")
    run(test)
    assert listed(test) == [f"{at}. {title}" for at, title in enumerate(
        [*TITLES, "Rising or falling: incidents with civilian harm by province"], start=1
    )]  # fmt: skip
    assert any("Incident map · UN-like (synthetic) · incidents" in one.value for one in test.main.caption)


def test_an_empty_briefing_says_what_to_do(home: Path) -> None:
    test = opened("pages/7_Briefing.py")
    assert any("press *Add to briefing* under an exhibit" in box.value for box in test.info)
    assert labels(test) == ["Open"] and not test.warning and not test.error


def test_exhibits_are_reordered_and_dropped_and_their_words_go_along(home: Path) -> None:
    test = page(MAP, TOTALS, Recipe("afghanistan", "precision"))
    titles = [one for one in test.text_input if one.label == "Title of your own"]
    titles[1].set_value("How many_people")
    notes = [one for one in test.text_area if one.label == "Speaker's note"]
    notes[0].set_value("Pause here.")
    press(test, "Up", 1)
    assert listed(test) == ["1. How many\\_people", "2. Incident map", "3. Precision"]
    assert [one.value for one in test.text_input if one.label == "Title of your own"] == ["How many_people", "", ""]
    assert [one.value for one in test.text_area] == ["", "Pause here.", ""]
    assert button(test, "Up", 0).disabled and button(test, "Down", 2).disabled
    press(test, "Down", 0)
    press(test, "Drop", 2)
    assert kept(test).items == (Item(MAP, note="Pause here."), Item(TOTALS, "How many_people"))
    press(press(test, "Drop"), "Drop")
    assert any("The briefing is empty" in box.value for box in test.info)


def test_words_survive_another_page(home: Path) -> None:
    test = page(MAP)
    next(one for one in test.text_input if one.label == "Title of the briefing").set_value("Week 31")
    next(one for one in test.text_area if one.label == "Speaker's note").set_value("Slowly.")
    run(test)
    test.switch_page("app.py")
    run(test)
    test.switch_page("pages/7_Briefing.py")
    run(test)
    assert kept(test) == Briefing("Week 31", (Item(MAP, note="Slowly."),))
    assert "Week 31" in [one.value for one in test.text_input] and test.text_area[0].value == "Slowly."


def test_a_saved_briefing_is_opened_in_place_of_the_one_there(home: Path) -> None:
    test = page(TOTALS)
    sent = Briefing("From the colleague").add(MAP, note="Pause.").add(TOTALS, title="Own")
    upload(test, sent.to_json().encode())
    assert kept(test) == sent
    assert listed(test) == ["1. Incident map", "2. Own"]
    assert "From the colleague" in [one.value for one in test.text_input]


def test_all_faults_of_a_file_are_named_and_the_briefing_there_is_kept(home: Path) -> None:
    test = page(TOTALS)
    exhibits = [{"recipe": MAP.to_dict() | {"format": 7}}, {"recipe": {}}, {"recipe": MAP.to_dict()}]
    upload(test, json.dumps({"format": 1, "exhibits": exhibits}).encode())
    (said,) = [box.value for box in test.error]
    assert "exhibit 1" in said and "exhibit 2" in said and "exhibit 3" not in said
    assert kept(test).items == (Item(TOTALS),)
    for data in (b"\xff\xfe", b"{", b""):
        upload(test, data)
        assert len(test.error) == 1
    press(test, "Open")
    assert "Choose a file first" in [box.value for box in test.warning][-1]


def upload(test: AppTest, data: bytes) -> None:
    chooser = next(one for one in test.file_uploader if one.label.startswith("A briefing"))
    chooser.upload("monday.json", data, "application/json")
    press(test, "Open")


def test_what_cannot_be_made_is_said_at_its_place_and_when_it_is_pressed(home: Path) -> None:
    gone = Recipe("afghanistan", "totals", filters=Filters(source="gone"))
    test = page(MAP, Recipe("atlantis", "totals"), gone)
    assert ["atlantis" in box.value for box in test.warning] == [True]
    press(test, "Make the PowerPoint deck")
    said = [box.value for box in test.warning if "cannot be made" in box.value]
    assert len(said) == 1 and "exhibit 2 (Totals)" in said[0] and "exhibit 3 (Totals)" in said[0]
    assert not test.main.get("download_button")[1:], "only the briefing itself can be saved"


def test_where_the_marking_is_not_set_a_form_stands_there(home: Path, tmp_path: Path) -> None:
    add(Store(home, "afghanistan"), tmp_path, [incident(1, "2009-01-05"), incident(2, "2009-02-05")])
    test = page(Recipe("afghanistan", "totals", filters=Filters(source="log")))
    assert "Nothing leaves Afghanistan before its marking is set." in [box.value for box in test.warning]
    assert button(test, "Make the PowerPoint deck").disabled
    press(test, "Set the marking")
    assert len(test.warning) == 2, "an empty marking is refused with a sentence"
    next(one for one in test.text_input if one.label.startswith("Marking")).set_value("reviewed: public")
    press(test, "Set the marking")
    assert not test.warning and not button(test, "Make the PowerPoint deck").disabled
    assert "reviewed: public" in "".join(one.proto.body for one in test.main.get("html")), "on top of the page too"


@pytest.mark.parametrize("form", ["PowerPoint deck", "HTML report", "bundle of everything"])
def test_one_press_makes_the_file_and_a_change_asks_for_another(home: Path, form: str) -> None:
    test = press(page(MAP, TOTALS), f"Make the {form}")
    assert not test.warning and not test.error
    (saved,) = [one for one in test.main.get("download_button") if one.proto.label.startswith("Save briefing-2")]
    assert saved.proto.label.split(" ")[1].split(".")[-1] in ("pptx", "html", "zip")
    press(test, "Down")
    assert not [one for one in test.main.get("download_button") if one.proto.label.startswith("Save briefing-2")]
    assert listed(test) == [f"1. {TITLES[1]}", f"2. {TITLES[0]}"], "now their own titles are known"


# ---- files of one exhibit --------------------------------------------------------------------------------------------


def with_export(source: str) -> tuple[AppTest, Exhibit]:
    """Open the first page with what stands behind Export under its totals."""
    recipe = Recipe("afghanistan", "totals", filters=Filters(source=source))
    exhibit = build(recipe, Store(default_home(), "afghanistan"))
    test = opened(source=source)
    test.session_state[f"export-{exhibit.fingerprint}"] = True  # a popover keeps under its key whether it is open
    return run(test), exhibit


def saves(test: AppTest) -> list[str]:
    return [one.proto.label for one in test.main.get("download_button")]


def test_nothing_is_offered_before_export_is_opened_and_nothing_made_before_a_form_is_pressed(home: Path) -> None:
    assert not {"CSV", "PNG", "PowerPoint"} & set(labels(opened()))
    test, _ = with_export("un_like")
    assert {"PowerPoint", "PNG", "SVG", "PDF", "CSV", "XLSX"} <= set(labels(test))
    assert "GeoPackage" not in labels(test), "totals have no shapes"
    assert not saves(test) and not log.lines(Store(home, "afghanistan"))


@pytest.mark.parametrize("form", ["PowerPoint", "CSV"])
def test_a_file_is_made_through_the_protecting_step_and_noted_once(home: Path, form: str) -> None:
    test, exhibit = with_export("un_like")
    press(test, form)
    assert not test.warning and not test.error
    (save,) = saves(test)
    assert exhibit.fingerprint in save
    (line,) = log.lines(Store(home, "afghanistan"))
    assert line["what"] == save.removeprefix("Save ") and line["marking"] == marking.SYNTHETIC
    run(test)
    assert saves(test) == [save] and len(log.lines(Store(home, "afghanistan"))) == 1, "drawn again, not made again"


def test_without_a_marking_nothing_of_an_exhibit_leaves(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, [incident(1, "2009-01-05"), incident(2, "2009-02-05")])
    test, _ = with_export("log")
    assert "Nothing leaves Afghanistan before its marking is set." in [box.value for box in test.warning]
    assert not {"CSV", "PowerPoint"} & set(labels(test))
    next(one for one in test.text_input if one.label.startswith("Marking")).set_value("RELEASABLE")
    press(test, "Set the marking")
    press(test, "CSV")
    (line,) = log.lines(store)
    assert line["marking"] == "RELEASABLE" and len(saves(test)) == 1


def test_two_exports_that_differ_by_one_person_are_warned_about(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    rows = [incident(number, f"2009-01-{number:02d}") for number in range(1, 8)]
    add(store, tmp_path, rows)
    marking.set_marking(store, "RELEASABLE", who="tester")
    test, _ = with_export("log")
    press(test, "CSV")
    assert not test.warning
    one = {"civilians_killed_min": 1, "civilians_killed_best": 1, "civilians_killed_max": 1}
    add(store, tmp_path, [incident(8, "2009-01-20", **one)])
    test, _ = with_export("log")
    press(test, "CSV")
    assert ["differ by one person" in box.value for box in test.warning] == [True] and len(saves(test)) == 1


def test_what_cannot_be_noted_does_not_leave(home: Path) -> None:
    test, _ = with_export("un_like")
    file = Store(home, "afghanistan").folder / log.FILE
    file.write_text("-" * 1000 + "\n")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1001, limits[1]))  # the kernel refuses a longer file
    try:
        press(test, "CSV")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ["not noted in the audit log" in box.value for box in test.warning] == [True] and not saves(test)
