"""Lines of counts per period for the theatre and for each province, with the three kinds of events.

The lines are what was recorded; whether they rise or fall is said in the table, which makes a test.
"""

from __future__ import annotations

import pandas as pd

from civmap.exhibits import words
from civmap.exhibits.events import event_table, events
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, options, standing
from civmap.exhibits.trends.asked import lateness, provisional
from civmap.exhibits.trends.per import PER, divided
from civmap.exhibits.trends.periods import counted, per_period, periods
from civmap.figures.part import Part
from civmap.language import mark, mark_n, say, say_n
from civmap.store import Store

PERIODS = ("month", "quarter", "year", "week")
RATES = {"incidents": "rate", "value_min": "rate_min", "value_best": "rate_best", "value_max": "rate_max"}
PEAKS = {
    "week": mark("the highest count, {top}, is in the week of {day}"),
    "month": mark("the highest count, {top}, is in {month}"),
    "quarter": mark("the highest count, {top}, is in the quarter from {month}"),
    "year": mark("the highest count, {top}, is in {year}"),
}
PARTIAL = {
    "week": mark("Only a part of the week from {starts} is covered by the data or the filters."),
    "month": mark("Only a part of the month from {starts} is covered by the data or the filters."),
    "quarter": mark("Only a part of the quarter from {starts} is covered by the data or the filters."),
    "year": mark("Only a part of the year from {starts} is covered by the data or the filters."),
}


def national_trend(recipe: Recipe, store: Store) -> Exhibit:
    """Count the whole theatre per period, with directives, recording changes and context as lines.

    Parameters of the recipe: ``frequency``, one of month, quarter, year, week; ``per``, what counts are divided by:
    nothing, people, or a measure of activity such as sorties.
    """
    chosen = options(recipe, frequency=PERIODS, per=PER)
    frequency = chosen["frequency"]
    here = standing(recipe, store)
    panel, rate = divided(here, by=None, frequency=frequency, per=chosen["per"])
    unit = rate.unit or per_period(here.unit, frequency)
    peak = _peak(panel, here, frequency)
    happened = events(store, here.filters, here.first, here.last)
    part = Part(
        "series",
        words.capital(unit),
        {"series": series_of(panel, here, rates=bool(rate.unit)), "events": happened},
        alt=say("Line of {unit}: {subtitle}. {peak}", unit=unit, subtitle=here.subtitle, peak=peak),
        encoding={
            "unit": unit,
            "value_name": say("Recorded"),
            "subtitle": here.subtitle,
            **provisional(lateness(here)),
        },
    )
    what = words.capital(per_period(words.what(here.filters), frequency))
    return here.exhibit(
        title=say("{what}: {theatre}", what=what, theatre=store.theatre.title),
        sentence=" ".join(piece for piece in (peak, _events_in_words(happened)) if piece),
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
    unit = rate.unit or per_period(here.unit, frequency)
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
    vague = say_n(nowhere, "{n} more known only to the country", "{n} more known only to the country")
    subtitle = here.subtitled(drawn, vague if nowhere else "")
    charts = Part(
        "small_multiples",
        say("{unit}, by province", unit=words.capital(unit)),
        {"series": series_of(shown, here, extra=("panel",), rates=bool(rate.unit)), "events": happened},
        alt=say_n(
            len(seen), "{n} small chart, one for each province, of {unit}: {subtitle}.",
            "{n} small charts, one for each province, of {unit}: {subtitle}.", unit=unit, subtitle=subtitle,
        ),
        encoding={
            "unit": unit,
            "value_name": say("Recorded"),
            "shared": chosen["shared"],
            "subtitle": subtitle,
            **provisional(lateness(here)),
        },
    )  # fmt: skip
    silent = int(totals.notna().sum() - len(seen))
    outside = int(totals.isna().sum())
    sentence = say_n(len(seen), "{source} has records in {n} province under these filters.",
                     "{source} has records in {n} provinces under these filters.", source=here.label)  # fmt: skip
    if len(seen):
        sentence += " " + say("Most incidents: {province}, {incidents}.", province=names[seen[0]],
                              incidents=words.number(totals[seen[0]]))  # fmt: skip
    return here.exhibit(
        title=say("{what} by province", what=words.capital(words.what(here.filters))),
        sentence=sentence,
        parts=[charts],
        caveats=[*rate.caveats, *_caveats(panel, frequency), *_not_drawn(silent, nowhere, outside)],
        n=drawn,
    )


def _not_drawn(silent: int, nowhere: int, outside: int) -> list[str]:
    """Say how many provinces and incidents no line shows, and why."""
    reasons = (
        (silent, *mark_n("{n} province in the source's scope without a record under these filters.",
                         "{n} provinces in the source's scope without a record under these filters.")),
        (nowhere, *mark_n("{n} incident is known only to the country and in no province.",
                          "{n} incidents are known only to the country and in no province.")),
        (outside, *mark_n("{n} province outside what the source covers: empty, not zero.",
                          "{n} provinces outside what the source covers: empty, not zero.")),
    )  # fmt: skip
    return [say_n(value, one, many) for value, one, many in reasons if value]


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
    known = panel.dropna(subset=[here.value])
    if known.empty or known[here.value].max() == 0:
        return say("No {unit} under these filters.", unit=here.unit)
    top = known.sort_values([here.value, "period"], ascending=[False, True]).iloc[0]
    when = top["period"]
    peak = say(PEAKS[frequency], top=words.number(top[here.value]), day=words.day(when), month=words.month(when),
               year=when.year)  # fmt: skip
    return say(
        "{source} records {counted} in {periods}; {peak}.", source=here.label,
        counted=counted(here, known[here.value].sum()), periods=periods(len(known), frequency), peak=peak,
    )  # fmt: skip


def _events_in_words(happened: pd.DataFrame) -> str:
    number = happened["kind"].value_counts()
    named = {
        "directive": mark_n("{n} directive", "{n} directives"),
        "recording": mark_n("{n} recording change", "{n} recording changes"),
        "context": mark_n("{n} event of context", "{n} events of context"),
    }
    said = [say_n(number[kind], *texts) for kind, texts in named.items() if kind in number]
    if not said:
        return ""
    return say("In these days: {events}. Nearness in time is shown, not taken as a reason.", events=words.listed(said))


def _caveats(panel: pd.DataFrame, frequency: str) -> list[str]:
    caveats = [
        say("Counts as recorded: season, chance and recording move them too; the words in the table allow for them.")
    ]
    partial = panel.loc[~panel["complete"], "period"].drop_duplicates()
    if len(partial):
        written = words.day if frequency == "week" else words.month
        caveats.append(say(PARTIAL[frequency], starts=words.listed([written(start) for start in partial[:3]])))
    return caveats
