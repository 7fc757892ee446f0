"""What somebody expected of a directive before the result was shown to them, held against the result."""

from __future__ import annotations

import pandas as pd

from civmap.analysis.effects import RateRatio
from civmap.errors import RecipeError
from civmap.exhibits.directives.primary import one_date, primary
from civmap.exhibits.directives.question import Question, ask
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import mark, say, say_n
from civmap.store import Store
from civmap.store.decisions import Decision

CHANGES = {"fewer": mark("fewer"), "same": mark("about the same"), "more": mark("more")}
SAME = 10  # percent; within it a level counts as about the same


def expected_range(change: str, low: float, high: float) -> tuple[float, float]:
    """Turn what is expected, in percent, into a range of the ratio of the level after to the level projected.

    Parameters
    ----------
    change
        One of `CHANGES`.
    low, high
        Smallest and largest change in percent; not used for ``same``.

    Examples
    --------
    >>> expected_range("fewer", 20, 40)
    (0.6, 0.8)
    >>> expected_range("same", 0, 0)
    (0.9, 1.1)
    """
    if change == "same":
        return 1 - SAME / 100, 1 + SAME / 100
    sign = -1 if change == "fewer" else 1
    ends = sorted(1 + sign * percent / 100 for percent in (low, high))
    return ends[0], ends[1]


def subject(identifier: str, at: pd.Timestamp) -> str:
    """Name what an expectation is about: a directive's id, or a day."""
    return identifier or f"{at:%Y-%m-%d}"


def keep(
    recipe: Recipe, store: Store, *, change: str, sizes: tuple[float, float], why: str, who: str | None = None
) -> Decision:
    """Keep what is expected of a recipe's directive, as a decision of this moment.

    Parameters
    ----------
    recipe, store
        Of any exhibit of the directive.
    change
        One of `CHANGES`.
    sizes
        Smallest and largest change in percent.
    why, who
        The reason, and whose expectation it is; the user of this machine if not given.

    Raises
    ------
    StoreError
        On the demonstration or without a reason.
    """
    question, _ = ask(recipe, store)
    if change not in CHANGES:
        raise RecipeError(say("A change cannot be '{change}'.", change=change), expected=", ".join(CHANGES))
    low, high = expected_range(change, *sizes)
    stated = {"change": change, "low": low, "high": high, "source": question.here.loaded.source,
              "question": recipe.to_dict()}  # fmt: skip
    return store.expect(subject(question.identifier, question.at), stated, why=why, who=who)


def made_before(question: Question, store: Store) -> list[Decision]:
    """List what was expected of this directive or day, oldest first, as known on the recipe's day."""
    day = question.here.recipe.as_known_on
    about = ("directive", subject(question.identifier, question.at))
    return [
        one
        for one in store.decisions()
        if one.kind == "expectation" and about in one.about and (day is None or one.decided_at[:10] <= day.isoformat())
    ]


def expected(recipe: Recipe, store: Store) -> Exhibit:
    """Hold what was expected against the result.

    Parameters of the recipe: as for `directive`.
    """
    question, _ = ask(recipe, store)
    made = made_before(question, store)
    level = one_date(primary(question).found.level)
    rows = [
        {
            "Kept (UTC)": one.decided_at[:16].replace("T", " "),
            "By": one.who,
            "Expected": in_words(one),
            "Why": one.why,
            "Beside the result": held(one, level),
            "Source": store.theatre.source_label(str(one.values.get("source", ""))),
        }
        for one in made
    ]
    table = pd.DataFrame(rows, columns=["Kept (UTC)", "By", "Expected", "Why", "Beside the result", "Source"])
    if made:
        last = made[-1]
        sentence = say(
            "Before the result was shown, {who} expected {expected}. The result is a ratio of {ratio:.2g} (95 % "
            "interval {low:.2g} to {high:.2g}): {held}.", who=last.who, expected=in_words(last), ratio=level.ratio,
            low=level.low, high=level.high, held=held(last, level),
        )  # fmt: skip
        caveats = [say("An expectation is a decision: it is kept with its time and person and is never changed.")]
    else:
        sentence, caveats = say("Nobody kept an expectation before the result was shown."), []
    part = Part("table", say("Kept before the result"), {"table": table},
                alt=say_n(len(table), "Table of {n} expectation with time, person and reason.",
                          "Table of {n} expectations with time, person and reason."))  # fmt: skip
    return question.here.exhibit(
        title=say("What was expected of the {name}", name=question.name),
        sentence=sentence,
        parts=[part],
        caveats=caveats,
    )


def in_words(one: Decision) -> str:
    """Say what was expected."""
    low, high = float(one.values["low"]), float(one.values["high"])
    if one.values["change"] == "same":
        return say("about the same (within {most} %)", most=SAME)
    least, most = sorted(round(100 * abs(1 - end)) for end in (low, high))
    if one.values["change"] == "fewer":
        return say("fewer, by {least} to {most} %", least=least, most=most)
    return say("more, by {least} to {most} %", least=least, most=most)


def held(one: Decision, level: RateRatio) -> str:
    """Say by rule how an expected range lies to an interval."""
    low, high = float(one.values["low"]), float(one.values["high"])
    if level.low > high or level.high < low:
        return say("the interval excludes what was expected")
    if low <= level.low and level.high <= high:
        return say("the whole interval lies within what was expected")
    return say("the interval reaches into what was expected and beyond it, so it neither bears it out nor rules it out")
