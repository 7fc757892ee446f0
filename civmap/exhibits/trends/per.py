"""Counts per something: people, sorties, weapons, strikes; where nothing is known to divide by, counts as they are."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from civmap import queries, schema
from civmap.exhibits import words
from civmap.exhibits.standing import Standing
from civmap.exhibits.trends.periods import per_period, periods
from civmap.filters import Filters
from civmap.language import mark, say
from civmap.queries.exposure import PEOPLE
from civmap.store import Store

PER = ("", PEOPLE, *schema.ACTIVITY_MEASURES)
# each for the whole theatre (False) and for provinces (True)
UNKNOWN = {
    False: mark("{what} are not known for the whole theatre in any of these periods, so counts are shown as they are."),
    True: mark("{what} are not known for provinces in any of these periods, so counts are shown as they are."),
}
MISSING = {
    False: mark("{missing} of {periods} have no figure to divide by and are left empty, not zero."),
    True: mark("{missing} of {periods} of provinces have no figure to divide by and are left empty, not zero."),
}


@dataclass(frozen=True)
class Rate:
    """What counts are divided by; `unit` is empty where they are shown as they are."""

    unit: str = ""
    caveats: tuple[str, ...] = ()


def divided(here: Standing, *, by: str | None, frequency: str, per: str) -> tuple[pd.DataFrame, Rate]:
    """Give the panel of a question with its rates, and say what they are and where they are missing."""
    panel = queries.panel(
        here.store, here.filters, by=by, frequency=frequency, per=per or None, as_known_on=here.recipe.as_known_on
    )
    if not per:
        return panel, Rate()
    counted = panel[panel["incidents"].notna() & panel["complete"]]
    known = counted["exposure"].notna()
    if not known.any():
        return panel, Rate(caveats=(say(UNKNOWN[bool(by)], what=words.capital(_named(per))),))
    divided_by, counts = panel.attrs["exposure"], per_period(say("counts"), frequency)
    caveats = [say(
        "{counts}, {divided_by}: the rate moves with either and says nothing of why; what was counted and what it is "
        "divided by need not come from the same forces.",
        counts=words.capital(counts), divided_by=divided_by,
    )]  # fmt: skip
    if not known.all():
        caveats.append(say(MISSING[bool(by)], missing=words.number(int((~known).sum())),
                           periods=periods(len(counted), frequency)))  # fmt: skip
    unit = say("{unit}, {divided_by}", unit=per_period(here.unit, frequency), divided_by=divided_by)
    return panel, Rate(unit, tuple(caveats))


def offered(store: Store, filters: Filters) -> dict[str, str]:
    """Name what counts can be divided by here; empty where nothing is known."""
    found = queries.denominators(store, filters)
    return {name: _offered(name, below=below) for name, below in found.items()}


def _offered(name: str, *, below: bool) -> str:
    if name == PEOPLE:
        return say("100,000 people")
    return schema.words(name) if below else say("{what} (whole theatre)", what=schema.words(name))


def _named(per: str) -> str:
    return say("people") if per == PEOPLE else schema.words(per)
