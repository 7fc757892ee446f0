"""The table of trends in sentences: what it says first, and what must be known to read it."""

from __future__ import annotations

import pandas as pd

from civmap.analysis.pooling import SENTENCE
from civmap.analysis.trend_words import FALLING, FEWEST_INCIDENTS, FEWEST_YEARS, NO_CHANGE, RISING, TOO_FEW
from civmap.exhibits import words
from civmap.exhibits.trends.asked import Asked, month_span
from civmap.exhibits.trends.findings import NOT_COVERED, limits, percent
from civmap.queries.scope import ALL


def sentence_of(asked: Asked, found: pd.DataFrame, word: str) -> str:
    """Name who rises and falls, who had clearly more or fewer than a year before, and the total."""
    own = found.drop(index=ALL)
    counted = own["word"].value_counts()
    said = []
    for kind, verb in ((RISING, "rising"), (FALLING, "falling")):
        said.append(f"{verb}: {_named(own[own['word'] == kind].sort_values('ratio', ascending=kind == FALLING))}")
    rest = [f"{counted[kind]} {verb}" for kind, verb in ((NO_CHANGE, "without a clear change"),
            (TOO_FEW, "with too few incidents to say")) if kind in counted]  # fmt: skip
    months = f"{asked.length} months to {words.month(asked.window[1])}"
    whole = found.loc[ALL]
    text = f"Over the {months}, {word}s {', '.join(said)}" + (f"; {words.listed(rest)}." if rest else ".")
    more, fewer = (
        _named(own[clear].sort_values("pooled", ascending=ascending))
        for clear, ascending in ((own["pooled_low"] > 1, False), (own["pooled_high"] < 1, True))
    )
    text += f" Clearly more incidents than a year before (pooled): {more}; clearly fewer: {fewer}."
    people = asked.here.filters.measure != "incidents"
    now, before = (whole["value_now"], whole["value_before"]) if people else (whole["now"], whole["before"])
    if now == now and before == before:
        counted_now = f"{words.number(now)} {asked.here.unit}"
        text += f" In all: {counted_now} in {month_span(*asked.span)}, {words.number(before)} a year before"
        change = percent(whole["change"])
        interval = limits(whole["change_low"], whole["change_high"])
        text += f" ({change}, interval {interval})." if change and interval else "."
    elif now == now:
        text += f" The same period of the year before {month_span(*asked.span)} is not covered, so no change is given."
    return text


def _named(found: pd.DataFrame) -> str:
    """Name the first four areas and count the others."""
    names = found["name"].tolist()
    return words.listed([*names[:4], *([f"{len(names) - 4} more"] if len(names) > 4 else [])]) or "none"


def caveats_of(asked: Asked, found: pd.DataFrame) -> list[str]:
    """Say by which rules the words were given, what is provisional, and what is not known."""
    own = found.drop(index=ALL)
    tested = int((own["word"].isin([RISING, FALLING, NO_CHANGE])).sum())
    caveats = [
        "Rising and falling are said where a log-linear model of incidents with season and serial correlation shows a "
        f"trend and at most 5 % of such words among the {words.count(tested, 'area', 'areas')} tested would be chance. "
        "A trend that a single month makes is none. No clear change is not no change: the column says from which "
        f"yearly change on it would have shown in four of five cases. Too few: below "
        f"{FEWEST_INCIDENTS} incidents or {FEWEST_YEARS} years of months with a count.",
        "The change on the year before carries an interval that knows how much months cluster here; a plain Poisson "
        "interval would be far too narrow.",
    ]
    if asked.here.filters.measure != "incidents":
        caveats.append(
            "Trend words and pooled changes are about incidents; the change of people carries a bootstrap over "
            "incidents, blank where fewer than five incidents in a period give a figure."
        )
    caveats.append(SENTENCE)
    open_ = asked.late.provisional
    if len(open_):
        share = float(asked.late.months["share"].iloc[-1])
        caveats.append(
            f"Months from {words.month(open_[0])} on are provisional (from {asked.late.basis}; of the last month about "
            f"{100 * share:.0f} % is expected to be known) and are left out of words and changes."
            if asked.window[1] < open_[0]
            else f"Months from {words.month(open_[0])} on are provisional (from {asked.late.basis})."
        )
    elif asked.late.why:
        caveats.append(asked.late.why)
    if asked.here.store.theatre.population.empty:
        caveats.append("The theatre has no population figures, so there are no rates per 100,000 people.")
    if found.index.isin(asked.here.store.theatre.area_groups["group"]).any():
        caveats.append("Regions of different organisations overlap and are never added together.")
    outside = int((own["word"] == NOT_COVERED).sum())
    if outside:
        caveats.append(f"{words.count(outside, 'area', 'areas')} outside what the source covers: no answer, not zero.")
    return caveats
