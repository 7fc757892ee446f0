"""What a trend is asked of: which areas, which months, which of them are settled, and what they are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from civmap import queries
from civmap.analysis import trends as analysis
from civmap.errors import AnalysisError
from civmap.exhibits.standing import Standing
from civmap.filters import Filters
from civmap.language import say, say_in, say_n
from civmap.queries.scope import ALL

SPANS = ("12 months", "year to date", "3 months", "1 month")
YEARS = ("4", "2", "8", "all")
BY = {"provinces": "admin1", "groups": "group", "districts": "admin2"}
AREAS = tuple(BY)
MOST_PROVISIONAL = 6  # months left out of the words at most; beyond that what is known has to do
FEWEST_RELEASES = 3
NOTHING = pd.DataFrame(columns=["period", "known", "share", "provisional", "value", "low", "high"])


@dataclass(frozen=True)
class Late:
    """How late the reports of a source come in.

    Parameters
    ----------
    basis
        Where the delays are from, in words; empty where nothing tells them.
    shares
        Share known after 0, 1, 2 ... months.
    months
        The now-cast, a row per month; empty where there is none.
    why
        Why there is no answer.
    """

    basis: str
    shares: np.ndarray
    months: pd.DataFrame
    why: str = ""

    @property
    def provisional(self) -> pd.DatetimeIndex:
        """Months of which less than 95 % is expected to be known."""
        if self.months.empty:
            return pd.DatetimeIndex([])
        return pd.DatetimeIndex(self.months.loc[self.months["provisional"], "period"])


@dataclass(frozen=True)
class Asked:
    """Months and areas of a question about trends.

    Parameters
    ----------
    panel
        Incidents and values per area and month, all months up to the last one; the whole theatre is the area ``all``.
    window
        First and last month that the trend words look at: complete, and not provisional where that is known.
    span, before
        First and last month of the latest period, and of the same period a year before.
    names
        Of the areas.
    areas
        One of `AREAS`.
    """

    here: Standing
    panel: pd.DataFrame
    window: tuple[pd.Timestamp, pd.Timestamp]
    span: tuple[pd.Timestamp, pd.Timestamp]
    names: pd.Series
    late: Late
    areas: str = "provinces"

    @property
    def before(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """The same period a year before."""
        first, last = (month - pd.DateOffset(years=1) for month in self.span)
        return first, last

    @property
    def periods(self) -> int:
        """Months in the latest period."""
        first, last = self.span
        return (last.year - first.year) * 12 + last.month - first.month + 1

    @property
    def looked_at(self) -> pd.DataFrame:
        """The panel within the window of the words."""
        return self.panel[self.panel["period"].between(*self.window)]

    @property
    def length(self) -> int:
        """Months in the window of the words."""
        first, last = self.window
        return (last.year - first.year) * 12 + last.month - first.month + 1


def ask(here: Standing, *, span: str, years: str, areas: str = "provinces") -> Asked:
    """Collect the months that a question about trends needs.

    The same period a year before may lie before the first of the chosen days; the words look at chosen days only.

    Raises
    ------
    AnalysisError
        When no month is wholly covered.
    """
    store, known_on = here.store, here.recipe.as_known_on
    reach = here.filters.with_(date_from=None)
    late = lateness(here)
    whole = queries.panel(store, reach, by=None, as_known_on=known_on)
    inside = queries.panel(store, reach, by=BY[areas], as_known_on=known_on)
    panel = pd.concat([whole, inside], ignore_index=True)
    complete = whole.loc[whole["complete"] & (whole["period"] >= here.first.to_period("M").start_time), "period"]
    if complete.empty:
        raise AnalysisError(
            say("No month is wholly covered by the data and the chosen days."), found=here.period,
            next_step=say("Choose more days."),
        )  # fmt: skip
    open_ = late.provisional[-MOST_PROVISIONAL:]
    settled = complete[~complete.isin(open_)]
    last = (settled if len(settled) else complete).iloc[-1]
    first = complete.iloc[0]
    if years != "all":
        first = max(first, last - pd.DateOffset(months=12 * int(years) - 1))
    begins = pd.Timestamp(last.year, 1, 1)
    if span != "year to date":
        begins = last - pd.DateOffset(months=int(span.split()[0]) * (12 if "year" in span else 1) - 1)
    return Asked(here, panel, (first, last), (begins, last), _names(here, panel, areas), late, areas)


def _names(here: Standing, panel: pd.DataFrame, areas: str) -> pd.Series:
    theatre = here.store.theatre
    if areas == "districts":
        codes = pd.Series(panel["area"].unique())
        part = codes[codes != ALL].str.split("/", n=1, expand=True).reindex(columns=[0, 1])
        names = pd.Series(
            (part[1] + ", " + part[0].map(theatre.boundaries["name"])).to_numpy(), index=codes[part.index]
        )
    elif areas == "groups":
        names = theatre.area_groups.drop_duplicates("group").set_index("group")["label"]
    else:
        names = theatre.boundaries["name"]
    return pd.concat([pd.Series({ALL: say_in("areas", "All")}), names])


def lateness(here: Standing) -> Late:
    """Learn how late the reports of a source come in, whatever else the filters ask for."""
    source = Filters(source=here.loaded.source, harm_only=here.filters.harm_only)
    known_on = here.recipe.as_known_on
    return here.store.remember(("lateness", source, known_on), lambda: late_of(here, source))


def late_of(here: Standing, filters: Filters) -> Late:
    """Learn it from the day of the report, else from successive releases."""
    counted = queries.reporting_months(here.store, filters, as_known_on=here.recipe.as_known_on)
    known = pd.to_datetime(counted["first_known"])
    releases = known.nunique()
    dated = counted.loc[counted["reported"].notna(), "incidents"].sum() >= 0.5 * counted["incidents"].sum()
    if dated and releases:
        basis, reports, since = say("the day on which each incident was first reported"), counted["reported"], None
        as_of = min(counted["reported"].max(), known.max()) + pd.offsets.MonthEnd(0)
    elif releases >= FEWEST_RELEASES:
        basis, reports, as_of = say_n(releases, "{n} successive release", "{n} successive releases"), known, known.max()
        since = known.min() + pd.offsets.MonthBegin(1)  # what the first one held may have been known long before
    else:
        why = say_n(
            releases,
            "{source} does not say when its incidents were reported, and with {n} release loaded nothing tells how "
            "late reports come in: the last months may still grow.",
            "{source} does not say when its incidents were reported, and with {n} releases loaded nothing tells how "
            "late reports come in: the last months may still grow.",
            source=here.label,
        )
        return Late("", np.array([]), NOTHING, why)
    try:
        triangle = analysis.reporting_triangle(
            counted["event"], reports, as_of=as_of, since=since, incidents=counted["incidents"]
        )
        months = analysis.now_cast(triangle)
        within = months["period"] <= pd.Timestamp(here.loaded.date_max)
        return Late(basis, analysis.arrived_after(triangle), months[within].reset_index(drop=True))
    except AnalysisError as error:
        return Late("", np.array([]), NOTHING, str(error))


def provisional(late: Late) -> dict[str, str]:
    """Give a chart its first provisional month, if there is one."""
    months = late.provisional
    return {"provisional": f"{months[0]:%Y-%m-%d}"} if len(months) else {}
