"""The folders of a store: made for their owner alone, swept of what was left behind, and what to say when one refuses.

Nothing is written before there is something to keep, so a home that may only be read can still be asked.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from civmap.errors import StoreError
from civmap.language import say

_NO_WRITING = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_ABANDONED_SECONDS = 24 * 3600  # a draft this old belongs to a process that was killed


def default_home() -> Path:
    """Give the folder of all stores: ``$CIVMAP_HOME``, else ``civmap`` in the user's home."""
    return Path(os.environ.get("CIVMAP_HOME") or Path.home() / "civmap").expanduser()


def prepare(home: Path, folder: Path) -> None:
    """Make the folders of a theatre's store with mode 0700 where they are absent and may be made.

    Raises
    ------
    StoreError
        When the home can neither be made nor read: an empty store would be shown in place of what it holds.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            for one in (folder, folder / "loads", folder / "cache"):
                one.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            if error.errno not in (*_NO_WRITING, *_NO_ROOM):
                raise
        for one in (home, folder, folder / "loads"):
            if one.exists():
                os.listdir(one)
    except OSError as error:
        raise StoreError(
            say("The folder {folder} cannot be used.", folder=home),
            found=str(error),
            next_step=say("Set CIVMAP_HOME or --home to another."),
        ) from error


def can_write(folder: Path) -> bool:
    """Say whether files can be made in a folder; a folder that is absent is made."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def refused(message: str, folder: Path, error: Exception) -> StoreError:
    """Say that the disk refused to keep something, and what to do about it."""
    if isinstance(error, OSError) and error.errno in _NO_WRITING:
        step = say(
            "{folder} can be read, but you may not write there: ask its owner, or set CIVMAP_HOME or --home.",
            folder=folder,
        )
    else:
        step = say("Check the free space of {folder}.", folder=folder)
    return StoreError(message, found=str(error), next_step=step)


def not_kept(file: str) -> str:
    """Say that nothing of a file was kept."""
    return say("{file} could not be kept; the store is as it was before.", file=file)


def sweep(folder: Path, former: list[Path]) -> None:
    """Remove what killed processes left in a theatre's folder: drafts a day old or older, and former forms of loads."""
    drafts = [*folder.glob("*/.draft-*"), *folder.glob("*/*.tmp")]
    for path in [*former, *(draft for draft in drafts if _age_seconds(draft) > _ABANDONED_SECONDS)]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            forget([path])


def forget(files: Iterable[Path]) -> None:
    """Remove files, except those that are not ours to remove."""
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:  # another process was quicker
        return 0
