"""What can be planted: kinds of incident, tallies, air surveillance, directives, recording changes, context.

In every scope an empty tuple means all, as in the theatres' tables. `civmap.simulate.plans` holds plans ready for use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Stream:
    """One kind of incident: who, how, and how many people it harms.

    `by_year` is the relative number of people killed in each year before any effect, held beyond the first and the
    last. `killed` is the mean of a heavy-tailed count an incident; `injured` that of the injured for each one killed.
    """

    party: str
    cause: str
    by_year: Mapping[int, float]
    killed: float
    injured: float = 1.5


@dataclass(frozen=True)
class Effect:
    """A directive's planted effect on the rates of these parties, causes and provinces.

    From `start` plus the delay the rate is `factor` times what it was, and `slope` times that again for each year
    (of 365.25 days) that has passed since.
    """

    start: date
    factor: float
    parties: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    delay_days: int = 0
    slope: float = 1.0
    areas: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """What else happened: rates times `factor` from `start` to `end`, both days included (a battle, a ceasefire)."""

    label: str
    start: date
    end: date
    factor: float
    areas: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordingChange:
    """A source finds `factor_before` times as much before `start`, rising evenly to its own level on `end`.

    With `start` and `end` on one day it is a step on that day.
    """

    source: str
    start: date
    end: date
    factor_before: float


@dataclass(frozen=True)
class Source:
    """One tally: what it finds of the true incidents, in which words, how exactly and how soon.

    Parameters
    ----------
    found, found_else
        Chance to find a small incident on the ground, by party, and for the other parties; larger ones are found more
        often.
    kept
        Share of those killed that it counts.
    words
        Wordings of a party; the theatre's label where absent.
    channels, air_channels
        Pairs of how a record was reported and checked: found on the ground, and seen from the air.
    delay_days
        Median days from the incident to the first report.
    uneven
        How much its chance on the ground differs between provinces, 0 to 1.
    first_day, last_day, parties, causes, areas
        Its scope; what lies outside is never found.
    injuries_from
        Injuries are unknown before this day, so incidents without a death do not enter.
    own_party
        The party whose harm it accepts or rejects.
    air
        Chance that it takes up what surveillance saw.
    follows_air
        Dependence on the air: where a place was watched on the day of the incident, the chance p to find it on the
        ground becomes 1 - (1 - p) ** (1 + follows_air). Zero means independent.
    releases, revised
        Days of its releases; none means one, of everything. The share of earlier records that each later release
        looks at again.
    """

    id: str
    prefix: str
    found: Mapping[str, float]
    found_else: float
    kept: float
    words: Mapping[str, tuple[str, ...]]
    channels: tuple[tuple[str, str], ...]
    delay_days: float
    uneven: float = 0.0
    first_day: date = date.min
    last_day: date = date.max
    parties: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    injuries_from: date = date.min
    own_party: str = ""
    air: float = 0.0
    air_channels: tuple[tuple[str, str], ...] = (("air_surveillance", ""),)
    follows_air: float = 0.0
    releases: tuple[date, ...] = ()
    revised: float = 0.0


@dataclass(frozen=True)
class Surveillance:
    """Air surveillance: runs of unmanned aircraft (passes), each a row of samples with a frame on the ground.

    Parameters
    ----------
    runs_per_day
        Mean number of runs in the theatre; their hours are even over day and night.
    minutes, interval_seconds
        Mean length of a run; time between its samples.
    longest_gap_seconds
        A sample stands for the time to the next one, and for no more than this.
    lost, unframed
        Share of samples lost on the way; share of runs without frame corners.
    at_hot_cells
        Share of runs over a hot cell; the others go where incidents are expected.
    frame_km, reach_km
        Width and height of the frame; how far its centre strays from the run's target.
    seconds_to_detect
        An incident in a cell watched for s seconds of its day is seen with the chance 1 - exp(-s / this).
    resolution
        Of the H3 cells in which watching is told; a cell is watched while its centre lies in the frame.
    """

    runs_per_day: float = 6.0
    minutes: float = 32.0
    interval_seconds: int = 120
    longest_gap_seconds: int = 300
    lost: float = 0.03
    unframed: float = 0.1
    at_hot_cells: float = 0.6
    frame_km: tuple[float, float] = (4.4, 3.2)
    reach_km: float = 8.0
    seconds_to_detect: float = 120.0
    resolution: int = 7


@dataclass(frozen=True)
class Plan:
    """Everything that is planted.

    Parameters
    ----------
    province_levels
        Incidents for each inhabitant, relative; drawn from a lognormal where not given.
    season
        Amplitude of the log rate, highest in `season_peak_month`.
    trend_sd
        Spread of the provinces' yearly change of the log rate.
    dispersion
        Shape of the gamma that multiplies a province's rate in a month; the smaller, the wilder.
    ar, ar_sd
        Correlation of the log rate from month to month; its spread, shared by the theatre and a province's own.
    hot_cells, hot_share
        Cells of the theatre's map resolution, each in another province; share of that province's incidents in it.
    tail
        Sigma of the lognormal of those killed.
    undetermined, several, contested
        Shares of records without a party, and of those for which a second one is drawn that is alleged too, or that
        disputes it; where the second is the first again or undetermined, the first stands alone.
    faults
        Share of a written file's rows that are spoilt.
    surveillance
        The air surveillance; none if absent.
    """

    streams: tuple[Stream, ...]
    sources: tuple[Source, ...]
    effects: tuple[Effect, ...] = ()
    recording_changes: tuple[RecordingChange, ...] = ()
    contexts: tuple[Context, ...] = ()
    province_levels: Mapping[str, float] = field(default_factory=dict)
    season: float = 0.35
    season_peak_month: int = 7
    trend_sd: float = 0.06
    dispersion: float = 2.0
    ar: float = 0.6
    ar_sd: tuple[float, float] = (0.1, 0.3)
    hot_cells: int = 6
    hot_share: float = 0.3
    tail: float = 1.45
    undetermined: float = 0.08
    several: float = 0.03
    contested: float = 0.03
    faults: float = 0.004
    surveillance: Surveillance | None = None
