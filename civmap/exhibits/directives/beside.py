"""What belongs beside a result: the other readings of the same question, each from records that are counted anew.

Another party's harm is a control (the directive could not touch it); other causes, the same causes by others, and
neighbouring provinces are where harm may have moved to. Records of several parties count for each of them, so controls
take only incidents in which a single party is named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import pandas as pd

from civmap import queries, schema
from civmap.analysis import interventions
from civmap.analysis.fragility import Fragility, look_beside
from civmap.analysis.variants import Largest, without_largest
from civmap.errors import AnalysisError
from civmap.exhibits.directives.activity import activity_of
from civmap.exhibits.directives.primary import Primary, primary
from civmap.exhibits.directives.question import KEPT, Key, Question, ask
from civmap.exhibits.recipe import Recipe
from civmap.filters import BOUNDS, Filters
from civmap.language import mark, say, say_n
from civmap.store import Store

Progress = Callable[[float, str], None]
UNDETERMINED, NOBODY = "undetermined", mark("incidents for which nobody is named")
PEOPLE = {
    ("killed", "min"): mark("civilians killed, minimum"),
    ("killed", "best"): mark("civilians killed, best estimate"),
    ("killed", "max"): mark("civilians killed, maximum"),
    ("injured", "min"): mark("civilians injured, minimum"),
    ("injured", "best"): mark("civilians injured, best estimate"),
    ("injured", "max"): mark("civilians injured, maximum"),
}
GAP_M = 1000  # metres that simplified edges of neighbours may lie apart
MOST_RECORDS = 1_000_000_000  # all of them


@dataclass(frozen=True)
class Beside:
    """Everything beside one result.

    Parameters
    ----------
    question, model
        What was asked, and the primary model.
    found
        From `look_beside`.
    doing
        What the parties did, such as strikes; empty where it is not known.
    every
        All months that a model may take, with every count.
    largest_killed
        Civilians killed with and without the incident in which most were; None without an answer.
    notes
        What could not be looked at and why, in sentences.
    """

    question: Question
    model: Primary
    found: Fragility
    doing: str
    every: pd.DataFrame = field(repr=False)
    largest_killed: Largest | None = field(repr=False)
    notes: tuple[str, ...]

    @property
    def summary(self) -> interventions.EffectSummary:
        """The sentence and verdict that all checks give."""
        return interventions.summarise(
            self.model.found, name=self.question.name, counted=self.question.counted, checks=self.found.checks
        )


@lru_cache(maxsize=KEPT)
def _kept(key: Key) -> list[Beside]:
    """Give the place where the answer to a question is kept, empty at first."""
    del key
    return []


def beside(recipe: Recipe, store: Store, *, progress: Progress | None = None, **more: Any) -> Beside:
    """Look at everything that belongs beside the result of a recipe, once.

    Parameters
    ----------
    recipe, store
        Of any exhibit of a directive.
    progress
        Called with the share done and what comes next; never where the answer is kept from before.
    more
        Parameters of the exhibit beside those of the directive.
    """
    question, _ = ask(recipe, store, **more)
    kept = _kept(question.key)
    if not kept:
        kept.append(_look(question, progress))
    return replace(kept[0], question=question)


def _look(question: Question, progress: Progress | None) -> Beside:
    model = primary(question)
    every = question.every.copy()
    notes: list[str] = []
    options: dict[str, Any] = {"counts": {}, "elsewhere": {}, "controls": []}
    inside = every["period"].isin(question.model["period"])

    def counts(label: str, filters: Filters) -> bool:
        """Count other records in the same months; false where the source does not cover them there."""
        every[label] = question.months(filters, "incidents")
        lacking = int(every.loc[inside, label].isna().sum())
        if lacking:
            notes.append(say_n(
                int(inside.sum()),
                "Not looked at: {label}. They lie outside what the source covers in {lacking} of this {n} month.",
                "Not looked at: {label}. They lie outside what the source covers in {lacking} of these {n} months.",
                label=label, lacking=lacking,
            ))  # fmt: skip
        return not lacking

    for label, filters in controls(question).items():
        if counts(label, filters):
            options["controls"].append(label)
    for label, filters in elsewhere(question).items():
        if counts(label, filters):
            options["elsewhere"][label] = label
    nobody = question.filters.with_(parties=(UNDETERMINED,), measure="incidents")
    asked = question.filters.parties and UNDETERMINED not in question.filters.parties
    if asked and question.filters.measure == "incidents" and counts(say(NOBODY), nobody):
        options["attribution"] = (question.counted, say(NOBODY))
    for label, values in people(question).items():
        every[label] = values
        options["counts"][label] = label
    doing, note = activity_of(question)
    if doing is not None:
        every[doing.name] = doing.to_numpy()
        options["activity"] = str(doing.name)
    if note:
        notes.append(note)
    kept = every[every["complete"]]
    kept = kept[kept["period"].isin(question.modelled(question.every)["period"])].reset_index(drop=True)
    panel = kept[question.inside(kept)].reset_index(drop=True)
    incidents = incidents_of(question)
    found = look_beside(
        panel, at=question.at, outcome=question.counted, longer=kept, incidents=incidents, people="killed",
        counts_people=question.filters.measure != "incidents", progress=progress, **model.terms, **options,
    )  # fmt: skip
    largest = _largest(question, panel, incidents, model)
    return Beside(question, model, found, options.get("activity", ""), kept, largest, (*notes, *found.notes))


def controls(question: Question) -> dict[str, Filters]:
    """Name what the directive could not touch: other parties, and provinces outside its areas."""
    filters, found = question.filters, {}
    others = other_parties(question)
    if others:
        found[say("incidents of other parties")] = filters.with_(
            parties=others, party_mode="single", causes=(), measure="incidents"
        )
    if filters.admin1:
        rest = tuple(code for code in question.here.store.theatre.boundaries.index if code not in filters.admin1)
        found[say("the same in other provinces")] = filters.with_(admin1=rest, measure="incidents")
    return found


def elsewhere(question: Question) -> dict[str, Filters]:
    """Name where harm may have moved to: other causes, the same causes by others, neighbouring provinces."""
    filters, found = question.filters, {}
    if filters.causes:
        found[say("other causes, same parties")] = filters.with_(causes=other_causes(filters), measure="incidents")
        others = other_parties(question)
        if others:
            found[say("the same causes, other parties")] = filters.with_(
                parties=others, party_mode="single", measure="incidents"
            )
    near = neighbours(question)
    if near:
        found[say("neighbouring provinces")] = filters.with_(admin1=near, measure="incidents")
    return found


def other_parties(question: Question) -> tuple[str, ...]:
    """List the theatre's parties that are not asked for; nobody is none of them."""
    asked = question.filters.parties
    every = question.here.store.theatre.parties["party"]
    return tuple(party for party in every if party not in asked and party != UNDETERMINED) if asked else ()


