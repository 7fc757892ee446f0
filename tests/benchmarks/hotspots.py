"""Speed of the hotspot analyses, each against what a user would run instead; called by `tests.benchmarks.run`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from esda import G_Local
from scipy.stats import binomtest, gaussian_kde
from shapely.geometry import box

from civmap import exhibits
from civmap.analysis.density import density
from civmap.analysis.drawn import hot_by_earlier, hot_by_exposure
from civmap.analysis.earlier import hotter_than_before, scatter_elsewhere
from civmap.analysis.emerging import emerging
from civmap.analysis.hotspots import hotspots
from civmap.figures import maps
from civmap.filters import Filters
from civmap.store import Store
from tests.analysis.grids import grid_graph
from tests.benchmarks.lines import Line, table

ROUNDS = 3
REPOSITORY = Path(__file__).resolve().parents[2]

# In a process of its own, for its peak memory; prints seconds and MB.
_SCAN = """
import sys, time
import numpy as np, pandas as pd
from civmap.analysis.scan import space_time_scan
generator = np.random.default_rng(0)
places = pd.DataFrame({"place": range(300), "x": generator.uniform(0, 8e5, 300), "y": generator.uniform(0, 8e5, 300)})
cases = pd.DataFrame({"place": generator.integers(0, 300, 2000), "count": 1,
                      "period": np.append([0, 59], generator.integers(0, 60, 1998))})
told = []
begin = time.perf_counter()
found = space_time_scan(cases, places, max_radius_km=float(sys.argv[1]), max_periods=int(sys.argv[2]),
                        progress=told.append)
