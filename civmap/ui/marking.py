"""The marking of a theatre's exports: where nobody has set it, a form stands instead of what would leave."""

from __future__ import annotations

import streamlit as st

from civmap.errors import CivMapError, ExportError
from civmap.exports import marking as kept
from civmap.language import say
from civmap.store import Store


def is_set(store: Store) -> bool:
    """Say whether something may leave a store."""
    try:
        kept.marking(store)
    except ExportError:
        return False
    return True


def form(store: Store, *, key: str) -> None:
    """Let somebody set the marking, with their name."""
    title = store.theatre.title
    st.warning(say("Nothing leaves {theatre} before its marking is set.", theatre=title), icon=":material/lock:")
    with st.form(key, border=True):
        text = st.text_input(
            say("Marking, shown at the top and bottom of every export"),
            placeholder=say("{marking}, or your own words", marking=say(kept.PUBLIC)),
        )
        who = st.text_input(say("Set by"), placeholder=say("the user of this machine if left empty"))
        st.caption(
            say("It is kept with the theatre, with your name and the time, and holds for whatever leaves from now on.")
        )
        pressed = st.form_submit_button(say("Set the marking"), icon=":material/lock_open:")
    if not pressed:
        return
    try:
        kept.set_marking(store, text, who=who.strip() or None)
    except CivMapError as error:
        st.warning(str(error), icon=":material/info:")
        return
    st.rerun()
