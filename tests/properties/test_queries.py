"""What holds of every answer: parts add up to the whole, and later loads or another order change no answer."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from civmap import queries, schema
from civmap.errors import RecipeError
from civmap.filters import BOUNDS, MEASURES, PARTY_MODES, Filters
from civmap.store import Store
from tests.properties.worlds import (
    PROVINCES,
    START,
    TALLIES,
    World,
    a_few,
    formats,
    published,
    stored,
    telling_days,
    worlds,
)

days = st.integers(-10, 160).map(lambda n: START + timedelta(days=n))


def some(words: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """Draw a few of the words."""
    return st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True).map(tuple)


narrowed = st.one_of(  # two of them at most: more would leave nothing to count
    st.fixed_dictionaries({"date_from": days}),
    st.fixed_dictionaries({"date_to": days}),
    st.fixed_dictionaries({"admin1": some(PROVINCES)}),
    st.fixed_dictionaries(
        {
            "parties": some(("international_forces", "taliban", "undetermined")),
            "party_mode": st.sampled_from(PARTY_MODES),
        }
    ),
    st.fixed_dictionaries({"causes": some(("aerial", "ied", "suicide_or_complex", "ground_engagement", "unknown"))}),
    st.fixed_dictionaries({"grades": some(schema.GRADES)}),
    st.fixed_dictionaries({"precisions": some(schema.LOCATION_PRECISIONS)}),
)
filters = st.builds(
    lambda source, measure, harm_only, terms: Filters(
        source=source, measure=measure, harm_only=harm_only, **{name: term[name] for term in terms for name in term}
    ),
    source=st.sampled_from(TALLIES),
    measure=st.sampled_from(MEASURES[::-1]),
    harm_only=st.booleans(),
    terms=st.lists(narrowed, max_size=2),
)

COUNTED = ("incidents", *(f"value_{bound}" for bound in BOUNDS))
PEOPLE = {"killed": ("killed",), "injured": ("injured",), "casualties": ("killed", "injured")}


def whole(store: Store, asked: Filters) -> pd.Series:
    """Give the totals under a filter as parts are counted: incidents, and its measure; unknown adds nothing."""
    found = queries.totals(store, asked)
    people = PEOPLE.get(asked.measure)
    values = [sum(found[f"{one}_{bound}"] or 0 for one in people or ()) for bound in BOUNDS]
    return pd.Series([found["incidents"], *(values if people else [found["incidents"]] * 3)], COUNTED)


def added(frame: pd.DataFrame) -> pd.Series:
    """Add up the counts of all rows of an answer."""
    return frame[[*COUNTED]].astype("Int64").sum()


def added_records(records: pd.DataFrame, measure: str) -> pd.Series:
    """Add up the figures of the records themselves: a best only if every record with a figure has one."""
    values = np.full(3, len(records))
    for n, one in enumerate(PEOPLE.get(measure, ())):
        low, best, high = (records[f"civilians_{one}_{bound}"] for bound in BOUNDS)
        every = (best.notna() | (low.isna() & high.isna())).all()
        sums = [low.fillna(best).sum(), best.sum() if every else 0, high.fillna(best).fillna(low).sum()]
        values = np.array(sums) + (values if n else 0)
    return pd.Series([len(records), *values], COUNTED)


def until(asked: Filters, day: date) -> Filters:
    """Narrow a filter to what happened until a day."""
    return asked.with_(date_to=min(day, asked.date_to or day))


def since(asked: Filters, day: date) -> Filters:
    """Narrow a filter to what happened on a day or later."""
    return asked.with_(date_from=max(day, asked.date_from or day))


def answers(store: Store, asked: Filters, day: date | None = None) -> dict[str, Any]:
    """Everything that a page asks; a question that cannot be answered gives the name of its error."""
    questions: dict[str, Any] = {
        "totals": queries.totals, "held back": queries.held_back, "cells": queries.cells,
        "provinces": queries.provinces, "panel": queries.panel, "records": queries.records,
        "precision": queries.precision, "caveats": queries.caveat_counts, "extent": queries.extent,
        "sources": lambda store, _, **known: queries.sources(store, **known),
        "missing": lambda store, _, **known: queries.missing(store, **known).sort_values(
            ["source", "column"], ignore_index=True),
        "weeks": lambda store, asked, **known: queries.panel(store, asked, by=None, frequency="week", **known),
    }  # fmt: skip
    found: dict[str, Any] = {}
    for name, ask in questions.items():
        try:
            found[name] = ask(store, asked, as_known_on=day)
        except RecipeError as error:
            found[name] = type(error).__name__
    return found


def equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Both sets of answers are the same."""
    assert one.keys() == other.keys()
    for name in one:
        first, second = (
            answer[name] if isinstance(answer[name], tuple) else (answer[name],) for answer in (one, other)
        )
        assert len(first) == len(second), name
        for a, b in zip(first, second, strict=True):
            assert type(a) is type(b), name
            if isinstance(a, pd.DataFrame):
                pd.testing.assert_frame_equal(a, b, obj=name)
            else:
                assert a == b, name


