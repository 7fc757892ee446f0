"""The frame of a page: title, theatre, filters and marking; each page makes one call to `page`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from civmap.errors import CivMapError, ExportError
from civmap.exhibits import Recipe
from civmap.exports import marking
from civmap.filters import Filters
from civmap.language import mark, say
from civmap.store import Store
from civmap.ui import loading, sidebar

ICON = Path(__file__).resolve().parents[2] / "static" / "icon.svg"  # Streamlit would fetch a named icon from outside
_NOT_SET = mark("Marking: not set")
PAGES = {
    "app.py": mark("Situation"),
    "pages/1_Hotspots.py": mark("Hotspots"),
    "pages/2_Trends.py": mark("Trends"),
    "pages/3_Directives.py": mark("Directives"),
    "pages/4_Air_Surveillance.py": mark("Air Surveillance"),
    "pages/5_Tallies.py": mark("Tallies"),
    "pages/7_Briefing.py": mark("Briefing"),
    "pages/6_Data_Quality.py": mark("Data Quality"),
}


@dataclass(frozen=True)
class Look:
    """What a page looks at: the store of a theatre, the filters, and as known on which day."""

    store: Store
    filters: Filters
    known_on: date | None

    def recipe(self, analysis: str, /, **parameters: Any) -> Recipe:
        """Make the recipe of an analysis over the present filters."""
        return Recipe(self.store.theatre.id, analysis, parameters, self.filters, self.known_on)


def page(title: str) -> Look:
    """Set the page up and show what every page has; stops with a plain sentence where the theatre cannot be read."""
    sidebar.begin(title)
    st.set_page_config(page_title=f"{say(title)} · CivMap", page_icon=str(ICON), layout="wide")
    st.html(_STYLE)
    with faults():
        sidebar.choose_language()
        links = st.sidebar.container(gap="xxsmall")
        name = sidebar.choose_theatre()
        store = loading.store(name)
        filters, known_on = sidebar.choose_filters(store)
        for file, label in PAGES.items():  # each link carries the filters, so a page opened in a new tab has them too
            links.page_link(file, label=say(label), query_params=sidebar.link_params(store.theatre, filters, known_on))
        st.html(f'<div class="civmap-mark">{escape(_marking(store))}</div>')
        st.title(say(title), anchor=False)
        if store.is_demonstration:
            st.info(
                say("**Synthetic demonstration data**, made up, until a file is loaded on the Data Quality page."),
                icon=":material/science:",
            )
        return Look(store, filters, known_on)
    st.stop()


def _marking(store: Store) -> str:
    """Give what stands on top of every page: what would stand on an export, or that nobody has said it."""
    if store.is_demonstration:  # marked by itself when it leaves; on screen it is said below the title
        return store.theatre.marking or say(_NOT_SET)
    try:
        return marking.marking(store)
    except ExportError:
        return say(_NOT_SET)


@contextmanager
def faults() -> Iterator[None]:
    """Show a CivMapError in plain words; anything else is a bug and passes."""
    try:
        yield
    except CivMapError as error:
        warn(error)


def warn(error: CivMapError) -> None:
    """Say in plain words why something is not shown."""
    st.warning(str(error), icon=":material/info:")


def plain(text: str) -> str:
    """Keep Markdown from reading signs in data as its own."""
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("*", "\\*").replace("_", "\\_").replace("[", "\\[")


# Streamlit's own spacing is made for phones; a 1366-pixel laptop should show a map without scrolling. The marking
# stays in sight, also when the page is scrolled. Languages lie beside the arrow that folds the sidebar. Of two
# downloads only ours is shown: it carries the caveats.
_STYLE = """<style>
.block-container {padding-top: 2.6rem; padding-bottom: 2rem; max-width: 1500px;}
.civmap-mark {position: fixed; top: .55rem; left: 0; right: 0; text-align: center; font-size: .8rem; z-index: 1000000;
  pointer-events: none;}
.st-key-civmap-language {position: absolute; top: 1rem; width: auto; z-index: 1;}
.st-key-civmap-language button {min-height: 1.6rem; padding: 0 .5rem;}
.st-key-civmap-language button p {font-size: .8rem;}
h1 {font-size: 1.6rem !important; padding: 0 0 .25rem 0 !important;}
h3 {font-size: 1.15rem !important; padding: 1rem 0 .1rem 0 !important;}
[data-testid="stButtonGroup"] [role="radiogroup"] {flex-wrap: wrap;}
[data-testid="stButtonGroup"] [data-selected="true"] {color: inherit !important; font-weight: 600;}
button[kind="tertiary"]:is(:hover, :focus, :active, [aria-expanded="true"]) {color: inherit !important;}
[data-testid="stElementToolbarButton"]:has([aria-label="Download as CSV"]) {display: none;}
[data-testid="stCaptionContainer"] ul {margin-bottom: .8rem; padding-left: 1.1rem;}
[data-testid="stCaptionContainer"] li {margin: 0; line-height: 1.35;}
</style>"""
