"""Observation hours as an exposure: planted watching, what was never covered, the delay, and the simulator's passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import h3
import numpy as np
import pandas as pd
import pytest

from civmap import air_schema
from civmap.errors import CivMapError
from civmap.exhibits import Exhibit, Recipe, build, hotspots
from civmap.exhibits.hotspots import told
from civmap.exhibits.hotspots.observed import NEVER, hours
from civmap.exhibits.standing import standing
from civmap.filters import Filters
from civmap.queries import air as questions
from civmap.readers.air import read_air
from civmap.simulate import Plan, Source, Stream, Surveillance, simulate
from civmap.store import Store, air
from civmap.theatre import Theatre
from tests.stores import add, incident

DAYS = 40
WATCHED = ("AF-BDS", "AF-FRA", "AF-GHA", "AF-GHO", "AF-HEL", "AF-HER", "AF-KAN", "AF-NIM", "AF-PKA", "AF-ZAB")
TWICE, SIXFOLD, UNWATCHED = "AF-HEL", "AF-KAN", "AF-BAL"


def middles(theatre: Theatre) -> dict[str, tuple[float, float]]:
    """Latitude and longitude of the middle of a cell of resolution 6, well inside each province."""
    points = theatre.boundaries.representative_point()
    return {one: h3.cell_to_latlng(h3.latlng_to_cell(point.y, point.x, 6)) for one, point in points.items()}


def flown(folder: Path, at: dict[str, tuple[float, float]], hours_a_day: dict[str, int], first: date) -> Path:
    """Write footprints smaller than a cell: so many hours over each middle on each day, in samples of ten minutes."""
    rows = [
        {"pass_id": f"{place}-{day}", "time": pd.Timestamp(first, tz="UTC") + pd.Timedelta(days=day, minutes=10 * n),
         "seconds": 600.0}
        | dict(zip(air_schema.CORNERS, _box(at[place]), strict=True))
        for place, number in hours_a_day.items() for day in range(DAYS) for n in range(6 * number)
    ]  # fmt: skip
    file = folder / "flown.parquet"
    pd.DataFrame(rows).to_parquet(file)
    return file


def _box(at: tuple[float, float], half: float = 0.003) -> list[float]:
    latitude, longitude = at
    return [longitude - half, latitude - half, longitude + half, latitude - half,
            longitude + half, latitude + half, longitude - half, latitude + half]  # fmt: skip


def planted_rows(at: dict[str, tuple[float, float]], numbers: dict[str, int], first: date) -> list[dict[str, object]]:
    return [
        incident(first.year * 100_000 + 1000 * place + n, f"{first + timedelta(days=n % DAYS)}",
                 (at[name][0] + n / 9000, at[name][1]))
        for place, (name, number) in enumerate(numbers.items()) for n in range(number)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, afghanistan: Theatre) -> Store:
    """Ten incidents where an hour a day was watched, twenty where two were, sixty where one was, ten where none was."""
    store, folder = Store(tmp_path_factory.mktemp("home"), "afghanistan"), tmp_path_factory.mktemp("files")
    first, at = date(2010, 5, 1), middles(afghanistan)
    numbers = dict.fromkeys(WATCHED, 10) | {TWICE: 20, SIXFOLD: 60, UNWATCHED: 10}
    later = incident(99_999, "2010-07-20")
    add(store, folder, [*planted_rows(at, numbers, first), later])
    air.keep(store, read_air(flown(folder, at, dict.fromkeys(WATCHED, 1) | {TWICE: 2}, first)))
    return store


def ask(store: Store, filters: Filters | None = None, **parameters: object) -> Exhibit:
    return build(Recipe("afghanistan", "hotspots", parameters, filters or Filters()), store)


def places(exhibit: Exhibit) -> pd.DataFrame:
    """Give the map's places that hold an incident, by province."""
    frame = exhibit.parts[0].frames[exhibit.parts[0].kind]
    return frame[frame["incidents"].fillna(0) > 0].set_index("admin1")


@pytest.mark.parametrize("unit", ["cells", "provinces"])
def test_twice_the_incidents_where_twice_the_hours_is_not_hot(watched: Store, unit: str) -> None:
    found = places(ask(watched, unit=unit, exposure="hours"))
    assert sorted(found.index) == sorted(WATCHED)
    expected = found["expected incidents"] / found.loc[WATCHED[0], "expected incidents"]
    assert expected[TWICE] == pytest.approx(2) and expected.drop(TWICE).to_numpy() == pytest.approx(1)
    assert found["ratio"][TWICE] == pytest.approx(found["ratio"][WATCHED[0]])
    hot = found.index[found["finding"].isin([told.HOT, told.HOTTEST])]
    assert list(hot) == [SIXFOLD]


