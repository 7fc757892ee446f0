"""Strikes and sorties beside harm, where the theatre or a loaded file knows them month by month."""

from __future__ import annotations

import pandas as pd

from civmap import queries, schema
from civmap.exhibits import words
from civmap.exhibits.directives.question import Question
from civmap.language import say, say_n


def activity_of(question: Question) -> tuple[pd.Series | None, str]:
    """Find monthly strikes, sorties or weapons of the parties asked for, known in every month of the model.

    Figures of different definitions are never put into one series, and a month without a figure is not zero. Of two
    figures for one month the one published last stands.

    Returns
    -------
    Series or None
        One value for each month of `Question.every`, null outside the window, named in words; None where it is not
        known in every month of the window.
    str
        Why there is none; empty where there is one.
    """
    table = queries.activity(question.here.store, as_known_on=question.here.recipe.as_known_on)
    parties, areas = set(question.filters.parties), set(question.filters.admin1)
    meant = [
        (not parties or bool(parties & set(of))) and {area} - {""} == areas
        for of, area in zip(table["party"], table["area"], strict=True)
    ]
    monthly = table["start"].dt.is_month_start & (table["end"] == table["start"] + pd.offsets.MonthEnd(0))
    months = question.model["period"]
    known = table[pd.Series(meant, index=table.index, dtype=bool) & monthly & table["start"].isin(months)]
    if known.empty:
        return None, say(
            "Strikes or sorties are not known for any of these months, so harm per strike cannot be given."
        )
    known = known.sort_values("published_at", na_position="first").drop_duplicates(
        ["measure", "definition", "start"], keep="last"
    )
    kinds = known.groupby(["measure", "definition"])["start"].nunique()
    best = kinds.idxmax()
    name = schema.words(str(best[0]))
    if kinds.max() < len(months):
        return None, words.capital(say_n(
            len(months), "{measure} are known for {known} of this {n} month, so harm per strike cannot be given.",
            "{measure} are known for {known} of these {n} months, so harm per strike cannot be given.",
            measure=name, known=kinds.max(),
        ))  # fmt: skip
    one = known[(known["measure"] == best[0]) & (known["definition"] == best[1])].set_index("start")["value"]
    return question.every["period"].map(one).astype("Float64").rename(name), ""
