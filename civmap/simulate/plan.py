"""What the simulator plants: kinds of incident, sources, effects of directives, changes of recording.

`afghan_plan` is the plan of the shipped demonstration. Its yearly levels follow the shape of the totals that UNAMA
published, not their height; shares of parties and causes, the sources' chances and the effects are assumptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from civmap.theatre import Theatre


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
    """A directive's planted effect: rates of these parties and causes times `factor`, from `start` plus the delay."""

    start: date
    factor: float
    parties: tuple[str, ...]
    causes: tuple[str, ...]
    delay_days: int = 0


@dataclass(frozen=True)
class RecordingChange:
    """A source finds `factor_before` times as much before `start`, rising evenly to its own level at `end`."""

    source: str
    start: date
    end: date
    factor_before: float


@dataclass(frozen=True)
class Source:
    """One tally: what it finds of the true incidents, in which words, how exactly and how soon.

    `found` is the chance to find a small incident by party, `found_else` that of the others; larger ones are found more
    often. `kept` is the share of those killed that it counts, `uneven` by how much its chance differs between provinces
    (0 to 1). `words` gives the wordings of a party, the theatre's label where absent; `channels` pairs of how a record
    was reported and checked; `own_party` the party whose harm it accepts or rejects.
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
    injuries_from: date = date.min
    own_party: str = ""


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
        Shares of records without a party, with two alleged ones, and with two that dispute it.
    faults
        Share of a written file's rows that are spoilt.
    """

    streams: tuple[Stream, ...]
    sources: tuple[Source, ...]
    effects: tuple[Effect, ...] = ()
    recording_changes: tuple[RecordingChange, ...] = ()
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


_SEEN_BY_FORCES = (
    ("ground_team", "air_surveillance"), ("air_surveillance", "ground_team"), ("ground_team", ""),
    ("authority", "ground_team"), ("health_facility", "authority"),
)  # fmt: skip
_SEEN_BY_OBSERVERS = (
    ("community", "health_facility;community"), ("media", "authority"), ("authority", "community;remote"),
    ("health_facility", "community"), ("community;media", "ground_team"), ("media", ""),
)  # fmt: skip

# Civilian deaths that UNAMA published (sources in data/README.md): their shape is used, never their height.
UNAMA_DEATHS = {2007: 1523, 2008: 2118, 2009: 2412, 2010: 2777, 2011: 3131, 2012: 2754, 2013: 2959, 2014: 3699}
# Published for 2008 to 2014, mixing definitions; 2007 assumed.
UNAMA_AIR_DEATHS = {2007: 350, 2008: 552, 2009: 359, 2010: 171, 2011: 187, 2012: 126, 2013: 118, 2014: 104}
DEMONSTRATION_SCALE = 0.6  # of the published deaths, so that nobody takes one for the other
DEMONSTRATION_INCIDENTS_PER_MONTH = 112.0  # chosen so that the UN-like deaths of 2007 to 2014 meet that scale
AIR_EFFECT = 0.4  # planted by the directive of 2 July 2009, reached after a month

# Shares of the other deaths in the first and last year, assumed, then killed and injured as in `Stream`.
_OTHER_STREAMS = (
    ("international_forces", "search_operation", 0.060, 0.005, 1.6, 0.6),
    ("international_forces", "escalation_of_force", 0.050, 0.003, 1.1, 1.0),
    ("international_forces", "ground_engagement", 0.060, 0.005, 1.2, 1.2),
    ("international_forces", "indirect_fire", 0.025, 0.003, 1.2, 1.6),
    ("afghan_forces", "ground_engagement", 0.020, 0.080, 1.0, 1.8),
    ("afghan_forces", "indirect_fire", 0.005, 0.050, 1.0, 2.2),
    ("afghan_forces", "search_operation", 0.005, 0.005, 1.2, 0.8),
    ("taliban", "ied", 0.270, 0.270, 1.5, 1.5),
    ("taliban", "suicide_or_complex", 0.200, 0.110, 3.5, 2.8),
    ("taliban", "targeted_killing", 0.110, 0.200, 1.2, 0.3),
    ("taliban", "ground_engagement", 0.120, 0.190, 1.0, 2.0),
    ("taliban", "indirect_fire", 0.040, 0.055, 0.9, 2.4),
    ("undetermined", "remnants", 0.035, 0.024, 0.8, 1.6),
)

