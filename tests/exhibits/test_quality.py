"""Data quality and published totals: the sentences that a reader takes away, and the rows behind them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from civmap.exhibits import Recipe, build
from civmap.filters import Filters
from civmap.readers.tallies import read_tallies
from civmap.store import Store
from tests.stores import KABUL, KANDAHAR, add, incident


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home, "afghanistan")


def test_the_share_of_a_source_on_points_that_stand_for_a_province_is_said(store: Store, tmp_path: Path) -> None:
    """19 of 100 records name no place and share one point; 12 others truly lie in one town."""
    nowhere = [incident(n, "2010-01-05", KANDAHAR, location_precision="exact") for n in range(19)]
    town = [incident(n, "2010-01-05", (34.0, 68.8)) | {"place": "A town"} for n in range(100, 112)]
    apart = [
        incident(n, "2010-01-05", (KABUL[0] + n / 1000, KABUL[1])) | {"place": f"Place {n}"} for n in range(200, 269)
    ]
    add(store, tmp_path, nowhere + town + apart)
    exhibit = build(Recipe("afghanistan", "points"), store)
    assert "log: 19 % of this source sits on points that only stand for a province" in exhibit.sentence
    table = exhibit.parts[0].table
    assert table[["Records", "Of them known to the province only"]].to_numpy().tolist() == [[19, 19], [12, 0]]
    assert table["Share of the source (%)"].tolist() == [19.0, 12.0]
    precise = build(Recipe("afghanistan", "precision"), store).parts[0].table.set_index("Place known to")["All"]
    assert precise["province"] == 19 and precise["exact"] == 0, "they lose their false precision"


def test_a_source_without_such_points_says_so(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [incident(n, "2010-01-05") | {"place": "A town"} for n in range(12)])
    sentence = build(Recipe("afghanistan", "points"), store).sentence
    assert "no point of this source only stands for a province; the point with most records, A town, holds 100 %" in (
        sentence
    )


def test_published_totals_stand_with_publication_and_records_beside_them(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [incident(n, f"2010-{n:02d}-01", KANDAHAR) for n in range(1, 13)])
    (tmp_path / "press.csv").write_text(
        "area,period,party,killed,publication,published_at\nKandahar,2010-02..11,,50,Weekly,2011-01\n"
        "Paktyka,2010,,1,Weekly,2011-01\n", encoding="utf-8",
    )  # fmt: skip
    store.add_totals(read_tallies(tmp_path / "press.csv"))
    exhibit = build(
        Recipe("afghanistan", "tallies", filters=Filters(date_from=date(2010, 1, 1), date_to=date(2010, 12, 31))), store
    )
    table = exhibit.parts[0].table
    row = table[table["File"] == "press.csv"].iloc[0]
    assert (row["Area"], row["Published"], row["Publication"], row["Published on"]) == (
        "Kandahar",
        50,
        "Weekly",
        "2011-01",
    )
    assert [row[f"log, {bound}"] for bound in ("min", "best", "max")] == [10, 20, 30]
    assert exhibit.n == len(table) and set(table["From"].dt.year) == {2010}
    assert "1 row of loaded tables set aside." in exhibit.sentence
    assert exhibit.parts[1].table[["File", "Rule"]].to_numpy().tolist() == [["press.csv", "area ambiguous"]]
    assert any("never added together" in caveat for caveat in exhibit.caveats)


def test_where_no_total_was_known_yet_it_says_so_and_shows_no_zero(store: Store) -> None:
    exhibit = build(Recipe("afghanistan", "tallies", as_known_on=date(2008, 1, 1)), store)
    assert exhibit.sentence == "No published total was known on 1 January 2008." and exhibit.parts[0].table.empty
