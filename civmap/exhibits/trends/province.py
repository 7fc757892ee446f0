"""One province closely: its word in full, its line and its latest cases."""

from __future__ import annotations

import pandas as pd

from civmap import queries, schema
from civmap.exhibits import words
from civmap.exhibits.events import event_table, events
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import options
from civmap.exhibits.trends.asked import SPANS, YEARS, Asked, provisional
from civmap.exhibits.trends.chosen import choices, one_province
from civmap.exhibits.trends.findings import either, findings, limits, percent
from civmap.exhibits.trends.lines import series_of
from civmap.exhibits.trends.periods import month_span, per_period, periods
from civmap.figures.part import Part
from civmap.language import mark, say, say_n
from civmap.queries.scope import ALL
from civmap.store import Store

CASES = 200
LATEST = mark("{name}: its latest cases ({n} of {whole})")
EVERY = mark("{name}: its cases ({n} of {whole})")


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
    unit = per_period(here.unit, "month")
    part = Part(
        "series", say("{unit}, {name}", unit=words.capital(unit), name=name),
        {"series": series_of(panel, here), "events": happened},
        alt=say("Line of {unit} in {name}: {subtitle}.", unit=unit, name=name, subtitle=here.subtitle),
        encoding={"unit": unit, "value_name": say("Recorded"), "subtitle": here.subtitle, **provisional(asked.late)},
    )  # fmt: skip
    cases, whole = queries.records(store, here.filters, as_known_on=recipe.as_known_on, limit=CASES)
    listed = LATEST if whole > len(cases) else EVERY
    behind = Part(
        "table", say(listed, name=name, n=words.number(len(cases)), whole=words.number(whole)),
        {"table": _cases(cases, store)},
        alt=say_n(len(cases), "Table of {n} incident in {name}.", "Table of {n} incidents in {name}.", name=name),
    )  # fmt: skip
    return here.exhibit(
        title=say("{name}: trend and cases", name=name),
        sentence=word_in_full(found, asked, name),
        parts=[part, behind, event_table(happened)],
        caveats=[asked.late.why] if asked.late.why else [],
    )


def word_in_full(found: pd.Series, asked: Asked, name: str) -> str:
    """Say the word, the change and what could have been seen, in sentences."""
    word = say(found["word"])
    if found["ratio"] == found["ratio"]:
        text = say(
            "{name}: {word} over the {months} to {last}; along the trend {change} a year (interval {interval}). A "
            "trend of {either} a year would have shown in four of five cases.",
            name=name, word=word, months=periods(asked.length, "month"), last=words.month(asked.window[1]),
            change=percent(found["ratio"]), interval=limits(found["low"], found["high"]),
            either=either(found["fall"], found["rise"]),
        )  # fmt: skip
    else:
        why = found["why"] or say("The source does not cover it in these months.")
        text = say("{name}: {word}. {why}", name=name, word=word, why=why)
    known = found["now"] == found["now"] and found["before"] == found["before"]
    return f"{text} {_year_before(found, asked)}" if known else text


def _year_before(found: pd.Series, asked: Asked) -> str:
    """Say how many incidents there were in the latest period, and how many a year before."""
    counts = {
        "incidents": words.count(int(found["now"]), "incident", "incidents"), "months": month_span(*asked.span),
        "before": words.number(found["before"]),
    }  # fmt: skip
    change, interval = percent(found["change"]), limits(found["change_low"], found["change_high"])
    if not change:
        return say("{incidents} in {months} after {before} a year before (no change can be given).", **counts)
    if not interval:
        return say("{incidents} in {months} after {before} a year before ({change}).", **counts, change=change)
    return say("{incidents} in {months} after {before} a year before ({change}, interval {interval}).", **counts,
               change=change, interval=interval)  # fmt: skip


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
