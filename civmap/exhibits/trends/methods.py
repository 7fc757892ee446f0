"""More methods: rank tests, season and level, shifts, and late reports, each a second look at the same counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.analysis import trends as analysis
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, events, options, standing
from civmap.exhibits.trends.asked import NOTHING, SPANS, YEARS, Asked, ask, late_of
from civmap.exhibits.trends.chosen import one_province
from civmap.exhibits.trends.findings import percent
from civmap.figures.part import Part
from civmap.queries.scope import ALL
from civmap.store import Store

NEAR_MONTHS = 3  # events so near to a shift are named beside it


def trend_methods(recipe: Recipe, store: Store) -> Exhibit:
    """Look at one series by other methods: rank tests, season and level, shifts, and late reports.

    Parameters of the recipe: ``province``, the whole theatre if not given; ``years`` as for `trend_table`.
    """
    chosen = options(recipe, province="", years=YEARS)
    here = standing(recipe, store)
    name = store.theatre.title
    if chosen["province"]:
        here, _ = one_province(recipe, store, {**chosen, "span": SPANS[0]})
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
