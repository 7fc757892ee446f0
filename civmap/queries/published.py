"""Published totals and activity: the theatre's and one's own, and what the records of a source hold beside a total.

A total and a count of records are two accounts of overlapping harm; they stand side by side and are never added.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from civmap.errors import RecipeError
from civmap.filters import BOUNDS, MEASURES, Filters
from civmap.placing import redrawn
from civmap.queries.counts import totals
from civmap.queries.scope import EDGE_DAYS, scope_of
from civmap.queries.sources import extent
from civmap.store import Store
from civmap.store.totals import COLUMNS, SAME_TOTAL, kept_totals


def tallies(store: Store, *, as_known_on: date | None = None) -> pd.DataFrame:
    """List published totals of casualties: those that the theatre ships and those of files one has loaded.

    A total is known from the day of its publication. One without that day counts as known from the day its file does;
    of the shipped ones it is left out of any past day. A total that a loaded file gives again stands once, as loaded.

    Returns
    -------
    DataFrame
        A row for each total: ``tally, area`` (a province, a group, or empty for the whole theatre), ``area_label``,
        ``start, end, party, cause`` (tuples; empty means all), ``measure, value, definition, publication,
        published_at, published_precision, certainty, source, note, caveats``, ``file`` (null for a shipped one) and
        ``revised``: a later publication gives the same total anew. Sorted by tally, measure, area, period and
        publication.
    """
    return _published(store, "tallies", as_known_on)


def activity(store: Store, *, as_known_on: date | None = None) -> pd.DataFrame:
    """List what forces did (sorties, weapons released, troops ...), with the columns and rules of `tallies`."""
    return _published(store, "activity", as_known_on)


def recorded_beside(
    store: Store, filters: Filters, published: pd.DataFrame, *, as_known_on: date | None = None
) -> pd.DataFrame:
    """Count the records of a source in the area, period, parties and causes of each published total.

    Parameters
    ----------
    store, filters
        The source, grades and precisions of the filters hold; area, dates, parties, causes and measure are those of
        each total. The members of a group are those of the first day.
    published
        Totals, see `tallies`.
    as_known_on
        The end of a past day; none means now.

    Returns
    -------
    DataFrame
        Indexed as `published`: ``value_min``, ``value_best``, ``value_max`` (people, or incidents), null where the
        source does not cover the whole period, gives no such figure, or says nothing of civilians.
    """
    counted = {
        what: _counted(store, filters, what, as_known_on)
        for what in {_asked(row) for row in published.itertuples()}
    }  # fmt: skip
    rows = [counted[_asked(row)] for row in published.itertuples()]
    return pd.DataFrame(rows, index=published.index, columns=[f"value_{bound}" for bound in BOUNDS]).astype("Int64")


def _published(store: Store, kind: str, as_known_on: date | None) -> pd.DataFrame:
    shipped = getattr(store.theatre, kind)
    shipped = shipped.reindex(columns=list(COLUMNS)).assign(known_from=shipped["published_at"])
    if as_known_on is not None:
        shipped = shipped[shipped["known_from"] <= pd.Timestamp(as_known_on)]
    own = kept_totals(store.folder, kind, as_known_on=as_known_on)
    shipped["caveats"] = pd.Series([()] * len(shipped), index=shipped.index, dtype="object")
    for name in ("party", "cause"):  # activity has no cause
        shipped[name] = shipped[name].map(lambda codes: codes if isinstance(codes, tuple) else ())
    shipped["area"] = shipped["area"].fillna("")
    changed = redrawn(shipped.reset_index(drop=True), store.theatre)
    shipped.loc[changed, "caveats"] = pd.Series([("area_redrawn",)] * changed.sum(), shipped.index[changed], "object")
    parts = [part for part in (shipped, own) if len(part)]
    frame = pd.concat([part.astype({"value": "float64"}) for part in parts], ignore_index=True) if parts else own
    frame = frame.drop_duplicates(list(SAME_TOTAL), keep="last")
    order = ["tally", "measure", "area", "start", "end", "published_at"]
    frame = frame.sort_values(order, ignore_index=True, na_position="first")
    figure = [name for name in SAME_TOTAL if name not in ("publication", "published_at")]
    latest = frame.groupby(figure, dropna=False)["published_at"].transform("max") if len(frame) else frame["end"]
    frame.insert(2, "area_label", frame["area"].map(_area_labels(store)))
    return frame.assign(revised=(frame["published_at"] < latest).to_numpy(dtype=bool))


def _area_labels(store: Store) -> dict[str, str]:
    theatre = store.theatre
    groups = theatre.area_groups.drop_duplicates("group")
    return {"": theatre.title, **dict(zip(groups["group"], groups["label"], strict=True)),
            **theatre.boundaries["name"].to_dict()}  # fmt: skip


def _asked(row: Any) -> tuple[Any, ...]:
    return row.area, row.start, row.end, row.party, row.cause, row.measure


def _counted(store: Store, filters: Filters, what: tuple[Any, ...], as_known_on: date | None) -> tuple[int | None, ...]:
    area, start, end, parties, causes, measure = what
    nothing: tuple[int | None, ...] = (None, None, None)
    provinces = _provinces(store, area, start)
    if measure not in MEASURES or provinces is None:
        return nothing
    asked = filters.with_(date_from=start.date(), date_to=end.date(), admin1=provinces, parties=parties, causes=causes,
                          measure=measure, party_mode="any")  # fmt: skip
    try:
        loaded = extent(store, asked, as_known_on=as_known_on)
    except RecipeError:  # nothing is loaded, or nothing was known then
        return nothing
    asked = asked.with_(source=loaded.source)
    begun = pd.Timestamp(loaded.date_min) - pd.Timedelta(days=EDGE_DAYS)
    within = begun <= start and end <= pd.Timestamp(loaded.date_max) + pd.Timedelta(days=EDGE_DAYS)
    if not (within and loaded.civilians and scope_of(store, asked, as_known_on=as_known_on).covers_days(start, end)):
        return nothing
    found = totals(store, asked, as_known_on=as_known_on)
    if measure == "incidents":
        return (found["incidents"],) * len(BOUNDS)
    if not found["incidents"]:  # it looked there and found none
        return 0, 0 if loaded.has_best else None, 0
    people = ("killed", "injured") if measure == "casualties" else (measure,)
    return tuple(_sum([found[f"{one}_{bound}"] for one in people]) for bound in BOUNDS)


def _sum(values: list[int | None]) -> int | None:
    """Add up; a sum of which a part is unknown is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _provinces(store: Store, area: str, day: pd.Timestamp) -> tuple[str, ...] | None:
    """Give the provinces of an area on a day: none at all for the whole theatre, None where a group had none yet."""
    if not area or area in store.theatre.boundaries.index:
        return (area,) if area else ()
    groups = store.theatre.area_groups
    begun = groups["valid_from"].isna() | (groups["valid_from"] <= day)
    holds = (groups["group"] == area) & begun & (groups["valid_to"].isna() | (groups["valid_to"] >= day))
    return tuple(groups.loc[holds, "admin1"]) or None
