"""Directives: first what could be seen at all, then the result, what it was held against, and what would settle it."""

import pandas as pd
import streamlit as st

from civmap import queries
from civmap.exhibits.directives import METHODS, SCOPES, WINDOWS, has_published
from civmap.language import mark, say
from civmap.ui import directives
from civmap.ui.frame import page
from civmap.ui.own import choose
from civmap.ui.show import show

OWN, NONE = "own", "none"
RESULTS = {"hidden": mark("hidden"), "shown": mark("shown")}

look = page("Directives")
table = look.store.theatre.directives.sort_values("issued_at")
loaded = {one.source: one for one in queries.sources(look.store)}
source = look.filters.source if look.filters.source in loaded else next(iter(loaded), None)
titles = dict(zip(table["id"], table["issued_at"].dt.strftime("%Y-%m-%d") + " " + table["title"], strict=True))
titles[OWN] = say("a date of your own")
first = None  # the page opens on the first directive that sets a rule and has a year of records on both sides
if source:
    year = pd.DateOffset(years=1)
    inside = table["issued_at"].between(
        pd.Timestamp(loaded[source].date_min) + year, pd.Timestamp(loaded[source].date_max) - year
    )
    first = next(iter(table.loc[inside & (table["direction"] != "organisational"), "id"]), OWN)
which, months, within = st.columns([2, 1, 2])  # side by side also at 200 %
directive = choose(which.selectbox, say("Directive"), "directive", list(titles), first=first, format_func=titles.get)
window = choose(months.selectbox, say("Months on each side"), "window", WINDOWS)
scope = choose(
    within.segmented_control, say("Parties, causes and areas"), "scope", list(SCOPES),
    format_func=lambda code: say(SCOPES[code]), required=True,
)  # fmt: skip
asked = {"directive": directive, "window": window, "scope": scope}
if directive == OWN:
    asked = {"at": directives.day(which, loaded.get(source)), "window": window, "scope": scope}
others = {NONE: say("none"), **{one: look.store.theatre.source_label(one) for one in loaded if one != source}}
ways = {NONE: mark("none"), **METHODS}
tally, more, gate = st.columns([3, 3, 2])
second = choose(tally.selectbox, say("Second tally"), "second", list(others), format_func=others.get)
method = choose(more.selectbox, say("More methods"), "method", list(ways), format_func=lambda code: say(ways[code]))
result = choose(gate.segmented_control, say("Result"), "result", list(RESULTS), required=True,
                format_func=lambda code: say(RESULTS[code]))  # fmt: skip

answer = look.recipe("directive", **asked)
items = [look.recipe("directive_text", **asked), look.recipe("directive_detectable", **asked)]
if result == "hidden":
    items.append(lambda: directives.expect(look.store, answer))
else:
    items += [
        lambda: directives.kept(look.store, look.recipe("directive_expected", **asked)),
        answer,
        lambda: directives.look_beside(look.store, answer),
    ]
    items += [look.recipe(f"directive_{one}", **asked) for one in ("checks", "specifications", "placebos", "needed")]
    if second != NONE:
        items.append(look.recipe("directive_tallies", **asked, second=second))
    if method != NONE:
        items.append(look.recipe("directive_method", **asked, method=method))
    timeline = {"directive": directive, "scope": scope} if directive != OWN else {}
    items.append(look.recipe("directive_timeline", **timeline))
    if has_published(look.store):
        items.append(look.recipe("published_totals"))
show(look.store, *items)
