from __future__ import annotations

import itertools
import math
from pathlib import Path

import geopandas as gpd
import libpysal
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from civmap.analysis.scan import space_time_scan
from civmap.analysis.scan_data import read_scan
from civmap.analysis.scan_models import score, simulate
from civmap.analysis.scan_windows import circles_around, largest_scores
from civmap.errors import AnalysisError


def table(counts: np.ndarray, start: int = 0) -> pd.DataFrame:
    place, period = np.indices(counts.shape)
    return pd.DataFrame({"place": place.ravel(), "period": period.ravel() + start, "count": counts.ravel()})


def square(side: int, step_km: float = 10) -> pd.DataFrame:
    row, column = np.divmod(np.arange(side * side), side)
    return pd.DataFrame({"place": np.arange(side * side), "x": column * step_km * 1000.0, "y": row * step_km * 1000.0})


# ---- against a published search ------------------------------------------------------------------------------------


def test_the_infant_deaths_of_north_carolina_give_the_published_clusters():
    """4 counties in the north-east with 5.12 deaths per 1,000 births, then 6 in the south with 3.76.

    Wu, Chu, Shete and Chen (2021), Int J Health Geogr 20, table 1; births and deaths, 1974 to 1978, from
    Cressie (1993).
    """
    counties = gpd.read_file(Path(libpysal.__file__).parent / "examples" / "sids2" / "sids2.shp")
    counties = counties.set_crs("EPSG:4267").to_crs("EPSG:32119").rename(columns={"NAME": "place"})
    one = counties[["place"]].assign(period=0)
    births, deaths = one.assign(count=counties["BIR74"]), one.assign(count=counties["SID74"])
    found = space_time_scan(
        deaths, counties[["place", "geometry"]], population=births, model="poisson", max_radius_km=100, max_periods=1
    )
    born = births.set_index("place")["count"]
    first, second = found.iloc[0], found.iloc[1]
    assert set(first["members"]) == {"Northampton", "Halifax", "Hertford", "Bertie"}
    assert round(1000 * first["observed"] / born[list(first["members"])].sum(), 2) == 5.12
    assert len(second["members"]) == 6 and {"Robeson", "Scotland", "Hoke"} < set(second["members"])
    assert round(1000 * second["observed"] / born[list(second["members"])].sum(), 2) == 3.76
    assert first["p"] <= 0.01 and second["p"] <= 0.01 and (found["p"].iloc[2:] > 0.05).all()


def test_a_calendar_of_days_gives_the_same():
    counts = np.random.default_rng(8).poisson(0.2, (36, 24))
    counts[10:13, 20:24] += 2
    cases, places = table(counts, start=1), square(6)
    dated = cases.assign(period=pd.Timestamp("2001-10-31") + pd.to_timedelta(cases["period"], unit="D"))
    one = space_time_scan(cases, places, max_radius_km=25, max_periods=7, simulations=19)
    other = space_time_scan(dated, places, max_radius_km=25, max_periods=7, simulations=19)
    assert one.loc[0, "start"] >= 20, "the burst"
    assert other.loc[0, "start"] == pd.Timestamp("2001-10-31") + pd.Timedelta(days=int(one.loc[0, "start"]))
    assert other.drop(columns=["start", "end"]).equals(one.drop(columns=["start", "end"]))


# ---- against plain loops --------------------------------------------------------------------------------------------


def xlogy(x: float, y: float) -> float:
    return x * math.log(y) if x else 0.0


def plain_best(counts, expected, xy, radius_m, longest, *, prospective=False, at_risk=None) -> tuple[float, tuple]:
    """Try every circle and every duration, one after another."""
    total, periods = counts.sum(), counts.shape[1]
    best: tuple[float, tuple] = (0.0, ())
    for centre in range(len(xy)):
        distance = np.hypot(*(xy - xy[centre]).T)
        for radius in sorted({d for d in distance if d <= radius_m}):
            inside = np.flatnonzero(distance <= radius)
            for start, length in itertools.product(range(periods), range(1, longest + 1)):
                if start + length > periods or (prospective and start + length < periods):
                    continue
                c = counts[inside, start : start + length].sum()
                if at_risk is None:
                    mean = expected[inside, start : start + length].sum()
                    if c < 2 or c <= mean * (1 + 1e-9):
                        continue
                    value = xlogy(c, c / mean) + xlogy(total - c, (total - c) / max(total - mean, 1e-300))
                else:
                    n, everyone = at_risk[inside, start : start + length].sum(), at_risk.sum()
                    if c < 2 or n == everyone or c / n <= (total - c) / (everyone - n):
                        continue
                    value = (
                        xlogy(c, c / n) + xlogy(n - c, 1 - c / n) + xlogy(total - c, (total - c) / (everyone - n))
                        + xlogy(everyone - n - total + c, 1 - (total - c) / (everyone - n))
                        - xlogy(total, total / everyone) - xlogy(everyone - total, 1 - total / everyone)
                    )  # fmt: skip
                if value > best[0] * (1 + 1e-9):
                    best = (value, (frozenset(inside), start, length))
    return best


