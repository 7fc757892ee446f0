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
from civmap.language import mark, say
from civmap.readers.faults import expected_in_words
from civmap.readers.tallies import TotalsResult, read_activity, read_tallies
from civmap.store import Store
from civmap.store.totals import KeptTotals
from civmap.ui.speech import named

_KINDS = {
    "tallies": mark("Totals of casualties"),
    "activity": mark("Activity of forces: sorties, weapons released, strikes, engagements, troops"),
}
_SHOWN = 10
# Streamlit would offer no day before the last ten years, and take none
DAYS: dict[str, Any] = {"format": "YYYY-MM-DD", "min_value": date(1900, 1, 1), "max_value": "today"}


def totals_form(store: Store) -> None:
    """Show the form for a table of published totals, and what became of the one loaded last."""
    if kept := st.session_state.pop("totals-kept", None):
        _say(*kept)
    opened = st.expander(say("Load published totals or activity"), icon=":material/functions:")
    with opened, st.form("totals", border=False):
        st.markdown(say(
            "Figures by area and period as somebody published them: a column for the period, one for the area, and "
            "either `measure` and `value` or a column for each measure (`killed`, `injured`). They stay apart from "
            "incidents and are shown on the Tallies page."
        ))  # fmt: skip
        file = st.file_uploader(say("Table of totals"), type=["csv", "tsv", "txt", "gz", "xlsx", "parquet"])
        kind = st.radio(say("What it counts"), list(_KINDS), format_func=named(_KINDS, lambda one: say(_KINDS[one])))
        left, right = st.columns(2)
        tally = left.text_input(say("Whose totals, where the file does not say"), placeholder=say("such as unama"))
        released = right.date_input(say("Published on, where the file does not say; empty means now"), value=None,
                                    **DAYS)  # fmt: skip
        pressed = st.form_submit_button(say("Load totals"), icon=":material/upload_file:")
    if pressed and file is None:
        st.warning(say("Choose a file first."))
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
        st.success(say("{file} was loaded before; nothing has changed.", file=kept.file), icon=":material/check:")
        return
    said = say(
        "{file}: {rows} read, {accepted} accepted with {figures}, {aside} set aside. See the Tallies page.",
        file=kept.file, rows=words.count(kept.read, "row", "rows"), accepted=words.number(kept.read - kept.rejected),
        figures=words.count(kept.figures, "figure", "figures"), aside=words.number(kept.rejected),
    )  # fmt: skip
    st.success("\n".join([said, "", *(f"- {note}" for note in kept.notes)]).rstrip(), icon=":material/check:")
    if kept.rejected:
        rows = placed.rejected.head(_SHOWN)
        st.markdown(say("**Set aside; mend these in the file and load it again:**"))
        rows = rows.assign(rule=rows["rule"].map(schema.words), expected=rows["expected"].map(expected_in_words))
        shown = rows[["source_row", "rule", "column", "value", "expected"]]
        shown.columns = [say("Record"), say("Rule"), say("Column"), say("Value"), say("Expected")]
        st.dataframe(shown, hide_index=True, width="stretch")
