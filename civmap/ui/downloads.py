"""Under every exhibit: add it to the briefing, or export it; a file is made when asked for, and noted when made."""

from __future__ import annotations

import streamlit as st

from civmap.exhibits import Exhibit
from civmap.exports import making
from civmap.exports.prepare import prepare
from civmap.language import say, spoken
from civmap.store import Store
from civmap.ui import briefing, frame, marking
from civmap.ui.speech import fragment


@fragment
def downloads(exhibit: Exhibit, store: Store) -> None:
    """Show one quiet line; what is done there draws nothing else anew."""
    with st.container(horizontal=True, gap="small"):
        briefing.add_button(exhibit)
        opened = st.popover(say("Export"), icon=":material/download:", type="tertiary", on_change="rerun",
                            key=f"export-{exhibit.fingerprint}")  # fmt: skip
    if opened.open:
        with opened:
            _export(exhibit, store)


def _export(exhibit: Exhibit, store: Store) -> None:
    if not marking.is_set(store):
        marking.form(store, key=f"marking-{exhibit.fingerprint}")
        return
    st.caption(
        say("A file is made when you press, with marking, caveats and sources, and without what must not leave.")
    )
    forms, made = making.forms(exhibit), (exhibit.fingerprint, spoken())
    with st.container(horizontal=True, gap="small"):
        pressed = [form for form in forms if st.button(forms[form], key=f"export-{exhibit.fingerprint}-{form}")]
    if pressed:
        st.session_state.pop("export", None)
        with frame.faults(), st.spinner(say("Making {form} …", form=forms[pressed[0]])):
            exported = prepare(exhibit, store)
            name, data = making.one(exported, pressed[0])
            warnings = making.note([exported], {store.theatre.id: store}.__getitem__, what=name)
            st.session_state["export"] = (made, name, data, warnings)  # only the last: it may be large
    of, name, data, warnings = st.session_state.get("export", ("", "", b"", []))
    if of == made:
        for warning in warnings:
            st.warning(warning, icon=":material/warning:")
        st.download_button(say("Save {name}", name=name), data, file_name=name, on_click="ignore", type="primary",
                           icon=":material/download:", key=f"export-{exhibit.fingerprint}-file")  # fmt: skip
