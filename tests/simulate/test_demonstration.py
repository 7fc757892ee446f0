"""Files read back as they were made, and the shipped demonstration is what the code makes."""

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from civmap import schema
from civmap.filters import Filters
from civmap.readers import read
from civmap.simulate import afghan_plan, simulate, write_demonstration, write_files, write_passes
from civmap.simulate.demonstration import PASSES_FROM, PASSES_TO, RELEASES, REVISED
from civmap.simulate.faults import FAULTS
from civmap.simulate.passes import CORNERS
from civmap.simulate.plans import DEMONSTRATION_SCALE, UNAMA_DEATHS
from civmap.store import Store
from civmap.theatre import Theatre

# Of the shipped content. A new one is written by: python -m civmap simulate --demonstration
DIGEST = "6ce835162e5dd09a082c639f529fd3b481f7277dcd2e8fbe785f12087d1e373e"


def digest(folder: Path) -> str:
    """SHA-256 of the files' content: of Parquet the columns' values, which do not depend on what wrote them."""
    found = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(file.relative_to(folder).as_posix().encode())
        if file.suffix != ".parquet":
            found.update(file.read_bytes())
            continue
        table = pq.read_table(file)
        for name in table.column_names:
            found.update(f"{name} {table[name].to_pylist()}".encode())
    return found.hexdigest()


@pytest.fixture(scope="module")
def store(theatre: Theatre, tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("home"), theatre)


def test_files_read_back_and_spoilt_rows_are_set_aside(theatre: Theatre, tmp_path: Path) -> None:
    plan = replace(afghan_plan(), faults=0.15)  # so many that faulty rows come one after the other
    made = simulate(theatre, start=date(2007, 1, 1), end=date(2014, 12, 31), seed=7, plan=plan)
    files = write_files(made, tmp_path)
    assert [file.name for file in files] == ["isaf_like.csv", "un_like.csv"]
    assert set(made.truth.faults["rule"]) == set(FAULTS)
    for file in files:
        result = read(file)
        planted = made.truth.faults[made.truth.faults["source"] == file.stem].set_index("source_id")["rule"]
        swapped = planted[planted == "coordinates_swapped"].index
        written = made.records[made.records["source"] == file.stem]
        assert result.provenance.read == len(written) == len(result.records) + len(result.rejected)
        assert result.rule_counts == planted.drop(swapped).value_counts().to_dict()
        whole = written[~written["source_id"].isin(planted.index)].reset_index(drop=True)
        got = result.records[~result.records["source_id"].isin(planted.index)].reset_index(drop=True)
        pd.testing.assert_frame_equal(pd.DataFrame(got), pd.DataFrame(whole))
        assert file.read_bytes() == next(f for f in write_files(made, tmp_path) if f == file).read_bytes()


def test_demonstration_on_disk_is_what_the_code_makes(theatre: Theatre, tmp_path: Path) -> None:
    made = write_demonstration(tmp_path)
    shipped = theatre.folder / "demonstration"
    names = sorted(file.relative_to(tmp_path).as_posix() for file in made)
    assert names == sorted(file.relative_to(shipped).as_posix() for file in shipped.rglob("*") if file.is_file()), (
        "run python -m civmap simulate --demonstration"
    )
    for name in names:
        if name.endswith(".parquet"):
            assert pq.read_table(tmp_path / name).equals(pq.read_table(shipped / name)), name
        else:
            assert (tmp_path / name).read_text(encoding="utf-8") == (shipped / name).read_text(encoding="utf-8"), name
    assert sum(file.stat().st_size for file in made) < 2_000_000
    assert digest(shipped) == digest(tmp_path) == DIGEST


def test_demonstration_is_shown_while_the_home_is_empty(store: Store) -> None:
    assert store.is_demonstration
    loads, incidents = store.loads(), store.incidents()
    releases = sorted((str(day), source) for source, days in RELEASES.items() for day in days)
    assert sorted(zip(loads["known_at"].str[:10], loads["source"], strict=True)) == releases
    assert (loads["read"] == loads["accepted"] + loads["rejected"]).all() and (loads["rejected"] > 0).all()
    assert (loads["accepted"] == loads["placed"] + loads["outside"]).all()
    assert (loads["loaded_at"] == loads["known_at"]).all()
    assert incidents["source_id"].is_unique and incidents["source_id"].str.startswith("SYN-").all()
    assert incidents["reported_at"].max() <= pd.Timestamp(2015, 2, 18)
    assert incidents["placed_by"].isin(["point", "name", "nearest", "country"]).mean() > 0.99
    assert not incidents["caveats"].map(lambda codes: "party_not_recognised" in codes).any()


