"""Revisions: what a load changed, and records of one source that may be the same event told twice."""

from __future__ import annotations

import pandas as pd

from civmap import queries
from civmap.errors import RecipeError
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import make, options, source_lines, standing
from civmap.figures.part import Part
from civmap.language import mark_n, say, say_n
from civmap.store import Store
from civmap.store.decisions import KINDS, Decision

# what happened to a record -> so many of them
_SO_MANY = {
    "new": mark_n("{n} new", "{n} new"), "changed": mark_n("{n} changed", "{n} changed"),
    "withdrawn": mark_n("{n} withdrawn", "{n} withdrawn"),
}  # fmt: skip


def changes(recipe: Recipe, store: Store) -> Exhibit:
    """List what a load changed: new, changed field by field, withdrawn.

    Parameters of the recipe: ``load``, the id of a load; the one known last if not given.
    """
    loads = store.loads(recipe.as_known_on)
    latest = str(loads["load_id"].iloc[-1]) if len(loads) else ""
    load_id = str(options(recipe, load="")["load"] or latest)
    known = loads.set_index("load_id").astype("str")
    if load_id and load_id not in known.index:
        raise RecipeError(say("No load '{load}' is known.", load=load_id),
                          expected=", ".join(known.index) or say("nothing is loaded"))  # fmt: skip
    frame, caveats = pd.DataFrame({"what": [], "source_id": []}, dtype="str"), []
    if not load_id:
        day_asked = recipe.as_known_on
        sentence = say("Nothing was known on this day.") if day_asked else say("Nothing has been loaded yet.")
    else:
        load = {str(name): str(value) for name, value in known.loc[load_id].items()}
        day, first = load["known_at"][:10], known["source"].eq(load["source"]).loc[:load_id].sum() == 1
        label = store.theatre.source_label(load["source"])
        sentence = say("{file} is the first load of {source}: nothing was known of it before.", file=load["file"],
                       source=label)  # fmt: skip
        if not first:
            frame = queries.changes(store, load_id)
            counted = frame.drop_duplicates(["what", "source_id"])["what"].value_counts()
            said = [say_n(counted.get(what, 0), one, many) for what, (one, many) in _SO_MANY.items()]
            sentence = say("{file}, known from {day}: records {counted}.", file=load["file"], day=day,
                           counted=words.listed(said))  # fmt: skip
            if known["complete_from"].isna()[load_id]:
                caveats = [say("Records that are missing from this file do not count as withdrawn: it does not say "
                               "that it is complete.")]  # fmt: skip
    frame["what"] = frame["what"].map(say)
    table = frame.rename(columns={"source": "Source", "source_id": "Id", "event_date": "Date", "what": "What",
                                  "column": "Field", "before": "Before", "after": "After"})  # fmt: skip
    part = Part("table", say("Records that this load changed"), {"table": table},
                alt=say("Table of new, changed and withdrawn records with the fields that changed."))  # fmt: skip
    sources = source_lines(store, as_known_on=recipe.as_known_on)
    n = int(frame["source_id"].nunique())
    return make(recipe, store, title=say("What a load changed"), sentence=sentence, parts=[part], caveats=caveats,
                sources=sources, n=n)  # fmt: skip


def duplicates(recipe: Recipe, store: Store) -> Exhibit:
    """List records of one source that agree in day, place and every figure."""
    options(recipe)
    here = standing(recipe, store)
    found = queries.likely_duplicates(store, here.filters, as_known_on=recipe.as_known_on)
    groups, extra = int(found["group"].nunique()), int((~found["first"]).sum())
    labels = dict(zip(store.theatre.parties["party"], store.theatre.parties["label"], strict=True))
    table = pd.DataFrame(
        {
            "Group": found["group"],
            "Id": found["source_id"],
            "Date": found["event_date"],
            "Province": found["admin1"].map(store.theatre.boundaries["name"]),
            "Parties named": [", ".join(labels.get(one, one) for one in parties) for parties in found["parties"]],
            "Civilians killed, max": found["killed_max"],
            "Civilians injured, max": found["injured_max"],
            "All killed, max": found["all_killed_max"],
        }
    )
    sentence = (
        say("{groups}; {extra}.", groups=say_n(
            groups, "{n} group of records agree in day, place and every figure",
            "{n} groups of records agree in day, place and every figure",
        ), extra=say_n(
            extra, "if each is one event, {n} record is counted too many",
            "if each is one event, {n} records are counted too many",
        ))
        if groups
        else say("No two records under these filters agree in day, place and every figure.")
    )  # fmt: skip
    part = Part("table", say("Records that may be one event"), {"table": table},
                alt=say("Table of likely duplicates by group: {subtitle}.", subtitle=here.subtitle))  # fmt: skip
    caveats = [say(
        "Likeness is no proof: two events on one day in one place may cost as many lives each. Only records dated to "
        "the day and known to the settlement or better are compared."
    )]  # fmt: skip
    return here.exhibit(title=say("Likely duplicates"), sentence=sentence, parts=[part], caveats=caveats)


def decisions(recipe: Recipe, store: Store) -> Exhibit:
    """List what people decided: when, what, by whom and why."""
    options(recipe)
    day = recipe.as_known_on
    made = [one for one in store.decisions() if day is None or one.decided_at[:10] <= day.isoformat()]
    table = pd.DataFrame(
        {
            "Decided": [one.decided_at[:16].replace("T", " ") for one in made],
            "What": [words.capital(say(KINDS[one.kind])) for one in made],
            "Records": pd.Series([0 if one.kind == "expectation" else len(one.about) for one in made], dtype="int64"),
            "By": [one.who for one in made],
            "Why": [one.why for one in made],
            "Decision": [one.decision_id for one in made],
        }
    )
    sentence = _so_many(made) if made else say("Nothing has been decided.")
    part = Part("table", say("Decisions"), {"table": table},
                alt=say("Table of decisions with time, kind, person and reason."))  # fmt: skip
    return make(recipe, store, title=say("Decisions about records"), sentence=sentence, parts=[part], n=len(made),
                sources=source_lines(store, as_known_on=day))  # fmt: skip


def _so_many(made: list[Decision]) -> str:
    awaited = sum(one.kind == "expectation" for one in made)
    about = len(made) - awaited
    said = [
        *([say_n(about, "{n} decision about records", "{n} decisions about records")] if about else []),
        *([say_n(awaited, "{n} expectation of directives", "{n} expectations of directives")] if awaited else []),
    ]
    return f"{words.listed(said)}."
