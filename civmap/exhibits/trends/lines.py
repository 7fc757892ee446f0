"""Lines of counts per period for the theatre and for each province, with the three kinds of events.

The lines are what was recorded; whether they rise or fall is said in the table, which makes a test.
"""

from __future__ import annotations

import pandas as pd

from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, event_table, events, options, standing
from civmap.exhibits.trends.asked import lateness, provisional
from civmap.exhibits.trends.per import PER, divided
from civmap.figures.part import Part
from civmap.store import Store

PERIODS = ("month", "quarter", "year", "week")
RATES = {"incidents": "rate", "value_min": "rate_min", "value_best": "rate_best", "value_max": "rate_max"}


def national_trend(recipe: Recipe, store: Store) -> Exhibit:
    """Count the whole theatre per period, with directives, recording changes and context as lines.

    Parameters of the recipe: ``frequency``, one of month, quarter, year, week; ``per``, what counts are divided by:
    nothing, people, or a measure of activity such as sorties.
    """
    chosen = options(recipe, frequency=PERIODS, per=PER)
    frequency = chosen["frequency"]
    here = standing(recipe, store)
    panel, rate = divided(here, by=None, frequency=frequency, per=chosen["per"])
    unit = rate.unit or f"{here.unit} per {frequency}"
    happened = events(store, here.filters, here.first, here.last)
    part = Part(
        "series",
        unit[:1].upper() + unit[1:],
        {"series": series_of(panel, here, rates=bool(rate.unit)), "events": happened},
        alt=f"Line of {unit}: {here.subtitle}. {_peak(panel, here, frequency)}",
        encoding={
            "unit": unit,
            "value_name": "Recorded",
            "subtitle": here.subtitle,
            **provisional(lateness(here)),
        },  # fmt: skip
    )
    sentence = f"{_peak(panel, here, frequency)} {_events_in_words(happened)}"
    return here.exhibit(
        title=f"{words.what(here.filters).capitalize()} per {frequency}: {store.theatre.title}",
        sentence=sentence,
        parts=[part, event_table(happened)],
        caveats=[*rate.caveats, *_caveats(panel, frequency)],
    )


def trends(recipe: Recipe, store: Store) -> Exhibit:
    """Count each province per period as small multiples, most incidents first.

    Parameters of the recipe: ``frequency``; ``shared``, whether all provinces share one scale; ``per`` as for
    `national_trend`.
    """
    chosen = options(recipe, frequency=("quarter", "month", "year", "week"), shared=(True, False), per=PER)
    frequency = chosen["frequency"]
    here = standing(recipe, store)
    panel, rate = divided(here, by="admin1", frequency=frequency, per=chosen["per"])
    unit = rate.unit or f"{here.unit} per {frequency}"
    names = store.theatre.boundaries["name"]
    totals = panel.groupby("area", sort=False)["incidents"].sum(min_count=1)
    seen = totals[totals.fillna(0) > 0].sort_values(ascending=False).index
    shown = panel[panel["area"].isin(seen)].assign(panel=lambda frame: frame["area"].map(names))
    order = {area: position for position, area in enumerate(seen)}
    shown = shown.sort_values(
        ["area", "period"], key=lambda column: column.map(order) if column.name == "area" else column
    )
    happened = events(store, here.filters, here.first, here.last)
    drawn = int(totals.fillna(0).sum())
    nowhere = here.totals["incidents"] - drawn
    subtitle = here.subtitled(drawn, f"{words.number(nowhere)} more known only to the country" if nowhere else "")
    charts = Part(
        "small_multiples",
        f"{unit[:1].upper() + unit[1:]}, by province",
        {"series": series_of(shown, here, extra=("panel",), rates=bool(rate.unit)), "events": happened},
        alt=f"{len(seen)} small charts, one for each province, of {unit}: {subtitle}.",
        encoding={
            "unit": unit,
            "value_name": "Recorded",
            "shared": chosen["shared"],
            "subtitle": subtitle,
            **provisional(lateness(here)),
        },
    )
    silent = int(totals.notna().sum() - len(seen))
    outside = int(totals.isna().sum())
    caveats = [*rate.caveats, *_caveats(panel, frequency)]
    if silent:
        caveats.append(
            f"{words.count(silent, 'province', 'provinces')} in the source's scope without a record under these filters."
        )
    if nowhere:
        vague = words.count(nowhere, "incident is", "incidents are")
        caveats.append(f"{vague} known only to the country and in no province.")
    if outside:
        caveats.append(
            f"{words.count(outside, 'province', 'provinces')} outside what the source covers: empty, not zero."
        )
    sentence = f"{here.label} has records in {words.count(len(seen), 'province', 'provinces')} under these filters."
    if len(seen):
        sentence += f" Most incidents: {names[seen[0]]}, {words.number(totals[seen[0]])}."
    return here.exhibit(
        title=f"{words.what(here.filters).capitalize()} by province",
        sentence=sentence,
        parts=[charts],
        caveats=caveats,
        n=drawn,
    )


def series_of(panel: pd.DataFrame, here: Standing, *, extra: tuple[str, ...] = (), rates: bool = False) -> pd.DataFrame:
    """Take the chosen bound as the line, and min and max as the band where people are counted; or their rates."""
    band = ("value_min", "value_max") if here.filters.measure != "incidents" else (None, None)
    columns = {"value": here.value, "low": band[0], "high": band[1]}
    if rates:
        columns = {name: column and RATES[column] for name, column in columns.items()}
    floats = {
        name: panel[column].to_numpy(dtype="float64", na_value=float("nan")) if column else float("nan")
        for name, column in columns.items()
    }
    named = {name: panel[name].to_numpy() for name in (*extra, "period")}
    return pd.DataFrame({**named, **floats, "complete": panel["complete"].to_numpy()})


def _peak(panel: pd.DataFrame, here: Standing, frequency: str) -> str:
    counted = panel.dropna(subset=[here.value])
    if counted.empty or counted[here.value].max() == 0:
        return f"No {here.unit} under these filters."
    top = counted.sort_values([here.value, "period"], ascending=[False, True]).iloc[0]
    when = f"{top['period']:%Y}" if frequency == "year" else words.month(top["period"])
    begins = "the week of " + words.day(top["period"]) if frequency == "week" else when
    if frequency == "quarter":
        begins = f"the quarter from {when}"
    total = words.number(counted[here.value].sum())
    unit = here.unit.replace("incidents", "incident", 1) if total == "1" else here.unit
    return (
        f"{here.label} records {total} {unit} in "
        f"{words.count(len(counted), frequency, f'{frequency}s')}; the highest count, {words.number(top[here.value])}, is in {begins}."
    )


def _events_in_words(happened: pd.DataFrame) -> str:
    counted = happened["kind"].value_counts()
    named = [("directive", "directive"), ("recording", "recording change"), ("context", "event of context")]
    said = [words.count(int(counted[kind]), noun, noun.replace("event", "events") if kind == "context" else f"{noun}s")
            for kind, noun in named if kind in counted]  # fmt: skip
    return f"In these days: {words.listed(said)}. Nearness in time is shown, not taken as a reason." if said else ""


def _caveats(panel: pd.DataFrame, frequency: str) -> list[str]:
    caveats = ["Counts as recorded: season, chance and recording move them too; the words in the table allow for them."]
    partial = panel.loc[~panel["complete"], "period"].drop_duplicates()
    if len(partial):
        starts = words.listed(
            [words.month(start) if frequency != "week" else words.day(start) for start in partial[:3]]
        )
        caveats.append(f"Only a part of the {frequency} from {starts} is covered by the data or the filters.")
    return caveats
