"""Totals of one's own: kept for good, known from their publication, each once; and the records beside them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from civmap import queries
from civmap.errors import StoreError
from civmap.filters import Filters
from civmap.readers.tallies import read_activity, read_tallies
from civmap.store import Store
from civmap.store.totals import KeptTotals, described, totals_set_aside
from tests.conftest import ROOT
from tests.stores import KANDAHAR, add, incident

HEADER = "tally,area,period,party,killed,publication,published_at\n"
FIRST = HEADER + "press,Hilmand,2010-03,AGEs,41,Weekly,2010-05-02\npress,Paktyka,2010-03,,5,Weekly,2010-05-02\n"


def keep(store: Store, folder: Path, text: str, *, name: str = "un.csv", known_at: date | None = None) -> KeptTotals:
    (folder / name).write_text(text, encoding="utf-8")
    kept, placed = store.add_totals(read_tallies(folder / name), known_at=known_at)
    assert kept.read == len(placed.rejected) + placed.totals["source_row"].nunique()
    return kept


def own(store: Store, *, as_known_on: date | None = None) -> pd.DataFrame:
    found = queries.tallies(store, as_known_on=as_known_on)
    return found[found["file"].notna()].reset_index(drop=True)


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home, "afghanistan")


def test_totals_are_kept_with_their_codes_and_rows_set_aside_stay_too(store: Store, tmp_path: Path) -> None:
    kept = keep(store, tmp_path, FIRST)
    assert (kept.read, kept.rejected, kept.figures, kept.already_loaded) == (2, 1, 1, False)
    again = Store(store.home, "afghanistan")
    row = own(again).iloc[0]
    assert (row["tally"], row["area"], row["area_label"], row["measure"], row["value"]) == (
        "press", "AF-HEL", "Helmand", "killed", 41,
    )  # fmt: skip
    assert row["party"] == ("taliban", "iskp", "other_anti_government") and row["cause"] == ()
    aside = totals_set_aside(again.folder)
    assert aside[["source_row", "rule"]].to_numpy().tolist() == [[2, "area_ambiguous"]]
    assert len(again.incidents()) == len(Store(store.home, "afghanistan").incidents()), "no incident is made of a total"


def test_the_same_file_twice_changes_nothing_and_says_so(store: Store, tmp_path: Path) -> None:
    before = store.fingerprint
    first = keep(store, tmp_path, FIRST)
    state = store.fingerprint
    assert state != before, "pages must see that totals have come"
    second = keep(store, tmp_path, FIRST, name="renamed.csv")
    assert second.already_loaded and second.totals_id == first.totals_id and second.file == "un.csv"
    assert store.fingerprint == state and len(described(store.folder)) == 1


def test_a_total_is_known_from_its_publication(store: Store, tmp_path: Path) -> None:
    keep(store, tmp_path, FIRST)
    published = date(2010, 5, 2)
    assert [len(own(store, as_known_on=published - timedelta(days=one))) for one in (1, 0, -1)] == [0, 1, 1]


def test_a_total_without_that_day_is_known_from_the_day_of_its_file(store: Store, tmp_path: Path) -> None:
    keep(store, tmp_path, "area,period,killed\nHelmand,2010,9\n", known_at=date(2015, 6, 1))
    assert [len(own(store, as_known_on=day)) for day in (date(2015, 5, 31), date(2015, 6, 1), None)] == [0, 1, 1]


def test_a_mended_file_replaces_what_it_gives_again(store: Store, tmp_path: Path) -> None:
    keep(store, tmp_path, FIRST)
    mended = FIRST.replace(",41,", ",44,").replace("Paktyka", "Paktika")
    keep(store, tmp_path, mended)
    assert sorted(zip(own(store)["area"], own(store)["value"], strict=True)) == [("AF-HEL", 44), ("AF-PKA", 5)]


def test_a_later_publication_is_a_row_of_its_own_and_marks_the_earlier(store: Store, tmp_path: Path) -> None:
    later = "press,Helmand,2010-03,AGEs,47,Yearbook,2011-01-31\n"
    keep(store, tmp_path, FIRST + later)
    assert own(store)[["value", "revised"]].to_numpy().tolist() == [[41, True], [47, False]]
    assert own(store, as_known_on=date(2010, 12, 31))["revised"].tolist() == [False]


def test_shipped_totals_stand_beside_own_ones_each_once(store: Store, tmp_path: Path) -> None:
    shipped = store.theatre.tallies
    assert len(queries.tallies(store)) == len(shipped)
    one = shipped[shipped["published_at"].notna() & (shipped["party"].map(len) == 0)].iloc[:1]
    text = one.assign(party="", cause=";".join(one["cause"].iloc[0])).to_csv(index=False)
    keep(store, tmp_path, text)
    keep(store, tmp_path, FIRST, name="other.csv")
    found = queries.tallies(store)
    assert len(found) == len(shipped) + 1
    assert (found["file"] == "un.csv").sum() == 1, "the one that is given again stands once, as loaded"


def test_shipped_totals_are_known_from_their_publication(store: Store) -> None:
    dates = store.theatre.tallies["published_at"]
    for day in (date(2005, 1, 1), date(2011, 3, 8), date(2011, 3, 9), date(2030, 1, 1)):
        assert len(queries.tallies(store, as_known_on=day)) == (dates <= pd.Timestamp(day)).sum()


def test_activity_is_kept_apart_from_tallies(store: Store, tmp_path: Path) -> None:
    (tmp_path / "air.csv").write_text("period,party,sorties,definition\n2010,ISAF,33679,close air support sorties\n")
    kept, _ = store.add_totals(read_activity(tmp_path / "air.csv"))
    found = queries.activity(store)
    assert kept.kind == "activity" and own(store).empty
    assert found.loc[found["file"].notna(), ["measure", "value"]].to_numpy().tolist() == [["sorties", 33679]]
    assert len(found) == len(store.theatre.activity) + 1


def test_a_release_in_the_future_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="future"):
        keep(store, tmp_path, FIRST, known_at=date.today() + timedelta(days=2))
    assert described(store.folder) == []


def test_a_damaged_file_says_which_and_what_to_do(store: Store, tmp_path: Path) -> None:
    kept = keep(store, tmp_path, FIRST)
    (store.folder / "totals" / kept.totals_id / "totals.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(StoreError, match=f"{kept.totals_id} is damaged.*load the file again"):
        queries.tallies(store)


_KILLED = """
import os, signal, sys
from pathlib import Path
import civmap.store.totals as totals
from civmap.readers.tallies import read_tallies
from civmap.store import Store
store = Store(sys.argv[1], "afghanistan")
done = 0
def stop(frame, event, argument):
    global done
    if frame.f_code.co_filename.endswith("store/totals.py") and event == "line" and frame.f_code.co_name == "_write":
        done += 1
        if done == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
    return stop
