"""A deck of slides: every exhibit with its finding, caveats, sources and marking, its charts native and editable."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from lxml.etree import XMLSyntaxError
from pptx import Presentation
from pptx.exc import PackageNotFoundError
from pptx.opc.constants import CONTENT_TYPE as CT
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.util import Inches

from civmap.errors import ExportError
from civmap.exports import manifest
from civmap.exports.make_template import COVER, EXHIBIT, LAYOUTS, SLOTS, TEMPLATE, WIDE
from civmap.exports.prepared import Prepared
from civmap.exports.slide_pages import Page, pages
from civmap.exports.slide_shapes import GAP, Box, fill_text, notes_text, place, table_height, watermark
from civmap.exports.slide_speech import tag
from civmap.exports.slide_text import clean, first_that_fit
from civmap.figures import theme
from civmap.language import say, say_n, speaking, spoken

_CUSTOM = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
# Inches that a placeholder must have, across and down.
LEAST = {"title": (4.0, 0.4), "sentence": (4.0, 0.4), "exhibit": (5.0, 2.5), "caveats": (2.0, 0.6),
         "source": (4.0, 0.3), "top": (2.0, 0.15), "bottom": (2.0, 0.15)}  # fmt: skip
MOST_PROPERTY = 255  # letters of a core property that every reader of Office takes


def deck(
    exported: Sequence[Prepared], *, notes: Sequence[str] = (), title: str = "", template: Path | None = None
) -> bytes:
    """Make a PowerPoint deck: a cover, then one or more slides for each exhibit.

    Parameters
    ----------
    exported
        In the order of the slides.
    notes
        A speaker's note for each exhibit, as far as there are any.
    title
        Of the cover, which speaks as the first exhibit does.
    template
        A deck of one's own with layouts of the names in `civmap.exports.make_template.LAYOUTS`.

    Returns
    -------
    bytes
        Of a .pptx file.

    Raises
    ------
    ExportError
        When the template cannot be read, or lacks a layout or a placeholder; all that it lacks is named at once.
    """
    presentation = _open(template)
    with speaking(exported[0].language if exported else spoken()):
        return _filled(presentation, exported, notes, title)


def _filled(presentation: Any, exported: Sequence[Prepared], notes: Sequence[str], title: str) -> bytes:
    layouts = {layout.name: layout for layout in presentation.slide_layouts}
    heading = title.strip() or say("Harm to civilians")
    _cover(presentation.slides.add_slide(layouts[COVER]), exported, heading)
    room = {name: _room(layouts[name]) for name in (EXHIBIT, WIDE)}
    for number, one in enumerate(exported):
        said = notes[number] if number < len(notes) else ""
        with speaking(one.language):
            for page in pages(one, room):
                slide = presentation.slides.add_slide(layouts[page.layout])
                _slide(slide, one, page, said)
    properties = presentation.core_properties
    properties.title, properties.author, properties.keywords = clean(heading), "CivMap", _markings(exported)
    properties.language = tag()
    _carry(presentation, manifest.short(exported))
    properties.subject = "; ".join(one.exhibit.fingerprint for one in exported)[:MOST_PROPERTY]
    written = io.BytesIO()
    presentation.save(written)
    return written.getvalue()


def _carry(presentation: Any, text: str) -> None:
    """Keep the short manifest in the file's own custom properties (ECMA-376 part 1, section 22.3)."""
    package = presentation.part.package
    xml = (
        f'<Properties xmlns="{_CUSTOM}" xmlns:vt="{_TYPES}"><property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" '
        f'pid="2" name="CivMap manifest"><vt:lpwstr>{escape(clean(text))}</vt:lpwstr></property></Properties>'
    )
    part = Part(PackURI("/docProps/custom.xml"), CT.OFC_CUSTOM_PROPERTIES, package, xml.encode())
    package.relate_to(part, RT.CUSTOM_PROPERTIES)


def _markings(exported: Sequence[Prepared]) -> str:
    return "; ".join(dict.fromkeys(one.marking for one in exported))


def _open(template: Path | None) -> Any:
    """Open the template, without the slides it may hold."""
    path = template or TEMPLATE
    try:
        presentation = Presentation(str(path))
    except (OSError, ValueError, KeyError, AttributeError, PackageNotFoundError, XMLSyntaxError) as error:
        raise ExportError(
            say("The template {name} cannot be read.", name=path.name), found=str(error)[:200],
            expected=say("a PowerPoint file (.pptx)"),
        ) from error  # fmt: skip
    found = {layout.name: layout for layout in presentation.slide_layouts}
    faults = [say("no layout named '{name}'", name=name) for name in LAYOUTS if name not in found]
    for name, slots in LAYOUTS.items():
        if name in found:
            faults += _lacking(found[name], slots)
    if faults:
        raise ExportError(
            say("The template {name} cannot hold a briefing: {faults}.", name=path.name, faults="; ".join(faults)),
            found=say("layouts {names}", names=", ".join(found) or say("none")),
            next_step=say(
                "Start from CivMap's own template, {name}, which lies beside its exports in the code.",
                name=TEMPLATE.name,
            ),
        )
    for entry in list(presentation.slides._sldIdLst):
        presentation.part.drop_rel(entry.rId)
        presentation.slides._sldIdLst.remove(entry)
    return presentation


