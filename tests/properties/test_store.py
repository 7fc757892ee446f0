"""What holds of the store, whatever was loaded: nothing is lost, nothing counts twice, and the past stays as it was."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.worlds import START, World, a_few, formats, published, stored, telling_days, worlds, written

seeds = st.integers(0, 2**32 - 1)
days = st.integers(-40, 260).map(lambda n: START + timedelta(days=n))


def same(one: pd.DataFrame, other: pd.DataFrame, *, but: tuple[str, ...] = ()) -> None:
    """Both frames hold the same rows, in whatever order, without some columns."""
    frames = [pd.DataFrame(frame).drop(columns=[*but]) for frame in (one, other)]
    by = [name for name in ("source", "source_id", "load_id", "source_row") if name in frames[0]]
    one, other = (frame.sort_values(by, ignore_index=True) for frame in frames)
    pd.testing.assert_frame_equal(one, other, check_dtype=len(one) > 0)


@a_few
@given(world=worlds, form=formats)
def test_every_row_read_is_kept_or_set_aside(world: World, form: str) -> None:
    """Of every load the store holds all rows, as a record in the theatre or outside it, or with the rule it broke."""
    with tempfile.TemporaryDirectory() as folder:
        files = written(world, Path(folder), form)
        in_files = sum(len(file.read_text(encoding="utf-8").splitlines()) - 1 for file in files)
        loads = published(world, folder, form)
        store = stored(world, folder, loads)
        told, kept = store.loads(), store.query("SELECT load_id, source, source_id, in_theatre FROM incidents")
        assert told["read"].sum() == in_files == len(kept) + len(store.rejected())
        assert (told["read"] == told["accepted"] + told["rejected"]).all()
        assert (told["accepted"] == told["placed"] + told["outside"]).all()
        of_load = kept.groupby("load_id")["in_theatre"].agg(["size", "sum"]).reindex(told["load_id"], fill_value=0)
        assert (of_load.to_numpy() == told[["accepted", "placed"]].to_numpy()).all()
        assert set(zip(kept["source"], kept["source_id"], strict=True)) == {
            key
            for result, _ in loads
            for key in zip(result.records["source"], result.records["source_id"], strict=True)
        }


@a_few
@given(world=worlds, form=formats, seed=seeds, day=days)
def test_the_order_of_loads_does_not_matter(world: World, form: str, seed: int, day: date) -> None:
    """Loads in any order, some with one date, give the same store: the same now, and on any earlier day."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        loads = published(world, folder, form)
        released = [START + timedelta(days=int(n)) for n in rng.integers(0, 2, len(loads)) * 90]
        loads = [(result, known_at) for (result, _), known_at in zip(loads, released, strict=True)]
        one = stored(world, Path(folder) / "one", loads)
        other = stored(world, Path(folder) / "other", [loads[n] for n in rng.permutation(len(loads))])
        assert one.fingerprint == other.fingerprint
        for known in (None, day):
            same(one.incidents(as_known_on=known), other.incidents(as_known_on=known))
            same(one.rejected(known), other.rejected(known))
            same(one.loads(known), other.loads(known), but=("loaded_at",))


@a_few
@given(world=worlds, form=formats, seed=seeds)
def test_the_order_of_rows_does_not_matter(world: World, form: str, seed: int) -> None:
    """Rows of a file in any order give the same records in the same places; of two with one id the first is kept."""
    with tempfile.TemporaryDirectory() as folder:
        before = stored(world, Path(folder) / "before", published(world, folder, form))
        after = stored(world, Path(folder) / "after", published(world, folder, form, mixed=seed))
        same(before.incidents(), after.incidents(), but=("load_id", "source_row"))
        assert len(before.rejected()) == len(after.rejected())


@a_few
@given(world=worlds, form=formats, again=st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_loading_twice_is_loading_once(world: World, form: str, again: list[int]) -> None:
    """A file that is loaded again, read anew and with its date or none, changes nothing and says so."""
    with tempfile.TemporaryDirectory() as folder:
        loads = published(world, folder, form)
        store = stored(world, folder, loads)
        before = store.fingerprint, store.incidents(), store.rejected(), store.loads()
        second = published(world, folder, form)
        for n in again if loads else ():
            result, known_at = second[n % len(second)]
            load = store.add(result, known_at=known_at if n % 2 else None)
            assert load.already_loaded and load.accepted == len(result.records)
        assert store.fingerprint == before[0]
        for one, other in zip(before[1:], (store.incidents(), store.rejected(), store.loads()), strict=True):
            pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other))


@a_few
@given(world=worlds, form=formats, seed=seeds, day=days)
def test_as_known_on_a_day_is_a_store_that_never_saw_later_loads(world: World, form: str, seed: int, day: date) -> None:
    """On any day, that of a release too, the store shows what one shows that has only the loads until then."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        loads = published(world, folder, form)
        whole = stored(world, Path(folder) / "whole", [loads[n] for n in rng.permutation(len(loads))])
        for known in telling_days(loads, day, seed):
            early = stored(world, Path(folder) / f"{known}", [load for load in loads if load[1] <= known])
            same(whole.incidents(as_known_on=known), early.incidents(), but=("known_to",))
            same(whole.rejected(known), early.rejected())
            same(whole.loads(known), early.loads(), but=("loaded_at",))


@a_few
@given(world=worlds, form=formats, day=days, which=st.integers(0, 9))
def test_a_record_is_as_its_last_release_until_that_day_says(world: World, form: str, day: date, which: int) -> None:
    """On any day each record is that of the latest file until then which holds it, found here by sorting the files."""
    with tempfile.TemporaryDirectory() as folder:
        loads = published(world, folder, form)
        store = stored(world, folder, loads)
        for known in telling_days(loads, day, which):
            frames = [result.records.assign(known_at=known_at) for result, known_at in loads if known_at <= known]
            shown = store.incidents(as_known_on=known)
            if not frames:
                assert shown.empty
                continue
            said = pd.concat([pd.DataFrame(frame) for frame in frames]).sort_values("known_at", kind="stable")
            said = said.drop_duplicates(["source", "source_id"], keep="last")
            told = ["source", "source_id", "source_row", "event_date", "civilians_killed_min", "civilians_killed_max"]
            same(said[told], shown[told])
