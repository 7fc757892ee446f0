"""Tallies: published totals as they were printed, with what a source's records hold beside each; never added up."""

from __future__ import annotations

import pandas as pd

from civmap import queries, schema
from civmap.errors import RecipeError
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import make, options, source_lines
from civmap.figures.part import Part
from civmap.filters import BOUNDS, Filters
from civmap.language import mark, say, say_in, say_n, speaking
from civmap.readers.faults import expected_in_words
from civmap.store import Store
from civmap.store.totals import totals_set_aside
from civmap.theatre import Theatre

_MEASURES = {"casualties": mark("killed or injured"), "casualties_percent": mark("share of killed or injured (%)")}


def tallies(recipe: Recipe, store: Store) -> Exhibit:
    """List published totals by tally, measure, area and period, each with the records of one source beside it."""
    options(recipe)
    filters = recipe.filters
    totals = _in_dates(queries.tallies(store, as_known_on=recipe.as_known_on), filters)
    label, beside, heads = _beside(recipe, store, totals)
    table = pd.concat([_what(totals, store.theatre), beside, _where_from(totals)], axis=1)
    aside = _set_aside(store)
    parts = [
        Part("table", say("Published totals"), {"table": table}, encoding={"headers": heads},
             alt=say_n(len(table), "Table of {n} published total.", "Table of {n} published totals.")),
        Part("table", say("Rows of totals set aside"), {"table": aside},
             alt=say_n(len(aside), "Table of {n} row set aside.", "Table of {n} rows set aside.")),
    ]  # fmt: skip
    caveats = [
        say(
            "A total stands as it was published; a later publication of the same total is a row of its own. Totals "
            "overlap (a year holds its months, all causes hold each of them) and are never added together, nor to "
            "records."
        ),
        say(
            "Of the filters, source, grade, precision and dates hold here: listed are totals whose period touches the "
            "dates."
        ),
    ]
    if store.is_demonstration:
        caveats.insert(0, say("The totals are real, as published; synthetic are only the records beside them."))
    if label:
        caveats.append(say(
            "The numbers of {source} are its records in the area, days, parties and causes of each total, where a "
            "party named beside others counts too; empty where it does not cover the whole period or gives no such "
            "figure.", source=label,
        ))  # fmt: skip
    return make(recipe, store, title=say("Published totals"), sentence=_sentence(totals, aside, recipe), parts=parts,
                caveats=caveats, sources=source_lines(store, [filters.source] if filters.source else [],
                as_known_on=recipe.as_known_on), n=len(totals))  # fmt: skip


def _in_dates(totals: pd.DataFrame, filters: Filters) -> pd.DataFrame:
    touches = pd.Series(True, totals.index)
    if filters.date_from:
        touches &= totals["end"] >= pd.Timestamp(filters.date_from)
    if filters.date_to:
        touches &= totals["start"] <= pd.Timestamp(filters.date_to)
    return totals[touches].reset_index(drop=True)


def _sentence(totals: pd.DataFrame, aside: pd.DataFrame, recipe: Recipe) -> str:
    aside_too = [say_n(len(aside), "{n} row of loaded tables set aside.", "{n} rows of loaded tables set aside.")]
    held = aside_too if len(aside) else []
    if totals.empty:
        none = (
            [say("No published total was known on {day}.", day=words.day(recipe.as_known_on))]
            if recipe.as_known_on
            else [say("No published total is known here."), say("Load a table of totals on the Data Quality page.")]
        )
        return " ".join([*none, *held])
    found = [
        say(
            "{totals} of {tallies} for {first_year} to {last_year}, in {publications}",
            totals=words.count(len(totals), "total", "totals"),
            tallies=words.count(totals["tally"].nunique(), "tally", "tallies"),
            first_year=totals["start"].min().year,
            last_year=totals["end"].max().year,
            publications=words.count(totals["publication"].nunique(), "publication", "publications"),
        )
    ]
    revised = int(totals["revised"].sum())
    if revised:
        found.append(say_n(revised, "{n} was published anew later", "{n} were published anew later"))
    return " ".join([f"{words.clauses(found)}.", *held])