def _lacking(layout: Any, slots: Iterable[str]) -> list[str]:
    """Name the placeholders that a layout lacks, or has too small."""
    faults, held = [], _slots(layout)
    for slot in slots:
        named = say("placeholder {number} ({slot})", number=SLOTS[slot], slot=slot)
        wide, high = LEAST[slot]
        if slot not in held:
            faults.append(say("layout '{layout}' has no {named}", layout=layout.name, named=named))
        elif (held[slot].width or 0) < Inches(wide) or (held[slot].height or 0) < Inches(high):
            faults.append(say("{named} of layout '{layout}' is smaller than {wide:g} by {high:g} inches", named=named,
                              layout=layout.name, wide=wide, high=high))  # fmt: skip
    return faults


def _room(layout: Any) -> tuple[float, float]:
    box = Box.of(_slots(layout)["exhibit"])
    return box.width, box.height


def _slots(slide: Any) -> dict[str, Any]:
    by_number = {shape.placeholder_format.idx: shape for shape in slide.placeholders}
    return {slot: by_number[number] for slot, number in SLOTS.items() if number in by_number}


def _cover(slide: Any, exported: Sequence[Prepared], title: str) -> None:
    slots, marks = _slots(slide), _markings(exported)
    listed = [f"{number}. {one.heading}" for number, one in enumerate(exported, start=1)]
    stamped = list(dict.fromkeys(
        line for one in exported for line in one.stamp if one.exhibit.fingerprint not in line
    ))  # fmt: skip
    general = list(dict.fromkeys(line for one in exported for line in one.general))
    fill_text(slots["title"], [title], largest=34, least=18)
    more = say_n(len(listed), "The notes of this slide list the {n} exhibit.",
                 "The notes of this slide list all {n} exhibits.")  # fmt: skip
    fill_text(slots["sentence"], listed, largest=14, least=9, more=more)
    ruled = say("Each slide says what it counts, what is held back and its disclosure rule.")
    fill_text(slots["source"], [" \u00b7 ".join(general), ruled], largest=9, least=7,
              more=say("The notes of this slide name every source."))  # fmt: skip
    for side in ("top", "bottom"):
        fill_text(slots[side], [marks], largest=11, least=6, centred=True)
    if any(one.synthetic for one in exported):
        watermark(slide, Box.of(slots["sentence"]))
    notes_text(slide, [marks, title, *listed, *stamped])


def _move_up(caveats: Any, exhibit: Box, used_in: float) -> None:
    """Give caveats that stand below a table what the table leaves of its place."""
    box, spare = Box.of(caveats), exhibit.height - used_in - GAP
    if box.top >= exhibit.top + exhibit.height and spare > 0:
        place = Box(box.left, box.top - spare, box.width, box.height + spare)
        caveats.left, caveats.top, caveats.width, caveats.height = place.emu


def _slide(slide: Any, one: Prepared, page: Page, note: str) -> None:
    slots = _slots(slide)
    cut_title = fill_text(slots["title"], [page.title], largest=22, least=14)
    box = Box.of(slots["sentence"])
    held = first_that_fit(page.sentence, page.shown, box.width, box.height, size=9)
    fill_text(slots["sentence"], [" ".join(page.sentence[:held]), page.shown], largest=13, least=9)
    if page.table is not None:
        _move_up(slots["caveats"], Box.of(slots["exhibit"]), table_height(page.table))
    caveats = [f"\u2013 {line}" for line in (*cut_title, *page.sentence[held:], *page.caveats)]
    unsaid = fill_text(slots["caveats"], caveats, largest=11, least=8, more=say("More stands in the notes."))
    cut = fill_text(slots["source"], [" \u00b7 ".join(one.stamp)], largest=8, least=6)
    for side in ("top", "bottom"):
        fill_text(slots[side], [one.marking], largest=11, least=6, centred=True)
    place(slide, slots["exhibit"], page, synthetic=one.synthetic)
    lines = [
        one.marking,
        note,
        page.alt,
        say("Finding: {finding}", finding=one.exhibit.sentence),
        *([say("Caveats:"), *caveats] if caveats else []),
        say("How it is made: {method}", method=page.method) if page.method else "",
        say("On the slide no room was found for every caveat; all stand above.") if unsaid else "",
        say("On the slide the sources are cut; they are below in full.") if cut else "",
    ]
    notes_text(slide, [*lines, *page.events, *one.stamp, say(theme.SYNTHETIC) if one.synthetic else ""])
