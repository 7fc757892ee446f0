"""What the shipped theatres hold: provinces in their place, names that resolve, facts with their sources."""

import importlib
import os
import re
from pathlib import Path

import pandas as pd
import pytest
import shapely

from civmap.theatre import load_theatre, normalise_name
from civmap.theatre_files import TABLES

DATA = Path(__file__).resolve().parents[1] / "data"
THEATRES = ("afghanistan", "oir")
KB = 1000
reference = pytest.mark.skipif(
    "CIVMAP_REFERENCE_DATA" not in os.environ,
    reason="needs the reference data: set CIVMAP_REFERENCE_DATA to its folder",
)


@pytest.fixture(scope="module", params=THEATRES)
def theatre(request):
    return load_theatre(request.param)


def province_at(name: str, lat: float, lon: float) -> str:
    boundaries = load_theatre(name).boundaries
    return boundaries.index[boundaries.contains(shapely.Point(lon, lat))].item()


def reference_files(pattern: str) -> list[Path]:
    return sorted(Path(os.environ["CIVMAP_REFERENCE_DATA"]).glob(pattern))


@pytest.mark.parametrize(("name", "provinces", "size"), [("afghanistan", 34, 120 * KB), ("oir", 18 + 14, 130 * KB)])
def test_boundaries_are_complete_and_small(name, provinces, size):
    assert len(load_theatre(name).boundaries) == provinces
    assert (DATA / name / "boundaries.geojson").stat().st_size <= size


def test_provinces_leave_neither_gap_nor_overlap_also_along_the_border_of_iraq_and_syria(theatre):
    geometry = theatre.boundaries.geometry
    assert shapely.coverage_is_valid(geometry)
    whole = shapely.union_all(geometry)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors


def test_coordinates_have_at_most_four_decimals(theatre):
    text = (theatre.folder / "boundaries.geojson").read_text(encoding="utf-8")
    assert not re.search(r"\d\.\d{5}", text)


def test_codes_begin_with_their_country(theatre):
    assert (theatre.boundaries.index.str[:2] == theatre.boundaries["country"]).all()
    assert set(theatre.boundaries["country"]) == set(theatre.countries)


@pytest.mark.parametrize(
    ("town", "lat", "lon", "code"),
    [
        ("Nili", 33.72, 66.13, "AF-DAY"),  # the source names this polygon Uruzgan
        ("Tarinkot", 32.63, 65.87, "AF-URU"),
        ("Bazarak", 35.31, 69.52, "AF-PAN"),  # the source names this polygon Parwan
        ("Charikar", 35.01, 69.17, "AF-PAR"),
        ("Gardez", 33.60, 69.22, "AF-PIA"),
        ("Sharana", 33.13, 68.79, "AF-PKA"),
        ("Lashkar Gah", 31.59, 64.37, "AF-HEL"),
        ("Kabul", 34.53, 69.17, "AF-KAB"),
    ],
)
def test_afghan_towns_lie_in_their_province(town, lat, lon, code):
    assert province_at("afghanistan", lat, lon) == code


@pytest.mark.parametrize(
    ("town", "lat", "lon", "code"),
    [
        ("Raqqa", 35.95, 39.01, "SY-RA"), ("Mosul", 36.34, 43.13, "IQ-NI"), ("Damascus", 33.51, 36.29, "SY-DI"),
        ("Douma", 33.57, 36.40, "SY-RD"), ("Kirkuk", 35.47, 44.39, "IQ-KI"), ("Erbil", 36.19, 44.01, "IQ-AR"),
        ("Deir ez-Zor", 35.33, 40.14, "SY-DY"), ("Ramadi", 33.42, 43.30, "IQ-AN"), ("Basra", 30.51, 47.81, "IQ-BA"),
        ("Khan Arnabah, by the UNDOF zone", 33.18, 35.89, "SY-QU"), ("Halabja", 35.18, 45.99, "IQ-SU"),
        ("Kobani", 36.88, 38.35, "SY-HL"), ("Idlib", 35.93, 36.63, "SY-ID"),
    ],
)  # fmt: skip
def test_towns_of_iraq_and_syria_lie_in_their_governorate(town, lat, lon, code):
    assert province_at("oir", lat, lon) == code


