"""How people write dates, and whether the day or the month stands first."""

from __future__ import annotations

import re

import pandas as pd

from civmap.readers.written import key

DAY_FIRST, MONTH_FIRST = "day first", "month first"
FIRST_YEAR, LAST_YEAR = 1900, 2100  # 1389 is a year of the Solar Hijri calendar, not of ours
SERIAL_FROM, SERIAL_TO = 20_000, 60_000  # Excel's days since 1899-12-30: October 1954 to April 2064
_EPOCH = pd.Timestamp("1899-12-30")

# English, French, Arabic (Egypt; Syria and Iraq), Dari; without accents, as `key` writes them.
_MONTHS = {
    1: "january jan janvier janv يناير جنوري جنوری",
    2: "february feb fevrier fevr فبراير فبروری شباط",
    3: "march mar mars مارس مارچ آذار",
    4: "april apr avril avr ابريل أبريل اپریل اپريل نيسان",
    5: "may mai مايو می مئ أيار ايار",
    6: "june jun juin يونيو جون حزيران",
    7: "july jul juillet juil يوليو جولای جولاي تموز",
    8: "august aug aout أغسطس اغسطس اگست آب",
    9: "september sep sept septembre سبتمبر سپتمبر سپتامبر أيلول ايلول",
    10: "october oct octobre أكتوبر اكتوبر اکتوبر",
    11: "november nov novembre نوفمبر نومبر نوامبر",
    12: "december dec decembre ديسمبر دسمبر دسامبر",
}
_MONTH = {key(word): number for number, words in _MONTHS.items() for word in words.split()}
_TIME = r"(?:[t ,]+\d{1,2}[:.h]\d{2}.{0,20})?"
_MARK = r" ?[-/. ] ?"
_NAME = r"([^\W\d_]+)\.?"
_WEEKDAY = r"(?:(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\.?,? )?"
_YEAR = r"(\d{4}|'?\d{2})"
_PAIR = rf"^(\d{{1,2}}){_MARK}(\d{{1,2}}){_MARK}{_YEAR}{_TIME}$"
# What the groups of a pattern are: y, m, d, n the name of a month; a and b day and month in the order asked for.
_PATTERNS = (
    (rf"^(\d{{4}}){_MARK}(\d{{1,2}}){_MARK}(\d{{1,2}}){_TIME}$", "ymd"),
    (r"^(\d{4})(\d{2})(\d{2})$", "ymd"),
    (_PAIR, "aby"),
    (rf"^{_WEEKDAY}(\d{{1,2}})(?:st|nd|rd|th|er)?[-/., ]*{_NAME}[-/., ]*{_YEAR}{_TIME}$", "dny"),
    (rf"^{_WEEKDAY}{_NAME} ?(\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}}){_TIME}$", "ndy"),
    (rf"^{_NAME}[-/., ]*(\d{{4}})$", "ny"),
    (r"^(\d{4})[-/.](\d{1,2})$", "ym"),
    (r"^(\d{1,2})[-/.](\d{4})$", "my"),
    (r"^(\d{4})$", "y"),
)


