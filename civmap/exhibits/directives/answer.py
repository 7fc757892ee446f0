"""The first answer: what could have been seen, one chart, one table, one sentence."""

from __future__ import annotations

import pandas as pd

from civmap.analysis import interventions
from civmap.exhibits import words
from civmap.exhibits.directives.detectable import seen
from civmap.exhibits.directives.primary import itself, line_words, model_lines, own_notes, primary
from civmap.exhibits.directives.question import Question, ask
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import say
from civmap.store import Store


def directive(recipe: Recipe, store: Store) -> Exhibit:
    """Compare monthly counts before and after a directive.

    Parameters of the recipe: ``directive``, an id of the theatre's table, or ``at``, a day as text; ``window``, months
    on each side; ``scope``, whether parties, causes and provinces are those of the directive or of the filters.
    """
    question, _ = ask(recipe, store)
    found = primary(question).found
    here = question.here
    summary = interventions.summarise(found, name=question.name, counted=question.counted)
    caveats = own_notes(question, found)
    if question.split:
        caveats.insert(0, _split(question))
    if here.filters.measure != "incidents":
        caveats.insert(0, say(
            "People are counted, and deaths cluster within incidents: the interval is too narrow. The primary "
            "comparison counts incidents."
        ))  # fmt: skip
    return here.exhibit(
        title=say("Before and after the {name}: {counted}", name=question.name, counted=words.what(here.filters)),
        sentence=f"{seen(found)} {summary.text}",
        parts=[_chart(question, found), _table(question, found, summary)],
        caveats=[*caveats, *question.caveats],
    )


def _split(question: Question) -> str:
    """Say why the month of the date is in no model."""
    month = words.month(question.at)
    if question.month_only:
        return words.capital(
            say("{month} is left out of the model: the directive is dated only to the month.", month=month)
        )
    return words.capital(
        say("{month} is left out of the model: the date falls on day {day} of it.", month=month, day=question.at.day)
    )


def _chart(question: Question, found: interventions.Intervention) -> Part:
    here, panel, name = question.here, question.panel, question.name
    counted = panel[question.counted].to_numpy(dtype="float64", na_value=float("nan"))
    series = pd.DataFrame({"period": panel["period"], "value": counted, "low": float("nan"), "high": float("nan")})
    shown = pd.concat([question.happened, itself(name, question.at)], ignore_index=True)
    return Part(
        "series",
        words.capital(say("{unit} per month, and as projected without the {name}", unit=here.unit, name=name)),
        {"series": series, "model": model_lines(found), "events": shown},
        alt=say(
            "Monthly {unit} before and after the {name}, with the fitted line and the level projected from before with "
            "its interval: {subtitle}.", unit=here.unit, name=name, subtitle=here.subtitle,
        ),
        encoding=line_words(question),
    )  # fmt: skip


def _table(question: Question, found: interventions.Intervention, summary: interventions.EffectSummary) -> Part:
    table = summary.table.copy()
    within = table["value"].between(0.05, 20) | (table.index > 1)  # the first two are the smallest fall and rise
    table["note"] = table["note"].where(within, say("none that would probably be seen"))
    table["value"] = table["value"].where(within)
    if question.here.filters.measure == "incidents":
        table = pd.concat([table, _naive(found)], ignore_index=True)
    numbers = ["value", "low", "high", "p"]
    table[numbers] = table[numbers].round(3)
    columns = {
        "quantity": "Quantity",
        "value": "Value",
        "low": "Low (95 %)",
        "high": "High (95 %)",
        "p": "p value",
        "note": "Note",
    }
    return Part(
        "table",
        say("The comparison in numbers"),
        {"table": table.rename(columns=columns)},
        alt=say(
            "Table of the level change with its interval and what it cannot be told apart from: {subtitle}.",
            subtitle=question.here.subtitle,
        ),
        encoding={"subtitle": question.here.subtitle},
    )


def _naive(found: interventions.Intervention) -> pd.DataFrame:
    """Give the naive ratio of two rates, as a row beside the model and never alone."""
    naive = interventions.rate_ratio(
        int(found.events_before), found.n_before, int(found.events_after), found.n_after, confidence=found.confidence
    )
    note = say("for comparison only: knows no trend, no season and no scatter, and claims a change far too often")
    row = (say("naive: rate after / rate before"), naive.ratio, naive.low, naive.high, naive.p, note)
    return pd.DataFrame([row], columns=["quantity", "value", "low", "high", "p", "note"])
