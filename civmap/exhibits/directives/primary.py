"""The primary model of a directive: what enters it, and what its chart draws.

The primary specification is fixed before looking: monthly counts, level change only, season, errors averaged over the
serial correlation. Every other event in the window is put beside the directive by itself first. One that cannot be
told apart is named and left out; recording changes and other directives that can be told apart are terms of the model.
Context that can be told apart is drawn, not modelled: a dozen terms on four dozen months would explain anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pandas as pd

from civmap.analysis import interventions
from civmap.analysis.count_panel import read_series, tells_gap
from civmap.analysis.segmented_model import fit_segmented
from civmap.analysis.separability import find_neighbours
from civmap.errors import AnalysisError
from civmap.exhibits.directives.question import KEPT, Key, Question, question_of
from civmap.language import mark, say, say_n

QUOTED = {
    "recording": mark("the recording change \u201c{label}\u201d"),
    "context": mark("\u201c{label}\u201d"),
    "directive": mark("the {label}"),
}
ENTERS = {"recording": "recording_changes", "directive": "context"}  # kinds that are terms of the model, and as what
MIXED, TERM_MIXED, TERM, DRAWN = (
    mark("cannot be told apart"),
    mark("cannot be told apart, though in the model"),
    mark("told apart, in the model"),
    mark("told apart, drawn only"),
)


@dataclass(frozen=True)
class Primary:
    """The primary model with the events that entered it.

    Parameters
    ----------
    found
        The fitted model; its neighbours hold every event that was tried.
    terms
        ``recording_changes`` and ``context`` that are terms of it.
    roles
        What became of each event of the window, in the order of `Question.happened`; English, to be said.
    """

    found: interventions.Intervention
    terms: dict[str, Any]
    roles: tuple[str, ...]


def primary(question: Question) -> Primary:
    """Fit the primary model of a question, once."""
    return _primary(question.key)


@lru_cache(maxsize=KEPT)
def _primary(key: Key) -> Primary:
    question = question_of(key)
    panel, at, happened = question.model, question.at, question.happened
    mixed: list[interventions.Neighbour] = []
    terms: dict[str, Any] = {"recording_changes": [], "context": []}
    roles = []
    events = _terms(happened)
    for kind, term in events:
        close = [one for one in _alone(panel, at, {ENTERS.get(kind, "context"): [term]}) if one.inseparable]
        mixed += close
        if not close and kind in ENTERS:
            terms[ENTERS[kind]].append(term)
        roles.append(MIXED if close else TERM if kind in ENTERS else DRAWN)
    found = fit(panel, at, terms)
    close_after_all = {one.label for one in found.neighbours if one.inseparable}
    roles = [
        TERM_MIXED if role == TERM and term.label in close_after_all else role
        for role, (_, term) in zip(roles, events, strict=True)
    ]
    others = {quoted("directive", label) for label in happened.loc[happened["kind"] == "directive", "label"]}
    # the model takes other directives as context
    named = [replace(one, kind="directive") if one.label in others else one for one in (*found.neighbours, *mixed)]
    return Primary(replace(found, neighbours=tuple(named)), terms, tuple(roles))


def _alone(panel: pd.DataFrame, at: Any, terms: dict[str, Any]) -> list[interventions.Neighbour]:
    """Relate the date to one other event, without all else that a result holds."""
    series = read_series(panel, outcome=str(panel.columns[1]), exposure=None)
    events: dict[str, Any] = {"recording_changes": (), "context": (), **terms}
    model = fit_segmented(series, at=at, **events)
    return find_neighbours(model.design, model.fit, model.estimates, model.ready.days, 0, model.silent)


def fit(panel: pd.DataFrame, at: Any, terms: Mapping[str, Any]) -> interventions.Intervention:
    """Fit the primary specification to months and the count in the second column."""
    return interventions.interrupted_time_series(panel, at=at, outcome=str(panel.columns[1]), **terms)


def _terms(happened: pd.DataFrame) -> list[tuple[str, interventions.Term]]:
    terms = []
    row: Any
    for row in happened.itertuples():
        # context of a single day is over the next; a recording change or a directive of one day goes on
        lasting = row.kind != "context" and pd.notna(row.end) and row.end == row.start
        end = None if pd.isna(row.end) or lasting else row.end
        terms.append((row.kind, interventions.Term(quoted(row.kind, row.label), row.start, end)))
    return terms


def quoted(kind: str, label: str) -> str:
    """Name an event of a kind in a sentence."""
    return say(QUOTED[kind], label=label)


def one_date(value: Any) -> Any:
    """Take the only one of what a model of several dates would give several of."""
    if isinstance(value, tuple):
        raise AnalysisError(
            say("One directive at a time is compared."), found=say_n(len(value), "{n} date", "{n} dates")
        )
    return value


def model_lines(found: interventions.Intervention) -> pd.DataFrame:
    """Put fitted and projected counts side by side, as a series part draws them."""
    fitted = found.fitted.set_index("period")["value"].rename("fitted")
    projected = found.counterfactual.set_index("period")[["value", "low", "high"]]
    projected.columns = pd.Index(["counterfactual", "counterfactual_low", "counterfactual_high"])
    return pd.concat([fitted, projected], axis=1).sort_index().rename_axis("period").reset_index()


def line_words(question: Question) -> dict[str, str]:
    """Say what is drawn in a chart of `model_lines`."""
    here = question.here
    return {
        "unit": say("{unit} per month", unit=here.unit),
        "value_name": say("Recorded"),
        "subtitle": here.subtitle,
        "counterfactual_name": say("Projected from before"),
        "counterfactual_band_name": say("95 % interval"),
    }


def own_notes(question: Question, found: interventions.Intervention) -> list[str]:
    """Give the notes of a model, but for the one on the split month, which is said in words of its own."""
    return [note for note in found.notes if not (question.split and tells_gap(note))]


def itself(name: str, at: pd.Timestamp) -> pd.DataFrame:
    """Make the row of the directive itself among the events of a chart."""
    one = {"kind": "directive", "id": "", "label": name, "what": name, "start": at, "end": pd.NaT, "certainty": ""}
    return pd.DataFrame([one]).astype(
        {"start": "datetime64[us]", "end": "datetime64[us]", "certainty": "str", "what": "str"}
    )
