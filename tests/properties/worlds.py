"""Small simulated wars drawn by hypothesis, the files that their tallies publish, and stores that loaded them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import Phase, settings
from hypothesis import strategies as st

from civmap.readers import ReadResult, read
from civmap.simulate import Simulated, plain_plan, simulate
from civmap.store import Store
from civmap.theatre import Theatre, load_theatre
from tests.properties.formats import FORMATS

START = date(2009, 11, 15)  # a new year comes early
TALLIES = ("isaf_like", "press_like")  # one judges harm alleged against it, one knows no injured
ABROAD = "AF-HER"  # where the war is too, but no province of the theatre
PROVINCES = ("AF-KAB", "AF-HEL", "AF-KAN", "AF-BAM")

# Each example makes, writes and reads a war of its own: few of them, but others in every run. One that fails is small
# enough to be looked at as it was drawn; to shrink it would take minutes.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
a_few = settings(max_examples=4, phases=_PHASES)
a_few_of_each = settings(max_examples=3, phases=_PHASES)  # where every format has its own


@dataclass(frozen=True)
class World:
    """What is drawn: where, how long and how wild the war is, and how its two tallies publish it."""

    seed: int
    provinces: tuple[str, ...]
    days: int
    incidents_per_month: int
    faults: float
    releases: tuple[int, int]

    @property
    def theatre(self) -> Theatre:
        """Some provinces, without those around them and without the demonstration that fills an empty store."""
        return _part_of_afghanistan(self.provinces)

    @property
    def made(self) -> Simulated:
        return _simulated(self)

    def release_days(self, tally: int) -> tuple[date, ...]:
        """Even over the war and a little beyond; what is reported later is in no file."""
        number = self.releases[tally]
        return tuple(START + timedelta(days=(self.days + 30) * (n + 1) // number) for n in range(number))


@lru_cache
def _part_of_afghanistan(provinces: tuple[str, ...]) -> Theatre:
    whole = load_theatre("afghanistan")
    return replace(whole, boundaries=whole.boundaries.loc[[*provinces]], demonstration=None)


@lru_cache(maxsize=64)
def _simulated(world: World) -> Simulated:
    theatre = _part_of_afghanistan((*world.provinces, ABROAD))
    plan = plain_plan(theatre)
    sources = {source.id: source for source in plan.sources}
    tallies = tuple(  # ids of one are ids of the other too, for another incident; much is missed and corrected later
        replace(sources[name], prefix="SYN", kept=0.5, releases=world.release_days(n), revised=0.9)
        for n, name in enumerate(TALLIES)
    )
    own = replace(tallies[0], own_party="international_forces")
    plan = replace(plan, sources=(own, *tallies[1:]), faults=world.faults, surveillance=None)
    return simulate(
        theatre, start=START, end=START + timedelta(days=world.days), incidents_per_month=world.incidents_per_month,
        seed=world.seed, plan=plan,
    )  # fmt: skip


_drawn = {
    "seed": st.integers(0, 2**32 - 1),
    "provinces": st.lists(st.sampled_from(PROVINCES), min_size=1, max_size=3, unique=True).map(tuple),
    "days": st.sampled_from((90, 150, 20, 0)),
    "incidents_per_month": st.sampled_from((200, 600, 20, 1)),
    "faults": st.sampled_from((0.2, 1.0, 0.0)),
}
worlds = st.builds(World, **_drawn, releases=st.tuples(st.sampled_from((2, 3, 1)), st.sampled_from((2, 1))))
worlds_of_one_release = st.builds(World, **_drawn, releases=st.just((1, 1)))
formats = st.sampled_from(("airwars", "civmap", "ucdp_ged", "acled"))


def written(world: World, folder: Path, form: str = "civmap", *, mixed: int | None = None) -> list[Path]:
    """Write what the tallies publish, faults and all; the rows backwards (`mixed` 0) or in an order drawn by that seed.

    Two rows with one id keep their order where the first of them is the one that is kept.
    """
    files = FORMATS[form].write(world.made, folder)
    if mixed is not None:
        rng = np.random.default_rng(mixed)
        for file in files:
            rows = pd.read_csv(file, dtype="str", keep_default_na=False)
            place = pd.Series(rng.permutation(len(rows)) if mixed else np.arange(len(rows))[::-1])
            if "id_repeated" in FORMATS[form].sets_aside:
                place = place.groupby(rows[FORMATS[form].id]).transform(np.sort)
            rows.iloc[place.argsort()].to_csv(file, index=False)
    return files


def published(
    world: World, folder: Path | str, form: str = "civmap", *, mixed: int | None = None
) -> list[tuple[ReadResult, date]]:
    """Write what the tallies publish, and read it again: each file with the day of its release."""
    files = written(world, Path(folder), form, mixed=mixed)
    return [(read(file, source=file.stem[:-11]), date.fromisoformat(file.stem[-10:])) for file in files]


def stored(world: World, home: Path | str, loads: Iterable[tuple[ReadResult, date]]) -> Store:
    """Open a store and add the loads in the order given."""
    store = Store(Path(home), world.theatre)
    for result, known_at in loads:
        store.add(result, known_at=known_at)
    return store


def telling_days(loads: list[tuple[ReadResult, date]], day: date, which: int) -> list[date]:
    """Give a day, the eve of one of the releases, that release's own day, and the day of the last release."""
    released = [known_at for _, known_at in loads]
    one = released[which % len(released)] if released else day
    return sorted({day, one - timedelta(days=1), one, max(released, default=day)})
