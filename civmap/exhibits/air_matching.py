"""Incidents against coverage: a map by class, how they were reported and checked, and the verification gap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap import schema
from civmap.analysis import measuring_points
from civmap.analysis.matching import CLASSES, LONGEST_SILENCE_DAYS, REASONS, WITHIN_MINUTES
from civmap.exhibits import words
from civmap.exhibits.air_shared import ALL_MONTHS, Air, air, in_words, land, of_month
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import mark, say, say_in, say_n
from civmap.store import Store

NONE_GIVEN = mark("none given")
AGES = (
    (mark("up to 30 days"), 30), (mark("31 to 90 days"), 90), (mark("91 to 365 days"), 365),
    (mark("more than a year"), 10**6),
)  # fmt: skip
# classes as columns and, in small letters, as words
SHORT = {"covered": "Place and time", "part": "In part", "not_covered": "Not covered", "cannot_say": "Cannot say"}
STATED = {code: name.lower() for code, name in SHORT.items()}
# what a cell of the map is called by the incidents in it; cannot say only where nothing can be said of any
CELLS = (
    (mark("all covered, place and time"), "5"), (mark("all covered, some in part"), "3"),
    (mark("some covered, some not"), "1"), (mark("none covered"), "unobserved"), (mark("cannot say"), "no_answer"),
)  # fmt: skip


def air_incidents(recipe: Recipe, store: Store) -> Exhibit:
    """Map and count incidents by how they were covered.

    Parameters of the recipe: ``month`` (YYYY-MM, or ``all``), ``after_hours`` (24, 72 or 168), ``footprints``.
    """
    asked, chosen = air(recipe, store, month=ALL_MONTHS)
    month = str(chosen["month"])
    found = of_month(asked.matched(), month, "event_date")
    counts = found["covered"].value_counts().reindex(list(CLASSES), fill_value=0)
    told = int(counts.drop("cannot_say").sum())
    touched = int(counts["covered"] + counts["part"])
    why = found["reason"].value_counts().reindex(list(REASONS)).dropna()
    reasons = words.listed([_so_many(number, REASONS[str(one)]) for one, number in why.items()])
    sentence = say(
        "Of {incidents} ({month}) coverage can be told for {told}: a sensor covered the place at some time of the day "
        "for {touched} and not for {others}.", incidents=words.count(len(found), "incident", "incidents"),
        month=in_words(month), told=words.number(told), touched=words.number(touched),
        others=words.number(told - touched),
    )  # fmt: skip
    unsaid = words.number(counts["cannot_say"])
    sentence += " " + (
        say("For {number} it cannot be said: {reasons}.", number=unsaid, reasons=reasons)
        if reasons
        else say("For {number} it cannot be said.", number=unsaid)
    )
    parts = [_map(asked, found, month), _classes(found, asked.after_hours)]
    caveats = [
        say("Most records have no time of day: for them a footprint on the same day is the most that can be said."),
        say("A reported time may be off by {minutes:g} minutes; a settlement is a cell of about 2.4 km across.",
            minutes=WITHIN_MINUTES),
        say("Not covered: no footprint lay over the place, and telemetry is at hand: on days with footprints, and "
            "between two such days up to {days} days apart.", days=LONGEST_SILENCE_DAYS),
    ]  # fmt: skip
    return asked.exhibit(
        title=say("Incidents by coverage"), sentence=sentence, parts=parts, caveats=caveats, n=len(found)
    )


def air_checked(recipe: Recipe, store: Store) -> Exhibit:
    """Set coverage against how incidents were reported and checked, and give its shares by province and month.

    Parameters of the recipe: ``after_hours``, ``footprints``.
    """
    asked, _ = air(recipe, store)
    found = asked.matched()
    checked = found["checked_via"].map(_empty).eq(False)
    sentence = say(
        "{checked} of {incidents} have a check on record; a sensor covered the place of {covered} of them and of "
        "{others} of the others on their day.", checked=words.number(checked.sum()),
        incidents=words.count(len(found), "incident", "incidents"),
        covered=words.number((checked & _touched(found)).sum()),
        others=words.number((~checked & _touched(found)).sum()),
    )  # fmt: skip
    caveats = [say("An incident with two channels stands in two rows of the first table.")]
    parts = [_crossed(found), _by_province(found, store), _by_month(found)]
    return asked.exhibit(title=say("How reported, how checked"), sentence=sentence, parts=parts, caveats=caveats)


def air_gap(recipe: Recipe, store: Store) -> Exhibit:
    """List incidents that nobody checked, by district and age, with the next coverage after each.

    A work list for sending a ground team or asking for a look. Parameters of the recipe: as `air_checked`.
    """
    asked, _ = air(recipe, store)
    found = asked.matched()
    unchecked = found[found["checked_via"].map(_empty).astype(bool)]
    age = (asked.here.last - unchecked["event_date"]).dt.days
    names = store.theatre.boundaries["name"]
    bound = np.searchsorted([days for _, days in AGES], age.to_numpy(), side="left")
    ages = np.array([say(name) for name, _ in AGES], dtype=object)
    next_hours, within = "Next (hours)", f"Min in {asked.after_hours} h"
    heads = {within: say("Min in {hours} h", hours=asked.after_hours)}
    listed = pd.DataFrame(
        {
            "Province": unchecked["admin1"].map(names).fillna(say("not known")),
            "District": unchecked["admin2"].astype("str").where(unchecked["admin2"].notna(), say("not known")),
            "Age": pd.Categorical(ages[np.minimum(bound, len(AGES) - 1)], categories=ages, ordered=True),
            "Id": unchecked["source_id"], "Date": unchecked["event_date"].dt.strftime("%Y-%m-%d"),
            "Days": age.astype("int64"), "That day": unchecked["covered"].map(STATED).map(say),
            within: unchecked["after_minutes"].round(1), next_hours: unchecked["hours_to_next"].round(1),
        }
    ).sort_values(["Province", "District", "Days"], ignore_index=True)  # fmt: skip
    grouped = listed.groupby(["Province", "District", "Age"], observed=True, sort=True)
    by_district = grouped.agg(**{
        "Unchecked": ("Id", "size"), "Covered later": (next_hours, "count"), "Soonest (hours)": (next_hours, "min"),
    }).reset_index()  # fmt: skip
    by_district["Age"] = by_district["Age"].astype("str")
    listed = listed.drop(columns="Age")
    later = int(listed[next_hours].notna().sum())
    sentence = say_n(
        len(unchecked),
        "{n} incident has no check on record, of {all}; a sensor covered the place of {later} of them at some time "
        "after.",
        "{n} incidents have no check on record, of {all}; a sensor covered the place of {later} of them at some time "
        "after.",
        all=words.number(len(found)), later=words.number(later),
    )  # fmt: skip
    at = words.day(asked.here.last)
    parts = [
        Part("table", say("Unchecked incidents by district and age at {day}", day=at), {"table": by_district},
             alt=say_n(len(by_district), "Table of {n} district and age with unchecked incidents.",
                       "Table of {n} districts and ages with unchecked incidents.")),
        Part("table", say("Work list: unchecked incidents"), {"table": listed}, encoding={"headers": heads},
             alt=say_n(len(listed), "Table of {n} incident.", "Table of {n} incidents.")),
    ]  # fmt: skip
    caveats = [
        say("Unchecked means that the source names no way in which the report was checked; others may have checked "
            "it."),
        say("Next and Soonest: hours from the event to the next coverage of the place. {column}: minutes of coverage "
            "in the {hours} hours after it. Days: age of the incident at the end of the period.",
            column=heads[within], hours=asked.after_hours),
        say("No later coverage is stated where the place or date is too vague, or telemetry for that day is not at "
            "hand."),
    ]  # fmt: skip
    return asked.exhibit(
        title=say("Verification gap"), sentence=sentence, parts=parts, caveats=caveats, n=len(unchecked)
    )


def _so_many(number: int, what: str) -> str:
    """Say how many there are of what, in a list."""
    return say_in("in a list of how many", "{number} {what}", number=words.number(number), what=say(what))


def _map(asked: Air, found: pd.DataFrame, month: str) -> Part:
    """Name each cell by the incidents in it whose place is known; the others have no cell to stand in."""
    placed = found[found["cell"].notna() & found["location_precision"].isin(["exact", "settlement"])]
    at = measuring_points.parents(placed["cell"].to_numpy("uint64"), asked.resolution)
    counts = placed.groupby([pd.Series(at, index=placed.index, name="cell"), "covered"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=list(CLASSES), fill_value=0)
    covered, part, not_covered = (counts[one].to_numpy() for one in ("covered", "part", "not_covered"))
    which = np.select(
        [(covered + part > 0) & (not_covered > 0), part > 0, covered > 0, not_covered > 0], [2, 1, 0, 3], 4
    )
    said = [
        words.listed([_so_many(number, name) for number, name in zip(row, STATED.values(), strict=True) if number])
        for row in counts.to_numpy().tolist()
    ]
    names = np.array([say(name) for name, _ in CELLS], dtype=object)
    cells = pd.DataFrame(
        {"cell": [f"{cell:x}" for cell in counts.index.tolist()], "finding": names[which], "label": said,
         **{STATED[one]: counts[one].to_numpy() for one in CLASSES}}
    )  # fmt: skip
    store, missing = asked.store, len(found) - len(placed)
    first, last = (found["event_date"].agg(one) for one in ("min", "max"))
    days = {} if found.empty else {"filters": asked.here.filters.with_(date_from=first.date(), date_to=last.date())}
    return Part(
        "cells", say("Map of incidents by coverage"), {"cells": cells, "provinces": land(store)},
        alt=say_n(len(cells), "Map of {theatre}: {n} cell with incidents, by whether a sensor covered them.",
                  "Map of {theatre}: {n} cells with incidents, by whether a sensor covered them.",
                  theatre=store.theatre.title),
        encoding={"classes": tuple((say(name), role) for name, role in CELLS), "unit": say("Incidents of a cell"),
                  "view": store.theatre.view, **days,
                  "subtitle": say("Incidents by coverage, {month}; {number} without a place are not on the map",
                                  month=in_words(month), number=words.number(missing))},
    )  # fmt: skip


def _classes(found: pd.DataFrame, after_hours: int) -> Part:
    by = found.groupby("covered")
    order = list(CLASSES)
    counts = by.size().reindex(order, fill_value=0)
    after = found["after_minutes"].gt(0).groupby(found["covered"]).sum().reindex(order, fill_value=0)
    table = pd.DataFrame(
        {
            "Coverage": [say(name) for name in CLASSES.values()], "Incidents": counts.to_numpy(),
            "Of all (%)": (100 * counts / max(len(found), 1)).round(1).to_numpy(),
            "Place (%)": by["share"].median().reindex(order).mul(100).round(0).to_numpy(),
            "Minutes": by["minutes"].median().reindex(order).round(1).to_numpy(),
            f"Within {after_hours} h": after.to_numpy(),
        }
    )  # fmt: skip
    title = say(
        "Four answers (medians of the part of the place and of the minutes of the day; covered after the event)"
    )
    heads = {f"Within {after_hours} h": say("Within {hours} h", hours=after_hours)}
    return Part("table", title, {"table": table},
                alt=say_n(len(found), "Four classes of coverage, {n} incident.",
                          "Four classes of coverage, {n} incidents."), encoding={"headers": heads})  # fmt: skip


def _crossed(found: pd.DataFrame) -> Part:
    """Count each pair of how reported and how checked by class; an incident with two channels counts under each."""
    long = found[["covered"]].assign(
        reported=found["reported_via"].map(_channels), checked=found["checked_via"].map(_channels)
    )
    long = long.explode("reported", ignore_index=True).explode("checked", ignore_index=True)
    wide = long.groupby(["reported", "checked", "covered"]).size().unstack(fill_value=0)
    wide = wide.reindex(columns=list(CLASSES), fill_value=0).rename(columns=SHORT).reset_index()
    wide = wide.rename(columns={"reported": "Reported via", "checked": "Checked via"})
    for name in ("Reported via", "Checked via"):
        wide[name] = wide[name].map(lambda code: say(code) if code == NONE_GIVEN else schema.words(code))
    wide.columns.name = None
    return Part("table", say("How reported and checked, by coverage"), {"table": wide},
                alt=say_n(len(wide), "Cross-table of {n} pair of channels by coverage.",
                          "Cross-table of {n} pairs of channels by coverage."))  # fmt: skip


def _by_province(found: pd.DataFrame, store: Store) -> Part:
    names = store.theatre.boundaries["name"]
    table = _shares(found, found["admin1"].map(names).fillna(say("not known")), "Province")
    return Part("table", say("By province"), {"table": table},
                alt=say_n(len(table), "Coverage of incidents in {n} province.",
                          "Coverage of incidents in {n} provinces."))  # fmt: skip


def _by_month(found: pd.DataFrame) -> Part:
    month = found["event_date"].dt.strftime("%Y-%m")
    can = month.isin(month[found["covered"].ne("cannot_say")].unique())
    table = _shares(found[can], month[can], "Month")
    return Part("table", say("By month with telemetry"), {"table": table},
                alt=say_n(len(table), "Coverage of incidents in {n} month.",
                          "Coverage of incidents in {n} months."))  # fmt: skip


def _shares(found: pd.DataFrame, by: pd.Series, name: str) -> pd.DataFrame:
    """Count by class; the share is of the incidents for which it can be told."""
    wide = found.groupby([by.rename(name), "covered"]).size().unstack(fill_value=0)
    wide = wide.reindex(columns=list(CLASSES), fill_value=0)
    told = wide[["covered", "part", "not_covered"]].sum(axis=1)
    share = 100 * (wide["covered"] + wide["part"]) / told.where(told > 0)
    wide = wide.rename(columns=SHORT)
    wide["Covered of told (%)"] = share.round(1)
    wide.columns.name = None
    return wide.reset_index()


def _touched(found: pd.DataFrame) -> pd.Series:
    return found["covered"].isin(["covered", "part"])


def _channels(value: object) -> list[str]:
    return [NONE_GIVEN] if _empty(value) else list(value)  # type: ignore[call-overload]


def _empty(value: object) -> bool:
    return not isinstance(value, list | tuple | np.ndarray) or len(value) == 0
