"""Published totals and activity in the browser: a table in, kept apart from incidents, and what was set aside."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import streamlit as st

from civmap import schema
from civmap.errors import CivMapError
from civmap.exhibits import words
from civmap.readers.tallies import TotalsResult, read_activity, read_tallies
from civmap.store import Store
from civmap.store.totals import KeptTotals

_KINDS = {
    "tallies": "Totals of casualties",
    "activity": "Activity of forces: sorties, weapons released, strikes, engagements, troops",
}
_SHOWN = 10
# Streamlit would offer no day before the last ten years, and take none
DAYS: dict[str, Any] = {"format": "YYYY-MM-DD", "min_value": date(1900, 1, 1), "max_value": "today"}


def totals_form(store: Store) -> None:
    """Show the form for a table of published totals, and what became of the one loaded last."""
    if kept := st.session_state.pop("totals-kept", None):
        _say(*kept)
    with st.expander("Load published totals or activity", icon=":material/functions:"), st.form("totals", border=False):
        st.markdown(
            "Figures by area and period as somebody published them: a column for the period, one for the area, and "
            "either `measure` and `value` or a column for each measure (`killed`, `injured`). They stay apart from "
            "incidents and are shown on the Tallies page."
        )
        file = st.file_uploader("Table of totals", type=["csv", "tsv", "txt", "gz", "xlsx", "parquet"])
        kind = st.radio("What it counts", list(_KINDS), format_func=lambda one: _KINDS[one])
        left, right = st.columns(2)
        tally = left.text_input("Whose totals, where the file does not say", placeholder="such as unama")
        released = right.date_input("Published on, where the file does not say; empty means now", value=None,
                                    **DAYS)  # fmt: skip
        pressed = st.form_submit_button("Load totals", icon=":material/upload_file:")
    if pressed and file is None:
        st.warning("Choose a file first.")
    elif pressed:
        _load(store, file, str(kind), tally.strip(), released)


def _load(store: Store, file: Any, kind: str, tally: str, released: date | None) -> None:
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(file.name).name
            path.write_bytes(file.getbuffer())
            result = read_activity(path) if kind == "activity" else read_tallies(path, tally=tally or None)
        st.session_state["totals-kept"] = store.add_totals(result, known_at=released)
    except CivMapError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun()


def _say(kept: KeptTotals, placed: TotalsResult) -> None:
    if kept.already_loaded:
        st.success(f"{kept.file} was loaded before; nothing has changed.", icon=":material/check:")
        return
    said = (
        f"{kept.file}: {words.count(kept.read, 'row', 'rows')} read, {words.number(kept.read - kept.rejected)} accepted with "
        f"{words.count(kept.figures, 'figure', 'figures')}, {words.number(kept.rejected)} set aside. See the Tallies page."
    )
    st.success("\n".join([said, "", *(f"- {note}" for note in kept.notes)]).rstrip(), icon=":material/check:")
    if kept.rejected:
        rows = placed.rejected.head(_SHOWN)
        st.markdown("**Set aside; mend these in the file and load it again:**")
        shown = rows.assign(rule=rows["rule"].map(schema.words))[["source_row", "rule", "column", "value", "expected"]]
        shown.columns = ["Record", "Rule", "Column", "Value", "Expected"]
        st.dataframe(shown, hide_index=True, width="stretch")