sys.settrace(stop)
store.add_totals(read_tallies(Path(sys.argv[2])))
sys.settrace(None)
"""


def test_a_kill_at_any_moment_leaves_all_or_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "un.csv").write_text(FIRST)
    ends = set()
    for line in (3, 6, 9, 12, 15, 18, 99):
        home = tmp_path / f"home{line}"
        done = subprocess.run(
            [sys.executable, "-c", _KILLED, str(home), str(tmp_path / "un.csv"), str(line)], cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, check=False,
        )  # fmt: skip
        assert done.returncode in (0, -signal.SIGKILL)
        found = own(Store(home, "afghanistan"))
        assert len(found) in (0, 1) and (len(found) == 1 or done.returncode)
        ends.add((done.returncode == 0, len(found)))
        assert keep(Store(home, "afghanistan"), tmp_path, FIRST).figures == 1
    assert {(True, 1), (False, 0)} <= ends


def test_the_records_beside_a_total_are_those_of_its_area_days_parties_and_causes(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [
        incident(1, "2009-12-01"), incident(2, "2010-03-01", KANDAHAR), incident(3, "2010-03-31", KANDAHAR),
        incident(4, "2010-03-15", KANDAHAR, party_as_reported="Taliban", cause="ied"), incident(5, "2010-03-15"),
        incident(6, "2010-04-01", KANDAHAR), incident(7, "2010-12-01"),
    ])  # fmt: skip
    keep(store, tmp_path, "area,period,party,cause,killed,injured,incidents,women_killed\n" + "".join(
        f"{line},1,1,1,1\n" for line in (
            "Kandahar,2010-03,,", "Kandahar,2010-03,Taliban,", "Kandahar,2010-03,,aerial", ",2010-03,,",
            "Southern Region,2010-03,,", "Kandahar,2013-03,,", "Helmand,2010-03,,",
        )))  # fmt: skip
    totals = own(store)
    beside = queries.recorded_beside(store, Filters(source="log"), totals)
    assert beside.index.equals(totals.index)
    read = totals[["area", "party", "cause", "start", "measure"]].assign(best=beside["value_best"])
    of = {
        measure: {
            (area, party, cause, str(start)[:4]): None if pd.isna(best) else int(best)
            for area, party, cause, start, _, best in part.itertuples(index=False)
        }
        for measure, part in read.groupby("measure")
    }
    expected = {
        ("AF-KAN", (), (), "2010"): 3, ("AF-KAN", ("taliban",), (), "2010"): 1,
        ("AF-KAN", (), ("aerial",), "2010"): 2, ("", (), (), "2010"): 4, ("unama_southern", (), (), "2010"): 3,
        ("AF-KAN", (), (), "2013"): None,  # the source's records end before
        ("AF-HEL", (), (), "2010"): 0,  # it covers the province and has none
    }  # fmt: skip
    assert of["incidents"] == expected
    assert of["killed"] == {key: None if n is None else 2 * n for key, n in expected.items()}
    none_there = of["injured"].pop(("AF-HEL", (), (), "2010"))
    assert none_there == 0 and set(of["injured"].values()) == {None}, "no figure is not zero, no record is"
    assert set(of["women_killed"].values()) == {None}, "the records' women are not asked"


def test_beside_a_source_that_says_nothing_of_civilians_stands_nothing(store: Store, tmp_path: Path) -> None:
    nothing = {f"civilians_killed_{end}": None for end in ("min", "best", "max")}
    add(store, tmp_path, [incident(n, f"2010-0{n}-01", all_killed_best=3, **nothing) for n in range(1, 6)])
    keep(store, tmp_path, "period,killed,incidents\n2010-03,4,2\n")
    beside = queries.recorded_beside(store, Filters(source="log", harm_only=False), own(store))
    assert beside.isna().all(axis=None)


def test_the_description_names_file_and_hash(store: Store, tmp_path: Path) -> None:
    kept = keep(store, tmp_path, FIRST)
    said = json.loads((store.folder / "totals" / kept.totals_id / "totals.json").read_text())
    assert said["file"] == "un.csv" and len(said["sha256"]) == 64 and "already_loaded" not in said
