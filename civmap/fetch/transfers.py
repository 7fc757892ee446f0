"""One file over HTTP into a folder: resumed after a break, never larger than allowed, whole or an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests

from civmap import __version__
from civmap.errors import FetchError
from civmap.fetch.kept import Kept, coded

Progress = Callable[[int, int | None], None]
CHUNK = 1 << 14  # what a break may lose at the end
MB = 1_000_000
SECONDS = (10, 30)  # to connect; without a byte
ELSEWHERE = "Download the file elsewhere and load that file."
# identity: lengths and ranges are then those of the file itself
_ALWAYS = {"User-Agent": f"CivMap/{__version__}", "Accept-Encoding": "identity"}
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Transfer:
    """A file that has arrived whole.

    `last_modified` is the server's header as it stands, `resumed_from` the number of bytes that were there before,
    `measured` whether the server named a length that the file was held against.
    """

    path: Path
    last_modified: str | None
    resumed_from: int
    measured: bool


def transfer(address: str, folder: Path, *, limit_mb: float, progress: Progress | None = None) -> Transfer:
    """Get one file, continuing where an earlier transfer of the same file broke off.

    Assumes that a server that gives the same strong ETag or the same Last-Modified gives the same bytes.

    Parameters
    ----------
    address
        An ``http`` or ``https`` address without user name or password; so must every redirect be.
    folder
        A folder for nothing else, where the file and its unfinished part are kept; made with mode 0700 if absent.
    limit_mb
        Size from which the file is refused, in megabytes, by what the server says and by what arrives.
    progress
        Called with the bytes that are there and the bytes expected (None where the server does not say).

    Returns
    -------
    Transfer
        The file and what the server said of it.

    Raises
    ------
    FetchError
        When the address is none, nothing answers, the file is too large, or the transfer breaks; what has arrived is
        then kept and named, except where it is of no use.

    Source: RFC 9110, sections 13 and 14 (conditional and range requests).
    """
    _check(address)
    if not _one_at_a_time.acquire(blocking=False):
        raise FetchError("Another file is being fetched.", next_step="Wait until it has arrived.")
    try:
        kept = Kept.at(address, folder)
        with requests.Session() as session, _in_words(address):
            answer, start = _begin(session, address, kept)
            with answer:
                if answer.status_code == requests.codes.not_modified:
                    size = kept.whole.stat().st_size
                    return Transfer(kept.whole, kept.noted.get("last_modified"), size, True)
                total = _total(answer, start)
                _receive(answer, kept, start=start, total=total, limit=limit_mb * MB, progress=progress)
        return Transfer(kept.whole, answer.headers.get("Last-Modified"), start, total is not None)
    except OSError as error:
        raise FetchError(
            f"{folder} cannot be written.", found=str(error), next_step="Check its rights and the free space."
        ) from error
    finally:
        _one_at_a_time.release()


def shown(address: str) -> str:
    """Give an address without its query, which may hold a key."""
    return urlunsplit((*urlsplit(address)[:3], "", ""))


def _check(address: str) -> None:
    try:
        parts = urlsplit(address)
        readable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        readable = False
    if not readable:
        raise FetchError(f"'{address[:200]}' is no address to fetch from.", expected="https://… or http://…")
    if parts.username or parts.password:
        raise FetchError("The address holds a user name or password.", next_step=ELSEWHERE)


def _begin(session: requests.Session, address: str, kept: Kept) -> tuple[requests.Response, int]:
    """Ask for what is missing, or for everything where that cannot be had; give the answer and where it starts."""
    asked = kept.question()
    answer = _ask(session, address, asked)
    if "Range" in asked and kept.is_continued_by(answer):
        return answer, kept.size
    if answer.status_code == requests.codes.not_modified and kept.whole.exists():
        return answer, 0
    if "Range" in asked and answer.status_code in (206, 416):  # of another file, or of nothing: from the start
        answer.close()
        answer = _ask(session, address, {})
    if answer.status_code != requests.codes.ok:
        raise _refused(address, answer)
    kept.begin(address, answer)
    return answer, 0


def _ask(session: requests.Session, address: str, headers: dict[str, str]) -> requests.Response:
    answer = session.get(address, headers=_ALWAYS | headers, stream=True, timeout=SECONDS)
    if urlsplit(address).scheme == "https" and urlsplit(answer.url).scheme != "https":
        raise FetchError(
            f"{shown(address)} leads to an address without encryption.", found=shown(answer.url), next_step=ELSEWHERE
        )
    return answer


def _refused(address: str, answer: requests.Response) -> FetchError:
    absent = answer.status_code in (404, 410)
    return FetchError(
        f"The server has no file at {shown(address)}." if absent else f"The server does not give {shown(address)}.",
        found=f"{answer.status_code} {answer.reason}",
        next_step="Check the version and the address." if absent else f"Try again later. {ELSEWHERE}",
    )


def _total(answer: requests.Response, start: int) -> int | None:
    length = answer.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() and not coded(answer) else None


def _receive(
    answer: requests.Response, kept: Kept, *, start: int, total: int | None, limit: float, progress: Progress | None
) -> None:
    """Write what comes behind what is kept, and give the file its name once it is whole."""
    name, done = kept.whole.name, start
    _check_size(kept, total or 0, limit)
    try:
        with kept.part.open("ab" if start else "wb") as file:
            for chunk in answer.iter_content(CHUNK):
                done += len(chunk)
                _check_size(kept, done, limit)
                file.write(chunk)
                if progress:
                    progress(done, total)
    except requests.RequestException as error:
        raise _broken(kept, total) from error
    if total is not None and kept.size != total:
        if kept.size < total:
            raise _broken(kept, total)
        kept.clear()
        raise FetchError(f"{name}: more has arrived than the server announced.", next_step="Run it again.")
    kept.part.replace(kept.whole)


def _check_size(kept: Kept, size: int, limit: float) -> None:
    if size > limit:
        kept.clear()
        raise FetchError(
            f"{kept.whole.name} is larger than allowed.",
            found=f"{size / MB:,.1f} MB or more",
            expected=f"at most {limit / MB:,g} MB",
            next_step="Check the address; allow more (--limit-mb) if it is genuine.",
        )


def _broken(kept: Kept, total: int | None) -> FetchError:
    what, of = f"The transfer of {kept.whole.name} broke off.", "" if total is None else f" of {total:,}"
    size = kept.size
    if size and kept.identity:
        return FetchError(
            what, found=f"{size:,}{of} bytes, which are kept", next_step="Run the same again: it goes on from there."
        )
    nameless = "; they are not kept, for the server names nothing to know the file again by" if size else ""
    kept.clear()
    return FetchError(what, found=f"{size:,}{of} bytes{nameless}", next_step="Run it again: it starts anew.")


@contextmanager
def _in_words(address: str) -> Iterator[None]:
    """Say why nothing answers; a library's own words name classes and memory addresses."""
    host = urlsplit(address).hostname
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise FetchError(
            f"The certificate of {host} cannot be trusted.",
            next_step=f"Behind a proxy that opens encryption, name its certificate in REQUESTS_CA_BUNDLE. {ELSEWHERE}",
        ) from error
    except requests.exceptions.ProxyError as error:
        raise FetchError(
            f"The proxy of this network does not let {host} through.",
            next_step=f"Check HTTPS_PROXY and NO_PROXY. {ELSEWHERE}",
        ) from error
    except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL) as error:
        raise FetchError(
            f"{shown(address)} leads to something that is no http or https address.", next_step=ELSEWHERE
        ) from error
    except requests.ConnectionError as error:
        raise _no_way(host, str(error)) from error
    except requests.RequestException as error:
        raise FetchError(
            f"{host} does not answer as it should.", found=type(error).__name__, next_step=f"Try again. {ELSEWHERE}"
        ) from error


def _no_way(host: str | None, said: str) -> FetchError:
    if any(sign in said for sign in ("NameResolutionError", "unreachable", "getaddrinfo", "No route")):
        return FetchError(f"This machine has no way out to the network, or {host} does not exist.", next_step=ELSEWHERE)
    return FetchError(
        f"{host} does not answer.", next_step=f"Try again later; this network may not let it through. {ELSEWHERE}"
    )
