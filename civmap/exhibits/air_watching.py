"""Does watching explain the pattern? Incidents per observation hour beside per population, and the two lists' curve."""

from __future__ import annotations

import pandas as pd

from civmap.analysis.watching import lists_of, per_hour, sensitivity_curve
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.air_shared import Air, air, covered_cells, province_of
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import mark, say, say_n
from civmap.store import Store

LEAST_HOURS = 10.0  # with fewer cell-hours a rate would say nothing: its interval has no useful end
PER_PEOPLE = "Per 100,000 people"
LISTS = (mark("air only"), mark("ground only"), mark("both"), mark("other"), mark("not known"))


def air_rates(recipe: Recipe, store: Store) -> Exhibit:
    """Set incidents per observation hour by month, and by province beside incidents per population."""
    asked, _ = air(recipe, store)
    resolution = 6
    table = asked.coverage(resolution).query("seconds > 0")
    found = asked.matched()
    if table.empty:
        raise AnalysisError(
            say("Nothing was covered in the chosen days, so there is no rate under observation."),
            next_step=say("Widen the dates to those of the telemetry."),
        )
    table = table.assign(hours=table["seconds"] * table["share"] / 3600)
    span = found[found["event_date"].between(table["day"].min(), table["day"].max())].reset_index(drop=True)
    span["covered_cell"] = covered_cells(span, table, resolution)
    parts = [*_months(asked, span, table), _provinces(asked, span, table)]
    covered = int(span["covered_cell"].sum())
    hours = table["hours"].sum()
    sentence = say_n(
        len(span),
        "In the {days} days with coverage {n} incident was recorded, {covered} of them in a cell that was covered on "
        "that day: {rate:,.1f} in 1,000 cell-hours of observation.",
        "In the {days} days with coverage {n} incidents were recorded, {covered} of them in a cell that was covered on "
        "that day: {rate:,.1f} in 1,000 cell-hours of observation.",
        days=words.number(table["day"].nunique()), covered=words.number(covered), rate=1000 * covered / hours,
    )  # fmt: skip
    caveats = [
        say("Sensors are sent where harm is expected: a rate under observation is no rate for places not observed."),
        say("A cell-hour is an hour over a whole cell of resolution 6; time over a part counts by the share of that "
            "day."),
        say("Observed: in a cell that was covered on that day. Low and High: 95 % interval per 1,000 cell-hours, exact "
            "Poisson, chance alone."),
        say("Where fewer than {hours:g} cell-hours were covered no rate is given.", hours=LEAST_HOURS),
        say("Incidents whose place is known no better than the district are in the counts, and never under "
            "observation."),
    ]  # fmt: skip
    title = say("Incidents under observation")
    return asked.exhibit(title=title, sentence=sentence, parts=parts, caveats=caveats, n=len(span))


def air_lists(recipe: Recipe, store: Store) -> Exhibit:
    """Count incidents by the channels in place; show what neither list could hold for each dependence of the two."""
    asked, _ = air(recipe, store)
    found = asked.matched()
    kinds = lists_of(found["reported_via"], found["checked_via"])
    counts = kinds.value_counts().reindex(list(LISTS), fill_value=0)
    table = pd.DataFrame({"Channels": [say(name) for name in LISTS], "Incidents": counts.to_numpy()})
    parts = [
        Part("table", say("Incidents by the channels that reported or checked"), {"table": table},
             alt=say("Incidents by channel.")),
        _in_place(found, kinds),
    ]  # fmt: skip
    both, ground, by_air = (int(counts[name]) for name in ("both", "ground only", "air only"))
    sentence = say_n(
        both, "{n} incident is on both lists, {ground} on the ground's alone, {air} on the air's alone.",
        "{n} incidents are on both lists, {ground} on the ground's alone, {air} on the air's alone.",
        ground=words.number(ground), air=words.number(by_air),
    )  # fmt: skip
    caveats = [
        say("There is no headline estimate of what neither list holds: it hangs on how the lists depend on each other, "
            "which two lists cannot tell. Ground teams go where the air looked, so an odds ratio above 1 is likely."),
        say("Intervals hold chance alone."),
    ]  # fmt: skip
    try:
        curve = sensitivity_curve(both, ground, by_air)
    except AnalysisError as error:
        caveats.insert(0, say("No curve can be drawn. {why}", why=str(error)))
    else:
        parts.append(_in_neither(asked, curve))
        sentence += " " + say(
            "In neither would be {least:,.0f} where they part the incidents (odds ratio 0.5) and {most:,.0f} where "
            "they share them (4).", least=curve["neither"].min(), most=curve["neither"].max(),
        )  # fmt: skip
    title = say("Two lists, and what neither may hold")
    return asked.exhibit(title=title, sentence=sentence, parts=parts, caveats=caveats)


def _in_neither(asked: Air, curve: pd.DataFrame) -> Part:
    """Draw how many incidents neither list would hold, for each dependence of the two."""
    bars = curve.rename(columns={"neither": "value", "neither_low": "low", "neither_high": "high"})
    bars["label"] = [say("odds ratio {ratio:g}", ratio=theta) for theta in bars["odds_ratio"]]
    return Part(
        "interval_bars", say("In neither list, by the dependence of the two"),
        {"bars": bars[["label", "value", "low", "high"]]},
        alt=say("From {least:,.0f} to {most:,.0f} incidents in neither list.", least=curve["neither"].min(),
                most=curve["neither"].max()),
        encoding={"unit": say("incidents in neither list"), "value_name": say("In neither list"),
                  "subtitle": say("{subtitle}; odds ratio between the lists, 1 is independence",
                                  subtitle=asked.here.subtitle)},
    )  # fmt: skip


