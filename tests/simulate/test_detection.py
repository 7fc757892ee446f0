"""Sources find, miss and overlap as planned, and keep to their scopes."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from civmap.simulate import Plan, RecordingChange, Simulated, Source, Stream, simulate
from civmap.simulate.plans import plain_plan
from civmap.theatre import Theatre, load_theatre

# five killed at least in most incidents, so that whoever finds one counts somebody
STREAMS = (
    Stream("international_forces", "aerial", {2000: 1.0}, 6.0),
    Stream("taliban", "ied", {2000: 1.0}, 6.0),
)
GROUND = (("ground_team", ""),)
WIDE = Source("wide", "SYN-W", {}, 0.25, 0.9, {}, GROUND, delay_days=2)
NARROW = Source(
    "narrow", "SYN-N", {}, 0.15, 0.9, {}, GROUND, delay_days=2, first_day=date(2009, 7, 1), last_day=date(2010, 6, 30),
    parties=("taliban",), areas=("AF-HEL", "AF-KAN"),
)  # fmt: skip
PRESS = Source("press", "SYN-P", {}, 0.1, 0.9, {}, GROUND, delay_days=2, injuries_from=date.max)
MONTHS = {"start": date(2009, 1, 1), "end": date(2010, 12, 31)}


@pytest.fixture(scope="module")
def three(theatre: Theatre) -> Simulated:
    return simulate(theatre, **MONTHS, incidents_per_month=3000, seed=6, plan=Plan(STREAMS, (WIDE, NARROW, PRESS)))


def chance(source: Source, killed: pd.Series) -> pd.Series:
    """Give the chance to find an incident, as the documentation of the plan's sources states it."""
    return 1 - (1 - source.found_else) ** (0.8 + 0.5 * np.log(1 + killed))


def in_it(made: Simulated, source: str) -> pd.Series:
    ids = made.truth.matches.loc[made.truth.matches["source"] == source, "incident"]
    return pd.Series(made.truth.incidents.index.isin(ids), made.truth.incidents.index)


def test_every_incident_is_in_a_source_or_missed_by_it_for_a_reason(three: Simulated) -> None:
    truth = three.truth
    for source in ("wide", "narrow", "press"):
        kept = truth.matches.loc[truth.matches["source"] == source, "incident"]
        lost = truth.missed[truth.missed["source"] == source].set_index("incident")["reason"]
        assert kept.is_unique and lost.index.is_unique and not lost.index.isin(kept).any()
        assert len(kept) + len(lost) == len(truth.incidents)
    outside = truth.missed[truth.missed["reason"] == "outside its scope"]
    incidents = truth.incidents
    scope = incidents["event_date"].between("2009-07-01", "2010-06-30") & (incidents["party"] == "taliban")
    scope &= incidents["admin1"].isin(["AF-HEL", "AF-KAN"])
    assert set(outside["source"]) == {"narrow"} and set(outside["incident"]) == set(incidents.index[~scope])
    assert in_it(three, "narrow")[scope].sum() > 100


def test_sources_overlap_by_the_product_of_their_chances(three: Simulated) -> None:
    incidents = three.truth.incidents
    big = incidents["killed"] >= 5
    one, two = chance(WIDE, incidents.loc[big, "killed"]), chance(PRESS, incidents.loc[big, "killed"])
    wide, press = in_it(three, "wide")[big], in_it(three, "press")[big]
    for seen, expected in (
        (wide, one),
        (press, two),
        (wide & press, one * two),
        (~wide & ~press, (1 - one) * (1 - two)),
    ):
        error = np.sqrt((expected * (1 - expected)).sum())
        assert abs(seen.sum() - expected.sum()) < 4 * error < 0.15 * expected.sum()


def test_two_sources_disagree_about_the_same_incident(three: Simulated) -> None:
    killed = three.truth.matches.assign(killed=three.records["civilians_killed_best"]).pivot(
        index="incident", columns="source", values="killed"
    )
    both = killed[["wide", "press"]].dropna()
    true = three.truth.incidents.loc[both.index, "killed"]
    assert len(both) > 1000 and 0.3 < (both["wide"] != both["press"]).mean() < 0.8
    for source in both:  # a Binomial of those killed and a Poisson of a few too many, as the plan says; both known
        mean, variance = (0.9 + 0.04) * true, (0.9 * 0.1 + 0.04) * true
        assert abs((both[source] - mean)[true >= 5].sum()) < 4 * np.sqrt(variance[true >= 5].sum())


@pytest.mark.parametrize("end", [date(2009, 7, 1), date(2010, 6, 30)], ids=["step", "ramp"])
def test_a_recording_change_is_a_step_or_a_ramp(theatre: Theatre, end: date) -> None:
    change = RecordingChange("wide", date(2009, 7, 1), end, factor_before=0.4)
    plan = Plan(STREAMS, (WIDE,), recording_changes=(change,))
    made = simulate(theatre, **MONTHS, incidents_per_month=6000, seed=6, plan=plan)
    incidents = made.truth.incidents
    big = incidents["killed"] >= 5
    day, seen = incidents.loc[big, "event_date"], in_it(made, "wide")[big]
    own = chance(WIDE, incidents.loc[big, "killed"])

    def level(since: str, until: str) -> tuple[float, float]:
        within = day.between(since, until)
        return seen[within].sum() / own[within].sum(), np.sqrt(seen[within].sum()) / own[within].sum()

    risen = 1.0 if end == change.start else (0.4 + 0.4 + 0.6 * 184 / 365) / 2  # half of a year's ramp, by a triangle
    for since, until, expected in (
        ("2009-01-01", "2009-06-30", 0.4), ("2009-07-01", "2009-12-31", risen), ("2010-07-01", "2010-12-31", 1.0),
    ):  # fmt: skip
        found, error = level(since, until)
        assert error < 0.05 and abs(found - expected) < 4 * error, since


def test_any_theatre_has_three_tallies_of_which_one_knows_deaths_only() -> None:
    theatre = load_theatre("oir")
    made = simulate(theatre, start=date(2016, 1, 1), end=date(2016, 12, 31), plan=plain_plan(theatre))
    assert 800 < len(made.truth.incidents) < 2500 and not made.truth.effects
    words = made.records["party_as_reported"].dropna().unique()
    assert all("other" not in theatre.parties_of(each) for each in words)
    assert set(made.records["source"]) == {"isaf_like", "un_like", "press_like"}
    press = made.records[made.records["source"] == "press_like"]
    assert len(press) > 50 and press["civilians_injured_best"].isna().all()
    assert (press["civilians_killed_best"] + press["status_unknown_killed"].fillna(0) > 0).all()
    in_all = made.truth.matches.groupby("incident")["source"].nunique().eq(3).sum()
    assert in_all > 20, "enough in all three to estimate what none has"


def test_a_source_that_finds_nothing_has_no_records(theatre: Theatre) -> None:
    plan = Plan(STREAMS, (replace(WIDE, found_else=0.0), PRESS))
    made = simulate(theatre, **MONTHS, seed=6, plan=plan)
    assert set(made.records["source"]) == {"press"}
    assert (made.truth.missed["source"] == "wide").sum() == len(made.truth.incidents)
