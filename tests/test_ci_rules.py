"""CI must not go green on tests that did not run: the rule in conftest.py, tried on a small suite of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SUITE = """
import pytest

def test_real_file(reference_data): ...

@pytest.mark.browser
def test_page():
    pytest.skip("no chromium")

@pytest.mark.xfail(reason="a known fault", strict=True)
@pytest.mark.browser
def test_known_fault():
    raise ValueError

def test_spark():
    pytest.skip("optional")
"""
MODULE = "import pytest\npytest.skip('all of it', allow_module_level=True)\n"


def closing_line(folder: Path, **env: str) -> str:
    conftest = Path(__file__).with_name("conftest.py")
    (folder / "conftest.py").write_text(conftest.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "test_suite.py").write_text(SUITE, encoding="utf-8")
    (folder / "test_module.py").write_text(MODULE, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    browser\n    reference\n", encoding="utf-8")
    unset = ("CIVMAP_CI", "CIVMAP_REFERENCE_DATA", "PYTEST_ADDOPTS")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", "--continue-on-collection-errors"],
        cwd=folder, env={name: value for name, value in os.environ.items() if name not in unset} | env,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.splitlines()[-1]


def test_at_home_they_skip(tmp_path: Path) -> None:
    assert "4 skipped, 1 xfailed in" in closing_line(tmp_path)


def test_in_ci_skipped_browser_and_reference_tests_and_whole_modules_fail(tmp_path: Path) -> None:
    assert "1 failed, 1 skipped, 1 xfailed, 2 errors in" in closing_line(tmp_path, CIVMAP_CI="1")
