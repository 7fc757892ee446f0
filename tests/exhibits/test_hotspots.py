"""The Hotspots exhibits: planted truth on the map and in the list, what is refused, and bad input in sentences."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from civmap.errors import CivMapError
from civmap.exhibits import Exhibit, Recipe, build
from civmap.exhibits.hotspots import told
from civmap.exhibits.hotspots.grid import grid
from civmap.exports import tables
from civmap.figures import maps
from civmap.filters import Filters
from civmap.language import speaking
from civmap.store import Store
from civmap.theatre import Theatre
from tests.stores import KABUL, KANDAHAR, add, incident

METHODS = ("hotspots", "hotspot_periods", "hotspot_month", "density", "emerging", "scan", "groups")


def scattered(number: int, years: tuple[int, ...], *, seed: int, **values: object) -> list[dict[str, object]]:
    """So many incidents a year, anywhere in the middle of the country."""
    generator = np.random.default_rng(seed)
    rows = []
    for year in years:
        for one in range(number):
            day = pd.Timestamp(year, 1, 1) + pd.Timedelta(days=int(generator.integers(0, 365)))
            place = (float(generator.uniform(32.5, 36)), float(generator.uniform(64, 69)))
            rows.append(incident(seed * 100_000 + year * 10 + one * 10_000_000, f"{day:%Y-%m-%d}", place, **values))
    return rows


def burst(number: int, year: int, at: tuple[float, float], *, place: str = "") -> list[dict[str, object]]:
    """So many incidents in and around one town; no two at one point, which would only stand for the province."""
    days = pd.date_range(f"{year}-03-01", periods=number, freq="3D")
    return [
        incident(900_000 + year * 1000 + n, f"{day:%Y-%m-%d}", (at[0] + n % 8 / 400, at[1] + n / 2000))
        | {"place": place}
        for n, day in enumerate(days)
    ]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three even years, and in the last of them 60 more incidents in Kandahar."""
    store = Store(tmp_path_factory.mktemp("home"), "afghanistan")
    rows = scattered(300, (2009, 2010, 2011), seed=3) + burst(60, 2011, KANDAHAR, place="Kandahar city")
    rows += [incident(n, "2011-05-05", None, admin1="Helmand", location_precision="province") for n in range(25)]
    add(store, tmp_path_factory.mktemp("files"), rows)
    return store


def ask(store: Store, analysis: str = "hotspots", filters: Filters | None = None, **parameters: object) -> Exhibit:
    return build(Recipe(store.theatre.id, analysis, parameters, filters or Filters()), store)


def findings(exhibit: Exhibit) -> pd.Series:
    frame = exhibit.parts[0].frames[exhibit.parts[0].kind]
    return frame.set_index("cell" if exhibit.parts[0].kind == "cells" else "admin1")["finding"]


@pytest.mark.parametrize("exposure", ["earlier", "area", "population"])
def test_planted_growth_is_hot_and_stands_first(planted: Store, exposure: str) -> None:
    exhibit = ask(planted, unit="cells", exposure=exposure)
    first = exhibit.parts[1].table.iloc[0]
    assert first["Province"] == "Kandahar" and first["Finding"] == "hot"
    assert first["Incidents"] >= 60 or exposure == "earlier"
    assert first["Hot in draws"].endswith("of 100") and int(first["Hot in draws"].split()[0]) > 60
    assert "Kandahar" in exhibit.sentence and "hot in" in exhibit.sentence and "draws" in exhibit.sentence
    hot = findings(exhibit)
    assert hot.isin([told.HOTTEST, told.HOT]).sum() == int((exhibit.parts[1].table["Finding"] == "hot").sum())


def test_without_dates_the_last_year_is_held_against_the_one_before(planted: Store) -> None:
    exhibit = ask(planted, exposure="earlier")
    first, last = exhibit.period.split(" to ")
    assert pd.Timestamp(last) - pd.Timestamp(first) == pd.Timedelta(days=364)
    assert any(caveat.startswith("Compared with its own earlier period") for caveat in exhibit.caveats)


