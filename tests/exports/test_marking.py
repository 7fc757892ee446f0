"""The marking: nothing leaves without one, the latest that was set holds, and every one is kept with its name."""

import pytest

from civmap.errors import ExportError
from civmap.exports import marking
from civmap.store import Store
from civmap.theatre import Theatre
from tests.stores import add, incident


def test_nothing_leaves_before_a_marking_is_set(own: Store, tmp_path) -> None:
    assert marking.marking(own) == marking.SYNTHETIC
    add(own, tmp_path, [incident(1, "2009-03-01")])
    with pytest.raises(ExportError, match="before its marking is set"):
        marking.marking(own)


def test_the_latest_holds_for_every_store_that_looks_and_the_others_stay(own: Store, afghanistan: Theatre) -> None:
    before = own.fingerprint
    marking.set_marking(own, "  RELEASABLE \n to all ", who="A. Reader")
    marking.set_marking(own, marking.PUBLIC)
    again = Store(own.home, afghanistan)
    assert marking.marking(own) == marking.marking(again) == marking.PUBLIC
    assert [one.values["marking"] for one in marking.markings(own)] == ["RELEASABLE to all", marking.PUBLIC]
    assert marking.markings(own)[0].who == "A. Reader"
    assert own.fingerprint == before, "a marking changes no number"


@pytest.mark.parametrize("text", ["", "  \n", "not set", "Not Set ", "x" * 201])
def test_what_says_nothing_is_no_marking(text: str, own: Store) -> None:
    with pytest.raises(ExportError, match="cannot be a marking"):
        marking.set_marking(own, text)
    assert not marking.markings(own)
