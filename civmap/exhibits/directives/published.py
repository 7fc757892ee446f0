"""The totals that were only ever published by the year: shown, never tested."""

from __future__ import annotations

import pandas as pd

from civmap import schema
from civmap.errors import RecipeError
from civmap.exhibits import words
from civmap.exhibits.events import events
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import make, options, source_lines
from civmap.figures.part import Part
from civmap.language import say, say_n
from civmap.store import Store

PUBLISHED = ("killed", "casualties", "injured")  # measures that are drawn


def published(recipe: Recipe, store: Store) -> Exhibit:
    """Show published yearly totals of one cause, a panel for each definition, never joined and never tested.

    Parameters of the recipe: ``first`` and ``last``, years; ``cause`` and ``measure``.
    """
    chosen = options(recipe, first=2008, last=2014, cause="aerial", measure=PUBLISHED)
    years = {name: int(chosen[name]) for name in ("first", "last")}
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
            say("The theatre lists no published yearly totals of this cause from {first} to {last}.", **years),
            next_step=say("Load a file of totals on the Data Quality page, or choose other years."),
        )
    drawn = drawn.sort_values("start")
    definitions = list(dict.fromkeys(drawn["definition"]))
    first, last = (pd.Timestamp(f"{chosen['first']}-01-01"), pd.Timestamp(f"{chosen['last']}-12-31"))
    each = pd.date_range(first, last, freq="YS")
    series = pd.concat(
        [
            drawn[drawn["definition"] == definition].set_index("start")["value"].astype("float64").reindex(each)
            .rename_axis("period").rename("value").reset_index()
            .assign(panel=words.capital(definition), low=float("nan"), high=float("nan"))
            for definition in definitions
        ],
        ignore_index=True,
    )  # fmt: skip
    happened = events(store, recipe.filters, first, last)
    what = say(words.MEASURED[chosen["measure"]])
    title = (
        say("Published yearly totals, {first} to {last}: {what} by aircraft", what=what, **years)
        if chosen["cause"] == "aerial"
        else say("Published yearly totals: {what}", what=what)
    )
    return make(
        recipe,
        store,
        title=title,
        sentence=_mixed(drawn, what, years),
        parts=[
            Part("small_multiples", say("A panel for each definition"), {
                     "series": series[["panel", "period", "value", "low", "high"]],
                     "events": happened[happened["kind"] == "directive"].reset_index(drop=True)},
                 alt=say_n(len(definitions), "{n} small chart of published yearly totals, of one definition.",
                           "{n} small charts of published yearly totals, one for each definition."),
                 encoding={"unit": say("{what} per year, as published", what=what),
                           "value_name": say("Published total"), "shared": True,
                           "subtitle": say("Different definitions; not comparable from panel to panel")}),
            Part("table", say("The published figures"), {"table": _figures(table, store)},
                 alt=say_n(len(table), "Table of {n} published figure with definition, publication and certainty.",
                           "Table of {n} published figures with definition, publication and certainty.")),
        ],
        caveats=[
            say("One figure a year cannot show what happened in a month, and a directive inside a year splits it."),
            say("A later publication may revise an earlier one: every figure is listed below, the picture takes the "
                "last."),
        ],
        sources=sorted({say("{publication} (via {source})", publication=publication, source=source)
                        for publication, source in zip(drawn["publication"], drawn["source"], strict=True)})
        or source_lines(store),
        n=len(table),
    )  # fmt: skip


def _mixed(drawn: pd.DataFrame, what: str, years: dict[str, int]) -> str:
    """Say why no change is computed from these figures."""
    whose = drawn["party"].map(lambda parties: ";".join(sorted(parties))).nunique()
    return say(
        "Too coarse and too mixed for a test: {figures} of {what}, {first} to {last}, under {names} and {rules}. They "
        "stand apart and are never one line; no change is computed from them.",
        figures=say_n(len(drawn), "{n} yearly figure", "{n} yearly figures"), what=what,
        names=say_n(drawn["definition"].nunique(), "{n} name", "{n} names"),
        rules=say_n(whose, "{n} rule of whose aircraft count", "{n} rules of whose aircraft count"), **years,
    )  # fmt: skip


def has_published(store: Store) -> bool:
    """Whether the theatre lists published yearly totals of harm from the air."""
    return any("aerial" in causes for causes in store.theatre.tallies["cause"])


def _figures(table: pd.DataFrame, store: Store) -> pd.DataFrame:
    labels = store.theatre.parties.set_index("party")["label"]
    return pd.DataFrame(
        {
            "Year": table["start"].dt.year,
            "Measure": table["measure"].map(schema.words),
            "Value": table["value"].astype("Int64"),
            "Definition": table["definition"],
            "Parties": [words.listed([str(labels.get(one, one)) for one in parties]) or say("not said")
                        for parties in table["party"]],
            "Publication": table["publication"],
            "Figure is": table["certainty"].map(words.CERTAINTIES).map(say, na_action="ignore"),
            "Note": table["note"],
        }
    ).reset_index(drop=True)  # fmt: skip