@pytest.mark.parametrize("prospective", [False, True])
@pytest.mark.parametrize("model", ["permutation", "poisson", "bernoulli"])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_cylinder_is_the_one_that_plain_loops_find(model, prospective, seed):
    generator = np.random.default_rng(seed)
    counts = generator.poisson(0.6, (14, 7))
    counts[3:5, 4:] += generator.poisson(2, (2, 3))
    places = pd.DataFrame({"place": range(14), "x": generator.uniform(0, 5e4, 14), "y": generator.uniform(0, 5e4, 14)})
    xy = places[["x", "y"]].to_numpy()
    people = generator.integers(1, 9, (14, 7))
    population = None if model == "permutation" else table(people)
    found = space_time_scan(
        table(counts), places, population=population, model=model, max_radius_km=18, max_periods=3,
        prospective=prospective, simulations=9,
    )  # fmt: skip
    total = counts.sum()
    at_risk = counts + people if model == "bernoulli" else None
    expected = {
        "permutation": np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total,
        "poisson": people * total / people.sum(),
        "bernoulli": None,
    }[model]
    value, where = plain_best(counts, expected, xy, 18_000, 3, prospective=prospective, at_risk=at_risk)
    assert found.loc[0, "log_likelihood_ratio"] == pytest.approx(value)
    assert (frozenset(found.loc[0, "members"]), found.loc[0, "start"]) == where[:2]
    assert found.loc[0, "end"] == where[1] + where[2] - 1


@pytest.mark.parametrize("model", ["permutation", "poisson", "bernoulli"])
def test_the_largest_of_each_simulation_is_the_one_that_plain_loops_find(model):
    """The search that skips cylinders must find what the search of all finds."""
    generator = np.random.default_rng(7)
    counts = generator.poisson(0.5, (10, 6))
    places = pd.DataFrame({"place": range(10), "x": generator.uniform(0, 4e4, 10), "y": generator.uniform(0, 4e4, 10)})
    people = generator.integers(1, 9, (10, 6))
    data = read_scan(
        table(counts), places, None if model == "permutation" else table(people), model=model, max_periods=3
    )
    drawn = simulate(data, generator, 12)
    circles = circles_around(data.xy_m, 16_000)
    largest = largest_scores(drawn, data.expected, circles, score(data), 3, prospective=False)
    for number in range(12):
        value, _ = plain_best(drawn[:, :, number], data.expected, data.xy_m, 16_000, 3, at_risk=data.at_risk)
        assert largest[number] == pytest.approx(value)


def test_places_at_the_same_distance_come_together():
    counts = np.ones((9, 6), dtype=int)
    counts[[1, 3, 5, 7], 2] = 6  # the four neighbours of the middle, all 10 km away
    found = space_time_scan(table(counts), square(3), max_radius_km=10, max_periods=2, simulations=19)
    assert set(found.loc[0, "members"]) == {1, 3, 4, 5, 7}


# ---- simulations ----------------------------------------------------------------------------------------------------


def test_permuted_cases_keep_the_totals_of_places_and_periods():
    counts = np.random.default_rng(1).poisson(1, (12, 8))
    data = read_scan(table(counts), square(4).head(12), None, model="permutation", max_periods=2)
    drawn = simulate(data, np.random.default_rng(2), 50)
    assert (drawn.sum(axis=0) == counts.sum(axis=0)[:, None]).all()
    assert (drawn.sum(axis=1) == counts.sum(axis=1)[:, None]).all()
    assert np.abs(drawn.mean(axis=2) - data.expected).max() < 1


@pytest.mark.parametrize("model", ["poisson", "bernoulli"])
def test_simulated_cases_have_the_expected_means_and_the_right_total(model):
    generator = np.random.default_rng(3)
    counts, people = generator.poisson(2, (6, 5)), generator.integers(0, 30, (6, 5)) + 1
    data = read_scan(table(counts), square(3).head(6), table(people), model=model, max_periods=2)
    drawn = simulate(data, generator, 4000)
    assert (drawn.sum(axis=(0, 1)) == counts.sum()).all()
    error = np.sqrt(data.expected / 4000)
    assert (np.abs(drawn.mean(axis=2) - data.expected) < 5 * error).all()
    if model == "bernoulli":
        assert (drawn <= data.at_risk[:, :, None]).all()


