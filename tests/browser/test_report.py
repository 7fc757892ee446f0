"""The report in a browser without a network: nothing is asked for, nothing goes wrong, every printed page is marked."""

import re
from pathlib import Path
from typing import Any

import pytest

from civmap.exhibits import Recipe, build
from civmap.exports import report
from civmap.exports.prepare import prepare
from civmap.filters import Filters
from civmap.store import Store
from civmap.theatre import Theatre


@pytest.fixture
def file(tmp_path: Path, afghanistan: Theatre) -> Path:
    store = Store(tmp_path / "home", afghanistan)
    asked = [
        Recipe("afghanistan", name, filters=Filters(source="un_like")) for name in ("totals", "incident_map", "trends")
    ]
    made = tmp_path / "report.html"
    made.write_bytes(report.report([prepare(build(recipe, store), store) for recipe in asked], title="Week 31"))
    return made


def test_a_report_opens_without_a_network_and_prints_with_its_marking(file: Path, browser: Any) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    assert page.title() == "Week 31" and page.locator("section").count() == 3
    assert all(page.locator("img").evaluate_all("all => all.map(one => one.complete && one.naturalWidth > 500)"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling"
    for mark in page.locator(".mark").all():
        assert mark.is_visible()
    page.emulate_media(media="print")
    assert not page.locator(".mark").first.is_visible() and page.locator(".printed").count() == 2
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) >= 4, "a cover and a page for each exhibit"
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] and said == []
    context.close()
