"""SQL for what is counted: incidents, or people at their min, best and max."""

from __future__ import annotations

from civmap.filters import BOUNDS


def measured(measure: str, bound: str) -> str:
    """Give the SQL expression that sums a measure over a group of facts.

    The best is null unless every record with a figure gives one: a sum over some of them would look like a best
    estimate of all.

    Examples
    --------
    >>> measured("killed", "max")
    'sum(killed_max)::BIGINT'
    """
    if measure == "incidents":
        return "count(*)"
    total = f"sum({measure}_{bound})::BIGINT"
    return f"CASE WHEN NOT bool_or({measure}_lacks_best) THEN {total} END" if bound == "best" else total


def values(measure: str) -> str:
    """Give the three columns ``value_min``, ``value_best`` and ``value_max`` of a measure."""
    return ", ".join(f"{measured(measure, bound)} AS value_{bound}" for bound in BOUNDS)
