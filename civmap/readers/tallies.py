"""Published totals (tallies) and activity tables: figures by area and period, long or wide.

Long has a column ``measure`` and a column ``value``; wide has a column for each measure (``killed``, ``injured``), and
a field left empty says nothing. A figure is kept as published: a revision is a row of its own, with its publication
and ``published_at``. Areas, parties and causes stay in the source's words until `civmap.placing.place_totals`. A row
that breaks a rule is set aside whole: read = accepted + rejected, counted in rows of the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from civmap.errors import ReadError
from civmap.language import mark
from civmap.readers import columns as cols
from civmap.readers.faults import Fault, set_aside
from civmap.readers.files import TextTable, open_table, read_records
from civmap.readers.result import Provenance
from civmap.schema import ACTIVITY_MEASURES, CERTAINTIES, PUBLISHED_PRECISIONS, TALLY_MEASURES

# Other headings, reduced as `header_key` does, and the column they stand for.
HEADINGS = {
    "region": "area", "province": "area", "governorate": "area", "admin1": "area", "deaths": "killed",
    "civilians_killed": "killed", "civilian_deaths": "killed", "wounded": "injured", "injuries": "injured",
    "civilians_injured": "injured", "total_casualties": "casualties", "from": "start", "to": "end", "until": "end",
    "parties": "party", "perpetrator": "party", "causes": "cause", "incident_type": "cause", "report": "publication",
    "published": "published_at", "publication_date": "published_at", "weapons": "weapons_released",
}  # fmt: skip
_TEXTS = ("tally", "area", "party", "cause", "definition", "publication", "source", "note")
_PERIOD = ("start", "end", "period", "month", "year")
_KEY = ("tally", "area", "start", "end", "party", "cause", "measure", "definition", "publication", "published_at")
_MONTH = r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_PERIODS = re.compile(
    rf"\d{{4}}(?:-\d{{1,2}}){{0,2}}|\d{{4}}[ -]?q[1-4]|q[1-4][ -]?\d{{4}}|(?:{_MONTH})[a-z]*[ .,-]+\d{{4}}"
)
_MOST = 2_000_000_000  # more than this is a slip of the keyboard
_MOST_NOTES = 20
# rules that only totals have, and what each expects; one of a measure lists them
RULES = {
    "period_missing": mark("a period: 2010, 2010-03, 2010-01..06, or its first and last day"),
    "period_unreadable": mark("a period: 2010, 2010-03, 2010-01..06, or its first and last day"),
    "measure_unknown": "one of ", "value_unreadable": mark("a whole number, 0 or more"),
    "value_missing": mark("a figure"), "total_repeated": mark("each total once in a publication"),
}  # fmt: skip


TOTALS = (
    "source_row", "tally", "area_as_reported", "start", "end", "party_as_reported", "cause_as_reported", "measure",
    "value", "definition", "publication", "published_at", "published_precision", "certainty", "source", "note",
)  # fmt: skip


@dataclass(frozen=True)
class TotalsResult:
    """Totals of one file (the columns of `TOTALS`, a row for each figure), rows set aside, and where they come from.

    Days are local to the theatre, and unknown is null.
    """

    totals: pd.DataFrame
    rejected: pd.DataFrame
    provenance: Provenance


def read_tallies(path: str | Path, *, tally: str | None = None) -> TotalsResult:
    r"""Read published totals of casualties.

    Parameters
    ----------
    path
        A table with a period (``start`` and ``end``, or ``period``: 2010, 2010-03, 2010-01..06, 2010 Q2, March 2010; or
        ``year`` and ``month``) and figures: ``measure`` and ``value``, or columns named as the measures. ``area``,
        ``party``, ``cause``, ``definition``, ``publication``, ``published_at`` and more are read where given.
    tally
        Id of the tally where the file names none; by default the file's name.

    Returns
    -------
    TotalsResult
        Figures and rows set aside.

    Raises
    ------
    ReadError
        If the file cannot be read as a whole, or has no period or no figures.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "un_by_region.csv"
    >>> _ = file.write_text("region,month,killed,injured\nSouth,2010-03,41,60\nEast,2010-03,about 20,31\n")
    >>> result = read_tallies(file)
    >>> result.totals[["area_as_reported", "measure", "value"]]
      area_as_reported  measure  value
    0            South   killed     41
    1            South  injured     60
    >>> result.rejected[["source_row", "rule", "value"]]
       source_row              rule     value
    0           2  value_unreadable  about 20
    """
    return _read(Path(path), TALLY_MEASURES, name=tally)


def read_activity(path: str | Path) -> TotalsResult:
    """Read activity of forces (sorties, weapons released, strikes, engagements, troops) by area and period.

    Parameters
    ----------
    path
        As for `read_tallies`, with the measures of activity. `definition` says what is counted: figures of different
        definitions make no common series.

    Returns
    -------
    TotalsResult
        Figures and rows set aside.
    """
    return _read(Path(path), ACTIVITY_MEASURES, name=None)


def _read(path: Path, measures: Sequence[str], *, name: str | None) -> TotalsResult:
    table = open_table(path)
    wanted = {*_TEXTS, *_PERIOD, *measures, "measure", "value", "published_at", "published_precision", "certainty"}
    named = cols.known_names(table.header, HEADINGS)
    headings = {ours: theirs for ours, theirs in named.items() if ours in wanted}
    _check(table, headings, measures)
    records = read_records(table, headings.values())
    given = {ours: cols.text(records.columns, theirs) for ours, theirs in headings.items()}
    source = name or cols.header_key(path.name.split(".")[0])
    empty = pd.Series([None] * records.columns.num_rows, dtype="str")
    rows = pd.DataFrame({column: given.get(column, empty) for column in (*_TEXTS, "certainty")})
    rows["tally"] = rows["tally"].fillna(source)
    faults = [
        *_add_period(rows, given, headings),
        *_add_publication(rows, given.get("published_at", empty), given.get("published_precision", empty), headings),
        _unknown_word("certainty", rows["certainty"], CERTAINTIES, headings),
    ]
    figures, more = _figures(given, headings, measures)
    whole = figures.join(rows, on="row")
    repeated = empty.index.isin(whole.loc[whole.duplicated(list(_KEY)), "row"])
    column = headings.get("value") or next(headings[measure] for measure in measures if measure in headings)
    faults += [*more, Fault("total_repeated", column, repeated, RULES["total_repeated"])]
    kept, rejected = set_aside(records, faults, file=path.name, source=source, ids=empty, sources=rows["tally"])
    whole["source_row"] = records.source_row[whole["row"]]
    renamed = {column: f"{column}_as_reported" for column in ("area", "party", "cause")}
    totals = whole[kept[whole["row"]]].rename(columns=renamed)[list(TOTALS)].reset_index(drop=True)
    unread = [f"column '{column[:60]}' was not read" for column in table.header if column not in headings.values()]
    provenance = Provenance(
        file=path.name, sha256=table.sha256, size_bytes=table.size_bytes, encoding=table.encoding,
        reader="tallies" if measures == TALLY_MEASURES else "activity", source=source,
        read=len(kept) + len(records.broken), read_at=datetime.now(UTC),
        notes=(*unread[:_MOST_NOTES], *([f"{len(unread)} columns were not read"] if len(unread) > _MOST_NOTES else [])),
    )  # fmt: skip
    return TotalsResult(totals, rejected, provenance)


def _check(table: TextTable, headings: dict[str, str], measures: Sequence[str]) -> None:
    period = {"start", "end"} <= set(headings) or {"period", "month", "year"} & set(headings)
    figures = {"measure", "value"} <= set(headings) or set(measures) & set(headings)
    lacking = [what for what, there in (("period", period), ("figures", figures)) if not there]
    if lacking:
        raise ReadError(
            f"{table.path.name}: no column with {' and none with '.join(lacking)}.",
            found=", ".join(name[:60] for name in table.header[:30]),
            expected=f"start and end, or period; measure and value, or columns named {', '.join(measures[:3])} ...",
            next_step="Rename the columns; data/README.md describes them.",
        )


def _add_period(rows: pd.DataFrame, given: dict[str, pd.Series], headings: dict[str, str]) -> list[Fault]:
    """Add first and last day from whatever the file gives of a period; return what is wrong with them."""
    if {"start", "end"} <= set(given):
        column, first, last = "start", given["start"], given["end"]
    else:
        column = next(name for name in _PERIOD[2:] if name in given)
        first = last = _month_of_year(given) if column == "month" and "year" in given else given[column]
    rows["start"], rows["end"] = _days(first)[0], _days(last)[1]
    missing = first.isna() | last.isna()
    unreadable = (rows["start"].isna() | rows["end"].isna()) & ~missing
    today = pd.Timestamp.now().normalize()
    return [
        Fault("period_missing", headings[column], missing.to_numpy(), RULES["period_missing"]),
        Fault("period_unreadable", headings[column], unreadable.to_numpy(), RULES["period_unreadable"]),
        Fault("date_in_future", headings[column], (rows["start"] > today).to_numpy(), mark("a period that has begun")),
        Fault("end_before_start", headings[column], (rows["end"] < rows["start"]).to_numpy()),
    ]


def _month_of_year(given: dict[str, pd.Series]) -> pd.Series:
    """Join a year with a month given as a number or a name; a month that names its year stands for itself."""
    number = pd.to_numeric(given["month"], errors="coerce")
    number = number.where(number.between(1, 12) & (number % 1 == 0)).astype("Int64").astype("str").str.zfill(2)
    by_number = given["year"] + "-" + number.where(number != "<NA>")
    return given["month"].where(
        given["month"].str.contains(r"\d{4}", na=False), by_number.fillna(given["month"] + " " + given["year"])
    )


def _days(words: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read first and last day of each period; null where it cannot be read. Each distinct wording is read once."""
    positions, distinct = pd.factorize(words)  # null is -1, the last of the days
    spans = [*(_span(word) for word in distinct), (pd.NaT, pd.NaT)]
    days = (
        pd.DataFrame(spans, columns=["first", "last"]).astype("datetime64[us]").iloc[positions].reset_index(drop=True)
    )
    return days["first"], days["last"]


