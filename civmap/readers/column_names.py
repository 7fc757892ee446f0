"""What columns are called in people's own tables: English, French, Arabic, Dari and Pashto, where we are sure."""

from __future__ import annotations

import re
from functools import lru_cache

from civmap import schema
from civmap.readers.written import key

# The letters that Arabic and Persian keyboards write differently.
_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ې": "ی", "ۍ": "ی", "ك": "ک", "ګ": "گ", "ة": "ه", "أ": "ا", "إ": "ا"})

# For each of our columns the names that are used for it, those of several words first where they say more.
PHRASES: dict[str, tuple[str, ...]] = {
    "source_id": (
        "id", "ref", "reference", "no", "nr", "number", "num", "serial", "code", "incident id", "incident no",
        "incident number", "incident code", "event id", "event no", "case id", "case no", "case number", "record id",
        "record no", "report id", "report key", "serial no", "serial number", "ser", "ser no", "sr", "sr no", "s no",
        "sn", "sl no", "item no", "entry no", "log no", "unique id", "numero",
        "identifiant", "شماره", "رقم", "الرقم", "رقم الحادث", "گڼه",
    ),
    "event_date": (
        "date", "day", "event date", "incident date", "date of incident", "date of event", "date of attack",
        "attack date", "strike date", "start date", "date start", "date from", "jour", "date de l incident",
        "date de l evenement", "تاريخ", "التاريخ", "تاریخ", "تاريخ الحادث", "تاریخ حادثه", "تاریخ واقعه", "نیټه",
    ),
    "event_date_end": ("end date", "date end", "date to", "date until", "last day", "date de fin", "تاريخ الانتهاء"),
    "reported_at": (
        "date reported", "report date", "reported date", "date of report", "reporting date", "reported on", "reported",
        "date du rapport", "تاريخ التقرير", "تاریخ گزارش", "تاریخ راپور",
    ),
    "assessed_at": ("date assessed", "assessment date", "date of assessment"),
    "event_time_local": (
        "time", "local time", "event time", "incident time", "time of incident", "heure", "الوقت", "وقت", "ساعت",
    ),
    "latitude": (
        "lat", "latitude", "y", "coord y", "y coord", "lat dd", "خط العرض", "عرض البلد", "عرض جغرافیایی",
    ),
    "longitude": (
        "long", "lon", "lng", "longitude", "x", "coord x", "x coord", "lon dd", "long dd", "خط الطول", "طول البلد",
        "طول جغرافیایی",
    ),
    "coordinates": (
        "coordinates", "coordinate", "coords", "coord", "gps", "lat long", "lat lon", "latitude longitude", "latlon",
        "latlong", "long lat", "lon lat", "mgrs", "grid", "grid ref", "grid reference", "map reference",
        "gps coordinates", "coordonnees", "احداثيات", "الاحداثيات", "مختصات",
    ),
    "admin1_as_reported": (
        "province", "provinces", "province name", "governorate", "admin1", "adm1", "admin 1", "adm 1", "state",
        "region", "wilayat", "welayat", "velayat", "wilaya", "muhafaza", "mohafaza", "gouvernorat", "oblast", "ولایت",
        "استان", "المحافظة", "محافظة",
    ),
    "admin2": (
        "district", "district name", "admin2", "adm2", "admin 2", "adm 2", "uluswali", "woluswali", "wuluswali", "caza",
        "qada", "ولسوالی", "القضاء", "قضاء", "المديرية",
    ),
    "place": (
        "location", "place", "village", "town", "city", "site", "settlement", "location name", "place name", "lieu",
        "localite", "emplacement", "قریه", "کلی", "القرية", "الموقع", "المكان", "محل", "موقعیت",
    ),
    "party_as_reported": (
        "perpetrator", "perpetrators", "alleged perpetrator", "responsible", "responsible party", "party", "parties",
        "actor", "actor 1", "actor1", "belligerent", "belligerents", "attributed to", "caused by", "force", "forces",
        "auteur", "auteurs", "responsable", "الجهة المسؤولة", "المسؤول", "عامل", "عاملین", "مرتکب",
    ),
    "cause_as_reported": (
        "cause", "type", "incident type", "type of incident", "event type", "type of event", "attack type", "weapon",
        "weapons", "weapon type", "strike type", "tactic", "method", "means", "category", "type d incident",
        "type d evenement", "نوع الحادث", "السبب", "نوع حادثه", "نوع واقعه", "نوعیت",
    ),
    "grade_as_reported": ("grade", "confidence", "credibility", "reliability", "verification", "verification status"),
}  # fmt: skip

# Names that say something else within a longer one: "number of people", "phone number".
WHOLE_ONLY = "no nr num number serial code numero شماره رقم الرقم گڼه x y day means method reported"
# A column about people is never proposed, whatever else its name says.
PERSONAL = "passport national tazkira phone mobile tel telephone email mail contact birth age victim reporter " \
           "witness informant user name names الاسم اسم نام تلفن تلفون هاتف"  # fmt: skip

