"""Recipe and Exhibit: a question as a small frozen value, and its answer with everything it must carry.

A recipe holds questions only, never answers, selections or decisions. A slide, a picture, a table, a link and the
command line start from the same recipe, so they cannot disagree.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from civmap.errors import RecipeError
from civmap.figures.part import Part
from civmap.filters import Filters, as_day
from civmap.language import listed, mark, say

FORMAT = 1  # of the JSON form


@dataclass(frozen=True)
class Recipe:
    """One question: which theatre, which analysis with which parameters, over which records, as known when.

    Parameters
    ----------
    theatre
        Id of a theatre.
    analysis
        One of `civmap.exhibits.ANALYSES`.
    parameters
        The analysis' own choices; JSON-able values. Given as a mapping, kept as sorted pairs.
    filters
        Which records count: `Filters`, or a mapping of its fields.
    as_known_on
        The end of a past day; none means now.

    Examples
    --------
    >>> recipe = Recipe("afghanistan", "trends", {"frequency": "quarter"}, Filters(source="un_like"))
    >>> Recipe.from_json(recipe.to_json()) == recipe
    True
    """

    theatre: str
    analysis: str
    parameters: Any = ()
    filters: Any = field(default_factory=Filters)
    as_known_on: date | None = None

    def __post_init__(self) -> None:
        faults = [
            say("{name} is a word", name=name)
            for name in ("theatre", "analysis")
            if not isinstance(getattr(self, name), str)
        ]
        try:
            given = dict(self.parameters)
        except (TypeError, ValueError):
            given = {}
            faults.append(say("parameters are names with values"))
        frozen = tuple(sorted((str(key), tuple(v) if isinstance(v, list) else v) for key, v in given.items()))
        faults += [
            say("parameter '{key}' is a word, a number or true or false", key=key)
            for key, v in frozen
            if not _simple(v)
        ]
        filters = self.filters
        if isinstance(filters, Mapping):
            filters = Filters.from_dict(filters)
        elif not isinstance(filters, Filters):
            faults.append(say("filters are names with values"))
        if faults:
            raise RecipeError(say("The recipe cannot be read: {faults}.", faults=say("; ").join(faults)))
        object.__setattr__(self, "parameters", frozen)
        object.__setattr__(self, "filters", filters)
        object.__setattr__(self, "as_known_on", as_day(self.as_known_on))

    @property
    def options(self) -> dict[str, Any]:
        """The parameters as a mapping."""
        return dict(self.parameters)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able mapping."""
        return {
            "format": FORMAT,
            "theatre": self.theatre,
            "analysis": self.analysis,
            "parameters": {key: list(v) if isinstance(v, tuple) else v for key, v in self.parameters},
            "filters": self.filters.to_dict(),
            "as_known_on": self.as_known_on.isoformat() if self.as_known_on else None,
        }

    def to_json(self) -> str:
        """Return the recipe as JSON with sorted keys, the form that is stored, sent and hashed."""
        return json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """Read a mapping as `to_dict` writes it.

        Raises
        ------
        RecipeError
            When theatre or analysis is missing, or the form is newer than this version reads.
        """
        lacking = [name for name in ("theatre", "analysis") if not isinstance(values.get(name), str)]
        if lacking:
            raise RecipeError(
                say("The recipe has no {names}.", names=listed(lacking, joined=mark("and no"))),
                found=", ".join(map(str, values)) or say("nothing"),
            )
        if values.get("format", FORMAT) not in range(1, FORMAT + 1):
            raise RecipeError(
                say(
                    "The recipe is in a form that this version of CivMap does not read; a newer version may have "
                    "made it."
                ),
                found=repr(values["format"]),
                expected=say("a format up to {newest}", newest=FORMAT),
            )
        return cls(
            values["theatre"],
            values["analysis"],
            values.get("parameters") or {},
            values.get("filters") or {},
            values.get("as_known_on"),
        )

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read the JSON form.

        Raises
        ------
        RecipeError
            When the text is no JSON object or no recipe.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise RecipeError(say("The recipe is not valid JSON."), found=str(error)) from error
        if not isinstance(values, dict):
            raise RecipeError(say("The recipe is not a JSON object."), found=type(values).__name__)
        return cls.from_dict(values)


def _simple(value: Any) -> bool:
    items = value if isinstance(value, tuple) else (value,)
    return all(item is None or isinstance(item, str | int | float | bool) for item in items)


@dataclass(frozen=True)
class Exhibit:
    """An answer that keeps its caveats: parts to draw, the sentence, what to be careful about, and its sources.

    `n` is the number of incidents behind it and `period` the local days they span, in words. `fingerprint` depends on
    the recipe, everything loaded and the code version. `standing` are those of the caveats that hold for whatever is
    counted from the source; a page says them once. `language` is that of all its texts. The frames are shared and must
    not be changed.
    """

    recipe: Recipe
    title: str
    n: int
    period: str
    sentence: str
    parts: tuple[Part, ...]
    caveats: tuple[str, ...]
    sources: tuple[str, ...]
    fingerprint: str
    synthetic: bool = False
    standing: tuple[str, ...] = ()
    language: str = "en"