def test_every_alias_resolves_and_none_is_listed_twice(theatre):
    rows = pd.read_csv(theatre.folder / "aliases.csv", dtype="str", keep_default_na=False)
    for kind, alias, value in rows.itertuples(index=False, name=None):
        assert theatre.aliases[kind][normalise_name(alias)] == value
    assert not pd.Series(zip(rows["kind"], rows["alias"].map(normalise_name), strict=True)).duplicated().any()


def test_every_province_has_a_name_in_arabic_script(theatre):
    arabic = {code for name, code in theatre.aliases["admin1"].items() if re.search("[\u0600-\u06ff]", name)}
    assert arabic == set(theatre.boundaries.index)


def test_what_the_source_lists_wrongly_for_paktika_is_paktia():
    assert load_theatre("afghanistan").aliases["admin1"]["paktya"] == "AF-PIA"


def test_headers_are_as_documented(theatre):
    for table, columns in TABLES.items():
        assert list(pd.read_csv(theatre.folder / f"{table}.csv", nrows=0).columns) == list(columns)


def test_every_directive_has_a_date_a_certainty_and_a_source(theatre):
    directives = theatre.directives
    assert len(directives)
    assert directives["issued_at"].notna().all()
    for column in ("authority", "title", "date_certainty", "text", "source"):
        assert (directives[column] != "").all()
    assert directives["issued_at"].is_monotonic_increasing


def test_directives_carry_their_doubts():
    directives = load_theatre("afghanistan").directives.set_index("id")
    assert directives.loc["ISAF-2009-07-02", "date_certainty"] == "confirmed"
    assert directives.loc["ISAF-2010-08-01", "date_certainty"] == "recalled"
    assert directives.loc["RS-2017", "direction"] == "widens"
    assert "ISAF-2008-CCTC" not in directives.index  # recording, not conduct
    delegation = load_theatre("oir").directives.set_index("id").loc["OIR-2016-12"]
    assert delegation["issued_precision"] == "month"
    assert delegation["direction"] == "widens"
    assert delegation["published_at"] == pd.Timestamp("2017-02-23")


def test_the_july_2009_directive_falls_in_a_recording_change():
    afghanistan = load_theatre("afghanistan")
    issued = afghanistan.directives.set_index("id").loc["ISAF-2009-07-02", "issued_at"]
    changes = afghanistan.recording_changes
    during = changes[(changes["start"] <= issued) & (changes["end"] >= issued)]
    assert "isaf-tracking-2009" in set(during["id"])


def test_every_scope_cites_its_source_and_licence(theatre):
    scopes = theatre.source_scopes
    for column in ("label", "inclusion_rule", "evidence_standard", "civilian_definition", "citation", "licence"):
        assert (scopes[column] != "").all()
    assert "CC BY 4.0" in set(scopes.loc[scopes["source"] == "ucdp_ged", "licence"])
    assert scopes["valid_from"].notna().all()


def test_context_changes_and_groups_say_where_they_come_from(theatre):
    for table in (theatre.context, theatre.recording_changes, theatre.area_groups, theatre.population):
        assert (table["certainty"] != "").all()
        assert (table["source"] != "").all()
    assert theatre.context["start"].notna().all()
    assert theatre.recording_changes[["start", "end"]].notna().all().all()


def test_population_covers_every_afghan_province_twice_with_the_published_sums():
    population = load_theatre("afghanistan").population
    assert population.groupby("year")["admin1"].nunique().to_dict() == {2013: 34, 2019: 34}
    assert population.groupby("year")["population"].sum().between(25e6, 32e6).all()


def test_regional_commands_cover_afghanistan_once_on_any_day():
    groups = load_theatre("afghanistan").area_groups
    commands = groups[groups["group"].str.startswith("rc_")]
    for day in pd.to_datetime(["2007-01-01", "2010-05-31", "2010-06-01", "2014-12-31"]):
        members = commands[(commands["valid_from"] <= day) & (commands["valid_to"] >= day)]
        assert sorted(members["admin1"]) == sorted(load_theatre("afghanistan").boundaries.index)


def test_every_figure_says_when_what_how_sure_and_from_where(theatre):
    for table in (theatre.tallies, theatre.activity):
        for column in ("measure", "definition", "publication", "certainty", "source"):
            assert (table[column] != "").all()
        assert table["value"].gt(0).all()
        assert (table["start"] <= table["end"]).all()
        assert (table["published_at"].isna() == (table["published_precision"] == "unknown")).all()
        # what ends in a period was published after it
        assert (table["published_at"].isna() | (table["published_at"] > table["end"])).all()
    assert len(theatre.activity)


