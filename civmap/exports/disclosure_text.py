"""What texts, units and headers say of people, in each language, and what of a text may leave.

A text leaves without places, and without the clauses in which a withheld count of people may stand. What is not
recognised as anything else is taken for people, so a word that is missing here costs a clause and tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from civmap.language import english_signs, spoken

PEOPLE = re.compile(
    r"killed|injured|wounded|casualt|dead\b|deaths|harmed|\btuée?s?\b|bless|victime|\bmorte?s?\b|décès", re.I
)
_KILLED, _INJURED = re.compile(r"killed|\btuée?s?\b", re.I), re.compile(r"injured|bless", re.I)
_PER = {
    "week": "per week|par semaine", "month": "per month|par mois", "quarter": "per quarter|par trimestre",
    "year": "per year|par an(?:née)?",
}  # fmt: skip
_BOUND = {"min": "min", "best": "best|meilleure", "max": "max"}
_NEAR = r" (?:near|près de) "


@dataclass(frozen=True)
class Speech:
    """How a language writes what is no count of people.

    Parameters
    ----------
    span
        What stands between the ends of a range, and between numbers of the same thing.
    of
        Nouns, with what may stand before them, of anything that is counted beside people.
    dates
        Days, months and spans of years.
    """

    span: str
    of: str
    dates: str

    @property
    def no_people(self) -> re.Pattern[str]:
        """Dates, shares, ratios, intervals, and numbers of anything that the text names."""
        return re.compile(
            rf"{self.dates}|\d{{4}}-\d{{2}}(?:-\d{{2}})?"
            rf"|[-+]?[\d.,]*\d\s?%|\b\d+\.\d+"
            rf"|(?:interval|n\s?=|p\s?=|q\s?=|km) [-+\d.,]+(?: (?:to|à) [-+\d.,]+)?"
            rf"|\b\d[\d,]*(?:(?:{self.span})\d[\d,]*)*\s(?:{self.of})\b"
        )


SPEECH = {
    "en": Speech(
        " to | of | and |, ",
        r"(?:more |other |of |the |small |settled |tested |wholly covered )*"
        r"(?:incidents?|records?|rows?|files?|loads?|months?|quarters?|years?|weeks?|days?|hours?|minutes?|cells?|"
        r"cell-hours|provinces?|areas?|districts?|directives?|recording changes?|changes? in recording|events?|"
        r"totals?|panels?|charts?|clusters?|groups?|places?|points?|publications?|rules?|tall(?:y|ies)|draws?|times|"
        r"dates?|caveats?|channels?|classes|ratios?|lines?|figures?|columns?|bars?|km|with(?:out)? a|had|"
        r"with too few)",
        r"\b\d{1,2} [A-Z][a-z]+ \d{4}|\b[A-Z][a-z]+ (?:19|20)\d\d\b|\b(?:19|20)\d\d to (?:19|20)\d\d\b",
    ),
    "fr": Speech(
        " à | au | sur | et |, ",
        r"(?:autres? |de ces |des |de |d'|ces |les |petite?s? )*"
        r"(?:incidents?|fiches?|lignes?|fichiers?|chargements?|mois|trimestres?|années?|ans?|semaines?|jours?|"
        r"heures?|minutes?|cellules?|provinces?|zones?|districts?|directives?|changements?|événements?|tota(?:l|ux)|"
        r"graphiques?|groupes?|regroupements?|agrégats?|lieux|points?|publications?|règles?|bilans?|tirages?|fois|dates?|"
        r"réserves?|classes|rapports?|chiffres?|colonnes?|barres?|km|sans changement|avec trop peu)",
        r"\b\d{1,2}(?:er)? [a-zéû]+ \d{4}|\b[a-zéû]{3,9}\.? (?:19|20)\d\d\b|\b(?:19|20)\d\d (?:à|au) (?:19|20)\d\d\b",
    ),
}  # fmt: skip
# Where a clause ends; a month that is cut short ends none.
_CUT_SHORT = "".join(rf"(?<!\b{month}\.)" for month in ("janv", "févr", "avr", "juil", "sept", "oct", "nov", "déc"))
_ENDS = re.compile(rf"(?<=[.;]){_CUT_SHORT}\s+")
_NUMBER = re.compile(r"(?<![\d.])\d[\d,]*\d|(?<![\d.,])\d(?!\d|[.,]\d)")


def without_places(text: str, places: Collection[str] = ()) -> str:
    """Leave out what stands near what: the whole of a known place, else all up to the next sign.

    Examples
    --------
    >>> without_places("Most: Kunduz near Chardara, 12.")
    'Most: Kunduz, 12.'
    >>> without_places("Most: Kunduz near Chardara, the old mill, 12.", {"Chardara, the old mill"})
    'Most: Kunduz, 12.'
    """
    kept, *after = re.split(_NEAR, text)
    for rest in after:
        known = next((end for end in range(len(rest), 0, -1) if rest[:end] in places), 0)
        kept += rest[known:] if known else re.sub(r"^[^,.;:()]+(?=[,.;:()]|$)", "", rest)
    return kept


def nearless(place: str) -> str:
    """Leave out all that follows the province of a place.

    Examples
    --------
    >>> nearless("Kunduz near Chardara, the old mill"), nearless("Kunduz près de Chardara")
    ('Kunduz', 'Kunduz')
    """
    return re.sub(rf"{_NEAR}.*$", "", place, flags=re.S)


def clean(
    text: str,
    numbers: Collection[int],
    *,
    places: Collection[str] = (),
    secrets: Iterable[str] = (),
    every: Literal["", "people", "counts"] = "",
) -> str:
    """Leave out the clauses of a text that hold a withheld number, and the names of places.

    Parameters
    ----------
    text
        In the language that is spoken.
    numbers
        Withheld counts of people.
    places
        Names of places that may stand after "near".
    secrets
        What somebody wrote, wherever it stands.
    every
        Leave out more clauses: those with any number beside a word for ``people``, or with any that may be one of the
        ``counts`` at all.

    Examples
    --------
    >>> clean("Most: Kunduz near Chardara, 12. The least, 3 killed; Kabul had 40.", {3})
    'Most: Kunduz, 12. Kabul had 40.'
    >>> clean("In 3 incidents of 3 May 2011. 5 killed.", {3})
    'In 3 incidents of 3 May 2011. 5 killed.'
    """
    text = without_places(text, places)
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "…")
    if not numbers and not every:
        return text
    kept = [clause for clause in _ENDS.split(text) if not _tells(clause, numbers, every)]
    said = " ".join(kept)
    return re.sub(r"\s?;$", ".", said)


def per_of(unit: str) -> str:
    """Say over what a unit counts: week, month, quarter or year, else none.

    Examples
    --------
    >>> per_of("civilians killed (best) per month"), per_of("civils tués par an"), per_of("incidents")
    ('month', 'year', 'none')
    """
    return next((per for per, said in _PER.items() if re.search(rf"\b(?:{said})\b", unit)), "none")


def bound_of(unit: str) -> str:
    """Say which bound a unit names in brackets, empty where none.

    Examples
    --------
    >>> bound_of("civilians killed (best) per month"), bound_of("civils tués (meilleure)"), bound_of("incidents")
    ('best', 'best', '')
    """
    return next((bound for bound, said in _BOUND.items() if re.search(rf"\((?:{said})\)", unit)), "")


def measure_of(text: str, default: str) -> str:
    """Say what a unit or a header counts.

    Examples
    --------
    >>> measure_of("civilians killed (best) per month", "incidents"), measure_of("Incidents", "killed")
    ('killed', 'incidents')
    """
    if not PEOPLE.search(text):
        return "incidents" if "incident" in text.lower() else default
    harms = [harm for harm, said in (("killed", _KILLED), ("injured", _INJURED)) if said.search(text)]
    return harms[0] if len(harms) == 1 else "casualties"


def _tells(clause: str, numbers: Collection[int], every: str) -> bool:
    found = _found(clause)
    if every == "counts" or (every and PEOPLE.search(clause)):
        return bool(found)
    return not found.isdisjoint(numbers)


def _found(clause: str) -> set[int]:
    """Give the numbers of a clause that may be people."""
    said = SPEECH[spoken()].no_people.sub(" ", english_signs(clause))
    return {int(one.replace(",", "")) for one in _NUMBER.findall(said)}
