"""Directives: one before/after comparison, with what it could have seen and what it cannot tell apart."""

import pandas as pd
import streamlit as st

from civmap import queries
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
first = None  # the page opens on the first directive that sets a rule and has a year of records on both sides
for loaded in queries.sources(look.store):
    if loaded.source == look.filters.source:
        year = pd.DateOffset(years=1)
        seen = table["issued_at"].between(pd.Timestamp(loaded.date_min) + year, pd.Timestamp(loaded.date_max) - year)
        first = next(iter(table.loc[seen & (table["direction"] != "organisational"), "id"]), None)
which, months, within = st.columns([2, 1, 2])  # side by side also at 200 %
directive = choose(which.selectbox, "Directive", "directive", list(titles), first=first, format_func=titles.get)
window = choose(months.selectbox, "Months on each side", "window", WINDOWS)
scope = choose(
    within.segmented_control, "Parties and causes", "scope", list(SCOPES), format_func=SCOPES.get, required=True
)
show(look.store, look.recipe("directive", directive=directive, window=window, scope=scope))
