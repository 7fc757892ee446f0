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

from civmap.errors import CivMapError, ExportError
from civmap.exhibits import ANALYSES
from civmap.exhibits.recipe import Recipe
from civmap.exports.asked_words import in_words as in_words
from civmap.exports.asked_words import kind as kind
from civmap.language import number, say
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
        object.__setattr__(self, "title", " ".join(_text(self.title, say("title"), LONGEST_TITLE).split()))
        object.__setattr__(self, "note", _text(self.note, say("note"), LONGEST_NOTE).strip())


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
        object.__setattr__(self, "title", " ".join(_text(self.title, say("title"), LONGEST_TITLE).split()))
        if len(self.items) > MOST:
            raise ExportError(
                say("The briefing holds too many exhibits."), found=str(len(self.items)),
                expected=say("at most {most}", most=MOST), next_step=say("Split it into several briefings."),
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
    def from_json(cls, text: str, *, name: str = "") -> Briefing:
        """Read the JSON form.

        Raises
        ------
        ExportError
            Names every fault at once: no JSON, a newer form, too many exhibits, recipes that cannot be read.
        """
        name = name or say("The briefing")
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ExportError(say("{name} is not valid JSON.", name=name), found=str(error)) from error
        if not isinstance(values, dict) or not isinstance(values.get("exhibits"), list):
            raise ExportError(
                say("{name} is no briefing.", name=name), expected=say("a JSON object with a list named exhibits")
            )
        form = values.get("format", FORMAT)
        if form not in range(1, FORMAT + 1):
            raise ExportError(
                say("{name} is in a form that this version of CivMap does not read; another version made it.",
                    name=name),
                found=say("format {form}", form=repr(form)), expected=say("a format from 1 to {last}", last=FORMAT),
            )  # fmt: skip
        items, faults = [], []
        for at, one in enumerate(values["exhibits"], start=1):
            try:
                items.append(_item(one))
            except CivMapError as error:
                faults.append(say("exhibit {number}: {fault}", number=at, fault=error))
        if faults:
            raise ExportError("\n- ".join([say("{name} cannot be read.", name=name), *faults]))
        return cls(values.get("title") or "", tuple(items))

    @classmethod
    def load(cls, file: Path) -> Briefing:
        """Read a saved briefing."""
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ExportError(say("{name} cannot be read.", name=file.name), found=str(error)) from error
        return cls.from_json(text, name=file.name)

    def _item(self, at: int) -> Item:
        if not 0 <= at < len(self.items):
            raise ExportError(
                say("The briefing has no exhibit {number}.", number=at + 1),
                expected=say("{low} to {high}", low=1, high=len(self.items)),
            )
        return self.items[at]

    def _with(self, at: int, changed: Item) -> Briefing:
        return replace(self, items=(*self.items[:at], changed, *self.items[at + 1 :]))


def _item(values: Any) -> Item:
    if not isinstance(values, Mapping):
        raise ExportError(say("this is no exhibit."), found=type(values).__name__, expected="recipe, title, note")
    if not isinstance(values.get("recipe"), Mapping):
        raise ExportError(say("there is no recipe."))
    recipe = Recipe.from_dict(values["recipe"])
    if recipe.analysis not in ANALYSES:
        raise ExportError(
            say("there is no analysis '{name}'.", name=recipe.analysis),
            next_step=say("Another version may have made it."),
        )
    # a file that was sent must not open a folder of this machine
    if len(recipe.theatre) > 100 or not re.fullmatch(NAME, recipe.theatre):
        raise ExportError(say("the theatre is no name of one."), found=recipe.theatre[:60])
    return Item(recipe, values.get("title") or "", values.get("note") or "")


def _text(value: Any, what: str, longest: int) -> str:
    """Take a text without the signs that no file format can hold."""
    if not isinstance(value, str):
        raise ExportError(say("The {what} is no text.", what=what), found=type(value).__name__)
    if len(value) > longest:
        raise ExportError(
            say("The {what} is too long.", what=what), found=say("{signs:,} signs", signs=len(value)),
            expected=say("at most {most}", most=number(longest)),
        )  # fmt: skip
    return _NOT_TEXT.sub("", value)
