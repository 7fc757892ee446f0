"""A home that may only be read is asked as any other, and refuses with a clear sentence what would write to it."""

from __future__ import annotations

import gc
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from civmap import queries
from civmap.errors import StoreError
from civmap.filters import Filters
from civmap.readers import read
from civmap.store import Store
from tests.stores import add, incident

NOBODY = 65534
LOG = Filters(source="log")


@contextmanager
def somebody_else() -> Iterator[None]:
    """Act as a user to whom permissions apply: root may write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def may_be_read(folder: Path, *, written: bool) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod((0o755 if path.is_dir() else 0o644) if written else (0o555 if path.is_dir() else 0o444))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Return a home with one load and one set-aside row, in which nobody may write; the table is not derived yet."""
    with tempfile.TemporaryDirectory(prefix="civmap-test-") as folder:
        home = Path(folder) / "home"
        store = Store(home, "afghanistan")
        add(store, tmp_path, [incident(1, "2009-01-05"), incident(2, "2009-01-20"), incident(3, "no day")])
        store.decide("duplicates", [("log", "T2")], why="twice")
        may_be_read(home, written=False)
        Path(folder).chmod(0o777)
        yield home
        may_be_read(home, written=True)


def test_a_home_that_may_only_be_read_is_asked_as_any_other(home: Path) -> None:
    before = sorted(home.rglob("*"))
    with somebody_else():
        store = Store(home, "afghanistan")
        assert store.incidents(LOG)["source_id"].tolist() == ["T1"]
        assert queries.totals(store, LOG)["incidents"] == 1 and len(store.rejected()) == 1
        assert len(store.loads()) == len(store.decisions()) == 1 and not store.is_demonstration
    assert sorted(home.rglob("*")) == before


def test_its_table_lies_in_a_folder_for_its_reader_alone_that_goes_with_the_store(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(home.parent))
    with somebody_else():
        store = Store(home, "afghanistan")
        store.incidents()
        (folder,) = home.parent.glob("civmap-*")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and len(list(folder.glob("*.parquet"))) == 1
        del store
        gc.collect()
        assert not folder.exists()


def test_what_would_write_to_it_says_that_it_may_not(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "more.csv"
    pd.DataFrame([incident(9, "2010-01-05")]).to_csv(file, index=False)
    more = read(file, source="log")
    with somebody_else():
        store = Store(home, "afghanistan")
        before = store.fingerprint
        row = store.rejected()[["load_id", "source_row"]].assign(event_date="2009-01-07")
        for write in (
            lambda: store.add(more),
            lambda: store.decide("restored", [("log", "T2")], why="x"),
            lambda: store.mend(row, why="x"),
            lambda: store.redact({"source_id": "T1"}, why="x"),
        ):
            with pytest.raises(StoreError, match=r"you may not write there.*CIVMAP_HOME"):
                write()
        assert store.redact({"source_id": "T9"}, why="x").records == ()
        assert store.fingerprint == before and len(store.incidents(LOG)) == 1


def test_a_theatre_that_such_a_home_does_not_hold_shows_its_demonstration(home: Path) -> None:
    shutil.copytree(home, home.parent / "bare")
    bare = home.parent / "bare"
    may_be_read(bare, written=True)
    shutil.rmtree(bare / "afghanistan")
    may_be_read(bare, written=False)
    with somebody_else():
        store = Store(bare, "afghanistan")
        assert store.is_demonstration and len(store.incidents()) > 0


@pytest.mark.parametrize("hidden", ["", "afghanistan", "afghanistan/loads"])
def test_a_home_that_may_not_be_read_is_never_taken_for_an_empty_one(home: Path, hidden: str) -> None:
    (home / hidden).chmod(0o300)
    with somebody_else(), pytest.raises(StoreError, match="cannot be used"):
        Store(home, "afghanistan")
