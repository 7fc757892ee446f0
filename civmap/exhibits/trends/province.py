"""One province closely: its word in full, its line and its latest cases."""

from __future__ import annotations

import pandas as pd

from civmap import queries, schema
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import event_table, events, options
from civmap.exhibits.trends.asked import SPANS, YEARS, Asked, month_span, provisional
from civmap.exhibits.trends.chosen import choices, one_province
from civmap.exhibits.trends.findings import findings, limits, percent
from civmap.exhibits.trends.lines import series_of
from civmap.figures.part import Part
from civmap.queries.scope import ALL
from civmap.store import Store

CASES = 200


def province_trend(recipe: Recipe, store: Store) -> Exhibit:
    """Show one province: its word in full, its line with provisional months, and its latest cases.

    Parameters of the recipe: ``province``, the one with most incidents if not given; ``span`` and ``years`` as for
    `trend_table`.
    """
    chosen = options(recipe, province="", span=SPANS, years=YEARS)
    here, asked = one_province(recipe, store, chosen)
    area = here.filters.admin1[0]
    name = str(store.theatre.boundaries["name"][area])
    found = pd.Series(findings(asked).loc[ALL].squeeze())
    happened = events(store, here.filters, here.first, here.last)
    panel = asked.panel[(asked.panel["area"] == ALL) & (asked.panel["period"] >= here.first.to_period("M").start_time)]
    part = Part(
        "series", f"{here.unit.capitalize()} per month, {name}", {"series": series_of(panel, here), "events": happened},
        alt=f"Line of {here.unit} per month in {name}: {here.subtitle}.",
        encoding={"unit": f"{here.unit} per month", "value_name": "Recorded", "subtitle": here.subtitle,
                  **provisional(asked.late)},
    )  # fmt: skip
    cases, whole = queries.records(store, here.filters, as_known_on=recipe.as_known_on, limit=CASES)
    listed = "its latest cases" if whole > len(cases) else "its cases"
    title = f"{name}: {listed} ({words.number(len(cases))} of {words.number(whole)})"
    behind = Part("table", title, {"table": _cases(cases, store)}, alt=f"Table of {len(cases)} incidents in {name}.")
    return here.exhibit(
        title=f"{name}: trend and cases",
        sentence=word_in_full(found, asked, name),
        parts=[part, behind, event_table(happened)],
        caveats=[asked.late.why] if asked.late.why else [],
    )


def word_in_full(found: pd.Series, asked: Asked, name: str) -> str:
    """Say the word, the change and what could have been seen, in sentences."""
    if found["ratio"] == found["ratio"]:
        seen = f"{percent(found['fall'])} or {percent(found['rise'])} a year"
        text = (
            f"{name}: {found['word']} over the {asked.length} months to {words.month(asked.window[1])}; along the "
            f"trend {percent(found['ratio'])} a year (interval {limits(found['low'], found['high'])}). A trend of "
            f"{seen} would have shown in four of five cases."
        )
    else:
        text = f"{name}: {found['word']}. {found['why'] or 'The source does not cover it in these months.'}"
    if found["now"] == found["now"] and found["before"] == found["before"]:
        change = percent(found["change"]) or "no change can be given"
        interval = limits(found["change_low"], found["change_high"])
        text += (
            f" {words.count(int(found['now']), 'incident', 'incidents')} in {month_span(*asked.span)} after "
            f"{words.number(found['before'])} a year before ({change}{', interval ' + interval if interval else ''})."
        )
    return text


def _cases(found: pd.DataFrame, store: Store) -> pd.DataFrame:
    labels = choices(store, "parties")
    return pd.DataFrame(
        {
            "Id": found["source_id"],
            "Date": found["event_date"],
            "Killed, min": found["civilians_killed_min"],
            "Killed, best": found["civilians_killed_best"],
            "Killed, max": found["civilians_killed_max"],
            "Injured, max": found["civilians_injured_max"],
            "Parties named": [", ".join(labels.get(one, one) for one in parties) for parties in found["parties"]],
            "Cause": found["cause"].map(schema.words),
            "Place": found["place"],
            "Grade": found["grade"].map(schema.words),
        }
    ).dropna(axis="columns", how="all")
