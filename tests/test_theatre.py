"""Loading, naming and making theatres."""

import json
import shutil

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from civmap.errors import TheatreError
from civmap.theatre import load_theatre, new_theatre, normalise_name, theatre_names
from civmap.theatre_files import TABLES


@pytest.fixture(scope="module")
def afghanistan():
    return load_theatre("afghanistan")


@pytest.fixture(scope="module")
def oir():
    return load_theatre("oir")


def two_squares(*, overlap: float = 0.0) -> gpd.GeoDataFrame:
    west, east = shapely.box(20, 10, 21, 11), shapely.box(21 - overlap, 10, 22, 11)
    return gpd.GeoDataFrame(
        {"shapeISO": ["XY-W", "XY-E"], "shapeName": ["West", "East"]}, geometry=[west, east], crs="EPSG:4326"
    )


def write_small_theatre(folder, **tables: str):
    folder.mkdir()
    (folder / "theatre.toml").write_text(
        'id = "small"\ntitle = "Small"\ncountries = ["XY"]\n'
        'measuring_crs = "+proj=laea +lat_0=10 +lon_0=21"\ntime_zone = "UTC"\n'
    )
    squares = two_squares().rename(columns={"shapeISO": "admin1", "shapeName": "name"}).assign(country="XY")
    squares.to_file(folder / "boundaries.geojson", driver="GeoJSON")
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_the_shipped_theatres_are_found_by_name():
    assert {"afghanistan", "oir"} <= set(theatre_names())


def test_an_unknown_theatre_is_named_with_those_there_are():
    with pytest.raises(TheatreError, match=r"no theatre 'atlantis'.*afghanistan, oir"):
        load_theatre("atlantis")


def test_a_theatre_of_ones_own_comes_before_a_shipped_one(tmp_path, monkeypatch):
    write_small_theatre(tmp_path / "oir")
    monkeypatch.setenv("CIVMAP_THEATRES", str(tmp_path))
    assert load_theatre("oir").id == "small"
    assert load_theatre("afghanistan").id == "afghanistan"


def test_only_settings_and_boundaries_are_required_and_other_tables_are_empty_but_typed(tmp_path):
    theatre = load_theatre(write_small_theatre(tmp_path / "small"))
    assert list(theatre.directives.columns) == list(TABLES["directives"])
    assert theatre.directives["issued_at"].dtype == "datetime64[us]"
    assert theatre.population["population"].dtype == "Int64"
    assert theatre.context.empty
    assert theatre.demonstration is None
    assert theatre.surveillance_delay_days == 90
    assert theatre.party_of("anyone") == "other"


def test_tallies_and_activity_are_read_with_areas_parties_and_dates(tmp_path):
    head = ",".join(TABLES["tallies"]) + "\n"
    rows = (
        "un,XY-W,2010-01-01,2010-12-31,blue;other,ied,killed,5,all,Report,2011-02-28,month,confirmed,book,\n"
        "un,both,2010-01-01,2010-12-31,,,injured,6,all,Report,,unknown,recalled,book,\n"
        "un,,2010-01-01,2010-12-31,,,casualties,11,all,Report,,unknown,recalled,book,\n"
    )
    groups = ",".join(TABLES["area_groups"]) + "\nboth,Both,XY-W,,,confirmed,me\nboth,Both,XY-E,,,confirmed,me\n"
    folder = write_small_theatre(
        tmp_path / "small", tallies=head + rows, area_groups=groups, parties="party,label,side,note\nblue,Blue,state,\n"
    )
    theatre = load_theatre(folder)
    assert theatre.tallies["area"].to_list() == ["XY-W", "both", ""]
    assert theatre.tallies["party"].to_list() == [("blue", "other"), (), ()]
    assert theatre.tallies["value"].dtype == "Int64"
    assert theatre.aliases["group"] == {"both": "both"}
    assert theatre.aliases["side"] == {"state": "state"}
    assert theatre.activity.empty


def test_faults_of_totals_are_named(tmp_path):
    head = ",".join(TABLES["activity"]) + "\n"
    rows = (
        "XY-Q,2010-01-01,,green,flights,5,all,Report,2011,sometimes,sure,book,\n"
        ",2010-02-01,2010-01-01,,sorties,many,all,Report,,unknown,recalled,book,\n"
    )
    with pytest.raises(TheatreError) as raised:
        load_theatre(write_small_theatre(tmp_path / "small", activity=head + rows))
    for fault in (
        "activity.csv record 1: area 'XY-Q' is not known",
        "activity.csv record 1: end '' not understood (YYYY-MM-DD)",
        "activity.csv record 1: party 'green' is not known",
        "activity.csv record 1: measure 'flights' not understood (sorties, weapons_released",
        "activity.csv record 1: published_at '2011' not understood (YYYY-MM-DD)",
        "activity.csv record 1: published_precision 'sometimes' not understood",
        "activity.csv record 1: certainty 'sure' not understood",
        "activity.csv record 2: value 'many' not understood",
        "activity.csv record 2: start is after end",
    ):
        assert fault in str(raised.value)


