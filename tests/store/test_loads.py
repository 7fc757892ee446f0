from __future__ import annotations

import itertools
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civmap import schema
from civmap.errors import StoreError
from civmap.filters import Filters
from civmap.readers import Provenance, ReadResult, read
from civmap.store import Store, tables
from civmap.theatre import Theatre

ROOT = Path(__file__).resolve().parents[2]
JANUARY, JUNE = date(2020, 1, 1), date(2020, 6, 1)


@pytest.fixture(scope="module")
def plain(oir: Theatre) -> Theatre:
    """Return a theatre that shows nothing before a load."""
    return replace(oir, demonstration=None)


def result(
    killed: dict[str, int], *, source: str = "own", points: bool = True, name: str | None = None, **columns: Any
) -> ReadResult:
    """Make what a reader returns: one incident in Raqqa for each id, with so many killed."""
    length = len(killed)
    values = {
        "source": [source] * length, "source_id": list(killed), "source_row": range(1, length + 1),
        "event_date": pd.to_datetime(["2016-01-01"] * length),
        "event_date_end": pd.to_datetime(["2016-01-01"] * length),
        "admin1_as_reported": ["SY-RA"] * length, "civilians_killed_best": list(killed.values()),
        "civilians_killed_min": list(killed.values()), "civilians_killed_max": list(killed.values()),
        "caveats": [[]] * length,
        **{column: [word] * length for column, word in {
            "date_precision": "day", "location_precision": "exact" if points else "province", "attribution": "single",
            "cause": "aerial", "grade": "corroborated", "assessment": "none",
        }.items()},
        **columns,
    }  # fmt: skip
    geometry = gpd.points_from_xy([39.01] * length, [35.95] * length) if points else [None] * length
    sha256 = name or f"{source}{sorted(killed.items())}{points}"
    provenance = Provenance("own.csv", sha256, 1, "utf-8", "civmap", source, length, datetime.now(UTC))
    return ReadResult(schema.incident_frame(values, geometry, length=length), schema.empty_rejected(), provenance)


def killed(store: Store, day: date | None = None) -> dict[str, int]:
    frame = store.incidents(as_known_on=day)
    assert frame["source_id"].is_unique
    return dict(zip(frame["source_id"], frame["civilians_killed_best"].astype(int), strict=True))


# ---- what a load is -------------------------------------------------------------------------------------------------


