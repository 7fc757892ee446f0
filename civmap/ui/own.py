"""A page's own options: kept in the URL by their code, so that a link opens the same choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from civmap.language import spoken
from civmap.ui.speech import named


def choose(
    make: Callable[..., Any], label: str, name: str, options: Sequence[Any], *, first: Any = None, **more: Any
) -> Any:
    """Make a widget that starts from the URL's choice, else the last one, else `first`, and writes it to the URL.

    Streamlit's own binding writes the text shown instead of the code, which changes with every rewording.
    """
    codes = {str(option): option for option in options}
    kept = f"own-{name}"
    key = kept if spoken() == "en" else f"{kept}-{spoken()}"  # options that read otherwise make another widget
    first = options[0] if first is None else first
    given, written = st.query_params.get(name), st.session_state.get(f"{kept}-written")
    if key not in st.session_state or (given != written and given in codes):
        st.session_state[key] = codes.get(given or written or "", first)
    if "format_func" in more:
        more["format_func"] = named(options, more["format_func"])
    chosen = make(label, options=list(options), key=key, **more)
    chosen = first if chosen is None else chosen
    st.query_params[name] = st.session_state[f"{kept}-written"] = str(chosen)
    return chosen
