"""Dates, coordinates and counts as people write them: read right, or not at all."""

from __future__ import annotations

from datetime import date, timedelta

import mgrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from civmap.readers.written import cleaned, read_counts, read_times
from civmap.readers.written_dates import DAY_FIRST, MONTH_FIRST, has_two_orders, order_of, read_dates
from civmap.readers.written_places import LAT_LONG, LONG_LAT, read_degrees, read_mgrs, read_pairs


def entries(*values: str) -> pd.Series:
    return cleaned(pd.Series(values, dtype="str"))


def known(values: pd.Series) -> list[str | None]:
    return [None if pd.isna(value) else value for value in values]


def in_persian_digits(text: str) -> str:
    return text.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))


# ---- dates ----------------------------------------------------------------------------------------------------------


@given(day=st.dates(date(1900, 1, 1), date.today()))
def test_any_day_is_read_from_every_way_of_writing_it(day: date) -> None:
    ways = [
        f"{day}", f"{day:%Y/%m/%d}", f"{day:%Y%m%d}", f"{day} 23:59:00", f"{day}T01:00:00Z", f"{day:%d %B %Y}",
        f"{day:%d-%b-%Y}", f"{day:%B %d, %Y}", f"{day:%A, %d %B %Y}", f"{day.day}/{day.month}/{day.year}",
        f"{day:%d.%m.%Y}", f"{day:%d-%m-%Y} 14:30", in_persian_digits(f"{day:%Y/%m/%d}"),
    ]  # fmt: skip
    assert known(read_dates(entries(*ways), order=DAY_FIRST)["first"]) == [f"{day}"] * len(ways)
    american = read_dates(entries(f"{day:%m/%d/%Y}", f"{day:%B} {day.day}, {day.year}"), order=MONTH_FIRST)
    assert known(american["first"]) == [f"{day}"] * 2


@given(day=st.dates(date(1954, 10, 4), date.today()))
def test_serial_numbers_are_days_since_the_last_of_1899_but_one(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert known(read_dates(entries(f"{serial}", f"{serial}.75"))["first"]) == [f"{day}"] * 2


def test_excel_says_so_too() -> None:
    # 40299 is 1 May 2010 in every spreadsheet with the 1900 date system
    assert known(read_dates(entries("40299"))["first"]) == ["2010-05-01"]


@given(day=st.dates(date(1969, 1, 1), date.today()))
def test_two_digits_of_a_year_are_read_as_posix_does(day: date) -> None:
    from datetime import datetime

    text = f"{day:%d/%m/%y}"
    expected = datetime.strptime(text, "%d/%m/%y").date()
    assert known(read_dates(entries(text), order=DAY_FIRST)["first"]) == [f"{expected}"]


@pytest.mark.parametrize(
    "text",
    [
        "2010-02-30", "31/02/2010", "13/13/2010", "2010-13-01", "1389/02/11", "1389-02-11", "11/02/1389", "1899-12-31",
        "15 Foo 2010", "circa 1 May 2010", "before May 2010", "1-3 May 2010", "early May 2010", "9999", "99999",
        "0", "=1+1", "May", "1 May", "5/2010/3", "2010-05-01x", "1/5/0010", "2010-05-01/2010-06-01", "2101-01-01",
    ],
)  # fmt: skip
def test_what_is_no_sure_date_is_not_read(text: str) -> None:
    for order in (DAY_FIRST, MONTH_FIRST, ""):
        assert known(read_dates(entries(text), order=order)["first"]) == [None]


def test_without_an_order_a_day_that_could_be_a_month_is_not_read() -> None:
    read = read_dates(entries("05/06/2010", "25/06/2010", "2010-06-05", "5 June 2010"))
    assert known(read["first"]) == [None, None, "2010-06-05", "2010-06-05"]


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("May 2010", "2010-05-01", "2010-05-31", "month"), ("2010-02", "2010-02-01", "2010-02-28", "month"),
        ("02/2012", "2012-02-01", "2012-02-29", "month"), ("2010", "2010-01-01", "2010-12-31", "year"),
        ("mai 2010", "2010-05-01", "2010-05-31", "month"), ("10 mai 2010", "2010-05-10", "2010-05-10", "day"),
        ("1er août 2010", "2010-08-01", "2010-08-01", "day"), ("١ آذار ٢٠١٠", "2010-03-01", "2010-03-01", "day"),
        ("۱۲ اکتوبر ۲۰۱۰", "2010-10-12", "2010-10-12", "day"), ("12 أكتوبر 2010", "2010-10-12", "2010-10-12", "day"),
    ],
)  # fmt: skip
def test_months_years_and_names_of_months(text: str, first: str, last: str, precision: str) -> None:
    assert read_dates(entries(text)).iloc[0].tolist() == [first, last, precision]


