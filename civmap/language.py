"""The language in which CivMap speaks: one gettext catalogue for pages, exhibits, figures and exports.

A text is written where it arises, in English, which is also its key in the catalogue: `say` gives it in the language
that is spoken at the moment. What identifies something (codes, names of columns, recipes) is never translated; a
column gets its words where it is shown. Texts of a theatre's own tables are in the catalogue too, see `civmap.theatre`.
"""

from __future__ import annotations

import gettext
import io
import re
import string
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

__all__ = [
    "LANGUAGES", "bound", "count", "day", "direction", "english_signs", "listed", "mark", "mark_n", "month", "number",
    "say", "say_in", "say_n", "speak", "speaking", "spoken", "write",
]  # fmt: skip

LANGUAGES = {"en": "English", "fr": "Français"}  # each by the name that its readers give it
CATALOGUES = Path(__file__).parent / "locale"
Done = TypeVar("Done")

_spoken: ContextVar[str] = ContextVar("language", default="en")
_PATTERNS = {"%B %Y": "MMMM y", "%b %Y": "MMM y", "%B": "MMMM", "%b": "MMM"}  # of a date, in CLDR's letters
_FIRST = {"fr": "1er"}  # the first of a month is an ordinal there


def spoken() -> str:
    """Give the code of the language that is spoken at the moment: ``en`` unless somebody chose another."""
    return _spoken.get()


def speak(language: str) -> None:
    """Speak a language from here on, in this thread; one that CivMap does not know is English."""
    _spoken.set(language if language in LANGUAGES else "en")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    r"""Speak a language for a while.

    Examples
    --------
    >>> with speaking("fr"):
    ...     day(date(2009, 7, 2)), number(26467).replace("\u202f", " ")
    ('2 juillet 2009', '26 467')
    """
    before = _spoken.get()
    speak(language)
    try:
        yield
    finally:
        _spoken.set(before)


def bound(work: Callable[[], Done]) -> Callable[[], Done]:
    """Let work that another thread does speak the language of now."""
    context = copy_context()
    return lambda: context.copy().run(work)


def direction(language: str) -> str:
    """Say whether a language runs ``ltr`` or ``rtl``, as HTML names it.

    Examples
    --------
    >>> direction("fr"), direction("ps")
    ('ltr', 'rtl')
    """
    from babel import Locale

    return Locale.parse(language).text_direction


def mark(message: str) -> str:
    """Give a text as it is, and have the catalogue translate it: `say` says it later."""
    return message


def mark_n(one: str, many: str) -> tuple[str, str]:
    """Give a singular and its plural as they are, and have the catalogue translate them: `say_n` says them later."""
    return one, many


def say(message: str, **values: Any) -> str:
    """Say a text in the language that is spoken, with its ``{values}`` written as that language writes them.

    Parameters
    ----------
    message
        The English text, whole: a sentence rather than a piece of one, since other languages order words otherwise.
    values
        What stands in braces. Numbers and dates may have a format, such as ``{share:.0%}`` or ``{when:%B %Y}``.

    Examples
    --------
    >>> say("{n:,} of {share:.1f} since {when:%B %Y}", n=1200, share=0.5, when=date(2009, 7, 2))
    '1,200 of 0.5 since July 2009'
    """
    said = _catalogue(spoken()).gettext(message) if message else ""
    return _filled(said, values)


def say_in(context: str, message: str, **values: Any) -> str:
    """Say a text that means different things in different places, and so is translated apart for each."""
    return _filled(_catalogue(spoken()).pgettext(context, message), values)


def say_n(n: Any, one: str, many: str, **values: Any) -> str:
    """Say a text about a number in its singular or plural; ``{n}`` stands for the number, written out.

    Parameters
    ----------
    n
        The number; null is "not known" and takes the plural.
    one, many
        The English texts.

    Examples
    --------
    >>> say_n(1, "{n} row is", "{n} rows are"), say_n(1200, "{n} row is", "{n} rows are")
    ('1 row is', '1,200 rows are')
    """
    unknown = n is None or pd.isna(n)
    said = _catalogue(spoken()).ngettext(one, many, 2 if unknown else int(n))
    return _filled(said, {"n": number(n), **values})


def count(value: Any, one: str, many: str) -> str:
    """Write a count with its noun in singular or plural.

    Examples
    --------
    >>> count(1, "row", "rows"), count(2, "row", "rows"), count(3, "record is", "records are")
    ('1 row', '2 rows', '3 records are')
    """
    return f"{number(value)} {say_n(value, one, many)}"


def write(value: Any, form: str = "") -> str:
    """Write a number or a date by a format of Python's, with the signs and names of the language that is spoken.

    Examples
    --------
    >>> write(1234.5, ",.1f"), write(date(2009, 7, 2), "%B %Y")
    ('1,234.5', 'July 2009')
    """
    if isinstance(value, date) and form in _PATTERNS and spoken() != "en":
        from babel.dates import format_date

        return format_date(value, _PATTERNS[form], locale=spoken())
    text = format(value, form)
    if spoken() == "en" or isinstance(value, str | bool | date) or not hasattr(value, "__float__"):
        return text
    return text.translate(_signs(spoken()))


def english_signs(text: str) -> str:
    """Write the numbers of a text of the language that is spoken with English signs, to be read by a program."""
    for sign, others in {chr(code): sign for code, sign in _signs(spoken()).items()}.items():
        text = re.sub(rf"(?<=\d){re.escape(others)}(?=\d)", {",": "\0", ".": "."}[sign], text)
    return text.replace("\0", ",")


def number(value: Any) -> str:
    """Write a count with thousands set apart; null is "not known".

    Examples
    --------
    >>> number(26467), number(None)
    ('26,467', 'not known')
    """
    return say("not known") if value is None or pd.isna(value) else write(int(value), ",")


def day(when: date) -> str:
    """Write a day.

    Examples
    --------
    >>> day(date(2009, 7, 2))
    '2 July 2009'
    """
    written = f"{when.day}" if when.day > 1 else _FIRST.get(spoken(), "1")
    return f"{written} {month(when)}"


def month(when: date) -> str:
    """Write a month, such as July 2009."""
    return write(when, "%B %Y")


def listed(items: Sequence[str], *, joined: str = mark("and")) -> str:
    """Write a list.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b"], joined="or")
    ('a, b and c', 'a or b')
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {say(joined)} {items[-1]}"


class _Written(string.Formatter):
    def format_field(self, value: Any, form: str) -> str:
        return write(value, form)


_WRITTEN = _Written()


def _filled(said: str, values: dict[str, Any]) -> str:
    if not values:
        return said  # braces without values stand for themselves
    return said.format(**values) if spoken() == "en" else _WRITTEN.vformat(said, (), values)


@lru_cache
def _signs(language: str) -> dict[int, str]:
    """Map the signs between the digits of an English number to those of a language."""
    from babel.numbers import get_decimal_symbol, get_group_symbol

    if language == "en":
        return {}
    return {ord(","): get_group_symbol(language), ord("."): get_decimal_symbol(language)}


@lru_cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Read a language's catalogue; a text that it lacks is said in English."""
    file = CATALOGUES / f"{language}.po"
    if not file.is_file():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with file.open("rb") as texts:
        write_mo(compiled, read_po(texts, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
