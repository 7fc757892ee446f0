"""The facts about published totals and air power as rows of ``tallies.csv`` and ``activity.csv``; used by build.py."""

import calendar
import csv
import re
from pathlib import Path

# The facts give values; what they do not say is read here: who published the figure, when (the day of the report, or
# of the earliest account of it that was seen), and how sure each number is.
_AOAV = "AOAV, Air Power in Afghanistan (2014)"
_REPORT = "UNAMA annual report "
# publication: (published_at, published_precision); where only a month or a year is known its last day stands
PUBLICATIONS = {
    "UN and AIHRC table of annual totals": ("2011-02-28", "month"),
    "UNAMA and AIHRC annual report 2010": ("2011-03-09", "day"),
    "UNAMA annual report 2011": ("2012-02-05", "day"),
    "UNAMA annual report 2012": ("2013-02-19", "day"),
    "Report of the UN Secretary-General": ("", "unknown"),
    _AOAV: ("2014-12-31", "year"),
    "Rynning (2017)": ("2017-12-31", "year"),
    "UNAMA annual report 2014": ("2015-02-28", "month"),
    "UNAMA annual report 2016": ("", "unknown"),
    "UNAMA annual report 2017": ("2018-02-15", "day"),
    "UNAMA figures January to September 2018": ("2018-10-10", "day"),
    "UNAMA annual report 2018": ("", "unknown"),
    "UNAMA annual report 2019": ("2020-02-25", "day"),
    "UNAMA annual report 2020": ("2021-02-23", "day"),
    "a later UNAMA report": ("", "unknown"),
    "not known": ("", "unknown"),
}
# year: publication of deaths, certainty of deaths, injured and total
ANNUAL = {
    "2007": ("UN and AIHRC table of annual totals", "secondary", "", ""),
    "2008": ("UN and AIHRC table of annual totals", "secondary", "", ""),
    "2009": ("UN and AIHRC table of annual totals", "secondary", "secondary", "secondary"),
    "2010": ("UNAMA and AIHRC annual report 2010", "confirmed", "confirmed", "confirmed"),
    "2011": (_REPORT + "2012", "confirmed", "", ""),
    "2012": (_REPORT + "2012", "confirmed", "confirmed", "secondary"),
    "2013": ("Report of the UN Secretary-General", "confirmed", "recalled", "recalled"),
    "2014": (_REPORT + "2014", "confirmed", "secondary", "confirmed"),
    "2015": ("Report of the UN Secretary-General", "confirmed", "recalled", "recalled"),
    "2016": (_REPORT + "2016", "confirmed", "confirmed", "confirmed"),
    "2017": (_REPORT + "2017", "confirmed", "confirmed", "confirmed"),
    "2018": (_REPORT + "2018", "confirmed", "confirmed", "confirmed"),
    "2019": (_REPORT + "2019", "confirmed", "confirmed", "confirmed"),
    "2020": (_REPORT + "2020", "confirmed", "confirmed", "confirmed"),
}
NOTE_ABOUT = {"2009": "injured", "2012": "casualties"}  # the measure that a year's note is about; else the deaths
# What the facts tell in their notes: other values that were published for the same year.
# year, measure, value, publication, certainty, source, note
REVISIONS = [
    ("2010", "killed", "2790", _REPORT + "2011", "secondary", "countervortex.org", "Revises 2777 of the 2010 report"),
    (
        "2011", "killed", "3021", _REPORT + "2011", "confirmed", "countervortex.org; nation.com.pk; ecoi.net",
        "As first published; 3131 in the 2012 report",
    ),
    ("2015", "killed", "3565", "a later UNAMA report", "recalled", "Recalled", "Revises 3545"),
    ("2015", "injured", "7470", "a later UNAMA report", "recalled", "Recalled", "Revises 7457"),
    ("2016", "killed", "3510", _REPORT + "2017", "confirmed", "AP 15 Feb 2018", "Revises 3498"),
    ("2016", "injured", "7924", _REPORT + "2017", "confirmed", "AP 15 Feb 2018", "Revises 7920"),
    ("2016", "casualties", "11434", _REPORT + "2017", "confirmed", "AP 15 Feb 2018", "Revises 11418"),
]  # fmt: skip
_ANTI = "taliban;iskp;other_anti_government"
_PRO = "international_forces;afghan_forces"
# (year, category): party, cause, definition, publication ("; " before that of injured and total where it is another),
# certainty of deaths, injured and total. The aerial figures of 2008 to 2014 count three different things, so the
# definition is part of what a figure is.
BY_CAUSE_AND_PARTY = {
    ("2008", "air strikes"): (
        "", "aerial", "air strikes", _AOAV, "confirmed", "", ""),
    ("2009", "air strikes"): (
        "", "aerial", "air strikes", _AOAV + "; Rynning (2017)", "confirmed", "secondary", "secondary"),
    ("2010", "aerial attacks (pro-government)"): (
        _PRO, "aerial", "aerial attacks by pro-government forces",
        "UNAMA and AIHRC annual report 2010; " + _AOAV, "confirmed", "secondary", "secondary"),
    ("2011", "aerial attacks (pro-government)"): (
        _PRO, "aerial", "aerial attacks by pro-government forces",
        _REPORT + "2011; " + _AOAV, "confirmed", "secondary", "secondary"),
    ("2012", "aerial attacks (international forces)"): (
        "international_forces", "aerial", "aerial attacks by international forces",
        _REPORT + "2012; " + _AOAV, "confirmed", "secondary", "secondary"),
    ("2013", "aerial operations"): (
        "", "aerial", "aerial operations", _AOAV, "recalled", "recalled", "confirmed"),
    ("2014", "aerial operations"): (
        "", "aerial", "aerial operations", "Rynning (2017)", "recalled", "recalled", "secondary"),
    ("2016", "aerial operations"): ("", "aerial", "aerial operations", "not known", *["recalled"] * 3),
    ("2017", "aerial operations by pro-government forces"): (
        _PRO, "aerial", "aerial operations by pro-government forces", _REPORT + "2017", *["confirmed"] * 3),
    ("2018", "air strikes Jan-Sep only"): (
        "", "aerial", "air strikes", "UNAMA figures January to September 2018", "", "", "confirmed"),
    ("2018", "aerial operations full year"): ("", "aerial", "aerial operations", "not known", *["recalled"] * 3),
    ("2019", "airstrikes full year"): ("", "aerial", "air strikes", "not known", *["recalled"] * 3),
    ("2010", "suicide attacks and IEDs"): (
        "", "suicide_or_complex;ied", "suicide attacks and improvised explosive devices",
        "UNAMA and AIHRC annual report 2010", "confirmed", "", ""),
    ("2011", "IEDs"): ("", "ied", "improvised explosive devices", _REPORT + "2011", "confirmed", "", ""),
    ("2011", "suicide attacks"): ("", "suicide_or_complex", "suicide attacks", _REPORT + "2011", "confirmed", "", ""),
    ("2009", "Pro-Government Forces"): (_PRO, "", "pro-government forces", "not known", "recalled", "", ""),
    **{
        (year, category): (party, "", definition, publication, *certainty)
        for year, publication, certainty in (
            ("2010", "UNAMA and AIHRC annual report 2010", ("confirmed", "", "")),
            ("2011", _REPORT + "2011", ("confirmed", "", "")),
            ("2012", _REPORT + "2012", ("confirmed", "confirmed", "confirmed")),
            ("2018", _REPORT + "2018", ("confirmed", "confirmed", "confirmed")),
        )
        for category, party, definition in (
            ("Anti-Government Elements", _ANTI, "anti-government elements"),
            ("Pro-Government Forces", _PRO, "pro-government forces"),
            ("unattributed", "undetermined", "not attributed"),
            ("of which Afghan National Security Forces", "afghan_forces", "Afghan national security forces"),
            ("of which international military forces", "international_forces", "international military forces"),
            ("crossfire unattributed", "undetermined", "crossfire that is not attributed"),
        )
    },
}  # fmt: skip
TALLY_COLUMNS = [
    "tally", "area", "start", "end", "party", "cause", "measure", "value", "definition", "publication", "published_at",
    "published_precision", "certainty", "source", "note",
]  # fmt: skip
# metric of the facts: measure, definition
AIR_POWER = {
    "CAS sorties": ("sorties", "close air support sorties"),
    "sorties": ("sorties", "sorties"),
    "sorties with at least one weapon release": ("sorties", "sorties with at least one weapon released"),
    "weapons released": ("weapons_released", "weapons released"),
    "weapons released (article of Aug 2015)": ("weapons_released", "weapons released"),
    "weapons released (article says 'CAS sorties with weapons released')": (
        "weapons_released", "said to be close air support sorties with weapons released"),
    "airstrikes (weapons)": ("weapons_released", "said to be airstrikes, counted in weapons"),
}  # fmt: skip
ACTIVITY_COLUMNS = [column for column in TALLY_COLUMNS if column not in ("tally", "cause")]


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header as dictionaries of text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def days_of(period: str) -> dict[str, str]:
    """First and last day of a period as the facts write it: 2010, 2013-06, 2007-01..05."""
    year, first, last = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:\.\.(\d\d))?", period).groups()
    last = last or first or "12"
    days = calendar.monthrange(int(year), int(last))[1]
    return {"start": f"{year}-{first or '01'}-01", "end": f"{year}-{last}-{days}"}


