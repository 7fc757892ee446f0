"""Who may import whom: one way through the house, so that any analysis runs without a browser or a store."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A part of civmap may import parts of a lower rank, and its own modules; never another part of its own rank.
RANKS = {
    "language": 0,
    "errors": 1,
    "schema": 2,
    "theatre": 3, "filters": 3,
    "readers": 4,
    "placing": 5, "fetch": 5,
    "store": 6,
    "simulate": 7, "queries": 7,
    "analysis": 8,
    "figures": 9,
    "exhibits": 10,
    "exports": 11,
    "ui": 12, "cli": 12, "locale": 12,
    "app": 13, "pages": 13, "__main__": 13,
}  # fmt: skip
# modules that are a piece of another part
BELONGS = dict.fromkeys(("theatre_files", "theatre_settings", "theatre_making"), "theatre") | {"air_schema": "schema"}
# Some may import less than their rank would allow: pure functions know neither theatre nor store, and an exhibit names
# a Part but draws nothing.
ONLY = {
    "analysis": ("language", "errors", "schema", "air_schema"),
    "figures": ("language", "errors", "schema", "analysis"),
    "exhibits": (
        "language", "errors", "schema", "air_schema", "theatre", "filters",
        "readers", "placing", "store", "simulate", "queries", "analysis",
        "figures.part",
    ),
}  # fmt: skip
# Libraries that only these parts may import; nobody may import a lazy one except inside a function.
OWNERS = {"streamlit": ("app", "pages", "ui"), "duckdb": ("store",), "requests": ("fetch",)}
LAZY = ("pyspark",)


def sources() -> list[Path]:
    return [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "civmap").rglob("*.py"))]


def module_name(path: Path) -> str:
    """`civmap/figures/part.py` is civmap.figures.part, a package's `__init__.py` ends in .__init__."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imports(tree: ast.AST, module: str) -> Iterator[tuple[str, int]]:
    """Yield each imported name in full (module and, where given, the name taken from it) with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*module.split(".")[: -node.level]] if node.level else []
            base += [node.module] if node.module else []
            yield from ((".".join([*base, alias.name]), node.lineno) for alias in node.names)


def outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from outside_functions(node)


def part_of(name: str) -> str:
    first = name.removeprefix("civmap.").split(".")[0]
    return BELONGS.get(first, first)


def within(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def faults(module: str, text: str) -> list[str]:
    """Return what one module imports and must not, a sentence each."""
    tree = ast.parse(text)
    part = part_of(module)
    if module == "civmap.__init__":
        return [f"{module}:{line}: the package itself imports nothing" for _, line in imports(tree, module)]
    if part not in RANKS:
        return [f"{module}: {part} has no rank; give it one in tests/test_architecture.py and DESIGN.md"]

    found = []
    for name, line in imports(tree, module):
        where, library = f"{module}:{line}", name.split(".")[0]
        if library in OWNERS and part not in OWNERS[library]:
            found.append(f"{where}: {library} belongs to {', '.join(OWNERS[library])}")
        own = name.removeprefix("civmap.")
        target = part_of(name)
        if library != "civmap" or target in ("civmap", "__version__", part):
            continue
        if target not in RANKS:
            found.append(f"{where}: {name} is no part of civmap that has a rank")
        elif RANKS[target] >= RANKS[part]:
            found.append(f"{where}: {part} (rank {RANKS[part]}) may not import {target} (rank {RANKS[target]})")
        elif part in ONLY and not any(within(own, allowed) for allowed in ONLY[part]):
            found.append(f"{where}: {part} may import only {', '.join(ONLY[part])}, not {own}")

    at_once = ast.Module(body=[], type_ignores=[])
    at_once.body = [node for node in outside_functions(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    for name, line in imports(at_once, module):
        if name.split(".")[0] in LAZY:
            found.append(f"{module}:{line}: import {name} inside the function that needs it")
    return found


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_every_module_imports_only_what_its_rank_allows(path: Path) -> None:
    assert path.exists(), f"{path.name} is missing"
    found = faults(module_name(path), path.read_text(encoding="utf-8"))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("civmap.schema", "from civmap.theatre import Theatre"),
        ("civmap.theatre", "from civmap import filters"),
        ("civmap.readers.ucdp", "import civmap.placing"),
        ("civmap.readers.ucdp", "from ..store import Store"),
        ("civmap.readers.ucdp", "from .. import store"),
        ("civmap.simulate", "from civmap.queries import panel"),
        ("civmap.analysis.trends", "from civmap.filters import Filters"),
        ("civmap.analysis.trends", "from civmap.figures.part import Part"),
        ("civmap.figures.maps", "from civmap.store import Store"),
        ("civmap.exhibits.build", "from civmap.figures import charts"),
        ("civmap.exhibits.build", "import civmap.figures"),
        ("civmap.exports.slides", "def late():\n    from civmap.ui import frame"),
        ("civmap.cli", "from civmap.ui import frame"),
        ("civmap.gadget", "import json"),
        ("civmap.cli", "from civmap.gadget import wheel"),
        ("civmap.__init__", "from civmap.store import Store"),
        ("civmap.figures.maps", "import streamlit as st"),
        ("civmap.queries", "from duckdb import connect"),
        ("app", "import duckdb"),
        ("civmap.analysis.coverage", "try:\n    import pyspark.sql\nexcept ImportError:\n    pass"),
    ],
)
def test_the_checker_finds(module: str, text: str) -> None:
    assert len(faults(module, text)) == 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("civmap.filters", "from civmap import schema"),
        ("civmap.readers.__init__", "from civmap.readers.ucdp import read\nfrom . import airwars"),
        ("civmap.figures.charts", "from civmap.figures.part import Part\nfrom civmap.analysis import trends"),
        ("civmap.exhibits.build", "from civmap.figures.part import Part\nfrom civmap.figures import part"),
        ("civmap.store", "import duckdb\nfrom civmap import __version__"),
        ("civmap.analysis.coverage", "def on_spark():\n    import pyspark"),
        ("civmap.ui.frame", "import streamlit as st\nfrom civmap import exhibits, figures"),
        ("pages.1_Hotspots", "import streamlit as st\nfrom civmap.ui import frame"),
        ("civmap.__main__", "from civmap.cli import app"),
    ],
)
def test_the_checker_lets_pass(module: str, text: str) -> None:
    assert faults(module, text) == []
