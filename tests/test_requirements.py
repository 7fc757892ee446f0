"""What the requirements name and what the constraints pin must agree, or nothing can be installed."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def pins(name: str) -> dict[str, str]:
    """Give each pinned version by normalised name, as PEP 503 has it."""
    found = re.findall(r"^([\w.-]+)==([\w.!+]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in found}


def test_requirements_and_constraints_agree() -> None:
    named = pins("requirements.txt") | pins("requirements-dev.txt")
    kept = pins("constraints.txt")
    assert len(named) > 20 and len(kept) > len(named)
    differ = {name: (version, kept[name]) for name, version in named.items() if kept.get(name, version) != version}
    assert not differ, "install into a fresh .venv and make constraints.txt again with pip freeze"
