"""The set-aside desk: mend rows in place or in a spreadsheet, set likely duplicates apart; each is a decision."""

from __future__ import annotations

import io

import pandas as pd
import streamlit as st

from civmap import queries, schema
from civmap.errors import CivMapError
from civmap.exhibits import words
from civmap.filters import Filters
from civmap.store import Mended, Store
from civmap.store.mending import KEYS, raw_rows
from civmap.ui import frame

_SHOWN = 500  # rows in the editor; more are quicker in a spreadsheet
_WHY = "Why (stays with the records)"


def mending(store: Store) -> None:
    """Show rows set aside as they came, take mended ones back, and say what became of each."""
    state, done = st.session_state.get("mended", ("", None))
    if done is not None and state == store.fingerprint:  # said until something else changes
        _say(done)
    aside = store.rejected()
    aside = aside[aside["row"].notna()]
    if store.is_demonstration or aside.empty:
        return
    st.subheader("Mend rows that were set aside", anchor=False)
    groups = aside.groupby(["load_id", "file", "rule"], sort=False).size().reset_index(name="n")
    chosen = st.selectbox(
        "Rows", groups.index, key="desk-group",
        format_func=lambda at: f"{groups['file'][at]}: {schema.words(groups['rule'][at])} ({groups['n'][at]:,})",
    )  # fmt: skip
    group = groups.loc[chosen]
    rows = aside[(aside["load_id"] == group["load_id"]) & (aside["rule"] == group["rule"])]
    raw = raw_rows(rows)
    faulty = [name for name in dict.fromkeys(rows["column"].dropna()) if name in raw]
    raw = raw[[*KEYS, *faulty, *(name for name in raw if name not in (*KEYS, *faulty))]]
    st.caption(
        f"Expected: {rows['expected'].iloc[0]}. The first columns hold what was found; change them and check again. "
        "The file itself is not changed."
    )
    with st.form("desk", border=True):
        edited = st.data_editor(
            raw.head(_SHOWN), hide_index=True, width="stretch", disabled=list(KEYS), placeholder="",
            key=f"desk-{chosen}-{len(raw)}",
            column_config={"load_id": None, "source_row": st.column_config.NumberColumn("Record", format="plain")},
        )  # fmt: skip
        why = st.text_input(_WHY, key="desk-why")
        left, right = st.columns(2)
        pressed = left.form_submit_button("Check and keep", type="primary", icon=":material/build:")
    if len(raw) > _SHOWN:
        st.caption(f"The first {_SHOWN} of {len(raw):,} are shown; download all to mend them in a spreadsheet.")
    if pressed:
        _mend(store, _changed(raw, edited), why)
    _by_spreadsheet(store, raw)


def _by_spreadsheet(store: Store, raw: pd.DataFrame) -> None:
    with st.expander("Mend in a spreadsheet instead", icon=":material/table:"):
        st.download_button(
            "Download these rows", data=raw.to_csv(index=False).encode("utf-8-sig"), file_name="civmap-set-aside.csv",
            mime="text/csv", on_click="ignore", icon=":material/download:",
        )  # fmt: skip
        with st.form("desk-file", border=False):
            file = st.file_uploader("The mended rows, with load_id and source_row as they were", type=["csv"])
            why = st.text_input(_WHY, key="desk-file-why")
            pressed = st.form_submit_button("Check and keep", icon=":material/build:")
        if pressed and file is None:
            st.warning("Choose the file of mended rows first.")
        elif pressed and file is not None:
            try:
                given = pd.read_csv(io.BytesIO(file.getvalue()), dtype="str", keep_default_na=False)
            except (ValueError, UnicodeDecodeError) as error:
                st.warning(f"{file.name} is no CSV file in UTF-8: {str(error)[:200]}")
                return
            if missing := [name for name in KEYS if name not in given]:
                st.warning(f"{file.name} has no column {' and '.join(missing)}: download the rows again.")
                return
            _mend(store, given, why)


def _changed(raw: pd.DataFrame, edited: pd.DataFrame) -> pd.DataFrame:
    """Take the rows in which something was changed; a cell that was emptied is cleared, not left as it was."""
    before, after = raw.loc[edited.index].astype("str").fillna(""), edited.astype("str").fillna("")
    return after[(before != after).any(axis=1)]


def _mend(store: Store, rows: pd.DataFrame, why: str) -> None:
    if rows.empty:
        st.warning("No row was changed.")
        return
    with frame.faults():
        with st.spinner("Checking …"):
            done = store.mend(rows, why=why)
        st.session_state["mended"] = (store.fingerprint, done)
        st.rerun()


def _say(done: Mended) -> None:
    if len(done.records):
        st.success(
            f"{words.count(len(done.records), 'row', 'rows')} accepted and counted from now on.",
            icon=":material/check:",
        )
    faults = [
        f"record {row.source_row}: {schema.words(str(row.rule))}, {row.column} = {row.value}"
        for row in done.still_aside.head(5).itertuples()
    ]
    if faults:
        more = f" and {len(done.still_aside) - 5} more" if len(done.still_aside) > 5 else ""
        st.warning(f"{words.count(len(done.still_aside), 'row', 'rows')} still set aside: {'; '.join(faults)}{more}.")


def duplicates(store: Store, filters: Filters) -> None:
    """Set likely duplicates apart as one decision, or count again what an earlier one set apart."""
    if store.is_demonstration:
        return
    try:
        found = queries.likely_duplicates(store, filters)
    except CivMapError:
        return  # the exhibit above says why
    made = {one.decision_id: one for one in store.decisions() if one.kind == "duplicates"}
    if found.empty and not made:
        return
    with st.form("duplicates", border=True):
        groups = st.multiselect("Groups that are one event each", sorted(found["group"].unique()), placeholder="None")
        back = st.selectbox(
            "Or take back a decision", [None, *made], placeholder="None",
            format_func=lambda one: f"{made[one].decided_at[:16]}, {len(made[one].about)} records: {made[one].why}"
            if one else "None",
        )  # fmt: skip
        why = st.text_input(_WHY, key="duplicates-why")
        pressed = st.form_submit_button("Decide", icon=":material/gavel:")
    if pressed and (groups or back):
        with frame.faults():
            if groups:
                apart = found[found["group"].isin(groups) & ~found["first"]]
                store.decide("duplicates", apart[["source", "source_id"]].to_numpy().tolist(), why=why)
            if back:
                store.decide("restored", made[back].about, why=why)
            st.rerun()
    elif pressed:
        st.warning("Choose groups, or a decision to take back.")
