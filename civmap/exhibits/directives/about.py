"""What a directive says and whom it is about, and all directives of a stretch of time in one model."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pandas as pd

from civmap import queries, schema
from civmap.analysis import interventions
from civmap.errors import AnalysisError, RecipeError
from civmap.exhibits import words
from civmap.exhibits.directives.primary import fit, primary
from civmap.exhibits.directives.question import SCOPES, Question, ask
from civmap.exhibits.directives.which import scoped
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import events, options, standing
from civmap.figures.part import Part
from civmap.store import Store

DIRECTIONS = {
    "tightens": "tightens the use of force",
    "widens": "widens the use of force",
    "organisational": "organisational: sets no rule on the use of force",
}
MIN_SIDE = 6  # months before the first and after the last directive of a timeline


def text(recipe: Recipe, store: Store) -> Exhibit:
    """Show a directive's text, authority, dates with their certainty, scope and direction.

    Parameters of the recipe: as for `directive`.
    """
    question, _ = ask(recipe, store)
    here = question.here
    if not question.identifier:
        rows = [("Date", words.day(question.at))]
        title, sentence = f"A day of your own: {words.day(question.at)}", "No directive is named, only a day."
    else:
        one = store.theatre.directives.set_index("id").loc[question.identifier]
        rows, title = _rows(one, question, store), str(one["title"])
        sentence = f"{one['authority']}, {dict(rows)['Issued']}: {_ended(str(one['text']))}"
    part = Part("table", "The directive", {"table": pd.DataFrame(rows, columns=["What", "As recorded"])},
                alt=f"Table of what is known of the {question.name}.")  # fmt: skip
    return here.exhibit(
        title=str(title), sentence=f"{sentence} {_judged(question, store)}", parts=[part], caveats=question.caveats
    )


def _rows(one: Any, question: Question, store: Store) -> list[tuple[str, str]]:
    issued = words.month(one["issued_at"]) if question.month_only else words.day(one["issued_at"])
    labels = store.theatre.parties.set_index("party")["label"]
    names = store.theatre.boundaries["name"]
    return [
        ("Issued", issued),
        ("The date is", words.CERTAINTIES[one["date_certainty"]]),
        ("Published", words.day(one["published_at"]) if pd.notna(one["published_at"]) else "not known"),
        ("Direction", DIRECTIONS[one["direction"]]),
        ("Parties", words.listed([str(labels.get(code, code)) for code in one["scope_parties"]]) or "all"),
        ("Causes", words.listed([schema.words(code) for code in one["scope_causes"]]) or "all"),
        ("Areas", words.listed([str(names.get(code, code)) for code in one["scope_areas"]]) or "the whole theatre"),
        ("Where this is from", one["source"]),
    ]


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _judged(question: Question, store: Store) -> str:
    """Say which records it is judged by."""
    filtered = words.filters_in_words(question.here.filters, store.theatre)
    return f"Judged here by {question.here.unit} in {question.here.label}" + (f", {filtered}" if filtered else "") + "."


def timeline(recipe: Recipe, store: Store) -> Exhibit:
    """Put all directives between two days into one model of one series: a step each, and what cannot be told apart.

    Parameters of the recipe: ``directive`` and ``scope``, whose parties, causes and areas are taken; without a
    directive those of the filters. Organisational directives, and those dated only to a year, have no step.
    """
    chosen = options(recipe, directive="", scope=tuple(SCOPES))
    filters = recipe.filters
    said: list[str] = []
    if chosen["directive"] and chosen["scope"] == "directive":
        filters, said = scoped(recipe, filters, chosen["directive"], store)
    here = standing(recipe, store, filters=filters)
    panel = queries.panel(store, here.filters, by=None, as_known_on=recipe.as_known_on)
    counted = words.what(here.filters)
    panel = panel.assign(**{counted: panel[here.value].astype("Float64")})
    model = panel.loc[panel["complete"], ["period", counted]]
    meant, left_out = _meant(here.filters.parties, store, model)
    happened = events(store, here.filters, here.first, here.last)
    at = list(dict.fromkeys(meant["issued_at"]))
    if not at:
        raise AnalysisError(
            f"No directive to these parties lies between {words.day(here.first)} and {words.day(here.last)} with half "
            "a year of months on both sides.",
            next_step="Take more years, or other parties.",
        )
    recording = [
        interventions.Term(f"the recording change \u201c{row['label']}\u201d", row["start"], _end(row))
        for _, row in happened[happened["kind"] == "recording"].iterrows()
    ]
    found = fit(model.reset_index(drop=True), at, {"recording_changes": recording})
    levels = found.level if isinstance(found.level, tuple) else (found.level,)
    mixed = [
        {one.label for one in found.neighbours if one.at == day and one.inseparable}
        | _near(recipe, store, meant[meant["issued_at"] == day], chosen["scope"])
        for day in found.at
    ]
    table = _steps(found, levels, mixed, meant)
    clear = sum(one.excludes_one and not near for one, near in zip(levels, mixed, strict=True))
    apart = sum(not near for near in mixed)
    sentence = (
        f"{words.count(len(found.at), 'date has a step', 'dates have a step')} in one model of {len(model)} months. "
        f"{_so_many(apart, len(found.at))} can be told apart from everything else that is known here"
        + (f"; {_none(clear)} of those with an interval that excludes no change." if apart else ".")
    )
    counts = panel[counted].to_numpy(dtype="float64", na_value=float("nan"))
    series = pd.DataFrame({"period": panel["period"], "value": counts, "low": float("nan"), "high": float("nan")})
    bars = table.rename(columns={"Directive": "reading"}).assign(
        group=["told apart" if not near else "not told apart" for near in mixed],
        value=[one.ratio for one in levels], low=[one.low for one in levels], high=[one.high for one in levels],
    )[["reading", "group", "value", "low", "high"]]  # fmt: skip
    return here.exhibit(
        title="All directives in one timeline",
        sentence=sentence,
        parts=[
            Part("series", f"{here.unit.capitalize()} per month, with every directive",
                 {"series": series, "events": happened},
                 alt=f"Monthly {here.unit} with lines for directives, changes in recording and context: "
                 f"{here.subtitle}.",
                 encoding={"unit": f"{here.unit} per month", "value_name": "Recorded", "subtitle": here.subtitle}),
            Part("ratio_bars", "Level after each date over the level before it, all in one model", {"bars": bars},
                 alt=f"{len(bars)} ratios with intervals, one for each date: {here.subtitle}.",
                 encoding={"subtitle": here.subtitle, "value_name": "times the level before"}),
            Part("table", "The steps in numbers", {"table": table},
                 alt=f"Table of {len(table)} dates, each with its ratio and what it cannot be told apart from."),
        ],
        caveats=[
            *left_out,
            *said,
            "Each step is the change at one date beside all the others; the month of a date counts as after it.",
            "Context such as a surge is drawn and not in this model. All months share one trend and season here, so a "
            "ratio may differ from that of the directive by itself.",
        ],
    )  # fmt: skip


def _meant(parties: tuple[str, ...], store: Store, model: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Give the directives that can have a step, and say which cannot."""
    table = store.theatre.directives
    same = [not parties or not of or bool(set(parties) & set(of)) for of in table["scope_parties"]]
    table = table[pd.Series(same, index=table.index, dtype=bool)]
    rules = table[table["direction"] != "organisational"]
    rough = rules["issued_precision"] == "year"
    if model.empty:
        return rules.head(0), []
    month = pd.DateOffset(months=MIN_SIDE)
    inside = rules["issued_at"].between(
        model["period"].iloc[0] + month, model["period"].iloc[-1] - month + pd.offsets.MonthEnd(1)
    )
    outside = rules[~rough & ~inside & rules["issued_at"].between(model["period"].iloc[0], model["period"].iloc[-1])]
    notes = [f"\u201c{title}\u201d is dated only to the year and has no step." for title in rules.loc[rough, "title"]]
    notes += [
        f"The {words.month(day)} directive lies within half a year of the first or last month and has no step."
        for day in outside["issued_at"]
    ]
    return rules[~rough & inside].sort_values("issued_at"), notes


