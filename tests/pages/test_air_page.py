"""The Air Surveillance page without a browser: maps first, a closer look when opened, loading with its questions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from civmap.readers.air import read_air
from civmap.store import Store, air
from tests.pages.test_pages import opened, param, pictures, text
from tests.stores import KANDAHAR, add, incident, telemetry


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Store:
    """Return a store with incidents in Kabul and Kandahar, and three days of telemetry over Kabul in two months."""
    store = Store(home, "afghanistan")
    few = [incident(n, f"2008-0{1 + n % 3}-05", location_precision="exact") for n in range(1, 9)]
    add(store, tmp_path, [*few, incident(20, "2008-02-06", KANDAHAR, location_precision="exact")])
    air.keep(store, read_air(telemetry(tmp_path, date(2008, 1, 5), date(2008, 2, 5), date(2008, 2, 6))))
    return store


def titles(test: AppTest) -> list[str]:
    return [one.value for one in test.subheader]


def test_two_maps_and_four_classes_stand_first_and_nothing_else(own: Store) -> None:
    test = opened("Air Surveillance", theatre="afghanistan")
    assert titles(test) == ["What was covered from the air", "Incidents by coverage"] and pictures(test) == 2
    counted = next(one.value for one in test.dataframe if "Coverage" in one.value)
    assert counted["Incidents"].tolist() == [0, 5, 1, 3], "covered, in part, not covered, cannot say"


def test_the_slider_moves_both_maps(own: Store) -> None:
    test = opened("Air Surveillance", theatre="afghanistan")
    test.select_slider(key="own-month").set_value("2008-02").run()
    assert param(test, "month") == "2008-02"
    assert "From 5 February 2008 to 6 February 2008 a footprint lay over" in text(test)
    assert "Of 4 incidents (February 2008)" in text(test)


@pytest.mark.parametrize(
    ("more", "title"),
    [("air_checked", "How reported, how checked"), ("air_gap", "Verification gap"),
     ("air_lists", "Two lists, and what neither may hold"), ("air_rates", "Incidents under observation")],
)  # fmt: skip
def test_a_closer_look_is_worked_out_when_it_is_opened(own: Store, more: str, title: str) -> None:
    test = opened("Air Surveillance", theatre="afghanistan")
    assert title not in titles(test)
    test.segmented_control(key="own-more").set_value(more).run()
    assert not test.exception and title in titles(test) and param(test, "more") == more


def test_a_file_is_loaded_on_the_page_and_shown_at_once(own: Store, tmp_path: Path) -> None:
    file = telemetry(tmp_path, date(2008, 3, 5))
    test = opened("Air Surveillance", theatre="afghanistan")
    assert "2008-03" not in test.select_slider(key="own-month").options
    test.file_uploader[0].upload(file.name, file.read_bytes())
    pressed(test, "Load")
    assert f"{file.name}: 1 read, 1 accepted, 0 set aside; 1 with a footprint; 1 pass." in text(test)
    assert "2008-03" in test.select_slider(key="own-month").options and len(air.loads(own)) == 2
    counted = next(one.value for one in test.dataframe if "Coverage" in one.value)
    assert counted["Incidents"].tolist() == [0, 8, 1, 0], "the incidents of March are matched anew"


def test_the_unit_of_heights_is_asked_and_answered_on_the_page(own: Store) -> None:
    rows = [{"time": 1_200_000_000 + 10 * n, "icao24": "abc123", "lat": 34.5, "lon": 69.2, "baroaltitude": 35_000}
            for n in range(5)]  # fmt: skip
    test = opened("Air Surveillance", theatre="afghanistan")
    test.file_uploader[0].upload("states.csv", pd.DataFrame(rows).to_csv(index=False).encode())
    pressed(test, "Load")
    assert "which such aircraft do not reach. Are they in feet?" in text(test) and len(air.loads(own)) == 1
    pressed(test, "Keep with this unit")
    assert "Choose feet or metres" in text(test) and len(air.loads(own)) == 1
    next(one for one in test.segmented_control if one.label == "Heights are in").set_value("ft")
    pressed(test, "Keep with this unit")
    assert "5 read, 5 accepted" in text(test) and len(air.loads(own)) == 2
    heights = pd.concat(pd.read_parquet(file)["sensor_altitude_m"] for file in air.files(own))
    assert heights.max() == pytest.approx(35_000 * 0.3048)
    assert not [one for one in test.segmented_control if one.label == "Heights are in"]


def test_faults_are_said_in_words_and_nothing_is_kept(own: Store) -> None:
    test = opened("Air Surveillance", theatre="afghanistan")
    pressed(test, "Load")
    assert "Choose a file first." in text(test)
    test.file_uploader[0].upload("empty.klv", b" ").upload("own.csv", b"a,b\n1,2\n")
    pressed(test, "Load")
    assert (
        "Nothing was kept." in test.error[0].value and "own.csv: no reader of air surveillance" in test.error[0].value
    )
    assert "empty.klv" in test.error[0].value and len(air.loads(own)) == 1


def test_without_telemetry_the_form_is_open_and_says_what_to_load(home: Path, tmp_path: Path) -> None:
    add(Store(home, "afghanistan"), tmp_path, [incident(1, "2009-01-05")])
    test = opened("Air Surveillance", theatre="afghanistan")
    assert "No air surveillance has been loaded for this theatre." in text(test) and pictures(test) == 0
    assert test.expander[0].proto.expanded and len(test.file_uploader) == 1


def pressed(test: AppTest, label: str) -> None:
    next(one for one in test.button if one.label == label).click().run()
    assert not test.exception, test.exception
