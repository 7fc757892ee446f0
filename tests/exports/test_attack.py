"""Disclosure control under attack: whoever knows the rule and all that is told cannot narrow a stated interval.

The attacker is an integer program of its own (scipy's milp, HiGHS): unknown counts are whole numbers within their
stated intervals, everything told is fixed, and everything that adds up adds up. For a withheld count it looks for the
lowest and the highest value; neither may lie inside what is stated.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from civmap.exhibits import Recipe, build
from civmap.exports import marking
from civmap.exports.prepare import prepare
from civmap.exports.withhold import linked, withhold
from civmap.filters import BOUNDS, Filters
from civmap.readers.tallies import read_tallies
from civmap.store import Store
from tests.stores import add, incident

FAR = 10_000.0


@dataclass
class Attacker:
    """Counts by name with the lowest and highest value that is told, and what adds up to what."""

    low: dict[tuple, float] = field(default_factory=dict)
    high: dict[tuple, float] = field(default_factory=dict)
    rows: list[tuple[dict[tuple, float], float, float]] = field(default_factory=list)

    def learn(self, name: tuple, low: float, high: float) -> None:
        self.low[name] = max(low, self.low.get(name, 0.0))
        self.high[name] = min(high, self.high.get(name, FAR))

    def adds_up(self, parts: list[tuple], total: tuple) -> None:
        self.rows.append(({**dict.fromkeys(parts, 1.0), total: -1.0}, 0.0, 0.0))

    def never_above(self, low: tuple, high: tuple) -> None:
        self.rows.append(({low: 1.0, high: -1.0}, -np.inf, 0.0))

    def ends(self, name: tuple) -> tuple[float, float]:
        """Find the lowest and the highest value that a count can have."""
        names = {one: at for at, one in enumerate(self._near(name))}
        rows = [row for row in self.rows if set(row[0]) <= set(names)]
        entries = [(k, names[one], sign) for k, (row, _, _) in enumerate(rows) for one, sign in row.items()]
        number, column, sign = (np.array(one) for one in zip(*entries, strict=True)) if entries else ([], [], [])
        matrix = csr_array((sign, (number, column)), shape=(len(rows), len(names)))
        limits = Bounds([self.low.get(one, 0.0) for one in names], [self.high.get(one, FAR) for one in names])
        found = []
        for direction in (1.0, -1.0):
            goal = np.zeros(len(names))
            goal[names[name]] = direction
            sums = LinearConstraint(matrix, [row[1] for row in rows], [row[2] for row in rows])
            solved = milp(goal, integrality=np.ones(len(names)), bounds=limits, constraints=[sums])
            assert solved.success, f"what is told does not fit together: {solved.message}"
            found.append(round(direction * solved.fun))
        return found[0], found[1]

    def added_up(self) -> set[tuple]:
        """Work out by addition what follows without the totals that are free: of the theatre, of years, published."""
        found = {one for one in self.low if self.low[one] == self.high.get(one, FAR)}
        rows = [set(row) for row, low, high in self.rows if low == high
                and not any(one[0] == "published" or "all" in one or "year" in one for one in row)]  # fmt: skip
        while new := {one for row in rows for one in row - found if len(row - found) == 1}:
            found |= new
        return found

    def _near(self, name: tuple) -> list[tuple]:
        """Give what hangs together with a count through counts that are not fixed."""
        of: dict[tuple, list[int]] = {}
        for at, (row, _, _) in enumerate(self.rows):
            for one in row:
                of.setdefault(one, []).append(at)
        reached, wait, used = {name}, [name], set()
        while wait:
            one = wait.pop()
            if one != name and self.low.get(one, 0.0) == self.high.get(one, FAR):
                continue
            for at in of.get(one, []):
                if at not in used:
                    used.add(at)
                    new = set(self.rows[at][0]) - reached
                    reached |= new
                    wait += new
        return list(reached)


# ---- planted tables ------------------------------------------------------------------------------------------------


def crossing(seed: int, rows: int = 5, columns: int = 6) -> tuple[np.ndarray, csr_array, np.ndarray, Attacker]:
    """Plant a table with the sums of its rows and columns: values, sums, what is small, and what is known of sums."""
    chance = np.random.default_rng(seed)
    body = chance.poisson(chance.choice([0.3, 1.5, 6.0], (rows, columns)))
    values = np.concatenate([body.ravel(), body.sum(1), body.sum(0)])
    size, at = rows * columns, np.arange(rows * columns).reshape(rows, columns)
    attacker = Attacker()
    entries = []
    for k, (parts, total) in enumerate([*((at[i], size + i) for i in range(rows)),
                                        *((at[:, j], size + rows + j) for j in range(columns))]):  # fmt: skip
        entries += [(k, part, 1.0) for part in parts] + [(k, total, -1.0)]
        attacker.adds_up([(int(part),) for part in parts], (total,))
    number, column, sign = zip(*entries, strict=True)
    return values, csr_array((sign, (number, column))), np.arange(len(values)) < size, attacker


@pytest.mark.parametrize("seed", range(12))
def test_no_withheld_count_of_a_table_with_margins_can_be_narrowed(seed: int) -> None:
    values, sums, small, attacker = crossing(seed)
    found = withhold(linked(values, sums, small=small, known=~small), smallest=5)
    primary = small & (values > 0) & (values < 5)
    assert found.mask[primary].all() and not found.mask[~small].any()
    for at in range(len(values)):
        attacker.learn((at,), found.low[at], found.high[at])
    for at in np.flatnonzero(found.mask & (found.low < found.high)):
        assert attacker.ends((int(at),)) == (found.low[at], found.high[at])


def test_the_attack_succeeds_where_only_small_counts_are_withheld() -> None:
    narrowed = 0
    for seed in range(6):
        values, _, small, attacker = crossing(seed)
        primary = small & (values > 0) & (values < 5)
        for at, value in enumerate(values):
            attacker.learn((at,), *((1, 4) if primary[at] else (value, value)))
        narrowed += sum(attacker.ends((int(at),)) != (1, 4) for at in np.flatnonzero(primary))
    assert narrowed > 20, "without complementary suppression many are found out"


# ---- whole bundles of the demonstration ----------------------------------------------------------------------------


def stated(text: str) -> tuple[float, float]:
    """Read what stands in place of a withheld count."""
    if found := re.fullmatch(r"<(\d+)", text):
        return 1.0, float(found[1]) - 1
    if found := re.fullmatch(r"([\d,]+) to ([\d,]+)", text):
        return tuple(float(end.replace(",", "")) for end in found.groups())  # type: ignore[return-value]
    assert text == "withheld", text
    return 0.0, FAR


def told(
    store: Store, filters: Filters, measures: tuple[str, ...]
) -> tuple[Attacker, dict[tuple, tuple[float, float]]]:
    """Export trends of provinces and theatre by month, quarter and year, and put together what they tell."""
    attacker, withheld = Attacker(), {}
    for measure in measures:
        for per in ("month", "quarter", "year"):
            for analysis in ("trends", "national_trend"):
                recipe = Recipe(store.theatre.id, analysis, {"frequency": per}, filters.with_(measure=measure))
                frame = prepare(build(recipe, store), store).exhibit.parts[0].frames["series"]
                marks = frame["withheld"] if "withheld" in frame else pd.Series("", index=frame.index)
                areas = frame["panel"] if "panel" in frame else pd.Series("all", index=frame.index)
                for area, day, value, mark in zip(areas, frame["period"], frame["value"], marks, strict=True):
                    name = (measure, per, str(area), pd.Timestamp(day))
                    if mark:
                        assert pd.isna(value)
                        withheld[name] = stated(mark)
                        attacker.learn(name, *withheld[name])
                    elif pd.notna(value):
                        attacker.learn(name, float(value), float(value))
    names = set(attacker.low)
    for coarse, fine, code in (("quarter", "month", "Q"), ("year", "quarter", "Y")):
        inside: dict[tuple, list[tuple]] = {}
        for measure, per, area, day in names:
            if per == fine:
                inside.setdefault((measure, coarse, area, day.to_period(code).start_time), []).append(
                    (measure, per, area, day)
                )
        for total, parts in inside.items():
            attacker.adds_up(parts, total)
    for measure, per, area, day in [one for one in names if one[2] == "all"]:
        provinces = [one for one in names if one[0] == measure and one[1] == per and one[3] == day and one[2] != "all"]
        attacker.adds_up([*provinces, (measure, per, "elsewhere", day)], (measure, per, area, day))
    for measure, per, area, day in names:
        if measure == "killed" and {(other, per, area, day) for other in ("injured", "casualties")} <= names:
            attacker.adds_up([(measure, per, area, day), ("injured", per, area, day)], ("casualties", per, area, day))
    learn_where_nothing_happened(attacker, store, filters, measures)
    return attacker, withheld


def learn_where_nothing_happened(attacker: Attacker, store: Store, filters: Filters, measures: tuple[str, ...]) -> None:
    """Let the attacker see counts of incidents, which are exempt: where there is none, nobody was harmed."""
    for per in ("month", "quarter", "year"):
        frames = [
            prepare(build(Recipe(store.theatre.id, analysis, {"frequency": per}, filters), store), store)
            .exhibit.parts[0].frames["series"] for analysis in ("trends", "national_trend")
        ]  # fmt: skip
        provinces, whole = (frame[frame["value"].notna()] for frame in frames)
        for area, day in provinces.loc[provinces["value"] == 0, ["panel", "period"]].itertuples(index=False):
            for measure in measures:
                attacker.learn((measure, per, str(area), pd.Timestamp(day)), 0, 0)
        inside = provinces.groupby("period")["value"].sum()
        for day, number in zip(whole["period"], whole["value"], strict=True):
            if number == inside.get(day, 0):
                for measure in measures:
                    attacker.learn((measure, per, "elsewhere", pd.Timestamp(day)), 0, 0)


def hold(attacker: Attacker, withheld: dict[tuple, tuple[float, float]], *, looked_at: int) -> None:
    """Attack some of the withheld counts, those of few people first."""
    chosen = sorted(withheld, key=lambda one: (withheld[one][1], str(one)))
    chosen = chosen[:: max(len(chosen) // looked_at, 1)]
    by_hand = attacker.added_up()
    for name in chosen:
        low, high = withheld[name]
        least, most = attacker.ends(name)
        if high < FAR:
            assert least <= low and most >= high, f"{name}: stated {low} to {high}, found {least} to {most}"
        elif least == most:  # no interval is stated where totals that are free give it away, and they alone do
            assert name not in by_hand, f"{name} is found out: {least}"


AIR = Filters(source="un_like", bound="max", parties=("international_forces",), date_from="2009-01-01",
              date_to="2011-12-31")  # fmt: skip


def test_nobody_learns_more_from_months_quarters_years_and_sums_together(demonstration: Store) -> None:
    attacker, withheld = told(demonstration, AIR, ("killed", "injured", "casualties"))
    assert len(withheld) > 100
    hold(attacker, withheld, looked_at=40)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["un_like", "isaf_like"])
def test_nobody_learns_more_from_all_provinces_and_days(demonstration: Store, source: str) -> None:
    attacker, withheld = told(demonstration, Filters(source=source, bound="max"), ("killed", "injured", "casualties"))
    hold(attacker, withheld, looked_at=200)


# ---- with published totals in hand -----------------------------------------------------------------------------------

PROVINCES = {"AF-KAN": "Kandahar", "AF-HEL": "Helmand", "AF-ZAB": "Zabul", "AF-KAB": "Kabul", "AF-GHA": "Ghazni"}
SOUTH = ("AF-KAN", "AF-ZAB", "AF-DAY", "AF-URU")  # Regional Command South from June 2010
LOG = Filters(source="log", bound="max")


def victims(seed: int) -> list[dict]:
    """Plant two years of incidents with few people each, known to the province."""
    chance = np.random.default_rng(seed)
    rows = []
    for month in pd.date_range("2009-01-01", periods=24, freq="MS"):
        for name in PROVINCES.values():
            for _ in range(chance.poisson(0.9)):
                killed, injured = (int(one) for one in chance.geometric(0.5, 2) - [0, 1])
                rows.append(
                    incident(len(rows), f"{month:%Y-%m}-15", None, location_precision="province", admin1=name)
                    | {f"civilians_killed_{bound}": killed for bound in BOUNDS}
                    | {f"civilians_injured_{bound}": injured for bound in BOUNDS}
                )
    return rows


def totals_of(rows: list[dict]) -> list[tuple[tuple[str, ...], pd.Timestamp, pd.Timestamp, str, int]]:
    """Publish what some spans and provinces hold: a province and month, two months, a quarter, several provinces."""
    frame = pd.DataFrame(rows)
    frame["at"] = pd.to_datetime(frame["event_date"]).dt.to_period("M").dt.start_time
    found = []
    for areas, first, months, measure in (
        (("AF-KAN",), "2009-02", 1, "killed"), (("AF-HEL",), "2009-03", 2, "killed"),
        (("AF-KAB",), "2010-05", 2, "injured"), (("AF-ZAB",), "2009-07", 1, "casualties"),
        (("AF-GHA",), "2010-02", 3, "casualties"), (("AF-ZAB",), "2010-08", 2, "killed"),
        (SOUTH, "2010-09", 1, "killed"), ((*SOUTH, "AF-HEL", "AF-NIM"), "2009-11", 1, "killed"),
    ):  # fmt: skip
        begin = pd.Timestamp(first)
        last = begin + pd.DateOffset(months=months - 1) + pd.offsets.MonthEnd(0)
        inside = frame["admin1"].isin([PROVINCES.get(area) for area in areas]) & frame["at"].between(begin, last)
        harms = ("killed", "injured") if measure == "casualties" else (measure,)
        found.append(
            (areas, begin, last, measure, int(sum(frame.loc[inside, f"civilians_{h}_max"].sum() for h in harms)))
        )
    return found


def published(folder: Path, totals: list) -> Path:
    """Write totals as somebody would publish them."""
    lines = ["tally,area,start,end,measure,value,publication,published_at"]
    named = [areas[0] if len(areas) == 1 else "Regional Command South" for areas, *_ in totals]
    lines += [
        f"press,{area},{first:%Y-%m-%d},{last:%Y-%m-%d},{measure},{value},Weekly,2012-01-02"
        for area, (_, first, last, measure, value) in zip(named, totals, strict=True)
    ]
    (folder / "press.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "press.csv"


def read_the_press(attacker: Attacker, totals: list, names: dict[str, str]) -> None:
    """Let the attacker add up what was published."""
    for number, (areas, first, last, measure, value) in enumerate(totals):
        total = ("published", number)
        attacker.learn(total, value, value)
        months = pd.date_range(first, last, freq="MS")
        attacker.adds_up([(measure, "month", names[area], month) for area in areas for month in months], total)


@pytest.mark.parametrize("seed", range(2))
def test_nobody_learns_more_with_the_loaded_published_totals_in_hand(seed: int, own: Store, tmp_path: Path) -> None:
    rows = victims(seed)
    totals = totals_of(rows)
    add(own, tmp_path, rows)
    marking.set_marking(own, "FOR TESTS")
    names = own.theatre.boundaries["name"].to_dict()
    measures = ("killed", "injured", "casualties")

    attacker, withheld = told(own, LOG, measures)
    assert len(withheld) > 50
    read_the_press(attacker, totals, names)
    stated_ones = [name for name in withheld if withheld[name][1] < FAR]
    assert any(beaten(attacker, name, withheld[name]) for name in stated_ones), (
        "totals that are published and not loaded let something out"
    )

    own.add_totals(read_tallies(published(tmp_path, totals)))
    attacker, withheld = told(own, LOG, measures)
    read_the_press(attacker, totals, names)
    open_anyway = {(measure, "month", names[areas[0]], first) for areas, first, last, measure, _ in totals
                   if (last - first).days < 31}  # fmt: skip
    assert open_anyway & set(attacker.low)
    hold(attacker, {name: withheld[name] for name in withheld if name not in open_anyway}, looked_at=100)


def beaten(attacker: Attacker, name: tuple, stated: tuple[float, float]) -> bool:
    """Say whether a count can be narrowed below what is stated."""
    least, most = attacker.ends(name)
    return least > stated[0] or most < stated[1]