@a_few
@given(world=worlds, form=formats, asked=filters, which=st.integers(0, 999))
def test_totals_by_any_grouping_add_up(world: World, form: str, asked: Filters, which: int) -> None:
    """Under any filter records, provinces, cells, periods, precisions, causes, grades add up to the totals."""
    with tempfile.TemporaryDirectory() as folder:
        store = stored(world, folder, published(world, folder, form))
        if asked.source not in {one.source for one in queries.sources(store)}:
            return
        precisions = asked.precisions or schema.LOCATION_PRECISIONS
        # only what is known no better than the country lies in no province
        nowhere = whole(store, asked.with_(precisions=("country",))) * ("country" in precisions)
        every = {
            "causes": asked.causes or [cause for cause in schema.CAUSES if cause not in schema.CAUSE_PARENTS],
            "grades": asked.grades or [grade for grade in schema.GRADES if grade not in schema.EXCLUDED_GRADES],
            "precisions": precisions,
            "admin1": asked.admin1 or world.provinces,
        }
        parts = {name: [whole(store, asked.with_(**{name: (one,)})) for one in words] for name, words in every.items()}
        parts["admin1"].append(nowhere)
        found = store.incidents(asked)
        if len(found):  # a day on which something happened, and the days before and after it
            day, one = found["event_date"].dt.date.iloc[which % len(found)], timedelta(days=1)
            parts["before a day"] = [whole(store, until(asked, day - one)), whole(store, since(asked, day))]
            parts["after a day"] = [whole(store, until(asked, day)), whole(store, since(asked, day + one))]
        parts["records"] = [added_records(found, asked.measure)]
        parts["provinces"] = [added(queries.provinces(store, asked)), nowhere]
        vague = queries.provinces(store, asked, only_province=True)
        parts["cells"] = [added(queries.cells(store, asked)), added(vague), nowhere]
        parts["province and month"] = [added(queries.panel(store, asked)), nowhere]
        for frequency in queries.FREQUENCIES:
            parts[frequency] = [added(queries.panel(store, asked, by=None, frequency=frequency))]
        total = whole(store, asked)
        for name, counted in parts.items():
            assert sum(counted).tolist() == total.tolist(), name
        assert queries.precision(store, asked)["incidents"].sum() == total["incidents"]


@a_few
@given(world=worlds, form=formats, source=st.sampled_from(TALLIES), harm_only=st.booleans())
def test_what_is_counted_and_what_is_held_back_is_all(world: World, form: str, source: str, harm_only: bool) -> None:
    """Incidents counted, outside the theatre, excluded by judgement or without harm are all records of the source."""
    asked = Filters(source=source, harm_only=harm_only)
    with tempfile.TemporaryDirectory() as folder:
        loads = published(world, folder, form)
        store = stored(world, folder, loads)
        counted, held = queries.totals(store, asked)["incidents"], queries.held_back(store, asked)
        apart = held["outside"] + held["excluded"] + (held["without_harm"] if harm_only else 0)
        ids = {
            id_ for result, _ in loads for id_ in result.records.loc[result.records["source"] == source, "source_id"]
        }
        assert counted + apart == len(ids)
        assert held["set_aside"] == sum((result.rejected["source"] == source).sum() for result, _ in loads)


@a_few
@given(world=worlds, form=formats, asked=filters, day=days, which=st.integers(0, 9))
def test_as_known_on_a_day_every_answer_is_that_of_a_store_that_never_saw_later_loads(
    world: World, form: str, asked: Filters, day: date, which: int
) -> None:
    """Every question asked as known on a day is answered as by a store that has only the loads until then."""
    with tempfile.TemporaryDirectory() as folder:
        loads = published(world, folder, form)
        store = stored(world, Path(folder) / "whole", loads)
        for known in telling_days(loads, day, which):
            early = stored(world, Path(folder) / f"{known}", [load for load in loads if load[1] <= known])
            equal(answers(store, asked, known), answers(early, asked))


@a_few
@given(world=worlds, form=formats, asked=filters, seed=st.integers(0, 2**32 - 1))
def test_the_order_of_loads_and_rows_changes_no_answer(world: World, form: str, asked: Filters, seed: int) -> None:
    """Every question has the same answer whichever file was loaded first, and whichever row stood first in it."""
    with tempfile.TemporaryDirectory() as folder:
        one = stored(world, Path(folder) / "one", published(world, folder, form))
        loads = published(world, folder, form, mixed=seed)
        order = np.random.default_rng(seed).permutation(len(loads))
        other = stored(world, Path(folder) / "other", [loads[n] for n in order])
        equal(answers(one, asked), answers(other, asked))
