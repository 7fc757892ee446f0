"""What else happened in the days of an exhibit: directives, changes in recording, context; drawn, never an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.exhibits import words
from civmap.figures.part import Part
from civmap.filters import Filters
from civmap.language import say, say_n
from civmap.store import Store
from civmap.theatre import Theatre


def events(store: Store, filters: Filters, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """List directives, recording changes of the filters' source and parties, and context that touch a period.

    Returns
    -------
    DataFrame
        ``kind`` (directive, recording, context), ``id``, ``label`` (short), ``what``, ``start``, ``end``,
        ``certainty``.
    """
    key = ("events", filters.source, filters.parties, filters.admin1, first, last)
    return store.remember(key, lambda: _events(store.theatre, filters, first, last)).copy()


def _events(theatre: Theatre, filters: Filters, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    directives = theatre.directives.assign(
        kind="directive",
        label=[say("{month} directive", month=words.month(issued)) for issued in theatre.directives["issued_at"]],
        what=theatre.directives["title"],
        start=theatre.directives["issued_at"],
        end=pd.Series(pd.NaT, index=theatre.directives.index, dtype="datetime64[us]"),
        certainty=theatre.directives["date_certainty"],
    )
    changes = theatre.recording_changes
    about = [
        (not sources or filters.source in sources) and _meets(parties, filters.parties)
        for sources, parties in zip(changes["sources"], changes["parties"], strict=True)
    ]
    recording = changes[np.array(about, dtype=bool)].assign(kind="recording")
    near = [_meets(areas, filters.admin1) for areas in theatre.context["area"]]
    context = theatre.context[np.array(near, dtype=bool)].assign(kind="context", label=theatre.context["what"])
    columns = ["kind", "id", "label", "what", "start", "end", "certainty"]
    kinds = [frame.reindex(columns=columns) for frame in (directives, recording, context) if len(frame)]
    if not kinds:
        empty = pd.DataFrame({column: pd.Series(dtype="str") for column in columns})
        return empty.astype({"start": "datetime64[us]", "end": "datetime64[us]"})
    frame = pd.concat(kinds, ignore_index=True).astype({"start": "datetime64[us]", "end": "datetime64[us]"})
    touches = (frame["start"] <= last) & (frame["end"].fillna(frame["start"]) >= first)
    return frame[touches].sort_values("start", ignore_index=True)


def event_table(happened: pd.DataFrame) -> Part:
    """List the events of a chart with their dates and how certain these are."""
    kinds = {"directive": say("directive"), "recording": say("change in recording"), "context": say("context")}
    table = pd.DataFrame(
        {
            "Kind": happened["kind"].map(kinds),
            "From": happened["start"].dt.strftime("%Y-%m-%d"),
            "To": happened["end"].dt.strftime("%Y-%m-%d"),
            "Date is": happened["certainty"].map(words.CERTAINTIES).map(say, na_action="ignore"),
            "What": happened["what"],  # last, since it is the one that may be too long for a screen
        }
    )
    alt = say_n(len(table), "Table of {n} event with its dates.", "Table of {n} events with their dates.")
    return Part("table", say("Directives, changes in recording and context in these days"), {"table": table}, alt=alt)


def _meets(of: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    """Whether two lists have something in common, where an empty list means all."""
    return not of or not asked or bool(set(of) & set(asked))
