"""What counts are divided by: people who live there, or sorties, weapons and strikes, where anybody published them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from civmap import schema
from civmap.errors import RecipeError
from civmap.filters import Filters
from civmap.language import say
from civmap.queries.areas import MONTHS, last_days
from civmap.queries.published import activity
from civmap.queries.scope import ALL
from civmap.store import Store

PEOPLE = "people"
PER_PEOPLE = 100_000
PER = (PEOPLE, *schema.ACTIVITY_MEASURES)


def denominators(store: Store, filters: Filters, *, as_known_on: date | None = None) -> dict[str, bool]:
    """List what counts can be divided by, and whether it is known below the whole theatre.

    Examples
    --------
    >>> from civmap.queries.exposure import PER
    >>> PER[:3]
    ('people', 'sorties', 'weapons_released')
    """
    found = {} if store.theatre.population.empty else {PEOPLE: True}
    table = _of_parties(activity(store, as_known_on=as_known_on), filters)
    return found | {
        name: bool((table.loc[table["measure"] == name, "area"] != "").any())
        for name in schema.ACTIVITY_MEASURES if name in set(table["measure"])
    }  # fmt: skip


def with_rates(
    store: Store, filters: Filters, panel: pd.DataFrame, per: str, frequency: str, *, as_known_on: date | None = None
) -> pd.DataFrame:
    """Add what the counts of a panel are divided by, and the rates: null where nothing is known to divide by.

    People: 100,000 of those counted or estimated nearest to the year, of a group or the whole theatre where all of its
    provinces are known; a district has none. Activity: the figure published for exactly that area and period, else the
    sum of its months where each has one; figures of different definitions, parties or causes are never put together,
    and the set that holds most periods is taken. A rate is per period, not per year, and null where the period is not
    complete.

    Returns
    -------
    DataFrame
        The panel with ``exposure`` (people in units of 100,000), ``rate`` (incidents), ``rate_min``, ``rate_best`` and
        ``rate_max`` (of the measure); ``attrs["exposure"]`` says what was taken.
    """
    if per not in PER:
        raise RecipeError(say("Counts cannot be given per '{what}'.", what=per), expected=", ".join(PER))
    said = say("per {people:,} people", people=PER_PEOPLE)
    if per == PEOPLE:
        exposure = _people(store, panel) / PER_PEOPLE
    else:
        table = _of_parties(activity(store, as_known_on=as_known_on), filters)
        exposure, said = _activity(table[table["measure"] == per], panel, frequency)
    frame = panel.assign(exposure=exposure.astype("Float64"))
    usable = frame["exposure"].where((frame["exposure"] > 0) & frame["complete"])
    for column in ("incidents", "value_min", "value_best", "value_max"):
        frame["rate" + column.removeprefix("incidents").removeprefix("value")] = (
            frame[column].astype("Float64") / usable
        )
    frame.attrs["exposure"] = said
    return frame


def _of_parties(table: pd.DataFrame, filters: Filters) -> pd.DataFrame:
    """Keep the activity of the parties asked for."""
    wanted = set(filters.parties)
    meant = [not wanted or bool(wanted & set(parties)) for parties in table["party"]]
    return table[np.array(meant, dtype=bool)]


def _people(store: Store, panel: pd.DataFrame) -> pd.Series:
    """Give the people of each area and period; null where any of its provinces is not known."""
    known, land = store.theatre.population, store.theatre.boundaries.index
    alone = pd.DataFrame({"group": [*land, *[ALL] * len(land)], "admin1": [*land, *land]})
    members = pd.concat([alone, store.theatre.area_groups[["group", "admin1", "valid_from", "valid_to"]]])
    year = panel["period"].dt.year
    people = pd.concat([_nearest(known, one).assign(year=one) for one in year.unique()] or [_nearest(known, 0)])
    rows = pd.DataFrame({"area": panel["area"], "period": panel["period"], "year": year, "row": range(len(panel))})
    rows = rows.merge(members, left_on="area", right_on="group").merge(people, how="left", on=["admin1", "year"])
    begun = rows["valid_from"].isna() | (rows["valid_from"] <= rows["period"])
    rows = rows[begun & (rows["valid_to"].isna() | (rows["valid_to"] >= rows["period"]))]
    each = rows.groupby("row")["population"]
    total = each.sum().where(each.count() == each.size())
    return total.reindex(range(len(panel))).set_axis(panel.index)


def _nearest(known: pd.DataFrame, year: int) -> pd.DataFrame:
    """Give the population of each province from the count or estimate nearest to a year."""
    apart = (known["year"].astype("int64") - year).abs()
    nearest = known.assign(apart=apart).sort_values("apart", kind="stable").drop_duplicates("admin1")
    return nearest[["admin1", "population"]].astype({"population": "float64"})


def _activity(table: pd.DataFrame, panel: pd.DataFrame, frequency: str) -> tuple[pd.Series, str]:
    """Find the one series of figures that fits most areas and periods of the panel."""
    best, said = pd.Series(np.nan, index=panel.index), say("nothing is published to divide by")
    latest = table.sort_values("published_at", na_position="first", kind="stable")
    alike = ["definition", "party", "cause"]
    for key, own in latest.groupby(alike, dropna=False, sort=False):
        own = own.drop_duplicates(["area", "start", "end"], keep="last").assign(
            area=lambda rows: rows["area"].replace("", ALL)
        )
        fits = _fitted(own, panel, frequency)
        if fits.notna().sum() > best.notna().sum():
            what = str(key[0]).strip() or schema.words(own["measure"].iloc[0])
            best, said = fits, say("divided by {what}", what=what)
    return best, said


def _fitted(figures: pd.DataFrame, panel: pd.DataFrame, frequency: str) -> pd.Series:
    """Read the figure of each area and period, else the sum of its months where each has one."""
    start = panel["period"]
    asked = pd.MultiIndex.from_arrays([panel["area"], start, last_days(start, frequency)])
    direct = figures.set_index(["area", "start", "end"])["value"].astype("float64")
    found = direct.reindex(asked).set_axis(panel.index)
    if frequency in ("quarter", "year"):
        months = figures[figures["end"] == figures["start"] + pd.offsets.MonthEnd(1)]
        months = months[months["start"].dt.is_month_start]
        period = months["start"].dt.to_period("Q" if frequency == "quarter" else "Y").dt.start_time
        summed = months["value"].astype("float64").groupby([months["area"], period]).agg(["sum", "count"])
        whole = summed["sum"].where(summed["count"] == MONTHS[frequency])
        found = found.fillna(whole.reindex(pd.MultiIndex.from_arrays([panel["area"], start])).set_axis(panel.index))
    return found