def _span(words: str) -> tuple[Any, Any]:
    ends = re.split(r"\s*(?:\.\.|–|\bto\b)\s*", words.strip().lower())
    if len(ends) == 2 and re.fullmatch(r"\d{1,2}", ends[1]) and (year := re.match(r"(\d{4})-\d{1,2}$", ends[0])):
        ends[1] = f"{year[1]}-{ends[1]}"  # 2010-01..06
    if len(ends) > 2 or not all(_PERIODS.fullmatch(end) for end in ends):
        return pd.NaT, pd.NaT
    plain = [re.sub(r"^(q\d)[ -]?(\d+)$|^(\d+)[ -](q\d)$", r"\2\3\1\4", end) for end in ends]  # 2010q1
    plain = [re.sub(r"[ .,-]+", " ", end) if end[0].isalpha() else end for end in plain]
    try:
        periods = [pd.Period(end) for end in plain]
    except ValueError:  # such as a thirteenth month
        return pd.NaT, pd.NaT
    return periods[0].start_time, periods[-1].end_time.normalize()


def _add_publication(
    rows: pd.DataFrame, published: pd.Series, precision: pd.Series, headings: dict[str, str]
) -> list[Fault]:
    """Add the day of publication (the last of the month or year where no day is given) and how exactly it is known."""
    rows["published_at"] = _days(published)[1]
    parts = published.str.count("-")
    month = (parts == 1) | published.str.contains("[a-z]", case=False, na=False)
    written = np.select([published.isna(), parts == 2, month], ["unknown", "day", "month"], "year")
    rows["published_precision"] = precision.fillna(pd.Series(written, dtype="str"))
    unreadable = (published.notna() & rows["published_at"].isna()).to_numpy()
    return [
        Fault(
            "date_unreadable", headings.get("published_at", ""), unreadable, mark("the day of publication, YYYY-MM-DD")
        ),
        _unknown_word("published_precision", rows["published_precision"], PUBLISHED_PRECISIONS, headings),
    ]


