"""From pages to a deck in the browser: added, ordered, made and saved; and each exhibit's own files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from pptx import Presentation

from civmap.exports.briefing import Briefing
from tests.browser.steps import SLOW, Settle, main, visit

LATE = 4 * SLOW  # a whole deck on two busy cores


def press(page: Page, label: str, settle: Settle, at: int = 0) -> None:
    button = main(page).get_by_role("button", name=label, exact=True).nth(at)
    button.scroll_into_view_if_needed()
    button.click()
    settle(page)


def exported(page: Page, at: int, form: str, settle: Settle) -> Locator:
    """Ask for one form of an exhibit, and give the button that saves it."""
    press(page, "Export", settle, at)
    choices = page.get_by_test_id("stPopoverBody")
    choices.get_by_role("button", name=form, exact=True).click()
    save = choices.get_by_role("button", name=re.compile("^Save civmap-"))
    expect(save).to_be_visible(timeout=LATE)
    return save


def saved(page: Page, button: Locator) -> tuple[str, bytes]:
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, download.value.path().read_bytes()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_exhibits_of_several_pages_leave_as_one_deck(
    serve: Callable[[Path], str], empty_home: Path, new_page: Callable[..., Page], settle: Settle, mode: str
) -> None:
    page = new_page(color_scheme=mode)
    page.goto(f"{serve(empty_home)}/Briefing?theatre=afghanistan")
    settle(page)
    expect(main(page)).to_contain_text("The briefing is empty.")
    visit(page, "Situation", settle)
    press(page, "Add to briefing", settle)
    expect(page.get_by_test_id("stToast")).to_contain_text("1 exhibit in the briefing")
    press(page, "Add to briefing", settle)
    expect(page.get_by_test_id("stToast").last).to_contain_text("2 exhibits in the briefing")
    expect(main(page).get_by_role("button", name="No. 2 in the briefing")).to_be_disabled()
    expect(page.locator(".civmap-mark")).to_be_visible()  # a fragment that is drawn anew leaves the page's head alone
    expect(page.get_by_test_id("stAlert").first).to_contain_text("Synthetic demonstration data")
    visit(page, "Trends", settle)
    press(page, "Add to briefing", settle)
    visit(page, "Briefing", settle)
    press(page, "Up", settle, 2)
    for label, text in (("Title of your own", "The map & <where>"), ("Speaker's note", "Say it slowly."),
                        ("Title of the briefing", "Week 31")):  # fmt: skip
        main(page).get_by_label(label).first.fill(text)
        page.keyboard.press("Tab")
        settle(page)
    press(page, "Make the PowerPoint deck", settle)
    save = main(page).get_by_role("button", name=re.compile(r"^Save week-31-.*\.pptx"))
    expect(save).to_be_visible(timeout=LATE)
    name, data = saved(page, save)
    assert re.fullmatch(r"week-31-\d{4}-\d\d-\d\d\.pptx", name)
    deck = Presentation(BytesIO(data))
    titles = ["\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
              for slide in list(deck.slides)[1:]]  # fmt: skip
    order = [next(at for at, title in enumerate(titles) if said in title)
             for said in ("The map & <where>", "Rising or falling", "Incidents and civilians harmed")]  # fmt: skip
    assert order == sorted(order)
    notes = "\n".join(slide.notes_slide.notes_text_frame.text for slide in deck.slides if slide.has_notes_slide)
    assert notes.count("Say it slowly.") == 1

    name, data = saved(page, main(page).get_by_role("button", name="Save the briefing"))
    kept = Briefing.from_json(data.decode())
    assert kept.title == "Week 31" and kept.items[0].note == "Say it slowly."
    assert [item.recipe.analysis for item in kept.items] == ["incident_map", "trend_table", "totals"]


def test_a_saved_briefing_is_opened_and_a_bad_one_is_said(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle, tmp_path: Path
) -> None:
    page.goto(f"{serve(empty_home)}/Briefing?theatre=afghanistan")
    settle(page)
    recipe = {"theatre": "afghanistan", "analysis": "totals", "filters": {"source": "un_like"}}
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    bad.write_text(json.dumps({"exhibits": [{"recipe": recipe | {"format": 9}}, {"recipe": {}}]}))
    good.write_text(json.dumps({"title": "Sent", "exhibits": [{"recipe": recipe, "title": "From a colleague"}]}))
    for file in (bad, good):
        page.get_by_test_id("stFileUploaderDropzoneInput").last.set_input_files(file)
        expect(page.get_by_test_id("stFileChipName")).to_have_attribute("title", file.name, timeout=SLOW)
        expect(page.get_by_test_id("stFileChipIconSpinner")).to_have_count(0, timeout=SLOW)
        press(page, "Open", settle)
        if file == bad:
            said = main(page).get_by_test_id("stAlertContentError")
            expect(said).to_contain_text("exhibit 1")
            expect(said).to_contain_text("exhibit 2")
    expect(main(page)).to_contain_text("1. From a colleague")
    expect(main(page)).to_contain_text("Totals · UN-like (synthetic) · incidents with civilian harm")


def test_nothing_is_wider_than_the_screen(
    serve: Callable[[Path], str], empty_home: Path, new_page: Callable[..., Page], settle: Settle
) -> None:
    page = new_page(viewport={"width": 683, "height": 384}, device_scale_factor=2)  # a laptop at 200 %
    page.goto(f"{serve(empty_home)}/?theatre=afghanistan")
    settle(page)
    press(page, "Add to briefing", settle)
    press(page, "Export", settle)
    body = page.get_by_test_id("stPopoverBody").bounding_box()
    assert body and body["x"] >= 0 and body["x"] + body["width"] <= 683
    page.keyboard.press("Escape")
    page.get_by_test_id("stExpandSidebarButton").click()
    visit(page, "Briefing", settle)
    wide, seen = main(page).evaluate("element => [element.scrollWidth, element.clientWidth]")
    assert wide <= seen
    tops = {main(page).get_by_role("button", name=name, exact=True).bounding_box()["y"]  # type: ignore[index]
            for name in ("Up", "Down", "Drop")}  # fmt: skip
    assert len(tops) == 1, "the three stand in one line"


def test_a_picture_of_an_exhibit_is_sharp_and_made_when_asked_for(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}/?theatre=afghanistan")
    settle(page)
    name, data = saved(page, exported(page, 0, "PNG", settle))
    assert re.fullmatch(r"civmap-.*\.png", name)
    image = Image.open(BytesIO(data))
    assert image.width > 1200 and len(image.convert("RGB").getcolors(maxcolors=10**6) or range(10**6)) > 100