def test_the_present_month_ends_today() -> None:
    today = date.today()
    read = read_dates(entries(f"{today:%Y-%m}", f"{today:%Y}")).to_numpy().tolist()
    assert read == [[f"{today:%Y-%m}-01", f"{today}", "month"], [f"{today:%Y}-01-01", f"{today}", "year"]]


@given(days=st.lists(st.dates(date(2000, 1, 1), date(2020, 1, 1)), min_size=1), month_first=st.booleans())
def test_the_order_is_decided_from_all_days_or_asked(days: list[date], month_first: bool) -> None:
    column = entries(*(f"{day:%m/%d/%Y}" if month_first else f"{day:%d/%m/%Y}" for day in days))
    telling = any(day.day > 12 for day in days)
    assert order_of(column)[0] == ("?" if not telling else MONTH_FIRST if month_first else DAY_FIRST)


def test_contradicting_entries_are_asked_about() -> None:
    assert order_of(entries("25/06/2010", "06/25/2010", "26/06/2010")) == ("?", 2, 1)
    assert order_of(entries("2010-06-25", "June 2010", "x")) == ("", 0, 0)


def test_dates_half_exchanged_by_a_spreadsheet_are_noticed() -> None:
    days = [date(2010, 1, 1) + timedelta(days=9 * number) for number in range(40)]
    as_text = [f"{day:%d/%m/%Y}" for day in days]
    # what a spreadsheet set to month first makes of them
    half = [f"{day:%Y-%d-%m}" if day.day <= 12 else f"{day:%d/%m/%Y}" for day in days]
    assert has_two_orders(entries(*half))
    assert not has_two_orders(entries(*as_text))
    assert not has_two_orders(entries(*(f"{day}" for day in days)))
    assert not has_two_orders(
        entries(*(f"{day}" if number % 2 else as_text[number] for number, day in enumerate(days)))
    )


# ---- coordinates ----------------------------------------------------------------------------------------------------


@given(degrees=st.floats(-90, 90, allow_subnormal=False).map(lambda one: round(one, 5)))
def test_degrees_minutes_and_seconds_say_the_same_as_decimals(degrees: float) -> None:
    seconds = round(abs(degrees) * 3600, 3)
    whole, rest = divmod(seconds, 3600)
    minutes, second = divmod(rest, 60)
    letter = "S" if degrees < 0 else "N"
    ways = [
        f"{whole:.0f}°{minutes:.0f}'{second:.3f}\"{letter}", f"{letter} {whole:.0f} {minutes:.0f} {second:.3f}",
        f"{whole:.0f}:{minutes:.0f}:{second:.3f} {letter}", f"{letter}{abs(degrees):.5f}", f"{degrees:.5f}",
        f"{degrees:.5f}".replace(".", ","), f"{abs(degrees):.5f}° {letter.lower()}",
    ]  # fmt: skip
    if "60.000" in ways[0]:
        return  # rounding up to a full minute is no way to write it
    read = pd.to_numeric(read_degrees(entries(*ways), axis="latitude"))
    assert np.allclose(read, degrees, atol=2e-6), dict(zip(ways, read, strict=True))


@pytest.mark.parametrize(
    "text", ["north", "34.5E", "-34.5S", "N34.5N", "34°60'", "34 30", "34.5.1", "=1+1", "1,234.5", "34 5", "34-30-15"]
)
def test_what_is_no_sure_latitude_is_not_read(text: str) -> None:
    assert known(read_degrees(entries(text), axis="latitude")) == [None]


@pytest.mark.parametrize(
    "text",
    [
        "34.5, 69.2", "34.5,69.2", "34.5 69.2", "34.5;69.2", "34.5 / 69.2", "(34.5, 69.2)", "[34.5 69.2]",
        "34,5; 69,2", "34,5, 69,2", "34,5 69,2", "N34.5 E69.2", "34.5N, 69.2E", "69.2E 34.5N", "E69.2 N34.5",
        "34°30'N 69°12'E", "34°30'00\"N, 69°12'00\"E", "Lat: 34.5, Long: 69.2", "lon=69.2, lat=34.5",
        "Latitude 34.5 Longitude 69.2", "POINT(69.2 34.5)", "POINT Z (69.2 34.5 1800)", "٣٤٫٥، ٦٩٫٢",
    ],
)  # fmt: skip
def test_two_coordinates_in_one_text(text: str) -> None:
    read = read_pairs(entries(text), order=LAT_LONG).astype("float64")
    assert read.to_numpy().tolist() == [[34.5, 69.2]]


