"""Which directive is meant, by which name and day, and which records it is judged by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pandas as pd

from civmap import queries
from civmap.errors import AnalysisError, RecipeError
from civmap.exhibits import words
from civmap.exhibits.recipe import Recipe
from civmap.filters import Filters
from civmap.language import say
from civmap.store import Store

NAMES_CAUSE = 0.8  # below this share of incidents with a known cause, the directive's causes are not asked for


def which(identifier: str, day: str, store: Store) -> tuple[str, pd.Timestamp, bool, list[str]]:
    """Find the directive: its name in a sentence, its date, whether only the month is known, and caveats on it."""
    table = store.theatre.directives
    if identifier:
        row = table[table["id"] == identifier]
        if row.empty:
            raise _no_such(identifier, table["id"])
        one = row.iloc[0]
        caveats = []
        if one["issued_precision"] == "year":
            raise AnalysisError(
                say(
                    "The date of '{title}' is known only to the year {year}, too roughly to compare months before and "
                    "after.", title=one["title"], year=one["issued_at"].year,
                ),
                next_step=say("Choose another directive."),
            )  # fmt: skip
        month_only = one["issued_precision"] == "month"
        issued = words.month(one["issued_at"]) if month_only else words.day(one["issued_at"])
        if one["date_certainty"] != "confirmed":
            how = say(words.CERTAINTIES[one["date_certainty"]])
            caveats.append(say("The date of the directive, {issued}, is not confirmed: {how}.", issued=issued, how=how))
        if pd.notna(one["published_at"]) and one["published_at"] != one["issued_at"]:
            published = words.day(one["published_at"])
            caveats.append(
                say("Issued {issued}, published {published}; it may have worked later.", issued=issued,
                    published=published)
            )  # fmt: skip
        return directive_of(one["issued_at"]), one["issued_at"], month_only, caveats
    try:
        at = pd.Timestamp(date.fromisoformat(day))
    except ValueError as error:
        raise RecipeError(
            say("Neither a directive nor a date was given."), found=day or say("nothing"),
            expected=say("a day YYYY-MM-DD"),
        ) from error  # fmt: skip
    return say("change of {day}", day=words.day(at)), at, False, []


def directive_of(issued: pd.Timestamp) -> str:
    """Name a directive in a sentence, as it follows "the"."""
    return say("{month} directive", month=words.month(issued))


def _no_such(identifier: str, known: Iterable[str]) -> RecipeError:
    return RecipeError(
        say("The theatre has no directive '{directive}'.", directive=identifier),
        expected=", ".join(known) or say("none listed"),
    )


def scoped(recipe: Recipe, filters: Filters, identifier: str, store: Store) -> tuple[Filters, list[str]]:
    """Ask for the directive's parties, causes and areas; for its causes only where the source names causes at all."""
    table = store.theatre.directives.set_index("id")
    if identifier not in table.index:
        raise _no_such(identifier, table.index)
    one = table.loc[identifier]
    loaded = queries.extent(store, filters, as_known_on=recipe.as_known_on)
    filters = filters.with_(source=loaded.source, parties=one["scope_parties"], admin1=one["scope_areas"], causes=())
    whole = queries.totals(store, filters, as_known_on=recipe.as_known_on)["incidents"]
    unknown = filters.with_(causes=("unknown",))
    silent = queries.totals(store, unknown, as_known_on=recipe.as_known_on)["incidents"]
    if not one["scope_causes"] or not whole:
        return filters, []
    if silent <= (1 - NAMES_CAUSE) * whole:
        return filters.with_(causes=one["scope_causes"]), []
    return filters, [
        say(
            "The source gives no cause for {share:.0f} % of the incidents of this scope, so all causes are counted and "
            "not only those that the directive is about.", share=100 * silent / whole,
        )
    ]  # fmt: skip