def _beside(recipe: Recipe, store: Store, totals: pd.DataFrame) -> tuple[str, pd.DataFrame, dict[str, str]]:
    """Give the label of the source that stands beside the totals, empty without any, its numbers and their headers."""
    try:
        source = queries.extent(store, recipe.filters, as_known_on=recipe.as_known_on).source
    except RecipeError:  # nothing loaded, or nothing known on that day
        return "", pd.DataFrame(index=totals.index), {}
    filters = recipe.filters.with_(source=source)
    label = store.theatre.source_label(source)
    beside = queries.recorded_beside(store, filters, totals, as_known_on=recipe.as_known_on)
    with speaking("en"):  # columns are identified by their English names
        names = {f"value_{bound}": f"{store.theatre.source_label(source)}, {bound}" for bound in BOUNDS}
    heads = {
        name: say("{source}, {bound}", source=label, bound=say(words.BOUNDS[bound]))
        for name, bound in zip(names.values(), BOUNDS, strict=True)
    }
    return label, beside.rename(columns=names), heads


def _what(totals: pd.DataFrame, theatre: Theatre) -> pd.DataFrame:
    named = {parties: _parties(parties, theatre) for parties in totals["party"].unique()}
    return pd.DataFrame(
        {
            "Tally": [theatre.source_label(one) for one in totals["tally"].fillna("")],
            "Area": totals["area_label"],
            "From": totals["start"],
            "To": totals["end"],
            "Parties": totals["party"].map(named),
            "Causes": [
                ", ".join(schema.words(one) for one in causes) or say_in("parties or causes", "all")
                for causes in totals["cause"]
            ],
            "What": totals["measure"].map(lambda one: say(_MEASURES[one]) if one in _MEASURES else schema.words(one)),
            "Published": totals["value"].astype("Float64").astype("Int64"),
        }
    )


def _parties(parties: tuple[str, ...], theatre: Theatre) -> str:
    """Name parties, or their side where they are all of it."""
    listed = theatre.parties.set_index("party")
    for side, members in listed.groupby("side"):
        if len(members) > 1 and set(members.index) == set(parties):
            return say("all {side}", side=schema.words(str(side)))
    return ", ".join(str(listed["label"].get(one, one)) for one in parties) or say_in("parties or causes", "all")


def _where_from(totals: pd.DataFrame) -> pd.DataFrame:
    precise = totals["published_precision"].map({"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}).fillna("")
    when = [
        f"{day:{form}}" if form and pd.notna(day) else say("not known")
        for day, form in zip(totals["published_at"], precise, strict=True)
    ]
    notes = [
        words.clauses([say("published anew later") if revised else "", *(schema.caveat(one) for one in caveats),
                       note if isinstance(note, str) else ""])
        for revised, caveats, note in zip(totals["revised"], totals["caveats"], totals["note"], strict=True)
    ]  # fmt: skip
    return pd.DataFrame(
        {
            "Definition": totals["definition"],
            "Publication": totals["publication"].map(say, na_action="ignore"),  # such as not known
            "Published on": when,
            "Read": totals["certainty"].map(words.CERTAINTIES).map(say, na_action="ignore"),
            "Account": totals["source"],
            "Notes": notes,
            "File": totals["file"].astype("str").fillna(say("shipped with the theatre")),
        }
    )


def _set_aside(store: Store) -> pd.DataFrame:
    aside = totals_set_aside(store.folder)
    names = {"file": "File", "source_row": "Record", "rule": "Rule", "column": "Column", "value": "Value",
             "expected": "Expected"}  # fmt: skip
    said = aside.assign(
        rule=aside["rule"].map(schema.words), expected=aside["expected"].map(expected_in_words, na_action="ignore")
    )
    return said[list(names)].rename(columns=names)
