"""Directives: one before/after comparison, with what it could have seen and what it cannot tell apart."""

import streamlit as st

from civmap.exhibits.directives import SCOPES, WINDOWS
from civmap.ui.frame import page
from civmap.ui.own import choose
from civmap.ui.show import show

look = page("Directives")
table = look.store.theatre.directives.sort_values("issued_at")
if table.empty:
    st.info("This theatre lists no directives. Add them to directives.csv in its folder.")
    st.stop()
titles = dict(zip(table["id"], table["issued_at"].dt.strftime("%Y-%m-%d") + " " + table["title"], strict=True))
which, months, within = st.columns([3, 1, 2])
directive = choose(which.selectbox, "Directive", "directive", list(titles), format_func=titles.get)
window = choose(months.selectbox, "Months on each side", "window", WINDOWS)
scope = choose(
    within.segmented_control, "Parties and causes", "scope", list(SCOPES), format_func=SCOPES.get, required=True
)
show(look.recipe("directive", directive=directive, window=window, scope=scope), look.store)
