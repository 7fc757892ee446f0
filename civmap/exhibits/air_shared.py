"""What exhibits of air surveillance share: coverage within its limits, incidents matched to it, standing caveats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from h3ronpy.vector import ContainmentMode, coordinates_to_cells, wkb_to_cells

from civmap.analysis import coverage, matching
from civmap.analysis.footprints import ASSUMED_VIEW_DEGREES
from civmap.analysis.measuring_points import parents
from civmap.errors import RecipeError
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, make, options, source_lines, standing
from civmap.figures.part import Part
from civmap.language import mark, say
from civmap.queries import air as questions
from civmap.store import Store
from civmap.store import air as kept

ALL_MONTHS = "all"
FOOTPRINTS = ("known", "assumed")  # whether footprints that are assumed count as well
AFTER_HOURS = (72, 24, 168)  # how long after the event coverage counts as after it
COVERED = mark("Covered by a sensor: its footprint lay there. Whether anybody looked, or could see, is not known.")


@dataclass(frozen=True)
class Air:
    """The resolved question of one exhibit of air surveillance."""

    here: Standing
    assumed: bool
    after_hours: int
    last: date

    @property
    def store(self) -> Store:
        """Whose telemetry."""
        return self.here.store

    @property
    def view(self) -> float | None:
        """The assumed angle of view; none where only known footprints count."""
        return ASSUMED_VIEW_DEGREES if self.assumed else None

    @property
    def resolution(self) -> int:
        """Of the cells that are shown: the theatre's, so that a cell's incidents can be listed, and never too fine."""
        return min(self.store.theatre.map_cell_resolution, 6)

    def exhibit(
        self, *, title: str, sentence: str, parts: Sequence[Part], caveats: Sequence[str] = (), n: int | None = None
    ) -> Exhibit:
        """Make the exhibit; what holds for all of air surveillance is said once on a page."""
        here = self.here
        return make(
            here.recipe, self.store, title=title, sentence=sentence, parts=parts, caveats=caveats,
            standing=(*self._caveats(), *here.notes), period=here.period,
            n=here.totals["incidents"] if n is None else n,
            sources=source_lines(self.store, [here.loaded.source], as_known_on=here.recipe.as_known_on),
        )  # fmt: skip

    def _caveats(self) -> list[str]:
        """Say what holds for every exhibit of air surveillance."""
        held = questions.delay_days(self.store)
        said = [
            say(COVERED),
            say(
                "Coverage after {day} is held back ({days} days), and none is shown finer than resolution 6 (cells of "
                "36 square kilometres).", day=words.day(self.last), days=held,
            ),
            say("Only surveillance loaded here counts; other sensors may have covered a place that is not covered "
                "here."),
        ]  # fmt: skip
        if self.store.is_demonstration and kept.own_files(self.store):
            said.append(
                say("The surveillance was loaded here; the incidents beside it are the synthetic demonstration's.")
            )
        if self.assumed:
            said.insert(1, say(
                "Footprints of samples that send none are assumed: straight down, {view:g} degrees, from the height "
                "above the sea. They are no record of what was covered.", view=self.view,
            ))  # fmt: skip
        return said

    def coverage(
        self, resolution: int | None = None, *, first: date | None = None, last: date | None = None
    ) -> pd.DataFrame:
        """Give coverage by cell and day of the days that are asked for and may be shown."""
        of = resolution or self.resolution
        sums = questions.coverage_sums(
            self.store, partial(_sum, of, self.store.theatre.time_zone, self.view), resolution=of, assumed=self.assumed,
            date_from=first or self.here.first.date(), date_to=last or self.here.last.date(),
        )  # fmt: skip
        return coverage.combine(coverage.PARTIAL.empty_table() if sums is None else sums)

    def matched(self) -> pd.DataFrame:
        """Give the incidents with what coverage says of each, as `civmap.analysis.matching.match` does."""
        flown = kept.fingerprint(self.store.folder)
        key = ("air", flown, self.here.filters, self.here.recipe.as_known_on, self.assumed, self.after_hours, self.last)
        return self.store.remember(key, self._match)

    def _match(self) -> pd.DataFrame:
        asked = questions.incidents(self.store, self.here.filters, as_known_on=self.here.recipe.as_known_on)
        telemetry = questions.telemetry(self.store)
        found = matching.match(
            asked, telemetry, time_zone=self.store.theatre.time_zone, after_hours=float(self.after_hours),
            assumed_view_degrees=self.view,
        )  # fmt: skip
        return pd.concat([asked, found], axis=1)


def air(recipe: Recipe, store: Store, **more: object) -> tuple[Air, dict[str, object]]:
    """Resolve a recipe about air surveillance; further parameters are checked against what they may be.

    Raises
    ------
    RecipeError
        When no telemetry has been loaded.
    """
    chosen = options(recipe, footprints=FOOTPRINTS, after_hours=AFTER_HOURS, **more)
    if not questions.has_telemetry(store):
        raise RecipeError(
            say("No air surveillance has been loaded for this theatre."),
            next_step=say(
                "Load a file on the Air Surveillance page, or with: python -m civmap ingest-air FILE --theatre "
                "{theatre}",
                theatre=store.theatre.id,
            ),
        )
    made = Air(standing(recipe, store), chosen["footprints"] == "assumed", int(chosen["after_hours"]),
               questions.last_day(store))  # fmt: skip
    return made, chosen


def of_month(table: pd.DataFrame, month: str, column: str) -> pd.DataFrame:
    """Keep the rows of a month (YYYY-MM), or of all."""
    if month == ALL_MONTHS:
        return table
    try:
        first = pd.Timestamp(f"{month}-01")
    except ValueError as error:
        raise RecipeError(say("'{month}' is no month.", month=month), expected=say("YYYY-MM, or all")) from error
    return table[table[column].between(first, first + pd.offsets.MonthEnd(0))]


def in_words(month: str) -> str:
    """Name a month, or all of them."""
    return say("all months") if month == ALL_MONTHS else words.month(pd.Timestamp(f"{month}-01"))


def land(store: Store) -> pd.DataFrame:
    """Give the provinces as the ground of a map of cells."""
    boundaries = store.theatre.boundaries
    return pd.DataFrame(
        {"admin1": boundaries.index, "name": boundaries["name"].to_numpy(), "geometry": boundaries.geometry.to_numpy(),
         "value": None, "label": boundaries["name"].to_numpy()}
    )  # fmt: skip


def province_of(cells: pd.Series, boundaries: gpd.GeoDataFrame) -> pd.Series:
    """Give the province in which each cell's middle lies; null outside."""
    from h3ronpy.vector import cells_to_coordinates

    distinct = np.unique(cells.to_numpy(dtype="uint64"))
    where = pa.table(cells_to_coordinates(pa.array(distinct)))
    lon, lat = where["lng"].to_numpy(), where["lat"].to_numpy()
    found = np.full(len(distinct), None, dtype=object)
    for admin1, shape in boundaries.geometry.items():
        shapely.prepare(shape)
        found[shapely.contains_xy(shape, lon, lat)] = admin1
    return cells.map(dict(zip(distinct.tolist(), found, strict=True)))


