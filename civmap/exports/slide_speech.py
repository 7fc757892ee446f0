"""The language of a slide, as Office takes it: every text names it, and runs as it does.

Office proofs and reads out a text in the language that it names, and sets paragraphs by what they say of themselves.
"""

from __future__ import annotations

from locale import windows_locale
from typing import Any

from civmap.language import direction, spoken

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_TAGS = {"en": "en-GB"}  # as everywhere in CivMap
_OTHER_SIDE = {None: "r", "l": "r", "r": "l"}  # how an aligned paragraph is turned; what is centred stays


def tag() -> str:
    """Give the language that is spoken with its land, as Office names it.

    Examples
    --------
    >>> from civmap.language import speaking
    >>> tag()
    'en-GB'
    >>> with speaking("fr"):
    ...     tag()
    'fr-FR'
    """
    from babel.core import get_global

    language = spoken()
    likely = str(get_global("likely_subtags").get(language, language)).split("_")
    return _TAGS.get(language) or (f"{language}-{likely[-1]}" if len(likely) == 3 else language)


def months_of_language() -> str:
    """Write before a form of dates that its months are named in the language that is spoken, wherever it is opened.

    Examples
    --------
    >>> from civmap.language import speaking
    >>> with speaking("fr"):
    ...     months_of_language()
    '[$-40C]'
    """
    name = tag().replace("-", "_")
    code = next((code for code, land in windows_locale.items() if land == name), None)
    return f"[$-{code:X}]" if code else ""


def turned() -> bool:
    """Say whether the language that is spoken runs from right to left."""
    return direction(spoken()) == "rtl"


def paragraph(align: str = "") -> str:
    """Write the attributes of a paragraph of XML: its side, ``l`` for where lines begin, and how it runs."""
    if not turned():
        return f' algn="{align}"' if align else ""
    return f' algn="{_OTHER_SIDE.get(align or None, align)}" rtl="1"'


def speak_on(element: Any, *, centred: bool = False) -> None:
    """Let all texts of an element name the language, and run as it does.

    Parameters
    ----------
    element
        Of a shape or a slide, filled by python-pptx.
    centred
        Whether paragraphs that name no side stand in the middle, by their layout.
    """
    name, back = tag(), turned()
    for run in element.iter(f"{_A}r", f"{_A}fld"):
        run.get_or_add_rPr().set("lang", name)
    for end in element.iter(f"{_A}endParaRPr"):
        end.set("lang", name)
    if not back:
        return
    for one in element.iter(f"{_A}p"):
        properties = one.get_or_add_pPr()
        if properties.get("rtl") is None:  # XML of our own is turned already
            properties.set("rtl", "1")
            side = properties.get("algn")
            if not (centred and side is None):
                properties.set("algn", _OTHER_SIDE.get(side, side))