@pytest.mark.parametrize("model", ["permutation", "poisson"])
def test_p_is_even_under_pure_chance(model):
    generator = np.random.default_rng(4)
    places, people = square(4), np.full((16, 8), 5)
    p = []
    for _ in range(60):
        counts = generator.multinomial(60, np.full(128, 1 / 128)).reshape(16, 8)
        found = space_time_scan(
            table(counts), places, population=None if model == "permutation" else table(people), model=model,
            max_radius_km=15, max_periods=3, simulations=99, seed=int(generator.integers(1 << 30)),
        )  # fmt: skip
        p.append(found.loc[0, "p"])
    assert stats.kstest(p, "uniform").pvalue > 0.001
    assert np.mean(np.array(p) <= 0.05) < 0.2


def test_the_same_seed_gives_the_same_p_for_any_number_of_threads(monkeypatch):
    counts = table(np.random.default_rng(5).poisson(1, (16, 10)))
    found = []
    for threads in (1, 4):
        monkeypatch.setattr("os.cpu_count", lambda threads=threads: threads)
        found.append(space_time_scan(counts, square(4), max_radius_km=20, max_periods=3, simulations=199, seed=3))
    pd.testing.assert_frame_equal(*found)


def test_progress_rises_to_one():
    told: list[float] = []
    counts = table(np.random.default_rng(5).poisson(1, (16, 10)))
    space_time_scan(counts, square(4), max_radius_km=20, max_periods=3, simulations=200, progress=told.append)
    assert told == sorted(told) and told[-1] == 1 and len(told) > 2


# ---- planted truth --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["permutation", "poisson", "bernoulli"])
def test_a_planted_cluster_is_found_with_its_places_and_periods(model):
    generator = np.random.default_rng(6)
    counts = generator.poisson(1, (49, 24))
    counts[np.ix_([24, 17, 31, 23, 25], range(10, 13))] += 5
    population = None if model == "permutation" else table(np.full((49, 24), 20), start=100)
    found = space_time_scan(
        table(counts, start=100), square(7), population=population, model=model, max_radius_km=20, max_periods=6
    )
    first = found.loc[0]
    assert set(first["members"]) == {24, 17, 31, 23, 25} and (first["start"], first["end"]) == (110, 112)
    assert first["p"] == 0.001 and first["centre"] == 24 and first["radius_km"] == 10
    assert (found["p"][1:] > 0.05).all()


def test_a_second_planted_cluster_is_reported_and_shares_no_place():
    counts = np.random.default_rng(8).poisson(1, (64, 20))
    counts[np.ix_([0, 1, 8], range(2, 4))] += 9
    counts[np.ix_([63, 62, 55], range(15, 18))] += 5
    found = space_time_scan(table(counts), square(8), max_radius_km=15, max_periods=4)
    assert {0, 1, 8} <= set(found.loc[0, "members"]) and {63, 62, 55} <= set(found.loc[1, "members"])
    assert (found["p"][:2] < 0.01).all() and (found["p"][2:] > 0.05).all()
    everyone = [place for members in found["members"] for place in members]
    assert len(everyone) == len(set(everyone))
    assert found["log_likelihood_ratio"].is_monotonic_decreasing and found["cluster"].tolist() == [
        *range(1, len(found) + 1)
    ]


def test_a_place_that_is_always_high_is_a_cluster_for_poisson_only():
    counts = np.random.default_rng(9).poisson(1, (25, 12))
    counts[12] += 6
    people = table(np.full((25, 12), 10))
    options = {"max_radius_km": 15, "max_periods": 12}
    poisson = space_time_scan(table(counts), square(5), population=people, model="poisson", **options)
    assert poisson.loc[0, "members"] == (12,) and poisson.loc[0, "p"] == 0.001
    assert space_time_scan(table(counts), square(5), **options).loc[0, "p"] > 0.05


def test_prospective_looks_only_at_what_lasts_to_the_end():
    counts = np.random.default_rng(10).poisson(1, (25, 15))
    counts[3:5, 4:6] += 12
    counts[20, 13:] += 8
    found = space_time_scan(table(counts), square(5), max_radius_km=15, max_periods=5, prospective=True)
    assert (found["end"] == 14).all() and 20 in found.loc[0, "members"]
    past = space_time_scan(table(counts), square(5), max_radius_km=15, max_periods=5)
    assert {3, 4} <= set(past.loc[0, "members"]) and past.loc[0, "end"] == 5


