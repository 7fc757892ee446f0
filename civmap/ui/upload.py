"""Loading a file in the browser: read, place and keep it, with progress, and say what became of every row.

The file is chosen on this machine or, when asked and where there is a way out, fetched from its publisher.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from civmap import fetch, schema
from civmap.errors import CivMapError, ColumnsError
from civmap.exhibits import words
from civmap.language import mark, say, say_in
from civmap.readers import MAPPINGS, ReadResult, read_known
from civmap.store import Load, Store
from civmap.store.mending import KEYS
from civmap.ui import mapping
from civmap.ui.totals import DAYS, totals_form
from civmap.ui.working import working

Span = tuple[date, date] | None
TYPES = [
    "csv", "gz", "tsv", "txt", "parquet", "xlsx", "xlsm", "geojson", "json", "geojsonl", "gpkg", "zip", "geoparquet",
]  # fmt: skip


def upload(store: Store) -> None:
    """Show both forms and load what is chosen."""
    done = st.session_state.pop("loaded", None)
    if done:
        st.success(_said(*done), icon=":material/check:")
        st.toast(
            say("{file}: loaded", file=done[0].file), icon=":material/check:"
        )  # seen also where the page is scrolled down
    _upload_form(store)
    mapping.desk(store, lambda result, released, complete: _load_mapped(store, result, released, complete))
    with st.expander(say("Fetch UCDP GED over the network"), icon=":material/cloud_download:"):
        _fetch_form(store)
    totals_form(store)


def _upload_form(store: Store) -> None:
    with st.form("upload", border=True):
        st.markdown(say("**Load a file into {theatre}**", theatre=store.theatre.title))
        file = st.file_uploader(
            say("UCDP GED, ACLED, Airwars, CivMap's own columns, or a table of your own in any columns"), type=TYPES
        )
        left, right = st.columns(2)
        released = left.date_input(say("Released on (known from); empty means now"), value=None, **DAYS)
        source = right.text_input(
            say("Name of the source, if it is your own tally"), placeholder=say("recognised from the columns")
        )
        span = left.date_input(
            say("Holds everything of its source from … to …; what it lacks is then withdrawn. Empty: it does not say "
                "so"), value=[], **DAYS,
        )  # fmt: skip
        ask = right.checkbox(say("Show which column is read as what first, also where the columns are known"))
        pressed = st.form_submit_button(say_in("button", "Load"), type="primary", icon=":material/upload_file:")
    if not pressed:
        return
    if file is None:
        st.warning(say("Choose a file first."))
        return
    if len(span) == 1:
        st.warning(say("A complete span has two ends: choose its last day too, or neither."))
        return
    complete = (span[0], span[1]) if span else None
    mapping.close()
    if _holds_mended_rows(file):
        st.info(say("These rows were set aside. Load them below, under *Mend in a spreadsheet instead*, and say why."))
        return
    bar = st.progress(0.0, say("Receiving …"))
    if ask:
        _ask(store, file, source.strip() or None, released, complete, bar)
        return
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(file.name).name
            path.write_bytes(file.getbuffer())
            result = working(
                bar, 0.2, say("Reading {file} ({size:.1f} MB)", file=file.name, size=file.size / 1e6),
                lambda: read_known(path, store.folder / MAPPINGS, source=source.strip() or None),
            )  # fmt: skip
            load = _keep(store, result, released, bar, complete=complete)
    except ColumnsError:
        _ask(store, file, source.strip() or None, released, complete, bar)
        return
    except CivMapError as error:
        _say_fault(error, bar)
        return
    _show_again(load, result)


def _holds_mended_rows(file: Any) -> bool:
    """Say whether a file has the columns by which set-aside rows are found again."""
    header = file.getvalue()[:10_000].decode("utf-8-sig", errors="replace").split("\n")[0]
    return {name.strip().strip('"') for name in header.split(",")} >= set(KEYS)


def _ask(
    store: Store, file: Any, source: str | None, released: date | None, complete: Span, bar: DeltaGenerator
) -> None:
    """Let the person say which column is which, where no reader knows them or they were asked for."""
    try:
        bar.progress(0.5, say("Looking at the columns of {file} …", file=file.name))
        mapping.begin(store, file, source=source, released=released, complete=complete)
    except CivMapError as error:
        _say_fault(error, bar)
        return
    st.rerun()


def _load_mapped(store: Store, result: ReadResult, released: date | None, complete: Span) -> None:
    load = _keep(store, result, released, st.progress(0.0), complete=complete)
    mapping.close()
    _show_again(load, result)


def _fetch_form(store: Store) -> None:
    """Show the form for a file from its publisher; nothing is asked of the network until its button is pressed."""
    with st.form("fetch", border=False):
        st.markdown(say("UCDP's file is fetched to this machine and loaded into {theatre}.",
                        theatre=store.theatre.title))  # fmt: skip
        left, right = st.columns(2)
        version = left.text_input(say("Version"), placeholder=say("such as 26.1"))
        countries = right.text_input(
            say("Countries, as UCDP spells them, with ; between; empty means all"),
            placeholder=say("such as Syria; Iraq"),
        )
        address = left.text_input(
            say("Address, if not UCDP's own"),
            placeholder=say("https:// … a CSV, also zipped, such as a country's on HDX"),
        )
        released = right.date_input(say("Released on (known from); empty means from the server and the version"),
                                    value=None, **DAYS)  # fmt: skip
        pressed = st.form_submit_button(say("Fetch and load"), icon=":material/cloud_download:")
    if not pressed:
        return
    bar = st.progress(0.0, say("Asking the server …"))
    names = [name.strip() for name in countries.split(";") if name.strip()]
    try:
        found = fetch.fetch(
            "ucdp_ged", folder=store.home / "fetched", version=version.strip() or None, countries=names,
            address=address.strip() or None, released=released, progress=_arriving(bar),
        )  # fmt: skip
        result = working(bar, 0.5, say("Reading {file}", file=found.path.name), found.read)
        load = _keep(store, result, found.released, bar)
        found.discard()
    except CivMapError as error:
        _say_fault(error, bar)
        return
    _show_again(load, result, [
        *found.notes, say("Licence: {licence}", licence=found.licence), say("Cite: {citation}", citation=found.citation)
    ])  # fmt: skip


def _arriving(bar: DeltaGenerator) -> fetch.Progress:
    """Draw each hundredth once: a message for each piece that arrives would slow the transfer down."""
    drawn = -1

    def draw(done: int, total: int | None) -> None:
        nonlocal drawn
        step = int(100 * done / total) if total else done // 1_000_000
        if step == drawn:
            return
        drawn = step
        if total:
            said = say("Fetching: {done:,.1f} of {total:,.1f} MB …", done=done / 1e6, total=total / 1e6)
        else:
            said = say("Fetching: {done:,.1f} MB …", done=done / 1e6)
        bar.progress(0.5 * min(1.0, done / total) if total else 0.0, said)

    return draw


def _keep(
    store: Store, result: ReadResult, released: date | None, bar: DeltaGenerator, *, complete: Span = None
) -> Load:
    read, aside = words.count(result.provenance.read, "row", "rows"), words.number(len(result.rejected))
    load = working(
        bar, 0.6, say("{rows} read, {aside} set aside; placing and keeping the others", rows=read, aside=aside),
        lambda: store.add(result, known_at=released, complete=complete),
    )  # fmt: skip
    bar.progress(1.0, say("Done"))
    return load


def _say_fault(error: CivMapError, bar: DeltaGenerator) -> None:
    bar.empty()
    st.error(str(error), icon=":material/error:")


def _show_again(load: Load, result: ReadResult, notes: Sequence[str] = ()) -> None:
    if result.provenance.mapping:
        kept = say("Read through a mapping, which is kept with the theatre for files with the same columns.")
        notes = [*notes, kept]
    st.session_state["loaded"] = (load, result.rule_counts, notes)
    st.rerun()  # the sidebar and the tables above were drawn without the new load


def _said(load: Load, rules: dict[str, int], notes: Sequence[str]) -> str:
    if load.already_loaded:
        return say("{file} was loaded before; nothing has changed.", file=load.file)
    why = words.listed([f"{words.number(number)} {schema.words(rule)}" for rule, number in rules.items()])
    counted = mark(
        "{file}: {rows} read, {accepted} accepted, {aside} set aside; {placed} lie in the theatre, {outside} outside."
    )
    if why:
        counted = mark("{file}: {rows} read, {accepted} accepted, {aside} set aside ({why}); {placed} lie in the "
                       "theatre, {outside} outside.")  # fmt: skip
    rows = say(
        counted,
        file=load.file, rows=words.count(load.read, "row", "rows"), accepted=words.number(load.accepted),
        aside=words.number(load.rejected), placed=words.number(load.placed), outside=words.number(load.outside),
        why=why,
    )  # fmt: skip
    return "\n".join([rows, "", *(f"- {note}" for note in notes)]).rstrip()
