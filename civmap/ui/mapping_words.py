"""What our columns, and the ways to write them, are called where a person says which column is which."""

from __future__ import annotations

from typing import Any

import pandas as pd

from civmap.exhibits import words
from civmap.language import mark, say
from civmap.readers.mapping import COORDINATES, OPEN

# What the most important of our columns are called here; the others go by their names in the schema.
LABELS = {
    "source_id": mark("Id of the record"), "event_date": mark("Date"),
    "event_date_end": mark("Last day, of several"), "event_time_local": mark("Time"),
    COORDINATES: mark("Coordinates, both in one column"), "latitude": mark("Latitude"), "longitude": mark("Longitude"),
    "admin1_as_reported": mark("Province"), "admin2": mark("District"), "place": mark("Place"),
    "party_as_reported": mark("Party"), "cause_as_reported": mark("Cause, in your words"),
    "grade_as_reported": mark("Credibility"), "civilians_killed": mark("Civilians killed"),
    "civilians_injured": mark("Civilians injured"), "all_killed": mark("Everyone killed"),
    "women_killed": mark("Women killed"), "children_killed": mark("Children killed"),
    "women_injured": mark("Women injured"), "children_injured": mark("Children injured"),
    "reported_at": mark("Date of the report"),
}  # fmt: skip
_NAMES = (  # as the schema calls them
    mark("Date precision"), mark("Location precision"), mark("Attribution"), mark("Cause"), mark("Grade"),
    mark("Assessment"), mark("Assessed by"), mark("Assessed at"), mark("Reported via"), mark("Checked via"),
    mark("Civilians killed min"), mark("Civilians killed best"), mark("Civilians killed max"),
    mark("Civilians injured min"), mark("Civilians injured best"), mark("Civilians injured max"),
    mark("Women killed min"), mark("Women killed max"), mark("Women injured min"), mark("Women injured max"),
    mark("Children killed min"), mark("Children killed max"), mark("Children injured min"),
    mark("Children injured max"), mark("All killed min"), mark("All killed best"), mark("All killed max"),
    mark("Status unknown killed"),
)  # fmt: skip
ANSWERS = {
    OPEN: mark("not yet said"), "day first": mark("day first (31/12)"), "month first": mark("month first (12/31)")
}  # fmt: skip
_WRITTEN = (mark("day first"), mark("month first"), mark("record number"), mark("lat, long"), mark("long, lat"))


def label(to: str) -> str:
    """Say what one of our columns is called."""
    return say(LABELS.get(to, words.capital(to.replace("_", " "))))


def count_range(low: Any, best: Any, high: Any) -> str | None:
    """Write a count with its range: 4; 4 to 7; at least 3; up to 5."""
    if pd.isna(low) and pd.isna(high):
        return None if pd.isna(best) else f"{best}"
    if pd.isna(high):
        return say("at least {low}", low=low)
    if pd.isna(low):
        return say("up to {high}", high=high)
    if low == high:
        return f"{low}"
    if pd.isna(best):
        return say("{low} to {high}", low=low, high=high)
    return say("{low} to {high}, best {best}", low=low, high=high, best=best)
