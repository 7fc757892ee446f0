"""How many incidents are expected, by province, day and kind: level, trend, season, noise, context, effects."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from civmap.simulate.plan import Context, Effect, Plan
from civmap.theatre import Theatre


def daily_rates(
    theatre: Theatre, plan: Plan, days: pd.DatetimeIndex, incidents_per_month: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Give the expected incidents by province, day and stream, with and without the directives' effects.

    Level, trend, season and noise are even within a month; context and effects begin and end on their day. Context is
    part of both.
    """
    month_of, months = month_numbers(days)
    base, level = _base(theatre, plan, months, incidents_per_month, rng)
    years = _years(months)
    log_rate = plan.season * np.cos(2 * np.pi * (months.month.to_numpy() - plan.season_peak_month) / 12)
    trend = rng.normal(0, plan.trend_sd, len(level))
    trend -= np.average(trend, weights=level)  # the theatre as a whole follows the streams
    log_rate = log_rate + trend[:, None] * (years - years.mean())
    for rows, spread in zip((1, len(level)), plan.ar_sd, strict=True):
        noise = rng.normal(0, spread * np.sqrt(1 - plan.ar**2), (rows, len(months)))
        noise[:, 0] /= np.sqrt(1 - plan.ar**2)  # begin in the steady state
        log_rate = log_rate + lfilter([1.0], [1.0, -plan.ar], noise) - spread**2 / 2
    a_day = base * (np.exp(log_rate) / months.days_in_month.to_numpy().mean())[:, :, None]
    without = a_day[:, month_of] * _planted(theatre, plan, plan.contexts, days)
    return without * _planted(theatre, plan, plan.effects, days), without


def month_numbers(days: pd.DatetimeIndex) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """Give the number of each day's month, and the first days of the months."""
    months = pd.date_range(days[0].replace(day=1), days[-1], freq="MS")
    return np.asarray(months.searchsorted(days, side="right") - 1), months


def wildness(theatre: Theatre, plan: Plan, months: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the gamma, of mean 1, that multiplies a province's rate in a month and makes the counts over-dispersed."""
    return rng.gamma(plan.dispersion, 1 / plan.dispersion, (len(theatre.boundaries), months, 1))


def rate_table(
    theatre: Theatre, plan: Plan, days: pd.DatetimeIndex, with_effects: np.ndarray, without: np.ndarray
) -> pd.DataFrame:
    """Add daily rates up to a row for each month, province and stream."""
    month_of, months = month_numbers(days)
    firsts = np.searchsorted(month_of, np.arange(len(months)))
    index = pd.MultiIndex.from_product(
        [theatre.boundaries.index, months, range(len(plan.streams))], names=["admin1", "month", "stream"]
    )
    sums = [np.add.reduceat(rates, firsts, axis=1).ravel() for rates in (with_effects, without)]
    table = pd.DataFrame({"expected": sums[0], "without_effect": sums[1]}, index=index).reset_index()
    stream = table.pop("stream").to_numpy()
    for place, name in enumerate(("party", "cause"), start=2):
        words = np.array([getattr(each, name) for each in plan.streams], dtype="object")
        table.insert(place, name, words[stream])
    return table


def _years(months: pd.DatetimeIndex) -> np.ndarray:
    return months.year.to_numpy() + (months.month.to_numpy() - 0.5) / 12


def _base(
    theatre: Theatre, plan: Plan, months: pd.DatetimeIndex, incidents_per_month: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Spread the incidents over provinces, months and streams; give the provinces' levels too."""
    codes = theatre.boundaries.index
    people = theatre.population.sort_values("year").groupby("admin1")["population"].first().reindex(codes)
    people = people.fillna(people.median() if people.notna().any() else 1.0)
    drawn = np.exp(rng.normal(0, 0.5, len(codes)))
    level = people.to_numpy(dtype="float64") * np.array(
        [plan.province_levels.get(code, one) for code, one in zip(codes, drawn, strict=True)]
    )
    streams = [
        np.interp(_years(months), np.array(list(stream.by_year)) + 0.5, list(stream.by_year.values())) / stream.killed
        for stream in plan.streams
    ]
    base = (level / level.sum())[:, None, None] * np.column_stack(streams)
    return base * (incidents_per_month * len(months) / base.sum()), level


def _planted(theatre: Theatre, plan: Plan, planted: Iterable[Effect | Context], days: pd.DatetimeIndex) -> np.ndarray:
    """Multiply the factors of effects or of context, by province, day and stream."""
    factor = np.ones((len(theatre.boundaries), len(days), len(plan.streams)))
    for one in planted:
        where = np.isin(theatre.boundaries.index, one.areas) | (not one.areas)
        what = [
            (stream.party in one.parties or not one.parties) and (stream.cause in one.causes or not one.causes)
            for stream in plan.streams
        ]
        factor *= np.where(where[:, None, None] & np.array(what), _course(one, days)[:, None], 1.0)
    return factor


def _course(one: Effect | Context, days: pd.DatetimeIndex) -> np.ndarray:
    """Give a factor for each day."""
    since = np.asarray((days - pd.Timestamp(one.start)).days)
    if isinstance(one, Context):
        return np.where((since >= 0) & np.asarray(days <= pd.Timestamp(one.end)), one.factor, 1.0)
    since = since - one.delay_days
    return np.where(since >= 0, one.factor * one.slope ** (since.clip(0) / 365.25), 1.0)
