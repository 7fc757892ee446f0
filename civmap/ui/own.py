"""A page's own options: kept in the URL by their code, so that a link opens the same choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st


def choose(make: Callable[..., Any], label: str, name: str, options: Sequence[Any], **more: Any) -> Any:
    """Make a widget that starts from the URL's choice, else the first option, and writes the choice to the URL.

    Streamlit's own binding writes the text shown instead of the code, which changes with every rewording.
    """
    codes = {str(option): option for option in options}
    key = f"own-{name}"
    given = st.query_params.get(name)
    if key not in st.session_state or (given != st.session_state.get(f"{key}-written") and given in codes):
        st.session_state[key] = codes.get(given or "", options[0])
    chosen = make(label, options=list(options), key=key, **more)
    chosen = options[0] if chosen is None else chosen
    st.query_params[name] = st.session_state[f"{key}-written"] = str(chosen)
    return chosen
