"""The language of the pages: chosen in the sidebar or by a link, kept from page to page, and spoken by every piece."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from civmap.language import say, speaking
from civmap.ui.working import working
from tests.pages.test_pages import PAGES, opened, param, pictures, text, widget

TITLES = {
    "Situation": "Situation", "Hotspots": "Points chauds", "Trends": "Tendances", "Directives": "Directives",
    "Air Surveillance": "Surveillance aérienne", "Tallies": "Bilans", "Data Quality": "Qualité des données",
}  # fmt: skip


def choose(test: AppTest, language: str) -> AppTest:
    """Choose a language as a person does."""
    one = next(one for one in test.segmented_control if one.options == ["English", "Français"])
    test = one.set_value(language).run()
    assert not test.exception, test.exception
    return test


@pytest.mark.parametrize("title", PAGES)
def test_a_link_opens_a_page_in_french(home: Path, title: str) -> None:
    test = opened(title, lang="fr")
    assert test.title[0].value == TITLES[title]
    assert widget(test, "selectbox", "Théâtre").value == "afghanistan"
    assert any("Données synthétiques de démonstration" in box.value for box in test.info)
    assert "aucun incident réel" in text(test) and "Pour toute la page" in text(test)
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


def test_exhibits_and_their_tables_are_said_in_the_language_chosen(home: Path) -> None:
    test = opened("Situation")
    titles = [one.value for one in test.subheader]
    french = [one.value for one in choose(test, "fr").subheader]
    assert len(french) == len(titles) and not set(french) & set(titles)
    headers = {str(name) for table in test.dataframe for name in table.value.columns}
    assert {"Période", "Tués, min", "Tués, meilleure", "Province"} <= headers and not {
        "Period",
        "Killed, min",
    } & headers
    assert [one.value for one in choose(test, "en").subheader] == titles, "each language has answers of its own"


def test_a_pages_own_choices_outlast_a_change_of_language(home: Path) -> None:
    test = opened("Hotspots", unit="provinces", exposure="area")
    for name in ("fr", "en"):
        choose(test, name)
        assert param(test, "unit") == "provinces" and param(test, "exposure") == "area"
    assert test.segmented_control(key="own-unit").value == "provinces"


def test_the_language_goes_along_to_other_pages(home: Path) -> None:
    test = choose(opened("Situation"), "fr")
    for title in ("Tallies", "Data Quality", "Situation"):
        test.switch_page(PAGES[title]).run()
        assert test.title[0].value == TITLES[title] and param(test, "lang") == "fr"
    links = [link.proto for link in test.sidebar.get("page_link")]
    assert {link.label for link in links} == {*TITLES.values(), "Exposé"}
    assert all("lang=fr" in link.query_string for link in links)


@pytest.mark.parametrize("bad", ["de", "FR", "", "en", "../fr"])
def test_a_language_that_is_not_there_is_english(home: Path, bad: str) -> None:
    test = opened("Tallies", lang=bad)
    assert test.title[0].value == "Tallies" and param(test, "lang") is None


def test_a_link_without_a_language_is_english(home: Path) -> None:
    test = opened("Tallies", theatre="afghanistan", lang="fr")
    del test.query_params["lang"]
    test.run()
    assert test.title[0].value == "Tallies"


def test_a_button_answers_in_french(home: Path) -> None:
    test = opened("Tallies", lang="fr")
    next(button for button in test.button if button.label == "Ajouter à l'exposé").click().run()
    assert test.toast[0].value == "1 élément dans l'exposé"
    assert any(button.label == "N° 1 dans l'exposé" for button in test.button)


def piece() -> None:
    import streamlit as st

    from civmap import language
    from civmap.ui.speech import fragment

    @fragment
    def drawn_alone() -> None:
        st.write(language.say("Hotspots"))

    st.session_state["language"] = "fr"
    language.speak("en")  # as in the thread of a piece that is drawn anew without its page
    drawn_alone()


def test_a_piece_of_a_page_speaks_the_language_of_its_session() -> None:
    test = AppTest.from_function(piece).run()
    assert not test.exception and test.markdown[0].value == "Points chauds"


class Bar:
    """A progress bar that is looked at by nobody."""

    def progress(self, share: float, what: str) -> None:
        pass


def test_work_beside_the_page_speaks_its_language() -> None:
    with speaking("fr"):
        assert working(Bar(), 0.5, "…", lambda: say("Hotspots")) == "Points chauds"  # type: ignore[arg-type]


def test_a_pages_columns_have_names_of_their_own(home: Path) -> None:
    """Streamlit refuses a table with two columns of one name."""
    for title in ("Directives", "Trends"):
        test = opened(title, lang="fr", result="shown", theatre="afghanistan")
        assert all(table.value.columns.is_unique for table in test.dataframe)
