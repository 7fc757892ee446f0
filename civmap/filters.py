"""What part of the record a person looks at: one frozen value, kept in the session, the URL and every recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from civmap import schema
from civmap.errors import RecipeError
from civmap.language import say

MEASURES = ("incidents", "killed", "injured", "casualties")
BOUNDS = ("min", "best", "max")
PARTY_MODES = ("any", "single")
_LISTS = {
    "admin1": None, "parties": None, "causes": schema.CAUSES, "grades": schema.GRADES,
    "precisions": schema.LOCATION_PRECISIONS,
}  # fmt: skip
_CHOICES = {"measure": MEASURES, "bound": BOUNDS, "party_mode": PARTY_MODES}


@dataclass(frozen=True)
class Filters:
    """Which records count, and what is counted.

    Empty tuples mean all. Words that do not exist are refused; `from_params`, which reads links, forgives them.

    Parameters
    ----------
    source
        Id of one source. Queries take the store's first where none is named: sources are never added together.
    date_from, date_to
        First and last local day, both included.
    admin1, causes, grades, precisions
        Provinces (ISO 3166-2), causes (a parent includes its children), grades and place precisions.
    parties, party_mode
        Parties of the theatre; ``any`` counts a record in which one of them is named, ``single`` one in which a
        single named party is alone.
    measure, bound
        ``incidents``, or people ``killed``, ``injured`` or both (``casualties``) at their min, best or max.
    harm_only
        Only incidents with civilian harm: a civilian maximum or a count of unknown status above 0.

    Examples
    --------
    >>> Filters.from_params({"from": "2016-01-01", "measure": "killed", "parties": "coalition"}).measure
    'killed'
    """

    source: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    admin1: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    party_mode: str = "any"
    causes: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    measure: str = "incidents"
    bound: str = "best"
    harm_only: bool = True

    def __post_init__(self) -> None:
        for name in ("date_from", "date_to"):
            object.__setattr__(self, name, as_day(getattr(self, name)))
        faults = []
        for name, allowed in _LISTS.items():
            given = getattr(self, name)
            if not isinstance(given, list | tuple) or not all(isinstance(word, str) for word in given):
                faults.append(say("{name} is a list of words, not {given}", name=name, given=repr(given)))
                continue
            object.__setattr__(self, name, tuple(given))
            faults += [
                say("{name} cannot be '{word}'", name=name, word=word)
                for word in given
                if allowed is not None and word not in allowed
            ]
        if not (self.source is None or isinstance(self.source, str)):
            faults.append(say("{name} is a word, not {given}", name="source", given=repr(self.source)))
        if not isinstance(self.harm_only, bool):
            faults.append(say("{name} is true or false, not {given}", name="harm_only", given=repr(self.harm_only)))
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                faults.append(say("{name} cannot be '{given}' but one of {choices}", name=name,
                                  given=getattr(self, name), choices=", ".join(choices)))  # fmt: skip
        if faults:
            raise RecipeError(say("These filters do not exist: {faults}.", faults=say("; ").join(faults)))

    def with_(self, **changes: Any) -> Filters:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able mapping of the fields that differ from their defaults."""
        default = Filters()
        changed = {key: value for key, value in asdict(self).items() if value != getattr(default, key)}
        return {
            key: value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
            for key, value in changed.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Filters:
        """Read a mapping as `to_dict` writes it.

        Raises
        ------
        RecipeError
            When a filter or one of its words does not exist.
        """
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise RecipeError(say("There is no filter {names}.", names=", ".join(sorted(map(str, unknown)))),
                              expected=", ".join(field.name for field in fields(cls)))  # fmt: skip
        return cls(**{key: value for key, value in values.items() if value is not None})

    def to_params(self) -> dict[str, str]:
        """Return URL parameters, only those that differ from the defaults."""
        return {
            _PARAMS.get(key, key): ",".join(value) if isinstance(value, list) else _plain(value)
            for key, value in self.to_dict().items()
        }

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> Filters:
        """Read URL parameters; what is unknown or ill-formed falls back to the default."""
        known = {field.name for field in fields(cls)}
        named = {_FIELDS.get(key, key): value for key, value in params.items()}
        read = {key: _value(key, value) for key, value in named.items() if key in known}
        made = cls(**{key: value for key, value in read.items() if value is not None})
        if made.date_from and made.date_to and made.date_from > made.date_to:
            return made.with_(date_from=made.date_to, date_to=made.date_from)
        return made


def as_day(value: Any) -> date | None:
    """Take a date, a timestamp or ISO text as a day; null stays none.

    Examples
    --------
    >>> as_day("2010-08-01")
    datetime.date(2010, 8, 1)
    """
    if value is None or value != value:  # NaT differs from itself
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise RecipeError(say("This is no day."), found=repr(value), expected=say("YYYY-MM-DD")) from error


def conditions(filters: Filters, *, as_known_on: date | None = None) -> tuple[str, list[Any]]:
    """Turn filters into an SQL condition over the store's incidents, and its parameters.

    Records outside the theatre, judged not credible or marked as duplicates never pass; discounted ones only when
    that grade is asked for by name.

    Examples
    --------
    >>> conditions(Filters(source="airwars", harm_only=False))
    ('known_to IS NULL AND in_theatre AND NOT set_apart AND NOT discounted AND source IN (TRY_CAST(? AS source_word))',
    ['airwars'])
    """
    terms, values = known_on(as_known_on)
    terms += ["in_theatre", "NOT set_apart"]
    if not set(filters.grades) & set(schema.EXCLUDED_GRADES):
        terms.append("NOT discounted")
    if filters.harm_only:
        terms.append("civilian_harm")
    chosen, more = choices(filters)
    return " AND ".join([*terms, *chosen]), [*values, *more]


def choices(filters: Filters) -> tuple[list[str], list[Any]]:
    """Turn what a person chose (source, days, provinces, parties, causes, grades, precisions) into SQL terms.

    Without what holds by itself: in the theatre, not set apart, with civilian harm.

    Examples
    --------
    >>> choices(Filters(source="airwars"))
    (['source IN (TRY_CAST(? AS source_word))'], ['airwars'])
    """
    terms: list[str] = []
    values: list[Any] = []
    for term, value in {"event_date >= ?": filters.date_from, "event_date <= ?": filters.date_to}.items():
        if value is not None:
            terms.append(term)
            values.append(value)
    inside = {"source": (filters.source,) if filters.source is not None else (), "admin1": filters.admin1}
    for column, allowed in inside.items():
        if allowed:  # compared as codes, not as text; a word that no record has becomes null and matches nothing
            terms.append(f"{column} IN ({', '.join([f'TRY_CAST(? AS {column}_word)'] * len(allowed))})")
            values.extend(allowed)
    causes = tuple(c for c in schema.CAUSES if {c, schema.CAUSE_PARENTS.get(c, c)} & set(filters.causes))
    some = {"cause": causes, "grade": filters.grades, "location_precision": filters.precisions}
    if filters.party_mode == "any":
        some["party"] = filters.parties
    elif filters.parties:
        terms.append(f"party_bits <> 0 AND party_bits IN ({', '.join(['party_bit(?)'] * len(filters.parties))})")
        values.extend(filters.parties)
    for column, allowed in some.items():
        if allowed:  # a bit for each word: one comparison however many are asked for
            terms.append(f"{column}_bits & ({' | '.join([f'{column}_bit(?)'] * len(allowed))}) <> 0")
            values.extend(allowed)
    return terms, values


def known_on(day: date | None) -> tuple[list[str], list[Any]]:
    """Turn "as known on" into SQL terms: what was known at the end of that day, or what is known now."""
    day = as_day(day)
    if day is None:
        return ["known_to IS NULL"], []
    end = datetime.combine(min(day, date.max - timedelta(days=1)) + timedelta(days=1), time(), UTC)
    return ["known_from < ?", "(known_to IS NULL OR known_to >= ?)"], [end, end]


_PARAMS = {"date_from": "from", "date_to": "to", "harm_only": "harm"}
_FIELDS = {param: field for field, param in _PARAMS.items()}
PARAM_NAMES = frozenset(_PARAMS.get(field.name, field.name) for field in fields(Filters))


def _plain(value: Any) -> str:
    return {True: "1", False: "0"}[value] if isinstance(value, bool) else str(value)


def _value(key: str, value: Any) -> Any:
    if key in ("date_from", "date_to"):
        try:
            return date.fromisoformat(str(value)[:10] if isinstance(value, datetime) else str(value))
        except ValueError:
            return None
    if key in _LISTS:
        items = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
        allowed = _LISTS[key]
        named = (item for item in items if isinstance(item, str) and item)
        return tuple(item for item in named if allowed is None or item in allowed)
    if key == "harm_only":
        return str(value).casefold() not in ("0", "false", "no")
    if key in _CHOICES:
        return value if value in _CHOICES[key] else None
    return value if isinstance(value, str) and value else None
