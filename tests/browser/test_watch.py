"""The browser fixtures can fail: pages that misbehave on purpose, without the app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Return `site(html) -> url` of a page served on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = Thread(target=server.serve_forever)
    thread.start()

    def put(html: str) -> str:
        (tmp_path / "page.html").write_text(f"<link rel=icon href=data:,>{html}", encoding="utf-8")
        return f"http://127.0.0.1:{server.server_port}/page.html"

    yield put
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<img src='http://tiles.example/0.png'>", "request left the machine: http://tiles.example/0.png"),
        ("<script>fetch('https://192.0.2.1/x').catch(() => 0)</script>", "request left the machine"),
        ("<script>new WebSocket('ws://stats.example/')</script>", "request left the machine: ws://stats.example/"),
        ("<script>console.error('it broke')</script>", "console: it broke"),
        ("<script>setTimeout(() => { throw new Error('unseen') })</script>", "page error: "),
        ("<script src='missing.js'></script>", "console: Failed to load resource"),
        ("<div data-testid='stException'>KeyError</div>", "error box on the page: KeyError"),
    ],
)
def test_a_fault_is_seen(browser: Browser, watch: type, site: Callable[[str], str], html: str, fault: str) -> None:
    watched = watch(browser.new_context())
    page = watched.context.new_page()
    page.goto(site(html))
    page.wait_for_timeout(200)
    assert any(seen.startswith(fault) for seen in watched.close())


def test_a_quiet_page_has_no_faults(browser: Browser, watch: type, site: Callable[[str], str]) -> None:
    watched = watch(browser.new_context())
    page = watched.context.new_page()
    page.goto(site("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='><script>fetch('/page.html')</script>"))
    page.wait_for_load_state("networkidle")
    assert watched.close() == []
