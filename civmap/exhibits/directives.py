"""Before and after a directive: one chart, one table, one careful sentence, and first what could have been seen at all.

The primary specification is fixed before looking: monthly counts, level change only, season, errors averaged over the
serial correlation. Other directives of the same party, recording changes and context inside the window enter by
themselves and are named.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from civmap import queries
from civmap.analysis import interventions
from civmap.errors import AnalysisError, RecipeError
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, events, options, standing
from civmap.figures.part import Part
from civmap.store import Store

WINDOWS = (24, 12, 18, 36, 48)  # months on each side


def directive(recipe: Recipe, store: Store) -> Exhibit:
    """Compare monthly counts before and after a directive.

    Parameters of the recipe: ``directive``, an id of the theatre's table, or ``at``, a day as text; ``window``, months
    on each side.
    """
    chosen = options(recipe, directive="", at="", window=WINDOWS)
    name, at, month_only, scope = _what(chosen["directive"], chosen["at"], store)
    here = standing(_windowed(recipe, at, chosen["window"]), store)
    panel = queries.panel(store, here.filters, by=None, as_known_on=recipe.as_known_on)
    panel = panel.assign(count=panel[here.value].astype("Float64")).loc[:, ["period", "count", "complete"]]
    partial = ~panel["complete"]
    split = panel["period"] == at.to_period("M").start_time
    drop_split = split if month_only or at.day > 1 else split & False
    panel["count"] = panel["count"].mask(partial | drop_split)
    found = interventions.interrupted_time_series(
        panel,
        at=at,
        outcome="count",
        recording_changes=_terms(happened := _others(here, at, chosen["directive"]), "recording"),
        context=[*_terms(happened, "context"), *_terms(happened, "directive")],
    )
    summary = interventions.summarise(found, name=name, counted=words.what(here.filters))
    caveats = [*found.notes]
    if drop_split.any():
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
        parts=[_chart(here, panel, found, shown, name), _table(here, summary)],
        caveats=caveats,
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
        if one["date_certainty"] != "confirmed":
            caveats.append(
                f"The date of the directive, {words.day(one['issued_at'])}, is {one['date_certainty']}, not confirmed."
            )
        if pd.notna(one["published_at"]) and one["published_at"] != one["issued_at"]:
            caveats.append(
                f"Issued {words.day(one['issued_at'])}, published {words.day(one['published_at'])}; it may have worked from another day."
            )
        month_only = one["issued_precision"] != "day"
        return f"{words.month(one['issued_at'])} directive", one["issued_at"], month_only, caveats
    try:
        at = pd.Timestamp(date.fromisoformat(day))
    except ValueError as error:
        raise RecipeError(
            "Neither a directive nor a date was given.", found=day or "nothing", expected="a day YYYY-MM-DD"
        ) from error
    return f"change of {words.day(at)}", at, False, []


def _windowed(recipe: Recipe, at: pd.Timestamp, window: int) -> Recipe:
    start = at.to_period("M") - window
    end = at.to_period("M") + window
    filters = recipe.filters.with_(date_from=start.start_time.date(), date_to=end.end_time.date())
    return Recipe(recipe.theatre, recipe.analysis, recipe.parameters, filters, recipe.as_known_on)


def _others(here: Standing, at: pd.Timestamp, identifier: str) -> pd.DataFrame:
    """List what else happened in the window: recording changes, context, and directives to the same parties."""
    happened = events(here.store, here.loaded.source, here.first, here.last)
    table = here.store.theatre.directives.set_index("id")
    meant = set(here.filters.parties)
    keep = []
    for row in happened.itertuples():  # a few dozen events, not records
        if row.kind != "directive":
            keep.append(True)
            continue
        parties = set(table["scope_parties"][row.id])
        same = not meant or not parties or bool(meant & parties)
        keep.append(row.id != identifier and same and table["direction"][row.id] != "organisational")
    return happened[keep].reset_index(drop=True)


def _terms(happened: pd.DataFrame, kind: str) -> list[interventions.Term]:
    shapes = {"recording": ("step", "ramp"), "context": ("step", "pulse"), "directive": ("step", "step")}
    terms = []
    for row in happened[happened["kind"] == kind].itertuples():
        ended = pd.notna(row.end) and row.end > row.start
        label = f"the {words.month(row.start)} directive ({row.label})" if kind == "directive" else row.label
        terms.append(interventions.Term(label, row.start, row.end if ended else None, shapes[kind][ended]))
    return terms


def _itself(name: str, at: pd.Timestamp) -> pd.DataFrame:
    one = {"kind": "directive", "id": "", "label": name, "start": at, "end": pd.NaT, "certainty": ""}
    return pd.DataFrame([one]).astype({"start": "datetime64[us]", "end": "datetime64[us]", "certainty": "str"})


def _seen(found: interventions.Intervention) -> str:
    detectable = found.detectable
    if isinstance(detectable, tuple):
        raise AnalysisError("One directive at a time is compared.", found=f"{len(detectable)} dates")
    return (
        f"With {found.n_before} months before and {found.n_after} after, a fall of {100 * (1 - detectable.fall):.0f} % or a "
        f"rise of {100 * (detectable.rise - 1):.0f} % would probably (80 %) have been seen; less might not."
    )


def _chart(
    here: Standing, panel: pd.DataFrame, found: interventions.Intervention, happened: pd.DataFrame, name: str
) -> Part:
    counted = panel["count"].to_numpy(dtype="float64", na_value=float("nan"))
    series = pd.DataFrame({"period": panel["period"], "value": counted, "low": float("nan"), "high": float("nan")})
    fitted = found.fitted.set_index("period")["value"].rename("fitted")
    projected = found.counterfactual.set_index("period")[["value", "low", "high"]]
    projected.columns = pd.Index(["counterfactual", "counterfactual_low", "counterfactual_high"])
    model = pd.concat([fitted, projected], axis=1).sort_index().rename_axis("period").reset_index()
    return Part(
        "series",
        f"{here.unit.capitalize()} per month, and as projected without the {name}",
        {"series": series, "model": model, "events": happened},
        alt=f"Monthly {here.unit} before and after the {name}, with the fitted line and the level projected from before "
        f"with its interval: {here.subtitle}.",
        encoding={"unit": f"{here.unit} per month", "value_name": "recorded", "subtitle": here.subtitle},
    )


def _table(here: Standing, summary: interventions.EffectSummary) -> Part:
    columns = {
        "quantity": "Quantity",
        "value": "Value",
        "low": "Low (95 %)",
        "high": "High (95 %)",
        "p": "p",
        "note": "Note",
    }
    return Part(
        "table",
        "The comparison in numbers",
        {"table": summary.table.rename(columns=columns)},
        alt=f"Table of the level change with its interval and of what it could not be told apart from: {here.subtitle}.",
        encoding={"subtitle": here.subtitle},
    )
