"""More methods: rank tests, season and level, shifts, and late reports, each a second look at the same counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.analysis import trends as analysis
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.events import events
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, options, standing
from civmap.exhibits.trends.asked import NOTHING, SPANS, YEARS, Asked, ask, late_of
from civmap.exhibits.trends.chosen import one_province
from civmap.exhibits.trends.findings import percent
from civmap.exhibits.trends.periods import short_month
from civmap.figures.part import Part
from civmap.language import mark, say, say_n, write
from civmap.queries.scope import ALL
from civmap.store import Store

NEAR_MONTHS = 3  # events so near to a shift are named beside it
NEAR = "Begins or ends within 3 months"
TESTS = {
    "original": mark("Mann-Kendall"), "hamed_rao": mark("Mann-Kendall, Hamed-Rao"),
    "seasonal": mark("Seasonal Mann-Kendall"),
}  # fmt: skip
KINDS = {"directive": mark("directive"), "recording": mark("change in recording"), "context": mark("context")}
KNOWN_AFTER = {
    0: mark("{share:.0f} % by the end of the month of the incident"),
    1: mark("{share:.0f} % one month later"),
    3: mark("{share:.0f} % three months later"),
}  # by months after the event


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
        title=say("More methods: {name}", name=name), sentence=" ".join(said), parts=parts,
        caveats=[
            say("Second opinions; the trend word does not rest on them. Rank tests take serial correlation badly into "
                "account: the Hamed-Rao form finds a trend in 10 to 18 % of such series without any."),
            say("Shifts are described, not tested: in 3 to 9 of a hundred series without a shift one is found. That "
                "an event lies near is shown and never taken as its reason."),
        ],
    )  # fmt: skip


Told = tuple[list[Part], str]


def _ranks(panel: pd.DataFrame, name: str) -> Told:
    counts = panel["incidents"].to_numpy(dtype=float, na_value=np.nan)
    rows, why = [], ""
    for method, label in TESTS.items():
        try:
            found = analysis.mann_kendall(counts, method=method)
        except AnalysisError as error:
            why = str(error)
            continue
        per_year = 1 if method == "seasonal" else 12
        rows.append({"Test": say(label), "S": int(found.s), "z": round(found.z, 2), "p value": round(found.p, 3),
                     "tau": round(found.tau, 2), "Slope, incidents a month per year": round(found.slope * per_year, 2),
                     "Slope, 95 % interval": say("{low:.2f} to {high:.2f}", low=found.slope_low * per_year,
                                                 high=found.slope_high * per_year)})  # fmt: skip
    if not rows:
        return [], why
    table = Part("table", say("Rank tests of trend"), {"table": pd.DataFrame(rows)},
                 alt=say("Table of rank tests for {name}.", name=name))  # fmt: skip
    clear = int((table.table["p value"] <= 0.05).sum())
    return [table], say_n(clear, "{n} of {tests} rank tests has a p of at most 0.05.",
                          "{n} of {tests} rank tests have a p of at most 0.05.", tests=len(rows))  # fmt: skip


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
        "series", say("Level without season (STL), {name}", name=name), {"series": frame, "model": model},
        alt=say("Line of incidents per month in {name} with its smooth level.", name=name),
        encoding={"unit": say("incidents per month"), "value_name": say("Recorded"), "fitted_name": say("Level (STL)"),
                  "subtitle": here.subtitle},
    )  # fmt: skip
    return [part], say(
        "The season is highest in {most:%B} ({high:.1f} times the level) and lowest in {least:%B} ({low:.1f} times).",
        most=most, high=top.max(), least=least, low=top.min(),
    )  # fmt: skip


def _shifts(panel: pd.DataFrame, happened: pd.DataFrame, name: str) -> Told:
    try:
        found = analysis.change_points(panel)
    except AnalysisError as error:
        return [], str(error)
    kinds = {kind: say(said) for kind, said in KINDS.items()}
    near = []
    reach = pd.DateOffset(months=NEAR_MONTHS)
    for start in found["start"]:
        first, last = start - reach, start + reach
        close = happened[happened["start"].between(first, last) | happened["end"].between(first, last)]
        near.append(words.clauses(
            say("{kind}: {label}", kind=kinds[kind], label=label)
            for kind, label in zip(close["kind"], close["label"], strict=True)
        ))  # fmt: skip
    table = pd.DataFrame(
        {
            "From": found["start"].map(short_month),
            "To": found["end"].map(short_month),
            "Incidents a month, season taken out": found["level"].round(1),
            "Change from the stretch before": [percent(ratio) for ratio in found["ratio"]],
            NEAR: ["", *near[1:]],
        }
    )
    part = Part("table", say("Stretches of one level, {name}", name=name), {"table": table},
                alt=say("Table of levels in {name}.", name=name))  # fmt: skip
    when = words.listed([words.month(start) for start in found["start"].iloc[1:]])
    return [part], say("The level shifts in {months}.", months=when) if when else say(
        "No shift of the level pays its price."
    )


def _late(here: Standing, asked: Asked) -> Told:
    if asked.late.why:
        return [], asked.late.why
    shares = asked.late.shares
    table = pd.DataFrame({"Months after the event": range(13), "Share known by then, %": (100 * shares[:13]).round(1)})
    parts = [Part("table", say("How late reports come in ({basis})", basis=asked.late.basis), {"table": table},
                  alt=say("Table of the share of incidents known after each number of months."))]  # fmt: skip
    own = late_of(here, here.filters.with_(date_from=None))
    months = own.months if not own.months.empty else NOTHING
    recent = months[months["provisional"].astype(bool)]
    if len(recent):
        parts.append(_now_cast(recent))
    known = [say(text, share=100 * shares[k]) for k, text in KNOWN_AFTER.items()]
    return parts, say("Of the incidents known in the end, {shares} have been reported.", shares=words.listed(known))


def _now_cast(recent: pd.DataFrame) -> Part:
    """Set what is expected in the end beside what is known of the provisional months."""
    cast = pd.DataFrame(
        {
            "Month": recent["period"].map(short_month),
            "Known": recent["known"].astype("Int64"),
            "Share expected to be known, %": (100 * recent["share"]).round(0).astype("Int64"),
            "Expected in the end": recent["value"].round().astype("Int64"),
            "95 % interval": [
                say("{low} to {high}", low=write(low, ".0f"), high=write(high, ".0f"))
                for low, high in zip(recent["low"], recent["high"], strict=True)
            ],
        }
    )
    alt = say_n(len(cast), "Table of {n} provisional month with what is expected in the end.",
                "Table of {n} provisional months with what is expected in the end.")  # fmt: skip
    return Part("table", say("Now-cast of the provisional months"), {"table": cast}, alt=alt)
