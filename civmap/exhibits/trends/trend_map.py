"""The map of trends: a class for every word, and one for where there is no answer."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from civmap.analysis.trend_words import FALLING, NO_CHANGE, RISING, TOO_FEW
from civmap.exhibits import words
from civmap.exhibits.trends.asked import Asked
from civmap.exhibits.trends.findings import NOT_COVERED, limits, percent
from civmap.figures.part import Part
from civmap.language import say

# five shades that stay apart in grey, on a light and on a dark page
CLASSES = ((FALLING, "2"), (NO_CHANGE, "3"), (RISING, "5"), (TOO_FEW, "few"), (NOT_COVERED, "outside"))


def trend_map(asked: Asked, found: pd.DataFrame, months: str) -> Part:
    """Draw every province by its word."""
    land = asked.here.store.theatre.boundaries
    own = found.reindex(land.index)
    said = {word: say(word) for word, _ in CLASSES}
    finding = own["word"].fillna(NOT_COVERED).map(said)
    label = [
        say("{name}: {word}", name=name, word=word) if ratio != ratio
        else say("{name}: {word}, {change} a year ({interval})", name=name, word=word, change=percent(ratio),
                 interval=limits(low, high))
        for name, word, ratio, low, high in zip(
            land["name"], finding, own["ratio"], own["low"], own["high"], strict=True
        )
    ]  # fmt: skip
    frame = gpd.GeoDataFrame(
        {"admin1": land.index, "name": land["name"].to_numpy(), "value": own["ratio"].to_numpy(dtype="float64"),
         "finding": finding.to_numpy(), "label": label},
        geometry=land.geometry.to_numpy(), crs=land.crs,
    )  # fmt: skip
    counted = frame["finding"].value_counts()
    found_in = words.listed([f"{counted[word]} {word}" for word in said.values() if word in counted])
    return Part(
        "provinces", say("Trend by province, {months}", months=months), {"provinces": frame},
        alt=say("Map of provinces by trend: {findings}.", findings=found_in),
        encoding={"classes": tuple((said[word], role) for word, role in CLASSES), "unit": say("trend"),
                  "view": asked.here.store.theatre.view, "subtitle": asked.here.subtitle},
    )  # fmt: skip
