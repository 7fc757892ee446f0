"""Fetching: every way in which a transfer, an archive or a table can be wrong, against a server on this machine."""

from __future__ import annotations

import gzip
import json
import random
import socket
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from civmap.cli import app
from civmap.errors import CivMapError, FetchError, StoreError
from civmap.fetch import Fetched, address_of, fetch, release_day, transfers
from civmap.fetch.archives import unpack
from civmap.fetch.transfers import CHUNK
from civmap.fetch.transfers import transfer as transferred
from civmap.store import Store
from tests.publisher import HXL, RELEASE, Publisher, csv, ged, publisher, zipped

TABLE = ged(Afghanistan=3, Syria=4, Yemen=2)
NOISE = random.Random(0).randbytes(300_000)
HALF = 6 * CHUNK  # what a break loses at the end is less than one piece


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with publisher() as running:
        yield running


def get(address: str, folder: Path, **options: object) -> Fetched:
    return fetch("ucdp-ged", version="26.1", address=address, folder=folder, **options)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


# ---- the transfer ----------------------------------------------------------------------------------------------------


def test_a_file_arrives_whole_with_progress_and_leaves_no_part(served: Publisher, tmp_path: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    came = transferred(served.put("/f.bin", NOISE), tmp_path, limit_mb=1, progress=lambda *step: steps.append(step))
    assert came.path.read_bytes() == NOISE and came.resumed_from == 0 and came.measured
    assert came.last_modified == RELEASE
    assert steps[-1] == (len(NOISE), len(NOISE)) and steps == sorted(steps)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.bin", "f.bin.json"]


@pytest.mark.parametrize("etag", ['"one"', None, 'W/"weak"'], ids=["etag", "date", "weak etag and date"])
def test_a_broken_transfer_says_what_is_kept_and_goes_on_from_there(
    served: Publisher, tmp_path: Path, etag: str | None
) -> None:
    address = served.put("/f.bin", NOISE, cut=HALF, etag=etag)
    with pytest.raises(FetchError, match=r"broke off.*98,304 of 300,000 bytes, which are kept.*goes on from there"):
        transferred(address, tmp_path, limit_mb=1)
    assert (tmp_path / "f.bin.part").stat().st_size == HALF and not (tmp_path / "f.bin").exists()
    served.shelves["/f.bin"].cut = -1
    came = transferred(address, tmp_path, limit_mb=1)
    assert came.resumed_from == HALF and came.path.read_bytes() == NOISE
    assert served.asked[-1][1]["Range"] == f"bytes={HALF}-"
    assert served.asked[-1][1]["If-Range"] == (etag if etag == '"one"' else RELEASE)


@pytest.mark.parametrize("if_range", [True, False], ids=["server heeds If-Range", "server ignores it"])
@pytest.mark.parametrize("shorter", [False, True])
def test_a_changed_file_is_never_glued_onto_an_old_half(
    served: Publisher, tmp_path: Path, if_range: bool, shorter: bool
) -> None:
    address = served.put("/f.bin", NOISE, cut=HALF)
    with pytest.raises(FetchError):
        transferred(address, tmp_path, limit_mb=1)
    other = NOISE[::-1][: 50_000 if shorter else None]
    served.put("/f.bin", other, etag='"two"', if_range=if_range)
    came = transferred(address, tmp_path, limit_mb=1)
    assert came.path.read_bytes() == other and came.resumed_from == 0


def test_a_server_without_ranges_starts_again(served: Publisher, tmp_path: Path) -> None:
    address = served.put("/f.bin", NOISE, cut=HALF, ranges=False)
    with pytest.raises(FetchError):
        transferred(address, tmp_path, limit_mb=1)
    served.shelves["/f.bin"].cut = -1
    assert transferred(address, tmp_path, limit_mb=1).path.read_bytes() == NOISE


def test_what_cannot_be_known_again_is_not_kept(served: Publisher, tmp_path: Path) -> None:
    address = served.put("/f.bin", NOISE, cut=HALF, etag=None, last_modified=None)
    with pytest.raises(FetchError, match="not kept.*starts anew"):
        transferred(address, tmp_path, limit_mb=1)
    assert not list(tmp_path.iterdir())


def test_two_addresses_with_one_file_name_are_not_mixed(served: Publisher, tmp_path: Path) -> None:
    first, second = served.put("/a/f.bin", NOISE, cut=HALF), served.put("/b/f.bin", NOISE[::-1])
    with pytest.raises(FetchError):
        transferred(first, tmp_path, limit_mb=1)
    assert transferred(second, tmp_path, limit_mb=1).path.read_bytes() == NOISE[::-1]


def test_a_file_that_is_there_and_unchanged_is_not_sent_again(served: Publisher, tmp_path: Path) -> None:
    address = served.put("/f.bin", NOISE)
    transferred(address, tmp_path, limit_mb=1)
    again = transferred(address, tmp_path, limit_mb=1)
    assert again.path.read_bytes() == NOISE and again.resumed_from == len(NOISE) and again.last_modified == RELEASE


@pytest.mark.parametrize("length", [None, 0], ids=["announced", "not announced"])
def test_a_file_larger_than_allowed_is_refused_and_not_kept(
    served: Publisher, tmp_path: Path, length: int | None
) -> None:
    address = served.put("/f.bin", NOISE, length=length)
    with pytest.raises(FetchError, match=r"larger than allowed.*at most 0.1 MB"):
        transferred(address, tmp_path, limit_mb=0.1)
    assert not list(tmp_path.iterdir())


def test_a_wrong_length_is_a_broken_transfer(served: Publisher, tmp_path: Path) -> None:
    address = served.put("/f.bin", NOISE, length=len(NOISE) + 5)
    with pytest.raises(FetchError, match="294,912 of 300,005 bytes"):
        transferred(address, tmp_path, limit_mb=1)
    served.shelves["/f.bin"].length = None
    assert transferred(address, tmp_path, limit_mb=1).path.read_bytes() == NOISE


def test_a_length_too_short_gives_a_damaged_archive_and_a_fresh_start(served: Publisher, tmp_path: Path) -> None:
    whole = zipped(csv(TABLE))
    address = served.put("/ged261-csv.zip", whole, length=len(whole) - 40)
    with pytest.raises(FetchError, match="the archive is damaged"):
        get(address, tmp_path)
    assert not list(tmp_path.iterdir()), "the same half is not tried again"


def test_a_slow_server_is_waited_for_and_a_silent_one_is_not(
    served: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = served.put("/f.bin", NOISE, pause=0.05)
    assert transferred(address, tmp_path, limit_mb=1).path.read_bytes() == NOISE
    monkeypatch.setattr(transfers, "SECONDS", (1, 0.1))
    served.put("/g.bin", NOISE, pause=0.5)
    with pytest.raises(FetchError, match="does not answer|broke off"):
        transferred(f"{served.url}/g.bin", tmp_path, limit_mb=1)


@pytest.mark.parametrize(
    ("status", "words"), [(404, "has no file at .*404"), (403, "does not give .*403"), (503, "503 .*Try again later")]
)
def test_a_refusal_is_said_with_the_servers_number(served: Publisher, tmp_path: Path, status: int, words: str) -> None:
    with pytest.raises(FetchError, match=words):
        transferred(served.put("/f.bin", status=status), tmp_path, limit_mb=1)


def test_redirects_are_followed_to_http_only(served: Publisher, tmp_path: Path) -> None:
    served.put("/f.bin", NOISE)
    address = served.put("/moved.bin", status=302, location="/f.bin")
    assert transferred(address, tmp_path, limit_mb=1).path.read_bytes() == NOISE
    for location in ("file:///etc/hostname", "ftp://127.0.0.1/f.bin"):
        with pytest.raises(FetchError, match="no http or https address"):
            transferred(served.put("/file.bin", status=302, location=location), tmp_path, limit_mb=1)
    with pytest.raises(FetchError, match="does not answer as it should.*TooManyRedirects"):
        transferred(served.put("/round.bin", status=302, location="/round.bin"), tmp_path, limit_mb=1)


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ged.zip", "http://", "http://[", "ftp://a.org/f"])
def test_only_http_addresses_are_asked(address: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="no address to fetch from"):
        transferred(address, tmp_path, limit_mb=1)


def test_an_address_with_a_password_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        transferred("https://someone:secret@example.org/f.csv", tmp_path, limit_mb=1)
    assert "secret" not in str(caught.value)


def test_no_way_out_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(FetchError) as caught:
        fetch("ucdp_ged", version="26.1", folder=tmp_path)
    assert str(caught.value) == (
        "This machine has no way out to the network, or ucdp.uu.se does not exist. "
        "Download the file elsewhere and load that file."
    )


def test_a_server_that_is_off_and_a_proxy_that_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with publisher() as gone:
        pass
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(FetchError, match="127.0.0.1 does not answer"):
        transferred(f"{gone.url}/f.bin", tmp_path, limit_mb=1)
    monkeypatch.setenv("http_proxy", gone.url)
    with pytest.raises(FetchError, match="proxy of this network does not let example.org through"):
        transferred("http://example.org/f.bin", tmp_path, limit_mb=1)


def test_a_folder_that_cannot_be_written_is_named(served: Publisher, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FetchError, match="taken cannot be written"):
        transferred(served.put("/f.bin", NOISE), tmp_path / "taken", limit_mb=1)


# ---- the archive -----------------------------------------------------------------------------------------------------


def test_the_single_table_of_an_archive_is_unpacked_under_our_own_name(tmp_path: Path) -> None:
    for name, content in (("a.zip", zipped(b"a,b\n1,2\n", names=("../../escape.csv",))), ("a.gz", gzip.compress(b"x"))):
        (tmp_path / name).write_bytes(content)
        assert unpack(tmp_path / name, tmp_path / f"{name}.csv") == tmp_path / f"{name}.csv"
    assert (tmp_path / "a.zip.csv").read_bytes() == b"a,b\n1,2\n"
    assert not (tmp_path.parent.parent / "escape.csv").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(b"a", b"b"), "2 files, 2 of them CSV"),
        (zipped(b"a", names=("readme.txt",)), "1 files, 0 of them CSV"),
        (zipped(*[b"a"] * 30, names=tuple(f"{n}.txt" for n in range(30))), "does not hold one table"),
        (zipped(b"0" * 30_000_000), "unpacks to more than"),
        (gzip.compress(b"0" * 30_000_000), "unpacks to more than"),
        (zipped(csv(TABLE))[:-30], "is damaged"),
        (gzip.compress(csv(TABLE))[:-30], "is damaged"),
        (b"PK\x03\x04 and nothing else", "is damaged"),
    ],
    ids=["two", "none", "many", "zip bomb", "gzip bomb", "cut zip", "cut gzip", "no zip"],
)
def test_a_bad_archive_ends_in_words_and_leaves_nothing(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(FetchError, match=words):
        unpack(tmp_path / "a.zip", tmp_path / "a.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_sizes_that_an_archive_claims_are_not_believed(tmp_path: Path) -> None:
    honest = zipped(b"0" * 5_000_000)
    size = (5_000_000).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(honest.replace(size, (9).to_bytes(4, "little")))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.infolist()[0].file_size == 9
    with pytest.raises(FetchError):
        unpack(tmp_path / "a.zip", tmp_path / "a.csv")
    (tmp_path / "b.zip").write_bytes(zipped(NOISE * 10))
    with pytest.raises(FetchError, match="more than 2 MB"):
        unpack(tmp_path / "b.zip", tmp_path / "b.csv", most_bytes=2_000_000)


def test_an_encrypted_archive_is_said_to_be_one(tmp_path: Path) -> None:
    content = bytearray(zipped(csv(TABLE)))
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the directory
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(FetchError, match="encrypted"):
        unpack(tmp_path / "a.zip", tmp_path / "a.csv")


# ---- the table -------------------------------------------------------------------------------------------------------


def test_a_whole_release_is_read_as_published(served: Publisher, tmp_path: Path) -> None:
    found = get(served.put("/ged261-csv.zip", zipped(csv(TABLE))), tmp_path)
    result = found.read()
    assert found.path.read_bytes() == csv(TABLE)
    assert (result.provenance.read, len(result.records), len(result.rejected)) == (9, 9, 0)
    assert result.provenance.source == "ucdp_ged" and found.released == date(2026, 6, 10)
    said = "; ".join(result.provenance.notes)
    assert served.url in said and "version 26.1" in said and "CC BY 4.0" in said and "10.1177/0022343313484347" in said
    found.discard()
    assert not list(tmp_path.iterdir())


def test_rows_of_other_countries_are_left_out_and_counted(served: Publisher, tmp_path: Path) -> None:
    address = served.put("/ged261-csv.zip", zipped(csv(TABLE)))
    found = get(address, tmp_path, countries=["afghanistan", "Yemen (North Yemen)"])
    result = found.read()
    assert result.provenance.read == len(result.records) == 5
    assert "only Afghanistan and Yemen (North Yemen): 4 rows of other countries were left out" in found.notes
    kept = pd.read_csv(found.path)
    expected = TABLE[TABLE["country"] != "Syria"].reset_index(drop=True)
    free_text = ["source_headline"]
    pd.testing.assert_frame_equal(kept.drop(columns=free_text), expected.drop(columns=free_text))
    assert kept[free_text].isna().all(axis=None), "what no reader reads is not written to disk again"


def test_a_country_on_hdx_with_its_row_of_tags(served: Publisher, tmp_path: Path) -> None:
    rows = pd.concat([pd.DataFrame([HXL]), ged(Afghanistan=3).astype(str)])
    table = csv(rows[list(TABLE.columns.drop("source_headline"))])
    for countries in ([], ["Afghanistan"]):
        found = get(served.put("/download/conflict_data_AFG.csv", table), tmp_path, countries=countries)
        result = found.read()
        assert (result.provenance.read, len(result.records)) == (3, 3)
        assert "1 row of HXL tags below the header is no record" in found.notes
        assert ("only Afghanistan: 0 rows of other countries were left out" in found.notes) == bool(countries)
        found.discard()


def test_names_of_columns_of_older_releases_are_known(served: Publisher, tmp_path: Path) -> None:
    table = csv(
        ged(Afghanistan=3, Syria=2).rename(columns={"best": "best_est", "low": "low_est", "country": "COUNTRY"})
    )
    for countries, kept in ([], 5), (["Afghanistan"], 3):
        found = get(served.put("/old.csv", table), tmp_path, countries=countries)
        result = found.read()
        assert len(result.records) == kept and result.records["all_killed_best"].notna().all()
        found.discard()


def test_broken_rows_are_kept_for_the_reader_so_that_the_sum_stays_true(served: Publisher, tmp_path: Path) -> None:
    lines = csv(TABLE).splitlines()
    lines[2] = lines[2].replace(b"2021-05-01", b"no day")  # Afghanistan: set aside by the reader
    lines[5] += b",one,field,too,many"  # Syria, but who can tell
    lines.append(lines[-1].replace(b"Yemen (North Yemen)", b""))
    found = get(served.put("/f.csv", b"\n".join(lines) + b"\n"), tmp_path, countries=["Afghanistan"])
    result = found.read()
    assert result.provenance.read == len(result.records) + len(result.rejected) == 5
    assert "2 rows without a readable country were kept" in found.notes
    assert "only Afghanistan: 5 rows of other countries were left out" in found.notes, "5 + 5 = 10 rows in the file"


def test_an_unknown_country_names_the_nearest_and_keeps_the_download(served: Publisher, tmp_path: Path) -> None:
    address = served.put("/ged261-csv.zip", zipped(csv(TABLE)))
    for asked, near in (("Afganistan", "'Afghanistan'"), ("yemen", "'Yemen \\(North Yemen\\)'"), ("Mali", "a name as")):
        with pytest.raises(FetchError, match=f"no country '{asked}'. Expected: {near}"):
            get(address, tmp_path, countries=[asked])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ged261-csv.zip", "ged261-csv.zip.json"]
    sent = len(served.asked)
    get(address, tmp_path, countries=["Afghanistan"])
    assert "If-None-Match" in served.asked[sent][1], "asked whether it changed, not sent again"


def test_all_missing_columns_are_named_at_once(served: Publisher, tmp_path: Path) -> None:
    address = served.put("/f.csv", csv(TABLE.drop(columns=["where_prec", "best", "country"])))
    with pytest.raises(FetchError, match="without the column where_prec, best, country"):
        get(address, tmp_path, countries=["Syria"])
    with pytest.raises(FetchError, match="without the column where_prec, best\\."):
        get(address, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"<!DOCTYPE html><title>Sign in</title>", "a web page"), (b"", "is empty"), (zipped(b""), "is empty")],
)
def test_what_is_no_table_ends_in_words(served: Publisher, tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(CivMapError, match=words):
        get(served.put("/f.zip", content), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_length_nobody_named_is_a_note(served: Publisher, tmp_path: Path) -> None:
    found = get(served.put("/f.csv", csv(TABLE), length=0) + "?key=secret", tmp_path)
    assert any("whether the file is whole" in note for note in found.notes)
    assert "secret" not in "; ".join(found.notes)


# ---- version and day of release --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [None, "", "latest", "26", "../26.1", "26.1.zip"])
def test_what_is_no_version_is_refused_before_anything_is_asked(version: str | None, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="such as 26.1"):
        fetch("ucdp_ged", version=version, folder=tmp_path)


def test_addresses_follow_ucdps_names() -> None:
    assert address_of("25.1").endswith("/ged/ged251-csv.zip") and address_of("5.0").endswith("/ged/ged50-csv.zip")
    assert address_of("26.01.26.03").endswith("/candidateged/GEDEvent_v26_01_26_03.csv")


@pytest.mark.parametrize(
    ("version", "header", "released", "day"),
    [
        ("26.1", RELEASE, None, date(2026, 6, 10)),
        ("26.1", RELEASE, date(2026, 6, 12), date(2026, 6, 12)),
        ("24.1", RELEASE, None, date(2024, 12, 31)),
        ("24.1", None, None, date(2024, 12, 31)),
        ("26.1", None, None, None),
        ("26.0.3", RELEASE, None, date(2026, 6, 10)),
        (None, RELEASE, None, date(2026, 6, 10)),
        (None, "Wed, 10 Jun 2099 08:00:00 GMT", None, None),
        ("26.1", "last week", None, None),
        ("99.1", RELEASE, None, None),
    ],
)
def test_the_day_of_release_is_never_in_the_future(
    version: str | None, header: str | None, released: date | None, day: date | None
) -> None:
    found, why = release_day(version, header, released=released, today=date(2026, 7, 1))
    assert found == day and why


def test_a_release_in_the_future_and_another_source_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="cannot lie in the future"):
        fetch("ucdp_ged", version="26.1", folder=tmp_path, released=date(2999, 1, 1))
    with pytest.raises(FetchError, match="'acled' cannot be fetched"):
        fetch("acled", version="26.1", folder=tmp_path)


def test_a_newer_version_outranks_an_older_one_whatever_the_server_dates_them(
    served: Publisher, tmp_path: Path, home: Path
) -> None:
    store = Store(home, "afghanistan")
    for version, best in (("25.1", 7), ("24.1", 5)):  # the older one is loaded last
        address = served.put(
            f"/ged{version}.csv", csv(ged(Afghanistan=1).assign(deaths_civilians=best, best=best, high=9))
        )
        found = fetch("ucdp_ged", version=version, address=address, folder=tmp_path)
        store.add(found.read(), known_at=found.released)
    now = store.incidents()
    assert now[now["known_to"].isna()]["civilians_killed_best"].tolist() == [7]


# ---- the command line ------------------------------------------------------------------------------------------------


def test_the_command_keeps_the_release_and_says_licence_and_citation(served: Publisher, home: Path) -> None:
    address = served.put("/ged261-csv.zip", zipped(csv(TABLE)))
    arguments = ("fetch", "ucdp-ged", "--version", "26.1", "--country", "Afghanistan", "--address", address,
                 "--home", home)  # fmt: skip
    result = run(*arguments, "--json")
    said = json.loads(result.stdout)
    assert result.exit_code == 0 and (said["read"], said["accepted"], said["placed"]) == (3, 3, 3)
    assert said["known_at"].startswith("2026-06-10") and "CC BY 4.0" in said["licence"]
    load = Store(home, "afghanistan").loads().iloc[0]
    assert "6 rows of other countries were left out" in load["notes"] and "10.1177" in load["notes"]
    assert not list((home / "fetched").iterdir()), "the store keeps the records; free text is kept nowhere"
    again = run(*arguments)
    assert "was loaded before" in again.stdout
    assert "Licence: CC BY 4.0" in again.stdout and "Cite: Sundberg" in again.stdout


def test_the_command_goes_on_after_a_break(served: Publisher, home: Path) -> None:
    whole = csv(ged(Afghanistan=400))
    address = served.put("/ged261.csv", whole, cut=len(whole) // 2)
    arguments = ("fetch", "ucdp-ged", "--version", "26.1", "--theatre", "afghanistan", "--address", address,
                 "--home", home)  # fmt: skip
    broken = run(*arguments, "--json")
    assert broken.exit_code == 1 and "which are kept" in json.loads(broken.stdout)["error"]
    assert not list(home.rglob("load.json"))
    served.shelves["/ged261.csv"].cut = -1
    said = json.loads(run(*arguments, "--json").stdout)
    assert said["read"] == 400 and "Range" in served.asked[-1][1]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (("--version", "newest"), "no version of UCDP GED"),
        (("--version", "26.1", "--address", "file:///etc/passwd"), "no address to fetch from"),
        (("--version", "26.1", "--released", "2999-01-01"), "future"),
    ],
)
def test_a_fault_of_the_command_ends_in_a_sentence(extra: tuple[str, ...], words: str, home: Path) -> None:
    result = run("fetch", "ucdp-ged", "--theatre", "afghanistan", *extra)
    assert result.exit_code == 1 and words in result.stderr and "Traceback" not in result.output


