"""All directives of a stretch of time in one model of one series."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pandas as pd

from civmap import queries, schema
from civmap.analysis import interventions
from civmap.errors import AnalysisError, RecipeError
from civmap.exhibits import words
from civmap.exhibits.directives.primary import fit, primary, quoted
from civmap.exhibits.directives.question import SCOPES, ask
from civmap.exhibits.directives.which import directive_of, scoped
from civmap.exhibits.events import events
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import options, standing
from civmap.figures.part import Part
from civmap.language import say, say_n
from civmap.store import Store

MIN_SIDE = 6  # months before the first and after the last directive of a timeline


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
            say(
                "No directive to these parties lies between {first} and {last} with half a year of months on both "
                "sides.", first=words.day(here.first), last=words.day(here.last),
            ),
            next_step=say("Take more years, or other parties."),
        )  # fmt: skip
    recording = [
        interventions.Term(quoted("recording", row["label"]), row["start"], _end(row))
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
    steps = say_n(len(found.at), "{n} date has a step in one model of {months} months.",
                  "{n} dates have a step in one model of {months} months.", months=len(model))  # fmt: skip
    counts = panel[counted].to_numpy(dtype="float64", na_value=float("nan"))
    series = pd.DataFrame({"period": panel["period"], "value": counts, "low": float("nan"), "high": float("nan")})
    bars = table.rename(columns={"Directive": "reading"}).assign(
        group=[say("told apart") if not near else say("not told apart") for near in mixed],
        value=[one.ratio for one in levels], low=[one.low for one in levels], high=[one.high for one in levels],
    )[["reading", "group", "value", "low", "high"]]  # fmt: skip
    return here.exhibit(
        title=say("All directives in one timeline"),
        sentence=f"{steps} {_apart(sum(not near for near in mixed), len(mixed), clear)}",
        parts=[
            Part("series", words.capital(say("{unit} per month, with every directive", unit=here.unit)),
                 {"series": series, "events": happened},
                 alt=say("Monthly {unit} with lines for directives, changes in recording and context: {subtitle}.",
                         unit=here.unit, subtitle=here.subtitle),
                 encoding={"unit": say("{unit} per month", unit=here.unit), "value_name": say("Recorded"),
                           "subtitle": here.subtitle}),
            Part("ratio_bars", say("Level after each date over the level before it, all in one model"), {"bars": bars},
                 alt=say_n(len(bars), "{n} ratio with its interval, for one date: {subtitle}.",
                           "{n} ratios with intervals, one for each date: {subtitle}.", subtitle=here.subtitle),
                 encoding={"subtitle": here.subtitle, "value_name": say("times the level before")}),
            Part("table", say("The steps in numbers"), {"table": table},
                 alt=say_n(len(table), "Table of {n} date with its ratio and what it cannot be told apart from.",
                           "Table of {n} dates, each with its ratio and what it cannot be told apart from.")),
        ],
        caveats=[
            *left_out,
            *said,
            say("Each step is the change at one date beside all the others; the month of a date counts as after it."),
            say(
                "Context such as a surge is drawn and not in this model. All months share one trend and season here, "
                "so a ratio may differ from that of the directive by itself."
            ),
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
    notes = [
        say("\u201c{title}\u201d is dated only to the year and has no step.", title=title)
        for title in rules.loc[rough, "title"]
    ]
    notes += [
        say("The {name} lies within half a year of the first or last month and has no step.", name=directive_of(day))
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
                "Directive": say("{day}: {titles}", day=words.day(day), titles=words.listed(list(same["title"]))),
                "Ratio": round(level.ratio, 2),
                "Low (95 %)": round(level.low, 2),
                "High (95 %)": round(level.high, 2),
                "Direction": words.listed([schema.words(one) for one in sorted(set(same["direction"]))]),
                "Cannot be told apart from": words.clauses(sorted(near)),
            }
        )
    return pd.DataFrame(rows)


def _end(row: Any) -> pd.Timestamp | None:
    return row["end"] if pd.notna(row["end"]) and row["end"] > row["start"] else None


def _apart(apart: int, of: int, clear: int) -> str:
    """Say how many steps can be told apart from all else, and how many of those are clear."""
    if not apart:
        return say("None can be told apart from everything else that is known here.")
    found = (
        say_n(clear, "{n} of those with an interval that excludes no change",
              "{n} of those with an interval that excludes no change")
        if clear
        else say("none of those with an interval that excludes no change")
    )  # fmt: skip
    if apart == of:
        return say("All can be told apart from everything else that is known here; {found}.", found=found)
    return say_n(apart, "{n} of {of} can be told apart from everything else that is known here; {found}.",
                 "{n} of {of} can be told apart from everything else that is known here; {found}.",
                 of=of, found=found)  # fmt: skip
