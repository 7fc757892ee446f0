"""Revisions: what a load changed, and records of one source that may be the same event told twice."""

from __future__ import annotations

import pandas as pd

from civmap import queries, schema
from civmap.errors import RecipeError
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import make, options, source_lines, standing
from civmap.figures.part import Part
from civmap.store import Store
from civmap.store.decisions import KINDS, Decision


def changes(recipe: Recipe, store: Store) -> Exhibit:
    """List what a load changed: new, changed field by field, withdrawn.

    Parameters of the recipe: ``load``, the id of a load; the one known last if not given.
    """
    loads = store.loads(recipe.as_known_on)
    latest = str(loads["load_id"].iloc[-1]) if len(loads) else ""
    load_id = str(options(recipe, load="")["load"] or latest)
    known = loads.set_index("load_id").astype("str")
    if load_id and load_id not in known.index:
        raise RecipeError(f"No load '{load_id}' is known.", expected=", ".join(known.index) or "nothing is loaded")
    frame, caveats = pd.DataFrame({"what": [], "source_id": []}, dtype="str"), []
    if not load_id:
        sentence = "Nothing was known on this day." if recipe.as_known_on else "Nothing has been loaded yet."
    else:
        load = {str(name): str(value) for name, value in known.loc[load_id].items()}
        day, first = load["known_at"][:10], known["source"].eq(load["source"]).loc[:load_id].sum() == 1
        label = store.theatre.source_label(load["source"])
        sentence = f"{load['file']} is the first load of {label}: nothing was known of it before."
        if not first:
            frame = queries.changes(store, load_id)
            counted = frame.drop_duplicates(["what", "source_id"])["what"].value_counts()
            said = [f"{words.number(counted.get(what, 0))} {what}" for what in ("new", "changed", "withdrawn")]
            sentence = f"{load['file']}, known from {day}: records {words.listed(said)}."
            if known["complete_from"].isna()[load_id]:
                caveats = ["Records that are missing from this file do not count as withdrawn: it does not say that "
                           "it is complete."]  # fmt: skip
    table = frame.rename(columns={"source": "Source", "source_id": "Id", "event_date": "Date", "what": "What",
                                  "column": "Field", "before": "Before", "after": "After"})  # fmt: skip
    part = Part("table", "Records that this load changed", {"table": table},
                alt="Table of new, changed and withdrawn records with the fields that changed.")  # fmt: skip
    sources = source_lines(store, as_known_on=recipe.as_known_on)
    n = int(frame["source_id"].nunique())
    return make(recipe, store, title="What a load changed", sentence=sentence, parts=[part], caveats=caveats,
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
        f"{words.count(groups, 'group', 'groups')} of records agree in day, place and every figure; if each is one event, "
        f"{words.count(extra, 'record is', 'records are')} counted too many."
        if groups
        else "No two records under these filters agree in day, place and every figure."
    )
    part = Part("table", "Records that may be one event", {"table": table},
                alt=f"Table of likely duplicates by group: {here.subtitle}.")  # fmt: skip
    caveats = [
        "Likeness is no proof: two events on one day in one place may cost as many lives each. Only records dated to "
        f"the day and known to the {schema.words('settlement')} or better are compared."
    ]
    return here.exhibit(title="Likely duplicates", sentence=sentence, parts=[part], caveats=caveats)


def decisions(recipe: Recipe, store: Store) -> Exhibit:
    """List what people decided: when, what, by whom and why."""
    options(recipe)
    day = recipe.as_known_on
    made = [one for one in store.decisions() if day is None or one.decided_at[:10] <= day.isoformat()]
    table = pd.DataFrame(
        {
            "Decided": [one.decided_at[:16].replace("T", " ") for one in made],
            "What": [KINDS[one.kind].capitalize() for one in made],
            "Records": pd.Series([0 if one.kind == "expectation" else len(one.about) for one in made], dtype="int64"),
            "By": [one.who for one in made],
            "Why": [one.why for one in made],
            "Decision": [one.decision_id for one in made],
        }
    )
    sentence = _so_many(made) if made else "Nothing has been decided."
    part = Part("table", "Decisions", {"table": table}, alt="Table of decisions with time, kind, person and reason.")
    return make(recipe, store, title="Decisions about records", sentence=sentence, parts=[part], n=len(made),
                sources=source_lines(store, as_known_on=day))  # fmt: skip


def _so_many(made: list[Decision]) -> str:
    expectations = sum(one.kind == "expectation" for one in made)
    about = [words.count(len(made) - expectations, "decision", "decisions") + " about records"] * (
        expectations < len(made)
    )
    return (
        words.listed(
            about + [words.count(expectations, "expectation", "expectations") + " of directives"] * (expectations > 0)
        )
        + "."
    )
