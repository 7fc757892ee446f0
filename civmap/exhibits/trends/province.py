"""One area closely, two things beside each other, and more methods: each a second look at the same counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from civmap import queries, schema
from civmap.analysis import trends as analysis
from civmap.analysis.count_series import ar1_estimates, fit_counts
from civmap.analysis.trend_words import TREND, TrendFit, fit_trend
from civmap.errors import AnalysisError, RecipeError
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, event_table, events, options, standing
from civmap.exhibits.trends.asked import NOTHING, SPANS, YEARS, Asked, ask, late_of, month_span, provisional
from civmap.exhibits.trends.lines import series_of
from civmap.exhibits.trends.table import findings, limits, percent
from civmap.figures.part import Part
from civmap.queries.scope import ALL
from civmap.store import Store

NEAR_MONTHS = 3  # events so near to a shift are named beside it
CASES = 200
COMPARED = ("admin1", "causes", "parties")
BOTH_SIDES = {
    "parties": ("An incident that names both parties is counted on both sides.",),
    "causes": ("A cause that is a parent of the other holds its incidents too.",),
}


def province_trend(recipe: Recipe, store: Store) -> Exhibit:
    """Show one province: its word in full, its line with provisional months, and its latest cases.

    Parameters of the recipe: ``province``, the one with most incidents if not given; ``span`` and ``years`` as for
    `trend_table`.
    """
    chosen = options(recipe, province="", span=SPANS, years=YEARS)
    here, asked = _province(recipe, store, chosen)
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
            f" {words.count(int(found['now']), 'incident')} in {month_span(*asked.span)} after "
            f"{words.number(found['before'])} a year before ({change}{', interval ' + interval if interval else ''})."
        )
    return text


def trend_compare(recipe: Recipe, store: Store) -> Exhibit:
    """Set two provinces, causes or parties beside each other and say whether their trends differ.

    Parameters of the recipe: ``what``: admin1, causes or parties; ``first`` and ``second``, two codes, the two most
    frequent if not given; ``years`` as for `trend_table`.
    """
    chosen = options(recipe, what=COMPARED, first="", second="", years=YEARS)
    here = standing(recipe, store)
    names = choices(store, chosen["what"])
    pair = [chosen["first"], chosen["second"]]
    if not all(pair) or pair[0] == pair[1]:
        pair = most_frequent(here, chosen["what"])
    if len(pair) < 2:
        raise AnalysisError("There are no two to compare under these filters.", next_step="Take fewer filters.")
    wrong = [code for code in pair if code not in names]
    if wrong:
        raise RecipeError(f"'{wrong[0]}' cannot be compared.", expected=", ".join(names))
    asks = [ask(_with(here, chosen["what"], code), span=SPANS[0], years=chosen["years"]) for code in pair]
    panels = [one.looked_at[one.looked_at["area"] == ALL] for one in asks]
    rows, fits = [], []
    for code, panel in zip(pair, panels, strict=True):
        row: dict[str, Any] = {"": names[code], "Incidents": int(panel["incidents"].sum())}
        try:
            fit: TrendFit | None = fit_trend(panel)
        except AnalysisError as error:
            fit, row["Trend a year"] = None, error.message
        if fit:
            row |= {"Trend a year": percent(fit.ratio), "95 % interval": limits(fit.low, fit.high)}
        fits.append(fit)
        rows.append(row)
    months = f"{asks[0].length} months to {words.month(asks[0].window[1])}"
    sentence = f"{names[pair[0]]} beside {names[pair[1]]} over the {months}: {_differ(panels, fits)}"
    shown = pd.concat([panel.assign(panel=names[code]) for code, panel in zip(pair, panels, strict=True)])
    happened = events(store, here.filters, *asks[0].window)
    chart = Part(
        "small_multiples", "Incidents per month, on one scale",
        {"series": series_of(shown, here, extra=("panel",)), "events": happened},
        alt=f"Two small charts: {names[pair[0]]} and {names[pair[1]]}, incidents per month.",
        encoding={"unit": f"{here.unit} per month", "value_name": "Recorded", "shared": True,
                  **provisional(asks[0].late)},
    )  # fmt: skip
    table = Part(
        "table",
        "Trends side by side",
        {"table": pd.DataFrame(rows)},
        alt=f"Table of the trends of {names[pair[0]]} and {names[pair[1]]}.",
    )
    return here.exhibit(
        title="Two beside each other", sentence=sentence, parts=[chart, table],
        caveats=[*BOTH_SIDES.get(chosen["what"], ()), "Two words never make a difference: that one is clear and the "
                 "other is not says nothing of whether they differ; the ratio of the two trends does."],
    )  # fmt: skip


def _differ(panels: list[pd.DataFrame], fits: list[TrendFit | None]) -> str:
    """Model the first as a share of both, so that what moves both alike cancels out."""
    if any(fit is None for fit in fits):
        return "at least one of them has too few incidents to say, so they are not compared."
    both = panels[0][["period", "incidents"]].merge(panels[1][["period", "incidents"]], on="period").dropna()
    first, second = (both[name].to_numpy(dtype=float) for name in ("incidents_x", "incidents_y"))
    some = first + second > 0
    assert fits[0] is not None
    design = fits[0].fit.design if len(fits[0].fit.design) == len(both) else None
    if design is None:
        return "they are not covered in the same months, so they are not compared."
    try:
        fit = fit_counts(first[some], design[some], family="quasibinomial", trials=(first + second)[some])
        found = ar1_estimates(fit, times=np.flatnonzero(some)).infer(np.eye(design.shape[1])[TREND])
    except AnalysisError as error:
        return f"whether they differ cannot be said. {error.message}"
    ratio, low, high = (float(np.exp(part[0])) for part in (found.value, found.low, found.high))
    said = "their trends differ" if low > 1 or high < 1 else "no clear difference between their trends"
    return (
        f"{said}; each year the first changes by {ratio:.2f} times what the second does (interval {low:.2f} to "
        f"{high:.2f}; 1 is alike)."
    )


def choices(store: Store, what: str) -> dict[str, str]:
    """Name everything of a kind that can be compared."""
    theatre = store.theatre
    if what == "admin1":
        return {str(code): str(name) for code, name in theatre.boundaries["name"].items()}
    if what == "parties":
        return dict(zip(theatre.parties["party"], theatre.parties["label"], strict=True))
    return {cause: schema.words(cause) for cause in schema.CAUSES}


def most_frequent(here: Standing, what: str) -> list[str]:
    """Find the two most frequent of a kind under the filters."""
    if what == "admin1":
        counted = queries.provinces(here.store, here.filters, as_known_on=here.recipe.as_known_on)
        top = counted[counted["incidents"] > 0].sort_values("incidents", ascending=False)["admin1"]
        return [str(code) for code in top[:2]]
    sums = {
        code: queries.totals(here.store, here.filters.with_(**{what: (code,)}), as_known_on=here.recipe.as_known_on)[
            "incidents"
        ]
        for code in choices(here.store, what)
        if code not in ("unknown", "other", "undetermined")
    }
    return [code for code in sorted(sums, key=lambda one: -sums[one]) if sums[code]][:2]


def _with(here: Standing, what: str, code: str) -> Standing:
    recipe = Recipe(here.recipe.theatre, here.recipe.analysis, here.recipe.parameters,
                    here.filters.with_(**{what: (code,)}), here.recipe.as_known_on)  # fmt: skip
    return standing(recipe, here.store)


def trend_methods(recipe: Recipe, store: Store) -> Exhibit:
    """Look at one series by other methods: rank tests, season and level, shifts, and late reports.

    Parameters of the recipe: ``province``, the whole theatre if not given; ``years`` as for `trend_table`.
    """
    chosen = options(recipe, province="", years=YEARS)
    here = standing(recipe, store)
    name = store.theatre.title
    if chosen["province"]:
        here, _ = _province(recipe, store, {**chosen, "span": SPANS[0]})
        name = str(store.theatre.boundaries["name"][here.filters.admin1[0]])
    asked = ask(here, span=SPANS[0], years=chosen["years"])
    panel = asked.looked_at[asked.looked_at["area"] == ALL]
    happened = events(store, here.filters, here.first, here.last)
    parts, said = [], []
    for part, sentence in (
        _ranks(panel, name), _season(panel, here, name), _shifts(panel, happened, name),
        _late(here, asked),
    ):  # fmt: skip
        parts += part
        said.append(sentence)
    return here.exhibit(
        title=f"More methods: {name}", sentence=" ".join(said), parts=parts,
        caveats=["Second opinions; the trend word does not rest on them. Rank tests take serial correlation badly into "
                 "account: the Hamed-Rao form finds a trend in 10 to 18 % of such series without any.",
                 "Shifts are described, not tested: in 3 to 9 of a hundred series without a shift one is found. That "
                 "an event lies near is shown and never taken as its reason."],
    )  # fmt: skip


Told = tuple[list[Part], str]


def _ranks(panel: pd.DataFrame, name: str) -> Told:
    counts = panel["incidents"].to_numpy(dtype=float, na_value=np.nan)
    labels = {"original": "Mann-Kendall", "hamed_rao": "Mann-Kendall, Hamed-Rao", "seasonal": "Seasonal Mann-Kendall"}
    rows, why = [], ""
    for method, label in labels.items():
        try:
            found = analysis.mann_kendall(counts, method=method)
        except AnalysisError as error:
            why = str(error)
            continue
        per_year = 1 if method == "seasonal" else 12
        rows.append({"Test": label, "S": int(found.s), "z": round(found.z, 2), "p value": round(found.p, 3),
                     "tau": round(found.tau, 2), "Slope, incidents a month per year": round(found.slope * per_year, 2),
                     "Slope, 95 % interval": f"{found.slope_low * per_year:.2f} to {found.slope_high * per_year:.2f}"
                     })  # fmt: skip
    if not rows:
        return [], why
    table = Part("table", "Rank tests of trend", {"table": pd.DataFrame(rows)}, alt=f"Table of rank tests for {name}.")
    clear = int((table.table["p value"] <= 0.05).sum())
    return [table], f"{clear} of {len(rows)} rank tests have a p of at most 0.05."


def _season(panel: pd.DataFrame, here: Standing, name: str) -> Told:
    try:
        found = analysis.decompose(panel)
    except AnalysisError as error:
        return [], str(error)
    frame = pd.DataFrame({"period": found["period"], "value": found["count"], "low": np.nan, "high": np.nan})
    model = pd.DataFrame({"period": found["period"], "fitted": found["level"], "counterfactual": np.nan,
                          "counterfactual_low": np.nan, "counterfactual_high": np.nan})  # fmt: skip
    top = found.groupby(found["period"].dt.month)["season"].mean()
    most, least = (pd.Timestamp(2000, int(top.index[int(at)]), 1) for at in (top.argmax(), top.argmin()))
    part = Part(
        "series", f"Level without season (STL), {name}", {"series": frame, "model": model},
        alt=f"Line of incidents per month in {name} with its smooth level.",
        encoding={"unit": "incidents per month", "value_name": "Recorded", "fitted_name": "Level (STL)",
                  "subtitle": here.subtitle},
    )  # fmt: skip
    return [part], (
        f"The season is highest in {most:%B} ({top.max():.1f} times the level) and lowest in {least:%B} "
        f"({top.min():.1f} times)."
    )


def _shifts(panel: pd.DataFrame, happened: pd.DataFrame, name: str) -> Told:
    try:
        found = analysis.change_points(panel)
    except AnalysisError as error:
        return [], str(error)
    kinds = {"directive": "directive", "recording": "change in recording", "context": "context"}
    near = []
    reach = pd.DateOffset(months=NEAR_MONTHS)
    for start in found["start"]:
        first, last = start - reach, start + reach
        close = happened[happened["start"].between(first, last) | happened["end"].between(first, last)]
        near.append("; ".join(f"{kinds[kind]}: {label}" for kind, label in zip(close["kind"], close["label"],
                                                                                strict=True)))  # fmt: skip
    table = pd.DataFrame(
        {
            "From": found["start"].dt.strftime("%b %Y"),
            "To": found["end"].dt.strftime("%b %Y"),
            "Incidents a month, season taken out": found["level"].round(1),
            "Change from the stretch before": [percent(ratio) for ratio in found["ratio"]],
            f"Begins or ends within {NEAR_MONTHS} months": ["", *near[1:]],
        }
    )
    part = Part("table", f"Stretches of one level, {name}", {"table": table}, alt=f"Table of levels in {name}.")
    shifts = len(found) - 1
    when = words.listed([words.month(start) for start in found["start"].iloc[1:]])
    return [part], f"The level shifts in {when}." if shifts else "No shift of the level pays its price."


def _late(here: Standing, asked: Asked) -> Told:
    if asked.late.why:
        return [], asked.late.why
    shares = asked.late.shares
    table = pd.DataFrame({"Months after the event": range(13), "Share known by then, %": (100 * shares[:13]).round(1)})
    parts = [Part("table", f"How late reports come in ({asked.late.basis})", {"table": table},
                  alt="Table of the share of incidents known after each number of months.")]  # fmt: skip
    own = late_of(here, here.filters.with_(date_from=None))
    months = own.months if not own.months.empty else NOTHING
    recent = months[months["provisional"].astype(bool)]
    if len(recent):
        cast = pd.DataFrame(
            {
                "Month": recent["period"].dt.strftime("%b %Y"),
                "Known": recent["known"].astype("Int64"),
                "Share expected to be known, %": (100 * recent["share"]).round(0).astype("Int64"),
                "Expected in the end": recent["value"].round().astype("Int64"),
                "95 % interval": [f"{low:.0f} to {high:.0f}" for low, high in zip(recent["low"], recent["high"],
                                                                                   strict=True)],
            }
        )  # fmt: skip
        alt = f"Table of {len(cast)} provisional months with what is expected in the end."
        parts.append(Part("table", "Now-cast of the provisional months", {"table": cast}, alt=alt))
    known = [f"{100 * shares[k]:.0f} % {when}" for k, when in ((0, "by the end of the month of the incident"),
             (1, "one month later"), (3, "three months later"))]  # fmt: skip
    return parts, f"Of the incidents known in the end, {words.listed(known)} have been reported."


def _province(recipe: Recipe, store: Store, chosen: dict[str, Any]) -> tuple[Standing, Asked]:
    here = standing(recipe, store)
    area = chosen["province"] or next(iter([*here.filters.admin1, *most_frequent(here, "admin1")]), "")
    if not area:
        raise AnalysisError("No province has an incident under these filters.", next_step="Take fewer filters.")
    if area not in store.theatre.boundaries.index:
        raise RecipeError(f"There is no province '{area}'.", expected=", ".join(store.theatre.boundaries.index))
    here = _with(here, "admin1", area)
    return here, ask(here, span=chosen["span"], years=chosen["years"])


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