def _in_place(found: pd.DataFrame, kinds: pd.Series) -> Part:
    """Count incidents where a sensor covered the place that day, where a ground team came, both, or neither."""
    told = found["covered"].ne("cannot_say")
    air = found["covered"].isin(["covered", "part"])
    ground = kinds.isin(["both", "ground only"])
    pairs = {"air only": air & ~ground, "ground only": ground & ~air, "both": air & ground,
             mark("neither"): ~air & ~ground}  # fmt: skip
    numbers = [int((told & which).sum()) for which in pairs.values()]
    table = pd.DataFrame({"In place": [say(name) for name in pairs], "Incidents": numbers})
    title = say("A sensor over the place that day, a ground team in the record (where coverage can be told)")
    alt = say("Incidents by whether air, ground or both were in place.")
    return Part("table", title, {"table": table}, alt=alt)


def _provinces(asked: Air, found: pd.DataFrame, table: pd.DataFrame) -> Part:
    theatre = asked.store.theatre
    hours = table["hours"].groupby(province_of(table["cell"], theatre.boundaries)).sum()
    grouped = found.groupby("admin1")
    counted = pd.DataFrame({"incidents": grouped.size(), "covered_incidents": grouped["covered_cell"].sum()})
    counted = counted.reindex(theatre.boundaries.index, fill_value=0)
    rates = _stated(per_hour(counted, hours, _population(asked, table["day"].max())))
    shown = _headed(rates, theatre.boundaries["name"].reindex(rates.index), "Province")
    return Part("table", say("By province"), {"table": shown},
                alt=say_n(len(shown), "Table of incidents per 1,000 cell-hours in {n} province.",
                          "Table of incidents per 1,000 cell-hours in {n} provinces."))  # fmt: skip


def _months(asked: Air, found: pd.DataFrame, table: pd.DataFrame) -> list[Part]:
    """Draw the rate by month, with observation as exposure; a month without coverage has none, which is no zero."""
    first, last = table["day"].min(), table["day"].max()
    every = pd.period_range(first, last, freq="M").strftime("%Y-%m")
    grouped = found.groupby(found["event_date"].dt.strftime("%Y-%m"))
    counted = pd.DataFrame({"incidents": grouped.size(), "covered_incidents": grouped["covered_cell"].sum()})
    counted = counted.reindex(every, fill_value=0)
    hours = table["hours"].groupby(table["day"].dt.strftime("%Y-%m")).sum()
    rates = _stated(per_hour(counted, hours, pd.Series(dtype="float64")))
    line = pd.DataFrame(
        {"period": pd.to_datetime(rates.index + "-01"), "value": rates["per_1000_hours"].to_numpy(),
         "low": rates["low"].to_numpy(), "high": rates["high"].to_numpy()}
    )  # fmt: skip
    observed = words.count(int(rates["covered_incidents"].sum()), "incident", "incidents")
    watched = int(line["value"].notna().sum())
    shown = _headed(rates, pd.Series(rates.index, index=rates.index), "Month").drop(columns=PER_PEOPLE)
    return [
        Part("series", say("Incidents under observation by month"), {"series": line},
             alt=say("Line of incidents per 1,000 cell-hours of observation in {watched} of {months} months.",
                     watched=watched, months=len(line)),
             encoding={"unit": say("incidents per 1,000 cell-hours of observation"),
                       "value_name": say("Under observation"), "band_name": say("95 % interval (chance alone)"),
                       "subtitle": say("{source}, n = {incidents} under observation; a gap: too little covered",
                                       source=asked.here.label, incidents=observed)}),
        Part("table", say("By month"), {"table": shown},
             alt=say_n(len(shown), "Table of incidents per 1,000 cell-hours in {n} month.",
                       "Table of incidents per 1,000 cell-hours in {n} months.")),
    ]  # fmt: skip


def _stated(rates: pd.DataFrame) -> pd.DataFrame:
    enough = rates["hours"] >= LEAST_HOURS
    return rates.assign(**{name: rates[name].where(enough) for name in ("per_1000_hours", "low", "high")})


def _headed(rates: pd.DataFrame, names: pd.Series, head: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            head: names.to_numpy(), "Incidents": rates["incidents"].to_numpy(),
            "Observed": rates["covered_incidents"].to_numpy(),
            "Cell-hours": rates["hours"].round(1).to_numpy(),
            "Per 1,000 h": rates["per_1000_hours"].round(1).to_numpy(),
            "Low": rates["low"].round(1).to_numpy(), "High": rates["high"].round(1).to_numpy(),
            PER_PEOPLE: rates["per_100k"].round(2).to_numpy(),
        }
    )  # fmt: skip


def _population(asked: Air, day: pd.Timestamp) -> pd.Series:
    """Give each province's population of the year nearest to a day; empty where the theatre has none."""
    table = asked.store.theatre.population
    if table.empty:
        return pd.Series(dtype="float64")
    away = (pd.to_numeric(table["year"]) - day.year).abs()
    nearest = table.assign(away=away).sort_values("away").drop_duplicates("admin1")
    return pd.to_numeric(nearest.set_index("admin1")["population"])