def theatre_cells(store: Store, resolution: int) -> np.ndarray:
    """Give all cells whose middle lies in the theatre."""

    def make() -> np.ndarray:
        shapes = shapely.to_wkb(shapely.get_parts(store.theatre.boundaries.geometry.union_all()))
        found = wkb_to_cells(list(shapes), resolution, ContainmentMode.ContainsCentroid, flatten=True)
        return np.unique(pa.array(found).to_numpy())

    return store.remember(("theatre cells", resolution), make)


def covered_cells(incidents: pd.DataFrame, table: pd.DataFrame, resolution: int) -> np.ndarray:
    """Say which incidents lie in a cell that was covered on their day; false where place or day is not known."""
    known = incidents["location_precision"].isin(["exact", "settlement"]) & incidents["date_precision"].eq("day")
    known &= incidents["longitude"].notna()
    finest = coordinates_to_cells(
        incidents.loc[known, "latitude"].to_numpy("float64"), incidents.loc[known, "longitude"].to_numpy("float64"), 9
    )
    cells = parents(pa.array(finest).to_numpy(), resolution)
    at = pd.MultiIndex.from_arrays([cells, incidents.loc[known, "event_date"]])
    covered = np.zeros(len(incidents), bool)
    covered[np.flatnonzero(known)] = at.isin(pd.MultiIndex.from_frame(table[["cell", "day"]]))
    return covered


def _sum(resolution: int, time_zone: str, view: float | None, file: Path) -> pa.Table:
    return coverage.partials([file], resolution=resolution, time_zone=time_zone, assumed_view_degrees=view)
