"""Texts as they may leave: without places, and without the clauses in which a withheld count of people may stand."""

from __future__ import annotations

import re

# What is no count of people: days, years, shares, ratios, intervals, and numbers of anything that the text names.
_OF = (
    r"(?:more |other |of |the |small |settled |tested |wholly covered )*"
    r"(?:incidents?|records?|rows?|files?|loads?|months?|quarters?|years?|weeks?|days?|hours?|minutes?|cells?|"
    r"cell-hours|provinces?|areas?|districts?|directives?|recording changes?|changes? in recording|events?|totals?|"
    r"panels?|charts?|clusters?|groups?|places?|points?|publications?|rules?|tall(?:y|ies)|draws?|times|dates?|"
    r"caveats?|channels?|classes|ratios?|lines?|figures?|columns?|bars?|km|with(?:out)? a|had|with too few)\b"
)
_NO_PEOPLE = re.compile(
    r"\b\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}-\d{2}(?:-\d{2})?|\b[A-Z][a-z]+ (?:19|20)\d\d\b"
    r"|\b(?:19|20)\d\d to (?:19|20)\d\d\b"
    r"|[-+]?[\d.,]*\d ?%|\b\d+\.\d+|(?:interval|n =|p =|q =|km) [-+\d.,]+(?: to [-+\d.,]+)?"
    rf"|\b\d[\d,]*(?:(?: to | of | and |, )\d[\d,]*)* {_OF}"
)
_NUMBER = re.compile(r"(?<![\d.])\d[\d,]*\d|(?<![\d.,])\d(?![\d.])")
PEOPLE = re.compile(r"killed|injured|wounded|casualt|dead\b|deaths|harmed", re.I)


def without_places(text: str) -> str:
    """Leave out what stands near what.

    Examples
    --------
    >>> without_places("Most: Kunduz near Chardara, 12.")
    'Most: Kunduz, 12.'
    """
    return re.sub(r" near [^,.;:()]+(?=[,.;:()]|$)", "", text)


def clean(text: str, numbers: set[int]) -> str:
    """Leave out the clauses of a text that hold a withheld number, and the names of places.

    Examples
    --------
    >>> clean("Most: Kunduz near Chardara, 12. The least, 3 killed; Kabul had 40.", {3})
    'Most: Kunduz, 12. Kabul had 40.'
    >>> clean("In 3 incidents of 3 May 2011. 5 killed.", {3})
    'In 3 incidents of 3 May 2011. 5 killed.'
    """
    text = without_places(text)
    if not numbers:
        return text
    kept = [clause for clause in re.split(r"(?<=[.;])\s+", text) if not _found(clause) & numbers]
    said = " ".join(kept)
    return re.sub(r";$", ".", said)


def _found(clause: str) -> set[int]:
    """Give the numbers of a clause that may be people."""
    return {int(one.replace(",", "")) for one in _NUMBER.findall(_NO_PEOPLE.sub(" ", clause))}