def _unknown_word(column: str, words: pd.Series, allowed: Sequence[str], headings: dict[str, str]) -> Fault:
    bad = (words.notna() & ~words.isin(allowed)).to_numpy()
    return Fault("code_unknown", headings.get(column, column), bad, "one of " + ", ".join(allowed))


def _figures(
    given: dict[str, pd.Series], headings: dict[str, str], measures: Sequence[str]
) -> tuple[pd.DataFrame, list[Fault]]:
    """Read the figures, one a row with ``row``, ``measure`` and ``value``; and what is wrong with them."""
    if {"measure", "value"} <= set(given):
        words = given["measure"].dropna().unique()
        keys = {word: HEADINGS.get(cols.header_key(word), cols.header_key(word)) for word in words}
        measure = given["measure"].map(keys).astype("str")
        faults = [
            Fault(
                "measure_unknown",
                headings["measure"],
                ~measure.isin(measures).to_numpy(),
                RULES["measure_unknown"] + ", ".join(measures),
            )
        ]
        texts = {"value": given["value"]}
    else:
        faults, texts = [], {name: given[name] for name in measures if name in given}
    read = {name: _whole(text) for name, text in texts.items()}
    faults += [
        Fault("value_unreadable", headings[name], bad, RULES["value_unreadable"]) for name, (_, bad) in read.items()
    ]
    nothing = np.logical_and.reduce([text.isna().to_numpy() for text in texts.values()])
    faults.append(Fault("value_missing", headings[next(iter(texts))], nothing, RULES["value_missing"]))
    values = pd.concat({name: value for name, (value, _) in read.items()}, names=["measure", "row"], sort=False)
    figures = values.rename("value").dropna().reset_index().sort_values("row", kind="stable", ignore_index=True)
    if "value" in texts:
        figures["measure"] = measure.reindex(figures["row"]).to_numpy()
    return figures.astype({"measure": "str"}), faults


def _whole(text: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Read whole numbers, thousands set off by commas or blanks; and say which entries are none."""
    thousands = text.str.fullmatch(r"\d{1,3}(?:[, ]\d{3})+", na=False)
    number = pd.to_numeric(text.mask(thousands, text.str.replace(r"[, ]", "", regex=True)), errors="coerce")
    good = (number >= 0) & (number <= _MOST) & (number % 1 == 0)
    return number.where(good).astype("Int64"), (text.notna() & ~good).to_numpy()
