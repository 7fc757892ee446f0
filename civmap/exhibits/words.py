"""Periods, filters, measures and numbers in plain words, the same on every exhibit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from civmap import schema
from civmap.filters import Filters
from civmap.theatre import Theatre

MEASURED = {
    "incidents": "incidents with civilian harm",
    "killed": "civilians killed",
    "injured": "civilians injured",
    "casualties": "civilians killed or injured",
}

CERTAINTIES = {
    "confirmed": "confirmed in the source named",
    "secondary": "from a work that reports the source",
    "recalled": "remembered, not from a document",
}
# Headers of the numbers behind a picture; a CSV keeps the short names.
COLUMNS = {
    "panel": "Province", "name": "Province", "admin1": "Province code (ISO 3166-2)", "layer": "Counted in",
    "cell": "H3 cell", "resolution": "Cell size (H3 resolution)", "period": "Period from", "incidents": "Incidents",
    "complete": "Period wholly covered", "fitted": "Model (expected count)",
    "counterfactual": "Projected from before (expected count)",
    "counterfactual_low": "Projected, low (95 %)", "counterfactual_high": "Projected, high (95 %)",
}  # fmt: skip


def day(when: date | pd.Timestamp) -> str:
    """Write a day.

    Examples
    --------
    >>> day(date(2009, 7, 2))
    '2 July 2009'
    """
    return f"{when.day} {when:%B %Y}"


def header(column: str) -> str:
    """Head a column of the numbers behind a picture.

    Examples
    --------
    >>> header("panel"), header("civilians killed, min")
    ('Province', 'Civilians killed, min')
    """
    return COLUMNS.get(column, column[:1].upper() + column[1:])


def month(when: date | pd.Timestamp) -> str:
    """Write a month, such as July 2009."""
    return f"{when:%B %Y}"


def number(value: Any) -> str:
    """Write a count with thousands set apart; null is "not known".

    Examples
    --------
    >>> number(26467), number(None)
    ('26,467', 'not known')
    """
    return "not known" if value is None or pd.isna(value) else f"{int(value):,}"


def percent(share: float) -> str:
    """Write a share of 1 as a percentage.

    Examples
    --------
    >>> percent(0.19), percent(0.004)
    ('19 %', 'under 1 %')
    """
    return "under 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def count(value: Any, noun: str, plural: str | None = None) -> str:
    """Write a count with its noun in singular or plural.

    Examples
    --------
    >>> count(1, "row"), count(2, "row"), count(3, "record is", "records are")
    ('1 row', '2 rows', '3 records are')
    """
    return f"{number(value)} {noun if value == 1 else plural or noun + 's'}"


def span(low: Any, high: Any) -> str:
    """Write a range of counts, one number where both ends agree."""
    low, high = (None if value is None or pd.isna(value) else int(value) for value in (low, high))
    if low is None and high is None:
        return "not known"
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def listed(items: Sequence[str], *, joined: str = "and") -> str:
    """Write a list.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joined} {items[-1]}" if items else ""


def what(filters: Filters) -> str:
    """Say what is counted."""
    counted = MEASURED[filters.measure]
    return counted.replace(" with civilian harm", "") if not filters.harm_only else counted


def filters_in_words(filters: Filters, theatre: Theatre) -> str:
    """Say in words what the filters let through, without source and dates; empty where they let all through."""
    names = theatre.boundaries["name"]
    labels = theatre.parties.set_index("party")["label"]
    said = []
    if filters.admin1:
        said.append("in " + listed([str(names.get(code, code)) for code in filters.admin1]))
    if filters.parties:
        parties = listed([str(labels.get(party, party)) for party in filters.parties], joined="or")
        said.append(f"{parties} alone named" if filters.party_mode == "single" else f"{parties} named")
    for values, of in ((filters.causes, "cause"), (filters.grades, "grade"), (filters.precisions, "place known to")):
        if values:
            said.append(f"{of} " + listed([schema.words(value) for value in values], joined="or"))
    if not filters.harm_only:
        said.append("with or without civilian harm")
    return "; ".join(said)
