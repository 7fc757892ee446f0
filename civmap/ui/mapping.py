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
from civmap.placing import place
from civmap.readers import MAPPINGS, Mapping, ReadResult
from civmap.readers.files import TextTable, open_table, read_records
from civmap.readers.kept_mappings import save, saved
from civmap.readers.mapped import read_mapped
from civmap.readers.mapping import COORDINATES, MEASURES, OPEN, RECORD_NUMBER, TARGETS, Field, ways
from civmap.readers.suggest import how_written, suggest_for
from civmap.store import Store

Keep = Callable[[ReadResult, date | None, tuple[date, date] | None], None]
_KEY = "mapping-draft"
_ROWS = 10
# What the most important of our columns are called here; the others go by their names in the schema.
_LABELS = {
    "source_id": "Id of the record", "event_date": "Date", "event_date_end": "Last day, of several",
    "event_time_local": "Time", COORDINATES: "Coordinates, both in one column", "latitude": "Latitude",
    "longitude": "Longitude", "admin1_as_reported": "Province", "admin2": "District", "place": "Place",
    "party_as_reported": "Party", "cause_as_reported": "Cause, in your words", "grade_as_reported": "Credibility",
    "civilians_killed": "Civilians killed", "civilians_injured": "Civilians injured", "all_killed": "Everyone killed",
    "women_killed": "Women killed", "children_killed": "Children killed", "women_injured": "Women injured",
    "children_injured": "Children injured", "reported_at": "Date of the report",
}  # fmt: skip
_OFFERED = tuple(dict.fromkeys([*_LABELS, *(to for to in TARGETS if to not in ("admin1", "parties", "source"))]))
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
        st.markdown(f"**Which column is which: {_escaped(draft.table.path.name)}**")
        said = "This is the mapping kept for these columns." if draft.again else "Proposed from names and values."
        st.caption(f"{said} Look it through, change what is wrong, and load it when the ten rows below are right.")
        _sheet(store, draft)
        answers = _questions(draft)
        mapping = _edited(draft, answers)
        used = {field.column for field in mapping.fields}
        unread = [name for name in draft.table.header[:500] if name not in used]
        notes = [*draft.proposal.notes, *([f"Not read: {', '.join(unread[:20])}"] if unread else [])]
        st.caption("\n".join(f"- {_escaped(note[:1].upper() + note[1:])}" for note in notes))
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
    picked = st.selectbox("Sheet or layer", names, key=f"mapping-sheet-{names[0]}")
    if picked != names[0]:
        with _in_words():
            begin(store, draft.file, source=draft.proposal.source, released=draft.released, complete=draft.complete,
                  sheet=picked)  # fmt: skip
            st.rerun()


def _questions(draft: Draft) -> dict[str, str]:
    """Ask what the file does not decide; one of our columns and how it is written."""
    answers = {}
    for field in (field for field in draft.proposal.fields if field.written == OPEN):
        asked = f"Nothing in **{_escaped(field.column)}** says whether the day or the month stands first"
        answers[field.to] = st.radio(
            f"{asked}: {_some(draft, field)}", [OPEN, *ways(field.to)], horizontal=True,
            key=f"mapping-{field.to}-{draft.table.sha256}",
            format_func=lambda way: _ANSWERS.get(way, way),
        )  # fmt: skip
    return answers


_ANSWERS = {OPEN: "not yet said", "day first": "day first (31/12)", "month first": "month first (12/31)"}


def _some(draft: Draft, field: Field) -> str:
    values = read_records(draft.table, [field.column]).columns[field.column].drop_null().unique().to_pylist()
    return ", ".join(_escaped(str(value)[:20]) for value in values[:3])


