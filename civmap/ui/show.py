"""Show the exhibits of a page: title, sentence, pictures, numbers, caveats and exports, always together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from civmap import queries, schema
from civmap.errors import CivMapError
from civmap.exhibits import Exhibit, Recipe, words
from civmap.exhibits.headers import headers
from civmap.exports import tables
from civmap.figures import charts, maps, theme
from civmap.figures.part import Part
from civmap.figures.theme import Mode
from civmap.filters import BOUNDS
from civmap.language import mark, say, say_n, spoken
from civmap.store import Store
from civmap.store.totals import totals_folders
from civmap.theatre import Theatre
from civmap.ui import frame, loading
from civmap.ui.downloads import downloads
from civmap.ui.speech import fragment

MAP_HEIGHT = 430  # pixels; title, sentence and map fit on a 1366 x 768 screen


def show(store: Store, *items: Recipe | Callable[[], Sequence[Recipe] | None]) -> None:
    """Build and show exhibits; what holds for all of the page, and why something is not shown, is said once.

    A function among them shows widgets of its own at that place, and may give recipes to follow there.
    """
    if store.loads().empty and not totals_folders(store.folder):
        st.info(say(
            "Nothing has been loaded yet. Load a file on the Data Quality page or with `python -m civmap ingest`."
        ))  # fmt: skip
        return
    shown: list[Exhibit] = []
    faults: set[str] = set()
    left = list(items)
    while left:
        item = left.pop(0)
        if not isinstance(item, Recipe):
            left[:0] = item() or ()
            continue
        try:
            exhibit = loading.exhibit(item, store)
        except CivMapError as error:
            if str(error) not in faults:
                frame.warn(error)
            faults.add(str(error))
            continue
        _show(exhibit, store)
        shown.append(exhibit)
    standing = dict.fromkeys(caveat for exhibit in shown for caveat in exhibit.standing)
    sources = dict.fromkeys(source for exhibit in shown for source in exhibit.sources)
    lines = [*standing, *(say("Source: {source}", source=source) for source in sources)]
    if lines:
        st.caption("\n".join([say("**For the whole page**"), "", *(f"- {frame.plain(line)}" for line in lines)]))


@fragment
def _show(exhibit: Exhibit, store: Store) -> None:
    """Show one exhibit; a click inside re-runs this piece alone."""
    with frame.faults():
        st.subheader(exhibit.title, anchor=False)
        st.markdown(frame.plain(exhibit.sentence))
        row: list[DeltaGenerator] = []  # the columns still free for parts that belong side by side
        for position, part in enumerate(exhibit.parts):
            if (wide := part.encoding.get("beside", 0)) and not row:
                row = list(st.columns(wide))
            with row.pop(0) if wide else nullcontext():
                _part(exhibit, part, store, key=f"{exhibit.recipe.analysis}-{position}")
        _foot(exhibit)
        downloads(exhibit, store)


def _part(exhibit: Exhibit, part: Part, store: Store, *, key: str) -> None:
    mode: Mode = "dark" if st.context.theme.type == "dark" else "light"
    if part.kind == "table" and part.table.empty:
        return  # the sentence says so; an empty grid and its download say nothing
    if part.kind == "table":
        if part.title != exhibit.title:
            st.markdown(f"**{frame.plain(part.title)}**")
        _table(part.table, headers(part))
    elif part.kind in ("cells", "provinces"):
        if part.encoding.get("beside"):
            st.markdown(f"**{frame.plain(part.title)}**")
        deck = maps.deck(part, mode=mode, synthetic=exhibit.synthetic)
        event = st.pydeck_chart(deck, height=MAP_HEIGHT, on_select="rerun", selection_mode="single-object",
                                key=f"{key}-{exhibit.fingerprint}", alt=part.alt)  # fmt: skip
        st.html(maps.legend_html(part, mode=mode))
        _behind(event.selection.objects, exhibit.recipe, store, part)
    else:
        figure = charts.chart(part, mode=mode, synthetic=exhibit.synthetic)
        st.plotly_chart(figure, theme=None, key=f"{key}-{exhibit.fingerprint}", alt=part.alt,
                        config=theme.config())  # fmt: skip
    if part.kind != "table":
        with st.expander(say("Numbers behind the picture")):
            behind = tables.part_table(part)
            _table(behind, {str(name): words.header(str(name)) for name in behind})


def _table(table: pd.DataFrame, heads: Mapping[str, str]) -> None:
    """Show a table, each column under the words that it is given; one whose words another has too keeps its name."""
    said = list(heads.values())
    table = table.rename(columns={name: head for name, head in heads.items() if said.count(head) == 1})
    counts = [str(name) for name in table if pd.api.types.is_integer_dtype(table[name])]
    if spoken() != "en":  # the browser writes three decimals at most in its own language; coordinates have more
        decimals = table.select_dtypes("float")
        counts += [str(name) for name in decimals if decimals[name].round(3).equals(decimals[name])]
    columns: dict[str, Any] = {name: st.column_config.NumberColumn(format="localized") for name in counts}
    days = table.select_dtypes("datetime").columns
    columns |= {str(name): st.column_config.DateColumn(format="YYYY-MM-DD") for name in days}
    several = table.loc[:, table.dtypes == "object"]
    lists = [str(name) for name in several if several[name].map(lambda cell: isinstance(cell, list)).any()]
    columns |= {name: st.column_config.LineChartColumn(y_min=0) for name in lists}
    height: Any = "content" if len(table) < 12 else 380
    st.dataframe(table, hide_index=True, width="stretch", height=height, placeholder="", column_config=columns)


def _behind(selected: dict[str, list[dict[str, Any]]], recipe: Recipe, store: Store, part: Part) -> None:
    """List the incidents behind a clicked cell or province."""
    cell = next((one["cell"] for one in selected.get("cells", [])), None)
    admin1 = None if cell else next((one["properties"]["admin1"] for one in selected.get("provinces", [])), None)
    if cell is None and admin1 is None:
        return
    asked = part.encoding.get("filters", recipe.filters)  # a part may show fewer days than were asked for
    filters = asked.with_(source=queries.extent(store, recipe.filters, as_known_on=recipe.as_known_on).source)
    vague = part.kind == "cells"  # there a province is shaded by what is known only to it
    found, whole = queries.records(store, filters, as_known_on=recipe.as_known_on, cell=cell, admin1=admin1,
                                   only_province=vague, within=part.encoding.get("within", False))  # fmt: skip
    st.markdown(_listed(len(found), whole, "cell" if cell else "vague" if vague else "province"))
    if len(found):
        readable = _readable(found, store.theatre)
        _table(readable, {str(name): say(str(name)) for name in readable})


def _listed(shown: int, whole: int, place: str) -> str:
    """Say how many incidents lie behind what was clicked, and how many of them are listed."""
    if shown < whole:
        latest = {
            "cell": mark("**the latest {shown} of {whole} incidents in the chosen cell**, newest first"),
            "vague": mark("**the latest {shown} of {whole} incidents in the chosen province, known no better**, "
                          "newest first"),
            "province": mark("**the latest {shown} of {whole} incidents in the chosen province**, newest first"),
        }  # fmt: skip
        return say(latest[place], shown=words.number(shown), whole=words.number(whole))
    if place == "cell":
        return say_n(whole, "**{n} incident in the chosen cell**, newest first",
                     "**{n} incidents in the chosen cell**, newest first")  # fmt: skip
    if place == "vague":
        return say_n(whole, "**{n} incident in the chosen province, known no better**, newest first",
                     "**{n} incidents in the chosen province, known no better**, newest first")  # fmt: skip
    return say_n(whole, "**{n} incident in the chosen province**, newest first",
                 "**{n} incidents in the chosen province**, newest first")  # fmt: skip


def _readable(found: pd.DataFrame, theatre: Theatre) -> pd.DataFrame:
    """Write records with words for codes, leaving out what no record has; columns keep their English names."""
    labels = dict(zip(theatre.parties["party"], theatre.parties["label"], strict=True))
    people = {
        f"{harm.capitalize()}, {bound}": found[f"civilians_{harm}_{bound}"]
        for harm in ("killed", "injured")
        for bound in BOUNDS
    }
    table = {
        "Id": found["source_id"],
        "Date": found["event_date"].dt.strftime("%Y-%m-%d"),
        **people,
        "Parties named": [", ".join(labels.get(one, one) for one in parties) for parties in found["parties"]],
        "Cause": found["cause"].map(schema.words),
        "Place": found["place"],
        "Province": found["admin1"].map(theatre.boundaries["name"]),
        "Place known to": found["location_precision"].map(schema.words),
        "Grade": found["grade"].map(schema.words),
        "Caveats": [words.clauses(schema.caveat(one) for one in codes) for codes in found["caveats"]],
    }
    return pd.DataFrame(table).dropna(axis="columns", how="all")


def _foot(exhibit: Exhibit) -> None:
    """Say period, n and the exhibit's own caveats under it, where a screenshot takes them along."""
    facts = [say("Synthetic: no real incident") if exhibit.synthetic else "",
             say("Period {period}", period=exhibit.period) if exhibit.period else "", say("n = {n:,}", n=exhibit.n),
             say("Fingerprint {fingerprint}", fingerprint=exhibit.fingerprint)]  # fmt: skip
    lines = [f"- {frame.plain(caveat)}" for caveat in exhibit.caveats if caveat not in exhibit.standing]
    st.caption("\n".join([" · ".join(fact for fact in facts if fact), "", *lines]))
