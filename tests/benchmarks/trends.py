"""Speed of trends, each against what a user would run instead; called by `tests.benchmarks.run`.

`python -m tests.benchmarks.trends` prints these lines alone; `... trends FOLDER` also asks the store of the theatre oir
in that folder for the exhibits of the page. Wall time counts what else the machine does, processor time does not, but
it counts every core.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pymannkendall
import statsmodels.api as sm

from civmap import exhibits
from civmap.analysis import trends
from civmap.errors import AnalysisError
from civmap.filters import Filters
from civmap.store import Store
from tests.benchmarks.lines import Line, table

ROUNDS = 3
MONTHS = 180


def trend_lines() -> list[Line]:
    """Measure provinces and districts, and the loop that a user would write."""
    provinces, districts = drawn(34), drawn(400)
    ours = seconds(lambda: everything(provinces))
    many = seconds(lambda: everything(districts), rounds=1)
    loop = seconds(lambda: the_users_loop(provinces))
    incidents = records(provinces)
    grouped = seconds(lambda: incidents.groupby(["area", "period"]).size().unstack(fill_value=0))
    ratio = ours / loop
    return [
        Line(f"trends, 34 provinces x {MONTHS} months: words, rank tests, changes, pooling", f"{ours:.2f} s", "<= 1 s",
             ours <= 1),
        Line(f"  400 districts x {MONTHS} months", f"{many:.1f} s", "<= 10 s", many <= 10),
        Line("  ours / a loop over provinces with neither serial correlation nor pooling",
             f"{ratio:.2f} ({loop:.2f} s)", "", None),
        Line(f"  pandas groupby of {len(incidents):,} incidents alone", f"{grouped:.2f} s", "", None),
    ]  # fmt: skip


def page_lines(store: Store, filters: Iterable[Filters]) -> list[Line]:
    """Make the exhibits of the Trends page anew for each of many filters, as a change of a filter does."""
    asked = list(filters)
    make(store, asked[0].with_(admin1=("SY-TA",)))  # warms up, as a page does when it opens
    wall, processor = zip(*(make(store, one) for one in asked), strict=True)
    p95, middle = (1000 * float(np.quantile(wall, q)) for q in (0.95, 0.5))
    used, half = (1000 * float(np.quantile(processor, q)) for q in (0.95, 0.5))
    return [
        Line(f"trends page, {len(asked)} filters: table and lines, p95", f"{p95:.0f} ms (median {middle:.0f} ms)",
             "<= 300 ms", p95 <= 300),
        Line("  processor time of it, all cores", f"{used:.0f} ms (median {half:.0f} ms)", "", None),
    ]  # fmt: skip


def make(store: Store, filters: Filters) -> tuple[float, float]:
    """Build what the page shows first, and give seconds of wall and of processor time."""
    begin, used = time.perf_counter(), time.process_time()
    for analysis in ("trend_table", "trends", "national_trend"):
        exhibits.build(exhibits.Recipe(store.theatre.id, analysis, filters=filters), store)
    return time.perf_counter() - begin, time.process_time() - used


def drawn(areas: int) -> pd.DataFrame:
    """Seasonal over-dispersed counts, areas of unequal size."""
    rng = np.random.default_rng(0)
    month = np.arange(MONTHS)
    usual = np.exp(rng.normal(1, 1, areas))[:, None] * np.exp(0.5 * np.sin(2 * np.pi * month / 12))
    counts = rng.poisson(usual * rng.gamma(2, 0.5, (areas, MONTHS)))
    periods = pd.date_range("2007-01-01", periods=MONTHS, freq="MS")
    names = np.repeat([f"P{one:03}" for one in range(areas)], MONTHS)
    return pd.DataFrame({"area": names, "period": np.tile(periods, areas), "incidents": counts.ravel()})


def everything(panel: pd.DataFrame) -> None:
    """Make what the page shows of one panel, and every rank test."""
    trends.trend_words(panel)
    excess = trends.clustering(panel).of_sum(12)
    first = panel["period"].max() - pd.DateOffset(months=11)
    sums = trends.same_period(panel, first=first, periods=12, per_year=12, outcome="incidents")
    trends.change_limits(sums["now"], sums["before"], excess=excess)
    trends.pool_changes(sums["now"], sums["before"], excess=excess)
    for values in panel["incidents"].to_numpy(dtype=float).reshape(-1, MONTHS):
        for method in ("original", "hamed_rao", "seasonal"):
            with suppress(AnalysisError):  # Hamed-Rao has no answer where its variance falls below 0
                trends.mann_kendall(values, method=method)


def the_users_loop(panel: pd.DataFrame) -> None:
    """Fit a quasi-Poisson trend and the same rank tests province by province, without pooling."""
    month = np.arange(MONTHS)
    turn = 2 * np.pi * month / 12
    waves = [wave(k * turn) for k in (1, 2) for wave in (np.sin, np.cos)]
    design = np.column_stack([np.ones(MONTHS), month / 12, *waves])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # with many ties its variance can fall below 0
        for _, own in panel.groupby("area"):
            values = own["incidents"].to_numpy(dtype=float)
            sm.GLM(values, design, family=sm.families.Poisson()).fit(scale="X2")
            pymannkendall.original_test(values)
            pymannkendall.hamed_rao_modification_test(values)
            pymannkendall.seasonal_test(values, period=12)


def records(panel: pd.DataFrame) -> pd.DataFrame:
    """Write the panel as a million incidents, one row each."""
    counts = panel["incidents"].to_numpy()
    return panel.loc[np.repeat(panel.index, counts * max(1_000_000 // counts.sum(), 1)), ["area", "period"]]


def seconds(work: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    """Take the median time of some rounds after one that warms up."""
    if rounds > 1:
        work()
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


if __name__ == "__main__":
    found = trend_lines()
    if len(sys.argv) > 1:
        from tests.benchmarks.run import fifty_filters

        found += page_lines(Store(Path(sys.argv[1]), "oir"), fifty_filters())
    print(table(found))
