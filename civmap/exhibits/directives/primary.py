"""The primary model of a directive and the first answer: what could be seen at all, then one chart and one sentence.

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
from civmap.analysis.count_panel import read_series
from civmap.analysis.segmented_model import fit_segmented
from civmap.analysis.separability import find_neighbours
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.directives.question import KEPT, Key, Question, ask, question_of
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.store import Store

SIDES = (12, 18, 24, 36, 48)  # months on each side for which the smallest effects are given
MOST_FALL = 95  # percent; a larger one is no size that a sentence could promise
QUOTED = {"recording": "the recording change \u201c{}\u201d", "context": "\u201c{}\u201d", "directive": "the {}"}
ENTERS = {"recording": "recording_changes", "directive": "context"}  # kinds that are terms of the model, and as what
MIXED, TERM_MIXED, TERM, DRAWN = (
    "cannot be told apart",
    "cannot be told apart, though in the model",
    "told apart, in the model",
    "told apart, drawn only",
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
        What became of each event of the window, in the order of `Question.happened`.
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
    others = {QUOTED["directive"].format(label) for label in happened.loc[happened["kind"] == "directive", "label"]}
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
        terms.append((row.kind, interventions.Term(QUOTED[row.kind].format(row.label), row.start, end)))
    return terms


def one_date(value: Any) -> Any:
    """Take the only one of what a model of several dates would give several of."""
    if isinstance(value, tuple):
        raise AnalysisError("One directive at a time is compared.", found=f"{len(value)} dates")
    return value


# ---- before the result ---------------------------------------------------------------------------------------------


def detectable(recipe: Recipe, store: Store) -> Exhibit:
    """Say before any result what these months could show at all, and what they could not tell apart.

    Parameters of the recipe: as for `directive`. Neither counts nor levels after the date are in it.
    """
    question, _ = ask(recipe, store)
    model = primary(question)
    table = pd.DataFrame(
        {
            "Kind": question.happened["kind"].map(
                {"directive": "directive", "recording": "change in recording", "context": "context"}
            ),
            "From": question.happened["start"].dt.strftime("%Y-%m-%d"),
            "To": question.happened["end"].dt.strftime("%Y-%m-%d"),
            "Beside this directive": list(model.roles),
            "What": question.happened["what"],
            "The date is": question.happened["certainty"].map(words.CERTAINTIES),
        }
    )
    mixed = list(dict.fromkeys(one.label for one in model.found.neighbours if one.inseparable))
    sentence = seen(model.found)
    if mixed:
        told = words.listed(mixed, joined="or")
        sentence += f" Whatever is found, it cannot be separated from {told}."
    entered = [term.label for terms in model.terms.values() for term in terms if term.label not in mixed]
    if entered:
        sentence += f" The model allows for {words.listed(entered)}."
    sentence += _comparable(question)
    parts = [
        Part("table", "Smallest changes that would probably be seen", {"table": _sizes(question, model)},
             alt="Table of the smallest fall and rise that would be seen with so many months on each side."),
        Part("table", "What else happened in these months", {"table": table},
             alt=f"Table of {len(table)} other events, with what the model makes of each."),
    ]  # fmt: skip
    return question.here.exhibit(
        title=f"What could be seen at all after the {question.name}",
        sentence=sentence,
        parts=parts,
        caveats=[
            "Known from how many months there are and how much their counts scatter, whatever the result is.",
            "Directives and changes in recording that can be told apart are terms of the model; context that can is "
            "drawn only; what cannot be told apart is named.",
            "\u201cProbably\u201d is a chance of 80 % that a change of this size would be found.",
            *question.caveats,
        ],
    )


def _comparable(question: Question) -> str:
    """Say how many months before the date were recorded like those after, where recording changed in between."""
    changes = question.happened[(question.happened["kind"] == "recording") & (question.happened["start"] < question.at)]
    if changes.empty:
        return ""
    ends = changes["end"].fillna(changes["start"])
    # a change that is over is past with its end; one under way makes all months since it began alike at best
    since = ends.where(ends < question.at, changes["start"])
    last = changes.iloc[int(since.to_numpy().argmax())]
    months = question.model["period"]
    before = int(((months > since.max() - pd.Timedelta(days=1)) & (months < question.at)).sum())
    if before >= int((months < question.at).sum()):
        return ""
    verb = "began in" if since.max() == last["start"] else "ran until"
    return (
        f" Only {words.count(before, 'comparable month lies', 'comparable months lie')} before it: the change in "
        f"recording \u201c{last['label']}\u201d {verb} {words.month(since.max())}."
    )


def _sizes(question: Question, model: Primary) -> pd.DataFrame:
    """Give the smallest effects for several windows, as far as the data reach."""
    rows = []
    every = question.modelled(question.every)
    month = question.at.to_period("M")
    for side in sorted({*SIDES, question.window}):
        first, last = (month - side).start_time, (month + side - (0 if question.split else 1)).start_time
        part = every[every["period"].between(first, last)]
        here = side == question.window
        try:
            found = model.found if here else fit(part, question.at, model.terms)
        except AnalysisError:
            continue
        one = one_date(found.detectable)
        rows.append(
            {
                "Months on each side": f"{side}, as chosen" if here else str(side),
                "Before": found.n_before,
                "After": found.n_after,
                "Smallest fall": _percent(100 * (1 - one.fall)),
                "Smallest rise": _percent(100 * (one.rise - 1), rise=True),
            }
        )
    table = pd.DataFrame(rows)
    return table.drop_duplicates(["Before", "After"], keep="last") if len(table) else table


def _percent(percent: float, *, rise: bool = False) -> str:
    if rise:
        return f"{percent:.0f} %" if percent < 1000 else "more than tenfold"
    return f"{percent:.0f} %" if percent <= MOST_FALL else f"none up to {MOST_FALL} %"


def seen(found: interventions.Intervention) -> str:
    """Say the smallest fall and rise that would probably be seen."""
    size = one_date(found.detectable)
    fall, rise = 100 * (1 - size.fall), 100 * (size.rise - 1)
    months = f"With {found.n_before} months before and {found.n_after} after,"
    if fall > MOST_FALL:
        return f"{months} even a fall of {MOST_FALL} % could have gone unseen: it would not probably (80 %) be found."
    up = f"a rise of {rise:.0f} %" if rise <= 300 else f"a rise to {size.rise:.0f} times the level"
    return f"{months} a fall of {fall:.0f} % or {up} would probably (80 %) be seen; less might not."


# ---- the first answer ----------------------------------------------------------------------------------------------


def directive(recipe: Recipe, store: Store) -> Exhibit:
    """Compare monthly counts before and after a directive.

    Parameters of the recipe: ``directive``, an id of the theatre's table, or ``at``, a day as text; ``window``, months
    on each side; ``scope``, whether parties, causes and provinces are those of the directive or of the filters.
    """
    question, _ = ask(recipe, store)
    found = primary(question).found
    here = question.here
    summary = interventions.summarise(found, name=question.name, counted=question.counted)
    # the split month is said below in its own words
    caveats = [note for note in found.notes if not (question.split and "without a row" in note)]
    if question.split:
        why = "the directive is dated only to the month" if question.month_only else (
            f"the date falls on day {question.at.day} of it"
        )  # fmt: skip
        caveats.insert(0, f"{words.month(question.at)} is left out of the model: {why}.")
    if here.filters.measure != "incidents":
        caveats.insert(0, "People are counted, and deaths cluster within incidents: the interval is too narrow. "
                          "The primary comparison counts incidents.")  # fmt: skip
    return here.exhibit(
        title=f"Before and after the {question.name}: {words.what(here.filters)}",
        sentence=f"{seen(found)} {summary.text}",
        parts=[_chart(question, found), _table(question, found, summary)],
        caveats=[*caveats, *question.caveats],
    )


def _chart(question: Question, found: interventions.Intervention) -> Part:
    here, panel, name = question.here, question.panel, question.name
    counted = panel[question.counted].to_numpy(dtype="float64", na_value=float("nan"))
    series = pd.DataFrame({"period": panel["period"], "value": counted, "low": float("nan"), "high": float("nan")})
    shown = pd.concat([question.happened, itself(name, question.at)], ignore_index=True)
    return Part(
        "series",
        f"{here.unit.capitalize()} per month, and as projected without the {name}",
        {"series": series, "model": model_lines(found), "events": shown},
        alt=f"Monthly {here.unit} before and after the {name}, with the fitted line and the level projected from "
        f"before with its interval: {here.subtitle}.",
        encoding={"unit": f"{here.unit} per month", "value_name": "Recorded", "subtitle": here.subtitle,
                  "counterfactual_name": "Projected from before", "counterfactual_band_name": "95 % interval"},
    )  # fmt: skip


def model_lines(found: interventions.Intervention) -> pd.DataFrame:
    """Put fitted and projected counts side by side, as a series part draws them."""
    fitted = found.fitted.set_index("period")["value"].rename("fitted")
    projected = found.counterfactual.set_index("period")[["value", "low", "high"]]
    projected.columns = pd.Index(["counterfactual", "counterfactual_low", "counterfactual_high"])
    return pd.concat([fitted, projected], axis=1).sort_index().rename_axis("period").reset_index()


def itself(name: str, at: pd.Timestamp) -> pd.DataFrame:
    """Make the row of the directive itself among the events of a chart."""
    one = {"kind": "directive", "id": "", "label": name, "what": name, "start": at, "end": pd.NaT, "certainty": ""}
    return pd.DataFrame([one]).astype(
        {"start": "datetime64[us]", "end": "datetime64[us]", "certainty": "str", "what": "str"}
    )


def _table(question: Question, found: interventions.Intervention, summary: interventions.EffectSummary) -> Part:
    table = summary.table.copy()
    within = table["value"].between(0.05, 20) | ~table["quantity"].str.startswith("smallest")
    table["note"] = table["note"].where(within, "none that would probably be seen")
    table["value"] = table["value"].where(within)
    if question.here.filters.measure == "incidents":
        table = pd.concat([table, _naive(found)], ignore_index=True)
    numbers = ["value", "low", "high", "p"]
    table[numbers] = table[numbers].round(3)
    columns = {
        "quantity": "Quantity",
        "value": "Value",
        "low": "Low (95 %)",
        "high": "High (95 %)",
        "p": "p value",
        "note": "Note",
    }
    return Part(
        "table",
        "The comparison in numbers",
        {"table": table.rename(columns=columns)},
        alt="Table of the level change with its interval and what it cannot be told apart from: "
        f"{question.here.subtitle}.",
        encoding={"subtitle": question.here.subtitle},
    )


def _naive(found: interventions.Intervention) -> pd.DataFrame:
    """Give the naive ratio of two rates, as a row beside the model and never alone."""
    naive = interventions.rate_ratio(
        int(found.events_before), found.n_before, int(found.events_after), found.n_after, confidence=found.confidence
    )
    note = "for comparison only: knows no trend, no season and no scatter, and claims a change far too often"
    row = ("naive: rate after / rate before", naive.ratio, naive.low, naive.high, naive.p, note)
    return pd.DataFrame([row], columns=["quantity", "value", "low", "high", "p", "note"])
