"""Trends: the table against counts made by hand, what is said of it, and every kind of bad data."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.integrate import cumulative_trapezoid, simpson
from scipy.optimize import brentq
from scipy.stats import beta, norm
from scipy.stats import t as student

from civmap.errors import CivMapError
from civmap.exhibits import Recipe, build
from civmap.exhibits.headers import headers
from civmap.exhibits.trends.findings import NOT_COVERED, either, limits, percent
from civmap.exhibits.trends.trend_map import CLASSES
from civmap.figures import theme
from civmap.figures.class_maps import shades
from civmap.filters import Filters
from civmap.language import speaking
from civmap.readers import read
from civmap.store import Store
from tests.stores import KABUL, KANDAHAR, add, incident, monthly

HELMAND = (31.58, 64.36)


def many(counts: list[int], place: tuple[float, float], first: int, **values) -> list[dict]:
    """As many incidents a month as the list says, with ids of their own."""
    rows = monthly(counts, latitude=place[0], longitude=place[1], **values)
    return [row | {"source_id": f"T{first + k}"} for k, row in enumerate(rows)]


def ramp(start: float, yearly: float, seed: int, length: int = 60) -> list[int]:
    month = np.arange(length)
    return np.random.default_rng(seed).poisson(start * yearly ** (month / 12)).tolist()


@pytest.fixture(scope="module")
def counts() -> dict[str, list[int]]:
    return {"Kabul": ramp(2, 1.6, 1), "Kandahar": ramp(14, 0.6, 2), "Helmand": ramp(5, 1.0, 3)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, counts: dict[str, list[int]]) -> Store:
    store = Store(tmp_path_factory.mktemp("home"), "afghanistan")
    rows: list[dict] = []
    for name, place in (("Kabul", KABUL), ("Kandahar", KANDAHAR), ("Helmand", HELMAND)):
        rows += many(counts[name], place, len(rows))
    rows += [incident(900_000, "2012-12-31", (36.7, 67.1))]  # one in Balkh, and the data reach the end of the month
    add(store, tmp_path_factory.mktemp("files"), rows)
    return store


def asked(store: Store, analysis: str = "trend_table", filters: Filters | None = None, **parameters):
    return build(Recipe(store.theatre.id, analysis, parameters, filters or Filters()), store)


def table(store: Store, **parameters) -> pd.DataFrame:
    found = asked(store, **parameters).parts[0].table
    return found.set_index(found.columns[0]).rename(
        columns=lambda name: "Trend" if name.startswith("Trend (") else name
    )


def test_every_province_gets_its_word_and_the_year_before_counted_by_hand(store, counts):
    found = table(store)
    assert found.loc["Kabul", "Trend"] == "rising" and found.loc["Kandahar", "Trend"] == "falling"
    assert found.loc["Helmand", "Trend"] == "no clear change" and found.loc["Balkh", "Trend"] == "too few to tell"
    for name, months in counts.items():
        now, before = sum(months[48:]), sum(months[36:48])
        assert found.loc[name, ["Jan to Dec 2012", "Jan to Dec 2011"]].tolist() == [now, before]
        assert found.loc[name, "Change, %"] == round(100 * (now / before - 1))
        assert found.loc[name, "Last 24 months"] == months[36:]
    whole = sum(sum(months[48:]) for months in counts.values()) + 1
    assert found.index[0] == "All" and found.loc["All", "Jan to Dec 2012"] == whole


def test_what_stands_on_top_is_what_rises_then_what_falls(store):
    assert table(store)["Trend"].tolist()[1:4] == ["rising", "falling", "no clear change"]


def test_the_sentence_names_who_rises_and_falls_and_the_total(store):
    exhibit = asked(store)
    assert "Over the 48 months to December 2012, provinces rising: Kabul, falling: Kandahar" in exhibit.sentence
    assert "Clearly more incidents than a year before (pooled): " in exhibit.sentence
    assert (
        "31 with too few" in exhibit.sentence and "incidents with civilian harm in Jan to Dec 2012" in exhibit.sentence
    )


def test_no_clear_change_names_the_change_that_would_have_shown(store):
    said = table(store).loc["Helmand", "Would show from (a year)"]
    fall, rise = (int(part.split(" %")[0]) for part in said.split(" or "))
    assert fall < -5 and rise > 5


@pytest.mark.parametrize(
    ("span", "columns", "months"),
    [("3 months", ("Oct to Dec 2012", "Oct to Dec 2011"), 3), ("1 month", ("Dec 2012", "Dec 2011"), 1),
     ("year to date", ("Jan to Dec 2012", "Jan to Dec 2011"), 12)],
)  # fmt: skip
def test_the_latest_period_can_be_chosen(store, counts, span, columns, months):
    found = table(store, span=span)
    assert found.loc["Kandahar", columns[0]] == sum(counts["Kandahar"][60 - months :])
    assert found.loc["Kandahar", columns[1]] == sum(counts["Kandahar"][48 - months : 48])


def test_year_to_date_ends_with_the_last_whole_month_of_the_chosen_days(store, counts):
    found = asked(store, filters=Filters(date_to=date(2012, 5, 14)), span="year to date").parts[0].table
    row = found.set_index("Province").loc["Kandahar"]
    assert row["Jan to Apr 2012"] == sum(counts["Kandahar"][48:52])
    assert row["Jan to Apr 2011"] == sum(counts["Kandahar"][36:40])


def test_regions_are_the_sums_of_their_provinces_and_null_where_one_is_not_known(store, counts):
    found = table(store, areas="groups")
    south = sum(sum(counts[name][48:]) for name in ("Kandahar",))
    assert found.loc["Regional Command South", "Jan to Dec 2012"] == south  # Helmand had a command of its own by then
    assert found.loc["Regional Command Southwest", "Jan to Dec 2012"] == sum(counts["Helmand"][48:])


def test_rates_per_100_000_people_use_the_nearest_population(store, counts):
    people = store.theatre.population
    people = people[(people["admin1"] == "AF-KAB") & (people["year"] == 2013)]["population"].iloc[0]
    expected = sum(counts["Kabul"][48:]) / people * 100_000
    assert table(store).loc["Kabul", "Incidents per 100,000 people a year"] == pytest.approx(expected, abs=0.006)


def test_the_map_has_a_class_for_every_answer_and_for_none(store):
    part = asked(store).parts[1]
    land = part.frames["provinces"].set_index("name")
    assert land.loc["Kabul", "finding"] == "rising" and land.loc["Kandahar", "finding"] == "falling"
    assert set(land["finding"]) <= {name for name, _ in part.encoding["classes"]}
    assert "1 falling" in part.alt and "rising" in part.alt


def test_people_carry_a_bootstrap_and_words_stay_about_incidents(store, counts):
    exhibit = asked(store, filters=Filters(measure="killed"))
    found = exhibit.parts[0].table.set_index("Province").rename(columns={"Trend (48 months)": "Trend"})
    column = "Jan to Dec 2012, civilians killed (best)"
    assert found.loc["Kandahar", column] == 2 * sum(counts["Kandahar"][48:])
    assert found.loc["Kandahar", "Trend"] == "falling" and " to " in found.loc["Kandahar", "Change, 95 % interval"]
    assert found.loc["Balkh", "Change, 95 % interval"] == ""
    assert any("bootstrap over incidents" in caveat for caveat in exhibit.caveats)


def test_pooled_and_raw_stand_beside_each_other_and_are_explained_in_one_sentence(store):
    exhibit = asked(store)
    assert {"Change, %", "Pooled change, %"} <= set(exhibit.parts[0].table)
    assert sum("Pooled changes are drawn towards what is usual" in caveat for caveat in exhibit.caveats) == 1


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_classes_of_the_map_can_be_told_apart_in_grey(mode):
    lightness = sorted(theme.lightness(shades(role, mode)[0]) for _, role in CLASSES)
    assert np.diff(lightness).min() > 10


def test_districts_are_named_with_their_province(home: Path, tmp_path: Path):
    store = Store(home, "afghanistan")
    rows = many([3] * 36, KANDAHAR, 0, admin2="Centre") + many([1] * 36, KABUL, 200, admin2="Centre")
    add(store, tmp_path, rows)
    exhibit = asked(store, areas="districts")
    found = exhibit.parts[0].table.set_index("District")
    assert found.index.tolist() == ["All", "Centre, Kandahar", "Centre, Kabul"] and len(exhibit.parts) == 1
    assert found.loc["Centre, Kandahar", "Jan to Dec 2010"] == 36
    people = asked(store, filters=Filters(measure="killed"), areas="districts").parts[0].table.set_index("District")
    assert people.loc["Centre, Kandahar", "Change, 95 % interval"] != ""


def test_people_of_groups_carry_a_bootstrap_too(store):
    found = asked(store, filters=Filters(measure="killed"), areas="groups").parts[0].table.set_index("Area")
    assert " to " in found.loc["Regional Command South", "Change, 95 % interval"]
    assert found.loc["All", "Change, 95 % interval"] == asked(store, filters=Filters(measure="killed")).parts[
        0].table.set_index("Province").loc["All", "Change, 95 % interval"]  # fmt: skip


def test_lines_can_be_divided_where_somebody_knows_by_what(store, counts):
    exhibit = asked(store, "national_trend", frequency="year", per="sorties")
    flown = store.theatre.activity
    flown = flown[(flown["measure"] == "sorties") & (flown["start"] == "2009-01-01")]["value"].iloc[0]
    line = exhibit.parts[0].frames["series"].set_index("period")["value"]
    year = sum(sum(months[12:24]) for months in counts.values())
    assert line[pd.Timestamp("2009-01-01")] == pytest.approx(year / flown)
    assert line.isna().any() and "divided by" in exhibit.parts[0].title
    assert any("no figure to divide by" in caveat and "not zero" in caveat for caveat in exhibit.caveats)


def test_lines_that_nothing_divides_stay_counts_and_say_so(store):
    exhibit = asked(store, "trends", per="strikes")
    assert "Strikes are not known for provinces" in exhibit.caveats[0]
    plain = asked(store, "trends")
    pd.testing.assert_frame_equal(exhibit.parts[0].frames["series"], plain.parts[0].frames["series"])
    people = asked(store, "trends", per="people")
    assert "per 100,000 people" in people.parts[0].title


# ---- bad data --------------------------------------------------------------------------------------------------------


def test_what_is_not_covered_is_no_zero(home: Path, tmp_path: Path) -> None:
    store = Store(home, "oir")
    rows = [incident(n, f"201{6 + n % 2}-{1 + n % 12:02}-11", (36.2, 37.1)) for n in range(60)]
    add(store, tmp_path, rows)
    exhibit = asked(store)
    land = exhibit.parts[1].frames["provinces"].set_index("admin1")
    assert land.loc["IQ-BG", "finding"] == NOT_COVERED and land.loc["SY-HL", "finding"] != NOT_COVERED
    assert "Baghdad" not in set(exhibit.parts[0].table["Province"])
    assert exhibit.parts[0].table["Incidents per 100,000 people a year"].isna().all()
    assert any("no population figures" in caveat for caveat in exhibit.caveats)


@pytest.mark.parametrize(
    "filters",
    [Filters(causes=("remnants",)), Filters(admin1=("AF-NUR",)), Filters(date_from=date(2012, 11, 1)),
     Filters(date_from=date(2012, 12, 10)), Filters(date_to=date(2008, 1, 31)), Filters(parties=("taliban",))],
)  # fmt: skip
@pytest.mark.parametrize("analysis", ["trend_table", "province_trend", "trend_compare", "trend_methods", "trends"])
def test_filters_that_leave_little_or_nothing_end_in_a_plain_sentence(store, analysis, filters):
    try:
        exhibit = asked(store, analysis, filters)
    except CivMapError as error:
        assert len(str(error)) > 20
    else:
        text = " ".join([exhibit.sentence, *exhibit.caveats])
        assert exhibit.sentence and not {"nan", "NaT", "<NA>", "None"} & set(text.replace(",", " ").split())


def test_a_huge_month_does_not_make_a_trend(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    values = ramp(6, 1.0, 9)
    values[55] = 400
    add(store, tmp_path, many(values, KABUL, 0))
    row = table(store).loc["Kabul"]
    assert row["Trend"] == "no clear change" and "rests on the month of August 2012" in row["Would show from (a year)"]


def test_a_single_month_is_answered(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, many([9], KABUL, 0))
    assert table(store).loc["Kabul", "Trend"] == "too few to tell"


# ---- a closer look ---------------------------------------------------------------------------------------------------


def test_one_province_says_its_word_in_full_and_lists_its_cases(store, counts):
    exhibit = asked(store, "province_trend", province="AF-KAN")
    assert exhibit.sentence.startswith("Kandahar: falling over the 48 months to December 2012")
    now, before = sum(counts["Kandahar"][48:]), sum(counts["Kandahar"][36:48])
    assert f"{now} incidents in Jan to Dec 2012 after {before} a year before" in exhibit.sentence
    assert len(exhibit.parts[1].table) == min(sum(counts["Kandahar"]), 200)
    series = exhibit.parts[0].frames["series"]
    assert series["value"].tolist() == counts["Kandahar"]
    with pytest.raises(CivMapError, match="no province 'AF-XXX'"):
        asked(store, "province_trend", province="AF-XXX")


def test_two_provinces_differ_where_one_rises_and_the_other_falls(store):
    apart = asked(store, "trend_compare", first="AF-KAB", second="AF-KAN")
    assert "their trends differ" in apart.sentence
    ratio = float(apart.sentence.split("changes by ")[1].split(" times")[0])
    assert 1.6 / 0.6 * 0.7 < ratio < 1.6 / 0.6 * 1.4
    few = asked(store, "trend_compare", first="AF-KAB", second="AF-BAL")
    assert "too few incidents to say" in few.sentence
    with pytest.raises(CivMapError, match="'AF-XXX' cannot be compared"):
        asked(store, "trend_compare", first="AF-XXX", second="AF-KAB")


def test_more_methods_agree_with_what_was_planted(store):
    exhibit = asked(store, "trend_methods", province="AF-KAN")
    assert "3 of 3 rank tests have a p of at most 0.05." in exhibit.sentence
    ranks = exhibit.parts[0].table
    assert (ranks["z"] < -3).all() and (ranks["tau"] < 0).all()
    assert any("Shifts are described, not tested" in caveat for caveat in exhibit.caveats)
    levels = next(part.table for part in exhibit.parts if part.title.startswith("Stretches"))
    assert "Begins or ends within 3 months" in levels


# ---- late reports ----------------------------------------------------------------------------------------------------


def delayed(store: Store, folder: Path) -> None:
    """Four years of incidents of which a half is reported a month later and a quarter two months later."""
    rows = many([20] * 48, KABUL, 0)
    for k, row in enumerate(rows):
        months = [0, 1, 1, 2][k % 4]
        row["reported_at"] = f"{pd.Timestamp(row['event_date']) + pd.DateOffset(months=months):%Y-%m-%d}"
    file = folder / "late.csv"
    known = [row for row in rows if row["reported_at"] <= "2011-12-31"]
    pd.DataFrame(known).to_csv(file, index=False)
    store.add(read(file, source="log"), known_at=date(2012, 1, 1))


def test_the_provisional_tail_is_shaded_and_left_out_of_words_and_changes(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    delayed(store, tmp_path)
    exhibit = asked(store)
    found = exhibit.parts[0].table.set_index("Province").rename(columns={"Trend (46 months)": "Trend"})
    assert found.loc["Kabul", "Nov 2010 to Oct 2011"] == 240 == found.loc["Kabul", "Nov 2009 to Oct 2010"]
    assert found.loc["Kabul", "Trend"] != "falling"
    assert any("Months from November 2011 on are provisional" in caveat for caveat in exhibit.caveats)
    for analysis in ("trends", "national_trend", "province_trend"):
        part = asked(store, analysis).parts[0]
        assert part.encoding["provisional"] == "2011-11-01"


def test_the_now_cast_says_what_the_last_months_may_come_to(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    delayed(store, tmp_path)
    parts = {part.title: part.table for part in asked(store, "trend_methods").parts}
    cast = next(table for title, table in parts.items() if title.startswith("Now-cast")).set_index("Month")
    assert cast.loc["Nov 2011", "Known"] == 15 and cast.loc["Dec 2011", "Known"] == 5
    assert cast["Expected in the end"].tolist() == pytest.approx([20, 20], abs=2)
    low, high = map(int, cast.loc["Dec 2011", "95 % interval"].split(" to "))
    assert 5 <= low < 20 < high
    shares = next(table for title, table in parts.items() if title.startswith("How late"))
    assert shares["Share known by then, %"].tolist()[:3] == pytest.approx([25, 75, 100], abs=1)


def test_successive_releases_tell_the_delay_where_reports_have_no_date(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    rows = many([20] * 24, KABUL, 0)
    for release in pd.date_range("2008-06-01", "2010-01-01", freq="MS"):
        seen = [row for k, row in enumerate(rows) if pd.Timestamp(row["event_date"]) + pd.DateOffset(months=k % 2)
                < release]  # fmt: skip
        add(store, tmp_path, seen, known_at=release.date())
    exhibit = asked(store, "trend_methods")
    assert any("successive releases" in part.title for part in exhibit.parts)
    assert "have been reported" in exhibit.sentence


def test_where_nothing_tells_the_delay_it_is_said(store):
    said = [caveat for caveat in asked(store).caveats if "last months may still grow" in caveat]
    assert len(said) == 1 and "does not say when its incidents were reported" in said[0]
    assert "provisional" not in asked(store, "trends").parts[0].encoding


def test_changes_are_written_so_that_nobody_misreads_them():
    assert [percent(one) for one in (1.0, 0.996, 4.99, 5.2, 30, np.inf, np.nan)] == [
        "+0 %", "-0 %", "+399 %", "5 times", "over 20 times", "no limit", ""]  # fmt: skip


def test_the_national_line_stands_beside_published_totals_with_every_revision(store):
    exhibit = asked(store, "trend_published", measure="killed")
    series = exhibit.parts[0].frames["series"]
    names = list(dict.fromkeys(series["panel"]))
    assert "records" in names[0] and any(name.startswith("UNAMA: ") for name in names[1:])
    published = store.theatre.tallies
    year = published[(published["tally"] == "unama") & (published["start"] == "2009-01-01")]
    year = year[(year["measure"] == "killed") & (year["cause"].map(len) == 0) & (year["party"].map(len) == 0)]
    listed = exhibit.parts[1].table
    shown = listed[(listed["Year"] == "2009") & (listed["Published by"] == "UNAMA")]
    assert sorted(shown["Value"]) == sorted(year["value"].astype(int)) and len(shown) >= 1
    own = series[series["panel"] == names[0]].set_index("period")["value"]
    assert own[pd.Timestamp("2010-01-01")] == 2 * sum(n for n in _year(store, 2010))
    with pytest.raises(CivMapError, match="No yearly total of incidents"):
        asked(store, "trend_published", measure="incidents")


def _year(store: Store, year: int) -> list[int]:
    days = store.query(f"SELECT count(*) AS n FROM facts WHERE year(event_date) = {year}")
    return days["n"].tolist()


def _placed_by_hand(file: Path, land: gpd.GeoDataFrame) -> pd.DataFrame:
    """Read the file with pandas and place each event in the province that holds its point, else in the nearest."""
    raw = pd.read_csv(file, low_memory=False)
    raw = raw[raw["deaths_civilians"].gt(0) | raw["deaths_unknown"].gt(0)]
    raw = raw[raw["where_prec"] < 6]  # from 6 on the point stands for the country
    points = gpd.GeoDataFrame(
        raw, geometry=gpd.points_from_xy(raw["longitude"], raw["latitude"]), crs="EPSG:4326"
    ).to_crs("ESRI:102025")  # equal-area for north Asia; other than the theatre's own
    placed = points.sjoin_nearest(land[["geometry"]].to_crs("ESRI:102025").rename_axis("admin1").reset_index())
    placed = placed[~placed.index.duplicated()]
    return placed.assign(month=pd.to_datetime(placed["date_start"]).dt.to_period("M"))


def _trend_by_hand(counts: np.ndarray) -> tuple[list[float], list[float]]:
    """Fit slope and season by statsmodels for every correlation of neighbouring months, and find where their p is 5 %.

    A Poisson regression gives the means; on the working responses generalised least squares with an AR(1) matrix gives
    a slope per correlation, weighed by its restricted likelihood (Harville 1974). The interval is where the mean of
    the t tails crosses 0.05, found by bisection. A change would show in four of five such series where the tails of
    the errors around the level of its middle, without a trend, add up to 5 %, and from there on to 40 %.
    """
    n = len(counts)
    time = np.arange(n)
    waves = [wave(2 * np.pi * k * time / 12) for k in (1, 2) for wave in (np.sin, np.cos)]
    design = np.column_stack([np.ones(n), (time - time.mean()) / 12, *waves])
    poisson = sm.GLM(counts, design, family=sm.families.Poisson()).fit()
    mean, level = poisson.mu, np.exp(np.delete(design, 1, axis=1) @ np.delete(poisson.params, 1))
    root = np.sqrt(mean)
    response = root * (np.log(mean) + (counts - mean) / mean)
    found = []
    for rho in np.arange(0, 0.86, 0.05):
        matrix = rho ** np.abs(np.subtract.outer(time, time))
        fit = sm.GLS(response, root[:, None] * design, sigma=matrix).fit()
        inner = (root[:, None] * design).T @ np.linalg.solve(matrix, root[:, None] * design)
        restricted = [np.linalg.slogdet(matrix)[1], np.linalg.slogdet(inner)[1], fit.df_resid * np.log(fit.ssr)]
        flat = np.sqrt(level)[:, None] * design
        error = np.sqrt(fit.scale * np.linalg.inv(flat.T @ np.linalg.solve(matrix, flat))[1, 1])
        found.append((fit.params[1], fit.bse[1], error, -sum(restricted) / 2))
    slopes, errors, around, fits = (np.array(one) for one in zip(*found, strict=True))
    weights = np.exp(fits - fits.max()) / np.exp(fits - fits.max()).sum()

    def above(slope: float) -> float:
        return float(weights @ (2 * student.sf(np.abs(slopes - slope) / errors, n - design.shape[1]))) - 0.05

    middle, far = float(weights @ slopes), 20 * float(errors.max())
    ends = [brentq(above, middle, middle + side * far, xtol=1e-12) for side in (-1, 1)]
    seen = sum(
        brentq(lambda x, at=at: float(weights @ (2 * student.sf(x / around, n - design.shape[1]))) - at, 0, far)
        for at in (0.05, 0.4)
    )
    return [float(np.exp(one)) for one in (middle, *ends)], [float(np.exp(-seen)), float(np.exp(seen))]


def _clustering_by_hand(counts: pd.DataFrame, months: int) -> float:
    """Match squares and neighbours' products of residuals with their means under each correlation, by whole matrices.

    Each area has a season and a level per twelve months, counted back; the residuals are M y, where M is
    I - W X (X' W X)^-1 X', so that a covariance V leaves M V M' in them. The excess of a sum follows from a month's.
    """
    rhos = np.linspace(0, 0.8, 9)
    seen, usual, extra = np.zeros(2), np.zeros(2), np.zeros((len(rhos), 2))
    for values in counts.to_numpy(dtype=float):
        if values.sum() < 20:
            continue
        time = np.arange(len(values))
        year = (time[-1] - time) // 12
        full = [one for one in np.unique(year) if values[year == one].sum() > 0]
        kept = np.isin(year, full)
        values, time, year = values[kept], time[kept], year[kept]
        waves = [wave(2 * np.pi * k * time / 12) for k in (1, 2) for wave in (np.sin, np.cos)]
        design = np.column_stack([*(np.equal(year, one).astype(float) for one in full), *waves])
        mean = sm.GLM(values, design, family=sm.families.Poisson()).fit().mu
        weighted = mean[:, None] * design
        left = np.eye(len(mean)) - weighted @ np.linalg.inv(design.T @ weighted) @ design.T
        beside = np.diff(time) == 1

        def sums(matrix: np.ndarray, beside: np.ndarray = beside) -> np.ndarray:
            return np.array([np.trace(matrix), np.diagonal(matrix, 1)[beside].sum()])

        weight = 1 / (1 + mean.mean() / 2) ** 2
        seen += weight * sums(np.outer(values - mean, values - mean))
        usual += weight * sums(left @ np.diag(mean) @ left.T)
        for at, rho in enumerate(rhos):
            shared = np.outer(mean, mean) * rho ** np.abs(np.subtract.outer(time, time))
            extra[at] += weight * sums(left @ shared @ left.T)
    excess = (seen[0] - usual[0]) / extra[:, 0]
    best = np.argmin(np.abs(usual[1] + excess * extra[:, 1] - seen[1]))
    lags = np.abs(np.subtract.outer(np.arange(months), np.arange(months)))
    return float(excess[best] * (rhos[best] ** lags).mean())


def _pooled_by_hand(now: np.ndarray, before: np.ndarray, at: int) -> list[float]:
    """Give median and limits of one area's change over a normal law of changes whose centre and spread are unknown.

    Centre and spread are summed over, on steps of their own; the change is integrated over by Simpson's rule.
    """
    theta = np.linspace(-6, 6, 961)
    likelihood = np.exp(
        [
            a * theta
            - (a + b) * np.logaddexp(0, theta)
            - (a * np.log(a / (a + b)) + b * np.log(b / (a + b)) if a * b else 0)
            for a, b in zip(now, before, strict=True)
        ]
    )
    centres, spreads = np.linspace(-1.59, 1.59, 107), np.linspace(0.02, 1.5, 75)
    posterior = np.zeros(len(theta))
    for centre in centres:
        for spread in spreads:
            law = norm.pdf(theta, centre, spread)
            own = simpson(likelihood * law, x=theta) / simpson(law, x=theta)
            prior = spread * np.exp(-((spread / 0.5) ** 2) / 2)
            posterior += prior * np.prod(own) / own[at] * likelihood[at] * law
    below = cumulative_trapezoid(posterior, theta, initial=0)
    return [float(np.exp(np.interp(one, below / below[-1], theta))) for one in (0.5, 0.025, 0.975)]


@pytest.mark.reference
def test_every_number_of_two_real_provinces_is_recomputed_from_the_file(reference_data: Path, home: Path) -> None:
    file = next(reference_data.rglob("ucdp_ged_syria_2016-2019*.csv.gz"))
    store = Store(home, "oir")
    store.add(read(file))
    exhibit = asked(store, filters=Filters(source="ucdp_ged"))
    found = exhibit.parts[0].table.set_index("Province")
    events = _placed_by_hand(file, store.theatre.boundaries)
    months = pd.period_range("2016-01", "2019-11", freq="M")
    counts = events.groupby(["admin1", "month"]).size().unstack(fill_value=0).reindex(columns=months, fill_value=0)
    syria = counts[counts.index.str.startswith("SY")]
    excess = _clustering_by_hand(syria, 12)
    assert excess > 0
    sums = [syria[span].sum(axis=1).to_numpy(dtype=float) for span in (months[-12:], months[-24:-12])]
    sizes = 1 + np.maximum(sum(sums) - 1, 0) * excess / (2 + excess)
    for code, name in (("SY-HL", "Aleppo"), ("SY-ID", "Idlib")):
        own = counts.loc[code]
        now, before = int(own[months[-12:]].sum()), int(own[months[-24:-12]].sum())
        row = found.loc[name]
        assert row[["Dec 2018 to Nov 2019", "Dec 2017 to Nov 2018"]].tolist() == [now, before]
        assert row["Last 24 months"] == own[months[-24:]].tolist()
        assert row["Change, %"] == round(100 * (now / before - 1))
        # the beta-binomial variance over the binomial one, then the exact interval of a share, by scipy
        shrink = 1 + (now + before - 1) * excess / (2 + excess)
        a, b = now / shrink, before / shrink
        share = [beta.ppf(0.025, a, b + 1), beta.ppf(0.975, a + 1, b)]
        assert row["Change, 95 % interval"] == limits(*(one / (1 - one) for one in share))
        pooled = _pooled_by_hand(*(one / sizes for one in sums), at=list(syria.index).index(code))
        assert row["Pooled change, %"] == round(100 * (pooled[0] - 1))
        assert row["Pooled, 95 % interval"] == limits(*pooled[1:])
        yearly, seen = _trend_by_hand(own.to_numpy(dtype=float))
        assert row["Would show from (a year)"].split(";")[0] == either(*seen)
        assert f"{row['Trend a year']} {row['Trend, 95 % interval']}" == f"{percent(yearly[0])} {limits(*yearly[1:])}"


# ---- in French -------------------------------------------------------------------------------------------------------

ASKED = (
    ("trend_table", {}), ("trend_table", {"areas": "groups", "span": "3 months"}), ("trends", {"frequency": "year"}),
    ("national_trend", {"frequency": "week"}), ("national_trend", {"frequency": "year", "per": "sorties"}),
    ("province_trend", {"province": "AF-KAN"}), ("trend_compare", {"first": "AF-KAB", "second": "AF-KAN"}),
    ("trend_methods", {"province": "AF-KAN"}),
)  # fmt: skip


@pytest.mark.parametrize(("analysis", "parameters"), ASKED)
@pytest.mark.parametrize("measure", ["incidents", "killed"])
def test_in_french_the_numbers_are_the_same_under_other_words(store, analysis, parameters, measure):
    filters = Filters(measure=measure)
    english = asked(store, analysis, filters, **parameters)
    with speaking("fr"):
        french = asked(store, analysis, filters, **parameters)
        shown = [list(headers(part).values()) for part in french.parts if part.kind == "table"]
    assert french.title != english.title and french.sentence != english.sentence
    assert len(french.caveats) == len(english.caveats)
    for one, other in zip(english.parts, french.parts, strict=True):
        assert one.alt != other.alt
        for name, frame in one.frames.items():
            assert list(frame) == list(other.frames[name]), "columns identify, and are not translated"
            numbers = [column for column in frame if pd.api.types.is_numeric_dtype(frame[column])]
            pd.testing.assert_frame_equal(frame[numbers], other.frames[name][numbers])
    assert not {"Trend a year", "95 % interval", "From", "Last 24 months"} & {head for heads in shown for head in heads}


def test_the_table_in_french_says_its_words_months_and_units_in_french(store):
    with speaking("fr"):
        exhibit = asked(store, filters=Filters(measure="killed"))
        heads = headers(exhibit.parts[0])
    assert heads["Jan to Dec 2012, civilians killed (best)"] == "janv. à déc. 2012, civils tués (meilleure)"
    assert heads["Trend (48 months)"] == "Tendance (48 mois)"
    word = exhibit.parts[0].table.set_index("Province")["Trend (48 months)"]
    land = exhibit.parts[1].frames["provinces"].set_index("name")["finding"]
    classes = {name for name, _ in exhibit.parts[1].encoding["classes"]}
    assert word["Kandahar"] == land["Kandahar"] == "en baisse" and set(land) <= classes
    assert "provinces en hausse\xa0: Kabul" in exhibit.sentence and "jusqu'en décembre 2012" in exhibit.sentence
    assert "rising" not in " ".join([exhibit.sentence, exhibit.parts[1].alt, *exhibit.caveats])
