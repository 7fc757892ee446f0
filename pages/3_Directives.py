"""Directives: one before/after comparison, with what it could have seen and what it cannot tell apart."""

import streamlit as st

from civmap.exhibits.directives import SCOPES, WINDOWS
from civmap.ui.frame import page
from civmap.ui.show import show

look = page("Directives")
table = look.store.theatre.directives.sort_values("issued_at")
if table.empty:
    st.info("This theatre lists no directives. Add them to directives.csv in its folder.")
    st.stop()
titles = dict(zip(table["id"], table["issued_at"].dt.strftime("%Y-%m-%d") + " " + table["title"], strict=True))
which, months, scope = st.columns([3, 1, 2])
chosen = which.selectbox("Directive", list(titles), format_func=titles.get, key="directive", bind="query-params")
window = months.selectbox("Months on each side", WINDOWS, key="window", bind="query-params")
within = scope.segmented_control("Parties and causes", list(SCOPES), format_func=SCOPES.get, default="directive",
                                 key="scope", bind="query-params", required=True)  # fmt: skip
show(look.recipe("directive", directive=chosen, window=window, scope=within), look.store)