def test_aliases_of_groups_and_sides_must_stand_for_one_that_is_there(tmp_path):
    text = "kind,alias,value\ngroup,The lot,nothing\nside,Baddies,anti\n"
    with pytest.raises(TheatreError) as raised:
        load_theatre(write_small_theatre(tmp_path / "small", aliases=text))
    assert "aliases.csv record 1: 'The lot' stands for unknown group 'nothing'" in str(raised.value)
    assert "aliases.csv record 2: 'Baddies' stands for unknown side 'anti'" in str(raised.value)


def test_an_id_that_is_not_the_folders_name_is_said(tmp_path, afghanistan):
    assert afghanistan.notes == ()
    theatre = load_theatre(write_small_theatre(tmp_path / "mine"))
    assert len(theatre.notes) == 1
    assert "'mine'" in theatre.notes[0] and "'small'" in theatre.notes[0]
    assert load_theatre(write_small_theatre(tmp_path / "small")).notes == ()


@pytest.mark.parametrize("code", ["XY,W", "XY;W"])
def test_a_code_that_separates_lists_is_refused(tmp_path, code):
    folder = write_small_theatre(tmp_path / "small")
    squares = two_squares().rename(columns={"shapeISO": "admin1", "shapeName": "name"}).assign(country="XY")
    squares.loc[0, "admin1"] = code
    squares.to_file(folder / "boundaries.geojson", driver="GeoJSON")
    with pytest.raises(TheatreError, match=rf"boundaries.geojson: admin1 '{code}' holds ',' or ';'"):
        load_theatre(folder)
    squares.rename(columns={"admin1": "shapeISO"}).to_file(tmp_path / "raw.geojson", driver="GeoJSON")
    with pytest.raises(TheatreError, match=rf"Column 'shapeISO' of raw.geojson.*Found: '{code}'.*without ',' or ';'"):
        new_theatre("other", tmp_path / "raw.geojson", folder=tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_demonstration_is_the_folder_if_there_is_one(tmp_path):
    folder = write_small_theatre(tmp_path / "small")
    (folder / "demonstration").mkdir()
    assert load_theatre(folder).demonstration == folder / "demonstration"


def test_all_faults_of_a_folder_are_named_at_once(tmp_path):
    folder = write_small_theatre(
        tmp_path / "small",
        aliases="kind,alias,value\nadmin1,Somewhere,XY-Q\nparty,Them,nobody\nadmin1,Occident,XY-W\nadmin1,occident,XY-E\n",
        parties="party,label,side,note\nblue,Blue,none,\nblue,Blue again,none,\n",
        directives=",".join(TABLES["directives"])
        + "\nD1,A,T,2009-13-01,day,,confirmed,tightens,green,aerial,,words,book\n"
        + "D2,A,T,2009-01-01,hour,,certain,sideways,blue,magic,XY-Q,words,book\n",
        context=",".join(TABLES["context"]) + "\nC1,2010-02-01,2010-01-01,XY-Z,campaign,What,recalled,me\n",
        population="admin1,population,year,source\nXY-W,many,2010,x\n",
        recording_changes=",".join(TABLES["recording_changes"]) + "\nR1,nosource,,2010-01-01,,Label,What,recalled,me\n",
    )
    with pytest.raises(TheatreError) as raised:
        load_theatre(folder)
    text = str(raised.value)
    for fault in (
        "aliases.csv record 1: 'Somewhere' stands for unknown admin1 'XY-Q'",
        "aliases.csv record 2: 'Them' stands for unknown party 'nobody'",
        "aliases.csv record 4: 'occident' stands for 'XY-E' here and for 'XY-W' elsewhere",
        "parties.csv: party 'blue' appears twice",
        "directives.csv record 1: issued_at '2009-13-01' not understood (YYYY-MM-DD)",
        "directives.csv record 1: scope_parties 'green' is not known",
        "directives.csv record 2: issued_precision 'hour' not understood",
        "directives.csv record 2: date_certainty 'certain' not understood",
        "directives.csv record 2: direction 'sideways' not understood (tightens, widens, organisational)",
        "directives.csv record 2: scope_causes 'magic' is not known",
        "directives.csv record 2: scope_areas 'XY-Q' is not known",
        "context.csv record 1: area 'XY-Z' is not known",
        "context.csv record 1: start is after end",
        "population.csv: no column certainty",
        "recording_changes.csv record 1: sources 'nosource' is not known",
    ):
        assert fault in text
    assert "15 fault(s)" in text


def test_an_empty_folder_names_both_missing_files(tmp_path):
    with pytest.raises(TheatreError, match=r"(?s)theatre.toml: missing.*boundaries.geojson: missing"):
        load_theatre(tmp_path)


def test_settings_that_cannot_measure_or_tell_the_time_are_refused(tmp_path):
    folder = write_small_theatre(tmp_path / "small")
    (folder / "theatre.toml").write_text(
        'id = "Small One"\ntitle = ""\nmeasuring_crs = "EPSG:3857"\ntime_zone = "Mars/Olympus"\n'
    )
    with pytest.raises(TheatreError) as raised:
        load_theatre(folder)
    for fault in ("no key 'countries'", "id 'Small One'", "'EPSG:3857' is not an equal-area CRS", "Mars/Olympus"):
        assert fault in str(raised.value)


def test_settings_of_the_wrong_kind_are_named_all_at_once(tmp_path):
    folder = write_small_theatre(tmp_path / "small")
    (folder / "theatre.toml").write_text(
        'id = "small"\ntitle = 7\ncountries = "XY"\nmeasuring_crs = "+proj=laea"\ntime_zone = 2\n'
        'map_cell_resolution = 12\nsurveillance_delay_days = true\nmarking = "x"\n'
        '[disclosure]\nsmallest_count = "five"\n[view]\nlon = 999\nzoom = 4\n'
    )
    with pytest.raises(TheatreError) as raised:
        load_theatre(folder)
    for fault in (
        "title 7 is not a text", "countries 'XY' is not a list of texts", "time_zone 2 is not a text",
        "map_cell_resolution 12 is not a whole number from 1 to 9", "surveillance_delay_days True is not",
        "disclosure.smallest_count 'five' is not", "view.lon 999 is not a number from -180 to 180", "7 fault(s)",
    ):  # fmt: skip
        assert fault in str(raised.value)


def test_settings_left_out_have_their_defaults_and_others_stay(tmp_path):
    folder = write_small_theatre(tmp_path / "small")
    with (folder / "theatre.toml").open("a") as file:
        file.write("map_cell_resolution = 6\n[disclosure]\nsmallest_count = 3\n")
    theatre = load_theatre(folder)
    assert theatre.map_cell_resolution == 6 and theatre.marking == ""
    assert theatre.disclosure == {
        "smallest_count": 3, "finest_place": "district", "province_month_counts_exempt": True,
    }  # fmt: skip
    assert load_theatre("oir").disclosure["smallest_count"] == 5


def test_rows_with_more_cells_than_the_header_are_a_fault_and_never_shifted(tmp_path):
    table = "party,label,side,note\nrebels,Rebels,none,,\nothers,Others,none,,\n"
    with pytest.raises(TheatreError, match=r"parties\.csv: its rows hold more cells than its header"):
        load_theatre(write_small_theatre(tmp_path / "small", parties=table))


def test_the_fingerprint_is_that_of_the_theatres_own_files(tmp_path):
    folder = write_small_theatre(tmp_path / "small")
    before = load_theatre(folder).fingerprint
    (folder / ".git").mkdir()
    (folder / "notes.txt").write_text("look at this again")
    assert load_theatre(folder).fingerprint == before
    (folder / "parties.csv").write_text("party,label,side,note\nrebels,Rebels,none,\n")
    assert load_theatre(folder).fingerprint != before


def test_boundaries_in_metres_or_with_a_code_twice_are_refused(tmp_path):
    folder = write_small_theatre(tmp_path / "small")
    squares = gpd.read_file(folder / "boundaries.geojson").assign(admin1="XY-W").to_crs("EPSG:32634")
    squares.to_file(folder / "boundaries.geojson", driver="GeoJSON")
    with pytest.raises(TheatreError, match=r"(?s)not EPSG:4326 \(found EPSG:32634\).*'XY-W' appears more than once"):
        load_theatre(folder)


def test_boundaries_that_overlap_are_refused(tmp_path):
    folder = write_small_theatre(tmp_path / "small")
    squares = two_squares(overlap=0.1).rename(columns={"shapeISO": "admin1", "shapeName": "name"}).assign(country="XY")
    squares.to_file(folder / "boundaries.geojson", driver="GeoJSON")
    with pytest.raises(TheatreError, match="provinces overlap"):
        load_theatre(folder)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hilmand province", "HILMAND"),
        ("Sar-e-Pol", "sar e pol"),
        ("Dar`a", "Dar’a Governorate"),
        ("Şalāḩ ad Dīn", "Salah ad-Din"),
        ("محافظة الرقة", "الرقه"),
        ("ولایت كابل", "کابل"),
        ("ننګرهار", "ننگرهار"),
        ("دایکنډي", "دایکندی"),
        ("Province of Homs", "homs"),
        ("Velayat Farah", "farah"),
    ],
)
def test_spelling_that_does_not_matter_is_dropped(one, other):
    assert normalise_name(one) == normalise_name(other)


