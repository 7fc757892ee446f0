"""The one step that every way out passes: marking, disclosure control, stamp and manifest."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from civmap import __version__
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit
from civmap.exhibits.standing_notes import NOT_COUNTED
from civmap.exports import disclosure, manifest
from civmap.exports.marking import marking
from civmap.exports.prepared import Prepared
from civmap.language import say, say_n, speaking
from civmap.store import Store

__all__ = ["Prepared", "prepare"]


def prepare(exhibit: Exhibit, store: Store, *, title: str = "") -> Prepared:
    """Make an exhibit ready to leave.

    Parameters
    ----------
    exhibit
        As `civmap.exhibits.build` makes it; it is not changed. What is added to it is said in its language.
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
    marking(store)  # where none is set, that is said to whoever asks
    with speaking(exhibit.language):
        mark = marking(store)
        safe, withheld = disclosure.disclose(exhibit, store)
        if title.strip():
            titled, _ = disclosure.disclose(replace(exhibit, title=title.strip()), store)
            title = titled.title
        rule = disclosure.rule(store)
        entry = manifest.entry(safe, store, marking=mark, rule=rule)
        stamp = _stamp(safe, store, rule, withheld)
    general = tuple(line for line, of_all in stamp.items() if of_all)
    return Prepared(safe, mark, tuple(stamp), exhibit.synthetic, title.strip(), entry, general)


def _stamp(exhibit: Exhibit, store: Store, rule: str, withheld: int) -> dict[str, bool]:
    """Give the lines of the stamp, each with whether it says more than what this one exhibit counts."""
    recipe = exhibit.recipe
    loads = store.loads(recipe.as_known_on)
    latest = loads["known_at"].max() if len(loads) else None
    known, what = recipe.as_known_on, words.what(recipe.filters)
    said = words.filters_in_words(recipe.filters, store.theatre) or say("no other filter")
    begins = say(NOT_COUNTED, what="\0").partition("\0")[0]
    held = [line for line in exhibit.caveats if line.startswith(begins)]
    aside = len(store.rejected(recipe.as_known_on))
    lines = {
        say("SYNTHETIC DATA: no real incident") if exhibit.synthetic else "": True,
        say("As of {day}", day=words.day(pd.Timestamp(latest))) if latest else say("As of nothing loaded"): True,
        say("As known on: {day}", day=words.day(known)) if known else say("As known on: now"): True,
        say("Period: {period}", period=exhibit.period) if exhibit.period else "": True,
        say("Counted: {what}; {filters}", what=what, filters=said): False,
        **{say("Source: {source}", source=source): True for source in exhibit.sources},
        **dict.fromkeys(held or [say("Rows held back: {rows}", rows=words.number(aside))], False),
        f"CivMap {__version__}": True,
        say("Disclosure rule: {rule}", rule=_ruled(rule, withheld)): False,
        say("Fingerprint {fingerprint}", fingerprint=exhibit.fingerprint): False,
    }
    return {line: general for line, general in lines.items() if line}


def _ruled(rule: str, withheld: int) -> str:
    if not withheld:
        return rule
    return say_n(withheld, "{rule}; {n} count withheld", "{rule}; {n} counts withheld", rule=rule)
