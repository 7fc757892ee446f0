"""What every exhibit says besides its finding: n, period, what is left out, how the source counts, where it is from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from civmap import __version__, queries
from civmap.errors import RecipeError
from civmap.exhibits import standing_notes, words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.filters import Filters
from civmap.language import say, say_n, spoken
from civmap.store import Store


@dataclass(frozen=True)
class Standing:
    """The resolved question: filters with their source, what is loaded, and totals under the filters."""

    recipe: Recipe
    store: Store
    filters: Filters
    loaded: queries.Extent
    first: pd.Timestamp
    last: pd.Timestamp
    totals: Mapping[str, Any]
    notes: tuple[str, ...]

    @property
    def label(self) -> str:
        """The source's name."""
        return self.store.theatre.source_label(self.loaded.source)

    @property
    def bound(self) -> str:
        """The bound that is shown as the line; the maximum where the source gives no best estimate."""
        if self.filters.measure == "incidents" or self.filters.bound != "best" or self.loaded.has_best:
            return self.filters.bound
        return "max"

    @property
    def value(self) -> str:
        """The column of the chosen bound."""
        return f"value_{self.bound}"

    @property
    def unit(self) -> str:
        """What one unit on an axis is."""
        counted = words.what(self.filters)
        if self.filters.measure == "incidents":
            return counted
        return say("{counted} ({bound})", counted=counted, bound=say(words.BOUNDS[self.bound]))

    @property
    def people(self) -> int | None:
        """The people counted in all, by the chosen bound; none where no record gives a figure."""
        asked = ("killed", "injured") if self.filters.measure == "casualties" else (self.filters.measure,)
        known = [total for one in asked if (total := self.totals.get(f"{one}_{self.bound}")) is not None]
        return sum(known) if known else None

    @property
    def period(self) -> str:
        """The local days that are looked at."""
        return words.days(self.first, self.last)

    @property
    def subtitle(self) -> str:
        """Period, n and filters, to stand in every picture."""
        return self.subtitled(self.totals["incidents"])

    def subtitled(self, n: int, left_out: str = "") -> str:
        """Write the subtitle of a picture that does not draw everything: the n it draws, and what it leaves out."""
        filtered = words.filters_in_words(self.filters, self.store.theatre)
        text = say_n(n, "{source}, {period}, n = {n} incident", "{source}, {period}, n = {n} incidents",
                     source=self.label, period=self.period)  # fmt: skip
        return words.clauses((text, left_out, filtered))

    def covers(self, first: pd.Timestamp, last: pd.Timestamp) -> bool:
        """Whether the source's scope and the loaded data cover a span of days, so that no record means none."""
        begun = pd.Timestamp(self.loaded.date_min) - pd.Timedelta(days=queries.EDGE_DAYS)
        scope = queries.scope_of(self.store, self.filters, as_known_on=self.recipe.as_known_on)
        return begun <= first and last <= pd.Timestamp(self.loaded.date_max) and scope.covers_days(first, last)

    def exhibit(
        self, *, title: str, sentence: str, parts: Sequence[Part], caveats: Iterable[str] = (), n: int | None = None
    ) -> Exhibit:
        """Make the exhibit with the standing caveats behind its own."""
        return make(
            self.recipe,
            self.store,
            title=title,
            sentence=sentence,
            parts=parts,
            caveats=caveats,
            standing=self.notes,
            sources=source_lines(self.store, [self.loaded.source], as_known_on=self.recipe.as_known_on),
            n=self.totals["incidents"] if n is None else n,
            period=self.period,
        )


def standing(recipe: Recipe, store: Store, *, filters: Filters | None = None) -> Standing:
    """Resolve a recipe's filters, or others in their place, against what is loaded.

    Raises
    ------
    RecipeError
        When nothing is loaded, or the source has no records.
    """
    known_on, theatre = recipe.as_known_on, store.theatre
    asked = filters or recipe.filters
    loaded = queries.extent(store, asked, as_known_on=known_on)
    filters = asked.with_(source=loaded.source)
    first = pd.Timestamp(max(filters.date_from or loaded.date_min, loaded.date_min))
    last = pd.Timestamp(min(filters.date_to or loaded.date_max, loaded.date_max))
    if first > last:
        raise RecipeError(
            say("The chosen dates lie outside what {source} has loaded.", source=theatre.source_label(loaded.source)),
            found=words.days(filters.date_from or first, filters.date_to or last),
            expected=say("days within {period}", period=words.days(loaded.date_min, loaded.date_max)),
            next_step=say("Widen the dates or choose another source."),
        )
    if not loaded.civilians and (filters.harm_only or filters.measure != "incidents"):
        raise RecipeError(
            say(
                "{source} does not say whose deaths it counts: it cannot tell which of its events harmed civilians, "
                "which is not the same as no harm.", source=theatre.source_label(loaded.source),
            ),
            next_step=say('Count its incidents with "Only incidents with civilian harm" switched off.'),
        )  # fmt: skip
    totals, held, vague = store.remember(("standing", filters, known_on), lambda: _counted(store, filters, known_on))
    notes = standing_notes.notes(store, filters, loaded, totals, held, vague, recipe)
    return Standing(recipe, store, filters, loaded, first, last, totals, tuple(notes))


