"""What a directive says and whom it is about."""

from __future__ import annotations

from typing import Any

import pandas as pd

from civmap import schema
from civmap.exhibits import words
from civmap.exhibits.directives.question import Question, ask
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import mark, say, say_in
from civmap.store import Store

DIRECTIONS = {
    "tightens": mark("tightens the use of force"),
    "widens": mark("widens the use of force"),
    "organisational": mark("organisational: sets no rule on the use of force"),
}


def text(recipe: Recipe, store: Store) -> Exhibit:
    """Show a directive's text, authority, dates with their certainty, scope and direction.

    Parameters of the recipe: as for `directive`.
    """
    question, _ = ask(recipe, store)
    here = question.here
    if not question.identifier:
        rows = [(say("Date"), words.day(question.at))]
        title = say("A day of your own: {day}", day=words.day(question.at))
        sentence = say("No directive is named, only a day.")
    else:
        one = store.theatre.directives.set_index("id").loc[question.identifier]
        rows, title = _rows(one, question, store), str(one["title"])
        sentence = say("{authority}, {issued}: {text}", authority=one["authority"], issued=_issued(one, question),
                       text=_ended(str(one["text"])))  # fmt: skip
    part = Part("table", say("The directive"), {"table": pd.DataFrame(rows, columns=["What", "As recorded"])},
                alt=say("Table of what is known of the {name}.", name=question.name))  # fmt: skip
    return here.exhibit(
        title=title, sentence=f"{sentence} {_judged(question, store)}", parts=[part], caveats=question.caveats
    )


def _issued(one: Any, question: Question) -> str:
    return words.month(one["issued_at"]) if question.month_only else words.day(one["issued_at"])


def _rows(one: Any, question: Question, store: Store) -> list[tuple[str, str]]:
    labels = store.theatre.parties.set_index("party")["label"]
    names = store.theatre.boundaries["name"]
    every = say_in("parties or causes", "all")
    return [
        (say("Issued"), _issued(one, question)),
        (say("The date is"), say(words.CERTAINTIES[one["date_certainty"]])),
        (say("Published"), words.day(one["published_at"]) if pd.notna(one["published_at"]) else say("not known")),
        (say("Direction"), say(DIRECTIONS[one["direction"]])),
        (say("Parties"), words.listed([str(labels.get(code, code)) for code in one["scope_parties"]]) or every),
        (say("Causes"), words.listed([schema.words(code) for code in one["scope_causes"]]) or every),
        (say("Areas"),
         words.listed([str(names.get(code, code)) for code in one["scope_areas"]]) or say("the whole theatre")),
        (say("Where this is from"), one["source"]),
    ]  # fmt: skip


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _judged(question: Question, store: Store) -> str:
    """Say which records it is judged by."""
    filtered = words.filters_in_words(question.here.filters, store.theatre)
    values = {"unit": question.here.unit, "source": question.here.label}
    if filtered:
        return say("Judged here by {unit} in {source}, {filters}.", filters=filtered, **values)
    return say("Judged here by {unit} in {source}.", **values)
