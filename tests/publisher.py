"""A publisher on this machine: files over HTTP as they should be served, and in every way in which it goes wrong."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pandas as pd

PLACES = {"Afghanistan": (34.53, 69.17, "Kabul province"), "Syria": (33.51, 36.29, "Dimashq"),
          "Yemen (North Yemen)": (15.35, 44.2, "Sanaa")}  # fmt: skip
RELEASE = "Wed, 10 Jun 2026 08:00:00 GMT"
HXL = {"id": "", "country": "#country+name", "date_start": "#date+start", "date_end": "#date+end",
       "latitude": "#geo+lat", "longitude": "#geo+lon", "best": "#affected+killed"}  # fmt: skip


def ged(**countries: int) -> pd.DataFrame:
    """Make a table in UCDP GED's columns with as many events of each country (Yemen stands for its long name)."""
    names = [next(full for full in PLACES if full.startswith(name)) for name in countries]
    rows = []
    for name, number in zip(names, countries.values(), strict=True):
        latitude, longitude, province = PLACES[name]
        for _ in range(number):
            rows.append(
                {"id": 1000 + len(rows), "type_of_violence": 3, "side_a": "IS", "side_b": "Civilians",
                 "source_headline": f"Headline, with a comma, {len(rows)}", "where_prec": 1, "adm_1": province,
                 "latitude": latitude, "longitude": longitude, "country": name, "date_prec": 1,
                 "date_start": "2021-05-01 00:00:00.000", "date_end": "2021-05-01 00:00:00.000",
                 "deaths_civilians": 2, "deaths_unknown": 0, "best": 2, "high": 3, "low": 2}
            )  # fmt: skip
    return pd.DataFrame(rows)


def csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


def zipped(*contents: bytes, names: tuple[str, ...] = ("GEDEvent_v26_1.csv", "second.csv")) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in zip(names, contents, strict=False):
            archive.writestr(name, content)
    return packed.getvalue()


@dataclass
class Shelf:
    """One file and how it is served. `cut`: bytes of an answer after which the line goes dead; -1 never."""

    content: bytes
    etag: str | None = '"one"'
    last_modified: str | None = RELEASE
    status: int = 200
    location: str | None = None
    ranges: bool = True
    if_range: bool = True
    cut: int = -1
    length: int | None = None  # as announced; None: the true one, 0: not announced
    pause: float = 0.0  # seconds before each piece
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Publisher:
    """A running server: put a `Shelf` under a path; `asked` holds path and headers of each request."""

    url: str
    shelves: dict[str, Shelf] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def put(self, path: str, content: bytes = b"", **how: Any) -> str:
        self.shelves[path] = Shelf(content, **how)
        return self.url + path


@contextmanager
def publisher() -> Iterator[Publisher]:
    """Serve on this machine until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802 (the name that http.server calls)
            served.asked.append((self.path, dict(self.headers)))
            self.close_connection = True
            shelf = served.shelves.get(self.path.split("?")[0], Shelf(b"", status=404))
            with suppress(ConnectionError):
                self._answer(shelf)

        def _answer(self, shelf: Shelf) -> None:
            status, body, extra = shelf.status, shelf.content, dict(shelf.headers)
            wanted = self.headers.get("Range", "")
            same = self.headers.get("If-Range") in (shelf.etag, shelf.last_modified) or not shelf.if_range
            if status == 200 and shelf.etag and self.headers.get("If-None-Match") == shelf.etag:
                status, body = 304, b""
            elif status == 200 and wanted and shelf.ranges and same:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
                status, body = (206, body[start:]) if start < len(body) else (416, b"")
                end = len(shelf.content)
                extra["Content-Range"] = f"bytes {start}-{end - 1}/{end}" if body else f"bytes */{end}"
            extra |= {"ETag": shelf.etag or "", "Last-Modified": shelf.last_modified or "",
                      "Location": shelf.location or ""}  # fmt: skip
            if shelf.length != 0 and status != 304:
                extra["Content-Length"] = str(len(body) if shelf.length is None else shelf.length)
            self.send_response(status)
            for name, value in extra.items():
                if value:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            body = body if shelf.cut < 0 else body[: shelf.cut]
            step = max(1, len(body) // 5) if shelf.pause else max(1, len(body))
            for at in range(0, len(body), step):
                time.sleep(shelf.pause)
                self.wfile.write(body[at : at + step])

        def log_message(self, *_: object) -> None:
            """Keep the tests' output free of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Publisher(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
