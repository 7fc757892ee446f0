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
from civmap.language import mark, say, say_n
from civmap.queries import air as questions
from civmap.store import Store
from civmap.store import air as kept

AFTER_HOURS = 72  # of a matching that is not asked for here
NEVER = mark("never covered by a sensor in these days, so not observed")


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
            say("There are no observation hours to compare with."),
            found=say(
                "no known footprint between {first_day} and {last_day}, or none older than the {held} days for which "
                "coverage is held back",
                first_day=words.day(here.first), last_day=words.day(here.last), held=held,
            ),
            next_step=say(
                "Load air surveillance of these days on the Air Surveillance page, or choose another comparison."
            ),
        )  # fmt: skip
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
            say("Observation hours are never told for cells finer than resolution {finest}.",
                finest=FINEST_SHOWN_RESOLUTION),
            found=say("this theatre's cells have resolution {resolution}", resolution=resolution),
            next_step=say("Test provinces, or choose another comparison."),
        )  # fmt: skip
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
    said = [
        say("Compared with observation hours, {days}: for how long the cells of 36 square kilometres of a place lay in "
            "a sensor's footprint.", days=days),
        say(COVERED),
        say("Sensors are sent where harm is expected, and records do not come from sensors alone: hot is where more "
            "was recorded than the hours lead one to expect."),
        say_n(questions.delay_days(store), "Coverage of the last {n} day is held back.",
              "Coverage of the last {n} days is held back."),
    ]  # fmt: skip
    if left_out > 0:
        said.append(say_n(
            left_out, "{n} incident lies where no sensor was in these days, and is left out.",
            "{n} incidents lie where no sensor was in these days, and are left out.",
        ))  # fmt: skip
    if store.is_demonstration and kept.own_files(store):
        said.append(say("The surveillance was loaded here; the incidents beside it are the synthetic demonstration's."))
    return " ".join(said)