def other_causes(filters: Filters) -> tuple[str, ...]:
    """List the known causes that overlap with none of those asked for."""
    asked, parents = set(filters.causes), schema.CAUSE_PARENTS
    overlap = asked | {parents[cause] for cause in asked if cause in parents}
    return tuple(c for c in schema.CAUSES if c != "unknown" and not {c, parents.get(c, c)} & asked and c not in overlap)


def neighbours(question: Question) -> tuple[str, ...]:
    """List the provinces that touch those asked for."""
    asked = question.filters.admin1
    if not asked:
        return ()
    theatre = question.here.store.theatre
    provinces = theatre.boundaries.to_crs(theatre.measuring_crs)
    inside = provinces.loc[[code for code in asked if code in provinces.index]].union_all()
    near = provinces.index[provinces.geometry.buffer(GAP_M).intersects(inside)]
    return tuple(code for code in near if code not in asked)


def people(question: Question) -> dict[str, pd.Series]:
    """Count the same harm in other ways: killed and injured, each at minimum, best and maximum as far as given."""
    found = {}
    filters = question.filters
    for measure in ("killed", "injured"):
        for bound in BOUNDS:
            if filters.measure == measure and question.here.bound == bound:
                continue  # that is the primary count
            values = question.months(filters.with_(measure=measure), f"value_{bound}")
            if values.notna().any() and values.fillna(0).sum() > 0:
                found[say(PEOPLE[measure, bound])] = values
    if filters.measure != "incidents":
        found[say("incidents")] = question.months(filters.with_(measure="incidents"), "incidents")
    return found


def incidents_of(question: Question) -> pd.DataFrame:
    """List the incidents of the window with the civilians killed in each, at most."""
    here = question.here
    found, _ = queries.records(here.store, here.filters, as_known_on=here.recipe.as_known_on, limit=MOST_RECORDS)
    killed = found["civilians_killed_max"].fillna(found["civilians_killed_best"])
    return pd.DataFrame({"event_date": found["event_date"], "killed": killed.fillna(found["civilians_killed_min"])})


def _largest(question: Question, panel: pd.DataFrame, incidents: pd.DataFrame, model: Primary) -> Largest | None:
    """Look at civilians killed without the incident in which most were; incidents alone hardly notice one."""
    label = say(PEOPLE["killed", "max"])
    if label not in panel:
        return None
    try:
        return without_largest(
            panel, incidents, at=question.at, outcome=label, people="killed", counts_people=True, **model.terms
        )
    except AnalysisError:
        return None
