"""Before and after a directive: one chart, one table, one careful sentence, and first what could have been seen at all.

The primary specification is fixed before looking: monthly counts, level change only, season, errors averaged over the
serial correlation. Every other event in the window (directives to the same parties, recording changes, context) is put
beside the directive by itself first. One that cannot be told apart is named and left out; recording changes and other
directives that can be told apart are terms of the model. Context that can be told apart is drawn, not modelled: a dozen
terms on four dozen months would explain anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from civmap import queries
from civmap.analysis import interventions
from civmap.errors import AnalysisError, RecipeError
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, event_table, events, options, standing
from civmap.figures.part import Part
from civmap.filters import Filters
from civmap.store import Store

WINDOWS = (24, 12, 18, 36, 48)  # months on each side
SCOPES = {"directive": "as in the directive", "filters": "as in the filters"}
NAMES_CAUSE = 0.8  # below this share of incidents with a known cause, the directive's causes are not asked for


def directive(recipe: Recipe, store: Store) -> Exhibit:
    """Compare monthly counts before and after a directive.

    Parameters of the recipe: ``directive``, an id of the theatre's table, or ``at``, a day as text; ``window``, months
    on each side; ``scope``, whether parties, causes and provinces are those of the directive or of the filters.
    """
    chosen = options(recipe, directive="", at="", window=WINDOWS, scope=tuple(SCOPES))
    name, at, month_only, scope = _what(chosen["directive"], chosen["at"], store)
    is_split = month_only or at.day > 1
    filters = _windowed(recipe.filters, at, chosen["window"], split=is_split)
    replaced = ["dates"] if recipe.filters.date_from or recipe.filters.date_to else []
    if chosen["scope"] == "directive" and chosen["directive"]:
        filters, said = _scoped(recipe, filters, chosen["directive"], store)
        scope += said
        set_aside = {
            "parties": recipe.filters.parties,
            "causes": recipe.filters.causes,
            "provinces": recipe.filters.admin1,
        }
        replaced += [name_of for name_of, given in set_aside.items() if given]
    if replaced:
        scope.append(f"The filters' {words.listed(replaced)} do not apply here; the directive's do.")
    here = standing(recipe, store, filters=filters)
    panel = queries.panel(store, here.filters, by=None, as_known_on=recipe.as_known_on)
    split = (panel["period"] == at.to_period("M").start_time) & is_split
    counted = words.what(here.filters)
    panel = panel.assign(**{counted: panel[here.value].astype("Float64")})
    model = panel.loc[panel["complete"] & ~split, ["period", counted]]
    happened = _others(here, chosen["directive"])
    found = _compare(model, at, happened)
    summary = interventions.summarise(found, name=name, counted=counted)
    # the split month is said below in its own words
    caveats = [note for note in found.notes if not (split.any() and "without a row" in note)]
    if split.any():
        why = "the directive is dated only to the month" if month_only else f"the directive falls on day {at.day} of it"
        caveats.insert(0, f"{words.month(at)} is left out of the model: {why}.")
    if here.filters.measure != "incidents":
        caveats.insert(0, "People are counted, and deaths cluster within incidents: the interval is too narrow. "
                          "The primary comparison counts incidents.")  # fmt: skip
    caveats += scope
    shown = pd.concat([happened, _itself(name, at)], ignore_index=True)
    return here.exhibit(
        title=f"Before and after the {name}: {words.what(here.filters)}",
        sentence=f"{_seen(found)} {summary.text}",
        parts=[_chart(here, panel, found, shown, name), _table(here, summary), event_table(happened)],
        caveats=caveats,
    )


def _compare(panel: pd.DataFrame, at: pd.Timestamp, happened: pd.DataFrame) -> interventions.Intervention:
    """Fit the primary model, and measure for every other event whether the two can be told apart."""
    mixed: list[interventions.Neighbour] = []
    entering: dict[str, list[interventions.Term]] = {"recording": [], "directive": []}
    for kind, term in _terms(happened):
        alone = _fit(panel, at, {kind: [term]})
        close = [one for one in alone.neighbours if one.inseparable]
        mixed += close
        if not close and kind in entering:
            entering[kind].append(term)
    found = _fit(panel, at, entering)
    others = {f"the {label}" for label in happened.loc[happened["kind"] == "directive", "label"]}
    # the model takes other directives as context
    named = [replace(one, kind="directive") if one.label in others else one for one in (*found.neighbours, *mixed)]
    return replace(found, neighbours=tuple(named))


def _fit(
    panel: pd.DataFrame, at: pd.Timestamp, terms: Mapping[str, list[interventions.Term]]
) -> interventions.Intervention:
    context = [*terms.get("context", []), *terms.get("directive", [])]
    return interventions.interrupted_time_series(
        panel, at=at, outcome=str(panel.columns[1]), recording_changes=terms.get("recording", []), context=context
    )


def _what(identifier: str, day: str, store: Store) -> tuple[str, pd.Timestamp, bool, list[str]]:
    """Find the directive: its name in a sentence, its date, whether only the month is known, and caveats on it."""
    table = store.theatre.directives
    if identifier:
        row = table[table["id"] == identifier]
        if row.empty:
            raise RecipeError(
                f"The theatre has no directive '{identifier}'.", expected=", ".join(table["id"]) or "none listed"
            )
        one = row.iloc[0]
        caveats = [f"{one['title']} ({one['authority']}): {one['text']}"]
        if one["issued_precision"] == "year":
            raise AnalysisError(
                f"The date of '{one['title']}' is known only to the year {one['issued_at'].year}, too roughly to "
                "compare months before and after.",
                next_step="Choose another directive.",
            )
        month_only = one["issued_precision"] == "month"
        issued = words.month(one["issued_at"]) if month_only else words.day(one["issued_at"])
        if one["date_certainty"] != "confirmed":
            how = words.CERTAINTIES[one["date_certainty"]]
            caveats.append(f"The date of the directive, {issued}, is not confirmed: {how}.")
        if pd.notna(one["published_at"]) and one["published_at"] != one["issued_at"]:
            published = words.day(one["published_at"])
            caveats.append(f"Issued {issued}, published {published}; it may have worked later.")
        return f"{words.month(one['issued_at'])} directive", one["issued_at"], month_only, caveats
    try:
        at = pd.Timestamp(date.fromisoformat(day))
    except ValueError as error:
        raise RecipeError(
            "Neither a directive nor a date was given.", found=day or "nothing", expected="a day YYYY-MM-DD"
        ) from error
    return f"change of {words.day(at)}", at, False, []


def _windowed(filters: Filters, at: pd.Timestamp, window: int, *, split: bool) -> Filters:
    """Take as many whole months before as after; a split month lies between and counts for neither."""
    month = at.to_period("M")
    first, last = month - window, month + window - (0 if split else 1)
    return filters.with_(date_from=first.start_time.date(), date_to=last.end_time.date())


def _scoped(recipe: Recipe, filters: Filters, identifier: str, store: Store) -> tuple[Filters, list[str]]:
    """Ask for the directive's parties, causes and areas; for its causes only where the source names causes at all."""
    one = store.theatre.directives.set_index("id").loc[identifier]
    loaded = queries.extent(store, filters, as_known_on=recipe.as_known_on)
    filters = filters.with_(source=loaded.source, parties=one["scope_parties"], admin1=one["scope_areas"], causes=())
    whole = queries.totals(store, filters, as_known_on=recipe.as_known_on)["incidents"]
    unknown = filters.with_(causes=("unknown",))
    silent = queries.totals(store, unknown, as_known_on=recipe.as_known_on)["incidents"]
    if not one["scope_causes"] or not whole:
        return filters, []
    if silent <= (1 - NAMES_CAUSE) * whole:
        return filters.with_(causes=one["scope_causes"]), []
    share = f"{silent / whole:.0%}".replace("%", " %")
    return filters, [
        f"The source gives no cause for {share} of the incidents of this scope, so all causes are counted and not only "
        "those that the directive is about."
    ]


