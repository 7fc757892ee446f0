"""Exhibits of the demonstration, made ready to leave, once for all tests of exports."""

from collections.abc import Callable
from pathlib import Path

import pytest

from civmap.exhibits import ANALYSES, Exhibit, Recipe, build
from civmap.exports.prepare import prepare
from civmap.exports.prepared import Prepared
from civmap.filters import Filters
from civmap.store import Store
from civmap.theatre import Theatre

UN = Filters(source="un_like")
JULY = {"directive": "ISAF-2009-07-02", "scope": "filters"}
PARAMETERS = {
    **{name: JULY for name in ANALYSES if name.startswith("directive")},
    "trend_compare": {"first": "AF-KAB", "second": "AF-KAN"},
    "directive_method": {**JULY, "method": "structural"},
    "directive_tallies": {**JULY, "second": "isaf_like"},
}
TWELVE = (
    "incident_map", "totals", "hotspots", "national_trend", "trends", "trend_table", "province_trend", "directive",
    "directive_checks", "directive_specifications", "tallies", "air_coverage",
)  # fmt: skip


def asked(analysis: str, **filters: object) -> Recipe:
    return Recipe("afghanistan", analysis, PARAMETERS.get(analysis, {}), UN.with_(**filters))


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory, afghanistan: Theatre) -> Store:
    return Store(tmp_path_factory.mktemp("demonstration"), afghanistan)


@pytest.fixture(scope="session")
def exhibit_of(demonstration: Store) -> Callable[..., Exhibit]:
    return lambda analysis, **filters: build(asked(analysis, **filters), demonstration)


@pytest.fixture(scope="session")
def ready(demonstration: Store) -> dict[str, Prepared]:
    """Twelve exhibits of every kind of part."""
    return {name: prepare(build(asked(name), demonstration), demonstration) for name in TWELVE}


@pytest.fixture
def own(tmp_path: Path, afghanistan: Theatre) -> Store:
    """Open a store of one's own with nothing in it yet."""
    return Store(tmp_path / "own", afghanistan)
