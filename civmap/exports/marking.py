"""The marking at the top and bottom of whatever leaves: the words that somebody set, or nothing leaves.

A marking that is set is kept beside the store like a decision: with name and time, never changed, the latest holds.
"""

from __future__ import annotations

from pathlib import Path

from civmap.errors import ExportError
from civmap.language import count, mark, say
from civmap.store import Store, decisions
from civmap.store.decisions import Decision
from civmap.theatre import Theatre

PUBLIC = mark("reviewed: public")  # somebody looked and decided; not the same as nobody having said anything
NOT_SET = ("", "not set")
SYNTHETIC = mark("Synthetic demonstration data: no real incident")
MOST_LETTERS = 200
FOLDER = "markings"


def marking(store: Store) -> str:
    """Give the marking of what leaves a store: the latest that was set, else the theatre's.

    The synthetic demonstration speaks of nobody and is marked as what it is where nobody says anything.

    Raises
    ------
    ExportError
        When no marking is set.
    """
    made = markings(store)
    if made:
        return str(made[-1].values["marking"])
    if is_set(store.theatre):
        return store.theatre.marking.strip()
    if store.is_demonstration:
        return say(SYNTHETIC)
    raise ExportError(
        say("Nothing leaves {theatre} before its marking is set.", theatre=store.theatre.title),
        found=say('marking "not set"'),
        next_step=say(
            "Set it under Export on a page or on the Briefing page, or with `python -m civmap marking TEXT "
            '--theatre {name}`, for example "{public}" after a review.', name=store.theatre.id, public=say(PUBLIC),
        ),
    )  # fmt: skip


def markings(store: Store) -> list[Decision]:
    """List the markings that were set, oldest first; read afresh, as another program may have set one."""
    return decisions.read(sorted(_folder(store).glob("[!.]*.json")))


def set_marking(store: Store, text: str, *, who: str | None = None) -> Decision:
    """Set the marking of whatever leaves a store from now on.

    Parameters
    ----------
    text
        In one line, at most 200 letters.
    who
        Whose decision it is; the user of this machine if not given.

    Raises
    ------
    ExportError
        When the text says nothing or is too long.
    StoreError
        When it cannot be kept.
    """
    line = " ".join(text.split())
    if line.casefold() in NOT_SET or len(line) > MOST_LETTERS:
        raise ExportError(
            say("This cannot be a marking."),
            found=count(len(line), "letter", "letters") if len(line) > MOST_LETTERS else f'"{line}"',
            expected=say('1 to {most} letters, for example "{public}"', most=MOST_LETTERS, public=say(PUBLIC)),
        )  # fmt: skip
    about = [(store.theatre.id, "marking")]
    made = decisions.decision("marking", about, why="marking of exports", who=who, values={"marking": line})
    decisions.write(_folder(store), made)
    return made


def is_set(theatre: Theatre) -> bool:
    """Say whether a theatre's own file sets a marking."""
    return theatre.marking.strip().casefold() not in NOT_SET


def _folder(store: Store) -> Path:
    return store.folder / FOLDER