def _others(here: Standing, identifier: str) -> pd.DataFrame:
    """List what else happened in the window: recording changes, context, and directives to the same parties."""
    happened = events(here.store, here.filters, here.first, here.last)
    table = here.store.theatre.directives.set_index("id")
    meant = set(here.filters.parties)
    keep = []
    row: Any
    for row in happened.itertuples():  # a few dozen events, not records
        if row.kind != "directive":
            keep.append(True)
            continue
        parties = set(table["scope_parties"][row.id])
        same = not meant or not parties or bool(meant & parties)
        keep.append(row.id != identifier and same and table["direction"][row.id] != "organisational")
    return happened[np.array(keep, dtype=bool)].reset_index(drop=True)


def _terms(happened: pd.DataFrame) -> list[tuple[str, interventions.Term]]:
    quoted = {
        "recording": "the recording change \u201c{}\u201d",
        "context": "\u201c{}\u201d",
        "directive": "the {}",
    }
    terms = []
    row: Any
    for row in happened.itertuples():
        end = row.end if pd.notna(row.end) and row.end > row.start else None
        terms.append((row.kind, interventions.Term(quoted[row.kind].format(row.label), row.start, end)))
    return terms


def _itself(name: str, at: pd.Timestamp) -> pd.DataFrame:
    one = {"kind": "directive", "id": "", "label": name, "what": name, "start": at, "end": pd.NaT, "certainty": ""}
    return pd.DataFrame([one]).astype(
        {"start": "datetime64[us]", "end": "datetime64[us]", "certainty": "str", "what": "str"}
    )


