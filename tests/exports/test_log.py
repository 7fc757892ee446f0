"""The audit log: a line for each export or nothing leaves; it outlives kills, full disks and several writers."""

import resource
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from civmap.errors import StoreError
from civmap.exhibits import Recipe, build
from civmap.exports import log, manifest, marking
from civmap.exports.prepare import prepare
from civmap.exports.prepared import Prepared
from civmap.filters import Filters
from civmap.store import Store
from tests.stores import add, incident


@pytest.fixture
def store(own: Store, tmp_path: Path) -> Store:
    """Ten incidents with two killed each."""
    add(own, tmp_path, [incident(number, f"2009-03-{number:02d}") for number in range(1, 11)])
    marking.set_marking(own, "RELEASABLE")
    return own


def totals(store: Store, **filters: object) -> Prepared:
    return prepare(build(Recipe("afghanistan", "totals", filters=Filters(source="log", **filters)), store), store)


def test_a_line_says_who_when_what_under_which_rule_and_marking(store: Store) -> None:
    one = totals(store)
    log.record([one, one], store, what="deck.pptx", who="A. Reader")
    log.record([one], store, what="table.csv")
    first, second = log.lines(store)
    assert (first["who"], first["what"], first["marking"]) == ("A. Reader", "deck.pptx", "RELEASABLE")
    assert first["rule"].startswith("People: 1 to 4") and second["who"] and first["when"] <= second["when"]
    assert [each["recipe"] for each in first["exhibits"]] == [one.exhibit.recipe.to_dict()] * 2
    assert first["exhibits"][0]["people"]["killed_best"] == 20
    assert stat.S_IMODE((store.folder / log.FILE).stat().st_mode) == 0o600


def test_lines_are_only_ever_added(store: Store) -> None:
    log.record([totals(store)], store, what="a")
    before = (store.folder / log.FILE).read_bytes()
    log.record([totals(store)], store, what="b")
    assert (store.folder / log.FILE).read_bytes().startswith(before)


def test_a_line_cut_short_anywhere_costs_no_other(store: Store) -> None:
    file = store.folder / log.FILE
    for what in "ab":
        log.record([totals(store)], store, what=what)
    whole = file.read_bytes()
    start = whole.index(b"\n") + 1
    for cut in (start + 1, (start + len(whole)) // 2, len(whole) - 2):
        file.write_bytes(whole[:cut])
        assert [line["what"] for line in log.lines(store)] == ["a"]
        log.record([totals(store)], store, what="c")
        assert [line["what"] for line in log.lines(store)] == ["a", "c"]
    file.write_bytes(whole[:-1])  # only the end of the line is lacking
    log.record([totals(store)], store, what="c")
    assert [line["what"] for line in log.lines(store)] == ["a", "b", "c"]


@pytest.mark.parametrize("junk", [b"\xff\xfe\n", b"[1]\n", b"{}{}\n", b"null\n", b"\x00" * 50 + b"\n"])
def test_what_is_no_line_is_passed_over(junk: bytes, store: Store) -> None:
    log.record([totals(store)], store, what="a")
    file = store.folder / log.FILE
    file.write_bytes(junk + file.read_bytes() + junk)
    log.record([totals(store)], store, what="b")
    assert [line["what"] for line in log.lines(store)] == ["a", "b"]


def _write_many(home: Path, name: str, times: int) -> None:
    store = Store(home, "afghanistan")
    for number in range(times):
        log._append(store, {"what": f"{name}-{number}", "exhibits": [], "when": "", "fill": name * 20_000})


def test_programs_that_write_at_once_lose_no_line(store: Store) -> None:
    """Each opens the file by itself, as programs do; a line is longer than a page of the disk."""
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: _write_many(store.home, name, 40), "abcdef"))
    written = [line["what"] for line in log.lines(store)]
    assert len(written) == 240
    for name in "abcdef":
        assert [what for what in written if what[0] == name] == [f"{name}-{number}" for number in range(40)]


def test_on_a_full_disk_nothing_leaves(store: Store) -> None:
    one = totals(store)
    log.record([one], store, what="a")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (store.folder / log.FILE).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, limits[1]))  # the kernel takes 50 bytes more and no further
    try:
        with pytest.raises(StoreError, match=r"not noted in the audit log, so nothing leaves.*free space"):
            log.record([one], store, what="b")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    log.record([one], store, what="c")
    assert [line["what"] for line in log.lines(store)] == ["a", "c"]


def test_a_log_that_cannot_be_read_is_a_sentence(store: Store) -> None:
    (store.folder / log.FILE).mkdir()
    with pytest.raises(StoreError, match="cannot be read, so nothing leaves"):
        log.lines(store)
    with pytest.raises(StoreError, match="nothing leaves"):
        log.record([totals(store)], store, what="a")


def test_exports_that_differ_by_one_person_are_warned_about(store: Store, tmp_path: Path) -> None:
    assert log.record([totals(store)], store, what="a") == []
    assert log.record([totals(store)], store, what="again") == [], "the same export tells nothing more"
    add(store, tmp_path, [incident(11, "2009-04-01", civilians_killed_min=1, civilians_killed_best=1,
                                   civilians_killed_max=1)])  # fmt: skip
    warnings = log.record([totals(store)], store, what="b")
    assert len(warnings) == 2 and all("differ by one person (killed, min, killed, best, killed, max)" in one
                                      for one in warnings)  # fmt: skip
    assert "(a)" in warnings[0] and "(again)" in warnings[1]
    earlier = totals(store, date_to="2009-03-31")
    assert log.record([earlier, totals(store)], store, what="c"), "also within one file"


def test_the_counts_of_people_stay_in_the_log(store: Store) -> None:
    one = totals(store)
    log.record([one], store, what="a")
    assert '"people"' in (store.folder / log.FILE).read_text(encoding="utf-8")
    assert '"people"' not in manifest.as_text(manifest.together([one]))
