"""Make the slide template: `python -m civmap.exports.make_template` writes template.pptx beside this file.

16:9, three layouts, each with a marking at top and bottom. The parts that slides are filled by are placeholders with
the numbers of `SLOTS`; a template of one's own needs layouts of these names with the same placeholders.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree
from pptx import Presentation
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.util import Inches

from civmap.figures import theme

TEMPLATE = Path(__file__).with_name("template.pptx")
COVER, EXHIBIT, WIDE = "CivMap cover", "CivMap exhibit", "CivMap wide exhibit"
SLOTS = {"title": 0, "sentence": 10, "exhibit": 11, "caveats": 12, "source": 13, "top": 14, "bottom": 15}
FONT = "Arial"
WIDTH, HEIGHT, MARGIN = 13.333, 7.5, 0.5
_INK, _MUTED = theme.palette("light").text[1:], theme.palette("light").muted[1:]
_FULL = WIDTH - 2 * MARGIN
_MARKS = {"top": (0.0, 0.06, WIDTH, 0.3, 11, "ctr", _INK), "bottom": (0.0, 7.14, WIDTH, 0.3, 11, "ctr", _INK)}
_HEAD = {
    "title": (MARGIN, 0.38, _FULL, 0.86, 22, "l", _INK),
    "sentence": (MARGIN, 1.26, _FULL, 0.66, 13, "l", _INK),
    "source": (MARGIN, 6.26, _FULL, 0.86, 8, "l", _MUTED),
}
# For each layout its slots: left, top, width, height in inches, size in points, alignment, colour.
LAYOUTS: dict[str, dict[str, tuple[float, float, float, float, int, str, str]]] = {
    COVER: {
        **_MARKS,
        "title": (MARGIN, 2.2, _FULL, 1.3, 34, "l", _INK),
        "sentence": (MARGIN, 3.6, _FULL, 2.2, 14, "l", _INK),
        "source": (MARGIN, 6.0, _FULL, 1.1, 9, "l", _MUTED),
    },
    EXHIBIT: {
        **_MARKS, **_HEAD,
        "exhibit": (MARGIN, 1.96, 8.85, 4.26, 12, "l", _INK),
        "caveats": (9.5, 1.96, WIDTH - MARGIN - 9.5, 4.26, 11, "l", _INK),
    },
    WIDE: {
        **_MARKS, **_HEAD,
        "exhibit": (MARGIN, 1.96, _FULL, 3.36, 12, "l", _INK),
        "caveats": (MARGIN, 5.34, _FULL, 0.88, 10, "l", _INK),
    },
}  # fmt: skip
_NAMES = {"title": "Finding", "sentence": "Sentence", "exhibit": "Exhibit", "caveats": "Caveats", "source": "Sources",
          "top": "Marking, top", "bottom": "Marking, bottom"}  # fmt: skip


def make() -> Any:
    """Build the template from python-pptx's empty one: its size, fonts, colours and layouts are replaced."""
    deck = Presentation()
    wider = Inches(WIDTH) / deck.slide_width
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    layouts = list(deck.slide_layouts)
    for layout in layouts[len(LAYOUTS) :]:
        deck.slide_layouts.remove(layout)
    for shape in deck.slide_master.placeholders:
        shape.left, shape.width = round(shape.left * wider), round(shape.width * wider)
    for layout, (name, slots) in zip(layouts, LAYOUTS.items(), strict=False):
        _fill(layout, name, slots)
    part = deck.slide_master.part.part_related_by(RT.THEME)
    part._blob = _theme(part.blob)  # python-pptx reads a theme as bytes and offers no way to set them
    return deck


def _fill(layout: Any, name: str, slots: dict[str, Any]) -> None:
    """Replace everything in a layout by its slots."""
    layout.name = name
    layout.element.attrib.pop("type", None)  # of none of the kinds that PowerPoint names
    tree = layout.shapes._spTree
    for shape in list(layout.shapes):
        tree.remove(shape.element)
    for number, (slot, box) in enumerate(slots.items(), start=2):
        tree.append(etree.fromstring(_placeholder(number, slot, box)))


def _placeholder(number: int, slot: str, box: tuple[float, float, float, float, int, str, str]) -> str:
    left, top, width, height, size, align, colour = box
    kind = 'type="title"' if slot == "title" else f'type="body" sz="quarter" idx="{SLOTS[slot]}"'
    if slot == "exhibit":
        kind = f'sz="quarter" idx="{SLOTS[slot]}"'
    bold = ' b="1"' if slot in ("title", "top", "bottom") else ""
    anchor = {"title": "b", "top": "ctr", "bottom": "ctr", "source": "b"}.get(slot, "t")
    x, y, cx, cy = (int(Inches(inches)) for inches in (left, top, width, height))
    return (
        '<p:sp xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        f'<p:nvSpPr><p:cNvPr id="{number}" name="{escape(_NAMES[slot])}"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr>'
        f"<p:nvPr><p:ph {kind}/></p:nvPr></p:nvSpPr>"
        f'<p:spPr><a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="{cx}" cy="{cy}"/></a:xfrm></p:spPr>'
        f'<p:txBody><a:bodyPr lIns="0" tIns="0" rIns="0" bIns="0" anchor="{anchor}"><a:normAutofit/></a:bodyPr>'
        f'<a:lstStyle><a:lvl1pPr marL="0" indent="0" algn="{align}"><a:spcBef><a:spcPts val="0"/></a:spcBef><a:buNone/>'
        f'<a:defRPr sz="{100 * size}"{bold}><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill></a:defRPr>'
        f"</a:lvl1pPr></a:lstStyle><a:p><a:r><a:rPr/><a:t>{escape(_NAMES[slot])}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def _theme(blob: bytes) -> bytes:
    """Set the fonts and the accents of the theme to those of every other picture."""
    text = blob.decode()
    text = re.sub(r'(<a:latin typeface=")[^"]*(")', rf"\g<1>{FONT}\2", text)
    colours = theme.palette("light")
    accents = (colours.value, colours.counterfactual, *colours.ramp[1:4], colours.shade)
    for k, colour in enumerate(accents, start=1):
        text = re.sub(rf"(<a:accent{k}><a:srgbClr val=\")[^\"]*", rf"\g<1>{colour[1:].upper()}", text)
    return text.encode()


if __name__ == "__main__":
    make().save(TEMPLATE)
    print(TEMPLATE)  # noqa: T201
