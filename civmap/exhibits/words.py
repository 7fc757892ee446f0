"""Periods, filters, measures and numbers in plain words, the same on every exhibit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pandas as pd

from civmap import schema
from civmap.exhibits.headers import header as header
from civmap.filters import Filters
from civmap.language import count as count
from civmap.language import day as day
from civmap.language import listed as listed
from civmap.language import mark, say
from civmap.language import month as month
from civmap.language import number as number
from civmap.theatre import Theatre

MEASURED = {
    "incidents": mark("incidents with civilian harm"),
    "killed": mark("civilians killed"),
    "injured": mark("civilians injured"),
    "casualties": mark("civilians killed or injured"),
}

CERTAINTIES = {
    "confirmed": mark("confirmed in the source named"),
    "secondary": mark("from a work that reports the source"),
    "recalled": mark("remembered, not from a document"),
}
BOUNDS = {"min": mark("min"), "best": mark("best"), "max": mark("max")}


def percent(share: float) -> str:
    """Write a share of 1 as a percentage.

    Examples
    --------
    >>> percent(0.19), percent(0.004)
    ('19 %', 'under 1 %')
    """
    return say("under 1 %") if 0 < share < 0.005 else say("{percent:.0f} %", percent=100 * share)


def span(low: Any, high: Any) -> str:
    """Write a range of counts, one number where both ends agree."""
    low, high = (None if value is None or pd.isna(value) else int(value) for value in (low, high))
    if low is None and high is None:
        return say("not known")
    return number(low) if low == high else say("{low} to {high}", low=number(low), high=number(high))


def days(first: date, last: date) -> str:
    """Write a span of days, from and including one to another."""
    return say("{first_day} to {last_day}", first_day=day(first), last_day=day(last))


def what(filters: Filters) -> str:
    """Say what is counted."""
    if filters.measure == "incidents" and not filters.harm_only:
        return say("incidents")
    return say(MEASURED[filters.measure])


def clauses(pieces: Iterable[str]) -> str:
    """Join clauses that stand alone, leaving out empty ones.

    Examples
    --------
    >>> clauses(["3 killed", "", "2 injured"])
    '3 killed; 2 injured'
    """
    return say("; ").join(piece for piece in pieces if piece)


def capital(text: str) -> str:
    """Begin a text with a capital letter, leaving the others as they are."""
    return text[:1].upper() + text[1:]


def filters_in_words(filters: Filters, theatre: Theatre) -> str:
    """Say in words what the filters let through, without source and dates; empty where they let all through."""
    names = theatre.boundaries["name"]
    labels = theatre.parties.set_index("party")["label"]
    said = []
    if filters.admin1:
        said.append(say("in {areas}", areas=listed([str(names.get(code, code)) for code in filters.admin1])))
    if filters.parties:
        parties = listed([str(labels.get(party, party)) for party in filters.parties], joined=mark("or"))
        alone = filters.party_mode == "single"
        said.append(say(mark("{parties} alone named") if alone else mark("{parties} named"), parties=parties))
    for values, of in (
        (filters.causes, mark("cause {words}")),
        (filters.grades, mark("grade {words}")),
        (filters.precisions, mark("place known to {words}")),
    ):
        if values:
            said.append(say(of, words=listed([schema.words(value) for value in values], joined="or")))
    if not filters.harm_only:
        said.append(say("with or without civilian harm"))
    return clauses(said)