def test_the_order_of_two_numbers_is_as_said_and_letters_say_it_better() -> None:
    assert (
        read_pairs(entries("69.2, 34.5", "34.5N 69.2E"), order=LONG_LAT).to_numpy().tolist() == [["34.5", "69.2"]] * 2
    )


@pytest.mark.parametrize(
    "text", ["34.5", "34.5, 69.2, 1800", "a, b", "34.5, x", "34.5,, 69.2", "34.5N 35N", "POINT(1)"]
)
def test_what_is_no_pair_is_not_read(text: str) -> None:
    assert read_pairs(entries(text), order=LAT_LONG).isna().all(axis=None)


@given(
    latitude=st.floats(29.5, 38.4), longitude=st.floats(60.6, 74.8), precision=st.integers(0, 5), spaced=st.booleans()
)
def test_the_middle_of_a_grid_square_lies_within_it(
    latitude: float, longitude: float, precision: int, spaced: bool
) -> None:
    reference = mgrs.MGRS().toMGRS(latitude, longitude, MGRSPrecision=precision)
    zone, square, digits = reference[:3], reference[3:5], reference[5:]
    text = " ".join([zone, square, digits[:precision], digits[precision:]]) if spaced else reference.lower()
    read = read_mgrs(entries(text)).iloc[0]
    # the same square in UTM by another library: its easting and northing begin with these digits
    to_utm = Transformer.from_crs("EPSG:4326", f"EPSG:326{zone[:2]}", always_xy=True)
    east, north = to_utm.transform(float(read["longitude"]), float(read["latitude"]))
    size = 10 ** (5 - precision)
    parts = (digits[:precision], digits[precision:])
    inside = [(value % 100_000) / size - int(part or 0) for value, part in zip((east, north), parts, strict=True)]
    assert np.allclose(inside, 0.5, atol=0.01 + 0.5 / size)  # degrees are rounded to a tenth of a metre
    assert read["precision"] == ("province", "district", "settlement", "exact", "exact", "exact")[precision]


@pytest.mark.parametrize(
    "text", ["42S", "42SWD1", "42SWD123", "42SIO1234", "99SWD1234", "42SWZ1234", "4" * 5000, "42SWD12AB"]
)
def test_what_is_no_grid_reference_is_not_read(text: str) -> None:
    assert read_mgrs(entries(text)).isna().all(axis=None)


# ---- counts, times, unknowns ----------------------------------------------------------------------------------------


@given(low=st.integers(0, 10**6), more=st.integers(0, 10**6))
def test_counts_and_ranges_are_read_and_no_end_is_made_up(low: int, more: int) -> None:
    high = low + more
    ways = {
        f"{low}": (None, low, None), f"{low}.0": (None, low, None), f"{low:,}": (None, low, None),
        in_persian_digits(f"{low}"): (None, low, None), f"{low}-{high}": (low, None, high),
        f"{low} – {high}": (low, None, high), f"{low} to {high}": (low, None, high), f"{low}+": (low, None, None),
        f"at least {low}": (low, None, None), f">{low}": (low + 1, None, None), f"≥ {low}": (low, None, None),
        f"up to {high}": (None, None, high), f"<={high}": (None, None, high),
        f"between {low} and {high}": (low, None, high),
    }  # fmt: skip
    read = read_counts(entries(*ways)).to_numpy().tolist()
    found = [tuple(None if pd.isna(end) else int(end) for end in row) for row in read]
    assert dict(zip(ways, found, strict=True)) == ways


@pytest.mark.parametrize(
    "text",
    ["several", "~5", "about 5", "-4", "4-7+", "2.5", "1e3", "=1+1", "7-Apr", "2010-07-04", "12,34", "4-", "9" * 12],
)
def test_what_is_no_sure_count_is_not_read(text: str) -> None:
    assert read_counts(entries(text)).isna().all(axis=None)


@pytest.mark.parametrize(
    "text", ["Unknown", " unk ", "N/A", "-", "—", "?", "NaN", "None", "#N/A", "TBD", "نامعلوم", "غير معروف", "", "  "]
)
def test_words_for_nothing_known_are_null(text: str) -> None:
    assert known(entries(text)) == [None]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("14:05", "14:05"), ("1:30 pm", "13:30"), ("12:05 a.m.", "00:05"), ("0130", "01:30"), ("0130 hrs", "01:30"),
        ("2010-05-01 01:30:00", "01:30"), ("13/05/2010 1:05", "01:05"), ("14h30", "14:30"), ("14:05Z", None),
        ("2010-05-01T14:05:00Z", None), ("25:00", None), ("night", None), ("2010-05-01", None), ("2460", None),
    ],
)  # fmt: skip
def test_times_of_day(text: str, time: str | None) -> None:
    assert known(read_times(entries(text))) == [time]
