"""Tables out: what a CSV carries, and that no spreadsheet runs it."""

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd

from civmap.exhibits import Recipe, build
from civmap.exports import tables
from civmap.filters import Filters
from civmap.store import Store
from tests.stores import add, incident


def test_a_csv_carries_title_caveats_source_and_fingerprint_and_reads_back(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, [incident(1, "2009-01-05"), incident(2, "2009-03-05")])
    exhibit = build(Recipe("afghanistan", "national_trend", filters=Filters(measure="killed")), store)
    text = tables.csv_bytes(exhibit, exhibit.parts[0]).decode("utf-8-sig")
    for said in (exhibit.title, exhibit.fingerprint, *exhibit.caveats, *exhibit.sources):
        assert f"# {said}" in text or f": {said}" in text
    table = pd.read_csv(io.StringIO(text), comment="#")
    assert table["civilians killed (best) per month"].tolist() == [2, 0, 2]


def test_no_cell_can_run_in_a_spreadsheet(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    bad = "=cmd|' /C calc'!A0"
    add(store, tmp_path, [incident(1, "2009-01-05") | {"place": bad}, incident(2, "nonsense", source_id=bad)])
    for analysis in ("incident_map", "set_aside"):
        exhibit = build(Recipe("afghanistan", analysis), store)
        for part in exhibit.parts:
            lines = tables.csv_bytes(exhibit, part).decode("utf-8-sig").splitlines()
            cells = pd.read_csv(io.StringIO("\n".join(lines)), comment="#", dtype=str).to_numpy().ravel()
            assert not any(str(cell).startswith(("=", "+", "@")) for cell in cells)


def test_two_exhibits_get_two_file_names(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, [incident(1, "2009-01-05")])
    exhibits = [build(Recipe("afghanistan", analysis), store) for analysis in ("incident_map", "national_trend")]
    names = [tables.file_name(exhibit, part, "csv") for exhibit in exhibits for part in exhibit.parts]
    assert len(set(names)) == len(names) >= 2


def test_parts_with_titles_too_alike_get_files_of_their_own(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, [incident(1, "2009-01-05")])
    exhibit = build(Recipe("afghanistan", "incident_map"), store)
    long = "A title that is so long that what tells it apart comes after its sixtieth letter: "
    parts = tuple(replace(exhibit.parts[0], title=long + end) for end in ("one", "two", "three"))
    names = tables.file_names(replace(exhibit, parts=parts), "csv")
    assert len(set(names)) == 3 and names[0] == tables.file_name(exhibit, parts[0], "csv")
    assert all(name.endswith(f"-{exhibit.fingerprint}.csv") for name in names)
