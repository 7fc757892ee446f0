"""The question behind every exhibit of a directive: which date, which records, which months, what else happened.

Everything that several exhibits of one directive need is found once and kept for the next of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from civmap import queries
from civmap.exhibits import words
from civmap.exhibits.directives.which import scoped, which
from civmap.exhibits.events import events
from civmap.exhibits.recipe import Recipe
from civmap.exhibits.standing import Standing, options, standing
from civmap.filters import Filters
from civmap.language import mark, say, spoken
from civmap.store import Store

WINDOWS = (24, 12, 18, 36, 48)  # months on each side
SCOPES = {"directive": mark("as in the directive"), "filters": mark("as in the filters")}
ASKED: dict[str, Any] = {"directive": "", "at": "", "window": WINDOWS, "scope": tuple(SCOPES)}
KEPT = 16  # questions whose answers are kept for the next exhibit


@dataclass(frozen=True)
class Key:
    """What a question is kept by: all that its answer depends on, the language too; the store is only carried."""

    recipe: str
    state: tuple[str, ...]
    store: Store = field(compare=False, repr=False)


@dataclass(frozen=True)
class Question:
    """One directive, or one day, with the records and months that it is judged by.

    Parameters
    ----------
    key
        What this question and what follows from it are kept by.
    identifier, name, at
        Id of the theatre's directive or nothing; its name in a sentence; the date.
    month_only, split
        Whether only the month is known; whether the month of the date is left out because it lies on both sides.
    window
        Months on each side.
    counted
        Name of the counted column.
    here
        Standing of the window.
    every
        All months of the source under the filters, with ``complete``, ``incidents`` and the counted column.
    happened
        Other events in the window: directives to the same parties, recording changes, context.
    caveats
        On the directive and on the choice of records.
    """

    key: Key
    identifier: str
    name: str
    at: pd.Timestamp
    month_only: bool
    split: bool
    window: int
    counted: str
    here: Standing
    every: pd.DataFrame = field(repr=False)
    happened: pd.DataFrame = field(repr=False)
    caveats: tuple[str, ...] = ()

    @property
    def filters(self) -> Filters:
        """The filters without dates."""
        return self.here.filters.with_(date_from=None, date_to=None)

    @property
    def panel(self) -> pd.DataFrame:
        """The months of the window, as they are drawn."""
        return self.every[self.inside(self.every)].reset_index(drop=True)

    @property
    def model(self) -> pd.DataFrame:
        """Month and count, only the months that enter a model of the window."""
        return self.modelled(self.panel)

    def inside(self, frame: pd.DataFrame) -> pd.Series:
        """Say which months lie in the window."""
        return frame["period"].between(self.here.first.to_period("M").start_time, self.here.last)

    def modelled(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Leave out months that are not wholly covered, and the split one."""
        split = (frame["period"] == self.at.to_period("M").start_time) & self.split
        return frame.loc[frame["complete"] & ~split, ["period", self.counted]].reset_index(drop=True)

    def months(self, filters: Filters, column: str = "value_max") -> pd.Series:
        """Count other records in the same months, in the order of `every`."""
        known_on = self.here.recipe.as_known_on
        panel = queries.panel(self.here.store, filters, by=None, as_known_on=known_on).set_index("period")
        return panel[column].reindex(self.every["period"]).astype("Float64").reset_index(drop=True)


def ask(recipe: Recipe, store: Store, **more: Any) -> tuple[Question, dict[str, Any]]:
    """Read a recipe's parameters and find what its exhibit rests on.

    Parameters
    ----------
    recipe, store
        As for `civmap.exhibits.build`.
    more
        Parameters of this exhibit beside those of the directive, as for `options`.

    Returns
    -------
    Question, dict
        The question, and the exhibit's own parameters.

    Raises
    ------
    RecipeError
        When there is no such directive, date or parameter.
    AnalysisError
        When the date is known too roughly.
    """
    chosen = options(recipe, **ASKED, **more)
    asked = {name: chosen.pop(name) for name in ASKED}
    # the same key for every exhibit of one directive
    same = Recipe(recipe.theatre, "directive", asked, recipe.filters, recipe.as_known_on)
    state = (str(store.home), store.fingerprint, store.theatre.fingerprint, spoken())
    kept = question_of(Key(same.to_json(), state, store))
    return replace(kept, here=replace(kept.here, recipe=recipe)), chosen  # an answer carries the recipe it was asked by


@lru_cache(maxsize=KEPT)
def question_of(key: Key) -> Question:
    """Find what a question rests on, once."""
    recipe, store = Recipe.from_json(key.recipe), key.store
    chosen = recipe.options
    name, at, month_only, caveats = which(chosen["directive"], chosen["at"], store)
    split = month_only or at.day > 1
    filters = _windowed(recipe.filters, at, chosen["window"], split=split)
    replaced = [say("dates")] if recipe.filters.date_from or recipe.filters.date_to else []
    if chosen["scope"] == "directive" and chosen["directive"]:
        filters, said = scoped(recipe, filters, chosen["directive"], store)
        caveats += said
        set_aside = {mark("parties"): recipe.filters.parties, mark("causes"): recipe.filters.causes,
                     mark("provinces"): recipe.filters.admin1}  # fmt: skip
        replaced += [say(name_of) for name_of, given in set_aside.items() if given]
    if replaced:
        caveats.append(say("The filters' {what} do not apply here; the directive's do.", what=words.listed(replaced)))
    here = standing(recipe, store, filters=filters)
    counted = words.what(here.filters)
    whole = here.filters.with_(date_from=None, date_to=None)
    every = queries.panel(store, whole, by=None, as_known_on=recipe.as_known_on)
    every = every.assign(**{counted: every[here.value].astype("Float64")})
    happened = _others(here, chosen["directive"])
    return Question(
        key, chosen["directive"], name, at, month_only, split, chosen["window"], counted, here, every, happened,
        tuple(caveats),
    )  # fmt: skip


def _windowed(filters: Filters, at: pd.Timestamp, window: int, *, split: bool) -> Filters:
    """Take as many whole months before as after; a split month lies between and counts for neither."""
    month = at.to_period("M")
    first, last = month - window, month + window - (0 if split else 1)
    return filters.with_(date_from=first.start_time.date(), date_to=last.end_time.date())


def _others(here: Standing, identifier: str) -> pd.DataFrame:
    """List what else happened in the window: recording changes, context, and directives to the same parties."""
    happened = events(here.store, here.filters, here.first, here.last)
    table = here.store.theatre.directives.set_index("id")
    meant = set(here.filters.parties)
    keep = []
    row: Any
    for row in happened.itertuples():  # a few dozen events, not records
        if row.kind != "directive":
            keep.append(True)
            continue
        parties = set(table["scope_parties"][row.id])
        same = not meant or not parties or bool(meant & parties)
        keep.append(row.id != identifier and same and table["direction"][row.id] != "organisational")
    return happened[np.array(keep, dtype=bool)].reset_index(drop=True)