def _near(recipe: Recipe, store: Store, same: pd.DataFrame, scope: str) -> set[str]:
    """Name what each of these directives cannot be told apart from when it is looked at by itself."""
    labels = set()
    for identifier in same["id"]:
        alone = Recipe(
            recipe.theatre, "directive", {"directive": identifier, "scope": scope}, recipe.filters, recipe.as_known_on
        )
        with suppress(AnalysisError, RecipeError):
            found = primary(ask(alone, store)[0]).found
            labels |= {one.label for one in found.neighbours if one.inseparable}
    return labels


def _steps(
    found: interventions.Intervention, levels: tuple[Any, ...], mixed: list[set[str]], meant: pd.DataFrame
) -> pd.DataFrame:
    rows = []
    for day, level, near in zip(found.at, levels, mixed, strict=True):
        same = meant[meant["issued_at"] == day]
        rows.append(
            {
                "Directive": f"{words.day(day)}: {words.listed(list(same['title']))}",
                "Ratio": round(level.ratio, 2),
                "Low (95 %)": round(level.low, 2),
                "High (95 %)": round(level.high, 2),
                "Direction": words.listed(sorted(set(same["direction"]))),
                "Cannot be told apart from": "; ".join(sorted(near)),
            }
        )
    return pd.DataFrame(rows)


def _end(row: Any) -> pd.Timestamp | None:
    return row["end"] if pd.notna(row["end"]) and row["end"] > row["start"] else None


def _none(number: int) -> str:
    return "none" if number == 0 else str(number)


def _so_many(number: int, of: int) -> str:
    return "None" if number == 0 else "All" if number == of else f"{number} of {of}"
