"""Hours of observation as an exposure: for how long sensors covered each place, within the limits of what is shown.

Hours are measured in the finest cells that may be shown (resolution 6) and summed over a place, so that a place half of
which was covered has half the hours of one that was covered whole. A place without any was not observed: its incidents,
or their absence, say nothing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.air_schema import FINEST_SHOWN_RESOLUTION
from civmap.analysis.measuring_points import parents
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.air_shared import COVERED, Air, province_of
from civmap.exhibits.standing import Standing
from civmap.queries import air as questions
from civmap.store import Store
from civmap.store import air as kept

AFTER_HOURS = 72  # of a matching that is not asked for here
NEVER = "never covered by a sensor in these days, so not observed"


def coverage(here: Standing) -> pd.DataFrame:
    """Give the seconds of known footprints by cell of resolution 6 and day, of the days asked for that may be shown."""
    if not questions.has_telemetry(here.store):
        return pd.DataFrame({"cell": np.array([], "uint64"), "day": pd.Series(dtype="datetime64[us]"), "seconds": []})
    air = Air(here, False, AFTER_HOURS, questions.last_day(here.store))
    return air.coverage(FINEST_SHOWN_RESOLUTION)[["cell", "day", "seconds"]]


def covers(here: Standing) -> bool:
    """Whether any day asked for was covered and may be shown."""
    return len(coverage(here)) > 0


def covered_span(here: Standing) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Give the first and the last day asked for on which anything was covered: only these can be tested.

    Raises
    ------
    AnalysisError
        When there is none.
    """
    days = coverage(here)["day"]
    if not len(days):
        held = questions.delay_days(here.store)
        raise AnalysisError(
            "There are no observation hours to compare with.",
            found=f"no known footprint between {words.day(here.first)} and {words.day(here.last)}, or none older than "
            f"the {held} days for which coverage is held back",
            next_step="Load air surveillance of these days on the Air Surveillance page, or choose another comparison.",
        )
    return days.min(), days.max()


def hours(here: Standing, places: pd.Index, *, resolution: int | None) -> pd.Series:
    """Give the observation hours of each cell or province, null where there are none.

    Parameters
    ----------
    here
        Whose days and store.
    places
        H3 text or admin1.
    resolution
        Of the cells; None for provinces, which take the cells whose middle lies in them.

    Raises
    ------
    AnalysisError
        When the cells are finer than coverage is shown.
    """
    if resolution is not None and resolution > FINEST_SHOWN_RESOLUTION:
        raise AnalysisError(
            f"Observation hours are never told for cells finer than resolution {FINEST_SHOWN_RESOLUTION}.",
            found=f"this theatre's cells have resolution {resolution}",
            next_step="Test provinces, or choose another comparison.",
        )
    by_cell = coverage(here).groupby("cell")["seconds"].sum() / 3600
    if resolution is None:
        held = province_of(pd.Series(by_cell.index), here.store.theatre.boundaries).to_numpy()
    else:
        held = np.array([f"{one:x}" for one in parents(by_cell.index.to_numpy("uint64"), resolution)], dtype=object)
    summed = by_cell.groupby(held).sum()
    found: pd.Series = summed.reindex(places).astype(float)
    return found.where(found > 0)


def caveat(store: Store, days: str, left_out: int) -> str:
    """Say what hours of observation are, and what they are not."""
    left = ""
    if left_out > 0:
        left = f" {words.count(left_out, 'incident lies', 'incidents lie')} where no sensor was in these days, and "
        left += "is left out." if left_out == 1 else "are left out."
    if store.is_demonstration and kept.own_files(store):
        left += " The surveillance was loaded here; the incidents beside it are the synthetic demonstration's."
    return (
        f"Compared with observation hours, {days}: for how long the cells of 36 square kilometres of a place lay in a "
        f"sensor's footprint. {COVERED} Sensors are sent where harm is expected, and records do not come from sensors "
        "alone: hot is where more was recorded than the hours lead one to expect. Coverage of the last "
        f"{questions.delay_days(store)} days is held back.{left}"
    )
