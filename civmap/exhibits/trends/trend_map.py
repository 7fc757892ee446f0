"""The map of trends: a class for every word, and one for where there is no answer."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from civmap.analysis.trend_words import FALLING, NO_CHANGE, RISING, TOO_FEW
from civmap.exhibits import words
from civmap.exhibits.trends.asked import Asked
from civmap.exhibits.trends.findings import NOT_COVERED, limits, percent
from civmap.figures.part import Part

# five shades that stay apart in grey, on a light and on a dark page
CLASSES = ((FALLING, "2"), (NO_CHANGE, "3"), (RISING, "5"), (TOO_FEW, "few"), (NOT_COVERED, "outside"))


def trend_map(asked: Asked, found: pd.DataFrame, months: str) -> Part:
    """Draw every province by its word."""
    land = asked.here.store.theatre.boundaries
    own = found.reindex(land.index)
    label = [
        f"{name}: {word}" + (f", {percent(ratio)} a year ({limits(low, high)})" if ratio == ratio else "")
        for name, word, ratio, low, high in zip(
            land["name"], own["word"].fillna(NOT_COVERED), own["ratio"], own["low"], own["high"], strict=True
        )
    ]
    frame = gpd.GeoDataFrame(
        {"admin1": land.index, "name": land["name"].to_numpy(), "value": own["ratio"].to_numpy(dtype="float64"),
         "finding": own["word"].fillna(NOT_COVERED).to_numpy(), "label": label},
        geometry=land.geometry.to_numpy(), crs=land.crs,
    )  # fmt: skip
    counted = frame["finding"].value_counts()
    said = words.listed([f"{counted[name]} {name}" for name, _ in CLASSES if name in counted])
    return Part(
        "provinces", f"Trend by province, {months}", {"provinces": frame},
        alt=f"Map of provinces by trend: {said}.",
        encoding={"classes": CLASSES, "view": asked.here.store.theatre.view, "unit": "trend",
                  "subtitle": asked.here.subtitle},
    )  # fmt: skip
