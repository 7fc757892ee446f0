"""Work that may take long: the page says what is going on, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from streamlit.delta_generator import DeltaGenerator

from civmap.language import bound, write

Done = TypeVar("Done")
_PATIENCE_SECONDS = 2.0


def working(bar: DeltaGenerator, share: float, what: str, work: Callable[[], Done]) -> Done:
    """Do work beside the page; where it takes more than two seconds, the bar counts them.

    Parameters
    ----------
    bar
        A progress bar.
    share
        How much of the whole is done before this work, 0 to 1.
    what
        What is going on, in words.
    work
        Draws nothing; what it raises is raised here.
    """
    begin = time.monotonic()
    bar.progress(share, f"{what} …")
    with ThreadPoolExecutor(1) as beside:
        done = beside.submit(bound(work))
        while wait([done], timeout=_PATIENCE_SECONDS / 2).not_done:
            if (seconds := time.monotonic() - begin) >= _PATIENCE_SECONDS:
                bar.progress(share, f"{what} … {write(seconds, '.0f')} s")
    return done.result()
