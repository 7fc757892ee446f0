"""Loading air surveillance in the browser: read, ask what cannot be guessed, keep, say what became of every packet."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from civmap import schema
from civmap.errors import CivMapError
from civmap.exhibits import words
from civmap.language import mark, say, say_in
from civmap.queries.air import has_telemetry
from civmap.readers.air import AirResult, read_air
from civmap.store import Store
from civmap.store import air as kept
from civmap.ui.speech import named
from civmap.ui.working import working

TYPES = ["klv", "bin", "ts", "m2ts", "mpg", "mpeg", "csv", "tsv", "gz", "parquet", "json", "geojson", "gpkg"]
UNITS = {"ft": mark("feet"), "m": mark("metres")}
_DONE, _ASKED = "air-loaded", "air-asked"  # what was said of the last files; those whose heights are in question


def upload_air(store: Store) -> None:
    """Show the form, and below it the questions that a file left open."""
    for text in st.session_state.pop(_DONE, []):
        st.success(text, icon=":material/check:")
    asked = st.session_state.get(_ASKED, {})
    open_at_once = bool(asked) or not has_telemetry(store)
    with st.expander(say("Load a file of air surveillance"), expanded=open_at_once, icon=":material/upload_file:"):
        with st.form("air", border=False, clear_on_submit=True):
            files = st.file_uploader(
                say("KLV (bare or in a transport stream), ADS-B (OpenSky, readsb, JSON), areas and sorties (GeoJSON, "
                    "GeoPackage, CSV), or telemetry in CivMap's columns (Parquet)"),
                type=TYPES, accept_multiple_files=True,
            )  # fmt: skip
            pressed = st.form_submit_button(say_in("button", "Load"), type="primary", icon=":material/upload_file:")
        if pressed and not files:
            st.warning(say("Choose a file first."))
        elif pressed:
            _load(store, files, {})
        for name, (file, question) in asked.items():
            _ask(store, name, file, question)


def _ask(store: Store, name: str, file: Any, question: str) -> None:
    """Put the question of one file, with its answers beside it."""
    with st.form(f"air-{name}", border=True):
        st.markdown(f"**{name}**: {question.split(' They are left out')[0]}")
        unit = st.segmented_control(
            say("Heights are in"),
            list(UNITS),
            format_func=named(UNITS, lambda code: say(UNITS[code])),
            key=f"air-unit-{name}",
        )
        pressed = st.form_submit_button(say("Keep with this unit"))
    if pressed and unit is None:
        st.warning(say(
            "Choose feet or metres; if neither is known, load the file on the command line without heights."
        ))  # fmt: skip
    elif pressed and unit is not None:
        _load(store, [file], {name: unit})


def _load(store: Store, files: Sequence[Any], units: dict[str, str]) -> None:
    """Read all files before the first is kept; a fault in one keeps none, and every fault is named."""
    bar = st.progress(0.0, say("Receiving …"))
    results, faults = [], []
    asked = {name: one for name, one in st.session_state.get(_ASKED, {}).items() if name not in units}
    with tempfile.TemporaryDirectory(prefix="civmap-air-") as folder:
        for number, file in enumerate(files):
            path = Path(folder) / str(number) / Path(file.name).name
            path.parent.mkdir()
            path.write_bytes(file.getbuffer())
            try:
                result = _read(bar, 0.8 * number / len(files), path, units.get(file.name))
            except CivMapError as error:
                faults.append(str(error))
                continue
            if result.questions:
                asked[file.name] = (file, result.questions[0])
            else:
                results.append(result)
    if faults:
        bar.empty()
        kept_none = [say("Nothing was kept.")] if len(files) > 1 else []
        st.error(" ".join([*kept_none, *faults]), icon=":material/error:")
        return
    try:
        said = [
            working(bar, 0.8, say("Keeping {file}", file=one.file), partial(kept.keep, store, one)) for one in results
        ]
    except CivMapError as error:
        bar.empty()
        st.error(str(error), icon=":material/error:")
        return
    st.session_state[_DONE], st.session_state[_ASKED] = [_said(one) for one in said], asked
    st.rerun()  # the slider and the maps were drawn without the new load


def _read(bar: DeltaGenerator, share: float, path: Path, unit: str | None) -> AirResult:
    size = path.stat().st_size / 1e6
    what = say("Reading {file} ({size:.1f} MB)", file=path.name, size=size)
    return working(bar, share, what, lambda: read_air(path, altitude_unit=unit))


def _said(said: dict[str, Any]) -> str:
    if said["already_loaded"]:
        return say("{file} was loaded before; nothing has changed.", file=said["file"])
    rules = words.listed([f"{words.number(number)} {schema.words(rule)}" for rule, number in said["rules"].items()])
    footprints = sum(number for kind, number in said["footprints"].items() if kind != "none")
    counted = mark(
        "{file}: {read} read, {accepted} accepted, {aside} set aside; {footprints} with a footprint; {passes}."
    )
    if rules:
        counted = mark("{file}: {read} read, {accepted} accepted, {aside} set aside ({rules}); {footprints} with a "
                       "footprint; {passes}.")  # fmt: skip
    line = say(
        counted, file=said["file"], read=words.number(said["read"]), accepted=words.number(said["accepted"]),
        aside=words.number(said["rejected"]), rules=rules, footprints=words.number(footprints),
        passes=words.count(said["passes"], "pass", "passes"),
    )  # fmt: skip
    return "\n".join([line, "", *(f"- {note}" for note in said["notes"])]).rstrip()