def test_unama_totals_are_complete_and_revisions_are_rows_of_their_own():
    tallies = load_theatre("afghanistan").tallies
    whole = tallies[(tallies["definition"] == "all civilian casualties") & (tallies["measure"] == "killed")]
    assert sorted(set(whole["start"].dt.year)) == list(range(2007, 2021))
    of_2011 = whole[whole["start"].dt.year == 2011].set_index("publication")["value"]
    assert of_2011.to_dict() == {"UNAMA annual report 2011": 3021, "UNAMA annual report 2012": 3131}
    assert whole.loc[whole["start"].dt.year == 2010, "value"].to_list() == [2777, 2790]
    assert set(whole["area"]) == {""}
    key = ["tally", "area", "start", "end", "party", "cause", "measure", "definition", "publication"]
    assert not tallies[key].duplicated().any()


def test_aerial_figures_of_different_definitions_are_kept_apart():
    """Three definitions from 2008 to 2014, as the chart of the source itself mixes them."""
    tallies = load_theatre("afghanistan").tallies
    aerial = tallies[tallies["cause"].map(lambda causes: causes == ("aerial",)) & (tallies["measure"] == "killed")]
    years = aerial.groupby("definition")["start"].agg(lambda start: sorted(start.dt.year))
    assert years["air strikes"][:2] == [2008, 2009]
    assert years["aerial attacks by pro-government forces"] == [2010, 2011]
    assert years["aerial attacks by international forces"] == [2012]
    assert years["aerial operations"][:2] == [2013, 2014]


def test_weapons_and_sorties_are_told_apart_and_make_no_series():
    for name in THEATRES:
        activity = load_theatre(name).activity
        months = activity[activity["start"].dt.to_period("M") == activity["end"].dt.to_period("M")]
        begun = months.groupby("definition")["start"].apply(lambda start: start.dt.to_period("M").drop_duplicates())
        gaps = begun.groupby("definition").apply(lambda each: (each.max() - each.min()).n + 1 - len(each))
        assert (gaps[begun.groupby("definition").size() > 2] > 0).all()
    activity = load_theatre("afghanistan").activity
    assert activity.groupby("measure")["definition"].nunique().to_dict() == {"sorties": 3, "weapons_released": 2}
    september = activity[activity["start"] == pd.Timestamp("2017-09-01")]
    assert september["value"].to_list() == [751, 414]  # first published, then corrected
    assert september["published_at"].isna().to_list() == [True, False]


@reference
@pytest.mark.reference
def test_tallies_hold_every_figure_of_the_facts_and_recalled_ones_say_so():
    annual, by_cause = (pd.read_csv(reference_files(f"facts/{name}")[0]) for name in
                        ("unama_afghanistan_annual.csv", "unama_afghanistan_by_cause_party.csv"))  # fmt: skip
    tallies = load_theatre("afghanistan").tallies
    names = {"civ_deaths": "killed", "civ_injured": "injured", "civ_total": "casualties"}
    years = annual.rename(columns=names).melt("year", value_vars=list(names.values())).dropna()
    parts = by_cause.rename(columns={"deaths": "killed", "total": "casualties"})
    parts = parts.melt(["year", "dimension", "status"], value_vars=["killed", "injured", "casualties"]).dropna(
        subset="value"
    )
    parts.loc[parts["dimension"].str.contains("share"), "variable"] = "casualties_percent"
    expected = pd.concat([years, parts])[["year", "variable", "value"]].astype({"value": "int64"})
    shipped = tallies.assign(year=tallies["start"].dt.year)[["year", "measure", "value"]]
    revisions = {"a later UNAMA report": 2, "UNAMA annual report 2017": 3, "UNAMA annual report 2011": 2}
    both = expected.value_counts().rename_axis(["year", "measure", "value"])
    ours = shipped.value_counts()
    assert (ours.reindex(both.index, fill_value=0) >= both).all()
    assert len(shipped) == len(expected) + sum(revisions.values())
    plainly = parts[parts["status"].str.match("RECALLED")]
    for year, measure, value in plainly[["year", "variable", "value"]].itertuples(index=False):
        here = (tallies["start"].dt.year == year) & (tallies["measure"] == measure) & (tallies["value"] == value)
        assert set(tallies.loc[here, "certainty"]) == {"recalled"}, (year, measure, value)


