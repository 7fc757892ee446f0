"""What columns are called in people's own tables: English, French, Arabic, Dari and Pashto, where we are sure."""

from __future__ import annotations

import re
from functools import lru_cache

from civmap.readers.written import key

# The letters that Arabic and Persian keyboards write differently.
_LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ې": "ی", "ۍ": "ی", "ك": "ک", "ګ": "گ", "ة": "ه", "أ": "ا", "إ": "ا"})

# For each of our columns the names that are used for it, those of several words first where they say more.
PHRASES: dict[str, tuple[str, ...]] = {
    "source_id": (
        "id", "ref", "reference", "no", "nr", "number", "num", "serial", "code", "incident id", "incident no",
        "incident number", "incident code", "event id", "event no", "case id", "case no", "case number", "record id",
        "record no", "report id", "report key", "serial no", "serial number", "sr no", "s no", "unique id", "numero",
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
