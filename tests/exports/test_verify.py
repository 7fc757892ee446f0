"""Verifying: reasons with the numbers that were planted, of real data too, and only those that can have an effect."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from civmap.errors import ExportError
from civmap.exhibits import Recipe, build
from civmap.exports import bundle, data, making, manifest, marking, slides, verify
from civmap.exports.briefing import Briefing
from civmap.exports.prepare import prepare
from civmap.exports.prepared import Prepared
from civmap.filters import Filters
from civmap.readers import read, tallies
from civmap.store import Store
from tests.stores import add, monthly

LOG = Filters(source="log", measure="killed", bound="best")
TOTALS = Recipe("afghanistan", "totals", filters=LOG)
Verify = Callable[[], tuple[str, ...]]


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return monthly([4] * 36)


@pytest.fixture
def filled(own: Store, tmp_path: Path, rows: list[dict[str, Any]]) -> Store:
    """144 incidents with two killed each (best), known from 5 January 2012."""
    add(own, tmp_path, rows, known_at=date(2012, 1, 5))
    marking.set_marking(own, "RELEASABLE")
    return own


def kept(store: Store, folder: Path, *recipes: Recipe) -> Path:
    file = folder / "manifest.json"
    made = [prepare(build(recipe, store), store) for recipe in recipes or (TOTALS,)]
    file.write_text(manifest.as_text(manifest.together(made)), encoding="utf-8")
    return file


def differences(file: Path, store: Store) -> tuple[str, ...]:
    """Verify as another program would, with a store of its own."""
    return verify.verify(file, store.home).differences


# ---- reasons, with planted numbers ---------------------------------------------------------------------------------


def test_three_records_revised_by_two_fewer_killed(
    filled: Store, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:  # fmt: skip
    file = kept(filled, tmp_path)
    revised = [dict(row) for row in rows]
    for at, best in ((3, 1), (7, 0), (20, 3)):  # each had two: -1, -2, +1
        revised[at] |= {"civilians_killed_min": 0, "civilians_killed_best": best}
    load = add(filled, tmp_path, revised, known_at=date(2012, 3, 1))
    assert differences(file, filled) == (
        f"Exhibit 1: Data revised: the load {load.load_id} of log, known from 2012-03-01, came since: 3 records "
        "(3 changed), -2 killed.",
    )


def test_withdrawn_records_count_as_they_stood_last(filled: Store, tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    """Of T10 the earlier release said 2 killed and the one that stood when it was withdrawn 9."""
    second = [dict(row) for row in rows]
    second[10] |= {"civilians_killed_best": 9, "civilians_killed_max": 9}
    add(filled, tmp_path, second, known_at=date(2012, 2, 1))
    file = kept(filled, tmp_path)
    third = pd.DataFrame([row for at, row in enumerate(second) if at not in (10, 11)])
    third.to_csv(tmp_path / "third.csv", index=False)
    filled.add(read(tmp_path / "third.csv", source="log"), known_at=date(2012, 3, 1),
               complete=(date(2008, 1, 1), date(2010, 12, 31)))  # fmt: skip
    (said,) = differences(file, filled)
    assert said.endswith("came since: 2 records (2 withdrawn), -11 killed.")


def test_rows_that_were_mended_are_named_with_who_mended_them(
    own: Store, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    add(own, tmp_path, [*rows, {**rows[0], "source_id": "T900", "event_date": "no day"}], known_at=date(2012, 1, 5))
    marking.set_marking(own, "RELEASABLE")
    file = kept(own, tmp_path)
    aside = own.rejected()
    mended = aside[["load_id", "source_row"]].assign(event_date="2009-05-05")
    own.mend(mended, why="the day stands in the report", who="A. Reader")
    revised, decided = differences(file, own)
    assert revised.endswith("came since: 1 record (1 new), +2 killed.")
    assert decided.endswith("by A. Reader: rows mended and accepted, 1 record.")


def test_a_decision_that_is_no_longer_there_is_missed(filled: Store, tmp_path: Path) -> None:
    made = filled.decide("duplicates", [("log", "T1")], why="one event", who="A. Reader")
    file = kept(filled, tmp_path)
    (filled.folder / "decisions" / f"{made.decision_id}.json").unlink()
    assert differences(file, Store(filled.home, "afghanistan")) == (
        f"Exhibit 1: The decision {made.decision_id} of {made.decided_at[:10]} is missing.",
    )


def test_as_known_on_a_past_day_nothing_later_is_a_reason(
    filled: Store, tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    then = replace(TOTALS, as_known_on=date(2012, 2, 1))
    file = kept(filled, tmp_path, then, TOTALS)
    add(filled, tmp_path, rows[:-5] + [{**row, "civilians_killed_best": 3} for row in rows[-5:]],
        known_at=date(2012, 3, 1))  # fmt: skip
    filled.decide("duplicates", [("log", "T1")], why="one event")
    said = differences(file, filled)
    assert len(said) == 2 and all(line.startswith("Exhibit 2: ") for line in said)
    assert "5 records (5 changed), +5 killed" in said[0]
    add(filled, tmp_path, rows[:7], known_at=date(2012, 1, 20))  # found later, but known on that day
    changed = [{**row, "civilians_killed_best": 1} for row in rows[:7]]
    late = add(filled, tmp_path, [*changed, rows[8]], known_at=date(2012, 1, 25))
    assert any(late.load_id in line and line.startswith("Exhibits 1 and 2: ") and "-7 killed" in line
               for line in differences(file, filled))  # fmt: skip


def test_published_totals_that_came_since_are_named(filled: Store, tmp_path: Path) -> None:
    file = kept(filled, tmp_path)
    table = tmp_path / "own.csv"
    table.write_text("tally,start,end,measure,value,publication\nOwn,2009-01-01,2009-12-31,killed,77,Annual\n")
    result, _ = filled.add_totals(tallies.read_tallies(table))
    assert not differences(file, filled), "they are no part of this exhibit"
    values = json.loads(file.read_text())
    values["exhibits"][0]["result"] = "another"
    file.write_text(json.dumps(values))
    assert differences(file, filled) == (f"Exhibit 1: A file of tallies came since: {result.totals_id}.",)


def test_a_home_that_lacks_everything_says_what_is_missing(filled: Store, tmp_path: Path) -> None:
    file = kept(filled, tmp_path)
    load_id = filled.loads()["load_id"].iloc[0]
    said = verify.verify(file, tmp_path).differences
    assert any(f"The load {load_id} of log, known from 2012-01-05, is missing." in line for line in said)


def test_caveats_are_part_of_what_is_compared(ready: dict[str, Prepared]) -> None:
    exhibit = ready["totals"].exhibit
    before = manifest.result_hash(exhibit)
    assert manifest.result_hash(replace(exhibit, title="Our own")) == before
    assert manifest.result_hash(replace(exhibit, caveats=exhibit.caveats[:-1])) != before


# ---- what is opened ------------------------------------------------------------------------------------------------


def test_a_deck_carries_its_whole_manifest_and_is_verified(filled: Store, tmp_path: Path) -> None:
    one = prepare(build(TOTALS, filled), filled, title='A <title> & "quotes"')
    deck = tmp_path / "deck.pptx"
    deck.write_bytes(slides.deck([one], title="Week 31"))
    assert verify.verify(deck, filled.home).same
    filled.decide("duplicates", [("log", "T1")], why="one event", who="A. Reader")
    (said,) = differences(deck, filled)
    assert "by A. Reader: set apart as likely duplicates, 1 record" in said
    workbook = tmp_path / "book.zip"
    workbook.write_bytes(data.files(one, ["xlsx"])[0][1])
    with pytest.raises(ExportError, match="no manifest"):
        verify.verify(workbook, filled.home)


def test_a_manifest_opens_no_folder_of_this_machine(filled: Store, tmp_path: Path) -> None:
    file = kept(filled, tmp_path)
    file.write_text(file.read_text().replace('"theatre": "afghanistan"', '"theatre": "../../afghanistan"'))
    assert differences(file, filled) == ("Exhibit 1: The theatre '../../afghanistan' is no name of one.",)


def test_a_home_that_is_not_there_is_said_and_not_made(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="There is no folder"):
        verify.verify(kept(filled, tmp_path), tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_bundle_with_a_damaged_member_is_said(filled: Store, tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    file.write_bytes(bundle.bundle([prepare(build(TOTALS, filled), filled)]))
    with zipfile.ZipFile(file) as archive:
        at = archive.getinfo("report.html").header_offset + 60
    content = bytearray(file.read_bytes())
    content[at : at + 40] = bytes(40)
    file.write_bytes(content)
    with pytest.raises(ExportError, match="cannot be read"):
        verify.verify(file, filled.home)


@pytest.mark.parametrize("name", ["recipe", "loads", "decisions", "disclosure", "theatre", "versions", "beside"])
@pytest.mark.parametrize("value", [None, 5, "x", [1], {"a": 1}, [{}]])
def test_whatever_an_entry_holds_is_a_sentence(name: str, value: object, filled: Store, tmp_path: Path) -> None:
    file = kept(filled, tmp_path)
    values = json.loads(file.read_text())
    values["exhibits"][0] |= {name: value, "result": "another"}
    file.write_text(json.dumps(values))
    said = differences(file, filled)
    assert said and all(line.startswith("Exhibit 1: ") for line in said)


# ---- real data -----------------------------------------------------------------------------------------------------


def test_real_data_the_same_then_revised_then_decided_then_erased(
    reference_data: Path, tmp_path: Path, home: Path
) -> None:
    """Three planted changes in UCDP's Syria file: two more killed in one record, one set apart, one erased."""
    store = Store(home, "oir")
    released = next((reference_data / "ucdp").glob("*syria*.csv.gz"))
    source = store.add(read(released), known_at=date(2024, 1, 1)).source
    marking.set_marking(store, marking.PUBLIC, who="A. Reader")
    asked = Filters(source=source, measure="killed")
    briefing = Briefing("Week 31").add(Recipe("oir", "totals", filters=asked))
    briefing = briefing.add(Recipe("oir", "incident_map", filters=asked)).add(
        Recipe("oir", "national_trend", filters=asked)
    )
    file = tmp_path / "bundle.zip"
    file.write_bytes(making.made(making.prepared(briefing, lambda _: store), "zip"))
    found = verify.verify(file, home)
    assert found.same and found.exhibits == 3 and found.files > 20, found.differences

    table = pd.read_csv(released, dtype=str, keep_default_na=False)
    civilians = pd.to_numeric(table["deaths_civilians"])
    one = civilians[civilians >= 10].index[0]
    for column, more in (("deaths_civilians", 2), ("best", 2), ("high", 2)):
        table.loc[one, column] = str(int(table.loc[one, column]) + more)
    table.to_csv(tmp_path / "revised.csv", index=False)
    load = store.add(read(tmp_path / "revised.csv"), known_at=date(2024, 6, 1))
    (said,) = differences(file, store)
    assert said.startswith("Exhibits 1, 2 and 3: Data revised: ") and load.load_id in said
    assert said.endswith("1 record (1 changed), +2 killed.")

    apart = str(table.loc[civilians[civilians >= 10].index[1], "id"])
    store.decide("duplicates", [(source, apart)], why="one event", who="A. Reader")
    _, decided = differences(file, store)
    assert "by A. Reader: set apart as likely duplicates, 1 record." in decided
    erased = str(table.loc[civilians[civilians >= 10].index[2], "id"])
    assert len(store.redact({"source": source, "source_id": erased}, why="asked for").records) == 2
    said = differences(file, store)
    assert sum("Redacted: 1 record of the load" in line for line in said) == 1, "the revised load came since"
