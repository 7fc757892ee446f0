"""Data quality: what is loaded, what was set aside and why, how precise it is, and what is missing."""

from __future__ import annotations

import pandas as pd

from civmap import queries, schema
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import make, options, source_lines, standing
from civmap.figures.part import Part
from civmap.language import say, say_n, speaking
from civmap.readers.faults import RULES, expected_in_words
from civmap.store import Store


def loads(recipe: Recipe, store: Store) -> Exhibit:
    """List every load with what was read, accepted, mended and set aside: read is the sum of the others."""
    options(recipe)
    frame = store.loads(recipe.as_known_on)
    mended = frame.dropna(subset="mends").groupby("mends")["accepted"].sum()
    frame = frame[frame["mends"].isna()].reset_index(drop=True)
    frame["mended"] = frame["load_id"].map(mended).fillna(0).astype("int64")
    frame["rejected"] -= frame["mended"]
    table = pd.DataFrame(
        {
            "Source": [store.theatre.source_label(source) for source in frame["source"]],
            "File": frame["file"],
            "Known from": frame["known_at"].str.slice(0, 10),
            "Rows read": frame["read"],
            "Accepted": frame["accepted"],
            "Mended": frame["mended"],
            "Set aside": frame["rejected"],
            "In the theatre": frame["placed"],
            "Outside": frame["outside"],
            "Notes": frame["notes"],
            "Load": frame["load_id"],
            "SHA-256": frame["sha256"].str.slice(0, 12),
        }
    )
    read, accepted, mends, aside = (int(frame[name].sum()) for name in ("read", "accepted", "mended", "rejected"))
    sentence = (
        say(
            "{loads}: {found}.",
            loads=words.count(len(frame), "load", "loads"),
            found=_read(read, accepted, mends, aside),
        )
        if len(frame)
        else say("Nothing was known on this day.")
        if recipe.as_known_on
        else say("Nothing has been loaded yet. Load a file on the Data Quality page or with `python -m civmap ingest`.")
    )
    title = say("What is loaded")
    part = Part("table", title, {"table": table}, alt=say("Table of loads with rows read, accepted and set aside."))
    return make(recipe, store, title=title, sentence=sentence, parts=[part],
                sources=source_lines(store, as_known_on=recipe.as_known_on), n=accepted + mends)  # fmt: skip


def _read(read: int, accepted: int, mends: int, aside: int) -> str:
    """Say what became of the rows that were read."""
    said = [
        say_n(read, "{n} row read", "{n} rows read"),
        say_n(accepted, "{n} accepted", "{n} accepted"),
        *([say_n(mends, "{n} mended and accepted", "{n} mended and accepted")] if mends else []),
        say_n(aside, "{n} set aside", "{n} set aside"),
    ]
    return ", ".join(said)


def set_aside(recipe: Recipe, store: Store) -> Exhibit:
    """List the rows set aside, grouped by rule, each with its file, record number, column and value."""
    options(recipe)
    frame = store.rejected(recipe.as_known_on)
    groups = frame.groupby(["source", "rule", "column"], dropna=False).size().reset_index(name="Rows")
    by_rule = pd.DataFrame(
        {
            "Source": [store.theatre.source_label(source) for source in groups["source"]],
            "Rule": groups["rule"].map(schema.words),
            "Column": groups["column"],
            "Rows": groups["Rows"],
            "Expected": groups["rule"].map(RULES).map(say, na_action="ignore"),
        }
    ).sort_values("Rows", ascending=False, ignore_index=True)
    columns = {"file": "File", "source_row": "Record", "source_id": "Id", "rule": "Rule", "column": "Column",
               "value": "Value", "expected": "Expected", "other_faults": "Other faults"}  # fmt: skip
    rows = frame.assign(
        rule=frame["rule"].map(schema.words), expected=frame["expected"].map(expected_in_words, na_action="ignore")
    )
    rows = rows[list(columns)].rename(columns=columns)
    sentence = (
        say_n(len(frame), "{n} row set aside, by {rules}.", "{n} rows set aside, by {rules}.",
              rules=words.count(frame["rule"].nunique(), "rule", "rules"))
        if len(frame)
        else say("No row was set aside.")
    )  # fmt: skip
    title = say("Rows set aside")
    parts = [
        Part("table", say("Rows set aside, by rule"), {"table": by_rule},
             alt=say("Table of the number of rows set aside by rule.")),
        Part("table", title, {"table": rows}, alt=say("Table of rows set aside with file, record, column and value.")),
    ]  # fmt: skip
    return make(recipe, store, title=title, sentence=sentence, parts=parts, n=len(frame),
                sources=source_lines(store, as_known_on=recipe.as_known_on))  # fmt: skip


