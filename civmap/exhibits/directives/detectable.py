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
                {"directive": "directive", "recording": "change in recording", "context": "context"}
            ),
            "From": question.happened["start"].dt.strftime("%Y-%m-%d"),
            "To": question.happened["end"].dt.strftime("%Y-%m-%d"),
            "Beside this directive": list(model.roles),
            "What": question.happened["what"],
            "The date is": question.happened["certainty"].map(words.CERTAINTIES),
        }
    )
    mixed = list(dict.fromkeys(one.label for one in model.found.neighbours if one.inseparable))
    sentence = seen(model.found)
    if mixed:
        told = words.listed(mixed, joined="or")
        sentence += f" Whatever is found, it cannot be separated from {told}."
    entered = [term.label for terms in model.terms.values() for term in terms if term.label not in mixed]
    if entered:
        sentence += f" The model allows for {words.listed(entered)}."
    sentence += _comparable(question)
    parts = [
        Part("table", "Smallest changes that would probably be seen", {"table": _sizes(question, model)},
             alt="Table of the smallest fall and rise that would be seen with so many months on each side."),
        Part("table", "What else happened in these months", {"table": table},
             alt=f"Table of {len(table)} other events, with what the model makes of each."),
    ]  # fmt: skip
    return question.here.exhibit(
        title=f"What could be seen at all after the {question.name}",
        sentence=sentence,
        parts=parts,
        caveats=[
            "Known from how many months there are and how much their counts scatter, whatever the result is.",
            "Directives and changes in recording that can be told apart are terms of the model; context that can is "
            "drawn only; what cannot be told apart is named.",
            "\u201cProbably\u201d is a chance of 80 % that a change of this size would be found.",
            *question.caveats,
        ],
    )


def _comparable(question: Question) -> str:
    """Say how many months before the date were recorded like those after, where recording changed in between."""
    changes = question.happened[(question.happened["kind"] == "recording") & (question.happened["start"] < question.at)]
    if changes.empty:
        return ""
    ends = changes["end"].fillna(changes["start"])
    # a change that is over is past with its end; one under way makes all months since it began alike at best
    since = ends.where(ends < question.at, changes["start"])
    last = changes.iloc[int(since.to_numpy().argmax())]
    months = question.model["period"]
    before = int(((months > since.max() - pd.Timedelta(days=1)) & (months < question.at)).sum())
    if before >= int((months < question.at).sum()):
        return ""
    verb = "began in" if since.max() == last["start"] else "ran until"
    return (
        f" Only {words.count(before, 'comparable month lies', 'comparable months lie')} before it: the change in "
        f"recording \u201c{last['label']}\u201d {verb} {words.month(since.max())}."
    )


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
                "Months on each side": f"{side}, as chosen" if here else str(side),
                "Before": found.n_before,
                "After": found.n_after,
                "Smallest fall": _percent(100 * (1 - one.fall)),
                "Smallest rise": _percent(100 * (one.rise - 1), rise=True),
            }
        )
    table = pd.DataFrame(rows)
    return table.drop_duplicates(["Before", "After"], keep="last") if len(table) else table


def _percent(percent: float, *, rise: bool = False) -> str:
    if rise:
        return f"{percent:.0f} %" if percent < 1000 else "more than tenfold"
    return f"{percent:.0f} %" if percent <= MOST_FALL else f"none up to {MOST_FALL} %"


def seen(found: interventions.Intervention) -> str:
    """Say the smallest fall and rise that would probably be seen."""
    size = one_date(found.detectable)
    fall, rise = 100 * (1 - size.fall), 100 * (size.rise - 1)
    months = f"With {found.n_before} months before and {found.n_after} after,"
    if fall > MOST_FALL:
        return (
            f"{months} even a fall of {MOST_FALL} % could have gone unseen: such a fall would be found with less than "
            "80 % probability."
        )
    up = f"a rise of {rise:.0f} %" if rise <= 300 else f"a rise to {size.rise:.0f} times the level"
    return f"{months} a fall of {fall:.0f} % or {up} would probably (80 %) be seen; less might not."