def test_order_and_names_do_not_matter():
    generator = np.random.default_rng(11)
    counts, places = table(generator.poisson(1, (16, 10))), square(4)
    places[["x", "y"]] += generator.normal(0, 500, (16, 2))  # no two distances the same
    options = {"max_radius_km": 20, "max_periods": 3, "simulations": 99}
    one = space_time_scan(counts, places, **options)
    name = {number: f"district {97 * number % 16}" for number in range(16)}
    other = space_time_scan(
        counts.assign(place=counts["place"].map(name)).sample(frac=1, random_state=1),
        places.assign(place=places["place"].map(name)).sample(frac=1, random_state=2), **options,
    )  # fmt: skip
    first, second = one.loc[0], other.loc[0]
    assert {name[member] for member in first["members"]} == set(second["members"])
    assert first[["start", "end", "observed"]].tolist() == second[["start", "end", "observed"]].tolist()
    assert first["log_likelihood_ratio"] == pytest.approx(second["log_likelihood_ratio"])


# ---- input ----------------------------------------------------------------------------------------------------------


def test_several_rows_of_a_place_and_period_are_added_and_gaps_are_zeros():
    counts = np.random.default_rng(12).poisson(1, (9, 8))
    counts[:, 3] = 0
    rows = table(counts)
    single = rows.loc[rows.index.repeat(rows["count"])].assign(count=1)
    options = {"max_radius_km": 15, "max_periods": 3, "simulations": 19}
    whole = rows[(rows["count"] > 0) | rows["period"].isin([0, 7])]
    pd.testing.assert_frame_equal(
        space_time_scan(single, square(3), **options), space_time_scan(whole, square(3), **options)
    )


@pytest.mark.parametrize(
    "calendar",
    [
        pd.period_range("2009-11", periods=10, freq="M"),
        pd.date_range("2009-11-01", periods=10, freq="MS"),
        pd.date_range("2009-01-01", periods=10, freq="QS"),
        pd.date_range("2009-11-02", periods=10, freq="7D"),
        pd.date_range("2009-11-02", periods=10, freq="D"),
        pd.Index([day.date() for day in pd.date_range("2009-11-02", periods=10, freq="D")], dtype=object),
    ],
    ids=["periods", "months", "quarters", "weeks", "days", "dates"],
)
def test_calendars_are_filled_where_nothing_happened(calendar):
    counts = np.random.default_rng(13).poisson(1, (9, 10))
    counts[:, [2, 5]] = 0
    rows = table(counts)
    rows = rows[rows["count"] > 0]
    dated = rows.assign(period=pd.Series(calendar[rows["period"]], index=rows.index, dtype=calendar.dtype))
    options = {"max_radius_km": 15, "max_periods": 3, "simulations": 19}
    one, other = space_time_scan(rows, square(3), **options), space_time_scan(dated, square(3), **options)
    assert [calendar[number] for number in one["start"]] == [
        day.date() if calendar.dtype == object else day for day in other["start"]
    ]
    assert one["p"].tolist() == other["p"].tolist()


def good() -> dict:
    return {
        "cases": table(np.full((9, 6), 2)), "places": square(3), "population": None, "model": "permutation",
        "max_radius_km": 15, "max_periods": 3, "simulations": 9,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cases": table(np.eye(9, 6, dtype=int)).query("place < 4")}, "Too few to tell: 4 incidents in 4 places"),
        ({"cases": table(np.full((9, 6), 2)).head(0)}, "at least one row"),
        ({"cases": table(np.full((9, 6), 2)).drop(columns="count")}, "place, period, count"),
        ({"cases": table(np.full((9, 6), 2)).assign(place=77)}, "77"),
        ({"cases": table(np.full((9, 6), 2)).assign(count=-1)}, "negative"),
        ({"cases": table(np.full((9, 6), 2)).assign(count=1.5)}, "not whole"),
        ({"cases": table(np.full((9, 6), 2)).assign(count=np.nan)}, "missing"),
        ({"cases": table(np.full((9, 6), 2)).assign(period="June")}, "whole numbers"),
        ({"cases": table(np.full((9, 1), 2)), "max_periods": 1}, "One period"),
        ({"max_periods": 7}, "7 periods in data of 6"),
        ({"max_periods": 0}, "one period or more"),
        ({"max_radius_km": -1}, "0 km or more"),
        ({"simulations": 0}, "at least one simulation"),
        ({"model": "gauss"}, "permutation, poisson or bernoulli"),
        ({"model": "poisson"}, "needs a population"),
        ({"model": "bernoulli"}, "controls"),
        ({"population": table(np.full((9, 6), 2))}, "takes no population"),
        ({"model": "poisson", "population": table(np.full((9, 5), 2))}, "45 of 54"),
        ({"model": "poisson", "population": table(np.zeros((9, 6), dtype=int))}, "population is 0"),
        ({"places": square(3).assign(place=1)}, "each place once"),
        ({"places": square(3).drop(columns="x")}, "x and y"),
        ({"places": square(3).assign(x=np.nan)}, "no position"),
    ],
)  # fmt: skip
def test_what_cannot_be_scanned_is_refused_in_words(change, words):
    with pytest.raises(AnalysisError, match=words):
        space_time_scan(**(good() | change))


