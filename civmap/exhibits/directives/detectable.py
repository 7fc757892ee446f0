"""Before the result: what so many months could show at all, and what they could not tell apart."""

from __future__ import annotations

import pandas as pd

from civmap.analysis import interventions
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.directives.primary import Primary, fit, one_date, primary
from civmap.exhibits.directives.question import Question, ask
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import say, say_n
from civmap.store import Store

SIDES = (12, 18, 24, 36, 48)  # months on each side for which the smallest effects are given
MOST_FALL = 95  # percent; a larger one is no size that a sentence could promise


def detectable(recipe: Recipe, store: Store) -> Exhibit:
    """Say before any result what these months could show at all, and what they could not tell apart.

    Parameters of the recipe: as for `directive`. Neither counts nor levels after the date are in it.
    """
    question, _ = ask(recipe, store)
    model = primary(question)
    table = pd.DataFrame(
        {
            "Kind": question.happened["kind"].map(
                {"directive": say("directive"), "recording": say("change in recording"), "context": say("context")}
            ),
            "From": question.happened["start"].dt.strftime("%Y-%m-%d"),
            "To": question.happened["end"].dt.strftime("%Y-%m-%d"),
            "Beside this directive": [say(role) for role in model.roles],
            "What": question.happened["what"],
            "The date is": question.happened["certainty"].map(words.CERTAINTIES).map(say, na_action="ignore"),
        }
    )
    mixed = list(dict.fromkeys(one.label for one in model.found.neighbours if one.inseparable))
    said = [seen(model.found)]
    if mixed:
        told = words.listed(mixed, joined="or")
        said.append(say("Whatever is found, it cannot be separated from {events}.", events=told))
    entered = [term.label for terms in model.terms.values() for term in terms if term.label not in mixed]
    if entered:
        said.append(say("The model allows for {events}.", events=words.listed(entered)))
    said += _comparable(question)
    parts = [
        Part("table", say("Smallest changes that would probably be seen"), {"table": _sizes(question, model)},
             alt=say("Table of the smallest fall and rise that would be seen with so many months on each side.")),
        Part("table", say("What else happened in these months"), {"table": table},
             alt=say_n(len(table), "Table of {n} other event, with what the model makes of it.",
                       "Table of {n} other events, with what the model makes of each.")),
    ]  # fmt: skip
    return question.here.exhibit(
        title=say("What could be seen at all after the {name}", name=question.name),
        sentence=" ".join(said),
        parts=parts,
        caveats=[
            say("Known from how many months there are and how much their counts scatter, whatever the result is."),
            say(
                "Directives and changes in recording that can be told apart are terms of the model; context that can "
                "is drawn only; what cannot be told apart is named."
            ),
            say("\u201cProbably\u201d is a chance of 80 % that a change of this size would be found."),
            *question.caveats,
        ],
    )


def _comparable(question: Question) -> list[str]:
    """Say how many months before the date were recorded like those after, where recording changed in between."""
    changes = question.happened[(question.happened["kind"] == "recording") & (question.happened["start"] < question.at)]
    if changes.empty:
        return []
    ends = changes["end"].fillna(changes["start"])
    # a change that is over is past with its end; one under way makes all months since it began alike at best
    since = ends.where(ends < question.at, changes["start"])
    last = changes.iloc[int(since.to_numpy().argmax())]
    months = question.model["period"]
    before = int(((months > since.max() - pd.Timedelta(days=1)) & (months < question.at)).sum())
    if before >= int((months < question.at).sum()):
        return []
    values = {"label": last["label"], "month": words.month(since.max())}
    if since.max() == last["start"]:
        return [say_n(
            before,
            "Only {n} comparable month lies before it: the change in recording \u201c{label}\u201d began in {month}.",
            "Only {n} comparable months lie before it: the change in recording \u201c{label}\u201d began in {month}.",
            **values,
        )]  # fmt: skip
    return [say_n(
        before,
        "Only {n} comparable month lies before it: the change in recording \u201c{label}\u201d ran until {month}.",
        "Only {n} comparable months lie before it: the change in recording \u201c{label}\u201d ran until {month}.",
        **values,
    )]  # fmt: skip


def _sizes(question: Question, model: Primary) -> pd.DataFrame:
    """Give the smallest effects for several windows, as far as the data reach."""
    rows = []
    every = question.modelled(question.every)
    month = question.at.to_period("M")
    for side in sorted({*SIDES, question.window}):
        first, last = (month - side).start_time, (month + side - (0 if question.split else 1)).start_time
        part = every[every["period"].between(first, last)]
        here = side == question.window
        try:
            found = model.found if here else fit(part, question.at, model.terms)
        except AnalysisError:
            continue
        one = one_date(found.detectable)
        rows.append(
            {
                "Months on each side": say("{side}, as chosen", side=side) if here else str(side),
                "Before": found.n_before,
                "After": found.n_after,
                "Smallest fall": _percent(100 * (1 - one.fall)),
                "Smallest rise": _percent(100 * (one.rise - 1), rise=True),
            }
        )
    table = pd.DataFrame(rows)
    return table.drop_duplicates(["Before", "After"], keep="last") if len(table) else table


def _percent(percent: float, *, rise: bool = False) -> str:
    if rise and percent >= 1000:
        return say("more than tenfold")
    if not rise and percent > MOST_FALL:
        return say("none up to {most} %", most=MOST_FALL)
    return say("{percent:.0f} %", percent=percent)


def seen(found: interventions.Intervention) -> str:
    """Say the smallest fall and rise that would probably be seen."""
    size = one_date(found.detectable)
    fall, rise = 100 * (1 - size.fall), 100 * (size.rise - 1)
    values = {"before": found.n_before, "after": found.n_after, "fall": fall}
    if fall > MOST_FALL:
        return say(
            "With {before} months before and {after} after, even a fall of {most} % could have gone unseen: such a "
            "fall would be found with less than 80 % probability.", most=MOST_FALL, **values,
        )  # fmt: skip
    if rise > 300:
        return say(
            "With {before} months before and {after} after, a fall of {fall:.0f} % or a rise to {times:.0f} times the "
            "level would probably (80 %) be seen; less might not.", times=size.rise, **values,
        )  # fmt: skip
    return say(
        "With {before} months before and {after} after, a fall of {fall:.0f} % or a rise of {rise:.0f} % would "
        "probably (80 %) be seen; less might not.", rise=rise, **values,
    )  # fmt: skip
