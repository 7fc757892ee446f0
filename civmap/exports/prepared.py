"""Prepared: an exhibit made safe to leave, with everything that every export of it must carry.

Renderers take a `Prepared` and never a bare `Exhibit`: nothing unprotected can reach a slide, a file or an alt text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from civmap.exhibits.recipe import Exhibit


@dataclass(frozen=True)
class Prepared:
    """One exhibit as it may leave the tool.

    Parameters
    ----------
    exhibit
        Parts of the same kinds as on screen, whose frames, titles and alt texts hold only what may be told: names and
        notes are gone, points are coarsened, small counts are null. A renderer draws them as they are.
    marking
        Shown at the top and bottom of every page, such as ``RELEASABLE``; never empty.
    stamp
        Whole lines, in the order in which they are printed and in the language of the exhibit: as of, as known on,
        filters in words, each source with its release, rows held back, code version, disclosure rule, fingerprint.
    synthetic
        Whether "SYNTHETIC DATA" must stand in the pixels.
    title
        A title of the reader's own, where there is one.
    manifest
        What ``manifest.json`` says of this exhibit: JSON-able, enough to build and verify it again.
    general
        Those lines of the stamp that say more than what this one exhibit counts: a cover holds them.
    """

    exhibit: Exhibit
    marking: str
    stamp: tuple[str, ...]
    synthetic: bool
    title: str = ""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    general: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The reader's own title, else the exhibit's."""
        return self.title or self.exhibit.title

    @property
    def language(self) -> str:
        """The language of all its texts, but for a title of the reader's own."""
        return self.exhibit.language
