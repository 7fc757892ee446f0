"""What one period is, in words: counted, as what counts are per, and in a sentence."""

from __future__ import annotations

from civmap.language import mark, mark_n, say, say_in, say_n

__all__ = ["counted", "per", "unit_word", "units_word"]

COUNTED = {
    "day": mark_n("{n} day", "{n} days"),
    "week": mark_n("{n} week", "{n} weeks"),
    "month": mark_n("{n} month", "{n} months"),
    "quarter": mark_n("{n} quarter", "{n} quarters"),
    "year": mark_n("{n} year", "{n} years"),
    "period": mark_n("{n} period", "{n} periods"),
    "row": mark_n("{n} row", "{n} rows"),
}
PER = {
    "day": mark("{counted} per day"),
    "week": mark("{counted} per week"),
    "month": mark("{counted} per month"),
    "quarter": mark("{counted} per quarter"),
    "year": mark("{counted} per year"),
    "period": mark("{counted} per period"),
}


def counted(number: int, noun: str) -> str:
    """Name a number of periods or rows; a length that has no name is a period.

    Examples
    --------
    >>> counted(1, "month"), counted(3, "row"), counted(12, "period of 2 months")
    ('1 month', '3 rows', '12 periods')
    """
    one, many = COUNTED.get(noun, COUNTED["period"])
    return say_n(number, one, many)


def per(what: str, unit: str) -> str:
    """Say what is counted per period.

    Examples
    --------
    >>> per("incidents", "month")
    'incidents per month'
    """
    return say(PER.get(unit, PER["period"]), counted=what)


def unit_word(unit: str) -> str:
    """Say what one period is.

    Examples
    --------
    >>> unit_word("month"), unit_word("period of 2 months")
    ('month', 'period')
    """
    words = {
        "day": say_in("one period", "day"),
        "week": say_in("one period", "week"),
        "month": say_in("one period", "month"),
        "quarter": say_in("one period", "quarter"),
        "year": say_in("one period", "year"),
    }
    return words.get(unit) or say_in("one period", "period")


def units_word(unit: str) -> str:
    """Say what several periods are.

    Examples
    --------
    >>> units_word("month"), units_word("period of 2 months")
    ('months', 'periods')
    """
    words = {
        "day": say_in("several periods", "days"),
        "week": say_in("several periods", "weeks"),
        "month": say_in("several periods", "months"),
        "quarter": say_in("several periods", "quarters"),
        "year": say_in("several periods", "years"),
    }
    return words.get(unit) or say_in("several periods", "periods")
