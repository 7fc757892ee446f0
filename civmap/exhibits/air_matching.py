"""Incidents against coverage, the cross-table with how they were reported and checked, and the verification gap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap import schema
from civmap.analysis.matching import CLASSES, REASONS, WITHIN_MINUTES
from civmap.exhibits import words
from civmap.exhibits.air_shared import air
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.store import Store

NONE_GIVEN = "none given"
AGES = (("up to 30 days", 30), ("31 to 90 days", 90), ("91 to 365 days", 365), ("more than a year", 10**6))


def air_incidents(recipe: Recipe, store: Store) -> Exhibit:
    """Say how incidents were covered, against how they were reported and checked, and by province and month.

    Parameters of the recipe: ``after_hours`` (24, 72 or 168), ``footprints``.
    """
    asked, _ = air(recipe, store)
    found = asked.matched()
    counts = found["covered"].value_counts()
    said = found[found["covered"].ne("cannot_say")]
    touched = int(said["covered"].isin(["covered", "part"]).sum())
    sentence = (
        f"Of {words.count(len(found), 'incident')} coverage can be told for {words.number(len(said))}: a sensor "
        f"covered the place at some time of the day for {words.number(touched)} and not for "
        f"{words.number(len(said) - touched)}. For {words.number(int(counts.get('cannot_say', 0)))} it cannot be said."
    )
    parts = [_classes(found), _reasons(found), _crossed(found), _by_province(found, store), _by_month(found)]
    caveats = [
        "Most records have no time of day: for them a footprint on the same day is the most that can be said.",
        f"A reported time may be off by {WITHIN_MINUTES:g} minutes; a settlement is a cell of about 2.4 km across.",
        "Not covered means: telemetry of that day is at hand, and no footprint of it touched the place.",
    ]
    return asked.exhibit(title="Incidents and coverage", sentence=sentence, parts=parts, caveats=caveats)


def air_gap(recipe: Recipe, store: Store) -> Exhibit:
    """List incidents that nobody checked, by district and age, with the next coverage after each.

    A work list for sending a ground team or asking for a look. Parameters of the recipe: as `air_incidents`.
    """
    asked, _ = air(recipe, store)
    found = asked.matched()
    unchecked = found[found["checked_via"].map(_empty).astype(bool)]
    age = (asked.here.last - unchecked["event_date"]).dt.days
    names = store.theatre.boundaries["name"]
    bound = np.searchsorted([days for _, days in AGES], age.to_numpy(), side="left")
    ages = np.array([name for name, _ in AGES], dtype=object)
    listed = pd.DataFrame(
        {
            "Province": unchecked["admin1"].map(names).fillna("not known"),
            "District": unchecked["admin2"].astype("str").where(unchecked["admin2"].notna(), "not known"),
            "Age": pd.Categorical(ages[np.minimum(bound, len(AGES) - 1)], categories=ages, ordered=True),
            "Id": unchecked["source_id"], "Date": unchecked["event_date"].dt.strftime("%Y-%m-%d"),
            "Age (days)": age.astype("int64"), "Covered that day": unchecked["covered"].map(CLASSES),
            f"Covered after, minutes within {asked.after_hours} h": unchecked["after_minutes"].round(1),
            "Next coverage after (hours)": unchecked["hours_to_next"].round(1),
        }
    ).sort_values(["Province", "District", "Age (days)"], ignore_index=True)  # fmt: skip
    after = "Next coverage after (hours)"
    grouped = listed.groupby(["Province", "District", "Age"], observed=True, sort=True)
    by_district = grouped.agg(**{
        "Unchecked incidents": ("Id", "size"), "Covered later": (after, "count"),
        "Soonest coverage after (hours)": (after, "min"),
    }).reset_index()  # fmt: skip
    by_district["Age"] = by_district["Age"].astype("str")
    listed["Age"] = listed["Age"].astype("str")
    later = int(listed[after].notna().sum())
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
        "No later coverage is stated where the place or date is too vague, or telemetry for that day is not at hand.",
    ]
    return asked.exhibit(title="Verification gap", sentence=sentence, parts=parts, caveats=caveats, n=len(unchecked))


def _classes(found: pd.DataFrame) -> Part:
    counts = found["covered"].value_counts().reindex(list(CLASSES), fill_value=0)
    minutes = found.groupby("covered")["minutes"].median().reindex(list(CLASSES)).round(1)
    share = found.groupby("covered")["share"].median().reindex(list(CLASSES)).mul(100).round(0)
    after = found["after_minutes"].gt(0).groupby(found["covered"]).sum().reindex(list(CLASSES), fill_value=0)
    table = pd.DataFrame(
        {
            "Coverage": list(CLASSES.values()), "Incidents": counts.to_numpy(),
            "Share of all (%)": (100 * counts / max(len(found), 1)).round(1).to_numpy(),
            "Part of the place covered, median (%)": share.to_numpy(),
            "Minutes of the day, median": minutes.to_numpy(), "Covered after the event": after.to_numpy(),
        }
    )  # fmt: skip
    return Part(
        "table", "Incidents by coverage", {"table": table}, alt=f"Four classes of coverage, {len(found)} incidents."
    )


def _reasons(found: pd.DataFrame) -> Part:
    counts = found["reason"].value_counts().reindex(list(REASONS), fill_value=0)
    table = pd.DataFrame({"Why it cannot be said": list(REASONS.values()), "Incidents": counts.to_numpy()})
    return Part("table", "Why coverage cannot be said", {"table": table}, alt="Reasons and their number of incidents.")


def _crossed(found: pd.DataFrame) -> Part:
    """Count each pair of how reported and how checked by class; an incident with two channels counts under each."""
    long = found[["covered"]].assign(
        reported=found["reported_via"].map(_channels), checked=found["checked_via"].map(_channels)
    )
    long = long.explode("reported", ignore_index=True).explode("checked", ignore_index=True)
    wide = long.groupby(["reported", "checked", "covered"]).size().unstack(fill_value=0)
    wide = wide.reindex(columns=list(CLASSES), fill_value=0).rename(columns=CLASSES).reset_index()
    wide = wide.rename(columns={"reported": "Reported via", "checked": "Checked via"})
    for name in ("Reported via", "Checked via"):
        wide[name] = wide[name].map(lambda code: code if code == NONE_GIVEN else schema.words(code))
    wide.columns.name = None
    title = "How reported and checked, by coverage (an incident with two channels stands in two rows)"
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
    wide = (
        found.groupby([by.rename(name), "covered"])
        .size()
        .unstack(fill_value=0)
        .reindex(columns=list(CLASSES), fill_value=0)
    )
    told = wide[["covered", "part", "not_covered"]].sum(axis=1)
    share = 100 * (wide["covered"] + wide["part"]) / told.where(told > 0)
    wide = wide.rename(columns=CLASSES)
    wide["Covered at some time of the day, of those that can be told (%)"] = share.round(1)
    wide.columns.name = None
    return wide.reset_index()


def _channels(value: object) -> list[str]:
    return [NONE_GIVEN] if _empty(value) else list(value)  # type: ignore[call-overload]


def _empty(value: object) -> bool:
    return not isinstance(value, list | tuple | np.ndarray) or len(value) == 0
