"""Speed of one directive with everything that belongs beside it, against a plain loop of statsmodels formula fits.

The last lines ask the demonstration as the page does: counts from the store, the models, and finished exhibits.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf

from civmap.analysis.fragility import look_beside
from civmap.analysis.interventions import interrupted_time_series, summarise
from civmap.analysis.specifications import specification_curve
from civmap.exhibits import Recipe, build
from civmap.exhibits.directives import beside
from civmap.filters import Filters
from civmap.store import Store
from tests.benchmarks.lines import Line

ROUNDS = 3
DATE = pd.Timestamp("2012-01-01")
WINDOWS, HARMONICS = (12, 18, 24, 30, 36), (0, 1, 2)


def directives() -> list[Line]:
    """Measure the first answer, the whole of it, and a specification curve against formula fits."""
    panel = example()
    incidents = pd.DataFrame({"event_date": panel["period"], "killed": panel["killed"]})

    def first() -> None:
        found = interrupted_time_series(panel, at=DATE, outcome="air")
        summarise(found, name="January 2012 directive")

    def everything() -> None:
        look_beside(
            panel,
            at=DATE,
            outcome="air",
            controls=["ground"],
            attribution=("air", "nobody"),
            counts={"killed": "killed", "injured": "injured"},
            activity="strikes",
            elsewhere={"ground fire": "ground", "mines": "mines", "neighbouring provinces": "near"},
            incidents=incidents,
            people="killed",
        )

    first()  # a page has fitted a model before anyone asks for a second
    answer, whole = (_median(work) for work in (first, everything))
    families = ("quasipoisson", "gaussian")
    ours = _median(lambda: specification_curve(panel, at=DATE, outcome="air", windows=WINDOWS, families=families))
    theirs = _median(lambda: formula_fits(panel))
    return [
        Line("directive: first answer", f"{1000 * answer:.0f} ms", "<= 500 ms", answer <= 0.5),
        Line("  everything beside it", f"{whole:.1f} s", "<= 5 s", whole <= 5),
        Line(
            f"  {len(WINDOWS) * len(HARMONICS) * 2} specifications: ours (18 correlations each) / formula fits (none)",
            f"{ours / theirs:.2f} ({ours:.2f} s / {theirs:.2f} s)",
            "",
            None,
        ),
        *page(),
    ]


def page() -> list[Line]:
    """Measure the steps of the Directives page on the demonstration, each directive asked for the first time."""
    with tempfile.TemporaryDirectory(prefix="civmap-bench-") as home:
        store = Store(home, "afghanistan")
        build(_recipe("national_trend", {}), store)  # the store is open before anyone asks for a directive
        first, whole = [], []
        for name in ("ISAF-2009-07-02", "ISAF-2010-01-23", "ISAF-2010-08-01"):
            asked = {"directive": name}
            begin = time.perf_counter()
            for step in ("directive_text", "directive_detectable", "directive"):
                build(_recipe(step, asked), store)
            first.append(time.perf_counter() - begin)
            beside(_recipe("directive", asked), store)
            for step in ("checks", "specifications", "needed"):
                build(_recipe(f"directive_{step}", asked), store)
            build(_recipe("directive_tallies", {**asked, "second": "isaf_like"}), store)
            whole.append(time.perf_counter() - begin)
    answer, everything = statistics.median(first), statistics.median(whole)
    return [
        Line("  page on the demonstration: text, what could be seen, answer", f"{1000 * answer:.0f} ms", "<= 500 ms",
             answer <= 0.5),
        Line("  and all that stands beside it, with a second tally", f"{everything:.1f} s", "<= 5 s", everything <= 5),
    ]  # fmt: skip


def _recipe(analysis: str, asked: dict[str, str]) -> Recipe:
    return Recipe("afghanistan", analysis, asked, Filters(source="un_like"))


def example() -> pd.DataFrame:
    """Eight years of months, seasonal and over-dispersed, with a fall of the first count half way."""
    generator = np.random.default_rng(0)
    months = np.arange(96)
    usual = np.exp(0.5 * np.sin(2 * np.pi * months / 12))

    def counts(mean: float, after: float = 1.0) -> np.ndarray:
        return generator.poisson(generator.gamma(8, mean / 8, 96) * usual * np.where(months >= 48, after, 1))

    air = counts(40, 0.4)
    return pd.DataFrame(
        {
            "period": pd.date_range("2008-01-01", periods=96, freq="MS"),
            "air": air, "ground": counts(60), "mines": counts(90), "near": counts(20), "nobody": counts(4),
            "strikes": counts(400) + 1, "killed": 3 * air, "injured": 4 * air + 1,
        }
    )  # fmt: skip


def formula_fits(panel: pd.DataFrame) -> None:
    """Fit the same specifications as one would write them by hand, without any serial correlation."""
    month = np.arange(len(panel))
    at = int((panel["period"] < DATE).sum())
    frame = panel.assign(t=month, after=(month >= at) * 1, turn=2 * np.pi * month / 12)
    season = {0: "", 1: " + np.sin(turn) + np.cos(turn)"}
    season[2] = season[1] + " + np.sin(2 * turn) + np.cos(2 * turn)"
    laws = (sm.families.Poisson(), sm.families.Gaussian(sm.families.links.Log()))
    for window, waves, law in product(WINDOWS, HARMONICS, laws):
        part = frame[(month >= at - window) & (month < at + window)]
        smf.glm("air ~ t + after" + season[waves], part, family=law).fit(scale="X2").conf_int()


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)
