"""Text that fits its box: sizes and cuts found by counting letters, so that no font need be installed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

LETTER, LINE = 0.53, 1.22  # width of a letter and pitch of a line as shares of the size; Arial, with something to spare
POINTS = 72.0  # to the inch
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")  # what XML 1.0 cannot hold
# letters of Latin scripts; a sign may stand apart from its word by a space that does not break
_SENTENCE = re.compile(
    r"(?<=[a-z\u00df-\u00f6\u00f8-\u00ff\u0153\u00a00-9)%\]\u201d\u00bb])[.?] "
    r"(?=[A-Z\u00c0-\u00d6\u00d8-\u00de\u01520-9\u201c\u00ab])"
)
_SPACE = re.compile(r"[^\S\u00a0\u202f]+")  # where a line may break


@dataclass(frozen=True)
class Fitted:
    """Lines that fit at a size in points, and those that found no room."""

    lines: tuple[str, ...]
    size: float
    rest: tuple[str, ...] = ()


def clean(text: object) -> str:
    """Take out the signs that no XML file can hold.

    Examples
    --------
    >>> clean("Kabul" + chr(0) + " <b>")
    'Kabul <b>'
    """
    return _UNREADABLE.sub("", str(text))


def first_sentence(text: str) -> tuple[str, str]:
    """Split a text after its first sentence.

    Examples
    --------
    >>> first_sentence("Gen A. Smith saw 1.2 of 3. No more.")
    ('Gen A. Smith saw 1.2 of 3.', 'No more.')
    >>> first_sentence("Une tendance\u00a0? \u00c0 la baisse.")[1]
    '\u00c0 la baisse.'
    """
    found = _SENTENCE.search(text)
    return (text, "") if found is None else (text[: found.start() + 1], text[found.end() :])


def sentences(text: str) -> list[str]:
    """Split a text into its sentences.

    Examples
    --------
    >>> sentences("One thing. Another. 2 of 3.")
    ['One thing.', 'Another.', '2 of 3.']
    """
    found = []
    while text:
        first, text = first_sentence(text)
        found.append(first)
    return found


def unbroken(text: str) -> list[str]:
    """Give the pieces of a text that stay on one line: words, and numbers with the spaces between their digits.

    Examples
    --------
    >>> len(unbroken("de 1\u202f234 \u00e0 5\u00a0%"))
    4
    """
    return [piece for piece in _SPACE.split(text) if piece]


def lines_needed(text: str, width_in: float, size: float) -> int:
    """Count the lines that a text takes at a size; capitals and signs of double width count more.

    Examples
    --------
    >>> lines_needed("a" * 100, width_in=5.3, size=10), lines_needed("A" * 100, width_in=5.3, size=10)
    (2, 2)
    """
    return len(wrapped(text, width_in, size))


def wrapped(text: str, width_in: float, size: float) -> list[str]:
    """Break a text into the lines that it takes at a size.

    Examples
    --------
    >>> wrapped("one two three", width_in=0.8, size=10)
    ['one two', 'three']
    """
    per_line = max(int(width_in * POINTS / (LETTER * size)), 1)
    found: list[str] = []
    for line in text.split("\n"):
        wide = 1 + sum(0.25 if "A" <= sign <= "Z" else 0.9 if sign > "\u2e7f" else 0 for sign in line) / max(
            len(line), 1
        )
        found += textwrap.wrap(line, max(int(per_line / wide), 1)) or [""]
    return found


def height_needed(lines: Sequence[str], width_in: float, size: float) -> float:
    """Give the height in inches of paragraphs at a size."""
    return sum(lines_needed(line, width_in, size) for line in lines) * LINE * size / POINTS


def fit(lines: Sequence[str], width_in: float, height_in: float, *, largest: float, least: float) -> Fitted:
    """Find the largest size at which all paragraphs fit; if none does, the first ones that fit at the least.

    Whole paragraphs are moved; only a first one that is too long by itself is cut, with an ellipsis.

    Examples
    --------
    >>> fit(["short"], 4, 1, largest=20, least=8).size
    20
    >>> fitted = fit(["word " * 200, "second"], 3, 0.5, largest=12, least=8)
    >>> fitted.lines[0].endswith("\u2026"), len(fitted.rest)
    (True, 2)
    """
    texts = [clean(line) for line in lines if str(line).strip()]
    size = largest
    while size > least and height_needed(texts, width_in, size) > height_in:
        size = max(size - 0.5, least)
    kept = len(texts)
    while kept and height_needed(texts[:kept], width_in, size) > height_in:
        kept -= 1
    if kept or not texts:
        return Fitted(tuple(texts[:kept]), size, tuple(texts[kept:]))
    first = texts[0]
    while first and height_needed([first + "\u2026"], width_in, size) > height_in:
        first = first[: int(len(first) * 0.95)].rstrip(" ,;:.")
    return Fitted((first + "\u2026",), size, tuple(texts))


def first_that_fit(sentences: Sequence[str], last: str, width_in: float, height_in: float, *, size: float) -> int:
    """Count the first sentences that fit as one paragraph at a size, above a last one that is always there.

    Examples
    --------
    >>> first_that_fit(["One.", "Two.", "Three " * 60], "Shown", 3, 0.5, size=10)
    2
    """
    for kept in range(len(sentences), 0, -1):
        lines = [clean(" ".join(sentences[:kept])), *([clean(last)] if last else [])]
        if height_needed(lines, width_in, size) <= height_in:
            return kept
    return 0