@reference
@pytest.mark.reference
def test_activity_holds_every_figure_of_the_facts():
    facts = pd.read_csv(reference_files("facts/afcent_airpower.csv")[0])
    for name, theatre in (("afghanistan", "Afghanistan"), ("oir", "OIR")):
        expected = sorted(facts.loc[facts["theatre"] == theatre, "value"])
        shipped = load_theatre(name).activity["value"].to_list()
        assert sorted(shipped) == sorted(expected + ([751] if name == "afghanistan" else []))


@reference
@pytest.mark.reference
def test_tables_made_from_the_facts_are_those_that_the_script_makes(monkeypatch):
    monkeypatch.syspath_prepend(str(DATA))
    totals = importlib.import_module("totals")
    facts = Path(os.environ["CIVMAP_REFERENCE_DATA"]) / "facts"
    made = {
        ("afghanistan", "tallies"): totals.tally_rows(facts),
        ("afghanistan", "activity"): totals.activity_rows(facts, "afghanistan", party="international_forces"),
        ("oir", "activity"): totals.activity_rows(facts, "oir", party="coalition"),
    }
    for (name, table), rows in made.items():
        shipped = pd.read_csv(DATA / name / f"{table}.csv", dtype="str", keep_default_na=False)
        assert shipped.to_dict("records") == [{**dict.fromkeys(shipped, ""), **row} for row in rows]


def test_no_file_names_a_folder_of_the_machine_it_was_made_on():
    for path in DATA.rglob("*"):
        if path.suffix in {".csv", ".toml", ".md", ".py", ".geojson"}:
            assert not re.search(r"(?<![\w.])/(home|tmp|work|Users)/", path.read_text(encoding="utf-8")), path.name


@reference
@pytest.mark.reference
def test_every_province_of_the_ucdp_reference_data_resolves():
    files = reference_files("ucdp/*.csv*")
    assert files
    rows = pd.concat([pd.read_csv(path, dtype="str", usecols=["country", "adm_1"]) for path in files]).dropna()
    for name, country in (("oir", "Syria"), ("oir", "Iraq"), ("afghanistan", "Afghanistan")):
        names = rows.loc[rows["country"] == country, "adm_1"].drop_duplicates()
        assert len(names)
        codes = load_theatre(name).admin1_of(names)
        assert names[codes.isna()].to_list() == []


@reference
@pytest.mark.reference
def test_the_airwars_names_that_do_not_resolve_are_the_doubtful_ones():
    rows = pd.concat([pd.read_csv(path, dtype="str") for path in reference_files("airwars/*.csv.gz")])
    oir = load_theatre("oir")
    columns = ("region_original", "governorate_original", "province_original")
    names = pd.concat([rows[column] for column in columns]).dropna().drop_duplicates()
    assert set(names[oir.admin1_of(names).isna()]) == {
        "Hattai", "Haifa", "Al-Jazeera", "Sarin", "Syria", "36.38472222", "Al-Hasakah and Deir Ezzor",
        "Hama and Idlib governorate", "Hama or Idlib", "Homs or Aleppo", "Deir ez-Zor/Damascus",
    }  # fmt: skip
    parties = {party for cell in rows["belligerents_original"].dropna().unique() for party in oir.parties_of(cell)}
    assert "undetermined" in parties
    assert oir.parties_of("Tribal Forces") == ("other",)


@reference
@pytest.mark.reference
def test_points_of_the_ucdp_reference_data_mostly_lie_in_the_province_they_name():
    path = next(iter(reference_files("ucdp/ucdp_ged_syria*")))
    rows = pd.read_csv(path, usecols=["adm_1", "latitude", "longitude", "where_prec"])
    rows = rows[rows["adm_1"].notna() & (rows["where_prec"] <= 2)]
    oir = load_theatre("oir")
    named = oir.admin1_of(rows["adm_1"])
    inside = pd.Series(False, index=rows.index)
    for code, polygon in oir.boundaries.geometry.items():
        inside |= (named == code) & shapely.contains_xy(polygon, rows["longitude"], rows["latitude"])
    assert inside.mean() > 0.9
