"""Counts per something: people, sorties, weapons, strikes; where nothing is known to divide by, counts as they are."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from civmap import queries, schema
from civmap.exhibits import words
from civmap.exhibits.standing import Standing
from civmap.filters import Filters
from civmap.queries.exposure import PEOPLE
from civmap.store import Store

PER = ("", PEOPLE, *schema.ACTIVITY_MEASURES)


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
    where = "provinces" if by else "the whole theatre"
    if not known.any():
        return panel, Rate(caveats=(
            f"{_named(per).capitalize()} are not known for {where} in any of these {frequency}s, so counts are shown "
            "as they are.",
        ))  # fmt: skip
    caveats = [
        f"Counts per {frequency}, {panel.attrs['exposure']}: the rate moves with either and says nothing of why; what "
        "was counted and what it is divided by need not come from the same forces."
    ]
    if not known.all():
        missing = words.number(int((~known).sum()))
        caveats.append(
            f"{missing} of {words.count(len(counted), frequency, f'{frequency}s')} {'of provinces ' if by else ''}have no figure to "
            "divide by and are left empty, not zero."
        )
    return panel, Rate(f"{here.unit} per {frequency}, {panel.attrs['exposure']}", tuple(caveats))


def offered(store: Store, filters: Filters) -> dict[str, str]:
    """Name what counts can be divided by here; empty where nothing is known."""
    found = queries.denominators(store, filters)
    return {
        name: "100,000 people" if name == PEOPLE else schema.words(name) + ("" if below else " (whole theatre)")
        for name, below in found.items()
    }


def _named(per: str) -> str:
    return "people" if per == PEOPLE else schema.words(per)
