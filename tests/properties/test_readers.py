"""What holds of every reader, whatever is in the file: nothing is lost, and only what a file says counts."""

from __future__ import annotations

import gzip
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civmap.readers import ReadResult, read
from tests.properties.formats import FORMATS
from tests.properties.worlds import World, a_few_of_each, worlds_of_one_release, written

every_format = pytest.mark.parametrize("form", sorted(FORMATS))
seeds = st.integers(0, 2**32 - 1)


def in_any_order(result: ReadResult) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give records and set-aside rows without their numbers in the file, sorted."""
    records = pd.DataFrame(result.records.drop(columns="source_row")).sort_values("source_id", ignore_index=True)
    aside = result.rejected.drop(columns=["source_row", "row"])
    return records, aside.sort_values(["source_id", "rule", "value"], ignore_index=True)


def read_text(file: Path) -> pd.DataFrame:
    """Give a file as text, the absent as empty text."""
    return pd.read_csv(file, dtype="str", keep_default_na=False)


def damage(line: str, how: int) -> str:
    """Spoil a line of a file as a bad export does: cut, too long, a quotation mark never closed, no text at all."""
    opened = '"' + line if not line.startswith('"') else line[: line.rindex('"')] + line[line.rindex('"') + 1 :]
    return (line, line.rpartition(",")[0], line + ",,x", opened, "\ufffd\x01 ~")[how]


@every_format
@a_few_of_each
@given(world=worlds_of_one_release, seed=seeds)
def test_every_row_is_accepted_or_set_aside(form: str, world: World, seed: int) -> None:
    """Every row of a file, spoilt in its values or broken as a line, is accepted or set aside, once."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        for file in written(world, Path(folder), form):
            header, *lines = file.read_text(encoding="utf-8").splitlines()
            how = np.where(rng.random(len(lines)) < 0.1, rng.integers(0, 5, len(lines)), 0)
            lines = [damage(line, kind) for line, kind in zip(lines, how, strict=True)]
            file.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
            result = read(file)
            numbers = [*result.records["source_row"], *result.rejected["source_row"]]
            assert sorted(numbers) == list(range(1, len(lines) + 1))
            assert result.provenance.read == len(lines) == len(result.records) + len(result.rejected)
            assert set(np.flatnonzero(how) + 1) <= set(result.rejected["source_row"])


@every_format
@a_few_of_each
@given(world=worlds_of_one_release)
def test_what_was_planted_is_read(form: str, world: World) -> None:
    """Rows without a fault are read as they were made, and each planted fault is set aside by its own rule."""
    made, aside = world.made, Counter[str]()
    planted, carried = made.truth.faults, FORMATS[form].carries | {"geometry": "geometry"}
    versions = pd.concat([made.records, made.revisions], ignore_index=True)
    released = pd.concat([made.truth.matches["released"], made.truth.revisions["released"]], ignore_index=True)
    later = released.index >= len(made.records)
    with tempfile.TemporaryDirectory() as folder:
        for file in written(world, Path(folder), form):
            result = read(file, source=file.stem[:-11])
            aside += Counter(result.rejected["rule"])
            spoilt = planted.loc[planted["source"] == result.provenance.source, "source_id"]
            whole = (released == file.stem[-10:]) & (versions["source"] == result.provenance.source)
            whole &= later | ~versions["source_id"].isin(spoilt)
            expected = versions[whole].set_index("source_id")
            got = result.records.set_index("source_id")
            assert got.index.is_unique and expected.index.isin(got.index).all()
            if form == "airwars":  # no word for a place known only to the country: written without a point
                expected["geometry"] = expected["geometry"].where(expected["location_precision"] != "country", None)
            for name, true in carried.items():
                pd.testing.assert_series_equal(
                    got.loc[expected.index, name], expected[true], check_names=False, obj=name
                )
    found = planted.loc[planted["rule"].isin(FORMATS[form].sets_aside), "rule"]
    assert aside == Counter(found)


@every_format
@a_few_of_each
@given(world=worlds_of_one_release, seed=seeds)
def test_the_order_of_rows_does_not_matter(form: str, world: World, seed: int) -> None:
    """Rows in any order give the same records and the same rows set aside; of two with one id the first is kept."""
    with tempfile.TemporaryDirectory() as folder:
        before = [read(file) for file in written(world, Path(folder), form)]
        after = [read(file) for file in written(world, Path(folder), form, mixed=seed)]
        for one, other in zip(before, after, strict=True):
            for first, second in zip(in_any_order(one), in_any_order(other), strict=True):
                pd.testing.assert_frame_equal(first, second)


@every_format
@a_few_of_each
@given(world=worlds_of_one_release, mended_first=st.booleans())
def test_a_row_set_aside_takes_its_id_from_no_whole_row(form: str, world: World, mended_first: bool) -> None:
    """With the mended row of each spoilt one in the file too, before or behind it, every incident is accepted."""
    with tempfile.TemporaryDirectory() as folder:
        spoilt = {file.name: read_text(file) for file in written(world, Path(folder), form)}
        for file in written(replace(world, faults=0.0), Path(folder), form):
            whole = read_text(file)
            changed = (whole != spoilt[file.name]).any(axis=1)
            both = [whole[changed], spoilt[file.name]]
            pd.concat(both if mended_first else both[::-1]).to_csv(file, index=False)
            result = read(file)
            assert set(whole[FORMATS[form].id]) <= set(result.records["source_id"].str.partition("#")[0])


@every_format
@a_few_of_each
@given(
    world=worlds_of_one_release,
    seed=seeds,
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8-sig", "utf-16"]),
    packed=st.booleans(),
)
def test_how_the_table_is_written_does_not_matter(
    form: str, world: World, seed: int, delimiter: str, encoding: str, packed: bool
) -> None:
    """The order of columns, the delimiter, the encoding and packing change nothing that is read."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        for file in written(world, Path(folder), form):
            rows = read_text(file)
            before = read(file)
            content = rows[rng.permutation(rows.columns)].to_csv(sep=delimiter, index=False).encode(encoding)
            file.write_bytes(gzip.compress(content) if packed else content)
            after = read(file)
            pd.testing.assert_frame_equal(pd.DataFrame(before.records), pd.DataFrame(after.records))
            told = ["source", "source_row", "source_id", "rule", "column", "value", "expected", "other_faults"]
            pd.testing.assert_frame_equal(before.rejected[told], after.rejected[told])
