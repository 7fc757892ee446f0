"""The table of trends in sentences: what it says first, and what must be known to read it."""

from __future__ import annotations

import pandas as pd

from civmap.analysis.pooling import SENTENCE
from civmap.analysis.trend_words import FALLING, FEWEST_INCIDENTS, FEWEST_YEARS, NO_CHANGE, RISING, TOO_FEW
from civmap.exhibits import words
from civmap.exhibits.trends.asked import Asked
from civmap.exhibits.trends.findings import NOT_COVERED, limits, percent
from civmap.exhibits.trends.periods import counted, month_span, periods
from civmap.language import mark, say, say_in, say_n
from civmap.queries.scope import ALL

FOUND = {
    "provinces": mark("Over the {months} to {last}, provinces rising: {rising}, falling: {falling}"),
    "districts": mark("Over the {months} to {last}, districts rising: {rising}, falling: {falling}"),
    "groups": mark("Over the {months} to {last}, areas rising: {rising}, falling: {falling}"),
}


def sentence_of(asked: Asked, found: pd.DataFrame) -> str:
    """Name who rises and falls, who had clearly more or fewer than a year before, and the total."""
    own = found.drop(index=ALL)
    text = say(
        FOUND[asked.areas], months=periods(asked.length, "month"), last=words.month(asked.window[1]),
        rising=_named(own[own["word"] == RISING].sort_values("ratio", ascending=False)),
        falling=_named(own[own["word"] == FALLING].sort_values("ratio")),
    )  # fmt: skip
    kinds = own["word"].value_counts()
    rest = []
    if NO_CHANGE in kinds:
        rest.append(say_n(kinds[NO_CHANGE], "{n} without a clear change", "{n} without a clear change"))
    if TOO_FEW in kinds:
        rest.append(say_n(kinds[TOO_FEW], "{n} with too few incidents to say", "{n} with too few incidents to say"))
    text = say("{found}; {others}.", found=text, others=words.listed(rest)) if rest else f"{text}."
    clear = say(
        "Clearly more incidents than a year before (pooled): {more}; clearly fewer: {fewer}.",
        more=_named(own[own["pooled_low"] > 1].sort_values("pooled", ascending=False)),
        fewer=_named(own[own["pooled_high"] < 1].sort_values("pooled")),
    )
    return " ".join(piece for piece in (text, clear, _total(asked, found)) if piece)


def _total(asked: Asked, found: pd.DataFrame) -> str:
    """Say how many there were in all, and a year before; empty where the latest period is not covered."""
    whole = found.loc[ALL]
    people = asked.here.filters.measure != "incidents"
    now, before = (whole["value_now"], whole["value_before"]) if people else (whole["now"], whole["before"])
    months = month_span(*asked.span)
    if now != now:
        return ""
    if before != before:
        return say("The same period of the year before {months} is not covered, so no change is given.", months=months)
    change, interval = percent(whole["change"]), limits(whole["change_low"], whole["change_high"])
    both = {"counted": counted(asked.here, now), "months": months, "before": words.number(before)}
    if not (change and interval):
        return say("In all: {counted} in {months}, {before} a year before.", **both)
    return say("In all: {counted} in {months}, {before} a year before ({change}, interval {interval}).", **both,
               change=change, interval=interval)  # fmt: skip


def _named(found: pd.DataFrame) -> str:
    """Name the first four areas and count the others."""
    names = found["name"].tolist()
    more = [say_n(len(names) - 4, "{n} more", "{n} more")] if len(names) > 4 else []
    return words.listed([*names[:4], *more]) or say_in("areas", "none")


def caveats_of(asked: Asked, found: pd.DataFrame) -> list[str]:
    """Say by which rules the words were given, what is provisional, and what is not known."""
    own = found.drop(index=ALL)
    tested = int((own["word"].isin([RISING, FALLING, NO_CHANGE])).sum())
    caveats = [
        say(
            "Rising and falling are said where a log-linear model of incidents with season and serial correlation "
            "shows a trend and at most 5 % of such words among the {areas} tested would be chance. A trend that a "
            "single month makes is none. No clear change is not no change: the column says from which yearly change "
            "on it would have shown in four of five cases. Too few: below {incidents} incidents or {years} years of "
            "months with a count.",
            areas=words.count(tested, "area", "areas"), incidents=FEWEST_INCIDENTS, years=FEWEST_YEARS,
        ),
        say("The change on the year before carries an interval that knows how much months cluster here; a plain "
            "Poisson interval would be far too narrow."),
    ]  # fmt: skip
    if asked.here.filters.measure != "incidents":
        caveats.append(say(
            "Trend words and pooled changes are about incidents; the change of people carries a bootstrap over "
            "incidents, blank where fewer than five incidents in a period give a figure."
        ))  # fmt: skip
    caveats += [say(SENTENCE), *_late(asked)]
    if asked.here.store.theatre.population.empty:
        caveats.append(say("The theatre has no population figures, so there are no rates per 100,000 people."))
    if found.index.isin(asked.here.store.theatre.area_groups["group"]).any():
        caveats.append(say("Regions of different organisations overlap and are never added together."))
    outside = int((own["word"] == NOT_COVERED).sum())
    if outside:
        caveats.append(say_n(
            outside, "{n} area outside what the source covers: no answer, not zero.",
            "{n} areas outside what the source covers: no answer, not zero.",
        ))  # fmt: skip
    return caveats


def _late(asked: Asked) -> list[str]:
    """Say which months are provisional, or why that cannot be told."""
    open_ = asked.late.provisional
    if not len(open_):
        return [asked.late.why] if asked.late.why else []
    since = {"month": words.month(open_[0]), "basis": asked.late.basis}
    if asked.window[1] >= open_[0]:
        return [say("Months from {month} on are provisional (from {basis}).", **since)]
    share = float(asked.late.months["share"].iloc[-1])
    return [say(
        "Months from {month} on are provisional (from {basis}; of the last month about {share:.0f} % is expected to be "
        "known) and are left out of words and changes.", **since, share=100 * share,
    )]  # fmt: skip
