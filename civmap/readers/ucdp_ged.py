"""UCDP Georeferenced Event Dataset (GED): CSV in every column order since 5.0, with HXL tags or not, and Candidate.

Counted: ``deaths_civilians`` as the civilian best and minimum; the maximum adds deaths of unknown status as far as
the event's own ``high`` allows. ``low``, ``best`` and ``high`` count everyone, fighters included, and go to
``all_killed_*``; an end that the best contradicts is left null with a caveat, and a range turned around (low above
best above high) is set aside. UCDP counts no injured. It lists the two sides of the fighting and, except for one-sided
violence, does not say who harmed the civilians: such records are *undetermined* and name both sides.

Places are taken at UCDP's word: ``where_prec`` 1 is *exact*, although it is the point of the place named, mostly a town
or village (97 % of such events in Syria 2016-2019), not the spot; 2, within about 25 km of a named place, is
*settlement*.

Candidate releases have the same columns and appear within weeks. Their events are marked *preliminary*: all of a file
that has a Candidate's name, and in any file those whose ``code_status`` is not *Clear*. An event is taken to keep its
id when the yearly release confirms it, which then replaces it.

Source: Sundberg & Melander (2013), Journal of Peace Research 50(4); UCDP GED Codebook; Hegre, Croicu, Eck & Högbladh
(2020), Research & Politics 7(3), on the Candidate.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from civmap.language import mark
from civmap.readers import columns as cols
from civmap.readers.faults import Fault, read_basics
from civmap.readers.files import TextTable
from civmap.readers.result import Draft, ReadResult, begin, finish

NEEDED = ("id", "date_start", "date_end", "latitude", "longitude", "where_prec", "deaths_civilians", "best")
_COUNTS = ("deaths_civilians", "deaths_unknown", "low", "best", "high")
COLUMNS = (
    *NEEDED, "type_of_violence", "side_a", "side_b", "where_coordinates", "adm_1", "adm_2", "date_prec",
    "deaths_unknown", "low", "high", "country", "code_status",
)  # fmt: skip
SPELLINGS = {"best_est": "best", "low_est": "low", "high_est": "high"}  # names of older releases

# where_prec: 1 exact, 2 within 25 km of a known point, 3 district, 4 province, 5 line or fuzzy region, 6 country,
# 7 international waters or airspace
PLACE = {
    "1": "exact",
    "2": "settlement",
    "3": "district",
    "4": "province",
    "5": "province",
    "6": "country",
    "7": "country",
}
# date_prec: 1 day, 2 two to six days, 3 a week, 4 a month, 5 more than a month
DATE = {"1": "day", "2": "week", "3": "week", "4": "month", "5": "year"}
ONE_SIDED = "3"
VICTIMS = "Civilians"  # what side_b says in one-sided violence
CLEAR = "clear"
_CANDIDATE = re.compile(r"gedevent_v(\d+_0_\d+|\d+_01_\d+_\d+)", re.IGNORECASE)


def read_ucdp_ged(table: TextTable, *, source: str = "ucdp_ged") -> ReadResult:
    """Read UCDP GED into incident records.

    Parameters
    ----------
    table
        The opened file with at least the columns of `NEEDED`, or their names of earlier releases.
    source
        Id under which the records are kept.

    Returns
    -------
    ReadResult
        Records and the rows set aside.
    """
    records, notes = begin(table, COLUMNS, spellings=SPELLINGS)
    raw = records.columns
    ids, place, violence = (cols.codes(raw, name) for name in ("id", "where_prec", "type_of_violence"))
    province = cols.text(raw, "adm_1")
    basics = read_basics(
        raw, ids=ids, id_column="id", dates=("date_start", "date_end"), counts=_COUNTS, province=province
    )
    civilians, unknown, low, best, high = (basics.people[name] for name in _COUNTS)
    side_a, side_b = cols.text(raw, "side_a"), cols.text(raw, "side_b")
    one_sided = ((violence == ONE_SIDED) | (side_b == VICTIMS)).to_numpy(dtype=bool)
    most = civilians + unknown.fillna(0)
    most = most.mask((most > high).fillna(False), high)
    turned = ((low > best) & (best > high)).fillna(False).to_numpy(dtype=bool)
    # in some events the best, which is the sum of the deaths by side, lies outside low and high: that end is unknown
    too_high, too_low = (low > best).fillna(False), (best > high).fillna(False)
    faults = [
        *basics.faults,
        Fault("min_above_max", "low", turned, mark("low <= best <= high")),
        Fault("code_unknown", "where_prec", ~place.isin(list(PLACE)).to_numpy(), mark("where_prec 1 to 7")),
    ]
    precision = cols.translate(place, PLACE, default="country").mask(basics.no_point, "province")
    rough = "month" if "date_prec" in raw.column_names else "day"
    preliminary, said = _preliminary(table, cols.text(raw, "code_status"))
    return finish(
        Draft(
            {
                "source_id": ids,
                "event_date": basics.start,
                "event_date_end": basics.end,
                "date_precision": cols.translate(cols.codes(raw, "date_prec"), DATE, default=rough),
                "location_precision": precision,
                "admin1_as_reported": province,
                "admin2": cols.text(raw, "adm_2"),
                "place": cols.text(raw, "where_coordinates"),
                "party_as_reported": side_a.where(one_sided, cols.joined(side_a, side_b)),
                "attribution": cols.coded(
                    ["undetermined", "single"], (one_sided & side_a.notna().to_numpy()).astype("int64")
                ),
                "cause": cols.always("unknown", len(ids)),
                "civilians_killed_min": civilians,
                "civilians_killed_best": civilians,
                "civilians_killed_max": most.mask((most < civilians).fillna(False), civilians),
                "status_unknown_killed": unknown,
                "all_killed_min": low.mask(too_high),
                "all_killed_best": best,
                "all_killed_max": high.mask(too_low),
                "grade": cols.always("ungraded", len(ids)),
                "assessment": cols.always("none", len(ids)),
                "caveats": cols.caveat_lists(
                    len(ids),
                    {
                        "date_range": (basics.end > basics.start).to_numpy(),
                        "linear_or_fuzzy_place": (place == "5").to_numpy(),
                        "no_coordinates": basics.no_point,
                        "range_disagrees": (too_high | too_low).to_numpy(dtype=bool),
                        "preliminary": preliminary,
                        "undecodable_text": _undecodable(table, province),
                    },
                ),
            },
            basics.longitude,
            basics.latitude,
            faults,
            notes + said,
        ),
        records,
        table,
        reader="ucdp_ged",
        source=source,
    )


def _preliminary(table: TextTable, status: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Find events that are not final: all of a Candidate release, else those that are not marked clear."""
    release = _CANDIDATE.search(table.path.name)
    if release:
        version = release[1].replace("_", ".")
        return np.ones(len(status), bool), [f"UCDP Candidate release {version}: its events are preliminary"]
    doubtful = (status.notna() & (status.str.casefold() != CLEAR)).to_numpy(dtype=bool)
    return doubtful, [f"events not marked Clear and so preliminary: {doubtful.sum():,}"] if doubtful.any() else []


def _undecodable(table: TextTable, values: pd.Series) -> np.ndarray:
    if not table.doubtful:
        return np.zeros(len(values), bool)
    return values.str.contains("\ufffd", na=False).to_numpy(dtype=bool)
