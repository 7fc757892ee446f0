"""Do two tallies agree about a directive? And the totals that were only ever published by the year."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from civmap import queries
from civmap.analysis import interventions
from civmap.errors import RecipeError
from civmap.exhibits import words
from civmap.exhibits.directives.primary import itself, one_date, primary
from civmap.exhibits.directives.question import Question, ask
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import events, make, options, source_lines
from civmap.figures.part import Part
from civmap.store import Store

PUBLISHED = {"killed": "killed", "casualties": "killed or injured", "injured": "injured"}


def tallies(recipe: Recipe, store: Store) -> Exhibit:
    """Put the same model on two tallies and judge by the ratio of their ratios whether they changed alike.

    Parameters of the recipe: as for `directive`; ``second``, the other source; ``nested``, whether every incident of
    the first is also in the second.
    """
    question, chosen = ask(recipe, store, second="", nested=(False, True))
    second = _second(chosen["second"], question, store, recipe)
    other, _ = ask(
        replace(recipe, filters=recipe.filters.with_(source=second), parameters=_plain(recipe)), store
    )  # fmt: skip
    labels = [store.theatre.source_label(one.here.loaded.source) for one in (question, other)]
    months = [one.modelled(one.every).set_index("period")[one.counted] for one in (question, other)]
    panel = pd.concat(months, axis=1, keys=labels, sort=True).rename_axis("period").reset_index()
    panel = panel[panel["period"].between(question.here.first.to_period("M").start_time, question.here.last)]
    models = [primary(one) for one in (question, other)]
    terms: dict[str, Any] = {
        kind: list({term.label: term for model in models for term in model.terms[kind]}.values())
        for kind in ("recording_changes", "context")
    }
    found = interventions.compare_tallies(
        panel.reset_index(drop=True), at=question.at, first=labels[0], second=labels[1], nested=chosen["nested"],
        **terms,
    )  # fmt: skip
    changed = _recording(question, other)
    sentence = found.text
    if changed:
        sentence += f" A change in recording lies too near to tell it from a difference in harm: {changed}."
    here = question.here
    ratios = [one_date(found.first.level), one_date(found.second.level), found.ratio]
    readings = [*labels, "the first relative to the second"]
    bars = pd.DataFrame(
        [(name, group, one.ratio, one.low, one.high)
         for name, group, one in zip(readings, ["each tally", "each tally", "ratio of their ratios"], ratios,
                                     strict=True)],
        columns=["reading", "group", "value", "low", "high"],
    )  # fmt: skip
    series = panel.melt("period", var_name="panel", value_name="value").assign(low=float("nan"), high=float("nan"))
    series["value"] = series["value"].astype("float64")
    shown = pd.concat([question.happened, itself(question.name, question.at)], ignore_index=True)
    nested = "Every incident of the first is taken to be in the second too." if chosen["nested"] else (
        "The two are compared as they stand; which incidents are in both is not known here."
    )  # fmt: skip
    return here.exhibit(
        title=f"Do {labels[0]} and {labels[1]} agree?",
        sentence=sentence,
        parts=[
            Part("ratio_bars", "Level after / projected, in each tally and between them", {"bars": bars},
                 alt=f"Three ratios with 95 % intervals: {labels[0]}, {labels[1]}, and one relative to the other.",
                 encoding={"subtitle": f"{words.count(len(panel), 'month', 'months')} that both cover"}),
            Part("small_multiples", "The two tallies per month", {"series": series[["panel", "period", "value", "low",
                 "high"]], "events": shown}, alt=f"Two small charts, {here.unit} per month in each tally.",
                 encoding={"unit": f"{here.unit} per month", "value_name": "Recorded", "shared": False,
                           "subtitle": f"{labels[0]} and {labels[1]}, never added together"}),
        ],
        caveats=[
            f"They agree where the interval of the ratio of their ratios lies within {1 / found.margin:.2f} to "
            f"{found.margin:g}; that one of them shows a clear change and the other does not says nothing by itself.",
            nested,
            "Only months that both cover, and the events of both, are in these models, so each ratio may differ from "
            "that of the tally alone.",
            *question.caveats,
            *(f"{labels[1]}: {one}" for one in other.caveats if one not in question.caveats),
            *(f"{labels[1]}: {one}" for one in other.here.notes if one.startswith("Not counted")),
        ],
    )  # fmt: skip


def _plain(recipe: Recipe) -> dict[str, Any]:
    return {name: value for name, value in recipe.options.items() if name not in ("second", "nested")}


def _second(second: str, question: Question, store: Store, recipe: Recipe) -> str:
    there = [one.source for one in queries.sources(store, as_known_on=recipe.as_known_on)]
    others = [source for source in there if source != question.here.loaded.source]
    if second in others:
        return second
    raise RecipeError(
        "Two tallies are compared; choose a second source.",
        found=second or "none chosen",
        expected=", ".join(others) or "another source, and none is loaded",
        next_step=None if others else "Load a file of another source on the Data Quality page.",
    )


def _recording(question: Question, other: Question) -> str:
    """Name changes in recording that no model can tell from the directive, with the tally that they are in."""
    said = [
        f"{one.label} in {question.here.store.theatre.source_label(asked.here.loaded.source)}"
        for asked in (question, other)
        for one in primary(asked).found.neighbours
        if one.kind == "recording change" and one.inseparable
    ]
    return words.listed(list(dict.fromkeys(said)))


def published(recipe: Recipe, store: Store) -> Exhibit:
    """Show published yearly totals of one cause, a panel for each definition, never joined and never tested.

    Parameters of the recipe: ``first`` and ``last``, years; ``cause`` and ``measure``.
    """
    chosen = options(recipe, first=2008, last=2014, cause="aerial", measure=tuple(PUBLISHED))
    table = store.theatre.tallies
    about = [chosen["cause"] in causes for causes in table["cause"]]
    table = table[pd.Series(about, index=table.index, dtype=bool)]
    table = table[table["start"].dt.year.between(chosen["first"], chosen["last"])]
    if recipe.as_known_on is not None:
        table = table[~(table["published_at"] > pd.Timestamp(recipe.as_known_on))]
    whole = (table["start"].dt.is_year_start) & (table["end"].dt.is_year_end)
    drawn = table[whole & (table["measure"] == chosen["measure"])]
    # of two figures for one year under one definition, the one published last stands in the picture
    drawn = drawn.sort_values("published_at", na_position="first").drop_duplicates(["definition", "start"], keep="last")
    if drawn.empty:
        raise RecipeError(
            f"The theatre lists no published yearly totals of this cause from {chosen['first']} to {chosen['last']}.",
            next_step="Load a file of totals on the Data Quality page, or choose other years.",
        )
    drawn = drawn.sort_values("start")
    definitions = list(dict.fromkeys(drawn["definition"]))
    years = pd.date_range(f"{chosen['first']}-01-01", f"{chosen['last']}-01-01", freq="YS")
    series = pd.concat(
        [
            drawn[drawn["definition"] == definition].set_index("start")["value"].astype("float64").reindex(years)
            .rename_axis("period").rename("value").reset_index()
            .assign(panel=f"{definition[:1].upper()}{definition[1:]}", low=float("nan"), high=float("nan"))
            for definition in definitions
        ],
        ignore_index=True,
    )  # fmt: skip
    whose = drawn["party"].map(lambda parties: ";".join(sorted(parties))).nunique()
    first, last = pd.Timestamp(f"{chosen['first']}-01-01"), pd.Timestamp(f"{chosen['last']}-12-31")
    happened = events(store, recipe.filters, first, last)
    what = PUBLISHED[chosen["measure"]]
    sentence = (
        f"Too coarse and too mixed for a test: {words.count(len(drawn), 'yearly figure', 'yearly figures')} of civilians {what}, "
        f"{chosen['first']} to {chosen['last']}, under {words.count(len(definitions), 'name', 'names')} and {whose} rules of "
        "whose aircraft count. They stand apart and are never one line; no change is computed from them."
    )
    return make(
        recipe,
        store,
        title=f"Published yearly totals, {chosen['first']} to {chosen['last']}: civilians {what} by aircraft"
        if chosen["cause"] == "aerial" else f"Published yearly totals: civilians {what}",
        sentence=sentence,
        parts=[
            Part("small_multiples", "A panel for each definition", {
                     "series": series[["panel", "period", "value", "low", "high"]],
                     "events": happened[happened["kind"] == "directive"].reset_index(drop=True)},
                 alt=f"{len(definitions)} small charts of published yearly totals, one for each definition.",
                 encoding={"unit": f"civilians {what} per year, as published", "value_name": "Published total",
                           "shared": True, "subtitle": "Different definitions; not comparable from panel to panel"}),
            Part("table", "The published figures", {"table": _figures(table, store)},
                 alt=f"Table of {len(table)} published figures with definition, publication and certainty."),
        ],
        caveats=[
            "One figure a year cannot show what happened in a month, and a directive inside a year splits it.",
            "A later publication may revise an earlier one: every figure is listed below, the picture takes the last.",
        ],
        sources=sorted({f"{publication} (via {source})" for publication, source
                        in zip(drawn["publication"], drawn["source"], strict=True)})
        or source_lines(store),
        n=len(table),
    )  # fmt: skip


def has_published(store: Store) -> bool:
    """Whether the theatre lists published yearly totals of harm from the air."""
    return any("aerial" in causes for causes in store.theatre.tallies["cause"])


def _figures(table: pd.DataFrame, store: Store) -> pd.DataFrame:
    labels = store.theatre.parties.set_index("party")["label"]
    return pd.DataFrame(
        {
            "Year": table["start"].dt.year,
            "Measure": table["measure"],
            "Value": table["value"].astype("Int64"),
            "Definition": table["definition"],
            "Parties": [words.listed([str(labels.get(one, one)) for one in parties]) or "not said"
                        for parties in table["party"]],
            "Publication": table["publication"],
            "Figure is": table["certainty"].map(words.CERTAINTIES),
            "Note": table["note"],
        }
    ).reset_index(drop=True)  # fmt: skip
