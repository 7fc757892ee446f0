"""The store: what was loaded, whole and for good, and what was known when.

A folder per theatre under the home: `loads/` (see `civmap.store.loads`) and `decisions/` are append-only; from them one
table is derived and kept in `cache/` (see `civmap.store.tables`): every record with ``known_from`` and ``known_to``.
"""

from civmap.store.erasure import Erased
from civmap.store.folders import default_home
from civmap.store.loads import Load
from civmap.store.mending import Mended
from civmap.store.store import Store

__all__ = ["Erased", "Load", "Mended", "Store", "default_home"]
