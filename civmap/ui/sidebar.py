"""The filters and the language: one frozen value for all pages, kept in the session and written to the URL.

A URL that differs from what was last written wins over the session, so that a link opens what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import streamlit as st

from civmap import queries, schema
from civmap.exhibits import words
from civmap.filters import BOUNDS, MEASURES, PARAM_NAMES, Filters
from civmap.language import LANGUAGES, direction, say, say_in, spoken
from civmap.store import Store
from civmap.theatre import Theatre, theatre_names
from civmap.ui import loading, speech

# Streamlit calls every page English; whoever has it read aloud, or translated by the browser, needs its language. One
# that runs from right to left turns the page.
_LANGUAGE = (
    '<script>document.documentElement.lang = "{language}"; document.documentElement.dir = "{direction}"</script>'
)
_OURS = frozenset({"theatre", "known", "lang", *PARAM_NAMES})


def begin(page: str) -> None:
    """Take filters and language from the URL where it says something new, and speak; before anything is said."""
    given = {key: value for key, value in st.query_params.items() if key in _OURS}
    state = st.session_state
    if given and given != state.get("written") or "filters" not in state:
        names = theatre_names()
        state["filters"] = Filters.from_params(given)
        state["known_on"] = _day(given.get("known"))
        named = given.get("theatre", state.get("theatre", names[0]))
        state["theatre"] = named if named in names else names[0]
        state["language"] = given.get("lang") if given.get("lang") in LANGUAGES else "en"
        state["version"] = state.get("version", 0) + 1  # widgets start anew from what the URL says
    elif (chosen := state.get(_key("language")) or state["language"]) != state["language"]:
        state["language"] = chosen
        state["version"] += 1  # a widget whose options read otherwise is another one to Streamlit
    if page != state.get("page"):  # Streamlit resets a widget that another page shows under the same key
        state["page"] = page
        state["version"] += 1
    speech.speak()


def choose_language() -> None:
    """Show the languages, each by its own name; `begin` takes the choice up when the page runs again."""
    place = st.sidebar.container(key="civmap-language")
    _widget(
        place.segmented_control, say("Language"), "language", st.session_state["language"],
        options=list(LANGUAGES), format_func=LANGUAGES.get, required=True, label_visibility="collapsed",
    )  # fmt: skip
    said = _LANGUAGE.format(language=spoken(), direction=direction(spoken()))
    place.html(said, unsafe_allow_javascript=True)


def choose_theatre() -> str:
    """Show the theatre as the first control."""
    names, state = theatre_names(), st.session_state
    chosen = _widget(
        st.sidebar.selectbox, say("Theatre"), "theatre", state["theatre"], options=names, format_func=_title
    )
    if chosen != state["theatre"]:
        state["theatre"], state["filters"], state["known_on"] = chosen, Filters(), None
        state["version"] += 1
    return str(chosen)


def choose_filters(store: Store) -> tuple[Filters, date | None]:
    """Show the other filters, keep them in the session and write them to the URL."""
    theatre, state = store.theatre, st.session_state
    filters: Filters = state["filters"]
    loaded = queries.sources(store)
    if not loaded:
        _write(filters, None)
        return filters, None
    then = queries.sources(store, as_known_on=state.get(_key("known_on"), state["known_on"]))
    # what a link asks for stays in the list, and the page says that nothing was known of it
    ids = [extent.source for extent in then or loaded]
    ids += [extent.source for extent in loaded if extent.source == filters.source and extent.source not in ids]
    source = filters.source if filters.source in ids else ids[0]
    source = _widget(st.sidebar.selectbox, say("Source (never added together)"), "source", source, options=ids,
                     format_func=theatre.source_label)  # fmt: skip
    extent = next(extent for extent in loaded if extent.source == source)
    measure = _widget(st.sidebar.selectbox, say_in("filter", "Count"), "measure", filters.measure,
                      options=list(MEASURES),
                      format_func=lambda code: words.capital(say(words.MEASURED[code])))  # fmt: skip
    bound = filters.bound
    if measure != "incidents":
        bounds = list(BOUNDS) if extent.has_best else ["min", "max"]
        bound = bound if bound in bounds else "max"
        bound = _widget(st.sidebar.segmented_control, say("Estimate"), f"bound-{source}", bound, options=bounds,
                        format_func=lambda code: say(words.BOUNDS[code]), required=True)  # fmt: skip
    limits = {"min_value": extent.date_min, "max_value": extent.date_max, "format": "YYYY-MM-DD"}
    day_from = _widget(st.sidebar.date_input, say_in("filter", "From"), f"from-{source}",
                       _within(filters.date_from, extent), **limits)  # fmt: skip
    day_to = _widget(st.sidebar.date_input, say_in("filter", "To"), f"to-{source}",
                     _within(filters.date_to, extent), **limits)  # fmt: skip
    st.sidebar.caption(say("Loaded: {days}", days=words.days(extent.date_min, extent.date_max)))
    names = theatre.boundaries["name"].sort_values()
    admin1 = _several(say("Provinces"), "admin1", filters.admin1, list(names.index), names.get)
    labels = dict(zip(theatre.parties["party"], theatre.parties["label"], strict=True))
    parties = _several(say("Parties named"), "parties", filters.parties, list(labels), labels.get)
    mode = filters.party_mode
    if parties:
        modes = {"any": say("among those named"), "single": say("the only one")}
        mode = _widget(st.sidebar.segmented_control, say("The party is"), "party_mode", mode, options=list(modes),
                       format_func=modes.get, required=True)  # fmt: skip
    with st.sidebar.expander(say("More filters"), expanded=_narrow(filters) or state["known_on"] is not None):
        causes = _several(say("Causes"), "causes", filters.causes, list(schema.CAUSES), schema.words, here=st)
        grades = _several(say("Grades"), "grades", filters.grades, list(schema.GRADES), schema.words, here=st)
        precisions = _several(say("Place known to"), "precisions", filters.precisions, list(schema.LOCATION_PRECISIONS),
                              schema.words, here=st)  # fmt: skip
        harm = _widget(st.toggle, say("Only incidents with civilian harm"), "harm", filters.harm_only)
        known_on = _widget(st.date_input, say("As known on (end of day)"), "known_on", state["known_on"],
                           format="YYYY-MM-DD", max_value="today")  # fmt: skip
    if st.sidebar.button(say("Clear filters"), width="stretch"):
        state["filters"], state["known_on"] = Filters(source=source), None
        state["version"] += 1
        _write(state["filters"], None)
        st.rerun()
    chosen = Filters(
        source=source, date_from=day_from, date_to=day_to, admin1=admin1, parties=parties, party_mode=mode or "any",
        causes=causes, grades=grades, precisions=precisions, measure=measure, bound=bound or "max", harm_only=harm,
    )  # fmt: skip
    state["filters"], state["known_on"] = chosen, known_on
    _write(chosen, known_on)
    return chosen, known_on


def link_params(theatre: Theatre, filters: Filters, known_on: date | None) -> dict[str, str]:
    """Give the URL parameters that open the same view."""
    params = {"theatre": theatre.id, **filters.to_params()}
    if known_on:
        params["known"] = known_on.isoformat()
    if (language := st.session_state.get("language", "en")) != "en":
        params["lang"] = language
    return params


def _write(filters: Filters, known_on: date | None) -> None:
    params = link_params(loading.theatre(st.session_state["theatre"]), filters, known_on)
    for key in _OURS:
        if key in params and st.query_params.get(key) != params[key]:
            st.query_params[key] = params[key]
        elif key not in params and key in st.query_params:
            del st.query_params[key]
    st.session_state["written"] = params


def _widget(make: Callable[..., Any], label: str, name: str, value: Any, **options: Any) -> Any:
    """Make a widget that starts from `value` once; after that the user's choice stands until the URL says otherwise."""
    key = _key(name)
    if key not in st.session_state:
        st.session_state[key] = value
    if "format_func" in options:
        options["format_func"] = speech.named(options["options"], options["format_func"])
    return make(label, key=key, **options)


def _key(name: str) -> str:
    return f"filter-{st.session_state['version']}-{name}"


def _several(
    label: str, name: str, chosen: Sequence[str], options: list[str], named: Callable[[str], Any], here: Any = None
) -> tuple[str, ...]:
    known = [value for value in chosen if value in options]
    make = (here or st.sidebar).multiselect
    return tuple(
        _widget(make, label, name, known, options=options, format_func=named, placeholder=say_in("filter", "All"))
    )


def _narrow(filters: Filters) -> bool:
    return bool(filters.causes or filters.grades or filters.precisions) or not filters.harm_only


def _within(day: date | None, extent: queries.Extent) -> date | None:
    return None if day is None else min(max(day, extent.date_min), extent.date_max)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _title(name: str) -> str:
    return loading.theatre(name).spoken.title
