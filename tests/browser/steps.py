"""What a person does on a page, in the words of a test."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageStat
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

PAGES = ("Situation", "Hotspots", "Trends", "Directives", "Data Quality")
DRAWN = {  # what a page draws: maps, charts, tables
    "Situation": (1, 0, 2),
    "Hotspots": (1, 0, 1),
    "Trends": (1, 2, 2),
    "Directives": (0, 0, 3),  # what stands before the result
    "Data Quality": (0, 0, 5),
}
Settle = Callable[[Page], None]
SLOW = 30_000  # milliseconds; two busy cores


def sidebar(page: Page) -> Locator:
    return page.get_by_test_id("stSidebar")


def main(page: Page) -> Locator:
    return page.get_by_test_id("stMain")


def visit(page: Page, title: str, settle: Settle) -> None:
    """Open a page by its link in the sidebar."""
    sidebar(page).get_by_role("link", name=title, exact=True).click()
    expect(page.locator("h1")).to_have_text(title, timeout=SLOW)
    settle(page)


def pick(page: Page, label: str, option: str, settle: Settle) -> None:
    """Choose an option of a list in the sidebar."""
    box = sidebar(page).get_by_role("combobox", name=re.compile(re.escape(label)))
    box.evaluate("box => box.scrollIntoView({block: 'center'})")  # at the edge, the first click only scrolls
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def chosen(page: Page, label: str) -> str:
    """Read what a list in the sidebar shows as chosen."""
    return sidebar(page).get_by_role("combobox", name=re.compile(re.escape(label))).input_value()


def several(page: Page, label: str) -> list[str]:
    """Read the tags of a list of several in the sidebar."""
    box = sidebar(page).get_by_test_id("stMultiSelect").filter(has_text=label)
    return [tag.get_attribute("aria-label") or "" for tag in box.locator("[role=group] [data-tag]").all()]


def sentences(page: Page) -> str:
    """Read the text under the headings."""
    return "\n".join(main(page).get_by_test_id("stMarkdown").all_inner_texts())


def cells(table: Locator) -> list[list[str]]:
    """Read the rows of a table that are on the screen; numbers without their commas.

    The grid is a picture; behind it stands, a moment later, a table for screen readers.
    """
    table.scroll_into_view_if_needed()
    expect(table.locator("[role=gridcell]").first).not_to_be_empty(timeout=SLOW)
    rows = table.locator("tbody tr")
    return [row.locator("[role=gridcell]").all_inner_texts() for row in rows.all()]


def picture(place: Locator) -> tuple[int, float]:
    """Return how many colours a place on the screen has, and how bright it is from 0 to 255."""
    image = Image.open(BytesIO(place.screenshot())).convert("RGB")
    found = image.getcolors(maxcolors=image.width * image.height)
    return len(found or ()), ImageStat.Stat(image.convert("L")).median[0]


def drawn(place: Locator) -> float:
    """Return the share of a place on the screen that has another colour than its background."""
    image = Image.open(BytesIO(place.screenshot())).convert("RGB")
    size = image.width * image.height
    return 1 - max(count for count, _ in image.getcolors(maxcolors=size) or [(size, None)]) / size


def click_map(page: Page, map_: Locator, x: float, y: float, heading: Locator) -> str:
    """Click at a share of a map's width and height until its list is there, and return what hovering showed.

    A map takes no press of more than 250 ms for a click. Software WebGL on busy cores may see the end of one later, so
    that a click that listed nothing is tried again, as a person would.
    """
    map_.evaluate("map => map.scrollIntoView({block: 'center'})")
    box = map_.bounding_box()
    assert box
    at = round(box["x"] + x * box["width"]), round(box["y"] + y * box["height"])  # a press knows no half pixels
    page.mouse.move(*at)
    label = map_.locator(".deck-tooltip")
    expect(label).to_be_visible(timeout=SLOW)
    shown = label.inner_text()
    for _ in range(4):
        page.wait_for_timeout(1_000)  # until the place is drawn highlighted; a press would wait behind that
        page.mouse.click(*at)  # down and up are sent together, not one after the other is answered
        with suppress(PlaywrightTimeout):
            heading.wait_for(timeout=8_000)
            break
    return shown


def choose_file(page: Page, file: Path) -> None:
    """Put a file into the form and wait until it has arrived."""
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(file)
    expect(page.get_by_test_id("stFileChipName")).to_have_attribute("title", file.name, timeout=SLOW)
    expect(page.get_by_test_id("stFileChipIconSpinner")).to_have_count(0, timeout=SLOW)


def said(page: Page) -> Locator:
    """Give the box in which the form answers; others below it say what is still missing."""
    return main(page).get_by_test_id("stAlert").first
