"""The one step that every way out passes: marking, disclosure control, stamp and manifest."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from civmap import __version__
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit
from civmap.exports import disclosure, manifest
from civmap.exports.marking import marking
from civmap.exports.prepared import Prepared
from civmap.store import Store

__all__ = ["Prepared", "prepare"]


def prepare(exhibit: Exhibit, store: Store, *, title: str = "") -> Prepared:
    """Make an exhibit ready to leave.

    Parameters
    ----------
    exhibit
        As `civmap.exhibits.build` makes it; it is not changed.
    store
        The store it was built from.
    title
        A title of the reader's own, made safe as any other text.

    Returns
    -------
    Prepared
        The safe exhibit, and what every export of it must carry.

    Raises
    ------
    ExportError
        When the theatre's marking is not set.
    """
    mark = marking(store)
    safe, withheld = disclosure.disclose(exhibit, store)
    if title.strip():
        titled, _ = disclosure.disclose(replace(exhibit, title=title.strip()), store)
        title = titled.title
    rule = disclosure.rule(store)
    entry = manifest.entry(safe, store, marking=mark, rule=rule)
    return Prepared(safe, mark, _stamp(safe, store, rule, withheld), exhibit.synthetic, title.strip(), entry)


def _stamp(exhibit: Exhibit, store: Store, rule: str, withheld: int) -> tuple[str, ...]:
    recipe = exhibit.recipe
    loads = store.loads(recipe.as_known_on)
    latest = loads["known_at"].max() if len(loads) else None
    as_of = words.day(pd.Timestamp(latest)) if latest else "nothing loaded"
    known = words.day(recipe.as_known_on) if recipe.as_known_on else "now"
    said = words.filters_in_words(recipe.filters, store.theatre)
    held = [line for line in exhibit.caveats if line.startswith("Not counted")]
    aside = len(store.rejected(recipe.as_known_on))
    lines = [
        "SYNTHETIC DATA: no real incident" if exhibit.synthetic else "",
        f"As of {as_of}",
        f"As known on: {known}",
        f"Period: {exhibit.period}" if exhibit.period else "",
        f"Counted: {words.what(recipe.filters)}" + (f"; {said}" if said else "; no other filter"),
        *(f"Source: {source}" for source in exhibit.sources),
        *(held or [f"Rows held back: {words.number(aside)}"]),
        f"CivMap {__version__}",
        f"Disclosure rule: {rule}" + (f"; {words.count(withheld, 'count', 'counts')} withheld" if withheld else ""),
        f"Fingerprint {exhibit.fingerprint}",
    ]
    return tuple(line for line in lines if line)
