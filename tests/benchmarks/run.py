"""Benchmarks: `python -m tests.benchmarks.run` prints one table of ratios, each measured within one run.

No test asserts on these times. The reference data is needed (CIVMAP_REFERENCE_DATA); the files made from it stay in
a temporary folder and are removed at the end.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import cycle, islice, product
from pathlib import Path

import numpy as np
import pandas as pd

from civmap import queries
from civmap.filters import Filters
from civmap.readers import ReadResult, read
from civmap.simulate import simulate, write_demonstration
from civmap.store import Store
from civmap.theatre import load_theatre
from tests.benchmarks.air import air_lines
from tests.benchmarks.directives import directives
from tests.benchmarks.exports import export_lines
from tests.benchmarks.hotspots import hotspot_lines, hotspot_page_lines
from tests.benchmarks.lines import Line, table
from tests.benchmarks.sources import source_lines
from tests.benchmarks.trends import page_lines, trend_lines

ROUNDS = 3  # a whole run of ours, then of theirs, and so on: the median of each
SYRIA = "ucdp/ucdp_ged_syria_2016-2019_v652.1601.1911.csv.gz"
REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> None:
    """Measure everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000, help="rows of the GED file that is ingested")
    parser.add_argument("--acled-rows", type=int, default=1_000_000, help="rows of the ACLED-like file")
    parser.add_argument("--incidents", type=int, default=1_000_000, help="incidents in the store that is asked")
    options = parser.parse_args()
    reference = Path(os.environ.get("CIVMAP_REFERENCE_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (reference / SYRIA).is_file():
        sys.exit(f"The benchmarks need {SYRIA}; set CIVMAP_REFERENCE_DATA to the folder of the reference data.")
    with tempfile.TemporaryDirectory(prefix="civmap-bench-") as folder:
        lines = [
            *source_lines(
                reference, reference / SYRIA, Path(folder), ged_rows=options.rows, acled_rows=options.acled_rows
            ),
            *questions(reference / SYRIA, Path(folder), incidents=options.incidents),
            *deck(reference / SYRIA, Path(folder), incidents=options.rows),
            *simulator(Path(folder), incidents=options.incidents),
            *hotspot_lines(),
            *directives(),
            *trend_lines(),
            *export_lines(Path(folder)),
            *air_lines(Path(folder), rows=[50_000_000]),
        ]
    print(table(lines))


# ---- 1: questions to a large store, now and as known on a day ------------------------------------------------------


def questions(source: Path, folder: Path, *, incidents: int) -> list[Line]:
    """Ask a large store for the frames of map and trend under 50 different filters."""
    result = repeated(read(source), incidents)
    store = Store(folder / "large", "oir")
    store.add(result, known_at=date(2020, 1, 1))
    store.add(revised(result, every=5), known_at=date(2021, 1, 1))
    store.query("SELECT count(*) FROM incidents")

    def ask(filters: Filters, day: date | None) -> None:
        queries.cells(store, filters, as_known_on=day)
        queries.panel(store, filters, as_known_on=day)

    now = _times(lambda filters: ask(filters, None))
    day = date(2020, 6, 30)
    then = _times(lambda filters: ask(filters, day))
    known = store.query(
        "SELECT source, source_id, known_from, event_date, admin1, cell, civilians_killed_best FROM incidents"
    ).sample(frac=1, random_state=0, ignore_index=True)
    moment = pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1)

    def sort_and_drop() -> None:
        seen = known[known["known_from"] < moment].sort_values(["source", "source_id", "known_from"])
        seen.drop_duplicates(["source", "source_id"], keep="last")

    theirs = statistics.median(_seconds(sort_and_drop) for _ in range(ROUNDS))
    faster = theirs / statistics.median(then)
    asked = f"{incidents:,} incidents, {len(known):,} records"
    return [
        _milliseconds(f"map and trend, 50 filters ({asked}), p95", now, target=60),
        _milliseconds("  as known on a day, p95", then, target=None),
        Line("  pandas sort and drop_duplicates / ours, median", f"{faster:.1f} times", ">= 4 times", faster >= 4),
        *page_lines(store, fifty_filters()),
        *hotspot_page_lines(store),
    ]


def repeated(result: ReadResult, rows: int) -> ReadResult:
    """Repeat records with fresh ids, spread over more years and, by a few km, over more cells."""
    generator = np.random.default_rng(0)
    records = result.records.iloc[np.arange(rows) % len(result.records)].reset_index(drop=True)
    shift = pd.Series(pd.to_timedelta(generator.integers(-1500, 0, rows), unit="D"))
    for column in ("event_date", "event_date_end"):
        records[column] = (records[column] + shift).astype(records[column].dtype)
    records["source_id"] = pd.Series(np.arange(rows).astype("str"), dtype="str")
    moved = records.geometry.translate(0, 0)
    points = np.column_stack([moved.x, moved.y]) + generator.normal(0, 0.05, (rows, 2))
    import geopandas as gpd

    records = records.set_geometry(gpd.GeoSeries(gpd.points_from_xy(*points.T), crs=records.crs))
    provenance = replace(result.provenance, sha256="repeated", read=rows)
    return ReadResult(records, result.rejected.head(0), provenance)


def revised(result: ReadResult, *, every: int) -> ReadResult:
    """Say one more death in every so many records, as a later release would."""
    records = result.records.iloc[::every].reset_index(drop=True)
    for column in ("civilians_killed_min", "civilians_killed_best", "civilians_killed_max"):
        records[column] = records[column] + 1
    return ReadResult(records, result.rejected, replace(result.provenance, sha256="revised", read=len(records)))


def fifty_filters() -> Iterator[Filters]:
    """Give 50 different filters as a person would set them one after another."""
    years = [(None, None), (date(2016, 1, 1), date(2017, 12, 31)), (date(2014, 5, 1), None), (None, date(2018, 6, 30))]
    places = [(), ("SY-HL",), ("SY-RA", "SY-DY", "SY-ID")]
    parties = [(), ("syria_government",), ("islamic_state", "coalition")]
    measures = cycle(["incidents", "killed", "casualties"])
    precisions = cycle([(), ("exact", "settlement")])
    modes = cycle([True, True, False])
    made = (
        Filters(
            source="ucdp_ged", date_from=years_[0], date_to=years_[1], admin1=place, parties=party,
            measure=next(measures), precisions=next(precisions), harm_only=next(modes),
        )
        for years_, place, party in cycle(product(years, places, parties))
    )  # fmt: skip
    return islice(made, 50)


def _times(ask: Callable[[Filters], None]) -> list[float]:
    filters = list(fifty_filters())
    ask(filters[0].with_(admin1=("SY-TA",)))  # the first one warms up, as a page does when it opens
    return [_seconds(lambda one=one: ask(one)) for one in filters]


def _seconds(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _milliseconds(what: str, times: list[float], *, target: float | None) -> Line:
    p95, middle = (1000 * float(np.quantile(times, q)) for q in (0.95, 0.5))
    wanted = f"<= {target:.0f} ms" if target else ""
    return Line(what, f"{p95:.0f} ms (median {middle:.0f} ms)", wanted, p95 <= target if target else None)


# ---- 2: how much the browser is sent --------------------------------------------------------------------------------


def deck(source: Path, folder: Path, *, incidents: int) -> list[Line]:
    """Measure the JSON of the Situation map."""
    what = f"Situation map at {incidents:,} incidents, len(deck.to_json())"
    try:
        from civmap import exhibits
        from civmap.figures import maps
    except ImportError as error:
        return [Line(what, f"not yet runnable: {error}", "<= 500 kB", None)]
    store = Store(folder / "map", "oir")
    store.add(repeated(read(source), incidents), known_at=date(2020, 1, 1))
    exhibit = exhibits.build(exhibits.Recipe("oir", "incident_map", filters=Filters(source="ucdp_ged")), store)
    length = sum(len(maps.deck(part).to_json()) for part in exhibit.parts if part.kind == "cells")
    return [Line(what, f"{length / 1000:,.0f} kB", "<= 500 kB", length <= 500_000)]


# ---- 3: data with known truth --------------------------------------------------------------------------------------


def simulator(folder: Path, *, incidents: int) -> list[Line]:
    """Simulate so many true incidents in eight years with all that is planted, and make the demonstration."""
    theatre = load_theatre("afghanistan")
    years = {"start": date(2007, 1, 1), "end": date(2014, 12, 31)}
    a_month = incidents / 96 * 1.04  # season, trends and effects leave a little less than asked for
    made: list[int] = []

    def many() -> None:
        made.append(len(simulate(theatre, **years, incidents_per_month=a_month).truth.incidents))

    taken = statistics.median(_seconds(many) for _ in range(ROUNDS))
    shown = statistics.median(_seconds(lambda: write_demonstration(folder / "made")) for _ in range(ROUNDS))
    return [
        Line(f"simulate {made[0]:,} incidents, two tallies", f"{taken:.1f} s", "< 10 s", taken < 10),
        Line("  the demonstration, written as loads", f"{shown:.1f} s", "< 5 s", shown < 5),
    ]


if __name__ == "__main__":
    main()
