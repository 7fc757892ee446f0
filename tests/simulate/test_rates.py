"""Level, noise, context and effects are in the counts as planted, by formulae that the simulator does not use."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from civmap.simulate import Context, Effect, Plan, Simulated, Source, Stream, simulate
from civmap.theatre import Theatre

YEARS = {"start": date(2007, 1, 1), "end": date(2014, 12, 31)}
AIR = Stream("international_forces", "aerial", {2000: 1.0}, 1.0)
BOMBS = Stream("taliban", "ied", {2000: 1.0}, 1.0)
BLIND = Source("blind", "SYN-B", {}, 0.0, 1.0, {}, (("media", ""),), delay_days=1)
EVEN = Plan(
    (AIR, BOMBS), (BLIND,), season=0, trend_sd=0, ar_sd=(0, 0), dispersion=1e6, hot_cells=0
)  # plain Poisson, no source


def monthly(made: Simulated, **codes: str) -> pd.DataFrame:
    """Incidents by province and month."""
    found = made.truth.incidents
    for name, code in codes.items():
        found = found[found[name] == code]
    months = pd.period_range(*(found["event_date"].agg(["min", "max"])), freq="M")
    table = found.groupby(["admin1", found["event_date"].dt.to_period("M")]).size().unstack(fill_value=0)
    return table.reindex(columns=months, fill_value=0)


def ratio_with_error(after: float, before: float) -> tuple[float, float]:
    """Log ratio of two Poisson counts, and its standard error (delta method)."""
    return float(np.log(after / before)), float(np.sqrt(1 / after + 1 / before))


@pytest.mark.parametrize("dispersion", [0.5, 2.0])
def test_counts_of_a_province_are_negative_binomial(theatre: Theatre, dispersion: float) -> None:
    made = simulate(theatre, **YEARS, incidents_per_month=1500, seed=2, plan=replace(EVEN, dispersion=dispersion))
    counts = monthly(made)
    days = counts.columns.days_in_month.to_numpy()
    mean = counts.sum(axis=1).to_numpy()[:, None] * days / days.sum()
    # method of moments: E[(y - m)^2 - y] = m^2 / k
    excess = (((counts - mean) ** 2 - counts) / mean**2).to_numpy()[mean[:, 0] > 5]
    error = excess.std(ddof=1) / np.sqrt(excess.size)
    assert abs(excess.mean() - 1 / dispersion) < 4 * error < 0.6 / dispersion


def test_without_a_gamma_counts_are_poisson(theatre: Theatre) -> None:
    counts = monthly(simulate(theatre, **YEARS, incidents_per_month=1500, seed=2, plan=EVEN))
    days = counts.columns.days_in_month.to_numpy()
    mean = counts.sum(axis=1).to_numpy()[:, None] * days / days.sum()
    chi2, freedom = ((counts - mean) ** 2 / mean).to_numpy().sum(), counts.size - len(counts)
    assert abs(chi2 - freedom) < 4 * np.sqrt(2 * freedom)


@pytest.mark.parametrize("ar", [0.0, 0.6, 0.8])
def test_the_rate_is_an_ar1(theatre: Theatre, ar: float) -> None:
    plan = replace(EVEN, ar=ar, ar_sd=(0.0, 0.5), province_levels=dict.fromkeys(theatre.boundaries.index, 1.0))
    made = simulate(
        theatre, start=date(1990, 1, 1), end=date(2019, 12, 31), incidents_per_month=6000, seed=4, plan=plan
    )
    counts = monthly(made)
    counts = counts[counts.mean(axis=1) > 60]  # where Poisson noise is small beside the spread of 0.5
    noise = np.log(counts + 0.5).to_numpy()
    noise = noise - noise.mean(axis=1, keepdims=True)
    variance = (noise**2).mean()
    poisson = (1 / counts.to_numpy()).mean()
    lag_one = (noise[:, 1:] * noise[:, :-1]).mean()
    # Bartlett: the standard error of a lag-one autocorrelation of an AR(1)
    error = np.sqrt((1 - ar**2) / noise.size) + 0.01
    assert len(counts) > 15
    assert abs(lag_one / (variance - poisson) - ar) < 4 * error
    assert abs(np.sqrt(variance - poisson) - 0.5) < 0.05


def test_season_and_trend(theatre: Theatre, large: Simulated) -> None:
    made = simulate(theatre, **YEARS, incidents_per_month=3000, seed=2, plan=replace(EVEN, season=0.35))
    month = made.truth.incidents["event_date"].dt.month
    july, january = (month == 7).sum(), (month == 1).sum()  # both of 31 days
    found, error = ratio_with_error(july, january)
    assert abs(found - 2 * 0.35) < 4 * error
    rates = large.truth.rates.groupby("month")["without_effect"].sum()
    level = np.log(rates) - np.log(rates).groupby(rates.index.year).transform("mean")
    noise = level - level.groupby(level.index.month).transform("mean")
    assert noise.autocorr(1) > 0.1


def test_provinces_differ_by_their_people_and_their_planted_levels(theatre: Theatre) -> None:
    codes = theatre.boundaries.index
    levels = dict(zip(codes, np.resize([0.5, 1.0, 2.0, 4.0], len(codes)), strict=True))
    made = simulate(theatre, **YEARS, incidents_per_month=1500, seed=2, plan=replace(EVEN, province_levels=levels))
    people = theatre.population.sort_values("year").drop_duplicates("admin1").set_index("admin1")["population"]
    counts = made.truth.incidents["admin1"].value_counts().reindex(codes).astype("float64")
    expected = people.reindex(codes) * pd.Series(levels)
    expected *= counts.sum() / expected.sum()
    chi2, freedom = ((counts - expected) ** 2 / expected).sum(), len(codes) - 1
    assert abs(chi2 - freedom) < 4 * np.sqrt(2 * freedom)


@pytest.mark.parametrize("spread", [0.05, 0.2])
def test_provinces_have_trends_of_their_own(theatre: Theatre, spread: float) -> None:
    plan = replace(EVEN, trend_sd=spread, province_levels=dict.fromkeys(theatre.boundaries.index, 1.0))
    slopes = []
    for seed in range(4):
        made = simulate(theatre, **YEARS, incidents_per_month=2000, seed=seed, plan=plan)
        yearly = monthly(made).T.groupby(lambda month: month.year).sum()
        yearly = yearly.loc[:, yearly.mean() > 200]  # where Poisson noise moves a slope by less than 0.015
        slopes.append(np.polyfit(yearly.index - 2010, np.log(yearly), 1)[0])
        whole = np.log(yearly.sum(axis=1))
        assert abs(np.polyfit(yearly.index - 2010, whole, 1)[0]) < spread, "the theatre as a whole has none"
    found = np.concatenate(slopes)
    noise = 1 / np.sqrt(200 * 42)  # 42: the sum of squares of the eight years about their mean
    assert len(found) > 60
    assert abs(found.std() - spread) < 4 * spread / np.sqrt(2 * len(found)) + noise**2 / spread


def test_an_effect_has_level_slope_delay_and_a_scope(theatre: Theatre) -> None:
    effect = Effect(
        date(2009, 7, 2), 0.5, ("international_forces",), ("aerial",), 30, slope=0.8, areas=("AF-HEL", "AF-KAN")
    )
    plan = replace(EVEN, effects=(effect,))
    made = simulate(theatre, **YEARS, incidents_per_month=30_000, seed=2, plan=plan)
    incidents = made.truth.incidents
    begins = pd.Timestamp(2009, 8, 1)  # 2 July and 30 days

    def count(since: str, until: str, **codes: object) -> int:
        within = incidents["event_date"].between(since, until)
        for name, code in codes.items():
            within &= incidents[name].isin(code) if isinstance(code, tuple) else incidents[name] == code
        return int(within.sum())

    meant = {"cause": "aerial", "admin1": effect.areas}
    before = count("2007-08-01", "2009-07-31", **meant)
    for since, until, expected in (
        # the mean of 0.5 * 0.8^t over the years t = 0 to 1, and 3 to 4: an integral, not the simulator's sum over days
        ("2009-08-01", "2010-07-31", 0.5 * (0.8 - 1) / np.log(0.8)),
        ("2012-08-01", "2013-07-31", 0.5 * (0.8**4 - 0.8**3) / np.log(0.8)),
    ):
        found, error = ratio_with_error(count(since, until, **meant), before / 2)
        assert error < 0.05 and abs(found - np.log(expected)) < 4 * error
    delay = count("2009-07-02", "2009-07-31", **meant) / 30
    assert abs(delay - before / 731) < 4 * np.sqrt(before / 731 / 30), "nothing changes during the delay"
    for codes in (
        {"cause": "ied", "admin1": effect.areas},
        {"cause": "aerial", "admin1": ("AF-ZAB", "AF-KHO", "AF-NAN")},
    ):
        found, error = ratio_with_error(
            count("2009-08-01", "2011-07-31", **codes), count("2007-08-01", "2009-07-31", **codes)
        )
        assert abs(found) < 4 * error, f"outside its scope nothing changes: {codes}"
    rates = made.truth.rates
    ratio = (rates["expected"] / rates["without_effect"]).groupby(
        [rates["admin1"].isin(effect.areas), rates["cause"] == "aerial", rates["month"] >= begins]
    ).agg(["min", "max"])  # fmt: skip
    assert ratio.drop((True, True, True)).stack().eq(1).all() and ratio.loc[(True, True, True), "max"] <= 0.5


def test_context_multiplies_the_rate_in_its_days_and_area(theatre: Theatre) -> None:
    battle = Context("battle", date(2010, 2, 13), date(2010, 2, 28), 3.0, ("AF-HEL",))
    made = simulate(
        theatre, start=date(2010, 1, 1), end=date(2010, 12, 31), incidents_per_month=30_000, seed=2,
        plan=replace(EVEN, contexts=(battle,)),
    )  # fmt: skip
    daily = made.truth.incidents.groupby(["admin1", "event_date"]).size().unstack(0)
    within = pd.Series(daily.index.isin(pd.date_range(battle.start, battle.end)), daily.index)
    assert within.sum() == 16
    for area, expected in (("AF-HEL", 3.0), ("AF-KAN", 1.0)):
        inside, outside = daily.loc[within, area], daily.loc["2010-03-01":, area]
        found = inside.mean() / outside.mean()
        error = found * np.sqrt(1 / inside.sum() + 1 / outside.sum())
        assert error < 0.1 and abs(found - expected) < 4 * error
    last, after = daily.loc["2010-02-28", "AF-HEL"], daily.loc["2010-03-01", "AF-HEL"]
    assert last > 2 * after, "it ends on its day, not with its month"
    assert made.truth.contexts == (battle,)
    assert (made.truth.rates["expected"] == made.truth.rates["without_effect"]).all(), "context is no effect"