def test_degrees_are_refused():
    places = gpd.GeoDataFrame(square(3)[["place"]], geometry=gpd.points_from_xy(range(9), range(9)), crs="EPSG:4326")
    with pytest.raises(AnalysisError, match="equal-area CRS"):
        space_time_scan(**(good() | {"places": places}))


def test_nothing_above_expectation_gives_no_cluster():
    found = space_time_scan(**good())
    assert found.empty and "log_likelihood_ratio" in found and "p" in found


def test_all_cases_in_one_place_are_no_cluster_for_the_permutation():
    cases = pd.DataFrame({"place": 4, "period": [0, 1, 2, 3, 4, 5], "count": [2, 9, 1, 3, 2, 2]})
    assert space_time_scan(**(good() | {"cases": cases})).empty


# ---- odd but legal input ---------------------------------------------------------------------------------------------


def odd_input() -> tuple[pd.DataFrame, pd.DataFrame]:
    generator = np.random.default_rng(4)
    counts = generator.poisson(0.7, (9, 12))
    counts[4, 5:8] += 5
    rows = [(f"p{place}", when, counts[place, when]) for place in range(9) for when in range(12)]
    places = pd.DataFrame({"place": [f"p{n}" for n in range(9)], "x": np.arange(9) * 7_000.0, "y": 0.0})
    return pd.DataFrame(rows, columns=["place", "period", "count"]), places


@pytest.mark.parametrize(
    "labels",
    [
        pd.date_range("2010-01-31", periods=12, freq="ME"), pd.date_range("2010-01-01", periods=12, freq="MS"),
        pd.period_range("2010-01", periods=12, freq="M"), pd.Index(np.arange(12.0)),
        pd.CategoricalIndex(pd.period_range("2010-01", periods=12, freq="M")),
    ],
    ids=["month ends", "month starts", "periods", "whole floats", "categories"],
)  # fmt: skip
def test_every_kind_of_calendar_gives_the_same_clusters(labels: pd.Index) -> None:
    cases, places = odd_input()
    options = {"max_radius_km": 15, "max_periods": 4, "simulations": 29}
    plain = space_time_scan(cases, places, **options)
    found = space_time_scan(cases.assign(period=labels[cases["period"]]), places, **options)
    same = ["members", "observed", "expected", "log_likelihood_ratio", "p"]
    pd.testing.assert_frame_equal(found[same], plain[same])


def test_a_geometry_without_a_crs_is_taken_in_metres_like_x_and_y() -> None:
    cases, places = odd_input()
    options = {"max_radius_km": 15, "max_periods": 4, "simulations": 9}
    points = gpd.GeoDataFrame(places[["place"]], geometry=gpd.points_from_xy(places["x"], places["y"]))
    plain = space_time_scan(cases, places, **options)
    assert space_time_scan(cases, points, **options).equals(plain)
    assert space_time_scan(cases, pd.DataFrame(points), **options).equals(plain)
    with pytest.raises(AnalysisError, match="in metres"):
        space_time_scan(cases, points.set_crs(2263), **options)  # feet


@pytest.mark.parametrize("odd", [{"max_periods": 2.5}, {"simulations": 9.5}])
def test_parts_of_a_period_or_simulation_are_refused(odd: dict[str, float]) -> None:
    cases, places = odd_input()
    with pytest.raises(AnalysisError, match="whole numbers"):
        space_time_scan(cases, places, **{"max_radius_km": 15, "max_periods": 3, "simulations": 9} | odd)
