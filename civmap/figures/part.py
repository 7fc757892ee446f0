"""Part: one piece of an exhibit, finished numbers with what they stand for.

Each kind says which frames and encodings its renderer reads:

``cells``
    ``frames["cells"]`` (cell as H3 text, value, label), ``frames["provinces"]`` (geometry, name, value, label; value
    null where nothing is known only to the province), ``encoding``: unit, view (lon, lat, zoom), breaks are made by
    the renderer.
``provinces``
    ``frames["provinces"]`` as above; no cells.
``series``
    ``frames["series"]`` (period, value, low, high; null outside a source's scope), optional ``frames["model"]``
    (period, fitted, counterfactual, counterfactual_low, counterfactual_high), ``frames["events"]`` (kind: directive,
    recording or context; label, start, end), ``encoding``: unit, value_name.
``small_multiples``
    ``frames["series"]`` (panel, period, value, low, high), ``frames["events"]``, ``encoding``: unit, shared (bool).
``interval_bars``
    ``frames["bars"]`` (label, value, low, high), ``encoding``: unit, reference.
``table``
    ``frames["table"]``: headers carry their unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

KINDS = ("series", "interval_bars", "small_multiples", "cells", "provinces", "table")


@dataclass(frozen=True)
class Part:
    """One map, chart or table: frames, how they are encoded, and a text for those who cannot see it.

    The frames are shared between sessions and must not be changed by a renderer.
    """

    kind: str
    title: str
    frames: Mapping[str, pd.DataFrame]
    alt: str
    encoding: Mapping[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """The numbers behind the picture, as downloaded and as shown under it."""
        for name in ("table", "series", "bars", "cells", "provinces"):
            if name in self.frames:
                return self.frames[name]
        return next(iter(self.frames.values()))