def test_a_theatre_that_does_not_exist_is_said_before_anything_is_fetched(served: Publisher, home: Path) -> None:
    address = served.put("/f.csv", csv(TABLE))
    result = run("fetch", "ucdp-ged", "--theatre", "nowhere", "--address", address)
    assert result.exit_code == 1 and "no theatre 'nowhere'" in result.stderr and not served.asked


def test_a_country_without_a_theatre_of_its_name_needs_the_theatre(served: Publisher, home: Path) -> None:
    address = served.put("/f.csv", csv(TABLE))
    for countries in ((), ("--country", "Syria"), ("--country", "Afghanistan", "--country", "Syria")):
        result = run("fetch", "ucdp-ged", "--version", "26.1", "--address", address, *countries)
        assert result.exit_code == 1 and "Say --theatre: afghanistan or oir" in result.stderr and not served.asked


def test_the_real_sample_by_country(served: Publisher, tmp_path: Path, reference_data: Path) -> None:
    sample = next((reference_data / "ucdp").glob("*world_sample*.csv"))
    rows = pd.read_csv(sample)
    address = served.put("/ged231-csv.zip", zipped(sample.read_bytes()))
    found = get(address, tmp_path, countries=["Syria", "Afghanistan"])
    of_ours = rows[rows["country"].isin(["Syria", "Afghanistan"])]
    result = found.read()
    assert result.provenance.read == len(result.records) + len(result.rejected) == len(of_ours) > 100
    assert f"{len(rows) - len(of_ours)} rows of other countries were left out" in "; ".join(found.notes)
    assert result.records["civilians_killed_best"].sum() == of_ours["deaths_civilians"].sum()


def test_a_load_that_cannot_be_kept_leaves_the_download(
    served: Publisher, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("The load cannot be written.")

    monkeypatch.setattr(Store, "add", full)
    address = served.put("/ged261-csv.zip", zipped(csv(TABLE)))
    result = run("fetch", "ucdp-ged", "--version", "26.1", "--theatre", "afghanistan", "--address", address)
    assert result.exit_code == 1 and (home / "fetched" / "ged261-csv.zip").exists()