def test_home_is_for_its_owner_alone(tmp_path: Path, plain: Theatre) -> None:
    Store(tmp_path / "home", plain)
    for folder in (tmp_path / "home", tmp_path / "home" / "oir", tmp_path / "home" / "oir" / "loads"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_empty_store_answers_with_all_columns(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    full = Store(tmp_path / "full", plain)
    full.add(result({"a": 1}))
    assert len(store.incidents()) == len(store.loads()) == len(store.rejected()) == 0
    assert list(store.incidents()) == list(full.incidents())
    assert list(store.loads()) == list(full.loads())


def test_incidents_come_back_as_they_were_read(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    given_ = result({"a": 1, "b": 2}, reported_via=[["media", "community"], None])
    store.add(given_)
    found = store.incidents()
    filled = ["load_id", "admin1", "placed_by", "cell", "parties"]
    columns = [name for name in schema.COLUMN if name not in filled]
    pd.testing.assert_frame_equal(
        pd.DataFrame(found[columns]), pd.DataFrame(given_.records[columns]), check_dtype=False
    )
    assert found.geometry.geom_equals(given_.records.geometry).all()
    assert found.crs == schema.CRS
    counted = list(schema.COUNT_COLUMNS)
    pd.testing.assert_series_equal(found[counted].dtypes, given_.records[counted].dtypes)


def test_load_counts_add_up(tmp_path: Path, plain: Theatre) -> None:
    (tmp_path / "log.csv").write_text(
        "source_id,event_date,latitude,longitude,location_precision\n"
        "1,2016-01-01,35.95,39.01,exact\n2,2016-01-01,48.86,2.35,exact\n3,never,35.95,39.01,exact\n"
        "4,2016-01-01,35.95,39.01,country\n"
    )
    store = Store(tmp_path / "home", plain)
    load = store.add(read(tmp_path / "log.csv"))
    assert (load.read, load.accepted, load.rejected) == (4, 3, 1)
    assert (load.placed, load.without_province, load.outside) == (2, 1, 1)
    assert store.rejected()[["source_row", "rule", "load_id"]].to_numpy().tolist() == [
        [3, "date_unreadable", load.load_id]
    ]
    listed = store.loads().iloc[0]
    assert (listed["read"], listed["accepted"], listed["rejected"]) == (4, 3, 1)


def test_outside_records_are_kept_but_never_pass_filters(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    away = result({"a": 1}, admin1_as_reported=[None])
    away.records.geometry = gpd.points_from_xy([2.35], [48.86], crs=schema.CRS)
    store.add(away)
    assert len(store.incidents()) == 1
    assert len(store.incidents(Filters(harm_only=False))) == 0


def test_loads_with_and_without_points_live_together(tmp_path: Path, plain: Theatre) -> None:
    for order in itertools.permutations([result({"a": 1}), result({"b": 2}, points=False), result({})]):
        store = Store(tmp_path / "-".join(str(len(one.records)) + str(id(one)) for one in order), plain)
        for one in order:
            store.add(one, known_at=JANUARY)
        found = store.incidents().set_index("source_id")
        assert found.geometry.isna().to_dict() == {"a": False, "b": True}
        assert killed(store) == {"a": 1, "b": 2}


def test_same_file_twice_changes_nothing_and_says_so(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    first = store.add(result({"a": 1, "b": 2}), known_at=JANUARY)
    fingerprint, before = store.fingerprint, store.incidents()
    again = store.add(result({"a": 1, "b": 2}), known_at=JANUARY)
    without_date = store.add(result({"a": 1, "b": 2}))
    assert (first.already_loaded, again.already_loaded, without_date.already_loaded) == (False, True, True)
    assert first.load_id == again.load_id == without_date.load_id
    assert store.fingerprint == fingerprint
    pd.testing.assert_frame_equal(store.incidents(), before)


def test_same_file_with_another_release_date_is_another_load(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    store.add(result({"a": 1}), known_at=JANUARY)
    store.add(result({"a": 1}), known_at=JUNE)
    assert len(store.loads()) == 2
    assert killed(store) == {"a": 1}


def test_order_of_loads_is_irrelevant(tmp_path: Path, plain: Theatre) -> None:
    loads = [
        (result({"a": 1, "b": 2}), JANUARY), (result({"b": 3, "c": 4}), JUNE), (result({"a": 9}, source="other"), JUNE),
        (result({"c": 5}), JUNE),
    ]  # fmt: skip
    seen = []
    for number, order in enumerate(itertools.islice(itertools.permutations(loads), 0, None, 5)):
        store = Store(tmp_path / str(number), plain)
        for one, known_at in order:
            store.add(one, known_at=known_at)
        seen.append((store.fingerprint, store.incidents(), store.incidents(as_known_on=JANUARY)))
    for fingerprint, now, then in seen[1:]:
        assert fingerprint == seen[0][0]
        pd.testing.assert_frame_equal(now, seen[0][1])
        pd.testing.assert_frame_equal(then, seen[0][2])


# ---- what was known when --------------------------------------------------------------------------------------------


def test_later_release_replaces_from_its_day_on(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    store.add(result({"a": 1, "b": 2}), known_at=JANUARY)
    store.add(result({"a": 5}), known_at=JUNE)
    assert killed(store) == {"a": 5, "b": 2}
    assert killed(store, JUNE) == {"a": 5, "b": 2}
    assert killed(store, JUNE - timedelta(days=1)) == {"a": 1, "b": 2}
    assert killed(store, JANUARY - timedelta(days=1)) == {}


def test_known_from_and_known_to_join_without_gap(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    for day, number in ((JANUARY, 1), (JUNE, 2), (date(2021, 1, 1), 3)):
        store.add(result({"a": number}), known_at=day)
    frame = store.query("SELECT known_from, known_to FROM incidents ORDER BY known_from")
    assert frame["known_from"].dt.date.tolist() == [JANUARY, JUNE, date(2021, 1, 1)]
    assert frame["known_to"].iloc[:2].tolist() == frame["known_from"].iloc[1:].tolist()
    assert pd.isna(frame["known_to"].iloc[2])


def test_same_id_of_two_sources_are_two_records(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    store.add(result({"a": 1}, source="one"), known_at=JANUARY)
    store.add(result({"a": 2}, source="two"), known_at=JUNE)
    assert sorted(store.incidents()["civilians_killed_best"]) == [1, 2]


REVISIONS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcde"), st.integers(0, 9), min_size=1, max_size=4), st.integers(0, 40)
    ),
    min_size=1, max_size=5, unique_by=lambda revision: revision[1],
)  # fmt: skip


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(revisions=REVISIONS, asked=st.integers(-1, 41))
def test_as_known_on_equals_a_store_that_never_saw_later_loads(
    tmp_path_factory: pytest.TempPathFactory, plain: Theatre, revisions: list[tuple[dict[str, int], int]], asked: int
) -> None:
    folder = tmp_path_factory.mktemp("homes")
    whole, early = Store(folder / "whole", plain), Store(folder / "early", plain)
    expected: dict[str, int] = {}
    for values, offset in sorted(revisions, key=lambda revision: revision[1]):
        if offset <= asked:
            early.add(result(values), known_at=JANUARY + timedelta(days=offset))
            expected |= values
    for values, offset in revisions:
        whole.add(result(values), known_at=JANUARY + timedelta(days=offset))
    day = JANUARY + timedelta(days=asked)
    assert killed(whole, day) == killed(early) == expected
    shutil.rmtree(folder)


# ---- kills, damage, full disks --------------------------------------------------------------------------------------

INGEST = """
import sys
from civmap.readers import read
from civmap.store import Store
store = Store(sys.argv[1], "oir")
print("ready", flush=True)
store.add(read(sys.argv[2]))
"""


def write_log(file: Path, rows: int) -> None:
    lines = (f"{n},2016-01-{n % 28 + 1:02d},35.95,39.{n % 99:02d},{n % 7}" for n in range(rows))
    header = "source_id,event_date,latitude,longitude,civilians_killed_best\n"
    file.write_text(header + "\n".join(lines) + "\n")


def test_kill_during_ingest_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    write_log(tmp_path / "old.csv", 10)
    write_log(tmp_path / "new.csv", 30_000)
    seen = set()
    generator = random.Random(7)
    began = time.perf_counter()
    whole = Store(tmp_path / "whole", "oir")
    whole.add(read(tmp_path / "new.csv", source="new"))
    usual = time.perf_counter() - began
    for attempt in range(5):
        home = tmp_path / f"home{attempt}"
        Store(home, "oir").add(read(tmp_path / "old.csv", source="old"))
        process = subprocess.Popen(
            [sys.executable, "-c", INGEST, str(home), str(tmp_path / "new.csv")], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        if attempt < 2:
            time.sleep(generator.uniform(0, usual))
        else:  # in the midst of writing: as soon as a draft is there
            deadline = time.perf_counter() + 60
            while not list((home / "oir" / "loads").glob(".draft-*")) and time.perf_counter() < deadline:
                if process.poll() is not None:
                    break
                time.sleep(0.001)
            time.sleep(generator.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        store = Store(home, "oir")
        found = store.query("SELECT source, count(*) AS n FROM incidents GROUP BY source").set_index("source")["n"]
        assert found.to_dict() in ({"old": 10}, {"old": 10, "new": 30_000})
        assert len(store.loads()) == len(found)
        seen.add(len(found))
        store.add(read(tmp_path / "new.csv", source="new"))  # and it can go on from there
        assert store.query("SELECT count(*) AS n FROM incidents")["n"].item() == 30_010
    assert 1 in seen


def test_draft_left_behind_is_ignored(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    load = store.add(result({"a": 1}), known_at=JANUARY)
    before = store.fingerprint
    shutil.copytree(store.folder / "loads" / load.load_id, store.folder / "loads" / ".draft-x")
    (store.folder / "cache" / ".x.parquet-1-1.tmp").write_bytes(b"half")
    again = Store(tmp_path, plain)
    assert again.fingerprint == before
    assert killed(again) == {"a": 1}


def test_what_killed_processes_left_a_day_ago_is_swept(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    drafts = ("loads/.draft-{}", "cache/.{}.parquet-1-1.tmp", "cache/tmp_.{}.parquet-1-1.tmp", "decisions/.{}.json.tmp")
    for name, age in (("fresh", 0), ("old", 25 * 3600)):
        for draft in drafts:
            path = store.folder / draft.format(name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"half")
            os.utime(path, (time.time() - age, time.time() - age))
    Store(tmp_path, plain)
    left = {str(path.relative_to(store.folder)) for path in store.folder.rglob("*") if path.is_file()}
    assert left == {draft.format("fresh") for draft in drafts}


@pytest.mark.parametrize("step", ["to_parquet", "rename", "write_text"])
def test_full_disk_leaves_the_store_as_it_was(
    tmp_path: Path, plain: Theatre, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store = Store(tmp_path, plain)
    store.add(result({"a": 1}), known_at=JANUARY)
    before = sorted(path.name for path in (store.folder / "loads").iterdir())

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(gpd.GeoDataFrame if step == "to_parquet" else Path, step, fail)
        with pytest.raises(StoreError, match=r"own\.csv could not be kept; the store is as it was"):
            store.add(result({"a": 2}), known_at=JUNE)
    assert sorted(path.name for path in (store.folder / "loads").iterdir()) == before
    assert killed(store) == {"a": 1}


def test_full_disk_while_deriving_is_a_store_error(
    tmp_path: Path, plain: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path, plain)
    store.add(result({"a": 1}))

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(StoreError, match="free space"):
            store.incidents()
    assert killed(store) == {"a": 1}


def test_interrupt_while_writing_leaves_no_draft(
    tmp_path: Path, plain: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path, plain)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gpd.GeoDataFrame, "to_parquet", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.add(result({"a": 1}))
    assert list((store.folder / "loads").iterdir()) == []


def test_home_that_cannot_be_made_is_a_store_error(tmp_path: Path, plain: Theatre) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Store(tmp_path / "file" / "home", plain)


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "gone"])
@pytest.mark.parametrize("opened", [True, False])
def test_damaged_cache_is_made_anew(tmp_path: Path, plain: Theatre, damage: str, opened: bool) -> None:
    store = Store(tmp_path, plain)
    store.add(result({str(number): number % 9 for number in range(500)}))
    expected = store.incidents()
    (cache,) = (store.folder / "cache").glob("*.parquet")
    whole = cache.read_bytes()
    cache.unlink()
    if damage != "gone":
        middle = bytes(random.Random(0).randrange(256) for _ in range(len(whole) // 2))
        cache.write_bytes(
            {"empty": b"", "cut": whole[:-50], "noise": whole[:8] + middle + whole[8 + len(middle) :]}[damage]
        )
    asked = store if opened else Store(tmp_path, plain)
    pd.testing.assert_frame_equal(asked.incidents(), expected)


@pytest.mark.parametrize("file", ["records.parquet", "load.json"])
def test_damaged_load_is_named(tmp_path: Path, plain: Theatre, file: str) -> None:
    store = Store(tmp_path, plain)
    store.add(result({"a": 1}), known_at=JANUARY)
    load = store.add(result({"b": 1}), known_at=JUNE)
    damaged = store.folder / "loads" / load.load_id / file
    damaged.write_bytes(damaged.read_bytes()[:-30])
    with pytest.raises(StoreError, match=f"The load {load.load_id} is damaged") as caught:
        Store(tmp_path, plain).incidents()
    assert str(damaged.parent) in str(caught.value)


def test_description_that_lacks_something_is_named(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    load = store.add(result({"a": 1}))
    (store.folder / "loads" / load.load_id / "load.json").write_text('{"load_id": "a", "source": "own"}')
    with pytest.raises(StoreError, match=rf"load {load.load_id} is damaged.*says nothing of accepted, .*sha256"):
        store.add(result({"b": 1}))


def test_damaged_set_aside_rows_are_named(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    load = store.add(result({"a": 1}))
    (store.folder / "loads" / load.load_id / "rejected.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match=f"The load {load.load_id} is damaged"):
        store.rejected()


def test_load_taken_away_is_forgotten(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    store.add(result({"a": 1}), known_at=JANUARY)
    later = store.add(result({"a": 2}), known_at=JUNE)
    assert killed(store) == {"a": 2}
    shutil.rmtree(store.folder / "loads" / later.load_id)
    assert killed(store) == {"a": 1}


def test_a_theatre_with_other_cells_draws_the_same_loads_in_them(tmp_path: Path, plain: Theatre) -> None:
    sizes = "SELECT (map_cell >> 52 & 15)::INTEGER AS size FROM incidents"
    store = Store(tmp_path, plain)
    store.add(result({"a": 1}))
    assert store.query(sizes)["size"].tolist() == [plain.map_cell_resolution]
    other = Store(tmp_path, replace(plain, map_cell_resolution=7))
    assert other.query(sizes)["size"].tolist() == [7] and other.fingerprint == store.fingerprint
    assert store.query(sizes)["size"].tolist() == [plain.map_cell_resolution]


def test_a_release_without_a_day_counts_from_now(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    before = datetime.now(UTC)
    load = store.add(result({"a": 1}), known_at=pd.NaT)
    assert before <= datetime.fromisoformat(load.known_at) <= datetime.now(UTC) and killed(store) == {"a": 1}


def test_cache_is_made_of_the_loads_that_its_name_stands_for(
    tmp_path: Path, plain: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load that arrives between the fingerprint and the derivation belongs to the next fingerprint."""
    store, other = Store(tmp_path, plain), Store(tmp_path, plain)
    store.add(result({"a": 1}), known_at=JANUARY)
    first = store.fingerprint
    derive = tables.derive

    def late(*arguments: Any, **options: Any) -> None:
        monkeypatch.setattr(tables, "derive", derive)
        other.add(result({"b": 2}), known_at=JUNE)
        derive(*arguments, **options)

    monkeypatch.setattr(tables, "derive", late)
    store.incidents()
    cached = pd.read_parquet(
        store.folder / "cache" / f"{first}-{plain.map_cell_resolution}.parquet", columns=["source_id"]
    )
    assert list(cached["source_id"]) == ["a"]
    assert killed(store) == {"a": 1, "b": 2}


# ---- many at once ---------------------------------------------------------------------------------------------------


def test_six_threads_get_the_same_totals_as_one(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    many = {str(number): number % 7 for number in range(20_000)}
    store.add(result(many, event_date=pd.Timestamp("2016-01-01") + pd.to_timedelta(pd.Series(range(20_000)) % 900, "D"),
                     event_date_end=pd.Timestamp("2019-01-01")))  # fmt: skip
    store.add(result({str(number): 1 for number in range(0, 20_000, 3)}), known_at=date(2020, 1, 1))

    def total(day: int) -> tuple[int, int]:
        since = pd.Timestamp("2016-01-01") + pd.Timedelta(days=7 * day)
        sql = "SELECT count(*) AS n, sum(civilians_killed_best) AS killed FROM incidents WHERE event_date >= ?"
        found = store.query(sql, [since.to_pydatetime()]).iloc[0]
        return int(found["n"]), int(found["killed"])

    alone = [total(day) for day in range(60)]
    barrier = threading.Barrier(6)

    def session(seed: int) -> bool:
        days = list(range(60))
        random.Random(seed).shuffle(days)
        barrier.wait()
        return all(total(day) == alone[day] for day in days)

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(session, range(6)))


def test_threads_that_ask_while_another_loads_see_whole_states(tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    store.add(result({str(number): 1 for number in range(100)}), known_at=JANUARY)
    stop = threading.Event()
    seen: set[int] = set()

    def ask() -> None:
        while not stop.is_set():
            seen.add(int(store.query("SELECT count(*) AS n FROM incidents WHERE known_to IS NULL")["n"].item()))

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        for load in range(1, 6):
            more = result({f"{load}-{number}": 1 for number in range(100)})
            Store(tmp_path, plain).add(more, known_at=JANUARY)
        stop.set()
        for one in asking:
            one.result()
    assert seen <= {100, 200, 300, 400, 500, 600}
    assert len(killed(store)) == 600


def test_two_processes_add_different_files_at_the_same_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_log(tmp_path / f"{name}.csv", 3_000)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", INGEST, str(tmp_path / "home"), str(tmp_path / f"{name}.csv")],
            cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ},
        )
        for name in ("one", "two", "one")
    ]  # fmt: skip
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]
    store = Store(tmp_path / "home", "oir")
    found = store.query(
        "SELECT source, count(*) AS n FROM incidents WHERE known_to IS NULL GROUP BY source ORDER BY source"
    )
    assert found.to_numpy().tolist() == [["one", 3000], ["two", 3000]]


@pytest.mark.reference
def test_real_files_keep_their_totals_in_the_store(reference_data: Path, tmp_path: Path, plain: Theatre) -> None:
    store = Store(tmp_path, plain)
    results = [
        read(next(reference_data.glob(file)))
        for file in ("ucdp/ucdp_ged_syria*.csv.gz", "airwars/*.csv.gz")
    ]  # fmt: skip
    loads = [store.add(one) for one in results]
    for one, load in zip(results, loads, strict=True):
        assert load.placed + load.outside == load.accepted == len(one.records)
        kept = store.query(
            "SELECT count(*) AS n, sum(civilians_killed_max) AS killed FROM incidents WHERE source = ?", [load.source]
        )
        assert kept["n"].item() == len(one.records)
        assert int(kept["killed"].item()) == one.records["civilians_killed_max"].sum()
