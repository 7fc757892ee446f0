"""The language of a session: pieces and answers that are drawn without their page speak it again.

Streamlit runs a fragment, and what a button calls, in a thread of its own that never ran the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from civmap import language

Asked = ParamSpec("Asked")
Given = TypeVar("Given")


def speak() -> None:
    """Speak the language that was chosen in this session, English where none was."""
    language.speak(str(st.session_state.get("language", "en")))


def speaking(work: Callable[Asked, Given]) -> Callable[Asked, Given]:
    """Let what a button calls speak the session's language."""

    @wraps(work)
    def spoken(*asked: Asked.args, **named: Asked.kwargs) -> Given:
        speak()
        return work(*asked, **named)

    return spoken


def named(options: Iterable[Any], name: Callable[[Any], Any]) -> Callable[[Any], str]:
    """Name options in the language of now: Streamlit asks for their names again outside the run of a page."""
    names = {option: str(name(option)) for option in options}
    return lambda option: names[option] if option in names else str(name(option))


def fragment(work: Callable[Asked, Any]) -> Callable[Asked, Any]:
    """Make a piece of a page that can be drawn anew alone, in the session's language."""
    return st.fragment(speaking(work))
