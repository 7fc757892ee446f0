"""The Directives page: what stands before the result, how it is shown, and that every choice is in the link."""

from __future__ import annotations

from pathlib import Path

import pytest

from civmap.store import Store
from tests.pages.test_pages import SEASON, opened, own, param, pictures, text, widget
from tests.stores import add, monthly

__all__ = ["own"]  # the fixture
JULY = {"theatre": "afghanistan", "directive": "ISAF-2009-07-02", "scope": "filters"}


@pytest.fixture
def two(home: Path, tmp_path: Path) -> Store:
    """Six years in two sources, with which every step has an answer."""
    store = Store(home, "afghanistan")
    add(store, tmp_path, monthly([n + k % 4 for k, n in enumerate(SEASON * 6)], start="2006-01-01"))
    add(store, tmp_path, monthly([n + k % 3 for k, n in enumerate(SEASON * 6)], start="2006-01-01"), source="second")
    return store


def subheaders(test: object) -> list[str]:
    return [one.value for one in test.subheader]  # type: ignore[attr-defined]


def test_before_the_result_only_the_directive_and_what_could_be_seen_are_shown(own: Store) -> None:
    test = opened("Directives", **JULY)
    assert subheaders(test) == [
        "Revised tactical directive", "What could be seen at all after the July 2009 directive", "Before the result",
    ]  # fmt: skip
    assert pictures(test) == 0 and "times the level projected" not in text(test).replace("compared with", "")
    assert "Gen Stanley A. McChrystal" in text(test) and "Limited close air support" in text(test)


def test_the_result_is_shown_when_asked_for_and_the_link_says_so(two: Store) -> None:
    test = opened("Directives", **JULY)
    widget(test, "button", "Show the result without an expectation").click().run()
    assert not test.exception and param(test, "result") == "shown"
    shown = subheaders(test)
    order = ["Before and after", "What the result was held", "How much hangs",
             "Dates on which nothing", "What would change", "All directives", "Published yearly totals"]  # fmt: skip
    places = [next(k for k, title in enumerate(shown) if title.startswith(start)) for start in order]
    assert places == sorted(places)
    assert "expectation" not in text(test) and not test.warning, "where nobody kept one, none is spoken of"
    assert pictures(test) == 7  # result, readings, specifications, placebo dates, timeline and its steps, totals
    again = opened("Directives", **JULY, result="shown")
    assert subheaders(again) == shown


def test_an_expectation_is_kept_and_then_stands_above_the_result(two: Store) -> None:
    test = opened("Directives", **JULY)
    widget(test, "text_input", "By").set_value("J3")
    test.button("FormSubmitter:expectation-Keep it and show the result").click().run()
    assert "needs its reason" in test.warning[0].value and not two.decisions(), "nothing is kept without a reason"
    widget(test, "text_input", "Why").set_value("the order was strict")
    test.button("FormSubmitter:expectation-Keep it and show the result").click().run()
    assert not test.exception
    assert [(one.kind, one.who) for one in two.decisions()] == [("expectation", "J3")]
    assert "Before the result was shown, J3 expected fewer, by 20 to 40 %" in text(test)
    assert "Before the result" not in subheaders(test), "after the result there is nothing to expect"


def test_a_second_tally_and_another_method_are_chosen_on_the_page(two: Store) -> None:
    test = opened("Directives", **JULY, result="shown", second="second", method="structural")
    shown = subheaders(test)
    assert "Do log and second agree?" in shown and any(title.startswith("Another method") for title in shown)
    assert widget(test, "selectbox", "Second tally").options == ["none", "second"]
    widget(test, "selectbox", "Second tally").set_value("none").run()
    assert param(test, "second") == "none" and not any("agree?" in title for title in subheaders(test))


def test_a_date_of_ones_own_is_compared_and_kept_in_the_link(two: Store) -> None:
    test = opened("Directives", theatre="afghanistan", directive="own", at="2009-03-01", result="shown")
    assert "A day of your own: 1 March 2009" in subheaders(test)
    assert "After the change of 1 March 2009" in text(test) and param(test, "at") == "2009-03-01"
    wrong = opened("Directives", theatre="afghanistan", directive="own", at="no day")
    assert param(wrong, "at") and not wrong.exception


def test_what_one_step_refuses_leaves_the_others_standing(own: Store) -> None:
    test = opened("Directives", **JULY, result="shown", method="provinces")
    said = [box.value for box in test.warning]
    assert len(said) == 2 and any("placebo dates" in one for one in said)
    assert any("no province lies outside it" in one for one in said)
    assert any(title.startswith("What would change") for title in subheaders(test))
