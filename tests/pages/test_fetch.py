"""Fetching from the Data Quality page, against a publisher on this machine and without any network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from civmap.store import Store
from tests.conftest import ROOT
from tests.publisher import Publisher, csv, ged, publisher, zipped


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with publisher() as running:
        yield running


def fetched(home: Path, **fields: str) -> AppTest:
    """Open the page, fill the form in and press its button."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.switch_page("pages/6_Data_Quality.py")
    test.query_params["theatre"] = "afghanistan"
    test.run()
    return press(test, **fields)


def press(test: AppTest, **fields: str) -> AppTest:
    for label, value in fields.items():
        widget(test, "text_input", label).set_value(value)
    widget(test, "button", "Fetch and load").click().run()
    assert not test.exception, test.exception
    return test


def widget(test: AppTest, kind: str, label: str) -> Any:
    return next(one for one in test.get(kind) if one.label.startswith(label))


def test_a_release_is_fetched_loaded_and_named_with_its_licence(home: Path, served: Publisher) -> None:
    address = served.put("/ged261-csv.zip", zipped(csv(ged(Afghanistan=3, Syria=2))))
    test = fetched(home, Version="26.1", Countries="afghanistan", Address=address)
    assert not test.error
    said = test.success[0].value
    assert "3 rows read, 3 accepted, 0 set aside; 3 lie in the theatre, 0 outside" in said
    assert "2 rows of other countries were left out" in said and "CC BY 4.0" in said and "Cite: Sundberg" in said
    load = Store(home, "afghanistan").loads().iloc[0]
    assert load["known_at"].startswith("2026-06-10")
    press(test, Version="26.1", Countries="Afghanistan", Address=address)
    assert "was loaded before; nothing has changed" in test.success[0].value


def test_a_broken_transfer_is_said_and_the_button_goes_on(home: Path, served: Publisher) -> None:
    table = csv(ged(Afghanistan=400))
    address = served.put("/ged261.csv", table, cut=len(table) // 2)
    test = fetched(home, Version="26.1", Address=address)
    assert "broke off" in test.error[0].value and "which are kept" in test.error[0].value and not test.success
    served.shelves["/ged261.csv"].cut = -1
    press(test)
    assert "400 rows read" in test.success[0].value and not test.error
    assert "Range" in served.asked[-1][1]


def test_without_a_way_out_the_page_says_so_plainly(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    test = fetched(home, Version="26.1")
    assert test.error[0].value.startswith("This machine has no way out to the network")
    assert "Download the file elsewhere" in test.error[0].value
    press(test, Version="newest")
    assert "no version of UCDP GED" in test.error[0].value


def test_opening_the_page_asks_nothing_of_the_network(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("the page asked before anyone pressed the button")

    monkeypatch.setattr("requests.Session.request", asked)
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.switch_page("pages/6_Data_Quality.py")
    test.run()
    assert not test.exception and not test.error
