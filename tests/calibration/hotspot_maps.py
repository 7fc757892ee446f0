"""Maps whose truth is known, for docs/hotspots.md: `python -m tests.calibration.hotspot_maps` writes its tables again.

Some minutes on one processor. Every map has its own seed, so that a longer run begins with the maps of a shorter one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from civmap.analysis.earlier import hotter_than_before, scatter_elsewhere
from civmap.analysis.hotspots import estimate_dispersion, hotspots
from tests.analysis.grids import grid_graph

DOCS = Path(__file__).resolve().parents[2] / "docs" / "hotspots.md"
SIDE, MAPS, PLANTED_MAPS, EARLIER_MAPS = 20, 2000, 500, 100
MEANS = (0.05, 0.5, 5.0)
GRAPH = grid_graph(SIDE)
BLOCK = [(row, column) for row in (9, 10, 11) for column in (9, 10, 11)]
INSIDE = np.array([row * SIDE + column for row, column in BLOCK])
CENTRE = 10 * SIDE + 10
NEAR = np.array([row * SIDE + column for row in range(7, 14) for column in range(7, 14)])  # windows that touch it
UNEVEN = np.exp(np.random.default_rng(1).normal(0, 1.2, SIDE * SIDE))  # levels of places that differ as real ones do
ACROSS = np.tile(np.arange(SIDE), SIDE) / (SIDE - 1)  # 0 in the west, 1 in the east

Draw = Callable[[np.random.Generator], np.ndarray]


def poisson(mean: float | np.ndarray) -> Draw:
    return lambda generator: generator.poisson(mean, SIDE * SIDE)


def scattered(mean: float, k: float) -> Draw:
    return lambda generator: generator.negative_binomial(k, k / (k + mean), SIDE * SIDE)


def judged(draw: Draw, maps: int, *, dispersion: float | str | None = None, exposure: np.ndarray | None = None
           ) -> Iterator[pd.DataFrame]:  # fmt: skip
    """Draw maps one after another and decide on each."""
    weights = None if exposure is None else pd.Series(exposure)
    for number in range(maps):
        counts = pd.Series(draw(np.random.default_rng([number, 2009])))
        if dispersion == "estimated":
            k = estimate_dispersion(counts, exposure=weights) if counts.any() else None
            yield hotspots(counts, GRAPH, exposure=weights, dispersion=k)
        else:
            yield hotspots(counts, GRAPH, exposure=weights, dispersion=dispersion)  # type: ignore[arg-type]


def noise(draw: Draw, maps: int, **options: object) -> dict[str, float]:
    """Give the share of maps with any hot cell; without the support rule; and of windows that had an answer."""
    hot = bare = answered = 0.0
    for found in judged(draw, maps, **options):  # type: ignore[arg-type]
        hot += found["hot"].any()
        bare += ((found["q"] <= 0.05) & (found["ratio"] >= 2)).any()
        answered += found["answer"].mean()
    return {"hot": hot / maps, "without_support": bare / maps, "answered": answered / maps}


def planted(mean: float, times: float, maps: int, k: float | None = None) -> dict[str, float]:
    """Multiply the middle block of 3 x 3 and give how often it is found, and how often anything far from it."""
    means = np.full(SIDE * SIDE, mean)
    means[INSIDE] *= times
    draw = poisson(means) if k is None else (lambda g: g.negative_binomial(k, k / (k + means)))
    centre = block = far = 0.0
    for found in judged(draw, maps, dispersion=None if k is None else "estimated"):
        hot = found["hot"].to_numpy()
        centre += hot[CENTRE]
        block += hot[INSIDE].any()
        far += np.delete(hot, NEAR).any()
    return {"centre": centre / maps, "any": block / maps, "elsewhere": far / maps}


def noise_table(maps: int = MAPS) -> str:
    rows = []
    for mean in MEANS:
        rows.append((f"Poisson, mean {mean:g}", "none", noise(poisson(mean), maps)))
    for mean in MEANS:
        rows.append((f"k = 2, mean {mean:g}", "k = 2", noise(scattered(mean, 2), maps, dispersion=2.0)))
    for mean in MEANS:
        rows.append((f"k = 2, mean {mean:g}", "estimated", noise(scattered(mean, 2), maps, dispersion="estimated")))
    for mean in MEANS:
        rows.append((f"k = 2, mean {mean:g}", "none (wrong)", noise(scattered(mean, 2), maps)))
    head = "| cells | dispersion | maps with a hot cell | without the support rule | windows answered |\n"
    return head + "|---|---|---|---|---|\n" + "\n".join(
        f"| {cells} | {option} | {_percent(found['hot'])} | {_percent(found['without_support'])} | "
        f"{found['answered']:.0%} |" for cells, option, found in rows
    )  # fmt: skip


def power_table(maps: int = PLANTED_MAPS) -> str:
    head = "| cells | block times | block found | its middle hot | hot far from it |\n|---|---|---|---|---|\n"
    lines = []
    for mean, k in ((0.5, None), (5.0, None), (5.0, 2.0)):
        for times in (2, 3, 4, 6, 10):
            found = planted(mean, times, maps, k)
            cells = f"Poisson, mean {mean:g}" if k is None else f"k = {k:g}, mean {mean:g}, estimated"
            lines.append(f"| {cells} | {times} | {_percent(found['any'])} | {_percent(found['centre'])} | "
                         f"{_percent(found['elsewhere'])} |")  # fmt: skip
    return head + "\n".join(lines)


def background_table(maps: int = PLANTED_MAPS) -> str:
    head = "| truth, west to east | mean | exposure given | maps with a hot cell | cells hot on average |\n"
    lines = []
    for steepness in (2, 4, 8):
        truth = steepness**ACROSS / (steepness**ACROSS).mean()
        for mean in (0.5, 5.0):
            for name, exposure in (("the same everywhere (wrong)", None), ("the true one", truth)):
                hot = [found["hot"].sum() for found in judged(poisson(mean * truth), maps, exposure=exposure)]
                lines.append(f"| rises {steepness} times | {mean:g} | {name} | {_percent(np.mean(np.array(hot) > 0))} "
                             f"| {np.mean(hot):.2g} |")  # fmt: skip
    return head + "|---|---|---|---|---|\n" + "\n".join(lines)


def earlier_table(maps: int = EARLIER_MAPS) -> str:
    """Compare two periods of the same uneven levels, and of levels of which the middle block grew."""
    head = (
        "| cells of both periods | block times | hot, scatter estimated | hot, scatter ignored | hot, earlier counts "
        "taken as known |\n|---|---|---|---|---|\n"
    )
    lines = []
    for mean, k, times in (
        (0.5, None, 1),
        (5.0, None, 1),
        (0.5, 2, 1),
        (5.0, 2, 1),
        (5.0, None, 4),
        (5.0, 2, 4),
        (5.0, 2, 10),
    ):
        hot = np.array([two_periods(number, mean, k, times) for number in range(maps)])
        cells = f"Poisson, mean {mean:g}" if k is None else f"k = {k}, mean {mean:g}"
        lines.append(f"| {cells} | {times} | " + " | ".join(_percent(share) for share in hot.mean(axis=0)) + " |")
    return head + "\n".join(lines)


def two_periods(number: int, mean: float, k: float | None, times: float) -> tuple[bool, bool, bool]:
    """Say whether the grown block is found, or any cell where none grew: allowing for scatter, without, and naively."""
    generator = np.random.default_rng([number, 2010])
    grown = np.ones(SIDE * SIDE)
    grown[INSIDE] = times
    burst = [1.0 if k is None else generator.gamma(k, 1 / k, SIDE * SIDE) for _ in "12"]
    before, now = (pd.Series(generator.poisson(mean * UNEVEN * one)) for one in (burst[0], burst[1] * grown))
    scatter = scatter_elsewhere(now, before, GRAPH)
    where = INSIDE if times > 1 else slice(None)
    return (
        hotter_than_before(now, before, GRAPH, scatter=scatter)["hot"].to_numpy()[where].any(),
        hotter_than_before(now, before, GRAPH)["hot"].to_numpy()[where].any(),
        hotspots(now, GRAPH, exposure=before)["hot"].to_numpy()[where].any(),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


TABLES = {"noise": noise_table, "power": power_table, "background": background_table, "earlier": earlier_table}


def written(name: str) -> str:
    """Give a table as it stands in the docs."""
    found = re.search(_marks(name), DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"docs/hotspots.md has no table {name}"
    return found[2]


def main() -> None:
    """Write all tables into the docs."""
    text = DOCS.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        table = make()
        text = re.sub(_marks(name), lambda found, new=table: found[1] + new + found[3], text, flags=re.DOTALL)
    DOCS.write_text(text, encoding="utf-8")


def _marks(name: str) -> str:
    return rf"(<!-- {name} -->\n)(.*?)(\n<!-- end -->)"


if __name__ == "__main__":
    main()
