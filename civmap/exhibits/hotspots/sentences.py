"""The sentence of the first answer: which places are hot, how sure and how much, or why there is no answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from civmap.analysis.cell_windows import NOT_OBSERVED, window_matrix
from civmap.exhibits import words
from civmap.exhibits.hotspots.exposures import COMPARED
from civmap.exhibits.hotspots.field import in_words
from civmap.exhibits.hotspots.observed import NEVER
from civmap.exhibits.hotspots.tested import Tested
from civmap.exhibits.hotspots.told import in_draws, interval, number, place_names
from civmap.exhibits.hotspots.units import counted, either, of_all
from civmap.language import mark, say, say_n


def sentence(done: Tested) -> str:
    """Say which places are hot, how sure and how much; or that none is, or that there is no answer, and why."""
    found, unit = done.found, done.field.unit
    held = _held(done)
    if not found["answer"].any():
        seen = ~found["reason"].isin([say(NOT_OBSERVED), say(NEVER)])
        reasons = found.loc[seen].sort_values("count", ascending=False)["reason"]
        why = reasons.iloc[0] if len(reasons) else say("no place was observed")
        return either(unit, mark("No answer for any cell: {why} ({held})."),
                      mark("No answer for any province: {why} ({held})."), why=why, held=held)  # fmt: skip
    hot = found[found["hot"]]
    about = words.clauses([held, _answered(done)])
    if hot.empty:
        first = either(
            unit,
            mark("No cell is shown to be hot, {compared} ({about}). This is no proof that harm is spread evenly."),
            mark("No province is shown to be hot, {compared} ({about}). This is no proof that harm is spread evenly."),
            compared=against(done), about=about,
        )  # fmt: skip
    else:
        first = f"{_hot(done, len(hot), about)} {_clearest(done, hot)}"
    return " ".join([first, *_by_chance(done, some=not hot.empty)])


def against(done: Tested) -> str:
    """Say what incidents are compared with, in a clause."""
    if done.before is not None:
        days = in_words((done.before.here.first, done.before.here.last))
        return say("compared with its own earlier period, {days}", days=days)
    if done.exposure == "all":
        return say("compared with its part of all incidents that the source records")
    return say(COMPARED[done.exposure])


def _held(done: Tested) -> str:
    here = done.field.here
    incidents = words.count(int(done.found["count"].sum()), "incident", "incidents")
    return f"{incidents}, {in_words((here.first, here.last))}"


def _answered(done: Tested) -> str:
    """Say of how many places something can be said."""
    unit = done.field.unit
    answered, looked = int(done.found["answer"].sum()), int(done.found["count"].notna().sum())
    if answered < looked:
        return say("{answered} of {places} can be answered, the others hold too little",
                   answered=words.number(answered), places=counted(looked, unit))  # fmt: skip
    return say("all {places} can be answered", places=counted(looked, unit))


def _hot(done: Tested, number_hot: int, about: str) -> str:
    """Say how many places are hot."""
    compared, unit = against(done), done.field.unit
    if unit == "provinces":
        return say_n(number_hot, "{n} province is hot, {compared} ({about}).",
                     "{n} provinces are hot, {compared} ({about}).", compared=compared, about=about)  # fmt: skip
    if number_hot == 1:
        return say("1 cell is hot, {compared} ({about}).", compared=compared, about=about)
    areas = words.count(_areas(done), "separate area", "separate areas")
    return say("{cells} in {areas} are hot, {compared} ({about}).", cells=counted(number_hot, unit), areas=areas,
               compared=compared, about=about)  # fmt: skip


def _clearest(done: Tested, hot: pd.DataFrame) -> str:
    """Say of the place whose ratio has the highest lower end how much more it holds than is expected."""
    top = hot.sort_values("ratio_low", ascending=False).index[0]
    row = done.found.loc[top]
    if np.isfinite(row["ratio"]):
        times = say(
            "where {expected} are expected, {ratio} times (95 % interval {interval})", expected=number(row["expected"]),
            ratio=number(row["ratio"]), interval=interval(row["ratio_low"], row["ratio_high"]),
        )  # fmt: skip
    else:
        times = say("where there were none before (more than {low} times)", low=number(row["ratio_low"]))
    return either(
        done.field.unit, mark("Clearest: {place} with the cells around it, {incidents} {times}; {draws}."),
        mark("Clearest: {place}, {incidents} {times}; {draws}."),
        place=place_names(done.field).loc[top], incidents=words.count(int(row["observed"]), "incident", "incidents"),
        times=times, draws=in_draws(done.draws).loc[top],
    )  # fmt: skip


def _by_chance(done: Tested, *, some: bool) -> list[str]:
    """Say how many more places would be hot if there were no scatter but that of chance."""
    unit = done.field.unit
    within = int((done.by_chance & ~done.found["hot"]).sum())
    if not within:
        return []
    more = counted(within, unit)
    if some and unit == "cells":
        more = words.count(within, "more cell", "more cells")
    elif some:
        more = words.count(within, "more province", "more provinces")
    return [say("If {places} scattered by pure chance alone, {more} would be called hot too; on this map {places} "
                "scatter more than that.", places=of_all(unit), more=more)]  # fmt: skip


def _areas(done: Tested) -> int:
    """Count the connected groups of hot cells."""
    hot = done.found["hot"].to_numpy()
    links = window_matrix(done.field.neighbours, done.found.index)[hot][:, hot]
    return int(connected_components(links, directed=False)[0])