# Incidents for each inhabitant, relative, by hand: the war was in the south and east. The others are drawn.
_AFGHAN_LEVELS = {
    "AF-HEL": 4.0, "AF-KAN": 3.2, "AF-URU": 3.0, "AF-ZAB": 2.6, "AF-KNR": 3.0, "AF-KHO": 2.2, "AF-PKA": 2.2,
    "AF-GHA": 1.8, "AF-WAR": 1.8, "AF-LOG": 1.6, "AF-NAN": 1.5, "AF-LAG": 1.4, "AF-KDZ": 1.4, "AF-FRA": 1.3,
    "AF-KAB": 0.5, "AF-HER": 0.5, "AF-BAL": 0.4, "AF-DAY": 0.1, "AF-PAN": 0.1, "AF-BAM": 0.08, "AF-BDS": 0.2,
}  # fmt: skip


def afghan_plan() -> Plan:
    """Plan the Afghan demonstration: two tallies, the July 2009 directive, and ISAF's recording getting better then.

    Harm by international forces from the air falls to `AIR_EFFECT` of its level from 1 August 2009, a month after the
    directive; through the same year the ISAF-like tally's chance to find anything rises from 60 % to its full level.
    The ISAF-like tally begins in 2008; the UN-like one records injuries from 2009 only, so incidents without a death
    are missing from it before.
    """
    effect = Effect(date(2009, 7, 2), AIR_EFFECT, ("international_forces",), ("aerial",), delay_days=30)
    part_of_2009 = (date(2009, 8, 1) - date(2009, 1, 1)).days / 365
    lowered = {year: AIR_EFFECT if year > 2009 else 1.0 for year in UNAMA_DEATHS}
    lowered[2009] = part_of_2009 + (1 - part_of_2009) * AIR_EFFECT
    air = {year: deaths / lowered[year] for year, deaths in UNAMA_AIR_DEATHS.items()}
    rest = {year: UNAMA_DEATHS[year] - UNAMA_AIR_DEATHS[year] for year in UNAMA_DEATHS}
    others = [
        Stream(party, cause, {y: n * (first + (last - first) * (y - 2007) / 7) for y, n in rest.items()}, *harm)
        for party, cause, first, last, *harm in _OTHER_STREAMS
    ]
    isaf = Source(
        "isaf_like", "SYN-ISAF", {"international_forces": 0.7, "afghan_forces": 0.38, "taliban": 0.42}, 0.3, 0.82,
        {"international_forces": ("ISAF", "US forces"), "afghan_forces": ("ANSF",),
         "taliban": ("Taliban", "Insurgents")},
        _SEEN_BY_FORCES, delay_days=3, uneven=0.3, first_day=date(2008, 1, 1), own_party="international_forces",
    )  # fmt: skip
    un = Source(
        "un_like", "SYN-UN", {"international_forces": 0.72}, 0.76, 0.96,
        {"international_forces": ("International Military Forces",), "afghan_forces": ("Afghan security forces",),
         "taliban": ("Taliban", "Taliban", "Anti-Government Elements")},
        _SEEN_BY_OBSERVERS, delay_days=12, uneven=0.1, injuries_from=date(2009, 1, 1),
    )  # fmt: skip
    ramp = RecordingChange("isaf_like", date(2009, 1, 1), date(2009, 12, 31), 0.6)
    aerial = Stream("international_forces", "aerial", air, 2.2, 0.7)
    return Plan((aerial, *others), (isaf, un), (effect,), (ramp,), _AFGHAN_LEVELS)


def plain_plan(theatre: Theatre) -> Plan:
    """Plan for any theatre: states harm from the air and by fire, others by fire and bombs; no effect is planted."""
    parties = theatre.parties[~theatre.parties["side"].isin(["none", ""])]
    kinds: list[tuple[str, str, float]] = []
    for party, side in zip(parties["party"], parties["side"], strict=True):
        state = side in ("state", "pro_government")
        own = (("aerial", 3.2), ("indirect_fire", 1.2)) if state else (("ied", 1.5), ("suicide_or_complex", 3.5))
        kinds += [(party, cause, killed) for cause, killed in (*own, ("ground_engagement", 1.0))]
    streams = tuple(Stream(*kind[:2], {2000: 1.0}, kind[2]) for kind in kinds or [("undetermined", "unknown", 1.5)])
    isaf = Source("isaf_like", "SYN-ISAF", {}, 0.4, 0.8, {}, _SEEN_BY_FORCES, delay_days=3, uneven=0.4)
    un = Source("un_like", "SYN-UN", {}, 0.76, 0.96, {}, _SEEN_BY_OBSERVERS, delay_days=12, uneven=0.1)
    return Plan(streams, (isaf, un))
