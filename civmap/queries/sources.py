"""What each source has loaded, and which one a question is about: sources are never added together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from civmap.errors import RecipeError
from civmap.filters import Filters, conditions, known_on
from civmap.language import say
from civmap.store import Store


@dataclass(frozen=True)
class Extent:
    """What a source has loaded: number of records, the first and last local day, and which figures it gives.

    `has_best`: every figure of civilians killed comes with a best estimate; `civilians`: it says anything of civilians.
    """

    source: str
    records: int
    date_min: date
    date_max: date
    has_best: bool
    civilians: bool


def sources(store: Store, *, as_known_on: date | None = None) -> list[Extent]:
    """List the sources with records in the theatre, most incidents with civilian harm first."""
    terms, values = known_on(as_known_on)
    sql = f"""SELECT source::VARCHAR AS source, count(*) AS records, min(event_date) AS date_min,
            max(event_date) AS date_max, count(killed_best) > 0 AND NOT bool_or(killed_lacks_best) AS has_best,
            count(killed_max) + count(injured_max) + count(*) FILTER (WHERE civilian_harm) > 0 AS civilians
        FROM facts WHERE {" AND ".join(terms)} AND in_theatre GROUP BY ALL
        ORDER BY count(*) FILTER (WHERE civilian_harm) DESC, source"""
    found = store.remember(
        ("sources", as_known_on), lambda: [_extent(row) for row in store.query(sql, values).itertuples()]
    )
    return list(found)


def _extent(row: Any) -> Extent:
    return Extent(row.source, int(row.records), row.date_min, row.date_max, bool(row.has_best), bool(row.civilians))


def extent(store: Store, filters: Filters, *, as_known_on: date | None = None) -> Extent:
    """Give the extent of the filters' source, or of the first one where none is named.

    Raises
    ------
    RecipeError
        When nothing is loaded, or the source has no records.
    """
    found = sources(store, as_known_on=as_known_on)
    if not found:
        known = (
            say("Nothing was known on {day}.", day=as_known_on) if as_known_on else say("Nothing has been loaded yet.")
        )
        raise RecipeError(
            known, next_step=say("Load a file on the Data Quality page or with `python -m civmap ingest`.")
        )
    if filters.source is None:
        return found[0]
    for one in found:
        if one.source == filters.source:
            return one
    if as_known_on and any(one.source == filters.source for one in sources(store)):
        raise RecipeError(
            say(
                "Nothing was known from {source} on {day}.",
                source=store.theatre.source_label(filters.source),
                day=as_known_on,
            ),
            next_step=say("Choose a later day or another source."),
        )
    raise RecipeError(
        say("There are no records of the source '{source}' in this theatre.", source=filters.source),
        expected=", ".join(one.source for one in found),
        next_step=say("Choose another source."),
    )


def asked(store: Store, filters: Filters, as_known_on: date | None) -> tuple[str, list[Any]]:
    """Turn filters into a condition on one source."""
    return conditions(filters.with_(source=source_of(store, filters, as_known_on)), as_known_on=as_known_on)


def source_of(store: Store, filters: Filters, as_known_on: date | None) -> str:
    """Give the filters' source, or the first one where none is named; empty where nothing is loaded."""
    if filters.source is not None:
        return filters.source
    found = sources(store, as_known_on=as_known_on)
    return found[0].source if found else ""
