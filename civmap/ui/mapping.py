"""A table of one's own in the browser: which column is which, ten rows as they would be read, and what is set aside."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from civmap import schema
from civmap.errors import CivMapError, ReadError
from civmap.exhibits import words
from civmap.language import mark, say, say_in, say_n
from civmap.placing import place
from civmap.readers import MAPPINGS, Mapping, ReadResult
from civmap.readers.faults import expected_in_words
from civmap.readers.files import TextTable, open_table, read_records
from civmap.readers.kept_mappings import save, saved
from civmap.readers.mapped import read_mapped
from civmap.readers.mapping import MEASURES, OPEN, RECORD_NUMBER, TARGETS, Field, ways
from civmap.readers.suggest import how_written, suggest_for
from civmap.store import Store
from civmap.ui.mapping_words import ANSWERS, LABELS, count_range, label
from civmap.ui.speech import named

Keep = Callable[[ReadResult, date | None, tuple[date, date] | None], None]
_KEY = "mapping-draft"
_ROWS = 10
_OFFERED = tuple(dict.fromkeys([*LABELS, *(to for to in TARGETS if to not in ("admin1", "parties", "source"))]))
_SHOWN = (
    "source_id", "event_date", "event_date_end", "event_time_local", "location_precision", "admin1_as_reported",
    "admin2", "place", "party_as_reported", "cause_as_reported", "cause",
)  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """A file whose columns are being told: its content, the proposal, and when it was released."""

    file: Any  # Streamlit's uploaded file: it stays in memory as long as this session
    table: TextTable
    proposal: Mapping
    released: date | None
    complete: tuple[date, date] | None = None  # the days for which it holds everything of its source
    again: bool = False  # the proposal is the mapping kept for these columns


def begin(
    store: Store, file: Any, *, source: str | None, released: date | None, complete: tuple[date, date] | None = None,
    sheet: str = "",
) -> None:  # fmt: skip
    """Propose a mapping for an uploaded file, or take the one kept with the theatre, and show it from now on."""
    table = _opened(file, sheet)
    kept = saved(table.header, store.folder / MAPPINGS)
    proposal = kept or suggest_for(table, sheet=sheet, provinces=store.theatre.aliases["admin1"])
    proposal = replace(proposal, source=source or proposal.source, sheet=sheet or proposal.sheet)
    st.session_state[_KEY] = Draft(file, table, proposal, released, complete, again=kept is not None)


def desk(store: Store, keep: Keep) -> None:
    """Show the file whose columns are being told, if there is one.

    Parameters
    ----------
    store
        The theatre's store; a mapping that was used is kept with it.
    keep
        Takes what was read, the day of release and the days for which the file is complete, once the person has
        pressed the button.
    """
    draft: Draft | None = st.session_state.get(_KEY)
    if draft is None:
        return
    with st.container(border=True):
        st.markdown(say("**Which column is which: {file}**", file=_escaped(draft.table.path.name)))
        kept = mark("This is the mapping kept for these columns. Look it through, change what is wrong, and load it "
                    "when the ten rows below are right.")  # fmt: skip
        proposed = mark("Proposed from names and values. Look it through, change what is wrong, and load it when the "
                        "ten rows below are right.")  # fmt: skip
        st.caption(say(kept if draft.again else proposed))
        _sheet(store, draft)
        answers = _questions(draft)
        mapping = _edited(draft, answers)
        used = {field.column for field in mapping.fields}
        unread = [name for name in draft.table.header[:500] if name not in used]
        notes = [
            *draft.proposal.notes,
            *([say("Not read: {columns}", columns=", ".join(unread[:20]))] if unread else []),
        ]
        st.caption("\n".join(f"- {_escaped(words.capital(note))}" for note in notes))
        result = _preview(store, draft, mapping)
        _buttons(store, draft, mapping, result, keep)


def _opened(file: Any, sheet: str) -> TextTable:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / Path(file.name).name
        path.write_bytes(file.getbuffer())
        table = open_table(path, sheet=sheet)
        if table.records is None and table.buffer is None:  # Parquet is read piece by piece, and its file goes away
            table = replace(table, records=read_records(table, table.header))
    return table


def _sheet(store: Store, draft: Draft) -> None:
    names = draft.table.sheets
    if len(names) < 2:
        return
    picked = st.selectbox(say("Sheet or layer"), names, key=f"mapping-sheet-{names[0]}")
    if picked != names[0]:
        with _in_words():
            begin(store, draft.file, source=draft.proposal.source, released=draft.released, complete=draft.complete,
                  sheet=picked)  # fmt: skip
            st.rerun()


def _questions(draft: Draft) -> dict[str, str]:
    """Ask what the file does not decide; one of our columns and how it is written."""
    answers = {}
    for field in (field for field in draft.proposal.fields if field.written == OPEN):
        asked = say("Nothing in **{column}** says whether the day or the month stands first: {values}",
                    column=_escaped(field.column), values=_some(draft, field))  # fmt: skip
        answers[field.to] = st.radio(
            asked, [OPEN, *ways(field.to)], horizontal=True,
            key=f"mapping-{field.to}-{draft.table.sha256}",
            format_func=named([OPEN, *ways(field.to)], lambda way: say(ANSWERS.get(way, way))),
        )  # fmt: skip
    return answers


def _some(draft: Draft, field: Field) -> str:
    values = read_records(draft.table, [field.column]).columns[field.column].drop_null().unique().to_pylist()
    return ", ".join(_escaped(str(value)[:20]) for value in values[:3])


def _edited(draft: Draft, answers: dict[str, str]) -> Mapping:
    """Show the mapping as a table to change, and give it as changed."""
    given = {field.to: field for field in draft.proposal.fields}
    order = [*given, *(to for to in _OFFERED if to not in given)]
    shown = pd.DataFrame(
        {
            "ours": [label(to) for to in order],
            "column": [given[to].column if to in given else "" for to in order],
            "written": [answers.get(to, given[to].written) if to in given else "" for to in order],
            "constant": [given[to].constant if to in given else "" for to in order],
        },
        index=order,
    )
    edited = st.data_editor(
        shown, hide_index=True, width="stretch", height=285, disabled=["ours"], placeholder="",
        key=f"mapping-table-{draft.table.sha256}-{draft.proposal.sheet}-{answers}",
        column_config={
            "ours": st.column_config.TextColumn(say("What CivMap reads")),
            "column": st.column_config.SelectboxColumn(say("Your column"), options=["", *draft.table.header[:500]]),
            "written": st.column_config.SelectboxColumn(
                say("How it is written"), options=["", OPEN, *_WAYS], format_func=lambda way: say(str(way))
            ),
            "constant": st.column_config.TextColumn(say("Or the same for every row")),
        },
    )  # fmt: skip
    columns = (edited[name].fillna("").astype("str").tolist() for name in ("column", "written", "constant"))
    lines = zip(order, *columns, strict=True)
    fields = (_field(draft, given.get(to), Field(to, column, written, fixed)) for to, column, written, fixed in lines)
    return replace(draft.proposal, fields=tuple(field for field in fields if field is not None))


_WAYS = tuple(dict.fromkeys(way for to in TARGETS for way in ways(to)))


def _field(draft: Draft, before: Field | None, after: Field) -> Field | None:
    """Take a line of the table as meant: another column is looked at anew, and a column counts more than a number."""
    if after.column and (before is None or before.column != after.column):
        stale = after.written in ("", RECORD_NUMBER) or (before is not None and before.written == after.written)
        after = replace(after, written=how_written(draft.table, after.to, after.column) if stale else after.written)
    elif before is not None:
        after = replace(after, words=before.words)
    return after if after.column or after.constant or after.written == RECORD_NUMBER else None


def _preview(store: Store, draft: Draft, mapping: Mapping) -> ReadResult | None:
    """Read the whole file through the mapping; show ten rows, and what is set aside and why."""
    if mapping.questions:
        st.info(say("Once the question above is answered, the rows are shown here."), icon=":material/help:")
        return None
    try:
        Mapping.from_toml(mapping.to_toml(), name=say("The mapping"))
        result, placed = _read(store, draft, mapping)
    except ReadError as error:
        st.warning(str(error), icon=":material/info:")
        return None
    records, rejected, (outside, swapped) = result.records, result.rejected, placed
    beyond = words.number(outside) if outside else say("none")
    said = say_n(
        len(records), "**{n} row would be read**, {outside} of them outside {theatre}, and {aside} set aside.",
        "**{n} rows would be read**, {outside} of them outside {theatre}, and {aside} set aside.",
        outside=beyond, theatre=store.theatre.title, aside=words.number(len(rejected)),
    )  # fmt: skip
    st.markdown(said + (" " + say("The first {shown}:", shown=_ROWS) if len(records) > _ROWS else ""))
    if swapped:
        exchanged = say_n(swapped, "{n} row would lie in {theatre} with latitude and longitude exchanged.",
                          "{n} rows would lie in {theatre} with latitude and longitude exchanged.",
                          theatre=store.theatre.title)  # fmt: skip
        st.warning(exchanged, icon=":material/swap_horiz:")
    if len(records):
        st.dataframe(_as_read(records.head(_ROWS)), hide_index=True, width="stretch")
    if len(rejected):
        by_rule = [f"{words.number(number)} {schema.words(rule)}" for rule, number in result.rule_counts.items()]
        aside = mark("**Would be set aside, to be mended later:** {rules}.")
        if len(rejected) > _ROWS:
            aside = mark("**Would be set aside, to be mended later:** {rules}; one of each below.")
        st.markdown(say(aside, rules=words.listed(by_rule)))
        st.dataframe(_as_set_aside(rejected), hide_index=True, width="stretch")
    return result


def _read(store: Store, draft: Draft, mapping: Mapping) -> tuple[ReadResult, tuple[int, int]]:
    """Read and place once for each state of the mapping, however often the page is drawn.

    Returns
    -------
    tuple
        What was read, and how many records lie outside the theatre, and would not with coordinates exchanged.
    """
    state = (draft.table.sha256, mapping.fingerprint, store.theatre.id)
    known, found = st.session_state.get(f"{_KEY}-read", (None, None))
    if known != state or found is None:
        with st.spinner(say("Reading …")):
            result = read_mapped(draft.table, mapping)
            placed = place(result.records, store.theatre)
        swapped = placed["caveats"].list.flatten() if len(placed) else pd.Series(dtype="str")
        found = result, (int((placed["placed_by"] == "outside").sum()), int((swapped == "coordinates_swapped").sum()))
        st.session_state[f"{_KEY}-read"] = (state, found)
    return found


def _as_read(records: pd.DataFrame) -> pd.DataFrame:
    """Write records as a person reads them; columns in which nothing stands are left out."""
    shown = pd.DataFrame({name: _plain(records[name]) for name in _SHOWN})
    shown["event_date_end"] = shown["event_date_end"].mask(shown["event_date_end"] == shown["event_date"])
    shown["cause"] = shown["cause"].mask(shown["cause"] == "unknown").map(schema.words, na_action="ignore")
    shown.columns = pd.Index([label(name) for name in _SHOWN])
    at = [None if point is None else f"{point.y:.4f}, {point.x:.4f}" for point in records.geometry]
    shown.insert(4, say("Latitude, longitude"), at)
    for measure in MEASURES:
        ends = [records.get(f"{measure}_{end}", pd.Series(pd.NA, records.index)) for end in ("min", "best", "max")]
        shown[label(measure)] = [count_range(*row) for row in zip(*ends, strict=True)]
    return shown.dropna(axis=1, how="all")


def _plain(values: pd.Series) -> pd.Series:
    return values.dt.strftime("%Y-%m-%d") if values.dtype.kind == "M" else values


def _as_set_aside(rejected: pd.DataFrame) -> pd.DataFrame:
    rows = rejected.head(_ROWS) if len(rejected) <= _ROWS else rejected.drop_duplicates("rule")
    return pd.DataFrame(
        {
            say("Record"): rows["source_row"], say("Your column"): rows["column"],
            say("What stands there"): rows["value"], say("Rule"): rows["rule"].map(schema.words),
            say("Expected"): rows["expected"].map(expected_in_words),
        }
    )  # fmt: skip


def _buttons(store: Store, draft: Draft, mapping: Mapping, result: ReadResult | None, keep: Keep) -> None:
    left, middle, right = st.columns([2, 2, 3])
    name = say_in("button", "Load")
    if result is not None:
        name = say_n(len(result.records), "Load {n} row", "Load {n} rows")
    ready = result is not None and len(result.records) > 0
    if left.button(name, type="primary", icon=":material/upload_file:", disabled=not ready, key="mapping-load"):
        assert result is not None
        with _in_words():
            save(mapping, store.folder / MAPPINGS)
            keep(result, draft.released, draft.complete)
    middle.download_button(
        say("The mapping as a file"), mapping.to_toml(), file_name="map.toml", mime="application/toml",
        on_click="ignore", icon=":material/download:",
        help=say("For the command line: {command}", command="python -m civmap ingest FILE --mapping map.toml"),
    )  # fmt: skip
    if right.button(say("Leave it"), key="mapping-leave"):
        close()
        st.rerun()


def close() -> None:
    """Forget the file whose columns were being told."""
    for key in (_KEY, f"{_KEY}-read"):
        st.session_state.pop(key, None)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except CivMapError as error:
        st.error(str(error), icon=":material/error:")


def _escaped(text: str) -> str:
    """Write a file's own words so that Markdown leaves them as they are."""
    return re.sub(r"([\\`*_{}\[\]()#+.!|~<>$:-])", r"\\\1", text)
