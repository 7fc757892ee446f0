"""What the Directives page has of its own: a date typed in, the expectation before the result, and progress."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

import streamlit as st

from civmap.errors import CivMapError
from civmap.exhibits import Recipe
from civmap.exhibits.directives import CHANGES, beside, keep_expectation
from civmap.language import say
from civmap.queries import Extent
from civmap.store import Store


def day(column: Any, loaded: Extent | None) -> str:
    """Let a person type a date; kept in the URL like the other choices."""
    if loaded is None:
        return ""
    given = st.query_params.get("at", "")
    middle = loaded.date_min + (loaded.date_max - loaded.date_min) / 2
    try:
        start = min(max(date.fromisoformat(given), loaded.date_min), loaded.date_max)
    except ValueError:
        start = middle
    chosen = column.date_input(
        say("Date"), value=start, min_value=loaded.date_min, max_value=loaded.date_max, format="YYYY-MM-DD"
    )
    st.query_params["at"] = chosen.isoformat()
    return str(chosen.isoformat())


def look_beside(store: Store, recipe: Recipe) -> None:
    """Look at everything beside a result, with a bar while it is not known yet; what fails is said by its exhibit."""
    place = st.empty()

    def tell(share: float, what: str) -> None:
        place.progress(share, f"{say(what)} \u2026")

    with suppress(CivMapError):
        beside(recipe, store, progress=tell)
    place.empty()


def expect(store: Store, recipe: Recipe) -> None:
    """Let a person keep what they expect before the result is shown, or show it without."""
    st.subheader(say("Before the result"), anchor=False)
    st.markdown(
        say("Say what you expect before you look. It is kept with your name and the time, and shown beside the result.")
    )
    if store.is_demonstration:
        st.caption(
            say("About the demonstration nothing is kept. With a file of your own loaded, the form stands here.")
        )
    else:
        _form(store, recipe)
    if st.button(say("Show the result without an expectation"), icon=":material/visibility:"):
        _reveal()


def kept(store: Store, recipe: Recipe) -> list[Recipe]:
    """Give the recipe of what was expected where anybody kept an expectation at all."""
    return [recipe] if any(one.kind == "expectation" for one in store.decisions()) else []


def _form(store: Store, recipe: Recipe) -> None:
    with st.form("expectation", border=True):
        left, right = st.columns(2)
        change = left.segmented_control(
            say("After it, compared with the level projected from before, I expect"), list(CHANGES),
            default="fewer", format_func=lambda one: say(CHANGES[one]), required=True,
        )  # fmt: skip
        sizes = right.slider(say("by so many percent (not used for about the same)"), 0, 95, (20, 40), step=5)
        why = left.text_input(say("Why"), placeholder=say("what this rests on"))
        who = right.text_input(say("By"), placeholder=say("the user of this machine if left empty"))
        pressed = st.form_submit_button(
            say("Keep it and show the result"), type="primary", icon=":material/lock_clock:"
        )
    if not pressed:
        return
    try:
        keep_expectation(recipe, store, change=str(change), sizes=sizes, why=why, who=who.strip() or None)
    except CivMapError as error:
        st.warning(str(error))
        return
    _reveal()


def _reveal() -> None:
    # the page's own choice is made before this button; it starts anew from what the URL says
    st.query_params["result"] = "shown"
    st.rerun()
