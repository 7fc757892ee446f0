"""What tests share: reference data, theatres, a home of their own, and the rule that CI skips nothing that counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
BROWSER_FIXTURES = {"serve", "browser", "new_page", "page"}

settings.register_profile("civmap", deadline=None)  # two busy cores are no reason to fail
settings.register_profile("ci", deadline=None, derandomize=True)  # the same examples for the same code
settings.load_profile("ci" if os.environ.get("CIVMAP_CI") else "civmap")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures they use, and run those in the browser last.

    Playwright leaves an event loop running in the main thread, which other tests need not meet.
    """
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if "reference_data" in used:
            item.add_marker("reference")
        if used & BROWSER_FIXTURES:
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def in_ci() -> bool:
    return os.environ.get("CIVMAP_CI") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    must_run = any(item.get_closest_marker(mark) for mark in ("browser", "reference", "spark"))
    if in_ci() and must_run and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"CI must not skip this test. {skip_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """In CI a whole module that skips itself fails: nobody could tell what it held."""
    report: Any = yield
    if in_ci() and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"CI must not skip a whole module; skip single tests. {skip_reason(report)}"
    return report


def skip_reason(report: Any) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("reference"):
        reference_folder()


def reference_folder() -> Path:
    """Return the folder of real incident files, or skip the test where there is none."""
    named = os.environ.get("CIVMAP_REFERENCE_DATA")
    if not named:
        pytest.skip("no reference data: CIVMAP_REFERENCE_DATA is not set")
    folder = Path(named).resolve()
    if not folder.is_dir():
        pytest.skip(f"no reference data: CIVMAP_REFERENCE_DATA names {folder}, which is not a folder")
    return folder


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of real incident files; never part of the repository."""
    return reference_folder()


@pytest.fixture(scope="session")
def afghanistan() -> Any:
    from civmap.theatre import load_theatre

    return load_theatre(ROOT / "data" / "afghanistan")


@pytest.fixture(scope="session")
def oir() -> Any:
    from civmap.theatre import load_theatre

    return load_theatre(ROOT / "data" / "oir")


@pytest.fixture(scope="session", autouse=True)
def _no_test_touches_the_users_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CIVMAP_HOME", str(tmp_path_factory.mktemp("shared-home")))
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty CIVMAP_HOME for one test."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("CIVMAP_HOME", str(folder))
    return folder