# Words in the name of a column of counts.
KILLED = "killed kia dead died death deaths fatality fatalities martyred martyrs tues morts mort deces " \
         "القتلى قتلى قتيل الوفيات وفيات کشته شهید شهدا تلفات مرگ"  # fmt: skip
INJURED = "injured injuries injury wounded wia hurt blesses blesse الجرحى جرحى جريح زخمی مجروح مجروحین ټپیان"
CIVILIAN = "civilian civilians civ civs noncombatant noncombatants civil civils civile civiles المدنيين مدني مدنيين " \
           "مدنیین غیرنظامی ملکی ملکیان"  # fmt: skip
WOMEN = "women woman female females femmes femme النساء نساء زنان زن ښځی"
CHILDREN = "children child kids minors minor underage enfants enfant الاطفال اطفال کودکان کودک ماشومان"
EVERYONE = "total all everyone overall fatality fatalities tous totaux المجموع مجموع ټول"
# Other people than those we count, and columns of something else about the killed.
OTHERS = "men man male males boys girls boy girl combatant combatants fighter fighters militant militants military " \
         "insurgent insurgents enemy friendly host nation soldier soldiers police ansf ana anp isaf nato taliban " \
         "security guards names name date source notes cause"  # fmt: skip
MIN = "min minimum low lower least lowest from حداقل"
MAX = "max maximum high upper most highest حداکثر"
BEST = "best estimate estimated likely"


@lru_cache(maxsize=4096)
def tokens(name: str) -> tuple[str, ...]:
    r"""Split a column's name into words as they are compared: no case, no accents, ``CivilianKIA`` as two.

    Examples
    --------
    >>> tokens("Date of\nIncident"), tokens("CivilianKIA"), tokens("Tués (civils)")
    (('date', 'of', 'incident'), ('civilian', 'kia'), ('tues', 'civils'))
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("#", " no "))
    return tuple(re.sub(r"[\W_]+", " ", key(apart).translate(_LETTERS)).split())


def among(words: str) -> frozenset[str]:
    """Give the words of a list, as `tokens` writes them."""
    return frozenset(word for listed in words.split() for word in tokens(listed))


_PHRASES = {to: tuple(tokens(phrase) for phrase in phrases) for to, phrases in PHRASES.items()}
_WHOLE_ONLY, _PERSONAL, _OTHERS = among(WHOLE_ONLY), among(PERSONAL), among(OTHERS)
_KILLED, _INJURED, _CIVILIAN = among(KILLED), among(INJURED), among(CIVILIAN)
_WHO = (
    (among(WOMEN), "women"), (among(CHILDREN), "children"), (_CIVILIAN, "civilians"), (among(EVERYONE), "all"),
)  # fmt: skip
_ENDS = ((among(MIN), "min"), (among(MAX), "max"), (among(BEST), "best"))
_PLACE_NAMES = frozenset({"province", "district", "place", "location", "village"})


def score(words: tuple[str, ...], to: str) -> float:
    """Say how well a name fits one of our columns: our own name best, then the phrase with most of its words."""
    if words == tokens(to):
        return 10.0
    if about_people(words):
        return 0.0
    best = 0.0
    for phrase in _PHRASES.get(to, ()):
        if words == phrase:
            best = max(best, 5 + len(phrase) / 10)
        elif not (len(phrase) == 1 and phrase[0] in _WHOLE_ONLY) and _holds(words, phrase):
            best = max(best, len(phrase) - 0.1 * (len(words) - len(phrase)))
    return best


def people_of(words: tuple[str, ...]) -> str | None:
    """Say which of our counts of people a name stands for; ``Killed`` alone is taken as civilians.

    Examples
    --------
    >>> people_of(tokens("Children killed (max)")), people_of(tokens("WIA")), people_of(tokens("Enemy KIA"))
    ('children_killed_max', 'civilians_injured', None)
    """
    said = set(words)
    killed, injured = bool(said & _KILLED), bool(said & _INJURED)
    if killed == injured:
        return None
    if killed and "unknown" in said:
        return "status_unknown_killed"
    who = next((ours for listed, ours in _WHO if said & listed), "")
    if said & _OTHERS and who != "civilians":
        return None
    measure = f"{who or 'civilians'}_{'killed' if killed else 'injured'}"
    end = next((ours for listed, ours in _ENDS if said & listed), "")
    to = f"{measure}_{end}" if end else measure
    return to if to in schema.COLUMN or f"{to}_max" in schema.COLUMN else None


def about_people(words: tuple[str, ...]) -> bool:
    """Say whether a column holds particulars of people; the name of a place is none."""
    return bool(set(words) & _PERSONAL) and not set(words) & _PLACE_NAMES


def says_civilians(words: tuple[str, ...]) -> bool:
    """Say whether a name names civilians."""
    return bool(set(words) & _CIVILIAN)


def _holds(words: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    return any(words[at : at + len(phrase)] == phrase for at in range(len(words)))