@pytest.mark.parametrize("unit", ["cells", "provinces"])
def test_what_was_never_covered_is_neither_hot_nor_safe(watched: Store, unit: str) -> None:
    exhibit = ask(watched, unit=unit, exposure="hours")
    frame = exhibit.parts[0].frames[exhibit.parts[0].kind]
    there = frame[frame["admin1"] == UNWATCHED]
    assert (there["finding"] == told.UNCOVERED).all() and there["why no answer"].eq(NEVER).all()
    assert (frame["finding"] == told.EMPTY).sum() == 0, "no place is called empty where nobody watched"
    assert exhibit.n == 10 * (len(WATCHED) - 2) + 20 + 60 and UNWATCHED not in exhibit.sentence
    said = " ".join(exhibit.caveats)
    assert "10 incidents lie where no sensor was" in said
    assert "Whether anybody looked, or could see, is not known" in said


def test_hours_are_offered_only_where_telemetry_covers_the_days(watched: Store, home: Path, tmp_path: Path) -> None:
    recipe = Recipe("afghanistan", "hotspots", {}, Filters())
    assert "hours" in hotspots.choices(recipe, watched)
    later = replace(recipe, filters=Filters(date_from=date(2010, 6, 12)))
    assert "hours" not in hotspots.choices(later, watched)
    with pytest.raises(CivMapError, match="no observation hours"):
        ask(watched, later.filters, exposure="hours")
    without = Store(home, "afghanistan")
    add(without, tmp_path, [incident(n, f"2010-05-{n + 1:02d}") for n in range(20)])
    assert "hours" not in hotspots.choices(recipe, without)


def test_cells_finer_than_coverage_is_told_are_refused_and_provinces_are_not(watched: Store) -> None:
    fine = Store(watched.home, replace(watched.theatre, map_cell_resolution=7))
    with pytest.raises(CivMapError, match="never told for cells finer than resolution 6") as refused:
        ask(fine, unit="cells", exposure="hours")
    assert "Test provinces" in str(refused.value)
    assert ask(fine, unit="provinces", exposure="hours").n


def test_only_the_days_that_were_covered_are_tested(watched: Store, tmp_path: Path, afghanistan: Theatre) -> None:
    both = Store(tmp_path / "home", "afghanistan")
    first, at = date(2010, 5, 1), middles(afghanistan)
    numbers = dict.fromkeys(WATCHED, 10)
    add(both, tmp_path, planted_rows(at, numbers, first), source="log")
    add(both, tmp_path, planted_rows(at, dict.fromkeys(WATCHED[:3], 30), date(2009, 5, 1))
        + planted_rows(at, numbers, first), source="wider")  # fmt: skip
    air.keep(both, read_air(flown(tmp_path, at, dict.fromkeys(WATCHED, 1), first)))
    wider = ask(both, Filters(source="wider"), unit="provinces", exposure="hours")
    assert wider.n == ask(both, Filters(source="log"), unit="provinces", exposure="hours").n == 100
    assert wider.period == "1 May 2010 to 10 May 2010", "from the first day that was covered to the last record"


def test_coverage_younger_than_the_delay_is_no_exposure(home: Path, tmp_path: Path, afghanistan: Theatre) -> None:
    store, at = Store(home, "afghanistan"), middles(afghanistan)
    first = date.today() - timedelta(days=questions.delay_days(store) - 5)
    add(store, tmp_path, planted_rows(at, dict.fromkeys(WATCHED, 10), first))
    air.keep(store, read_air(flown(tmp_path, at, dict.fromkeys(WATCHED, 1), first)))
    assert "hours" not in hotspots.choices(Recipe("afghanistan", "hotspots", {}, Filters()), store)
    with pytest.raises(CivMapError, match="held back"):
        ask(store, exposure="hours")


def test_hours_are_those_the_simulator_flew(home: Path, tmp_path: Path, afghanistan: Theatre) -> None:
    how = Surveillance(runs_per_day=15, minutes=60, unframed=0.0, frame_km=(6.0, 4.0))
    source = Source("forces", "SYN-F", {}, 0.9, 0.9, {}, (("ground_team", ""),), delay_days=2, air=0.0, follows_air=1.0)
    plan = Plan((Stream("international_forces", "aerial", {2000: 1.0}, 6.0),), (source,), surveillance=how)
    truth = simulate(
        afghanistan, start=date(2010, 1, 1), end=date(2010, 1, 31), incidents_per_month=200, seed=3, plan=plan
    )
    file = tmp_path / "passes.parquet"
    truth.passes.to_parquet(file)
    store = Store(home, "afghanistan")
    add(store, tmp_path, [incident(n, f"2010-01-{n + 1:02d}") for n in range(31)])
    air.keep(store, read_air(file))
    here = standing(Recipe("afghanistan", "hotspots", {}, Filters()), store)
    flown_hours = truth.truth.watched.assign(
        place=[h3.cell_to_parent(h3.int_to_str(int(cell)), 5) for cell in truth.truth.watched["cell"]]
    ).groupby("place")["seconds"].sum() / 3600  # fmt: skip
    found = hours(here, flown_hours.index, resolution=5).fillna(0)
    assert len(flown_hours) > 100
    assert np.corrcoef(found, flown_hours)[0, 1] > 0.97
    assert (found[flown_hours > 1] > 0).all(), "what was watched for an hour is never called not observed"
