"""Part: one piece of an exhibit, finished numbers with what they stand for.

Each kind says which frames and encodings its renderer reads:

``cells``
    ``frames["cells"]`` (cell as H3 text, value, label), ``frames["provinces"]`` (geometry, admin1, name, value, label;
    value null where nothing is known only to the province), ``encoding``: unit, optional view (lon, lat, zoom; without
    it all provinces fit), breaks are made by the renderer. A label is what hovering says of the place.
``provinces``
    ``frames["provinces"]`` as above, value null where there is no answer; no cells.
    Either may show findings instead of values: see `civmap.figures.class_maps`.
``series``
    ``frames["series"]`` (period, value, low, high; null outside a source's scope), optional ``frames["model"]``
    (period, fitted, counterfactual, counterfactual_low, counterfactual_high), ``frames["events"]`` (kind: directive,
    recording or context; label, start, end; an open end runs on), ``encoding``: unit, value_name, optional band_name,
    fitted_name, counterfactual_name, counterfactual_band_name.
``small_multiples``
    ``frames["series"]`` (panel, period, value, low, high), ``frames["events"]``, ``encoding``: unit, value_name, shared
    (bool), optional band_name. Panels stand in the order of the frame, at most 40.
``interval_bars``
    ``frames["bars"]`` (label, value, low, high; infinite where an interval has no end, null value where there is no
    estimate), ``encoding``: unit, optional value_name and reference.
``ratio_bars``
    ``frames["bars"]`` (reading: what was asked; value, low, high: ratios, null without an answer; optional group), on a
    logarithmic scale around 1; ``encoding``: optional value_name.
``ratio_panels``
    ``frames["bars"]`` (panel, reading, value, low, high; optional group, and period where they stand in time), many
    readings side by side; ``encoding``: optional marked, a ratio to hold them against, with
    marked_name. Of both: optional groups, their order.
``table``
    ``frames["table"]``: headers carry their unit.

Charts draw ``encoding["subtitle"]`` (n and period) small above the plot; the title is the page's. On series and
small_multiples ``encoding["provisional"]``, a day, shades what follows: reports still come in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

KINDS = (
    "series", "interval_bars", "small_multiples", "ratio_bars", "ratio_panels", "cells", "provinces", "table",
)  # fmt: skip


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
