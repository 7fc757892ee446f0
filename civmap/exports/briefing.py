"""A briefing: a short list of recipes, each with a title of its own and a speaker's note, as a small file.

It holds questions and words only, so it can be sent; the answers are built from the receiver's own store.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from civmap import schema
from civmap.errors import CivMapError, ExportError
from civmap.exhibits import ANALYSES, words
from civmap.exhibits.recipe import Recipe
from civmap.theatre import Theatre
from civmap.theatre_settings import NAME

FORMAT = 1
MOST = 100  # exhibits; more is a mistake, and hours of building
LONGEST_TITLE, LONGEST_NOTE = 300, 10_000  # signs; a title is one or two lines of a slide
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")  # what XML, or UTF-8, cannot hold


@dataclass(frozen=True)
class Item:
    """One exhibit of a briefing: its recipe, a title that replaces its own where given, and a speaker's note."""

    recipe: Recipe
    title: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", " ".join(_text(self.title, "title", LONGEST_TITLE).split()))
        object.__setattr__(self, "note", _text(self.note, "note", LONGEST_NOTE).strip())


@dataclass(frozen=True)
class Briefing:
    """A list of exhibits in their order.

    Examples
    --------
    >>> briefing = Briefing("Weekly").add(Recipe("oir", "totals")).add(Recipe("oir", "trends"), note="Pause here.")
    >>> [item.recipe.analysis for item in briefing.move(1, 0).items]
    ['trends', 'totals']
    >>> Briefing.from_json(briefing.to_json()) == briefing
    True
    """

    title: str = ""
    items: tuple[Item, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", " ".join(_text(self.title, "title", LONGEST_TITLE).split()))
        if len(self.items) > MOST:
            raise ExportError(
                "The briefing holds too many exhibits.", found=str(len(self.items)), expected=f"at most {MOST}",
                next_step="Split it into several briefings.",
            )  # fmt: skip

    def add(self, recipe: Recipe, *, title: str = "", note: str = "") -> Briefing:
        """Return the briefing with one more exhibit at its end."""
        return replace(self, items=(*self.items, Item(recipe, title, note)))

    def drop(self, at: int) -> Briefing:
        """Return the briefing without the exhibit at a position, counted from 0."""
        self._item(at)
        return replace(self, items=self.items[:at] + self.items[at + 1 :])

    def move(self, at: int, to: int) -> Briefing:
        """Return the briefing with one exhibit at another position."""
        item = self._item(at)
        rest = self.items[:at] + self.items[at + 1 :]
        to = min(max(to, 0), len(rest))
        return replace(self, items=(*rest[:to], item, *rest[to:]))

    def retitle(self, at: int, title: str) -> Briefing:
        """Return the briefing with another title for an exhibit; empty gives it its own back."""
        return self._with(at, replace(self._item(at), title=title))

    def annotate(self, at: int, note: str) -> Briefing:
        """Return the briefing with another speaker's note for an exhibit."""
        return self._with(at, replace(self._item(at), note=note))

    def to_json(self) -> str:
        """Return the briefing as JSON, the form that is saved and sent."""
        items = [{"recipe": item.recipe.to_dict(), "title": item.title, "note": item.note} for item in self.items]
        values = {"format": FORMAT, "title": self.title, "exhibits": items}
        return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str, *, name: str = "The briefing") -> Briefing:
        """Read the JSON form.

        Raises
        ------
        ExportError
            Names every fault at once: no JSON, a newer form, too many exhibits, recipes that cannot be read.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ExportError(f"{name} is not valid JSON.", found=str(error)) from error
        if not isinstance(values, dict) or not isinstance(values.get("exhibits"), list):
            raise ExportError(f"{name} is no briefing.", expected="a JSON object with a list named exhibits")
        form = values.get("format", FORMAT)
        if form not in range(1, FORMAT + 1):
            raise ExportError(
                f"{name} is in a form that this version of CivMap does not read; another version made it.",
                found=f"format {form!r}", expected=f"a format from 1 to {FORMAT}",
            )  # fmt: skip
        items, faults = [], []
        for number, one in enumerate(values["exhibits"], start=1):
            try:
                items.append(_item(one))
            except CivMapError as error:
                faults.append(f"exhibit {number}: {error}")
        if faults:
            raise ExportError(f"{name} cannot be read.\n- " + "\n- ".join(faults))
        return cls(values.get("title") or "", tuple(items))

    @classmethod
    def load(cls, file: Path) -> Briefing:
        """Read a saved briefing."""
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ExportError(f"{file.name} cannot be read.", found=str(error)) from error
        return cls.from_json(text, name=file.name)

    def _item(self, at: int) -> Item:
        if not 0 <= at < len(self.items):
            raise ExportError(f"The briefing has no exhibit {at + 1}.", expected=f"1 to {len(self.items)}")
        return self.items[at]

    def _with(self, at: int, changed: Item) -> Briefing:
        return replace(self, items=(*self.items[:at], changed, *self.items[at + 1 :]))


def in_words(recipe: Recipe, theatre: Theatre) -> str:
    """Say in one line what a recipe asks.

    Examples
    --------
    >>> from civmap.filters import Filters
    >>> from civmap.theatre import load_theatre
    >>> recipe = Recipe("oir", "trends", {"frequency": "quarter"}, Filters("airwars", measure="killed"))
    >>> in_words(recipe, load_theatre("oir"))
    'Trends (frequency: quarter) · Airwars · civilians killed (best) · all days · as known now'
    """
    filters = recipe.filters
    options = ", ".join(f"{schema.words(name)}: {_option(value)}" for name, value in recipe.parameters)
    days = [words.day(day) if day else "" for day in (filters.date_from, filters.date_to)]
    span = " to ".join(days) if all(days) else f"from {days[0]}" if days[0] else f"to {days[1]}" if days[1] else ""
    bound = "" if filters.measure == "incidents" else f" ({filters.bound})"
    said = [
        kind(recipe) + (f" ({options})" if options else ""),
        theatre.source_label(filters.source) if filters.source else "the first source",
        words.what(filters) + bound,
        span or "all days",
        words.filters_in_words(filters, theatre),
        f"as known on {words.day(recipe.as_known_on)}" if recipe.as_known_on else "as known now",
    ]
    return " · ".join(one for one in said if one)


def kind(recipe: Recipe) -> str:
    """Name an exhibit by its analysis, for where its own title is not known yet."""
    return schema.words(recipe.analysis).capitalize()


def _option(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.listed([schema.words(str(one)) for one in (value if isinstance(value, tuple) else (value,))])


def _item(values: Any) -> Item:
    if not isinstance(values, Mapping):
        raise ExportError("this is no exhibit.", found=type(values).__name__, expected="recipe, title, note")
    if not isinstance(values.get("recipe"), Mapping):
        raise ExportError("there is no recipe.")
    recipe = Recipe.from_dict(values["recipe"])
    if recipe.analysis not in ANALYSES:
        raise ExportError(f"there is no analysis '{recipe.analysis}'.", next_step="Another version may have made it.")
    # a file that was sent must not open a folder of this machine
    if len(recipe.theatre) > 100 or not re.fullmatch(NAME, recipe.theatre):
        raise ExportError("the theatre is no name of one.", found=recipe.theatre[:60])
    return Item(recipe, values.get("title") or "", values.get("note") or "")


def _text(value: Any, what: str, longest: int) -> str:
    """Take a text without the signs that no file format can hold."""
    if not isinstance(value, str):
        raise ExportError(f"The {what} is no text.", found=type(value).__name__)
    if len(value) > longest:
        raise ExportError(f"The {what} is too long.", found=f"{len(value):,} signs", expected=f"at most {longest:,}")
    return _NOT_TEXT.sub("", value)
