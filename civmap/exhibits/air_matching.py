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
from civmap.store import Store

NONE_GIVEN = "none given"
AGES = (("up to 30 days", 30), ("31 to 90 days", 90), ("91 to 365 days", 365), ("more than a year", 10**6))
SHORT = {"covered": "Place and time", "part": "In part", "not_covered": "Not covered", "cannot_say": "Cannot say"}
# what a cell of the map is called by the incidents in it; cannot say only where nothing can be said of any
CELLS = (
    ("all covered, place and time", "5"), ("all covered, some in part", "3"), ("some covered, some not", "1"),
    ("none covered", "unobserved"), ("cannot say", "no_answer"),
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
    reasons = words.listed([f"{words.number(number)} {REASONS[str(one)]}" for one, number in why.items()])
    sentence = (
        f"Of {words.count(len(found), 'incident', 'incidents')} ({in_words(month)}) coverage can be told for {words.number(told)}: "
        f"a sensor covered the place at some time of the day for {words.number(touched)} and not for "
        f"{words.number(told - touched)}. For {words.number(int(counts['cannot_say']))} it cannot be said"
        f"{f': {reasons}' if reasons else ''}."
    )
    parts = [_map(asked, found, month), _classes(found, asked.after_hours)]
    caveats = [
        "Most records have no time of day: for them a footprint on the same day is the most that can be said.",
        f"A reported time may be off by {WITHIN_MINUTES:g} minutes; a settlement is a cell of about 2.4 km across.",
        "Not covered: no footprint lay over the place, and telemetry is at hand: on days with footprints, and between "
        f"two such days up to {LONGEST_SILENCE_DAYS} days apart.",
    ]
    return asked.exhibit(title="Incidents by coverage", sentence=sentence, parts=parts, caveats=caveats, n=len(found))


def air_checked(recipe: Recipe, store: Store) -> Exhibit:
    """Set coverage against how incidents were reported and checked, and give its shares by province and month.

    Parameters of the recipe: ``after_hours``, ``footprints``.
    """
    asked, _ = air(recipe, store)
    found = asked.matched()
    checked = found["checked_via"].map(_empty).eq(False)
    sentence = (
        f"{words.number(int(checked.sum()))} of {words.count(len(found), 'incident', 'incidents')} have a check on record; a sensor "
        f"covered the place of {words.number(int((checked & _touched(found)).sum()))} of them and of "
        f"{words.number(int((~checked & _touched(found)).sum()))} of the others on their day."
    )
    caveats = ["An incident with two channels stands in two rows of the first table."]
    parts = [_crossed(found), _by_province(found, store), _by_month(found)]
    return asked.exhibit(title="How reported, how checked", sentence=sentence, parts=parts, caveats=caveats)


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
    ages = np.array([name for name, _ in AGES], dtype=object)
    next_hours, within = "Next (hours)", f"Min in {asked.after_hours} h"
    listed = pd.DataFrame(
        {
            "Province": unchecked["admin1"].map(names).fillna("not known"),
            "District": unchecked["admin2"].astype("str").where(unchecked["admin2"].notna(), "not known"),
            "Age": pd.Categorical(ages[np.minimum(bound, len(AGES) - 1)], categories=ages, ordered=True),
            "Id": unchecked["source_id"], "Date": unchecked["event_date"].dt.strftime("%Y-%m-%d"),
            "Days": age.astype("int64"), "That day": unchecked["covered"].map(SHORT).str.lower(),
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
    sentence = (
        f"{words.count(len(unchecked), 'incident has', 'incidents have')} no check on record, of "
        f"{words.number(len(found))}; a sensor covered the place of {words.number(later)} of them at some time after."
    )
    at = words.day(asked.here.last)
    parts = [
        Part("table", f"Unchecked incidents by district and age at {at}", {"table": by_district},
             alt=f"Table of {len(by_district)} districts and ages with unchecked incidents."),
        Part("table", "Work list: unchecked incidents", {"table": listed}, alt=f"Table of {len(listed)} incidents."),
    ]  # fmt: skip
    caveats = [
        "Unchecked means that the source names no way in which the report was checked; others may have checked it.",
        f"Next and Soonest: hours from the event to the next coverage of the place. {within}: minutes of coverage in "
        f"the {asked.after_hours} hours after it. Days: age of the incident at the end of the period.",
        "No later coverage is stated where the place or date is too vague, or telemetry for that day is not at hand.",
    ]
    return asked.exhibit(title="Verification gap", sentence=sentence, parts=parts, caveats=caveats, n=len(unchecked))


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
        words.listed([f"{number:,} {name.lower()}" for number, name in zip(row, SHORT.values(), strict=True) if number])
        for row in counts.to_numpy().tolist()
    ]
    names = np.array([name for name, _ in CELLS], dtype=object)
    cells = pd.DataFrame(
        {"cell": [f"{cell:x}" for cell in counts.index.tolist()], "finding": names[which], "label": said,
         **{SHORT[one].lower(): counts[one].to_numpy() for one in CLASSES}}
    )  # fmt: skip
    store, missing = asked.store, len(found) - len(placed)
    first, last = (found["event_date"].agg(one) for one in ("min", "max"))
    days = {} if found.empty else {"filters": asked.here.filters.with_(date_from=first.date(), date_to=last.date())}
    return Part(
        "cells", "Map of incidents by coverage", {"cells": cells, "provinces": land(store)},
        alt=f"Map of {store.theatre.title}: {len(cells)} cells with incidents, by whether a sensor covered them.",
        encoding={"classes": CELLS, "unit": "Incidents of a cell", "view": store.theatre.view, **days,
                  "subtitle": f"Incidents by coverage, {in_words(month)}; {words.number(missing)} without a place are "
                              "not on the map"},
    )  # fmt: skip


def _classes(found: pd.DataFrame, after_hours: int) -> Part:
    by = found.groupby("covered")
    order = list(CLASSES)
    counts = by.size().reindex(order, fill_value=0)
    after = found["after_minutes"].gt(0).groupby(found["covered"]).sum().reindex(order, fill_value=0)
    table = pd.DataFrame(
        {
            "Coverage": list(CLASSES.values()), "Incidents": counts.to_numpy(),
            "Of all (%)": (100 * counts / max(len(found), 1)).round(1).to_numpy(),
            "Place (%)": by["share"].median().reindex(order).mul(100).round(0).to_numpy(),
            "Minutes": by["minutes"].median().reindex(order).round(1).to_numpy(),
            f"Within {after_hours} h": after.to_numpy(),
        }
    )  # fmt: skip
    title = "Four answers (medians of the part of the place and of the minutes of the day; covered after the event)"
    return Part("table", title, {"table": table}, alt=f"Four classes of coverage, {len(found)} incidents.")


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
        wide[name] = wide[name].map(lambda code: code if code == NONE_GIVEN else schema.words(code))
    wide.columns.name = None
    title = "How reported and checked, by coverage"
    return Part("table", title, {"table": wide}, alt=f"Cross-table of {len(wide)} pairs of channels by coverage.")


def _by_province(found: pd.DataFrame, store: Store) -> Part:
    names = store.theatre.boundaries["name"]
    table = _shares(found, found["admin1"].map(names).fillna("not known"), "Province")
    return Part("table", "By province", {"table": table}, alt=f"Coverage of incidents in {len(table)} provinces.")


def _by_month(found: pd.DataFrame) -> Part:
    month = found["event_date"].dt.strftime("%Y-%m")
    can = month.isin(month[found["covered"].ne("cannot_say")].unique())
    table = _shares(found[can], month[can], "Month")
    return Part(
        "table", "By month with telemetry", {"table": table}, alt=f"Coverage of incidents in {len(table)} months."
    )


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
