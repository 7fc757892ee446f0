"""The language of the pages: chosen in the sidebar or by a link, kept from page to page, and spoken by every piece."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_pages import PAGES, opened, param, pictures, widget

TITLES = {
    "Situation": "Situation", "Hotspots": "Points chauds", "Trends": "Tendances", "Directives": "Directives",
    "Air Surveillance": "Surveillance aérienne", "Tallies": "Bilans", "Data Quality": "Qualité des données",
}  # fmt: skip


def choose(test: AppTest, language: str) -> AppTest:
    """Choose a language as a person does."""
    one = next(one for one in test.get("segmented_control") if one.options == ["English", "Français"])
    test = one.set_value(language).run()
    assert not test.exception, test.exception
    return test


@pytest.mark.parametrize("title", PAGES)
def test_a_link_opens_a_page_in_french(home: Path, title: str) -> None:
    test = opened(title, lang="fr")
    assert test.title[0].value == TITLES[title]
    assert widget(test, "selectbox", "Théâtre").value == "afghanistan"
    assert any("Données synthétiques de démonstration" in box.value for box in test.info)
    assert test.dataframe and not test.warning and not test.error
    assert param(test, "lang") == "fr"


def test_a_language_is_chosen_and_changed_back(home: Path) -> None:
    test = choose(opened("Situation", measure="killed"), "fr")
    assert widget(test, "selectbox", "Compter").value == "killed", "the filters stay what they were"
    assert test.subheader[0].value.startswith("Carte") or "Où" in test.subheader[0].value
    assert param(test, "lang") == "fr" and pictures(test) == 1
    test = choose(test, "en")
    assert widget(test, "selectbox", "Count").value == "killed"
    assert param(test, "lang") is None and test.title[0].value == "Situation"


def test_a_pages_own_choices_outlast_a_change_of_language(home: Path) -> None:
    test = opened("Hotspots", unit="provinces", exposure="area")
    for language in ("fr", "en"):
        choose(test, language)
        assert param(test, "unit") == "provinces" and param(test, "exposure") == "area"
    assert test.segmented_control(key="own-unit").value == "provinces"


def test_the_language_goes_along_to_other_pages(home: Path) -> None:
    test = choose(opened("Situation"), "fr")
    for title in ("Tallies", "Data Quality", "Situation"):
        test.switch_page(PAGES[title]).run()
        assert test.title[0].value == TITLES[title] and param(test, "lang") == "fr"


@pytest.mark.parametrize("bad", ["de", "FR", "", "en", "../fr"])
def test_a_language_that_is_not_there_is_english(home: Path, bad: str) -> None:
    test = opened("Tallies", lang=bad)
    assert test.title[0].value == "Tallies" and param(test, "lang") is None


def test_a_link_without_a_language_is_english(home: Path) -> None:
    test = opened("Tallies", theatre="afghanistan", lang="fr")
    del test.query_params["lang"]
    test.run()
    assert test.title[0].value == "Tallies"
