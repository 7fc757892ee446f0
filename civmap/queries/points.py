"""Points that many records of a source share."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import pandas as pd

from civmap import schema
from civmap.filters import known_on
from civmap.placing import shared_points
from civmap.store import Store


def points(store: Store, *, as_known_on: date | None = None) -> pd.DataFrame:
    """List points shared by ten or more records of a source, as `civmap.placing.shared_points` does, of all sources."""
    terms, values = known_on(as_known_on)
    records = store.query(
        f"""SELECT source, source_id, admin1, place, placed_by, location_precision, longitude, latitude FROM incidents
        WHERE {" AND ".join(terms)} AND longitude IS NOT NULL AND in_theatre ORDER BY source, source_id""",
        values,
    )
    at = gpd.points_from_xy(records.pop("longitude"), records.pop("latitude"))
    return shared_points(gpd.GeoDataFrame(records, geometry=at, crs=schema.CRS))
