"""The report in a browser without a network: nothing is asked for, nothing goes wrong, every printed page is marked."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from civmap.exhibits import Recipe, build
from civmap.exports import report
from civmap.exports.marking import SYNTHETIC
from civmap.exports.prepare import prepare
from civmap.filters import Filters
from civmap.store import Store
from civmap.theatre import Theatre

A4_INSIDE = 695  # pixels between the margins


@pytest.fixture
def file(tmp_path: Path, afghanistan: Theatre) -> Path:
    store = Store(tmp_path / "home", afghanistan)
    asked = [
        Recipe("afghanistan", name, filters=Filters(source="un_like"))
        for name in ("totals", "incident_map", "trends", "loads")
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
    assert page.title() == "Week 31" and page.locator("section").count() == 4
    assert page.evaluate("navigator.onLine") is False
    assert all(page.locator("img").evaluate_all("all => all.map(one => one.complete && one.naturalWidth > 500)"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling"
    for mark in page.locator(".mark").all():
        assert mark.is_visible()
    page.emulate_media(media="print")
    assert not page.locator(".mark").first.is_visible() and page.locator(".printed").count() == 2
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) >= 4, "a cover and a page for each exhibit"
    if text := shutil.which("pdftotext"):
        (file.parent / "report.pdf").write_bytes(printed)
        told = subprocess.run([text, file.parent / "report.pdf", "-"], capture_output=True, check=True, text=True)
        pages = told.stdout.split("\f")[:-1]
        assert len(pages) >= 4 and all(one.count(SYNTHETIC) >= 2 for one in pages), "top and bottom of every page"
    page.set_viewport_size({"width": A4_INSIDE, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= A4_INSIDE, "nothing is cut at the right"
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 420, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 420, "wide tables scroll by themselves"
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] and said == []
    context.close()
