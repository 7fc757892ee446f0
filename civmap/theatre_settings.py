"""``theatre.toml``: the settings of a theatre, their defaults, and what may be wrong with them."""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyproj

from civmap import schema

REQUIRED = ("id", "title", "countries", "measuring_crs", "time_zone")  # keys that theatre.toml must hold
NAME = r"[a-z0-9][a-z0-9_-]*"  # of a theatre: it is a folder, a word on the command line and a part of links
DEFAULTS: dict[str, Any] = {
    "map_cell_resolution": 5, "surveillance_delay_days": 90, "marking": "",
    "disclosure": {"smallest_count": 5, "finest_place": "district", "province_month_counts_exempt": True},
}  # fmt: skip

Rule = tuple[str, Callable[[Any], bool]]


def _whole(least: int, most: int) -> Rule:
    return f"a whole number from {least} to {most}", lambda value: type(value) is int and least <= value <= most


def _number(least: int, most: int) -> Rule:
    return f"a number from {least} to {most}", lambda value: type(value) in (int, float) and least <= value <= most


_TEXT: Rule = ("a text", lambda value: isinstance(value, str))
_TABLE: Rule = ("a table", lambda value: isinstance(value, dict))
_TEXTS: Rule = (
    "a list of texts", lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
)  # fmt: skip
# What each setting must be, in words and as a test; districts are drawn one H3 step coarser than exact places.
_RULES: dict[tuple[str, ...], Rule] = {
    ("id",): _TEXT, ("title",): _TEXT, ("countries",): _TEXTS, ("measuring_crs",): _TEXT, ("time_zone",): _TEXT,
    ("map_cell_resolution",): _whole(1, schema.FINEST_CELL_RESOLUTION),
    ("surveillance_delay_days",): _whole(0, 36_500), ("marking",): _TEXT,
    ("disclosure",): _TABLE, ("disclosure", "smallest_count"): _whole(0, 1_000_000), ("view",): _TABLE,
    ("view", "lon"): _number(-180, 180), ("view", "lat"): _number(-90, 90), ("view", "zoom"): _number(0, 24),
}  # fmt: skip


def read_settings(path: Path, faults: list[str]) -> dict[str, Any]:
    """Read ``theatre.toml`` with the defaults of what it leaves out; what is wrong with it is added to the faults."""
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        faults.append(f"{path.name}: " + ("missing" if isinstance(error, FileNotFoundError) else str(error)))
        return {}
    faults += [f"{path.name}: no key '{key}'" for key in REQUIRED if key not in settings]
    strange = []
    for keys, (expected, fits) in _RULES.items():
        place = settings if len(keys) == 1 else settings.get(keys[0])
        if isinstance(place, dict) and keys[-1] in place and not fits(place[keys[-1]]):
            strange.append(f"{path.name}: {'.'.join(keys)} {place[keys[-1]]!r} is not {expected}")
    if strange:
        faults += strange
        return settings
    if "id" in settings and not re.fullmatch(NAME, settings["id"]):
        faults.append(f"{path.name}: id '{settings['id']}' holds more than small letters, digits, '-' and '_'")
    try:
        crs = pyproj.CRS(settings.get("measuring_crs", "+proj=laea"))
        if not (crs.coordinate_operation and "Equal Area" in crs.coordinate_operation.method_name):
            faults.append(f"{path.name}: measuring_crs '{settings['measuring_crs']}' is not an equal-area CRS")
        zoneinfo.ZoneInfo(settings.get("time_zone", "UTC"))
    except (pyproj.exceptions.CRSError, zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        faults.append(f"{path.name}: {error}")
    return DEFAULTS | settings | {"disclosure": DEFAULTS["disclosure"] | settings.get("disclosure", {})}