def test_a_name_made_of_administrative_words_alone_is_kept():
    assert normalise_name("District") == "district"


def test_names_of_two_provinces_are_told_apart():
    assert normalise_name("Paktya") != normalise_name("Paktika")


def test_admin1_of_keeps_the_index_and_leaves_unknown_names_null(afghanistan):
    names = pd.Series(["Hilmand province", None, "Atlantis", "AF-KAB", "ننگرهار"], index=[9, 8, 7, 6, 5])
    codes = afghanistan.admin1_of(names)
    assert codes.to_list()[0] == "AF-HEL"
    assert codes.isna().to_list() == [False, True, True, False, False]
    assert codes.loc[[6, 5]].to_list() == ["AF-KAB", "AF-NAN"]
    assert codes.index.equals(names.index)


def test_admin1_of_an_empty_column_is_empty(afghanistan):
    assert afghanistan.admin1_of(pd.Series([], dtype="str")).empty
    assert afghanistan.admin1_of(pd.Series([None, None], dtype="object")).isna().all()


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("Hilmand", "AF-HEL"), ("Hirat", "AF-HER"), ("Paktya", "AF-PIA"), ("Paktiya", "AF-PIA"), ("Khowst", "AF-KHO"),
        ("Konar", "AF-KNR"), ("Kunarha", "AF-KNR"), ("Konduz", "AF-KDZ"), ("Jowzjan", "AF-JOW"),
        ("Sari Pul", "AF-SAR"), ("Sar-e-Pol", "AF-SAR"), ("Sar-i-Pul", "AF-SAR"), ("Maidan Wardak", "AF-WAR"),
        ("Wardag", "AF-WAR"), ("Day Kundi", "AF-DAY"), ("Daikondi", "AF-DAY"), ("Urozgan", "AF-URU"),
        ("Oruzgan", "AF-URU"), ("Nimruz", "AF-NIM"), ("Paktika", "AF-PKA"), ("میدان وردک", "AF-WAR"),
    ],
)  # fmt: skip
def test_common_afghan_spellings(afghanistan, spelling, code):
    assert afghanistan.admin1_of(pd.Series([spelling, f"{spelling} province"])).to_list() == [code, code]


