"""Tallies and activity in the theatre's codes; what it does not know is set aside."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from civmap.placing import place_totals
from civmap.readers.tallies import TotalsResult, read_activity, read_tallies
from civmap.theatre import Theatre


def placed(theatre: Theatre, folder: Path, text: str) -> TotalsResult:
    file = folder / "un.csv"
    file.write_text(text, encoding="utf-8")
    return place_totals(read_tallies(file), theatre)


@pytest.mark.parametrize(
    ("area", "code"),
    [
        ("Hilmand", "AF-HEL"), ("AF-HEL", "AF-HEL"), ("هلمند", "AF-HEL"), ("RC(S)", "rc_south"),
        ("RC South", "rc_south"), ("Regional Command South", "rc_south"), ("Southern Region", "unama_southern"),
        ("unama_southern", "unama_southern"), ("Afghanistan", ""), ("", ""),
    ],
)  # fmt: skip
def test_an_area_is_a_province_a_group_or_the_whole(afghanistan: Theatre, tmp_path: Path, area: str, code: str) -> None:
    result = placed(afghanistan, tmp_path, f"area,period,killed\n{area},2011,5\n")
    assert result.totals["area"].tolist() == [code]
    assert list(result.totals["caveats"].iloc[0]) == []


def test_a_province_by_likeness_is_a_caveat(afghanistan: Theatre, tmp_path: Path) -> None:
    result = placed(afghanistan, tmp_path, "area,period,killed\nKandahr,2011,5\n")
    assert result.totals["area"].item() == "AF-KAN"
    assert list(result.totals["caveats"].iloc[0]) == ["province_by_likeness"]


def test_a_group_redrawn_within_the_period_is_a_caveat(afghanistan: Theatre, tmp_path: Path) -> None:
    """Helmand and Nimroz left Regional Command South on 1 June 2010."""
    text = "area,start,end,killed\n" + "".join(
        f"{area},{start},{end},5\n"
        for area, start, end in [
            ("RC South", "2010-01-01", "2010-12-31"), ("RC South", "2009-01-01", "2009-12-31"),
            ("RC South", "2010-01-01", "2010-05-31"), ("RC South", "2010-06-01", "2010-12-31"),
            ("RC South", "2010-05-31", "2010-06-01"), ("RC East", "2010-01-01", "2010-12-31"),
            ("Helmand", "2010-01-01", "2010-12-31"),
        ]
    )  # fmt: skip
    result = placed(afghanistan, tmp_path, text)
    redrawn = ["area_redrawn" in caveats for caveats in result.totals["caveats"]]
    assert redrawn == [True, False, False, False, True, False, False]


@pytest.mark.parametrize(
    ("party", "codes"),
    [
        ("Taliban", ("taliban",)), ("ANSF; ISAF", ("afghan_forces", "international_forces")), ("", ()),
        ("Anti-Government Elements", ("taliban", "iskp", "other_anti_government")),
        ("PGF", ("international_forces", "afghan_forces")), ("Unattributed", ("undetermined",)),
        ("taliban;iskp", ("taliban", "iskp")), ("AGEs and Taliban", ("taliban", "iskp", "other_anti_government")),
    ],
)  # fmt: skip
def test_a_party_may_be_a_side_or_several(
    afghanistan: Theatre, tmp_path: Path, party: str, codes: tuple[str, ...]
) -> None:
    result = placed(afghanistan, tmp_path, f'party,period,killed\n"{party}",2011,5\n')
    assert set(result.totals["party"].item()) == set(codes)
    assert len(result.totals["party"].item()) == len(codes)


@pytest.mark.parametrize(
    ("cause", "codes"),
    [
        ("Suicide attacks and IEDs", ("suicide_or_complex", "ied")), ("IED", ("ied",)), ("", ()),
        ("suicide_or_complex;ied", ("suicide_or_complex", "ied")),
    ],
)  # fmt: skip
def test_a_total_may_be_of_several_causes(
    afghanistan: Theatre, tmp_path: Path, cause: str, codes: tuple[str, ...]
) -> None:
    result = placed(afghanistan, tmp_path, f"cause,period,killed\n{cause},2011,5\n")
    assert tuple(result.totals["cause"]) == (codes,)


def test_what_is_not_known_is_set_aside_whole_with_its_figures(afghanistan: Theatre, tmp_path: Path) -> None:
    text = (
        "area,party,cause,period,killed,injured\n"
        "Helmand,Taliban,IED,2011,5,6\n"
        "Paktyka,Taliban,IED,2011,7,8\n"
        "Atlantis,Martians,IED,2011,9,\n"
        "Helmand,Martians,IED,2011,10,11\n"
        "Helmand,Taliban,Magic,2011,12,13\n"
        "Helmand,Taliban,IED,never,14,15\n"
    )
    result = placed(afghanistan, tmp_path, text)
    aside = result.rejected
    assert result.provenance.read == result.totals["source_row"].nunique() + len(aside) == 6
    assert aside[["source_row", "rule", "column", "value"]].to_numpy(dtype=object).tolist() == [
        [2, "area_ambiguous", "area", "Paktyka"],
        [3, "area_unknown", "area", "Atlantis"],
        [4, "party_unknown", "party", "Martians"],
        [5, "cause_unknown", "cause", "Magic"],
        [6, "period_unreadable", "period", "never"],
    ]
    assert "Paktia" in aside["expected"][0] and "Paktika" in aside["expected"][0]
    row = json.loads(aside["row"][0])
    assert (row["area"], row["killed"], row["injured"]) == ("Paktyka", 7, 8)
    assert set(aside["file"]) == {"un.csv"}


def test_a_row_that_was_mended_is_read_again(afghanistan: Theatre, tmp_path: Path) -> None:
    aside = placed(afghanistan, tmp_path, "area,period,killed,injured\nPaktyka,2011,7,8\n").rejected
    mended = pd.DataFrame([json.loads(aside["row"].item()) | {"area": "Paktika"}])
    again = placed(afghanistan, tmp_path, mended.to_csv(index=False))
    assert again.rejected.empty
    assert again.totals[["area", "measure", "value"]].to_numpy(dtype=object).tolist() == [
        ["AF-PKA", "killed", 7], ["AF-PKA", "injured", 8],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["afghanistan", "oir"])
def test_the_shipped_tables_come_back_through_the_reader_as_the_theatre_has_them(
    name: str, request: pytest.FixtureRequest
) -> None:
    theatre = request.getfixturevalue(name)
    tables = {"activity": read_activity} | ({"tallies": read_tallies} if len(theatre.tallies) else {})
    for table, reader in tables.items():
        result = place_totals(reader(theatre.folder / f"{table}.csv"), theatre)
        assert result.rejected.empty
        shipped = getattr(theatre, table)
        got = result.totals.fillna({column: "" for column in shipped if shipped[column].dtype == "str"})
        pd.testing.assert_frame_equal(got[list(shipped)], shipped)
