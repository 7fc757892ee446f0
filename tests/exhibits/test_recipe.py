"""Recipes: what they hold, and that they survive being written and read."""

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civmap.errors import RecipeError
from civmap.exhibits import ANALYSES, Recipe
from civmap.filters import Filters

filters = st.builds(
    Filters,
    source=st.none() | st.sampled_from(["airwars", "ucdp_ged"]),
    date_from=st.none() | st.dates(date(2000, 1, 1), date(2010, 1, 1)),
    date_to=st.none() | st.dates(date(2010, 1, 2), date(2020, 1, 1)),
    causes=st.lists(st.sampled_from(["aerial", "ied"]), unique=True).map(tuple),
    measure=st.sampled_from(["incidents", "killed"]),
    harm_only=st.booleans(),
)
parameters = st.dictionaries(st.sampled_from(["unit", "window", "shared"]), st.sampled_from(["cells", 24, True]))


@given(st.sampled_from(sorted(ANALYSES)), parameters, filters, st.none() | st.dates())
def test_a_recipe_survives_json(
    analysis: str, chosen: dict[str, object], asked: Filters, known_on: date | None
) -> None:
    recipe = Recipe("oir", analysis, chosen, asked, known_on)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert hash(Recipe.from_json(recipe.to_json())) == hash(recipe)


def test_the_order_of_parameters_does_not_matter() -> None:
    one, other = {"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}
    assert Recipe("oir", "totals", one).to_json() == Recipe("oir", "totals", other).to_json()


def test_filters_may_be_a_mapping_and_days_text() -> None:
    recipe = Recipe("oir", "totals", {}, {"causes": ["ied"]}, "2016-01-01")  # type: ignore[arg-type]
    assert recipe == Recipe("oir", "totals", (), Filters(causes=("ied",)), date(2016, 1, 1))


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe("oir", "totals").theatre = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "not valid JSON"),
        ("[1]", "not a JSON object"),
        ("{}", "no theatre and no analysis"),
        ('{"theatre": "oir", "analysis": "totals", "format": 99}', "newer version"),
        ('{"theatre": "oir", "analysis": "totals", "format": "2"}', "does not read"),
        ('{"theatre": "oir", "analysis": "totals", "as_known_on": "soon"}', "no day"),
        ('{"theatre": "oir", "analysis": "totals", "filters": ["x"]}', "filters are names"),
        ('{"theatre": "oir", "analysis": "totals", "filters": {"measure": "deaths"}}', "measure cannot be 'deaths'"),
        ('{"theatre": "oir", "analysis": "totals", "parameters": [1, 2]}', "parameters are names"),
        ('{"theatre": "oir", "analysis": "totals", "parameters": {"a": {"b": 1}}}', "'a' is a word"),
    ],
)
def test_a_bad_recipe_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        Recipe.from_json(text)