def test_an_empty_cell_is_never_hot(planted: Store) -> None:
    for exposure in ("earlier", "area"):
        frame = ask(planted, exposure=exposure).parts[0].frames["cells"]
        hot = frame["finding"].isin([told.HOTTEST, told.HOT])
        assert hot.any() and (frame.loc[hot, "incidents"] > 0).all()


def test_what_is_known_only_to_the_province_is_tested_by_province_only(planted: Store) -> None:
    cells, provinces = ask(planted, unit="cells", exposure="area"), ask(planted, unit="provinces", exposure="area")
    assert provinces.n - cells.n == 25
    assert any("25 incidents are known too vaguely for cells" in caveat for caveat in cells.caveats)
    by_cell = cells.parts[0].frames["cells"]
    assert by_cell["incidents"].sum() == cells.n, "and none of them stands in a cell"
    helmand = provinces.parts[0].frames["provinces"].set_index("admin1")["incidents"]["AF-HEL"]
    assert helmand >= 25


@pytest.mark.parametrize("unit", ["cells", "provinces"])
@pytest.mark.parametrize("precision", ["settlement", "district"])
def test_cells_are_as_coarse_as_the_places_are_known(home: Path, tmp_path: Path, unit: str, precision: str) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, scattered(120, (2009, 2010), seed=1, location_precision=precision))
    exhibit = ask(store, unit=unit, exposure="area")
    assert exhibit.n == 240
    if unit == "cells":
        sizes = {int(cell, 16) >> 52 & 15 for cell in exhibit.parts[0].frames["cells"]["cell"]}
        assert sizes == {5 if precision == "settlement" else 4}


def test_people_stand_beside_and_are_never_tested(planted: Store) -> None:
    people = ask(planted, filters=Filters(measure="killed"), exposure="area")
    incidents = ask(planted, exposure="area")
    assert people.parts[1].table.equals(incidents.parts[1].table)
    first = people.parts[1].table.iloc[0]
    assert first["Killed, min to max"] == f"{first['Incidents']:,} to {3 * first['Incidents']:,}"


def test_what_was_corrected_for_and_the_scatter_are_said(planted: Store) -> None:
    for exposure in ("earlier", "population", "area"):
        said = " ".join(ask(planted, exposure=exposure).caveats)
        assert "Corrected for looking at all" in said and "Benjamini-Hochberg" in said
        assert "scatter" in said or "differ between the periods" in said
        assert "These chances are assumptions" in said


