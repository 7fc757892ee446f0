"""The table and the map of trends: which areas rise or fall, by how much, and how sure that is."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from civmap import queries
from civmap.analysis import trends as analysis
from civmap.analysis.pooling import SENTENCE
from civmap.analysis.trend_words import FALLING, FEWEST_INCIDENTS, FEWEST_YEARS, NO_CHANGE, RISING, TOO_FEW
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import options, standing
from civmap.exhibits.trends.asked import AREAS, SPANS, YEARS, Asked, ask, month_span
from civmap.figures.part import Part
from civmap.queries.scope import ALL
from civmap.store import Store

NOT_COVERED = "not covered"
CLASSES = ((FALLING, "2"), (NO_CHANGE, "bare"), (RISING, "5"), (TOO_FEW, "no_answer"), (NOT_COVERED, "unobserved"))
ORDER = {RISING: 0, FALLING: 1, NO_CHANGE: 2, TOO_FEW: 3, NOT_COVERED: 4}


def trend_table(recipe: Recipe, store: Store) -> Exhibit:
    """Say of every area whether it rises or falls, and set the latest period beside the same one a year before.

    Parameters of the recipe: ``span``, the latest period: 12 months, year to date, 3 months, 1 month; ``years`` that
    the words look back: 4, 2, 8, all; ``areas``: provinces or groups.
    """
    chosen = options(recipe, span=SPANS, years=YEARS, areas=AREAS)
    here = standing(recipe, store)
    asked = ask(here, span=chosen["span"], years=chosen["years"], areas=chosen["areas"])
    found = findings(asked)
    table = _table(asked, found)
    word = "Province" if chosen["areas"] == "provinces" else "Area"
    months = month_span(*asked.window)
    parts = [Part(
        "table", f"Trend over {months}, and the latest period beside the year before",
        {"table": table.rename(columns={"Area": word})},
        alt=f"Table of {len(table)} areas with trend word, latest period, same period last year and change.",
        encoding={"subtitle": here.subtitle},
    )]  # fmt: skip
    if chosen["areas"] == "provinces":
        parts.append(_map(asked, found, months))
    return here.exhibit(
        title=f"Rising or falling: {words.what(here.filters.with_(measure='incidents'))} by {word.lower()}",
        sentence=_sentence(asked, found, word.lower()),
        parts=parts,
        caveats=_caveats(asked, found),
    )


def findings(asked: Asked) -> pd.DataFrame:
    """Give every area its word, its change on the year before, raw and pooled, and what could have been seen.

    Returns
    -------
    DataFrame
        Indexed by area, the whole theatre first: the columns of `trend_words`, ``name``, ``now``, ``before``,
        ``change``, ``change_low``, ``change_high``, ``pooled``, ``pooled_low``, ``pooled_high``, ``value_now``,
        ``value_before`` (of the measure), ``months`` (the last two years, a list).
    """
    window = asked.looked_at
    inside = window.loc[window["area"] != ALL]
    found = pd.concat([analysis.trend_words(window[window["area"] == ALL]), analysis.trend_words(inside)])
    # all together scatter less than each alone
    own = found.index != ALL
    every = analysis.clustering(inside).of_sum(asked.periods)
    together = analysis.clustering(window[window["area"] == ALL]).of_sum(asked.periods)
    excess = np.where(own, every, together)
    for outcome, prefix in (("incidents", ""), (asked.here.value, "value_")):
        sums = analysis.same_period(
            asked.panel, first=asked.span[0], periods=asked.periods, per_year=12, outcome=outcome
        )
        found[f"{prefix}now"], found[f"{prefix}before"] = sums["now"], sums["before"]
    now, before = found["now"].to_numpy(), found["before"].to_numpy()
    found["change"], found["change_low"], found["change_high"] = analysis.change_limits(now, before, excess=excess)
    pooled = analysis.pool_changes(now[own], before[own], excess=every).set_index(found.index[own])
    found[["pooled", "pooled_low", "pooled_high"]] = pooled[["ratio", "low", "high"]].reindex(found.index)
    last = window[window["period"] == asked.window[1]].set_index("area")["incidents"]
    found.loc[last.reindex(found.index).isna(), "word"] = NOT_COVERED
    if asked.here.filters.measure != "incidents":
        _people(asked, found, pd.Series(excess, found.index))
    recent = asked.panel[asked.panel["period"] > asked.window[1] - pd.DateOffset(months=24)]
    recent = recent[recent["period"] <= asked.window[1]]
    lines = {area: own.astype("object").where(own.notna(), None).tolist() for area, own in recent.groupby("area")[
        "incidents"]}  # fmt: skip
    found["months"] = pd.Series(lines, dtype="object").reindex(found.index)
    found.insert(0, "name", asked.names.reindex(found.index))
    return found


def _people(asked: Asked, found: pd.DataFrame, excess: pd.Series) -> None:
    """Put the change of a number of people in place of that of incidents, with a bootstrap over incidents."""
    here = asked.here
    drawn = queries.sizes(here.store, here.filters.with_(date_from=None, date_to=None), bound=here.bound,
                          as_known_on=here.recipe.as_known_on)  # fmt: skip
    drawn["period"] = pd.to_datetime(drawn["period"])
    whole = drawn.assign(area=ALL)
    drawn = pd.concat([whole, drawn.dropna(subset=["area"])])
    limits = {}
    for name, (first, last) in {"now": asked.span, "before": asked.before}.items():
        within = drawn[drawn["period"].between(first, last)]
        limits[name] = {
            area: analysis.bootstrap_sum(
                np.repeat(own["size"].to_numpy(dtype=float, na_value=np.nan), own["incidents"]),
                dispersion=1 + excess.get(area, 0.0) * own["incidents"].sum(),
            )
            for area, own in within.groupby("area")
        }
    ratio = found["value_now"] / found["value_before"].where(found["value_before"] > 0)
    ends = pd.DataFrame(
        {f"{name}_{end}": pd.Series({area: pair[k] for area, pair in made.items()}, dtype="float64")
         for name, made in limits.items() for k, end in enumerate(("low", "high"))}
    ).reindex(found.index)  # fmt: skip
    a, b = (
        np.log(found["value_now"].where(found["value_now"] > 0)),
        np.log(found["value_before"].where(found["value_before"] > 0)),
    )
    down = np.sqrt((a - np.log(ends["now_low"])) ** 2 + (np.log(ends["before_high"]) - b) ** 2)
    up = np.sqrt((np.log(ends["now_high"]) - a) ** 2 + (b - np.log(ends["before_low"])) ** 2)
    found["change"], found["change_low"], found["change_high"] = ratio, ratio * np.exp(-down), ratio * np.exp(up)


def percent(ratio: Any) -> str:
    """Write a ratio as a change.

    Examples
    --------
    >>> percent(1.2), percent(0.75), percent(12.0), percent(float("nan")), percent(float("inf"))
    ('+20 %', '-25 %', '12 times', '', 'no limit')
    """
    if ratio is None or np.isnan(ratio):
        return ""
    if ratio > 20:
        return "over 20 times" if np.isfinite(ratio) else "no limit"
    return f"{ratio:.0f} times" if ratio >= 5 else f"{100 * (ratio - 1):+.0f} %"


def limits(low: Any, high: Any) -> str:
    """Write the interval of a change.

    Examples
    --------
    >>> limits(0.7, 1.5), limits(0.0, float("inf"))
    ('-30 % to +50 %', '-100 % to no limit')
    """
    return "" if low is None or np.isnan(low) or np.isnan(high) else f"{percent(low)} to {percent(high)}"


def _table(asked: Asked, found: pd.DataFrame) -> pd.DataFrame:
    shown = found[(found["word"] != NOT_COVERED) & ((found["incidents"] > 0) | (found["now"].fillna(0) > 0))]
    rank = shown["word"].map(ORDER).where(shown.index != ALL, -1)
    order = pd.DataFrame({"rank": rank, "now": -shown["now"].fillna(-1)}).sort_values(["rank", "now"]).index
    shown = shown.loc[order]
    people = asked.here.filters.measure != "incidents"
    now, before = ("value_now", "value_before") if people else ("now", "before")
    unit = f", {asked.here.unit}" if people else ""
    table = {
        "Area": shown["name"],
        f"Trend ({asked.length} months)": shown["word"],
        f"{month_span(*asked.span)}{unit}": shown[now].round().astype("Int64"),
        f"{month_span(*asked.before)}{unit}": shown[before].round().astype("Int64"),
        "Change, %": _hundredths(shown["change"]),
        "Change, 95 % interval": _joined(shown, "change_low", "change_high"),
        "Pooled change, %": _hundredths(shown["pooled"]),
        "Last 24 months": shown["months"],
        "Pooled, 95 % interval": _joined(shown, "pooled_low", "pooled_high"),
        "Trend a year": [percent(ratio) for ratio in shown["ratio"]],
        "Trend, 95 % interval": _joined(shown, "low", "high"),
        "Would show from (a year)": [
            "; ".join([f"{percent(fall)} or {percent(rise)}"] * (rise == rise) + [why] * bool(why))
            for fall, rise, why in zip(shown["fall"], shown["rise"], shown["why"], strict=True)
        ],
        "Incidents per 100,000 people a year": _per_head(asked, shown),
    }
    return pd.DataFrame(table).reset_index(drop=True)


def _hundredths(ratio: pd.Series) -> pd.Series:
    """Turn ratios into whole percent, so that the column sorts; blank without an answer or after none."""
    finite = ratio.where(np.isfinite(ratio.astype("float64")))
    return (100 * (finite - 1)).round().astype("Int64")


def _joined(frame: pd.DataFrame, low: str, high: str) -> list[str]:
    return [limits(a, b) for a, b in zip(frame[low], frame[high], strict=True)]


def _per_head(asked: Asked, shown: pd.DataFrame) -> pd.Series:
    """Relate the latest period to the population counted or estimated nearest to it; blank where there is none."""
    known = asked.here.store.theatre.population
    if known.empty:
        return pd.Series(pd.NA, index=shown.index, dtype="Float64")
    apart = (known["year"].astype(int) - asked.span[1].year).abs()
    nearest = known.assign(apart=apart).sort_values("apart").drop_duplicates("admin1").set_index("admin1")["population"]
    people = nearest.reindex(shown.index).astype("float64")
    if ALL in people.index and set(asked.here.store.theatre.boundaries.index) <= set(nearest.index):
        people[ALL] = nearest.sum()
    rate = shown["now"] / (people / 100_000) / (asked.periods / 12)
    return rate.round(2).astype("Float64")


def _map(asked: Asked, found: pd.DataFrame, months: str) -> Part:
    land = asked.here.store.theatre.boundaries
    own = found.reindex(land.index)
    label = [
        f"{name}: {word}" + (f", {percent(ratio)} a year ({limits(low, high)})" if ratio == ratio else "")
        for name, word, ratio, low, high in zip(
            land["name"], own["word"].fillna(NOT_COVERED), own["ratio"], own["low"], own["high"], strict=True
        )
    ]
    frame = gpd.GeoDataFrame(
        {"admin1": land.index, "name": land["name"].to_numpy(), "value": own["ratio"].to_numpy(dtype="float64"),
         "finding": own["word"].fillna(NOT_COVERED).to_numpy(), "label": label},
        geometry=land.geometry.to_numpy(), crs=land.crs,
    )  # fmt: skip
    counted = frame["finding"].value_counts()
    said = words.listed([f"{counted[name]} {name}" for name, _ in CLASSES if name in counted])
    return Part(
        "provinces", f"Trend by province, {months}", {"provinces": frame},
        alt=f"Map of provinces by trend: {said}.",
        encoding={"classes": CLASSES, "view": asked.here.store.theatre.view, "unit": "trend",
                  "subtitle": asked.here.subtitle},
    )  # fmt: skip


def _sentence(asked: Asked, found: pd.DataFrame, word: str) -> str:
    own = found.drop(index=ALL)
    counted = own["word"].value_counts()
    said = []
    for kind, verb in ((RISING, "rising"), (FALLING, "falling")):
        said.append(f"{verb}: {_named(own[own['word'] == kind].sort_values('ratio', ascending=kind == FALLING))}")
    rest = [f"{counted[kind]} {verb}" for kind, verb in ((NO_CHANGE, "without a clear change"),
            (TOO_FEW, "with too few incidents to say")) if kind in counted]  # fmt: skip
    months = f"{asked.length} months to {words.month(asked.window[1])}"
    whole = found.loc[ALL]
    text = f"Over the {months}, {word}s {', '.join(said)}" + (f"; {words.listed(rest)}." if rest else ".")
    more, fewer = (
        _named(own[clear].sort_values("pooled", ascending=ascending))
        for clear, ascending in ((own["pooled_low"] > 1, False), (own["pooled_high"] < 1, True))
    )
    text += f" Clearly more incidents than a year before (pooled): {more}; clearly fewer: {fewer}."
    people = asked.here.filters.measure != "incidents"
    now, before = (whole["value_now"], whole["value_before"]) if people else (whole["now"], whole["before"])
    if now == now and before == before:
        counted_now = f"{words.number(now)} {asked.here.unit}"
        text += f" In all: {counted_now} in {month_span(*asked.span)}, {words.number(before)} a year before"
        change = percent(whole["change"])
        interval = limits(whole["change_low"], whole["change_high"])
        text += f" ({change}, interval {interval})." if change and interval else "."
    elif now == now:
        text += f" The same period of the year before {month_span(*asked.span)} is not covered, so no change is given."
    return text


def _named(found: pd.DataFrame) -> str:
    """Name the first four areas and count the others."""
    names = found["name"].tolist()
    return words.listed([*names[:4], *([f"{len(names) - 4} more"] if len(names) > 4 else [])]) or "none"


def _caveats(asked: Asked, found: pd.DataFrame) -> list[str]:
    own = found.drop(index=ALL)
    tested = int((own["word"].isin([RISING, FALLING, NO_CHANGE])).sum())
    caveats = [
        "Rising and falling are said where a log-linear model of incidents with season and serial correlation shows a "
        f"trend and at most 5 % of such words among the {words.count(tested, 'area')} tested would be chance. "
        "A trend that a single month makes is none. No clear change is not no change: the column says from which "
        f"yearly change on it would have shown in four of five cases. Too few: below "
        f"{FEWEST_INCIDENTS} incidents or {FEWEST_YEARS} years of months with a count.",
        "The change on the year before carries an interval that knows how much months cluster here; a plain Poisson "
        "interval would be far too narrow.",
    ]
    if asked.here.filters.measure != "incidents":
        caveats.append(
            "Trend words and pooled changes are about incidents; the change of people carries a bootstrap over "
            "incidents, blank where fewer than five incidents in a period give a figure."
        )
    caveats.append(SENTENCE)
    open_ = asked.late.provisional
    if len(open_):
        share = float(asked.late.months["share"].iloc[-1])
        caveats.append(
            f"Months from {words.month(open_[0])} on are provisional (from {asked.late.basis}; of the last month about "
            f"{100 * share:.0f} % is expected to be known) and are left out of words and changes."
            if asked.window[1] < open_[0]
            else f"Months from {words.month(open_[0])} on are provisional (from {asked.late.basis})."
        )
    elif asked.late.why:
        caveats.append(asked.late.why)
    if asked.here.store.theatre.population.empty:
        caveats.append("The theatre has no population figures, so there are no rates per 100,000 people.")
    if found.index.isin(asked.here.store.theatre.area_groups["group"]).any():
        caveats.append("Regions of different organisations overlap and are never added together.")
    outside = int((own["word"] == NOT_COVERED).sum())
    if outside:
        caveats.append(f"{words.count(outside, 'area')} outside what the source covers: no answer, not zero.")
    return caveats
