"""Decisions, mended rows, withdrawals and erasure: append-only, dated, and nothing lost."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from civmap import queries
from civmap.errors import StoreError
from civmap.filters import Filters
from civmap.readers import read, suggest
from civmap.store import Store
from civmap.store.mending import raw_rows
from civmap.theatre import Theatre
from tests.stores import KANDAHAR, add, incident

FIRST, SECOND, THIRD = date(2012, 1, 1), date(2013, 1, 1), date(2014, 1, 1)
LOG = Filters(source="log")


@pytest.fixture
def store(tmp_path: Path, afghanistan: Theatre) -> Store:
    return Store(tmp_path / "home", afghanistan)


def ids(store: Store, day: date | None = None) -> list[str]:
    return sorted(store.incidents(LOG, as_known_on=day)["source_id"])


def balance(store: Store) -> None:
    """Assert that every row that was read is accepted, mended or set aside."""
    loads = store.loads()
    own = loads[loads["mends"].isna()]
    assert own["read"].sum() == loads["accepted"].sum() + len(store.rejected())


# ---- duplicates -----------------------------------------------------------------------------------------------------


def test_records_alike_in_day_place_and_figures_are_likely_duplicates(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [
        incident(1, "2010-03-01"), incident(2, "2010-03-01"), incident(3, "2010-03-01", civilians_killed_max=4),
        incident(4, "2010-03-02"), incident(5, "2010-03-01", KANDAHAR),
        incident(6, "2010-03-01", location_precision="province"),
        incident(7, "2010-05-01", civilians_killed_min=0, civilians_killed_best=0, civilians_killed_max=0),
        incident(8, "2010-05-01", civilians_killed_min=0, civilians_killed_best=0, civilians_killed_max=0),
    ])  # fmt: skip
    found = queries.likely_duplicates(store, Filters(source="log", harm_only=False))
    assert found["source_id"].tolist() == ["T1", "T2"]
    assert found["group"].tolist() == [1, 1] and found["first"].tolist() == [True, False]


def test_a_decision_sets_duplicates_apart_from_now_on_and_can_be_taken_back(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [incident(1, "2010-03-01"), incident(2, "2010-03-01")], known_at=FIRST)
    before = store.fingerprint
    made = store.decide("duplicates", [("log", "T2")], why="one event, told twice", who="analyst")
    assert ids(store) == ["T1"] and ids(store, SECOND) == ["T1", "T2"]
    assert queries.totals(store, LOG)["incidents"] == 1
    assert queries.held_back(store, LOG)["excluded"] == 1
    assert store.fingerprint != before
    assert len(store.incidents()) == 2, "the record itself stays"
    again = store.decide("restored", [("log", "T2")], why="two events after all")
    assert ids(store) == ["T1", "T2"]
    assert [one.decision_id for one in store.decisions()] == [made.decision_id, again.decision_id]
    assert store.decisions()[0].who == "analyst"


def test_a_decision_outlives_a_later_release(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [incident(1, "2010-03-01"), incident(2, "2010-03-01")], known_at=FIRST)
    store.decide("duplicates", [("log", "T2")], why="twice")
    add(store, tmp_path, [incident(n, "2010-03-01", civilians_killed_max=5) for n in (1, 2)], known_at=SECOND)
    assert ids(store) == ["T1"]
    assert ids(store, THIRD) == ["T1", "T2"]


def test_decisions_without_reason_or_record_are_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="demonstration"):
        store.decide("duplicates", [("un_like", "SYN-1")], why="x")
    add(store, tmp_path, [incident(1, "2010-03-01")])
    for kind, about, why in (
        ("duplicates", [], "x"),
        ("duplicates", [("log", "T1")], " "),
        ("killed", [("a", "b")], "x"),
    ):
        with pytest.raises(StoreError):
            store.decide(kind, about, why=why)
    assert store.decisions() == []


# ---- mended rows ----------------------------------------------------------------------------------------------------

FAULTY = [
    incident(1, "2010-03-01"), incident(2, "first of March"), incident(3, "2010-04-01", civilians_killed_min=9),
    incident(1, "2010-06-01"),
]  # fmt: skip


def test_mended_rows_count_from_now_and_nothing_is_lost(store: Store, tmp_path: Path) -> None:
    load = add(store, tmp_path, FAULTY, known_at=FIRST)
    assert (load.read, load.accepted, load.rejected) == (4, 1, 3)
    raw = raw_rows(store.rejected())
    raw.loc[raw["source_id"] == "T2", "event_date"] = "2010-03-01"
    mended = store.mend(raw, why="the day is in the report", who="analyst")
    assert mended.records["source_id"].tolist() == ["T2"] and mended.records["source_row"].tolist() == [2]
    assert dict(zip(mended.still_aside["source_row"], mended.still_aside["rule"], strict=True)) == {
        3: "min_above_max", 4: "id_repeated",
    }  # fmt: skip
    assert ids(store) == ["T1", "T2"] and ids(store, SECOND) == ["T1"]
    assert store.rejected()["source_row"].tolist() == [3, 4]
    assert len(store.rejected(SECOND)) == 3
    balance(store)
    decided = store.decisions()
    assert decided[0].kind == "mended" and decided[0].about == (("log", "T2"),)


def test_a_row_mended_in_part_of_its_columns_keeps_the_others(store: Store, tmp_path: Path) -> None:
    load = add(store, tmp_path, FAULTY, known_at=FIRST)
    edit = pd.DataFrame({"load_id": [load.load_id], "source_row": [3], "civilians_killed_min": ["0"]})
    store.mend(edit, why="a slip")
    record = store.incidents(LOG).set_index("source_id").loc["T3"]
    assert record["civilians_killed_min"] == 0 and record["civilians_killed_max"] == 3
    assert record["admin1"] == "AF-KAB"


def test_a_later_release_replaces_a_mended_row(store: Store, tmp_path: Path) -> None:
    load = add(store, tmp_path, FAULTY, known_at=FIRST)
    add(store, tmp_path, [incident(2, "2010-03-05", civilians_killed_max=7)], known_at=SECOND)
    store.mend(pd.DataFrame({"load_id": [load.load_id], "source_row": [2], "event_date": ["2010-03-01"]}), why="late")
    record = store.incidents(LOG).set_index("source_id").loc["T2"]
    assert record["civilians_killed_max"] == 7, "the mended row belongs to the release before"
    balance(store)


def test_loading_the_file_again_after_mending_changes_nothing(store: Store, tmp_path: Path) -> None:
    load = add(store, tmp_path, FAULTY)
    store.mend(pd.DataFrame({"load_id": [load.load_id], "source_row": [2], "event_date": ["2010-03-01"]}), why="x")
    before = store.fingerprint
    again = add(store, tmp_path, FAULTY)
    assert again.already_loaded and again.load_id == load.load_id and store.fingerprint == before


def test_rows_that_are_not_set_aside_are_refused(store: Store, tmp_path: Path) -> None:
    load = add(store, tmp_path, FAULTY)
    before = store.fingerprint
    for edit in (
        {"load_id": ["nothing"], "source_row": [2]},
        {"load_id": [load.load_id], "source_row": [1]},
        {"load_id": [load.load_id], "source_row": [2], "evnt_date": ["2010-03-01"]},
        {"load_id": [load.load_id] * 2, "source_row": [2, 2], "event_date": ["2010-03-01"] * 2},
    ):
        with pytest.raises(StoreError):
            store.mend(pd.DataFrame(edit), why="x")
    assert store.fingerprint == before


def test_a_province_of_two_minds_is_set_aside_and_mended(store: Store, tmp_path: Path) -> None:
    rows = [incident(1, "2010-03-01", None, admin1="Kandahar"), incident(2, "2010-03-01", None, admin1="Paktyka")]
    load = add(store, tmp_path, rows)
    assert (load.read, load.accepted, load.rejected) == (2, 1, 1)
    aside = store.rejected()
    assert aside["rule"].tolist() == ["province_ambiguous"] and "Paktika" in aside["expected"].item()
    edit = pd.DataFrame({"load_id": [load.load_id], "source_row": [2], "admin1_as_reported": ["Paktika"]})
    assert store.mend(edit, why="the report names Sharan").still_aside.empty
    assert store.incidents(LOG).set_index("source_id").loc["T2", "admin1"] == "AF-PKA"
    balance(store)


def test_rows_of_a_mapped_table_are_mended_in_its_own_columns(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    table = {"Ref": ["a", "b"], "Day": ["01/03/2010", "32/03/2010"], "Prov": ["Kabul", "Kabul"], "Dead": ["3", "2-4"]}
    pd.DataFrame(table).to_csv(file, index=False)
    result = read(file, source="own_log", mapping=suggest(file))
    load = store.add(result)
    assert (load.read, load.accepted, load.rejected) == (2, 1, 1)
    raw = raw_rows(store.rejected())
    raw["Day"] = "30/03/2010"
    assert store.mend(raw, why="a slip").still_aside.empty
    record = store.incidents(Filters(source="own_log")).set_index("source_id").loc["b"]
    assert (record["civilians_killed_min"], record["civilians_killed_max"]) == (2, 4)
    assert f"{record['event_date']:%Y-%m-%d}" == "2010-03-30"


def test_mended_rows_from_a_file_keep_what_was_written_into_them(store: Store, tmp_path: Path) -> None:
    load = add(store, tmp_path, FAULTY)
    store.mend(pd.DataFrame({"load_id": [load.load_id], "source_row": ["2"], "event_date": ["2010-03-01"]}), why="late")
    (decided,) = store.decisions()
    assert decided.values["rows"] == [{"load_id": load.load_id, "source_row": "2", "event_date": "2010-03-01"}]


def test_one_faulty_load_among_the_mended_keeps_none(store: Store, tmp_path: Path) -> None:
    one = add(store, tmp_path, FAULTY)
    other = add(store, tmp_path, [incident(8, "no day")])
    edit = pd.DataFrame(
        {"load_id": sorted([one.load_id, other.load_id]), "source_row": [2, 1], "event_date": ["2010-03-01"] * 2}
    )
    edit["source_row"] = edit["load_id"].map({one.load_id: 2, other.load_id: 1})
    last = edit["load_id"].max()
    before = store.fingerprint
    with pytest.raises(StoreError, match="evnt_date"):
        store.mend(edit.assign(evnt_date=edit["load_id"].map({last: "2010-03-01"})), why="x")
    assert store.fingerprint == before
    assert store.mend(edit, why="x").still_aside.empty and ids(store) == ["T1", "T2", "T8"]
    balance(store)


def test_an_id_that_a_mended_row_took_is_taken(store: Store, tmp_path: Path) -> None:
    load = add(store, tmp_path, FAULTY)
    store.mend(pd.DataFrame({"load_id": [load.load_id], "source_row": [2], "event_date": ["2010-03-01"]}), why="late")
    again = {"load_id": [load.load_id], "source_row": [3], "civilians_killed_min": ["0"], "source_id": ["T2"]}
    assert store.mend(pd.DataFrame(again), why="x").still_aside["rule"].tolist() == ["id_repeated"]
    assert ids(store) == ["T1", "T2"]
    balance(store)


def test_two_sources_of_one_file_may_use_the_same_id(store: Store, tmp_path: Path) -> None:
    rows = [incident(1, "2010-03-01", source="log"), incident(1, "no day", source="other")]
    load = add(store, tmp_path, rows, source="civmap")
    edit = pd.DataFrame({"load_id": [load.load_id], "source_row": [2], "event_date": ["2010-03-02"]})
    assert store.mend(edit, why="x").still_aside.empty
    assert sorted(store.incidents()["source"]) == ["log", "other"]
    balance(store)


def test_rows_that_do_not_say_which_they_are_are_refused_in_words(store: Store, tmp_path: Path) -> None:
    load = add(store, tmp_path, FAULTY)
    for edit, said in (
        ({"source_row": [2]}, "without load_id no row can be told"),
        ({"load_id": [load.load_id], "event_date": ["2010-03-01"]}, "without source_row"),
        ({"load_id": [load.load_id], "source_row": ["two"]}, "row two of load"),
        ({"load_id": [load.load_id], "source_row": [None]}, "is not set aside there"),
        ({"load_id": [], "source_row": []}, "No rows were given"),
        ({"load_id": [load.load_id, "no"], "source_row": [1, 2]}, "row 1 of load .*row 2 of load no"),
    ):
        with pytest.raises(StoreError, match=said):
            store.mend(pd.DataFrame(edit), why="x")
    assert store.decisions() == []


# ---- withdrawals and changes ----------------------------------------------------------------------------------------


def test_a_file_that_turns_out_to_be_complete_withdraws_from_then_on(store: Store, tmp_path: Path) -> None:
    rows = [incident(n, f"2010-0{n}-01") for n in range(1, 4)]
    add(store, tmp_path, rows, known_at=FIRST)
    file = tmp_path / "second.csv"
    pd.DataFrame(rows[:1]).to_csv(file, index=False)
    second = store.add(read(file, source="log"), known_at=SECOND)
    assert ids(store) == ["T1", "T2", "T3"]
    span = (date(2010, 1, 1), date(2010, 12, 31))
    said = store.add(read(file, source="log"), known_at=SECOND, complete=span)
    assert not said.already_loaded and said.load_id != second.load_id
    assert ids(store) == ["T1"] and ids(store, FIRST) == ["T1", "T2", "T3"]
    assert store.add(read(file, source="log"), known_at=SECOND, complete=span).already_loaded
    assert store.add(read(file, source="log"), known_at=SECOND).already_loaded
    with pytest.raises(StoreError, match="ends before it begins"):
        store.add(read(file, source="log"), complete=(span[1], span[0]))


def test_only_a_complete_release_withdraws(store: Store, tmp_path: Path) -> None:
    rows = [incident(n, f"2010-0{n}-01") for n in range(1, 5)]
    add(store, tmp_path, rows, known_at=FIRST)
    add(store, tmp_path, rows[:1], known_at=SECOND)
    assert ids(store) == ["T1", "T2", "T3", "T4"]
    file = tmp_path / "complete.csv"
    pd.DataFrame([rows[0], incident(3, "no day")]).to_csv(file, index=False)
    span = (date(2010, 1, 1), date(2010, 3, 31))
    load = store.add(read(file, source="log"), known_at=THIRD, complete=span)
    assert ids(store) == ["T1", "T3", "T4"], "T3 is in the file although set aside, T4 outside its period"
    assert ids(store, SECOND) == ["T1", "T2", "T3", "T4"]
    found = queries.changes(store, load.load_id)
    assert found.loc[found["what"] == "withdrawn", "source_id"].tolist() == ["T2"]
    balance_rows = store.query("SELECT count(*) AS n FROM incidents WHERE known_to IS NULL")["n"].item()
    assert balance_rows == 3
    add(store, tmp_path, [rows[1]], known_at=date(2015, 1, 1))
    assert ids(store) == ["T1", "T2", "T3", "T4"], "what comes back, counts again"


def test_changes_are_told_field_by_field(store: Store, tmp_path: Path) -> None:
    add(
        store,
        tmp_path,
        [incident(1, "2010-01-01"), incident(2, "2010-02-01"), incident(3, "2010-03-01")],
        known_at=FIRST,
    )
    later = [incident(1, "2010-01-01"), incident(2, "2010-02-03", civilians_killed_max=8), incident(4, "2010-04-01")]
    load = add(store, tmp_path, later, known_at=SECOND)
    found = queries.changes(store, load.load_id)
    assert found[["source_id", "what"]].drop_duplicates().to_numpy().tolist() == [["T2", "changed"], ["T4", "new"]]
    fields = found.set_index("column").loc[lambda frame: frame["what"] == "changed", ["before", "after"]]
    assert fields.loc["event_date"].tolist() == ["2010-02-01", "2010-02-03"]
    assert fields.loc["civilians_killed_max"].tolist() == ["3", "8"]
    assert set(fields.index) == {"event_date", "event_date_end", "civilians_killed_max"}


# ---- erasure --------------------------------------------------------------------------------------------------------


def everything(folder: Path) -> str:
    """Read all that is kept on disk as text."""
    texts = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        if file.suffix == ".parquet":
            texts.append(pq.read_table(file).to_pandas(ignore_metadata=True).to_csv())
        else:
            texts.append(file.read_text(encoding="utf-8"))
    return "\n".join(texts)


def test_erased_records_leave_id_time_and_rule_and_nothing_else(store: Store, tmp_path: Path) -> None:
    rows = [incident(1, "2010-03-01", admin2="Somebodys Farm"), incident(2, "2010-03-02"),
            incident(3, "nowhen", admin2="Somebodys Farm")]  # fmt: skip
    load = add(store, tmp_path, rows, known_at=FIRST)
    add(store, tmp_path, [incident(1, "2010-03-01", admin2="Somebodys Farm", civilians_killed_max=4)], known_at=SECOND)
    store.mend(pd.DataFrame({"load_id": [load.load_id], "source_row": [3], "event_date": ["2010-03-03"]}), why="found")
    assert ids(store) == ["T1", "T2", "T3"]
    before = store.fingerprint
    for number in (1, 3):
        erased = store.redact({"source": "log", "source_id": f"T{number}"}, why="asked for by the family")
        assert set(erased.records) == {("log", f"T{number}")}
        assert erased.fingerprint_after == store.fingerprint != erased.fingerprint_before
    assert ids(store) == ids(store, FIRST) == ["T2"]
    assert store.fingerprint != before
    kept = everything(store.folder)
    assert "Somebodys Farm" not in kept and "2010-03-03" not in kept
    assert "asked for by the family" in kept and "T1" in kept
    aside = store.rejected()
    assert set(aside["rule"]) == {"erased"} and aside["row"].isna().all()
    balance(store)
    kinds = [one.kind for one in store.decisions()]
    assert kinds == ["mended", "erased", "erased"]


def test_erasing_nothing_changes_nothing(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [incident(1, "2010-03-01")])
    before = everything(store.folder / "loads")
    assert store.redact({"source_id": "T9"}, why="x").records == ()
    assert everything(store.folder / "loads") == before and store.decisions() == []
    for where in ({}, {"civilians_killed_max": "3"}):
        with pytest.raises(StoreError, match="which records"):
            store.redact(where, why="x")


def test_erasure_leaves_no_derived_table_behind(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [incident(1, "2010-03-01"), incident(2, "2010-03-02")])
    ids(store)
    (store.folder / "cache" / "tmp_.killed.parquet-1-1.tmp").write_bytes(b"half a table with the record in it")
    store.redact({"source_id": "T1"}, why="x")
    assert list((store.folder / "cache").iterdir()) == []
    assert ids(store) == ["T2"]


def test_a_kill_between_the_new_form_and_the_old_leaves_the_new(store: Store, tmp_path: Path) -> None:
    load = add(store, tmp_path, [incident(1, "2010-03-01"), incident(2, "2010-03-02")])
    folder = store.folder / "loads" / load.load_id
    old = {file.name: file.read_bytes() for file in folder.iterdir()}
    store.redact({"source_id": "T1"}, why="x")
    folder.mkdir()
    for name, content in old.items():  # as if the process had been killed before the old form was removed
        (folder / name).write_bytes(content)
    assert ids(store) == ["T2"]
    assert json.loads((folder / "load.json").read_text())["accepted"] == 2
    assert not (Store(store.home, store.theatre).folder / "loads" / load.load_id).exists(), "swept at the next start"


def test_answers_are_kept_until_loads_change_and_only_the_latest(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, [incident(1, "2009-01-05")])
    made: list[int] = []

    def ask(key: int) -> int:
        return store.remember(("count", key), lambda: made.append(key) or len(made))

    assert [ask(0), ask(0)] == [1, 1]
    for key in range(1, 100):
        ask(key)
    assert ask(99) == 100 and ask(0) == 101, "the first one was let go"
    add(store, tmp_path, [incident(2, "2009-01-06"), incident(3, "2009-01-07")])
    assert ask(99) == 102


def test_an_answer_made_for_another_is_kept_too_and_what_is_asked_for_again_stays(store: Store) -> None:
    made: list[object] = []

    def ask(key: object) -> object:
        return store.remember(key, lambda: made.append(key) or key)

    def pair() -> object:
        return store.remember("pair", lambda: (ask("first"), ask("second")))

    assert pair() == pair() == ("first", "second")
    for number in range(100):
        assert ask("first") == "first" and ask(number) == number
    assert made.count("first") == 1
    assert ask("second") == "second" and made.count("second") == 2, "not asked for in a hundred others"