def _seen(found: interventions.Intervention) -> str:
    detectable = found.detectable
    if isinstance(detectable, tuple):
        raise AnalysisError("One directive at a time is compared.", found=f"{len(detectable)} dates")
    fall, rise = 100 * (1 - detectable.fall), 100 * (detectable.rise - 1)
    months = f"With {found.n_before} months before and {found.n_after} after,"
    if fall > 95:
        return f"{months} even a fall of 95 % could have gone unseen: it would not probably (80 %) have been found."
    up = f"a rise of {rise:.0f} %" if rise <= 300 else f"a rise to {detectable.rise:.0f} times the level"
    return f"{months} a fall of {fall:.0f} % or {up} would probably (80 %) be seen; less might not."


def _chart(
    here: Standing, panel: pd.DataFrame, found: interventions.Intervention, happened: pd.DataFrame, name: str
) -> Part:
    counted = panel[here.value].to_numpy(dtype="float64", na_value=float("nan"))
    series = pd.DataFrame({"period": panel["period"], "value": counted, "low": float("nan"), "high": float("nan")})
    fitted = found.fitted.set_index("period")["value"].rename("fitted")
    projected = found.counterfactual.set_index("period")[["value", "low", "high"]]
    projected.columns = pd.Index(["counterfactual", "counterfactual_low", "counterfactual_high"])
    model = pd.concat([fitted, projected], axis=1).sort_index().rename_axis("period").reset_index()
    return Part(
        "series",
        f"{here.unit.capitalize()} per month, and as projected without the {name}",
        {"series": series, "model": model, "events": happened},
        alt=f"Monthly {here.unit} before and after the {name}, with the fitted line and the level projected from "
        f"before with its interval: {here.subtitle}.",
        encoding={"unit": f"{here.unit} per month", "value_name": "Recorded", "subtitle": here.subtitle},
    )


def _table(here: Standing, summary: interventions.EffectSummary) -> Part:
    table = summary.table.copy()
    within = table["value"].between(0.05, 20) | ~table["quantity"].str.startswith("smallest")
    table["note"] = table["note"].where(within, "none that would probably be seen")
    table["value"] = table["value"].where(within).round(3)
    table[["low", "high", "p"]] = table[["low", "high", "p"]].round(3)
    columns = {
        "quantity": "Quantity",
        "value": "Value",
        "low": "Low (95 %)",
        "high": "High (95 %)",
        "p": "p value",
        "note": "Note",
    }
    return Part(
        "table",
        "The comparison in numbers",
        {"table": table.rename(columns=columns)},
        alt=f"Table of the level change with its interval and what it cannot be told apart from: {here.subtitle}.",
        encoding={"subtitle": here.subtitle},
    )