def test_all_incidents_are_an_exposure_for_a_part_of_them(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    rows = scattered(900, (2010,), seed=2, cause="ied", party_as_reported="Taliban")
    rows += burst(60, 2010, KANDAHAR) + scattered(300, (2010,), seed=4)
    add(store, tmp_path, rows)
    with pytest.raises(CivMapError, match="no place can hold twice"):
        ask(store, exposure="all")
    exhibit = ask(store, filters=Filters(causes=("aerial",)), exposure="all")
    assert exhibit.n == 360 and exhibit.parts[1].table.iloc[0]["Province"] == "Kandahar"
    assert exhibit.parts[1].table.iloc[0]["Finding"] == "hot"


def test_a_theatre_without_population_says_so(home: Path, tmp_path: Path) -> None:
    store = Store(home, "oir")
    rows = [incident(n, "2016-05-05", (36.2, 37.1), party_as_reported="Coalition") for n in range(20)]
    add(store, tmp_path, rows)
    with pytest.raises(CivMapError, match="no population figures"):
        ask(store, exposure="population")


def test_what_the_source_does_not_cover_is_not_observed(home: Path, tmp_path: Path) -> None:
    store = Store(home, "oir")
    rows = [incident(n, f"2016-{n % 12 + 1:02d}-05", (36.2 - n % 7 / 5, 37.1)) for n in range(60)]
    add(store, tmp_path, rows)  # Syria alone: the source says nothing of Iraq
    exhibit = ask(store, unit="provinces", exposure="area")
    seen = findings(exhibit)
    assert (seen[seen.index.str.startswith("IQ")] == told.UNSEEN).all()
    assert (seen[seen.index.str.startswith("SY")] != told.UNSEEN).all()


def test_places_are_named_only_where_enough_is_recorded_and_never_in_a_file(planted: Store) -> None:
    exhibit = ask(planted, exposure="area")
    table = exhibit.parts[1].table
    assert "Kandahar city" in table["Place"].tolist()
    assert (table.loc[table["Place"] != "", "Incidents"] >= 1).all()
    for part in exhibit.parts:
        assert "Kandahar city" not in tables.csv_bytes(exhibit, part).decode().partition("Fingerprint")[2]


def test_two_periods_have_the_same_places_and_classes(planted: Store) -> None:
    exhibit = ask(planted, "hotspot_periods", exposure="area")
    earlier, later, table = exhibit.parts
    assert earlier.frames["cells"]["cell"].equals(later.frames["cells"]["cell"])
    assert earlier.encoding["classes"] == later.encoding["classes"] and earlier.encoding["beside"] == 2
    assert "1 in the later" in exhibit.sentence or "in the later one" in exhibit.sentence
    kandahar = table.table[table.table["Province"] == "Kandahar"]
    assert (kandahar["Later: finding"] == "hot").any() and not (kandahar["Earlier: finding"] == "hot").any()


def test_a_month_counts_its_own_incidents(planted: Store) -> None:
    exhibit = ask(planted, "hotspot_month", month="2011-04", unit="provinces")
    raw = planted.incidents(Filters(date_from=date(2011, 4, 1), date_to=date(2011, 4, 30)))
    assert exhibit.n == len(raw)
    with pytest.raises(CivMapError, match="no month"):
        ask(planted, "hotspot_month", month="2031-04")


def test_the_scan_finds_the_planted_months(planted: Store) -> None:
    first = ask(planted, "scan").parts[1].table.iloc[0]
    assert first["Province"] == "Kandahar" and first["p value"] == "0.005"
    assert "2011-01" <= first["From"] <= "2011-04" and first["To"].startswith("2011")


def test_the_density_has_its_peak_at_the_burst(planted: Store) -> None:
    exhibit = ask(planted, "density")
    frame = exhibit.parts[0].frames["cells"]
    top = frame.loc[frame["incidents per 1,000 km²"].idxmax()]
    assert top["admin1"] == "AF-KAN" and exhibit.n == 960
    assert (
        ask(planted, "density", bandwidth_km=100).parts[0].frames["cells"]["incidents per 1,000 km²"].max()
        < (top["incidents per 1,000 km²"])
    )


def test_groups_hold_the_burst_together(planted: Store) -> None:
    first = ask(planted, "groups").parts[0].table.iloc[0]
    assert first["Province"] == "Kandahar" and first["Incidents"] >= 60


def test_patterns_are_told(planted: Store) -> None:
    exhibit = ask(planted, "emerging")
    cells = exhibit.parts[0].frames["cells"]
    there = cells[cells["admin1"] == "AF-KAN"]
    assert there.loc[there["incidents"].idxmax(), "hot periods"] in (2, 3), "the quarters of the burst"
    assert "12 quarters" in exhibit.sentence


def test_the_grid_covers_the_theatre_once(afghanistan: Theatre) -> None:
    laid = grid(afghanistan, 4)
    area = afghanistan.boundaries.to_crs(afghanistan.measuring_crs).area.sum() / 1e6
    assert laid.cells["area_km2"].sum() == pytest.approx(area, rel=1e-6)
    assert laid.pieces.groupby("place")["area_km2"].sum().max() < 2600


@pytest.mark.parametrize("unit", ["cells", "provinces"])
def test_every_class_of_a_month_is_in_its_legend(planted: Store, unit: str) -> None:
    exhibit = ask(planted, "hotspot_month", month="2011-04", unit=unit)
    named = {name for name, _ in exhibit.parts[0].encoding["classes"]}
    assert set(findings(exhibit)) <= named and told.EMPTY in named


@pytest.mark.parametrize("analysis", METHODS)
def test_another_language_changes_words_and_no_class_and_no_number(planted: Store, analysis: str) -> None:
    english = ask(planted, analysis)
    with speaking("fr"):
        french = ask(planted, analysis)
    assert french.sentence != english.sentence and french.n == english.n
    for one, other in zip(english.parts, french.parts, strict=True):
        if one.kind == "table":
            frame, said = one.table, other.table
        else:
            frame, said = one.frames[one.kind], other.frames[one.kind]
            names, words = ([name for name, _ in part.encoding["classes"]] for part in (one, other))
            assert frame["finding"].map(names.index).equals(said["finding"].map(words.index))
            assert not set(names) & set(words) - {"1 incident"}
        assert list(frame) == list(said), "names of columns identify them"
        pd.testing.assert_frame_equal(frame.select_dtypes("number"), said.select_dtypes("number"))


def test_a_reason_is_known_again_in_another_language(home: Path, tmp_path: Path) -> None:
    store = Store(home, "oir")
    rows = [incident(n, f"2016-{n % 12 + 1:02d}-05", (36.2 - n % 7 / 5, 37.1)) for n in range(60)]
    add(store, tmp_path, rows)
    with speaking("fr"):
        seen = findings(ask(store, unit="provinces", exposure="area"))
    assert set(seen[seen.index.str.startswith("IQ")]) == {"Non observé par cette source"}


# ---- bad input: a sentence, never a NaN -----------------------------------------------------------------------------

BAD = {
    "one incident": [incident(1, "2009-01-05")],
    "four incidents in three cells": [incident(n, f"2009-0{n}-05", place) for n, place in
                                      enumerate([KABUL, KABUL, KANDAHAR, (34.35, 62.2)], start=1)],
    "all in one place": [incident(n, f"20{9 + n % 3:02d}-0{n % 9 + 1}-05") for n in range(60)],
    "only provinces known": [incident(n, f"2009-0{n % 9 + 1}-05", None, admin1="Helmand", location_precision="province")
                             for n in range(30)],
    "only the country known": [incident(n, "2009-03-05", None, location_precision="country") for n in range(30)],
    "one day": [incident(n, "2009-03-05", (33 + n % 5 / 3, 66 + n % 7 / 3)) for n in range(80)],
}  # fmt: skip


@pytest.mark.parametrize("unit", ["cells", "provinces"])
@pytest.mark.parametrize("analysis", METHODS)
@pytest.mark.parametrize("what", BAD)
def test_bad_input_ends_in_a_sentence(home: Path, tmp_path: Path, what: str, analysis: str, unit: str) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, BAD[what])
    takes_unit = analysis in ("hotspots", "hotspot_periods", "hotspot_month")
    for exposure in ("earlier", "area", "population") if analysis == "hotspots" else (None,):
        parameters = {"unit": unit} if takes_unit else {}
        try:
            exhibit = ask(store, analysis, **parameters, **({"exposure": exposure} if exposure else {}))
        except CivMapError as error:
            assert len(str(error)) > 30
            continue
        assert exhibit.sentence.endswith((".", ")."))
        assert not {"nan", "inf", "<NA>", "None"} & set(exhibit.sentence.replace("(", " ").replace(".", " ").split())
        for part in exhibit.parts:
            if part.kind == "table":
                assert not part.table.astype("str").isin(["nan", "inf", "NaT"]).any().any()
            else:
                assert "NaN" not in maps.deck(part).to_json()
                assert not part.frames[part.kind]["finding"].isin([told.HOT, told.HOTTEST]).any() or what == "one day"


def test_too_few_are_counted_out(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, BAD["four incidents in three cells"])
    assert "too few to tell: 4 incidents in 3 cells" in ask(store, exposure="area").sentence
