"""UCDP Georeferenced Event Dataset (GED), CSV in every column order since 5.0.

Counted: ``deaths_civilians`` as the civilian best and minimum; the maximum adds deaths of unknown status as far as
the event's own ``high`` allows. ``low``, ``best`` and ``high`` count everyone, fighters included, and go to
``all_killed_*``; an end that the best contradicts is left null with a caveat, and a range turned around (low above
best above high) is set aside. UCDP counts no injured. It lists the two sides of the fighting and, except for one-sided
violence, does not say who harmed the civilians: such records are *undetermined* and name both sides.

Source: Sundberg & Melander (2013), Journal of Peace Research 50(4); UCDP GED Codebook.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.readers import columns as cols
from civmap.readers.faults import Fault, date_faults, place_faults
from civmap.readers.files import TextTable, read_records
from civmap.readers.result import Draft, ReadResult, finish

NEEDED = ("id", "date_start", "date_end", "latitude", "longitude", "where_prec", "deaths_civilians", "best")
COLUMNS = (
    *NEEDED, "type_of_violence", "side_a", "side_b", "where_coordinates", "adm_1", "adm_2", "date_prec",
    "deaths_unknown", "low", "high", "country",
)  # fmt: skip

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


def read_ucdp_ged(table: TextTable, *, source: str = "ucdp_ged") -> ReadResult:
    """Read UCDP GED into incident records.

    Parameters
    ----------
    table
        The opened file with at least the columns of `NEEDED`.
    source
        Id under which the records are kept.

    Returns
    -------
    ReadResult
        Records and the rows set aside.
    """
    records = read_records(table, COLUMNS)
    raw = records.columns
    start, bad_start = cols.dates(raw, "date_start")
    end, bad_end = cols.dates(raw, "date_end")
    latitude, bad_latitude = cols.numbers(raw, "latitude")
    longitude, bad_longitude = cols.numbers(raw, "longitude")
    civilians, bad_civilians = cols.counts(raw, "deaths_civilians")
    unknown, bad_unknown = cols.counts(raw, "deaths_unknown")
    low, bad_low = cols.counts(raw, "low")
    best, bad_best = cols.counts(raw, "best")
    high, bad_high = cols.counts(raw, "high")
    ids = cols.text(raw, "id")
    place, days, violence = (cols.text(raw, name) for name in ("where_prec", "date_prec", "type_of_violence"))
    one_sided = (violence == ONE_SIDED).to_numpy()
    side_a, side_b = cols.text(raw, "side_a"), cols.text(raw, "side_b")
    most = (civilians + unknown.fillna(0)).clip(upper=high)
    turned = ((low > best) & (best > high)).fillna(False).to_numpy(dtype=bool)
    # in some events the best, which is the sum of the deaths by side, lies outside low and high: that end is unknown
    too_high, too_low = (low > best).fillna(False), (best > high).fillna(False)
    counted = {
        "all_killed_min": low.mask(too_high),
        "all_killed_best": best,
        "all_killed_max": high.mask(too_low),
    }
    faults = [
        Fault("id_missing", "id", ids.isna().to_numpy()),
        *date_faults(start, end, bad_start=bad_start, bad_end=bad_end, names=("date_start", "date_end")),
        *place_faults(latitude, longitude, bad_latitude | bad_longitude, names=("latitude", "longitude")),
        Fault("count_unreadable", "deaths_civilians", bad_civilians),
        Fault("count_unreadable", "deaths_unknown", bad_unknown),
        Fault("count_unreadable", "low", bad_low),
        Fault("count_unreadable", "best", bad_best),
        Fault("count_unreadable", "high", bad_high),
        Fault("min_above_max", "low", turned, "low <= best <= high"),
        Fault("code_unknown", "where_prec", ~place.isin(list(PLACE)).to_numpy(), "where_prec 1 to 7"),
        Fault("id_repeated", "id", (ids.duplicated() & ids.notna()).to_numpy()),
    ]
    province = cols.text(raw, "adm_1")
    no_point = np.isnan(latitude) | np.isnan(longitude)
    faults.append(Fault("place_missing", "latitude", no_point & province.isna().to_numpy()))
    precision = cols.translate(place, PLACE, default="country")
    precision = precision.mask(no_point, "province")
    range_given = (end > start).to_numpy()
    return finish(
        Draft(
            {
                "source_id": ids,
                "event_date": start,
                "event_date_end": end.fillna(start),
                "date_precision": cols.translate(days, DATE, default="month" if "date_prec" in table.header else "day"),
                "location_precision": precision,
                "admin1_as_reported": province,
                "admin2": cols.text(raw, "adm_2"),
                "place": cols.text(raw, "where_coordinates"),
                "party_as_reported": side_a.where(one_sided, cols.joined(side_a, side_b)),
                "attribution": cols.coded(["undetermined", "single"], one_sided.astype("int64")),
                "cause": cols.always("unknown", len(ids)),
                "civilians_killed_min": civilians,
                "civilians_killed_best": civilians,
                "civilians_killed_max": most.fillna(civilians).clip(lower=civilians),
                "status_unknown_killed": unknown,
                **counted,
                "grade": cols.always("ungraded", len(ids)),
                "assessment": cols.always("none", len(ids)),
                "caveats": cols.caveat_lists(
                    len(ids),
                    {
                        "date_range": range_given,
                        "linear_or_fuzzy_place": (place == "5").to_numpy(),
                        "no_coordinates": no_point,
                        "range_disagrees": (too_high | too_low).to_numpy(dtype=bool),
                        "undecodable_text": _undecodable(table, province),
                    },
                ),
            },
            longitude,
            latitude,
            faults,
        ),
        records,
        table,
        reader="ucdp_ged",
        source=source,
    )


def _undecodable(table: TextTable, values: pd.Series) -> np.ndarray:
    if not table.doubtful:
        return np.zeros(len(values), bool)
    return values.str.contains("\ufffd", na=False).to_numpy(dtype=bool)
