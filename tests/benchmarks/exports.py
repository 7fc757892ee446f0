"""Speed of what leaves: decks, pictures and suppression; called by `tests.benchmarks.run`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from civmap.exhibits import Recipe, build
from civmap.exports import pictures, slides
from civmap.exports.prepare import prepare
from civmap.exports.prepared import Prepared
from civmap.exports.withhold import linked, withhold
from civmap.figures import paper
from civmap.filters import Filters
from civmap.store import Store
from tests.benchmarks.lines import Line, table

ROUNDS = 5
REPOSITORY = Path(__file__).resolve().parents[2]
UN = Filters(source="un_like")
JULY = {"directive": "ISAF-2009-07-02", "scope": "filters"}
TWELVE = {
    "incident_map": {}, "totals": {}, "hotspots": {}, "national_trend": {}, "trends": {}, "trend_table": {},
    "province_trend": {}, "directive": JULY, "directive_checks": JULY, "directive_specifications": JULY, "density": {},
    "published_totals": {},
}  # fmt: skip

# Run here, and in a process of its own for each picture: what it costs where nothing is kept between them.
_PART = """
import pandas as pd
from civmap.figures import paper
from civmap.figures.part import Part
months = pd.date_range("2007-01-01", periods=96, freq="MS")
frame = pd.DataFrame({"period": months, "value": range(96), "low": None, "high": None})
part = Part("series", "Harm", {"series": frame}, "96 months", {"unit": "incidents", "value_name": "Recorded"})
data = paper.picture(paper.draw(part), "png")
"""


def export_lines(folder: Path) -> list[Line]:
    """Measure a deck of twelve exhibits with and without maps, twenty pictures, and suppression."""
    store = Store(folder / "demonstration", "afghanistan")
    ready = [prepare(build(Recipe("afghanistan", name, what, UN), store), store) for name, what in TWELVE.items()]
    plain = [_without_maps(one) for one in ready]
    with_maps, without = (_median(lambda of=of: slides.deck(of)) for of in (ready, plain))
    series = next(one for one in ready if one.exhibit.recipe.analysis == "national_trend")
    twenty = _median(lambda: [pictures.pictures(series, ["png"]) for _ in range(10)], rounds=1)  # two parts each
    alone = _median(_one_by_itself, rounds=3)
    warm = _median(lambda: exec(_PART, {}))  # noqa: S102
    suppressed = _median(_suppress)
    return [
        Line("deck of 12 exhibits, warm, median of 5", f"{with_maps:.2f} s", "< 5 s", with_maps < 5),
        Line("  without maps", f"{without:.2f} s", "< 2 s", without < 2),
        Line("  maps / all of it", f"{1 - without / with_maps:.2f}", "-", None),
        Line("20 PNGs in one process", f"{twenty:.1f} s", "-", None),
        Line("  a PNG in a process of its own / one in a warm one", f"{alone / warm:.1f} times", ">= 5 times",
             alone / warm >= 5),
        Line("suppression of 34 x 60 with margins", f"{suppressed:.2f} s", "< 2 s", suppressed < 2),
    ]  # fmt: skip


def _without_maps(one: Prepared) -> Prepared:
    parts = tuple(part for part in one.exhibit.parts if part.kind not in paper.MAPS)
    return replace(one, exhibit=replace(one.exhibit, parts=parts))


def _one_by_itself() -> None:
    code = f"{_PART}\nprint(len(data))"
    told = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True)
    assert int(told.stdout) > 1000


def _suppress() -> None:
    """Withhold in a table of 34 provinces and 60 months, most cells small, sums of both told."""
    body = np.random.default_rng(0).poisson(3.0, (34, 60))
    size, at = body.size, np.arange(body.size).reshape(body.shape)
    values = np.concatenate([body.ravel(), body.sum(1), body.sum(0)])
    number = np.concatenate([np.repeat(np.arange(34), 60), 34 + np.tile(np.arange(60), 34), np.arange(94)])
    column = np.concatenate([at.ravel(), at.ravel(), size + np.arange(94)])
    sums = csr_array((np.repeat([1.0, -1.0], [2 * size, 94]), (number, column)))
    small = np.arange(len(values)) < size
    assert withhold(linked(values, sums, small=small, known=~small), smallest=5).mask.any()


def _median(do: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    do()  # warm
    took = []
    for _ in range(rounds):
        begin = time.perf_counter()
        do()
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as somewhere:
        print(table(export_lines(Path(somewhere))))
