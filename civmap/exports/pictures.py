"""Pictures out: every part of an exhibit as PNG, SVG or PDF, with all that must stand on it; no browser is needed."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from civmap.exports import manifest, tables
from civmap.exports.picture_tables import draw_table
from civmap.exports.prepared import Prepared
from civmap.exports.slide_text import LINE, POINTS, clean, lines_needed, wrapped
from civmap.figures import paper, theme
from civmap.figures.part import Part
from civmap.language import speaking

PAD = 0.12  # inches at the edges
SIZES = {"marking": 9.0, "title": 13.0, "part": 9.5, "caveat": 7.5, "stamp": 6.5}  # points
# where each form keeps what its properties say
_PROPERTY = {"png": "Description", "svg": "Description", "pdf": "Subject"}
WIDER = 1.12  # the font that matplotlib brings along, against the one that lines are counted for


def pictures(one: Prepared, forms: Sequence[str]) -> list[tuple[str, bytes]]:
    """Draw every part that holds something, each into a file of its own for each form.

    Parameters
    ----------
    forms
        Of `civmap.figures.paper.FORMATS`; a PNG has twice the pixels of a screen.

    Returns
    -------
    list
        Names and bytes. Marking, title, sentence, caveats and stamp are drawn in; the short manifest lies in the
        file's own properties. A long table is drawn with its first rows and says how many there are.
    """
    with speaking(one.language):
        return _pictures(one, forms)


def _pictures(one: Prepared, forms: Sequence[str]) -> list[tuple[str, bytes]]:
    told, title = manifest.short([one]), clean(one.heading)
    drawn = [draw(part, one) if not part.table.empty else None for part in one.exhibit.parts]
    return [
        (name, paper.picture(figure, form, carried={_PROPERTY.get(form, ""): told, "Title": title}))
        for form in forms
        for name, figure in zip(tables.file_names(one.exhibit, form), drawn, strict=True)
        if figure is not None
    ]


def draw(part: Part, one: Prepared) -> Figure:
    """Draw one part of an exhibit with what every export must carry."""
    exhibit = one.exhibit
    wide = 8.4 if part.kind in paper.MAPS else 10.0
    shown = part.title if part.title != exhibit.title else ""
    head = [("marking", one.marking), ("title", one.heading), ("part", exhibit.sentence), ("part", shown)]
    foot = [*(("caveat", f"\u2013 {line}") for line in exhibit.caveats), ("stamp", " \u00b7 ".join(one.stamp)),
            ("marking", one.marking)]  # fmt: skip
    above, below = _room(head, wide), _room(foot, wide)
    if part.kind == "table":
        figure = draw_table(part, width_in=wide, synthetic=one.synthetic, head_in=above, foot_in=below)
    else:
        figure = paper.draw(part, synthetic=one.synthetic, head_in=above, foot_in=below)
    high = float(figure.get_size_inches()[1])
    _write(figure, head, wide, high, high - PAD)
    _write(figure, foot, wide, high, below - PAD)
    return figure


def _room(lines: Sequence[tuple[str, str]], wide: float) -> float:
    return 2 * PAD + sum(_height(kind, text, wide) for kind, text in lines if text.strip())


def _height(kind: str, text: str, wide: float) -> float:
    size = SIZES[kind]
    return (lines_needed(clean(text), wide - 2 * PAD, WIDER * size) * LINE + 0.35) * size / POINTS


def _write(figure: Figure, lines: Sequence[tuple[str, str]], wide: float, high: float, top: float) -> None:
    """Write lines from an upper edge down, in inches."""
    colours = theme.palette("light")
    for kind, text in lines:
        if not text.strip():
            continue
        marked, bold = kind == "marking", kind in ("marking", "title")
        figure.text(
            0.5 if marked else PAD / wide, top / high, _wrapped(text, wide, SIZES[kind]), fontsize=SIZES[kind],
            ha="center" if marked else "left", va="top", linespacing=LINE, fontweight="bold" if bold else "normal",
            color=colours.muted if kind == "stamp" else colours.text,
        )  # fmt: skip
        top -= _height(kind, text, wide)


def _wrapped(text: str, wide: float, size: float) -> str:
    return "\n".join(wrapped(clean(text), wide - 2 * PAD, WIDER * size)).replace("$", r"\$")