def published(publication: str) -> dict[str, str]:
    """Name of the publication, when it came out, and how exactly that is known."""
    published_at, precision = PUBLICATIONS[publication]
    return {"publication": publication, "published_at": published_at, "published_precision": precision}


def doubts(status: str) -> str:
    """Say what the facts tell of a figure beyond a plain "confirmed" or "recalled"."""
    return (
        ""
        if status in ("CONFIRMED", "RECALLED")
        else status.replace("CONFIRMED", "confirmed").replace("RECALLED", "recalled").replace("DERIVED", "derived")
    )


def whole(number: str) -> str:
    """Write a number of the facts as a whole one; some stand there as 3566.0."""
    return str(round(float(number)))


def tally_rows(facts: Path) -> list[dict[str, str]]:
    """Totals that UNAMA published, a row for each value, revisions as rows of their own; an unknown party is empty."""
    measures = ("killed", "injured", "casualties")
    rows = []
    for fact in read_table(facts / "unama_afghanistan_annual.csv"):
        publication, *certainties = ANNUAL[fact["year"]]
        values = (fact["civ_deaths"], fact["civ_injured"], fact["civ_total"])
        about = NOTE_ABOUT.get(fact["year"], "killed")
        rows += [
            {**days_of(fact["year"]), **published(publication), "definition": "all civilian casualties",
             "measure": measure, "value": whole(value), "certainty": certainty, "source": fact["source"],
             "note": fact["note"] if measure == about else ""}
            for measure, value, certainty in zip(measures, values, certainties, strict=True) if value
        ]  # fmt: skip
    rows += [
        {**days_of(year), **published(publication), "definition": "all civilian casualties", "measure": measure,
         "value": value, "certainty": certainty, "source": source, "note": note}
        for year, measure, value, publication, certainty, source, note in REVISIONS
    ]  # fmt: skip
    for fact in read_table(facts / "unama_afghanistan_by_cause_party.csv"):
        party, cause, definition, publication, *certainties = BY_CAUSE_AND_PARTY[fact["year"], fact["category"]]
        percent = fact["dimension"] == "party_share_pct_of_casualties"
        period = f"{fact['year']}-01..09" if "Jan-Sep" in fact["category"] else fact["year"]
        of_deaths, _, of_others = publication.partition("; ")
        out = dict.fromkeys(measures, of_others or of_deaths) | {"killed": of_deaths}
        rows += [
            {**days_of(period), **published(out[measure]), "party": party, "cause": cause, "definition": definition,
             "measure": "casualties_percent" if percent else measure, "value": whole(fact[column]),
             "certainty": certainty, "source": fact["source"] or "Recalled", "note": doubts(fact["status"])}
            for measure, column, certainty in zip(measures, ("deaths", "injured", "total"), certainties, strict=True)
            if fact[column]
        ]  # fmt: skip
    return [{"tally": "unama", **row} for row in sorted(rows, key=lambda row: (row["start"], row["end"]))]


def activity_rows(facts: Path, theatre: str, *, party: str) -> list[dict[str, str]]:
    """Air sorties and weapons of one theatre: scattered years and months, no series."""
    rows = []
    for fact in read_table(facts / "afcent_airpower.csv"):
        if fact["theatre"].casefold() != theatre:
            continue
        measure, definition = AIR_POWER[fact["metric"]]
        row = {
            **days_of(fact["period"]), "party": party, "measure": measure, "value": fact["value"],
            "definition": definition, "publication": "United States Air Forces Central, as reported in the press",
            "published_at": "", "published_precision": "unknown", "source": fact["source"],
            "certainty": "secondary" if doubts(fact["status"]) or "said to be" in definition else "confirmed",
            "note": doubts(fact["status"]),
        }  # fmt: skip
        first = re.search(r"first published as (\d+)", fact["status"])
        if first:  # the figure as first published is a row of its own
            note = f"As first published, later corrected to {fact['value']}"
            rows.append({**row, "value": first[1], "note": note})
            row |= {"published_at": "2017-10-06", "published_precision": "day", "note": f"Corrects {first[1]}"}
        rows.append(row)
    return sorted(rows, key=lambda row: (row["start"], row["end"]))