@pytest.mark.parametrize("name", ["Hattai", "Haifa", "Hama or Idlib", "Deir ez-Zor/Damascus", "Syria", "36.38472222"])
def test_places_abroad_and_names_of_two_provinces_decide_nothing(oir, name):
    assert oir.admin1_of(pd.Series([name])).isna().all()


@pytest.mark.parametrize(
    ("named", "parties"),
    [
        ("Russian Military, U.S.-led Coalition", ("russia", "coalition")),
        ("Government of Russia (Soviet Union)", ("russia",)),
        ("Ahrar al-Sham, HTS, Southern Front", ("syrian_opposition", "hts")),
        ("YPG, Syrian Democratic Forces", ("sdf",)),
        ("Jordanian Military", ("other_state",)),
        ("Some new brigade", ("other",)),
        ("Unknown", ("undetermined",)),
        (" ", ("undetermined",)),
        (None, ("undetermined",)),
        (float("nan"), ("undetermined",)),
    ],
)
def test_parties_of_one_cell(oir, named, parties):
    assert oir.parties_of(named) == parties


def test_afghan_parties(afghanistan):
    named = ["Taleban", "IS", "ISAF", "AGEs", "Government of Afghanistan", "PGF"]
    expected = ["taliban", "iskp", "international_forces", "other_anti_government", "afghan_forces", "undetermined"]
    assert [afghanistan.party_of(name) for name in named] == expected