def _counted(
    store: Store, filters: Filters, known_on: date | None
) -> tuple[Mapping[str, Any], Mapping[str, int], pd.DataFrame]:
    """Count what every exhibit of a page states of the same filters."""
    return (
        queries.totals(store, filters, as_known_on=known_on),
        queries.held_back(store, filters, as_known_on=known_on),
        queries.precision(store, filters, as_known_on=known_on),
    )


def make(
    recipe: Recipe,
    store: Store,
    *,
    title: str,
    sentence: str,
    parts: Sequence[Part],
    caveats: Iterable[str] = (),
    standing: Iterable[str] = (),
    sources: Iterable[str] = (),
    n: int = 0,
    period: str = "",
) -> Exhibit:
    """Put an exhibit together with its fingerprint."""
    hashed = "|".join((recipe.to_json(), store.fingerprint, store.theatre.fingerprint, __version__))
    synthetic = store.is_demonstration
    first = [say("Synthetic demonstration data: no real incident, no real count.")] if synthetic else []
    common = tuple(dict.fromkeys([*first, *standing]))
    return Exhibit(
        recipe=recipe,
        title=title,
        n=n,
        period=period,
        sentence=sentence,
        parts=tuple(parts),
        caveats=tuple(dict.fromkeys([*caveats, *common])),
        standing=common,
        sources=tuple(sources),
        fingerprint=hashlib.sha256(hashed.encode()).hexdigest()[:12],
        synthetic=synthetic,
        language=spoken(),
    )


def source_lines(store: Store, sources: Sequence[str] = (), *, as_known_on: date | None = None) -> list[str]:
    """Name each source with its files, the releases known on a day, and how to cite it."""
    key = ("source lines", tuple(sources), as_known_on)
    return list(store.remember(key, lambda: _source_lines(store, sources, as_known_on)))


def _source_lines(store: Store, sources: Sequence[str], as_known_on: date | None) -> list[str]:
    loads = store.loads(as_known_on)
    loads = loads.assign(source=loads["source"].str.split("; ")).explode("source")
    chosen = [source for source in dict.fromkeys(loads["source"]) if not sources or source in sources]
    scopes = store.theatre.source_scopes.drop_duplicates("source").set_index("source")
    lines = []
    for source in chosen:
        own = loads[loads["source"] == source]
        days = [words.day(pd.Timestamp(known_at)) for known_at in own["known_at"].unique()]
        releases = words.listed([say("known from {day}", day=day) for day in days])
        citation = scopes["citation"].get(source, "") if len(scopes) else ""
        line = say_n(len(own), "{source}: {n} file, {releases}.", "{source}: {n} files, {releases}.",
                     source=store.theatre.source_label(source), releases=releases)  # fmt: skip
        lines.append(f"{line} {citation.rstrip('.')}." if citation else line)
    return lines


def options(recipe: Recipe, **allowed: Any) -> dict[str, Any]:
    """Read a recipe's parameters against defaults and, where a tuple is given, against its allowed values.

    Raises
    ------
    RecipeError
        When a parameter is unknown or has a value that is not allowed.
    """
    unknown = set(recipe.options) - set(allowed)
    if unknown:
        raise RecipeError(
            say(
                "The analysis '{analysis}' has no parameter {names}.",
                analysis=recipe.analysis,
                names=", ".join(sorted(unknown)),
            ),
            expected=", ".join(allowed) or say("no parameters"),
        )
    read = {}
    for name, choices in allowed.items():
        default = choices[0] if isinstance(choices, tuple) else choices
        read[name] = recipe.options.get(name, default)
        fits = read[name] in choices if isinstance(choices, tuple) else isinstance(read[name], type(default))
        if not fits:
            raise RecipeError(
                say("'{name}' cannot be {value}.", name=name, value=repr(read[name])),
                expected=", ".join(map(str, choices)) if isinstance(choices, tuple) else say("text"),
            )
    return read
