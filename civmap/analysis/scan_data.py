"""Cases, places and population of a scan as arrays on a calendar without gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.analysis.cell_windows import MIN_INCIDENTS, Array, listed
from civmap.errors import AnalysisError
from civmap.language import count, mark, number, say, say_n

Model = Literal["permutation", "poisson", "bernoulli"]
NEEDED = ["place", "period", "count"]
TAKES = {
    "permutation": mark("The permutation model compares cases with each other and takes no population."),
    "poisson": mark("The poisson model needs a population."),
    "bernoulli": mark("The bernoulli model needs controls, as the population."),
}
LACKING = {
    "cases": mark("The cases need the columns {columns} and at least one row."),
    "population": mark("The population needs the columns {columns} and at least one row."),
}
UNUSABLE = {
    "cases": mark("The cases have rows that cannot be used."),
    "population": mark("The population has rows that cannot be used."),
}


@dataclass(frozen=True)
class ScanData:
    """What a scan searches.

    Parameters
    ----------
    model
        The chance that cases are held against.
    places, periods
        Labels of rows and columns.
    xy_m
        Position of each place in metres.
    counts, expected
        Cases, and cases expected by the model: places by periods, with the same sum.
    at_risk
        Cases and controls (bernoulli), else None.
    """

    model: Model
    places: pd.Index
    periods: pd.Index
    xy_m: Array
    counts: NDArray[np.int64]
    expected: Array
    at_risk: NDArray[np.int64] | None = None


def read_scan(
    cases: pd.DataFrame, places: pd.DataFrame, population: pd.DataFrame | None, *, model: Model, max_periods: int
) -> ScanData:
    """Check the input of a scan and lay it out as places by periods.

    Raises
    ------
    AnalysisError
        When anything is missing, unknown, impossible or too little; see `space_time_scan`.
    """
    if model not in ("permutation", "poisson", "bernoulli"):
        raise AnalysisError(
            say("There is no such model of a scan."),
            found=repr(model),
            expected=say("permutation, poisson or bernoulli"),
        )
    if (population is None) != (model == "permutation"):
        raise AnalysisError(say(TAKES[model]))
    labels, xy_m = _positions(places)
    cases, population = _with_dates(cases), None if population is None else _with_dates(population)
    tables = {"cases": cases} | ({} if population is None else {"population": population})
    periods = _calendar(pd.concat([_checked(table, name, labels)["period"] for name, table in tables.items()]))
    if max_periods > len(periods):
        raise AnalysisError(
            say("The longest duration is longer than the data."),
            found=say("{longest} in data of {n}", longest=count(max_periods, "period", "periods"), n=len(periods)),
            next_step=say("Choose a shorter duration or a longer time."),
        )
    counts = _table(cases, labels, periods).astype(np.int64)
    total, where = int(counts.sum()), int((counts.sum(axis=1) > 0).sum())
    if total < MIN_INCIDENTS:
        few = say(
            "Too few to tell: {incidents} in {places}.", incidents=count(total, "incident", "incidents"),
            places=count(where, "place", "places"),
        )  # fmt: skip
        raise AnalysisError(few, expected=f"{MIN_INCIDENTS}")
    if population is None:
        if len(periods) < 2:
            raise AnalysisError(say("One period has no clusters in time."), next_step=say("Give shorter periods."))
        expected = counts.sum(axis=1)[:, None] * counts.sum(axis=0)[None, :] / total
        return ScanData(model, labels, periods, xy_m, counts, expected)
    people = _table(population, labels, periods)
    if model == "bernoulli":
        at_risk = counts + people.astype(np.int64)
        return ScanData(model, labels, periods, xy_m, counts, total * at_risk / at_risk.sum(), at_risk)
    given = population.groupby(["place", "period"]).ngroups
    if given < counts.size:
        raise AnalysisError(
            say("The population is not known for every place and period."),
            found=say("{n} of {total}", n=number(given), total=number(counts.size)),
            next_step=say("Give 0 where nobody lived."),
        )  # fmt: skip
    if ((people == 0) & (counts > 0)).any():
        rows = labels[((people == 0) & (counts > 0)).any(axis=1)]
        raise AnalysisError(say("There are cases where the population is 0."), found=listed(rows))
    return ScanData(model, labels, periods, xy_m, counts, total * people / people.sum())


def _positions(places: pd.DataFrame) -> tuple[pd.Index, Array]:
    labels = pd.Index(places["place"]) if "place" in places else pd.Index([])
    if not len(labels) or not labels.is_unique or labels.hasnans:
        raise AnalysisError(
            say("Places need a column place, each place once."),
            found=say(
                "{places}; twice: {twice}", places=count(len(labels), "place", "places"),
                twice=listed(labels[labels.duplicated()]),
            ),
        )  # fmt: skip
    if isinstance(places, gpd.GeoDataFrame) or ("geometry" in places and not {"x", "y"} <= set(places.columns)):
        shapes = places.geometry if isinstance(places, gpd.GeoDataFrame) else gpd.GeoSeries(places["geometry"])
        if shapes.crs is not None and not _in_metres(shapes.crs):
            raise AnalysisError(
                say("The geometry of places must be in an equal-area CRS in metres."), found=shapes.crs.name,
                next_step=say("Use {function}() with the theatre's measuring CRS.", function="places.to_crs"),
            )  # fmt: skip
        centre = shapes.centroid
        xy = np.column_stack([centre.x, centre.y])
    elif {"x", "y"} <= set(places.columns):
        xy = places[["x", "y"]].to_numpy(dtype=float, na_value=np.nan)
    else:
        raise AnalysisError(say("Places need x and y in metres, or a geometry."), found=listed(places.columns))
    if not np.isfinite(xy).all():
        raise AnalysisError(say("Some places have no position."), found=listed(labels[~np.isfinite(xy).all(axis=1)]))
    return labels, xy


def _in_metres(crs: Any) -> bool:
    return not crs.is_geographic and all(axis.unit_conversion_factor == 1 for axis in crs.axis_info[:2])


def _checked(table: pd.DataFrame, name: str, labels: pd.Index) -> pd.DataFrame:
    missing = [column for column in NEEDED if column not in table]
    if missing or table.empty:
        raise AnalysisError(
            say(LACKING[name], columns=", ".join(NEEDED)),
            found=say_n(len(table), "{n} row with {columns}", "{n} rows with {columns}", columns=listed(table.columns)),
        )
    counts = table["count"].to_numpy(dtype=float, na_value=np.nan)
    whole = name == "cases"
    wrong = ~(counts >= 0) | np.isinf(counts) | ((counts != np.floor(counts)) if whole else False)
    unknown = table.loc[~table["place"].isin(labels), "place"].unique()
    if wrong.any() or len(unknown) or table["period"].isna().any():
        raise AnalysisError(
            say(UNUSABLE[name]),
            found=say(
                "counts that are missing, negative or not whole: {counts}; unknown places: {places}; rows without a "
                "period: {rows}",
                counts=number(wrong.sum()), places=listed(unknown), rows=number(table["period"].isna().sum()),
            ),
        )  # fmt: skip
    return table


def _with_dates(table: pd.DataFrame) -> pd.DataFrame:
    """Turn plain dates into time stamps, whole floats into integers, and categories into what they stand for."""
    if "period" not in table:
        return table
    period = table["period"]
    if isinstance(period.dtype, pd.CategoricalDtype):
        period = period.astype(period.cat.categories.dtype)
    if pd.api.types.is_float_dtype(period.dtype) and (period.dropna() % 1 == 0).all() and period.notna().all():
        period = period.astype("int64")
    elif pd.api.types.infer_dtype(period, skipna=True) == "date":
        period = pd.to_datetime(period)
    return table.assign(period=period)


def _calendar(found: pd.Series) -> pd.Index:
    """List all periods from the first to the last, evenly spaced, also those that no row has."""
    have = pd.Index(found).unique().sort_values()
    if isinstance(have, pd.PeriodIndex):
        return pd.period_range(have[0], have[-1], freq=have.freq)
    if pd.api.types.is_integer_dtype(have.dtype):
        return pd.Index(np.arange(have[0], have[-1] + 1))
    if not isinstance(have, pd.DatetimeIndex):
        raise AnalysisError(say("Periods must be whole numbers, pandas periods or dates."), found=f"{have.dtype}")
    if len(have) == 1:
        return have
    months = have.year * 12 + have.month
    if (have.day == 1).all() and len(have.normalize().difference(have)) == 0:
        step = int(np.gcd.reduce(np.diff(months)))
        return pd.date_range(have[0], have[-1], freq=pd.DateOffset(months=step))
    if have.is_month_end.all() and len(have.normalize().difference(have)) == 0:
        return pd.date_range(have[0], have[-1], freq=pd.offsets.MonthEnd(int(np.gcd.reduce(np.diff(months)))))
    step = int(np.gcd.reduce(np.diff(have.normalize().to_numpy(dtype="datetime64[D]")).astype(int)))
    return pd.date_range(have[0], have[-1], freq=pd.Timedelta(days=step))


def _table(rows: pd.DataFrame, labels: pd.Index, periods: pd.Index) -> Array:
    at, when = labels.get_indexer(pd.Index(rows["place"])), periods.get_indexer(pd.Index(rows["period"]))
    if (when < 0).any():
        odd = rows.loc[when < 0, "period"].unique()
        raise AnalysisError(say("Some periods do not lie on an even calendar."), found=listed(odd))
    flat = np.bincount(at * len(periods) + when, rows["count"].to_numpy(dtype=float), len(labels) * len(periods))
    return flat.reshape(len(labels), len(periods)).astype(float)