def test_source_label_falls_back_to_the_id(afghanistan):
    assert afghanistan.source_label("ucdp_ged") == "UCDP GED"
    assert afghanistan.source_label("my_table") == "my_table"


@pytest.mark.parametrize(("theatre", "km2"), [("afghanistan", 642_000), ("oir", 438_000 + 184_000)])
def test_areas_measured_in_the_theatres_crs_are_near_the_published_ones(theatre, km2):
    loaded = load_theatre(theatre)
    area_km2 = loaded.boundaries.to_crs(loaded.measuring_crs).area.sum() / 1e6
    assert area_km2 == pytest.approx(km2, rel=0.02)


def test_new_theatre_round_trip_from_a_geopackage_in_another_crs(tmp_path, oir):
    raw = oir.boundaries.reset_index().rename(columns={"admin1": "iso_3166_2"}).to_crs("EPSG:32637")
    raw.to_file(tmp_path / "provinces.gpkg")
    folder = new_theatre("copy", tmp_path / "provinces.gpkg", folder=tmp_path / "mine")
    copy = load_theatre(folder)
    assert copy.id == "copy"
    assert copy.countries == ("IQ", "SY")
    assert set(copy.boundaries.index) == set(oir.boundaries.index)
    assert copy.boundaries.loc["SY-RA", "name"] == "Raqqa"
    assert copy.admin1_of(pd.Series(["Deir ez-Zor"])).item() == "SY-DY"
    assert shapely.coverage_is_valid(copy.boundaries.geometry)
    assert copy.boundaries.crs == "EPSG:4326"
    assert abs(copy.view["zoom"] - oir.view["zoom"]) < 0.5
    shared = copy.boundaries.geometry.loc[oir.boundaries.index]
    moved = shared.symmetric_difference(oir.boundaries.geometry).to_crs(oir.measuring_crs).area.sum()
    assert moved < 0.01 * shared.to_crs(oir.measuring_crs).area.sum()
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == ["copy"]


def test_new_theatre_reads_usual_code_columns_and_makes_codes_where_there_are_none(tmp_path):
    two_squares().to_file(tmp_path / "named.geojson", driver="GeoJSON")
    named = load_theatre(new_theatre("named", tmp_path / "named.geojson", folder=tmp_path))
    assert named.boundaries["name"].to_dict() == {"XY-W": "West", "XY-E": "East"}
    two_squares()[["geometry"]].to_file(tmp_path / "bare.geojson", driver="GeoJSON")
    bare = load_theatre(new_theatre("bare", tmp_path / "bare.geojson", folder=tmp_path))
    assert list(bare.boundaries.index) == ["BARE-01", "BARE-02"]


def test_new_theatre_repairs_provinces_that_overlap_a_little(tmp_path):
    two_squares(overlap=0.01).to_file(tmp_path / "raw.geojson", driver="GeoJSON")
    theatre = load_theatre(new_theatre("mended", tmp_path / "raw.geojson", folder=tmp_path))
    assert shapely.coverage_is_valid(theatre.boundaries.geometry)
    areas = theatre.boundaries.geometry.to_numpy()
    assert shapely.area(areas) == pytest.approx(np.array([1.0, 1.0 - 0.0]), abs=0.02)


def test_new_theatre_refuses_to_overwrite_and_leaves_nothing_behind_when_it_fails(tmp_path):
    two_squares().to_file(tmp_path / "raw.geojson", driver="GeoJSON")
    (tmp_path / "mine" / "taken").mkdir(parents=True)
    with pytest.raises(TheatreError, match="exists already"):
        new_theatre("taken", tmp_path / "raw.geojson", folder=tmp_path / "mine")
    with pytest.raises(TheatreError, match="Column 'nonsense'.*shapeISO"):
        new_theatre("other", tmp_path / "raw.geojson", folder=tmp_path / "mine", code_column="nonsense")
    with pytest.raises(TheatreError, match="cannot be read"):
        new_theatre("other", tmp_path / "absent.gpkg", folder=tmp_path / "mine")
    with pytest.raises(TheatreError, match="cannot name a theatre"):
        new_theatre("../other", tmp_path / "raw.geojson", folder=tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["taken"]


def test_a_shipped_theatre_can_be_copied_and_changed(tmp_path):
    shipped = load_theatre("afghanistan").folder
    copy = shutil.copytree(shipped, tmp_path / "mine")
    assert load_theatre(copy).boundaries.equals(load_theatre("afghanistan").boundaries)
    text = json.loads((copy / "boundaries.geojson").read_text(encoding="utf-8"))
    assert set(text["features"][0]["properties"]) == {"admin1", "name", "country"}