def _edited(draft: Draft, answers: dict[str, str]) -> Mapping:
    """Show the mapping as a table to change, and give it as changed."""
    given = {field.to: field for field in draft.proposal.fields}
    order = [*given, *(to for to in _OFFERED if to not in given)]
    shown = pd.DataFrame(
        {
            "ours": [_label(to) for to in order],
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
            "ours": st.column_config.TextColumn("What CivMap reads"),
            "column": st.column_config.SelectboxColumn("Your column", options=["", *draft.table.header[:500]]),
            "written": st.column_config.SelectboxColumn("How it is written", options=["", OPEN, *_WAYS]),
            "constant": st.column_config.TextColumn("Or the same for every row"),
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
        st.info("Once the question above is answered, the rows are shown here.", icon=":material/help:")
        return None
    try:
        Mapping.from_toml(mapping.to_toml(), name="The mapping")
        result, placed = _read(store, draft, mapping)
    except ReadError as error:
        st.warning(str(error), icon=":material/info:")
        return None
    records, rejected, (outside, swapped) = result.records, result.rejected, placed
    beyond = words.number(outside) if outside else "none"
    st.markdown(
        f"**{words.count(len(records), 'row', 'rows')} would be read**, {beyond} of them outside {store.theatre.title}, "
        f"and {words.number(len(rejected))} set aside" + (f". The first {_ROWS}:" if len(records) > _ROWS else ".")
    )
    if swapped:
        st.warning(
            f"{words.count(swapped, 'row', 'rows')} would lie in {store.theatre.title} with latitude and longitude exchanged.",
            icon=":material/swap_horiz:",
        )
    if len(records):
        st.dataframe(_as_read(records.head(_ROWS)), hide_index=True, width="stretch")
    if len(rejected):
        by_rule = [f"{words.number(number)} {schema.words(rule)}" for rule, number in result.rule_counts.items()]
        more = "; one of each below" if len(rejected) > _ROWS else ""
        st.markdown(f"**Would be set aside, to be mended later:** {words.listed(by_rule)}{more}.")
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
        with st.spinner("Reading …"):
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
    shown.columns = pd.Index([_label(name) for name in _SHOWN])
    at = [None if point is None else f"{point.y:.4f}, {point.x:.4f}" for point in records.geometry]
    shown.insert(4, "Latitude, longitude", at)
    for measure in MEASURES:
        ends = [records.get(f"{measure}_{end}", pd.Series(pd.NA, records.index)) for end in ("min", "best", "max")]
        shown[_label(measure)] = [_range(*row) for row in zip(*ends, strict=True)]
    return shown.dropna(axis=1, how="all")


def _label(to: str) -> str:
    return _LABELS.get(to, schema.words(to).capitalize())


def _plain(values: pd.Series) -> pd.Series:
    return values.dt.strftime("%Y-%m-%d") if values.dtype.kind == "M" else values


def _range(low: Any, best: Any, high: Any) -> str | None:
    """Write a count with its range: 4; 4 to 7; at least 3; up to 5."""
    if pd.isna(low) and pd.isna(high):
        return None if pd.isna(best) else f"{best}"
    if pd.isna(high):
        return f"at least {low}"
    if pd.isna(low):
        return f"up to {high}"
    return f"{low}" if low == high else f"{low} to {high}" + ("" if pd.isna(best) else f", best {best}")


def _as_set_aside(rejected: pd.DataFrame) -> pd.DataFrame:
    rows = rejected.head(_ROWS) if len(rejected) <= _ROWS else rejected.drop_duplicates("rule")
    return pd.DataFrame(
        {
            "Record": rows["source_row"], "Your column": rows["column"], "What stands there": rows["value"],
            "Rule": rows["rule"].map(schema.words), "Expected": rows["expected"],
        }
    )  # fmt: skip


def _buttons(store: Store, draft: Draft, mapping: Mapping, result: ReadResult | None, keep: Keep) -> None:
    left, middle, right = st.columns([2, 2, 3])
    name = f"Load {words.count(len(result.records), 'row', 'rows')}" if result is not None else "Load"
    ready = result is not None and len(result.records) > 0
    if left.button(name, type="primary", icon=":material/upload_file:", disabled=not ready, key="mapping-load"):
        assert result is not None
        with _in_words():
            save(mapping, store.folder / MAPPINGS)
            keep(result, draft.released, draft.complete)
    middle.download_button(
        "The mapping as a file", mapping.to_toml(), file_name="map.toml", mime="application/toml", on_click="ignore",
        icon=":material/download:", help="For the command line: python -m civmap ingest FILE --mapping map.toml",
    )  # fmt: skip
    if right.button("Leave it", key="mapping-leave"):
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
