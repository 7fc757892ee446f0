"""What pages share between sessions: theatres, stores and built exhibits. Nothing cached here may be changed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from civmap import __version__
from civmap.exhibits import Exhibit, Recipe, build
from civmap.language import say, spoken
from civmap.store import Store, default_home
from civmap.theatre import Theatre, load_theatre


@st.cache_resource(max_entries=8, show_spinner=False)
def theatre(name: str) -> Theatre:
    """Load a theatre once for all sessions."""
    return load_theatre(name)


@st.cache_resource(max_entries=8, show_spinner=False)
def _store(home: str, name: str) -> Store:
    return Store(home, theatre(name))


def store(name: str, *, home: Path | None = None) -> Store:
    """Open the store of a theatre once for all sessions."""
    return _store(str(home or default_home()), name)


@st.cache_resource(max_entries=64, show_spinner=False)
def _built(recipe: str, state: tuple[str, ...], _store: Store) -> Exhibit:
    del state  # only a part of the cache key: home, what is loaded, code version, language
    return build(Recipe.from_json(recipe), _store)


def exhibit(recipe: Recipe, of: Store) -> Exhibit:
    """Build an exhibit in the language that is spoken, or take the one built before from the same recipe and store."""
    state = (str(of.home), of.fingerprint, of.theatre.fingerprint, __version__, spoken())
    with st.spinner(say("Counting …")):
        return _built(recipe.to_json(), state, of)
