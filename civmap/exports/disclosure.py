"""What of an exhibit may leave: coarse places, no names or notes, no small count of people that can be worked out.

The result has parts of the same kinds. In charts and maps a withheld count is null, and the column ``withheld`` says
between what it lies; in tables the cell says so itself: ``<5``, or ``7 to 12`` for a count withheld so that others
cannot be worked out, or ``withheld`` where no interval is stated. What is not known to be safe does not leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from civmap import queries, schema
from civmap.exhibits.recipe import Exhibit
from civmap.exports import counts
from civmap.exports.disclosure_text import PEOPLE, clean, measure_of, nearless
from civmap.filters import Filters
from civmap.language import say, speaking
from civmap.store import Store

NEAR_LETTERS = 60  # of a place's name on a map


@dataclass
class Care:
    """What is known while an exhibit is made safe: whose it is, its filters, and what was withheld so far.

    ``values`` are withheld numbers, ``hidden`` how many at a time; ``secrets`` are texts that somebody wrote, and
    ``finer`` people's columns that tables finer than a province lost.
    """

    store: Store
    exhibit: Exhibit
    filters: Filters
    smallest: int
    values: set[int] = field(default_factory=set)
    hidden: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    finer: set[str] = field(default_factory=set)

    @property
    def codes(self) -> dict[str, str]:
        """The theatre's provinces by name."""
        return {str(name): str(code) for code, name in self.store.theatre.boundaries["name"].items()}

    @property
    def areas(self) -> tuple[str, ...]:
        """The provinces that are asked about; none for the whole theatre."""
        options = self.exhibit.recipe.options
        if self.filters.admin1:
            return self.filters.admin1
        if self.exhibit.recipe.analysis == "province_trend":
            named = options.get("province") or self.exhibit.title.split(":")[0].strip()
            return (self.codes.get(str(named), str(named)),)
        directives = self.store.theatre.directives
        scope = directives.loc[directives["id"] == options.get("directive", ""), "scope_areas"]
        return tuple(scope.iloc[0]) if len(scope) else ()

    @property
    def places(self) -> frozenset[str]:
        """Names of places in the records, as far as texts write them."""
        return self.store.remember("names of places", lambda: _places(self.store))

    def clean(self, text: str) -> str:
        """Give a text of the exhibit as it may leave.

        Where it is about some provinces, or lists what is finer, no number of people in it was decided about.
        """
        every: Literal["", "people", "counts"] = ""
        if self.areas or self.finer:
            every = "counts" if self.protects else "people"
        secrets = {one for one in self.secrets if len(one) > 2 and one not in self.codes}
        return clean(text, self.values, places=self.places, secrets=secrets, every=every)

    def of(self, text: str) -> Care:
        """Take care of what a unit or a header says is counted."""
        return replace(self, filters=self.filters.with_(measure=measure_of(text, self.filters.measure)))

    @property
    def protects(self) -> bool:
        """Whether the rule protects what is counted."""
        return counts.protected(self.store, self.filters.measure)

    @property
    def rounds(self) -> bool:
        """Whether results of a model are told with two digits only: they are about people of some provinces."""
        recipe = self.exhibit.recipe
        modelled = recipe.analysis.startswith("directive")
        return modelled and bool(self.areas) and counts.protected(self.store, recipe.filters.measure)

    @property
    def bound(self) -> str:
        """The bound that is drawn."""
        if self.filters.measure == "incidents":
            return "min"
        loaded = queries.extent(self.store, self.filters, as_known_on=self.exhibit.recipe.as_known_on)
        return self.filters.bound if self.filters.bound != "best" or loaded.has_best else "max"

    @property
    def window(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """The days that are asked for, from the first to the last loaded month where the filters leave them open."""
        loaded = queries.extent(self.store, self.filters, as_known_on=self.exhibit.recipe.as_known_on)
        first, last = self.filters.date_from, self.filters.date_to
        begin = pd.Timestamp(loaded.date_min).to_period("M").start_time
        end = pd.Timestamp(loaded.date_max).to_period("M").end_time.normalize()
        return (
            begin if first is None or first <= loaded.date_min else pd.Timestamp(first),
            end if last is None or last >= loaded.date_max else pd.Timestamp(last),
        )

    def look_up(self, bound: str, level: str, areas: Iterable[Any], at: Iterable[Any]) -> pd.DataFrame:
        """Give what is told of counts at a level of time."""
        decided = counts.counts(self.store, self.filters, as_known_on=self.exhibit.recipe.as_known_on)
        return decided.look_up(self._of(bound), level, list(areas), list(at))

    def added(self, bound: str, areas: Sequence[str], *window: pd.Timestamp) -> pd.DataFrame:
        """Give what is told of areas over some days, a row each and no interval."""
        decided = counts.counts(self.store, self.filters, as_known_on=self.exhibit.recipe.as_known_on)
        found = decided.added(self._of(bound), tuple(areas), *(window or self.window))
        return found.reset_index(drop=True).assign(low=np.nan, high=np.nan)

    def cells(self, bound: str) -> pd.DataFrame:
        """Give what is told of cells and of what is known to the province, by level, area and cell."""
        decided = counts.in_cells(self.store, self.filters, as_known_on=self.exhibit.recipe.as_known_on).frame
        found = decided.reset_index()
        return found[found["bound"] == self._of(bound)]

    def _of(self, bound: str) -> str:
        return "min" if self.filters.measure == "incidents" else bound

    def hide(self, values: pd.Series, found: pd.DataFrame) -> np.ndarray:
        """Say which values are withheld; all of them where they are not the counts that were decided about."""
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
        decided = pd.to_numeric(found["value"]).to_numpy(dtype="float64", na_value=np.nan)
        given = ~np.isnan(numbers)
        strange = given & (numbers != 0) & ~(numbers == decided)
        mask = found["withheld"].fillna(False).to_numpy(dtype=bool, copy=True)
        return self.masked(numbers, (mask | strange.any()) & given)

    def masked(self, numbers: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Note which numbers no text may tell."""
        self.values |= set(np.rint(numbers[mask & ~np.isnan(numbers)]).astype(int).tolist())
        self.hidden.append(int(mask.sum()))
        return mask

    def said(self, found: pd.DataFrame, mask: np.ndarray) -> list[str]:
        """Write the stated interval of each withheld count, empty elsewhere."""
        return [
            counts.interval(low, high, self.smallest) if hidden else ""
            for low, high, hidden in zip(found["low"], found["high"], mask, strict=True)
        ]


def disclose(exhibit: Exhibit, store: Store) -> tuple[Exhibit, int]:
    """Give an exhibit as it may leave, and say how many of its counts are withheld.

    Parameters
    ----------
    exhibit
        As `civmap.exhibits.build` makes it; it is not changed.
    store
        The store it was built from.
    """
    with speaking(exhibit.language):
        return _disclosed(exhibit, store)


def _disclosed(exhibit: Exhibit, store: Store) -> tuple[Exhibit, int]:
    from civmap.exports.disclosure_parts import safe_part  # which takes the Care of this module

    care = Care(store, exhibit, exhibit.recipe.filters, int(store.theatre.disclosure["smallest_count"]))
    parts = [safe_part(part, care) for part in exhibit.parts]
    told = {name: care.clean(text) for name, text in (("title", exhibit.title), ("sentence", exhibit.sentence))}
    caveats = [line for one in exhibit.caveats if (line := care.clean(one))]
    if care.hidden and sum(care.hidden):
        caveats.append(say(
            "Counts of people from 1 to {most} are withheld (<{smallest}) where they are finer than a province in a "
            "year, and others with them so that they cannot be worked out.",
            most=care.smallest - 1, smallest=care.smallest,
        ))  # fmt: skip
    if care.rounds:
        care.notes.append(say("Numbers are rounded to two digits here: the model is about people of some provinces."))
    safe = replace(
        exhibit, title=told["title"] or say("Exhibit"),
        sentence=told["sentence"], caveats=(*caveats, *care.notes),
        standing=tuple(line for one in exhibit.standing if (line := care.clean(one))),
        parts=tuple(replace(part, alt=care.clean(part.alt), title=care.clean(part.title)) for part in parts),
    )  # fmt: skip
    return safe, sum(care.hidden)


def _places(store: Store) -> frozenset[str]:
    found = store.query("SELECT DISTINCT place FROM incidents WHERE place IS NOT NULL")["place"]
    return frozenset([*found, *found.str.slice(0, NEAR_LETTERS)])


def rule(store: Store) -> str:
    """Say the disclosure rule of a theatre in words."""
    said = store.theatre.disclosure
    people = say(
        "People: 1 to {most} are withheld where finer than a province in a year, and others so that they cannot be "
        "worked out; places no finer than {place}", most=int(said["smallest_count"]) - 1,
        place=schema.words(str(said["finest_place"])),
    )  # fmt: skip
    if said["province_month_counts_exempt"]:
        return say("{people}; incidents by province and period told as they are", people=people)
    return say("{people}; incidents by province and period held to the same rule", people=people)


def nameless(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out places, and what a label says beyond its province where that may be a place or people."""
    frame = frame.drop(columns=["place", "near"], errors="ignore")
    if "label" in frame:
        labels = [nearless(str(text)) for text in frame["label"]]
        frame = frame.assign(label=[text.split(":")[0].strip() if PEOPLE.search(text) else text for text in labels])
    people = [name for name in frame if PEOPLE.search(str(name))]
    return frame.drop(columns=people)
