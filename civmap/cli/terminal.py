"""What every command shares: its words on the terminal, one object with ``--json``, progress, and how a fault ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from civmap.errors import CivMapError
from civmap.language import LANGUAGES

LONG_SECONDS = 2.0  # what takes longer is told when it is done, also where nothing moves on the screen

Home = Annotated[Path | None, typer.Option("--home", help="Folder of the stores; default $CIVMAP_HOME or ~/civmap.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Language = Annotated[str, typer.Option("--language", help=f"Language of what is made: {', '.join(LANGUAGES)}.")]
TheatreName = Annotated[str, typer.Option("--theatre", help="Name or folder of the theatre.")]


def say(value: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    """Print what a command did: for people as lines, for programs as one JSON object."""
    if as_json:
        typer.echo(json.dumps(value, ensure_ascii=False, default=_jsonable, allow_nan=False))
    else:
        typer.echo("\n".join(lines))


def _jsonable(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)


@dataclass
class Task:
    """Something that may take a while, and what has come of it in a few words."""

    outcome: str = ""


@contextmanager
def working(what: str) -> Iterator[Task]:
    """Show on stderr, never in what is printed, what is going on and for how long; what took long leaves a line."""
    began, task = time.monotonic(), Task()
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description} …", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        shown.add_task(what, total=None)
        yield task
    seconds = time.monotonic() - began
    if seconds > LONG_SECONDS:
        typer.echo(f"{what}: " + ", ".join(filter(None, (task.outcome, f"{seconds:.0f} s"))), err=True)


def known(language: str) -> str:
    """Give a language that CivMap speaks.

    Raises
    ------
    CivMapError
        When it speaks another; the message names those that there are.
    """
    if language not in LANGUAGES:
        raise CivMapError(
            "CivMap does not speak this language.", found=language,
            expected=", ".join(f"{code} ({name})" for code, name in LANGUAGES.items()),
        )  # fmt: skip
    return language


@contextmanager
def plainly(*, as_json: bool = False) -> Iterator[None]:
    """End with the sentence of a CivMapError and exit code 1; anything else is a bug and keeps its trace."""
    try:
        yield
    except CivMapError as error:
        _end(str(error), error, as_json=as_json)
    except OSError as error:
        if error.filename is None:
            raise
        _end(f"{error.filename} cannot be used. Found: {error.strerror}. Choose another place.", error, as_json=as_json)


def _end(said: str, error: Exception, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"error": said}, ensure_ascii=False))
    typer.echo(said, err=True)
    raise typer.Exit(1) from error