def precision(recipe: Recipe, store: Store) -> Exhibit:
    """Show how precisely place and date are known under the filters, and which caveats records carry."""
    options(recipe)
    here = standing(recipe, store)
    frame = queries.precision(store, here.filters, as_known_on=recipe.as_known_on)
    known = pd.crosstab(frame["location_precision"], frame["date_precision"], values=frame["incidents"], aggfunc="sum")
    known = known.reindex(index=list(schema.LOCATION_PRECISIONS), columns=list(schema.DATE_PRECISIONS)).fillna(0)
    known = known.astype("int64").rename(columns=lambda name: f"Date known to the {name}")
    known.insert(0, "All", known.sum(axis=1))
    places = known.rename_axis("Place known to").reset_index()
    places["Place known to"] = places["Place known to"].map(schema.words)
    doubts = queries.caveat_counts(store, here.filters, as_known_on=recipe.as_known_on)
    doubts = pd.DataFrame({"Caveat": doubts["caveat"].map(schema.caveat),
                           "Records": doubts["records"]})  # fmt: skip
    total = int(known["All"].sum())
    exact = int(known.loc[["exact", "settlement"], "All"].sum())
    sentence = (
        say("{source}: {share} of {incidents} are known to the settlement or better.", source=here.label,
            share=words.percent(exact / total), incidents=words.count(total, "incident", "incidents"))
        if total
        else say("No incident under these filters.")
    )  # fmt: skip
    parts = [
        Part("table", say("How precisely place and date are known (incidents)"), {"table": places},
             alt=say("Table of place precision by date precision: {subtitle}.", subtitle=here.subtitle),
             encoding={"subtitle": here.subtitle}),
        Part("table", say("Caveats on records of this source"), {"table": doubts},
             alt=say("Table of records by caveat.")),
    ]  # fmt: skip
    return here.exhibit(title=say("How precise the record is"), sentence=sentence, parts=parts)


def points(recipe: Recipe, store: Store) -> Exhibit:
    """List the points that many records of a source share, and say which share of it only stands for a province."""
    options(recipe)
    shared = queries.points(store, as_known_on=recipe.as_known_on)
    names = store.theatre.boundaries["name"]
    table = pd.DataFrame(
        {
            "Source": [store.theatre.source_label(source) for source in shared["source"]],
            "Province": shared["admin1"].map(names),
            "Place named most": shared["place"],
            "Latitude": shared["latitude"].round(4),
            "Longitude": shared["longitude"].round(4),
            "Records": shared["records"],
            "Share of the source (%)": (100 * shared["share"]).round(1),
            "Of them known to the province only": shared["province_only"],
        }
    )
    said = [_stands_in(store, str(source), own) for source, own in shared.groupby("source", sort=False)]
    sentence = " ".join(said) or say("No point is shared by ten or more records of one source.")
    title = say("Points that many records share")
    part = Part("table", title, {"table": table},
                alt=say_n(len(table), "Table of {n} point with the records of a source on it.",
                          "Table of {n} points with the records of a source on each."))  # fmt: skip
    caveats = [say(
        "Many records on one point are no fault by themselves: a besieged town has hundreds. Where they name no place, "
        "or several districts, the point only stands for the province: such records shade the province and are never "
        "drawn as a point. Their coordinates are kept."
    )]  # fmt: skip
    sources, n = source_lines(store, as_known_on=recipe.as_known_on), int(shared["records"].sum())
    return make(recipe, store, title=title, sentence=sentence, parts=[part],
                caveats=caveats, sources=sources, n=n)  # fmt: skip


def _stands_in(store: Store, source: str, own: pd.DataFrame) -> str:
    """Say what share of a source lies on points that stand for a province, and on the one with most records."""
    label, most = store.theatre.source_label(source), own.iloc[0]
    names = (most["place"], store.theatre.boundaries["name"].get(most["admin1"]), store.theatre.title)
    where = next(name for name in names if isinstance(name, str))
    stands = (
        say(
            "{share} of this source sits on points that only stand for a province, such as its capital, or the country",
            share=words.percent(own.loc[own["stand_in"], "share"].sum()),
        )
        if own["stand_in"].any()
        else say("no point of this source only stands for a province")
    )
    return say("{source}: {finding}; the point with most records, {place}, holds {share}.", source=label,
               finding=stands, place=where, share=words.percent(most["share"]))  # fmt: skip


def missing(recipe: Recipe, store: Store) -> Exhibit:
    """Show for each source and column what share of records has no value."""
    options(recipe)
    frame = queries.missing(store, as_known_on=recipe.as_known_on)
    frame["percent"] = (100 * frame["share_missing"]).round(1)
    wide = frame.pivot(index="column", columns="source", values="percent")
    order = [column.name for column in schema.INCIDENT if column.name in wide.index]
    with speaking("en"):  # columns are identified by their English names
        names = [say("{source}, missing (%)", source=store.theatre.source_label(str(source))) for source in wide]
    heads = {
        name: say("{source}, missing (%)", source=store.theatre.source_label(str(source)))
        for name, source in zip(names, wide, strict=True)
    }
    table = wide.loc[order].set_axis(list(heads), axis=1)
    table.insert(0, "Meaning", [say(schema.COLUMN[name].meaning) for name in order])
    table = table.rename_axis(index="Column", columns=None).reset_index()
    part = Part("table", say("Missing values"), {"table": table}, encoding={"headers": heads},
                alt=say("Table of the share of missing values by column and source."))  # fmt: skip
    sentence = say("Unknown is left empty and never taken as zero.")
    n = int(frame.drop_duplicates("source")["records"].sum())
    sources = source_lines(store, as_known_on=recipe.as_known_on)
    return make(recipe, store, title=say("What is missing"), sentence=sentence, parts=[part], sources=sources, n=n)