def test_demonstration_follows_the_shape_of_the_published_totals_not_their_height(store: Store) -> None:
    incidents = store.incidents()
    un = incidents[incidents["source"] == "un_like"]
    killed = un.groupby(un["event_date"].dt.year)["civilians_killed_best"].sum().astype("float64")
    published = pd.Series(UNAMA_DEATHS, dtype="float64")
    assert abs(killed.sum() / published.sum() - DEMONSTRATION_SCALE) < 0.03
    assert killed.corr(published) > 0.8
    assert (killed / published).between(0.45, 0.75).all()


def test_plan_of_the_demonstration_uses_known_codes(theatre: Theatre) -> None:
    plan = afghan_plan()
    assert {stream.party for stream in plan.streams} <= set(theatre.parties["party"])
    assert {stream.cause for stream in plan.streams} <= set(schema.CAUSES)
    assert {source.id for source in plan.sources} <= set(theatre.source_scopes["source"])
    assert set(plan.province_levels) <= set(theatre.boundaries.index)
    assert {change.source for change in plan.recording_changes} <= set(theatre.source_scopes["source"])


def test_the_planted_context_and_directives_stand_in_the_calendar(theatre: Theatre) -> None:
    plan, context = afghan_plan(), theatre.context.set_index("id")
    for one in plan.contexts:
        row = context.loc[one.label]
        assert (row["start"].date(), row["end"].date()) == (one.start, one.end), one.label
        assert tuple(row["area"]) == one.areas or row["area"] == ";".join(one.areas), one.label
    for effect in plan.effects:
        row = theatre.directives[theatre.directives["issued_at"] == pd.Timestamp(effect.start)].iloc[0]
        assert set(effect.causes) <= set(row["scope_causes"]) and set(effect.parties) <= set(row["scope_parties"])


def test_as_known_on_an_earlier_day_less_is_known_and_some_of_it_differs(store: Store) -> None:
    day = date(2012, 1, 1)
    then, now = (store.incidents(as_known_on=known).set_index("source_id") for known in (day, None))
    assert len(store.incidents(as_known_on=date(2011, 3, 8))) == 0 and len(store.loads(day)) == 2
    assert then["event_date"].max() <= pd.Timestamp(2011, 3, 11)
    for source in RELEASES:
        before = then[then["source"] == source]
        after = now.loc[before.index, "civilians_killed_best"]
        changed = (before["civilians_killed_best"] != after).sum()
        assert changed > 40, f"{source}: a share of {REVISED[source]} is looked at again"
    isaf = then[then["source"] == "isaf_like"]
    assert now.loc[isaf.index, "civilians_killed_best"].sum() > isaf["civilians_killed_best"].sum() + 50


def test_shipped_passes_are_those_of_four_months(theatre: Theatre, tmp_path: Path) -> None:
    shipped = pd.read_parquet(theatre.folder / "demonstration" / "passes.parquet")
    assert shipped["time"].dt.date.between(PASSES_FROM, PASSES_TO).all()
    assert 600 < shipped["pass_id"].nunique() < 900 and shipped["pass_id"].str.startswith("SYN-P").all()
    assert np.isclose(shipped[CORNERS[0]].isna().mean(), 0.1, atol=0.05)
    again = write_passes(shipped, tmp_path / "passes.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(again), shipped)


def test_the_page_about_the_demonstration_gives_its_figures(theatre: Theatre, store: Store) -> None:
    said = (Path(__file__).parents[2] / "docs" / "demonstration.md").read_text(encoding="utf-8")
    truth = json.loads((theatre.folder / "demonstration" / "truth.json").read_text(encoding="utf-8"))
    of_truth = [truth[name] for name in ("incidents", "killed", "in_both", "in_neither")]
    figures = [*of_truth, *truth["records"].values(), truth["surveillance"]["runs"]]
    for source, before in (("un_like", "2007-07-01"), ("isaf_like", "2008-01-01")):
        harm = store.incidents(Filters(source=source))
        air = Filters(source=source, parties=("international_forces",), causes=("aerial",))
        day = store.incidents(air)["event_date"]
        figures += [len(harm), day.between(before, "2009-06-30").sum(), day.between("2009-08-01", "2011-07-31").sum()]
    assert [f"{figure:,}" for figure in figures if f" {figure:,}" not in said] == []
    assert all(cell["cell"] in said for cell in truth["hot_cells"])
