"""Periods and what is counted in them, in words: a message for each unit, since languages bend them differently."""

from __future__ import annotations

from typing import Any

import pandas as pd

from civmap.exhibits import words
from civmap.exhibits.standing import Standing
from civmap.language import mark, say, say_n

PER_PERIOD = {
    "week": mark("{unit} per week"), "month": mark("{unit} per month"),
    "quarter": mark("{unit} per quarter"), "year": mark("{unit} per year"),
}  # fmt: skip


def per_period(unit: str, frequency: str) -> str:
    """Write the unit of a line.

    Examples
    --------
    >>> per_period("incidents", "quarter")
    'incidents per quarter'
    """
    return say(PER_PERIOD[frequency], unit=unit)


def periods(n: int, frequency: str) -> str:
    """Write a number of periods.

    Examples
    --------
    >>> periods(1, "month"), periods(48, "month")
    ('1 month', '48 months')
    """
    if frequency == "week":
        return say_n(n, "{n} week", "{n} weeks")
    if frequency == "quarter":
        return say_n(n, "{n} quarter", "{n} quarters")
    return say_n(n, "{n} month", "{n} months") if frequency == "month" else say_n(n, "{n} year", "{n} years")


def counted(here: Standing, n: Any) -> str:
    """Write a count with what is counted."""
    measure, bound = here.filters.measure, say(words.BOUNDS[here.bound])
    if measure == "killed":
        return say_n(n, "{n} civilian killed ({bound})", "{n} civilians killed ({bound})", bound=bound)
    if measure == "injured":
        return say_n(n, "{n} civilian injured ({bound})", "{n} civilians injured ({bound})", bound=bound)
    if measure == "casualties":
        return say_n(n, "{n} civilian killed or injured ({bound})", "{n} civilians killed or injured ({bound})",
                     bound=bound)  # fmt: skip
    if here.filters.harm_only:
        return say_n(n, "{n} incident with civilian harm", "{n} incidents with civilian harm")
    return words.count(n, "incident", "incidents")


def short_month(when: pd.Timestamp) -> str:
    """Write a month for a cell.

    Examples
    --------
    >>> short_month(pd.Timestamp("2019-09-01"))
    'Sep 2019'
    """
    return say("{month:%b %Y}", month=when)


def month_span(first: pd.Timestamp, last: pd.Timestamp) -> str:
    """Write a span of months.

    Examples
    --------
    >>> month_span(pd.Timestamp("2019-01-01"), pd.Timestamp("2019-12-01"))
    'Jan to Dec 2019'
    """
    if first == last:
        return short_month(first)
    if first.year == last.year:
        return say("{first:%b} to {last:%b %Y}", first=first, last=last)
    return say("{first:%b %Y} to {last:%b %Y}", first=first, last=last)
