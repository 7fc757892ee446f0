"""CI must not go green on tests that did not run: the rule in conftest.py, tried on a small suite of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import pytest

def test_real_file(reference_data): ...

@pytest.mark.browser
def test_page():
    pytest.skip("no chromium")

@pytest.mark.xfail(reason="a known fault", strict=True)
@pytest.mark.reference
def test_known_fault():
    raise ValueError

def test_spark():
    pytest.skip("optional")
"""
MODULE = "import pytest\npytest.skip('all of it', allow_module_level=True)\n"


def outcome(folder: Path, suite: str, *, ci: bool, data: Path | None = None) -> str:
    conftest = Path(__file__).with_name("conftest.py")
    (folder / "conftest.py").write_text(conftest.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "test_suite.py").write_text(suite, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    browser\n    reference\n", encoding="utf-8")
    unset = ("CIVMAP_CI", "CIVMAP_REFERENCE_DATA", "PYTEST_ADDOPTS")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    env |= {"CIVMAP_CI": "1"} if ci else {}
    env |= {"CIVMAP_REFERENCE_DATA": str(data)} if data else {}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no"],
        cwd=folder, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.splitlines()[-1]


def test_at_home_they_skip(tmp_path: Path) -> None:
    assert "3 skipped, 1 xfailed" in outcome(tmp_path, SUITE, ci=False)


def test_in_ci_a_skipped_browser_or_reference_test_fails(tmp_path: Path) -> None:
    assert "1 failed, 1 skipped, 1 xfailed, 1 error" in outcome(tmp_path, SUITE, ci=True)


def test_in_ci_a_reference_test_with_its_data_passes(tmp_path: Path) -> None:
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed" in outcome(tmp_path, SUITE, ci=True, data=tmp_path)


@pytest.mark.parametrize(("ci", "closing"), [(False, "1 skipped"), (True, "1 error")])
def test_in_ci_a_module_that_skips_itself_fails(tmp_path: Path, ci: bool, closing: str) -> None:
    assert closing in outcome(tmp_path, MODULE, ci=ci)