seconds = time.perf_counter() - begin
assert told[-1] == 1 and len(found)
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]  # since exec, unlike ru_maxrss
print(seconds, int(peak[0].split()[1]) / 1000)
"""


def hotspot_lines() -> list[Line]:
    """Measure the decisions, those on many draws, the patterns over time, the density and the scan."""
    return [*decision(), *before(), *draws(), *over_time(), *surface(), *scan()]


def decision(rows: int = 200, columns: int = 250) -> list[Line]:
    """Decide on 50,000 cells, against 999 permutations of esda, compiled beforehand where numba is installed."""
    graph = grid_graph(rows, columns)
    generator = np.random.default_rng(1)
    counts = pd.Series(generator.poisson(0.5, rows * columns))
    people = pd.Series(generator.gamma(0.5, 1000, rows * columns))
    with_self = graph.assign_self_weight()

    def theirs(permutations: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of its own default test and, without numba, of being slow
            G_Local(counts.to_numpy(dtype=float), with_self, transform="B", star=True, permutations=permutations)

    theirs(9)
    hotspots(counts, graph)
    taken = _median(lambda: theirs(999), rounds=1)
    ours = _median(lambda: hotspots(counts, graph))
    uneven = _median(lambda: hotspots(counts, graph, exposure=people))
    what = f"hotspots, {rows * columns:,} cells: esda.G_Local ({_numba()}, 999 permutations) / ours"
    return [
        _ratio(what, taken, ours, least=20),
        _ratio("  with an exposure for each cell", taken, uneven, least=20),
    ]


def before(rows: int = 200, columns: int = 250, tried: int = 2_000) -> list[Line]:
    """Compare 50,000 windows with an earlier period, against scipy's test of one window after another."""
    graph, generator = grid_graph(rows, columns), np.random.default_rng(5)
    level = generator.lognormal(0, 1.2, rows * columns)
    now, old = (pd.Series(generator.poisson(level)) for _ in range(2))
    pairs = list(zip(now[:tried], now[:tried] + old[:tried], strict=True))
    share = now.sum() / (now.sum() + old.sum())

    def theirs() -> None:
        for k, n in pairs:
            if n:
                test = binomtest(int(k), int(n), share, alternative="greater")
                test.proportion_ci(0.95, "exact")

    ours = _median(lambda: hotter_than_before(now, old, graph))
    taken = _median(theirs) * rows * columns / tried
    fewer = 5_000  # as many cells as a theatre has; what takes long are the windows that move
    small, part = grid_graph(fewer // 50, 50), slice(0, fewer)
    moved = pd.Series(generator.poisson(level[part] * generator.gamma(2, 0.5, fewer)))
    scatter = _median(lambda: scatter_elsewhere(moved, old[part], small), rounds=1)
    return [
        _ratio(f"earlier, {rows * columns:,} cells: scipy.stats.binomtest (from {tried:,} of them) / ours", taken, ours,
               least=20),
        Line(f"  scatter estimated for each window of {fewer:,} cells that come and go", f"{scatter:.1f} s", "", None),
    ]  # fmt: skip


def draws(side: int = 50, number: int = 100) -> list[Line]:
    """Decide on 100 draws of 2,500 cells at once, against the function of a single map on each of them."""
    graph, generator = grid_graph(side), np.random.default_rng(6)
    now, old = (generator.poisson(2, (side * side, number)) for _ in range(2))
    seen, area = pd.Series(True, index=range(side * side)), pd.Series(1.0, index=range(side * side))

    def one_by_one() -> None:
        for draw in range(number):
            hotspots(pd.Series(now[:, draw]), graph, exposure=area)

    def one_by_one_earlier() -> None:
        for draw in range(number):
            hotter_than_before(pd.Series(now[:, draw]), pd.Series(old[:, draw]), graph)

    what = f"drawn, {number} draws of {side * side:,} cells"
    return [
        _ratio(f"{what}: hotspots on each / at once", _median(one_by_one, rounds=1),
               _median(lambda: hot_by_exposure(now, seen, graph, exposure=area)), least=2),
        _ratio(f"{what}: hotter_than_before on each / at once", _median(one_by_one_earlier, rounds=1),
               _median(lambda: hot_by_earlier(now, old, seen, graph)), least=2),
    ]  # fmt: skip


def hotspot_page_lines(store: Store, source: str = "ucdp_ged") -> list[Line]:
    """Make anew what the page shows first, of a large store, with the map's JSON; each is made once beforehand."""
    incidents = int(store.query("SELECT count(*) AS n FROM incidents")["n"].iloc[0])
    lines = []
    for unit in ("cells", "provinces"):
        for exposure in ("earlier", "area"):
            recipe = exhibits.Recipe(
                store.theatre.id, "hotspots", {"unit": unit, "exposure": exposure}, Filters(source=source)
            )
            exhibits.build(recipe, store)
            taken = _median(lambda recipe=recipe: _picture(recipe, store))
            sent = _picture(recipe, store)
            what = f"hotspots page, {incidents:,} incidents, {unit}, compared with {exposure}"
            lines.append(Line(what, f"{taken:.2f} s, map {sent / 1000:,.0f} kB", "", None))
    return lines


def _picture(recipe: exhibits.Recipe, store: Store) -> int:
    exhibit = exhibits.build(recipe, store)
    return len(maps.deck(exhibit.parts[0]).to_json())


def over_time(side: int = 71, periods: int = 120) -> list[Line]:
    """Tell 5,000 cells over 120 months apart."""
    cube = pd.DataFrame(np.random.default_rng(2).poisson(1, (side * side, periods)))
    graph = grid_graph(side)
    emerging(cube, graph)
    taken = _median(lambda: emerging(cube, graph))
    return [Line(f"emerging, {side * side:,} cells x {periods} months", f"{taken:.2f} s", "<= 1 s", taken <= 1)]


def surface(number: int = 400_000, cells: int = 512, tried: int = 192) -> list[Line]:
    """Draw 400,000 points on 512 x 512, against gaussian_kde on some of those places.

    What one more place costs it, from two numbers of places, is taken for all of them; its fixed cost is left out.
    """
    at = np.random.default_rng(3).normal(500_000, 150_000, (2, number))
    points, border = gpd.GeoSeries.from_xy(*at, crs="EPSG:6933"), box(0, 0, 1e6, 1e6)
    kernel = gaussian_kde(at, bw_method=25_000 / 150_000)
    places = np.random.default_rng(4).uniform(0, 1e6, (2, tried))
    kernel(places[:, :8])
    half, whole = (_median(lambda n=n: kernel(places[:, :n])) for n in (tried // 2, tried))
    density(points, border, bandwidth_km=25, cells=cells)
    ours = _median(lambda: density(points, border, bandwidth_km=25, cells=cells))
    theirs = (whole - half) / (tried - tried // 2) * cells**2
    return [
        _ratio(f"density, {number:,} points on {cells} x {cells}: gaussian_kde / ours", theirs, ours, least=1000),
        Line(f"  gaussian_kde extrapolated to {cells**2:,} places from {tried // 2} and {tried}",
             f"{half:.2f} s, {whole:.2f} s", "", None),
    ]  # fmt: skip


def scan() -> list[Line]:
    """Scan 2,000 incidents in 300 places and 60 periods, 999 simulations, two sizes of search."""
    lines = []
    for radius_km, longest in ((100, 6), (200, 12)):
        done = subprocess.run(
            [sys.executable, "-c", _SCAN, str(radius_km), str(longest)], cwd=REPOSITORY, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        seconds, megabytes = (float(part) for part in done.stdout.split())
        what = f"scan, 2,000 incidents, 300 places, 60 periods, 999 simulations, {radius_km} km, {longest} periods"
        lines.append(Line(what, f"{seconds:.1f} s", "<= 30 s", seconds <= 30))
        lines.append(Line("  peak memory", f"{megabytes:,.0f} MB", "<= 1,000 MB", megabytes <= 1000))
    return lines


def _ratio(what: str, theirs: float, ours: float, *, least: float) -> Line:
    ratio = theirs / ours
    return Line(what, f"{ratio:,.0f} times ({theirs:,.1f} s / {ours:.3f} s)", f">= {least:,.0f} times", ratio >= least)


def _median(work: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def _numba() -> str:
    try:
        import numba
    except ImportError:
        return "without numba"
    return f"numba {numba.__version__}"


if __name__ == "__main__":
    # the folder of a large store of theatre oir may follow: the page is then measured on it too
    found = hotspot_lines()
    if len(sys.argv) > 1:
        found += hotspot_page_lines(Store(Path(sys.argv[1]), "oir"))
    print(table(found))
