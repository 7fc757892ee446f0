"""Plans ready for use: that of the Afghan demonstration, and a plain one for any theatre.

The yearly levels of `afghan_plan` follow the shape of the totals that UNAMA published, not their height; shares of
parties and causes, the sources' chances, the effects and the factors of context are assumptions.
"""

from __future__ import annotations

from datetime import date

from civmap.simulate.plan import Context, Effect, Plan, RecordingChange, Source, Stream, Surveillance
from civmap.theatre import Theatre

_SEEN_BY_FORCES = (
    ("ground_team", ""),
    ("ground_team", "authority"),
    ("authority", "ground_team"),
    ("health_facility", "authority"),
)
_SEEN_FROM_THE_AIR = (("air_surveillance", "ground_team"), ("ground_team", "air_surveillance"))
_READ_IN_THE_PRESS = (("media", ""), ("media", "remote"), ("media;remote", ""))
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
RAID_EFFECT = 0.6  # planted by the directive on night raids of 23 January 2010, at once

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

# Days and provinces as in the theatre's context; the factors are assumptions.
_AFGHAN_CONTEXT = (
    Context("panther-claw-2009", date(2009, 6, 19), date(2009, 7, 27), 1.5, ("AF-HEL",)),
    Context("khanjar-2009", date(2009, 7, 2), date(2009, 8, 20), 1.5, ("AF-HEL",)),
    Context("election-2009", date(2009, 8, 20), date(2009, 8, 20), 5.0, parties=("taliban",)),
    Context("moshtarak-2010", date(2010, 2, 13), date(2010, 2, 28), 2.5, ("AF-HEL",)),
    Context("kandahar-2010", date(2010, 9, 1), date(2010, 12, 31), 1.6, ("AF-KAN",)),
    Context("election-2010", date(2010, 9, 18), date(2010, 9, 18), 4.0, parties=("taliban",)),
    Context("election-2014-first", date(2014, 4, 5), date(2014, 4, 5), 3.0, parties=("taliban",)),
    Context("election-2014-second", date(2014, 6, 14), date(2014, 6, 14), 3.0, parties=("taliban",)),
)


def afghan_plan() -> Plan:
    """Plan the Afghan war of 2007 to 2014: two tallies, two directives, and ISAF's recording getting better in 2009.

    Harm by international forces from the air falls to `AIR_EFFECT` of its level from 1 August 2009, a month after the
    directive; through the same year the ISAF-like tally's chance to find anything rises from 60 % to its full level.
    Harm in search operations falls to `RAID_EFFECT` with the directive on night raids. The ISAF-like tally begins in
    2008, takes up most of what air surveillance sees, and looks twice as hard on the ground where the air watched; the
    UN-like one records injuries from 2009 only, so incidents without a death are missing from it before. Battles and
    elections of the theatre's context multiply the rates in their days and provinces.
    """
    effects = (
        Effect(date(2009, 7, 2), AIR_EFFECT, ("international_forces",), ("aerial",), delay_days=30),
        Effect(date(2010, 1, 23), RAID_EFFECT, ("international_forces",), ("search_operation",)),
    )
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
        air=0.85, air_channels=_SEEN_FROM_THE_AIR, follows_air=1.0,
    )  # fmt: skip
    un = Source(
        "un_like", "SYN-UN", {"international_forces": 0.72}, 0.76, 0.96,
        {"international_forces": ("International Military Forces",), "afghan_forces": ("Afghan security forces",),
         "taliban": ("Taliban", "Taliban", "Anti-Government Elements")},
        _SEEN_BY_OBSERVERS, delay_days=12, uneven=0.1, injuries_from=date(2009, 1, 1),
    )  # fmt: skip
    ramp = RecordingChange("isaf_like", date(2009, 1, 1), date(2009, 12, 31), 0.6)
    aerial = Stream("international_forces", "aerial", air, 2.2, 0.7)
    return Plan(
        (aerial, *others), (isaf, un), effects, (ramp,), _AFGHAN_CONTEXT, _AFGHAN_LEVELS, surveillance=Surveillance()
    )


def plain_plan(theatre: Theatre) -> Plan:
    """Plan for any theatre: three tallies and no effect.

    States harm from the air and by fire, others by fire and bombs. A forces' tally follows the air; an observers' tally
    sees most; a press tally holds deaths only.
    """
    parties = theatre.parties[~theatre.parties["side"].isin(["none", ""])]
    kinds: list[tuple[str, str, float]] = []
    for party, side in zip(parties["party"], parties["side"], strict=True):
        state = side in ("state", "pro_government")
        own = (("aerial", 3.2), ("indirect_fire", 1.2)) if state else (("ied", 1.5), ("suicide_or_complex", 3.5))
        kinds += [(party, cause, killed) for cause, killed in (*own, ("ground_engagement", 1.0))]
    streams = tuple(Stream(*kind[:2], {2000: 1.0}, kind[2]) for kind in kinds or [("undetermined", "unknown", 1.5)])
    forces = Source(
        "isaf_like", "SYN-ISAF", {}, 0.4, 0.8, {}, _SEEN_BY_FORCES, delay_days=3, uneven=0.4, air=0.85,
        air_channels=_SEEN_FROM_THE_AIR, follows_air=1.0,
    )  # fmt: skip
    un = Source("un_like", "SYN-UN", {}, 0.76, 0.96, {}, _SEEN_BY_OBSERVERS, delay_days=12, uneven=0.1)
    press = Source(
        "press_like", "SYN-PRESS", {}, 0.25, 0.85, {}, _READ_IN_THE_PRESS, delay_days=1.5, uneven=0.5,
        injuries_from=date.max,
    )  # fmt: skip
    return Plan(streams, (forces, un, press), surveillance=Surveillance())
