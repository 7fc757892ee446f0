"""The set-aside desk: mend rows in place or in a spreadsheet, set likely duplicates apart; each is a decision."""

from __future__ import annotations

import io

import pandas as pd
import streamlit as st

from civmap import queries, schema
from civmap.errors import CivMapError
from civmap.exhibits import words
from civmap.filters import Filters
from civmap.language import mark, say, say_in, say_n
from civmap.readers.faults import expected_in_words
from civmap.store import Mended, Store
from civmap.store.decisions import Decision
from civmap.store.mending import KEYS, raw_rows
from civmap.ui import frame
from civmap.ui.speech import named

_SHOWN = 500  # rows in the editor; more are quicker in a spreadsheet
_WHY = mark("Why (stays with the records)")


def mending(store: Store) -> None:
    """Show rows set aside as they came, take mended ones back, and say what became of each."""
    state, done = st.session_state.get("mended", ("", None))
    if done is not None and state == store.fingerprint:  # said until something else changes
        _say(done)
    aside = store.rejected()
    aside = aside[aside["row"].notna()]
    if store.is_demonstration or aside.empty:
        return
    st.subheader(say("Mend rows that were set aside"), anchor=False)
    groups = aside.groupby(["load_id", "file", "rule"], sort=False).size().reset_index(name="n")
    chosen = st.selectbox(
        say("Rows"), groups.index, key="desk-group",
        format_func=named(groups.index, lambda at: say("{file}: {rule} ({n:,})", file=groups["file"][at],
                                                       rule=schema.words(groups["rule"][at]), n=groups["n"][at])),
    )  # fmt: skip
    group = groups.loc[chosen]
    rows = aside[(aside["load_id"] == group["load_id"]) & (aside["rule"] == group["rule"])]
    raw = raw_rows(rows)
    faulty = [name for name in dict.fromkeys(rows["column"].dropna()) if name in raw]
    raw = raw[[*KEYS, *faulty, *(name for name in raw if name not in (*KEYS, *faulty))]]
    st.caption(say(
        "Expected: {expected}. The first columns hold what was found; change them and check again. "
        "The file itself is not changed.", expected=expected_in_words(rows["expected"].iloc[0]),
    ))  # fmt: skip
    with st.form("desk", border=True):
        edited = st.data_editor(
            raw.head(_SHOWN), hide_index=True, width="stretch", disabled=list(KEYS), placeholder="",
            key=f"desk-{chosen}-{len(raw)}",
            column_config={"load_id": None, "source_row": st.column_config.NumberColumn(say("Record"), format="plain")},
        )  # fmt: skip
        why = st.text_input(say(_WHY), key="desk-why")
        left, right = st.columns(2)
        pressed = left.form_submit_button(say("Check and keep"), type="primary", icon=":material/build:")
    if len(raw) > _SHOWN:
        st.caption(say("The first {shown} of {n:,} are shown; download all to mend them in a spreadsheet.",
                       shown=_SHOWN, n=len(raw)))  # fmt: skip
    if pressed:
        _mend(store, _changed(raw, edited), why)
    _by_spreadsheet(store, raw)


def _by_spreadsheet(store: Store, raw: pd.DataFrame) -> None:
    with st.expander(say("Mend in a spreadsheet instead"), icon=":material/table:"):
        st.download_button(
            say("Download these rows"), data=raw.to_csv(index=False).encode("utf-8-sig"),
            file_name="civmap-set-aside.csv", mime="text/csv", on_click="ignore", icon=":material/download:",
        )  # fmt: skip
        with st.form("desk-file", border=False):
            file = st.file_uploader(say("The mended rows, with load_id and source_row as they were"), type=["csv"])
            why = st.text_input(say(_WHY), key="desk-file-why")
            pressed = st.form_submit_button(say("Check and keep"), icon=":material/build:")
        if pressed and file is None:
            st.warning(say("Choose the file of mended rows first."))
        elif pressed and file is not None:
            try:
                given = pd.read_csv(io.BytesIO(file.getvalue()), dtype="str", keep_default_na=False)
            except (ValueError, UnicodeDecodeError) as error:
                st.warning(say("{file} is no CSV file in UTF-8: {error}", file=file.name, error=str(error)[:200]))
                return
            if missing := [name for name in KEYS if name not in given]:
                st.warning(say("{file} has no column {names}: download the rows again.", file=file.name,
                               names=words.listed(missing)))  # fmt: skip
                return
            _mend(store, given, why)


def _changed(raw: pd.DataFrame, edited: pd.DataFrame) -> pd.DataFrame:
    """Take the rows in which something was changed; a cell that was emptied is cleared, not left as it was."""
    before, after = raw.loc[edited.index].astype("str").fillna(""), edited.astype("str").fillna("")
    return after[(before != after).any(axis=1)]


def _mend(store: Store, rows: pd.DataFrame, why: str) -> None:
    if rows.empty:
        st.warning(say("No row was changed."))
        return
    with frame.faults():
        with st.spinner(say("Checking …")):
            done = store.mend(rows, why=why)
        st.session_state["mended"] = (store.fingerprint, done)
        st.rerun()


def _say(done: Mended) -> None:
    if len(done.records):
        accepted = say_n(len(done.records), "{n} row accepted and counted from now on.",
                         "{n} rows accepted and counted from now on.")  # fmt: skip
        st.success(accepted, icon=":material/check:")
    faults = [
        say("record {number}: {rule}, {column} = {value}", number=row.source_row, rule=schema.words(str(row.rule)),
            column=row.column, value=row.value)
        for row in done.still_aside.head(5).itertuples()
    ]  # fmt: skip
    if faults:
        listed = words.clauses(faults)
        if more := len(done.still_aside) - len(faults):
            listed = say_n(more, "{faults} and {n} more", "{faults} and {n} more", faults=listed)
        st.warning(say_n(len(done.still_aside), "{n} row still set aside: {faults}.",
                         "{n} rows still set aside: {faults}.", faults=listed))  # fmt: skip


def _decision(made: Decision) -> str:
    return say_n(len(made.about), "{at}, {n} record: {why}", "{at}, {n} records: {why}", at=made.decided_at[:16],
                 why=made.why)  # fmt: skip


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
        groups = st.multiselect(say("Groups that are one event each"), sorted(found["group"].unique()),
                                placeholder=say_in("groups", "None"))  # fmt: skip
        none = say_in("decision", "None")
        back = st.selectbox(
            say("Or take back a decision"), [None, *made], placeholder=none,
            format_func=named([None, *made], lambda one: _decision(made[one]) if one else none),
        )  # fmt: skip
        why = st.text_input(say(_WHY), key="duplicates-why")
        pressed = st.form_submit_button(say("Decide"), icon=":material/gavel:")
    if pressed and (groups or back):
        with frame.faults():
            if groups:
                apart = found[found["group"].isin(groups) & ~found["first"]]
                store.decide("duplicates", apart[["source", "source_id"]].to_numpy().tolist(), why=why)
            if back:
                store.decide("restored", made[back].about, why=why)
            st.rerun()
    elif pressed:
        st.warning(say("Choose groups, or a decision to take back."))
