"""The briefing of a session: exhibits are added on any page, ordered and titled on one, and leave as one file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import streamlit as st

from civmap.errors import CivMapError, ExportError
from civmap.exhibits import Exhibit
from civmap.exports import making
from civmap.exports.briefing import LONGEST_NOTE, LONGEST_TITLE, Briefing, Item, in_words, kind
from civmap.exports.tables import plain_name
from civmap.language import mark, say, say_n, spoken
from civmap.ui import frame, loading, marking
from civmap.ui.speech import speaking
from civmap.ui.working import working

_NUMBERS = count()  # an item keeps its number wherever it stands, and so its fields
_MIME = {
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "html": "text/html", "zip": "application/zip",
}  # fmt: skip


_MAKE = {
    "pptx": mark("Make the PowerPoint deck"), "html": mark("Make the HTML report"),
    "zip": mark("Make the bundle of everything"),
}  # fmt: skip
_WRITING = {
    "pptx": mark("Writing the PowerPoint deck"), "html": mark("Writing the HTML report"),
    "zip": mark("Writing the bundle of everything"),
}  # fmt: skip
_WAYS = {"Up": mark("Up"), "Down": mark("Down")}


def present() -> Briefing:
    """Give the briefing of this session."""
    return st.session_state.get("briefing", Briefing())


def keep(briefing: Briefing, numbers: list[int] | None = None) -> None:
    """Keep a briefing in the session; without the numbers of its items they are all new."""
    st.session_state["briefing"] = briefing
    st.session_state["briefing-numbers"] = numbers or [next(_NUMBERS) for _ in briefing.items]


def add_button(exhibit: Exhibit) -> None:
    """Let an exhibit be added with one press; one that is in the briefing says where it stands."""
    said = st.session_state.pop("briefing-said", None)  # a callback may not draw in a fragment
    if said:
        st.toast(said, icon=":material/playlist_add_check:")
    asked = [item.recipe for item in present().items]
    key = f"add-{exhibit.fingerprint}"
    if exhibit.recipe in asked:
        where = say("No. {place} in the briefing", place=asked.index(exhibit.recipe) + 1)
        st.button(where, key=f"{key}-there", type="tertiary", icon=":material/playlist_add_check:", disabled=True)
    else:
        st.button(say("Add to briefing"), key=key, type="tertiary", icon=":material/playlist_add:", on_click=_add,
                  args=(exhibit,))  # fmt: skip


def page() -> None:
    """Show the whole page: what is in the briefing, what can be made of it, and files of briefings."""
    if not present().items:
        st.info(
            say("The briefing is empty. Open any page and press *Add to briefing* under an exhibit, or open a briefing "
                "that was saved."), icon=":material/playlist_add:",
        )  # fmt: skip
    else:
        _make()
        _list()
        _save()
    _load()


@speaking
def _add(exhibit: Exhibit) -> None:
    try:
        keep(present().add(exhibit.recipe), [*_numbers(), next(_NUMBERS)])
    except CivMapError as error:
        st.session_state["briefing-said"] = str(error)
        return
    _titles()[exhibit.recipe.to_json()] = exhibit.title
    st.session_state["briefing-said"] = say_n(
        len(present().items), "{n} exhibit in the briefing", "{n} exhibits in the briefing"
    )


def _numbers() -> list[int]:
    return list(st.session_state.get("briefing-numbers", []))


def _titles() -> dict[str, str]:
    """Give the own titles of exhibits as far as this session has seen them; the file of a briefing holds none."""
    return st.session_state.setdefault(f"briefing-titles-{spoken()}", {})


def _own_title(item: Item) -> str:
    return _titles().get(item.recipe.to_json(), kind(item.recipe))


# ---- what it is made into ------------------------------------------------------------------------------------------


def _make() -> None:
    briefing = present()
    st.text_input(say("Title of the briefing"), briefing.title, key="briefing-title", max_chars=LONGEST_TITLE,
                  placeholder=say("shown on the first slide"), on_change=_entitle)  # fmt: skip
    unmarked = [store for store in _stores() if not marking.is_set(store)]
    for store in unmarked:
        marking.form(store, key=f"marking-{store.theatre.id}")
    with st.expander(say("A PowerPoint template of your own"), icon=":material/slideshow:"):
        template = st.file_uploader(say("PPTX with the layouts that CivMap's own has; empty means CivMap's own"),
                                    type=["pptx"], key="briefing-template", max_upload_size=50)  # fmt: skip
    with st.container(horizontal=True):
        pressed = {
            form: st.button(
                say(_MAKE[form]), key=f"make-{form}", type="primary" if form == "pptx" else "secondary",
                icon=f":material/{icon}:", disabled=bool(unmarked),
            )
            for form, icon in zip(making.FORMS, ("slideshow", "article", "folder_zip"), strict=True)
        }  # fmt: skip
    form = next((form for form, yes in pressed.items() if yes), None)
    place = st.container()
    if form:
        st.session_state.pop("briefing-made", None)
        with place, frame.faults():
            st.session_state["briefing-made"] = ((briefing, spoken()), *_made(briefing, form, template))
    of, name, data, warnings = st.session_state.get("briefing-made", (None, "", b"", []))
    if of == (briefing, spoken()):
        with place:
            for warning in warnings:
                st.warning(warning, icon=":material/warning:")
            st.download_button(say("Save {name} ({size})", name=name, size=making.size(data)), data, file_name=name,
                               type="primary", mime=_MIME[name.rpartition(".")[2]], on_click="ignore",
                               icon=":material/download:", key="briefing-file")  # fmt: skip


def _made(briefing: Briefing, form: str, template: Any) -> tuple[str, bytes, list[str]]:
    """Make one file; the audit log knows of it before it can be saved."""
    bar = st.progress(0.0)
    steps = len(briefing.items) + 1

    def tell(done: int, what: str) -> None:
        said = say_n(len(briefing.items), "{number} of {n} exhibit: {what} …", "{number} of {n} exhibits: {what} …",
                     number=done + 1, what=what)  # fmt: skip
        bar.progress(done / steps, said)

    try:
        exported = making.prepared(briefing, loading.store, build=loading.exhibit, progress=tell)
        titles = zip(briefing.items, exported, strict=True)
        _titles().update({item.recipe.to_json(): one.exhibit.title for item, one in titles if not item.title})
        with tempfile.TemporaryDirectory(prefix="civmap-template-") as folder:
            own = None
            if form == "pptx" and template is not None:
                own = Path(folder) / "template.pptx"
                own.write_bytes(template.getbuffer())
            data = working(
                bar, (steps - 1) / steps, say(_WRITING[form]),
                lambda: making.made(exported, form, notes=[item.note for item in briefing.items],
                                    title=briefing.title, template=own),
            )  # fmt: skip
        name = f"{_file_stem(briefing)}.{form}"
        return name, data, making.note(exported, loading.store, what=name)
    finally:
        bar.empty()


def _stores() -> list[Any]:
    """Open the stores of the theatres that the briefing speaks of; one that is missing is named by its exhibits."""
    found = []
    for theatre in dict.fromkeys(item.recipe.theatre for item in present().items):
        try:
            found.append(loading.store(theatre))
        except CivMapError:
            continue
    return found


def _entitle() -> None:
    briefing = present()
    keep(Briefing(st.session_state["briefing-title"], briefing.items), _numbers())


def _file_stem(briefing: Briefing) -> str:
    return f"{plain_name(briefing.title) or 'briefing'}-{date.today().isoformat()}"


# ---- the list -------------------------------------------------------------------------------------------------------


def _list() -> None:
    items = present().items
    st.caption(say_n(
        len(items),
        "{n} exhibit, each with the filters it was added with; the filters beside this page change none of them.",
        "{n} exhibits, each with the filters it was added with; the filters beside this page change none of them.",
    ))  # fmt: skip
    for at, (number, item) in enumerate(zip(_numbers(), items, strict=True)):
        with st.container(border=True):
            _one(at, number, item, len(items))


def _one(at: int, number: int, item: Item, of: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{at + 1}. {frame.plain(item.title or _own_title(item))}**", width="stretch")
        for code, icon, to, off in (("Up", "arrow_upward", at - 1, at == 0),
                                    ("Down", "arrow_downward", at + 1, at == of - 1)):  # fmt: skip
            st.button(say(_WAYS[code]), key=f"{code}-{number}", type="tertiary", icon=f":material/{icon}:",
                      disabled=off, on_click=_move, args=(number, to))  # fmt: skip
        st.button(say("Drop"), key=f"drop-{number}", type="tertiary", icon=":material/close:", on_click=_drop,
                  args=(number,))  # fmt: skip
    try:
        st.caption(frame.plain(in_words(item.recipe, loading.theatre(item.recipe.theatre).spoken)))
    except CivMapError as error:
        frame.warn(error)
    title, note = st.columns(2)
    title.text_input(say("Title of your own"), item.title, key=f"title-{number}", max_chars=LONGEST_TITLE,
                     placeholder=say("its own title stands if left empty"), on_change=_write,
                     args=(number, "title"))  # fmt: skip
    note.text_area(say("Speaker's note"), item.note, key=f"note-{number}", max_chars=LONGEST_NOTE, height=68,
                   on_change=_write, args=(number, "note"))  # fmt: skip


def _changed(number: int, change: Callable[[Briefing, int], Briefing]) -> Briefing | None:
    """Change the briefing where an item stands now; one that was dropped meanwhile is left alone."""
    numbers = _numbers()
    return change(present(), numbers.index(number)) if number in numbers else None


def _move(number: int, to: int) -> None:
    changed = _changed(number, lambda briefing, at: briefing.move(at, to))
    if changed:
        numbers = [one for one in _numbers() if one != number]
        keep(changed, [*numbers[:to], number, *numbers[to:]])


def _drop(number: int) -> None:
    changed = _changed(number, Briefing.drop)
    if changed:
        keep(changed, [one for one in _numbers() if one != number])


def _write(number: int, what: str) -> None:
    text = st.session_state[f"{what}-{number}"]
    change = Briefing.retitle if what == "title" else Briefing.annotate
    changed = _changed(number, lambda briefing, at: change(briefing, at, text))
    if changed:
        keep(changed, _numbers())


# ---- files of briefings ---------------------------------------------------------------------------------------------


def _save() -> None:
    briefing = present()
    st.download_button(
        say("Save the briefing"), briefing.to_json(), file_name=f"{_file_stem(briefing)}.json", mime="application/json",
        on_click="ignore", icon=":material/save:", key="briefing-save",
        help=say("A small file of questions, titles and notes without any result; it can be sent, opened here again, "
                 "or given to `python -m civmap brief`."),
    )  # fmt: skip


def _load() -> None:
    there = len(present().items)
    with st.expander(say("Open a saved briefing"), icon=":material/folder_open:", expanded=not there):
        _load_form(there)


def _load_form(there: int) -> None:
    with st.form("briefing-load", border=False, clear_on_submit=True):
        file = st.file_uploader(
            say("A briefing saved here or by somebody else (JSON)"), type=["json"], max_upload_size=5
        )
        if there:
            st.caption(say_n(there, "It takes the place of the {n} exhibit above.",
                             "It takes the place of the {n} exhibits above."))  # fmt: skip
        pressed = st.form_submit_button(say("Open"), icon=":material/folder_open:")
    if not pressed:
        return
    if file is None:
        st.warning(say("Choose a file first."))
        return
    try:
        keep(Briefing.from_json(_decoded(file.name, file.getvalue()), name=file.name))
    except CivMapError as error:
        st.error(str(error), icon=":material/error:")
        return
    for name in ("briefing-title", "briefing-made"):  # the field starts anew from what was opened
        st.session_state.pop(name, None)
    st.rerun()


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExportError(
            say("{file} cannot be read.", file=name), found=say("signs that are not UTF-8")
        ) from error  # fmt: skip