def read_dates(entries: pd.Series, *, order: str = "") -> pd.DataFrame:
    """Read dates: ISO, day and month in either order, names of months, Excel's serial numbers, months and years.

    Parameters
    ----------
    entries
        Cleaned text.
    order
        Which stands first in 05/06/2010, ``day first`` or ``month first``; without it such dates are not read.

    Returns
    -------
    DataFrame
        ``first`` and ``last`` day as YYYY-MM-DD, and ``precision`` (day, month, year). Years before 1900 are not
        read: in Afghanistan and Iran 1389 is a year of another calendar.

    Examples
    --------
    >>> dates = pd.Series(["5/6/2010", "40334", "June 2010", "1389/03/15"])
    >>> read_dates(dates, order="day first")["first"].tolist()
    ['2010-06-05', '2010-06-05', '2010-06-01', nan]
    """
    text = entries.str.casefold()
    parts = pd.DataFrame({part: pd.Series(float("nan"), index=entries.index) for part in "ymd"})
    for pattern, groups in _PATTERNS:
        if groups == "aby":
            if not order:
                continue
            groups = "dmy" if order == DAY_FIRST else "mdy"
        found = text.str.extract(pattern).set_axis(list(groups), axis=1)
        values = pd.DataFrame({group.replace("n", "m"): _numbers(found[group], group) for group in groups})
        new = parts["y"].isna() & values.notna().all(axis=1)
        parts[values.columns] = parts[values.columns].mask(new, values)
    serial = pd.to_numeric(text.str.extract(r"^(\d{5})(?:\.\d+)?$")[0])
    serial = serial.where(serial.between(SERIAL_FROM, SERIAL_TO))
    precision = pd.Series("day", index=entries.index).mask(parts["d"].isna(), "month").mask(parts["m"].isna(), "year")
    good = parts["y"].between(FIRST_YEAR, LAST_YEAR)
    first = _day(parts["y"].where(good), parts["m"].fillna(1), parts["d"].fillna(1))
    last = first.mask(precision == "month", first + pd.offsets.MonthEnd(0))
    last = last.mask(precision == "year", first + pd.offsets.YearEnd(0))
    first = first.fillna(_EPOCH + pd.to_timedelta(serial, unit="D"))
    last, today = last.fillna(first), pd.Timestamp.now().normalize()
    last = last.mask((last > today) & (first <= today), today)  # the present month or year is not over
    return pd.DataFrame(
        {
            "first": first.dt.strftime("%Y-%m-%d").astype("str"),
            "last": last.dt.strftime("%Y-%m-%d").astype("str"),
            "precision": precision.mask(serial.notna(), "day").where(first.notna()).astype("str"),
        }
    )


def order_of(entries: pd.Series) -> tuple[str, int, int]:
    """Decide from a whole column whether the day or the month stands first.

    Parameters
    ----------
    entries
        Cleaned text.

    Returns
    -------
    tuple
        ``day first``, ``month first``, ``""`` where no entry needs an order, or ``?`` where nothing decides or the
        entries contradict each other; and how many entries can only have the day first, and only the month.

    Examples
    --------
    >>> order_of(pd.Series(["05/06/2010", "25/06/2010"])), order_of(pd.Series(["05/06/2010"]))
    (('day first', 1, 0), ('?', 0, 0))
    """
    pairs = entries.str.casefold().str.extract(_PAIR)
    a, b = pd.to_numeric(pairs[0]), pd.to_numeric(pairs[1])
    day_first, month_first = int(((a > 12) & (b <= 12)).sum()), int(((b > 12) & (a <= 12)).sum())
    if not a.notna().any():
        return "", 0, 0
    if bool(day_first) == bool(month_first):
        return "?", day_first, month_first
    return (DAY_FIRST if day_first else MONTH_FIRST), day_first, month_first


def _numbers(values: pd.Series, group: str) -> pd.Series:
    if group == "n":
        return values.map({word: _MONTH.get(key(word)) for word in values.dropna().unique()}).astype("float64")
    numbers = pd.to_numeric(values.str.removeprefix("'"))
    if group == "y":  # two digits as POSIX reads them: 69 to 99 are of the last century
        century = numbers.between(69, 99).map({True: 1900, False: 2000})
        return numbers.mask(values.str.fullmatch(r"'?\d\d").fillna(False), numbers + century)
    return numbers


def _day(year: pd.Series, month: pd.Series, day: pd.Series) -> pd.Series:
    known = pd.DataFrame({"year": year, "month": month, "day": day})
    return pd.to_datetime(known, errors="coerce").astype("datetime64[us]")


def has_two_orders(entries: pd.Series) -> bool:
    """Say whether real dates of a spreadsheet look half exchanged by it.

    A spreadsheet set to month first turns 05/06/2010 into a date of May and leaves 25/06/2010 as text: then every real
    date has a day up to 12, and every text one above.
    """
    iso = pd.to_numeric(entries.str.extract(r"^\d{4}-\d{2}-(\d{2})")[0]).dropna()
    text = entries.str.extract(re.compile(_PAIR, re.IGNORECASE))[0].dropna()
    return len(iso) >= 5 and len(text) >= 5 and bool((iso <= 12).all()) and bool((pd.to_numeric(text) > 12).all())
