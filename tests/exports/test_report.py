"""The HTML report: whole in itself, nothing but text where text was, everything that an export must carry."""

import html
import json
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from civmap.exports import report
from civmap.exports.prepared import Prepared

NASTY = "</script><script>alert(1)</script> <img src=x onerror=alert(1)> & more"


class Page(HTMLParser):
    """Elements with their attributes, and the text of all of them."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.text = ""
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def made(ready: dict[str, Prepared]) -> bytes:
    nasty = replace(ready["totals"], title=NASTY)
    return report.report([nasty, *list(ready.values())[2:]], notes=[NASTY], title=NASTY)


def test_nothing_is_fetched_and_nothing_runs(made: bytes) -> None:
    page = Page(made)
    assert [one.get("type") for one in page.all("script")] == ["application/json"]
    assert all(one["src"].startswith("data:image/png;base64,") for one in page.all("img"))
    assert not page.all("link") and not page.all("iframe")
    assert not any(name.startswith("on") for _, attributes in page.found for name in attributes)
    assert b"http-equiv" in made and b"default-src 'none'" in made


def test_everything_stands_in_it(made: bytes, ready: dict[str, Prepared]) -> None:
    page = Page(made)
    said = " ".join(page.text.split())
    assert said.count(NASTY) >= 3, "in the title, as an exhibit's title and as its note"
    for one in list(ready.values())[2:]:
        for line in (one.exhibit.title, one.exhibit.sentence, *one.exhibit.caveats, *one.stamp):
            assert " ".join(line.split()) in said, line
    assert page.all("html")[0]["lang"] == "en" and all(one["alt"] for one in page.all("img"))
    assert all(one["scope"] == "col" for one in page.all("th"))
    marks = [one for one in page.all("div") if str(one.get("class", "")).startswith("mark ")]
    assert len(marks) == 2


def test_the_first_page_says_what_holds_for_all_of_it_and_nothing_that_holds_for_one(
    ready: dict[str, Prepared],
) -> None:
    two = [ready["totals"], ready["trends"]]
    cover = report.report(two, notes=["Pause."]).decode().split("<nav")[0]
    assert f"<li>{two[0].stamp[1]}</li>" in cover and two[0].stamp[1].startswith("As of")
    assert "Fingerprint" not in cover
    assert "<b>Speaker's note:</b> Pause." in html.unescape(report.report(two, notes=["Pause."]).decode())


def test_the_manifest_can_be_read_out_of_it(made: bytes, ready: dict[str, Prepared]) -> None:
    text = made.decode().split('id="civmap-manifest">')[1].split("</script>")[0]
    held = json.loads(html.unescape(text))
    assert [one["recipe"]["analysis"] for one in held["exhibits"]][:2] == ["totals", "hotspots"]
    assert len(held["exhibits"]) == len(ready) - 1


def test_what_is_not_known_is_a_dash_and_never_a_nought(ready: dict[str, Prepared]) -> None:
    one = ready["totals"]
    table = one.exhibit.parts[0].table.copy()
    table.loc[0, "Incidents"] = None
    part = replace(one.exhibit.parts[0], frames={"table": table})
    page = report.report([replace(one, exhibit=replace(one.exhibit, parts=(part,)))]).decode()
    assert '<td class="number">\u2013</td>' in page and '<td class="number">0</td>' not in page
