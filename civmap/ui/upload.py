"""Loading a file in the browser: read, place and keep it, with progress, and say what became of every row."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st

from civmap.errors import CivMapError
from civmap.exhibits import words
from civmap.readers import read
from civmap.store import Load, Store


def upload(store: Store) -> None:
    """Show the form and load what is chosen."""
    done = st.session_state.pop("loaded", None)
    if done:
        st.success(_said(*done), icon=":material/check:")
    with st.form("upload", border=True):
        st.markdown(f"**Load a file into {store.theatre.title}**")
        file = st.file_uploader("UCDP GED, Airwars or CivMap's own columns; CSV (also .gz) or Parquet",
                                type=["csv", "gz", "tsv", "txt", "parquet"])  # fmt: skip
        left, right = st.columns(2)
        released = left.date_input(
            "Released on (known from); empty means now", value=None, format="YYYY-MM-DD", max_value="today"
        )
        source = right.text_input(
            "Name of the source, if it is your own tally", placeholder="recognised from the columns"
        )
        pressed = st.form_submit_button("Load", type="primary", icon=":material/upload_file:")
    if not pressed:
        return
    if file is None:
        st.warning("Choose a file first.")
        return
    bar = st.progress(0.0, "Receiving …")
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(file.name).name
            path.write_bytes(file.getbuffer())
            bar.progress(0.2, f"Reading {file.name} ({file.size / 1e6:.1f} MB) …")
            result = read(path, source=source.strip() or None)
            bar.progress(0.6, f"Placing {words.count(len(result.records), 'record')} …")
            load = store.add(result, known_at=released)
            bar.progress(1.0, "Done")
    except CivMapError as error:
        bar.empty()
        st.error(str(error), icon=":material/error:")
        return
    st.session_state["loaded"] = (load, result.rule_counts)
    st.rerun()  # the sidebar and the tables above were drawn without the new load


def _said(load: Load, rules: dict[str, int]) -> str:
    if load.already_loaded:
        return f"{load.file} was loaded before; nothing has changed."
    why = words.listed([f"{number} {rule.replace('_', ' ')}" for rule, number in rules.items()])
    return (
        f"{load.file}: {words.count(load.read, 'row')} read, {words.number(load.accepted)} accepted, "
        f"{words.number(load.rejected)} set aside{f' ({why})' if why else ''}; {words.number(load.placed)} lie in the "
        f"theatre, {words.number(load.outside)} outside."
    )
