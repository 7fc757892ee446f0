"""The app in a real browser: a server per home, and pages that fail their test when anything left the machine.

`page` is a page at 1366x768, `new_page(color_scheme="dark")` one in a fresh browser profile, `serve(home)` the address
of the app with that CIVMAP_HOME (one server per home for the whole run), `settle(page)` waits until all is drawn.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

ROOT = Path(__file__).resolve().parents[2]
VIEWPORT = {"width": 1366, "height": 768}
LOCAL_HOSTS = {"127.0.0.1", "localhost"}
START_SECONDS = 60
# On a deep link Streamlit first looks for its server below the page's own path, where it is not (2026-11, 1.67).
MISSING_ON_DEEP_LINKS = ("/_stcore/health", "/_stcore/host-config")
CHROMIUM_ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # the network is off: what the pages ask for elsewhere is seen, and fails
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]  # fmt: skip


@dataclass
class Server:
    """One running `streamlit run` with its own CIVMAP_HOME."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @classmethod
    def start(cls, app: Path, home: Path, log: Path) -> Server:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(port),
                 "--server.headless", "true"],
                cwd=app.parent, env={**os.environ, "CIVMAP_HOME": str(home)},
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        server = cls(process, f"http://127.0.0.1:{port}", log)
        try:
            server.wait()
        except BaseException:
            server.stop()
            raise
        return server

    def wait(self) -> None:
        opener, until = build_opener(ProxyHandler({})), time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with opener.open(f"{self.url}/_stcore/health", timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"the app did not start within {START_SECONDS} s:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wait_until_drawn(page: Page) -> None:
    """Wait until no placeholder is left and nothing more is fetched; the code of maps and charts comes late."""
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=30_000)
    with suppress(PlaywrightTimeout):  # a request that a map's worker gave up with its page stays open for ever
        page.wait_for_load_state("networkidle", timeout=5_000)


@dataclass
class Watch:
    """Everything a browser profile did that it must not: leave the machine, or report an error."""

    context: BrowserContext
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("request", lambda request: self.check_url(request.url))
        self.context.on("console", self.check_console)
        self.context.on("weberror", lambda error: self.note("page error", str(error.error)))
        self.context.on("page", lambda page: page.on("websocket", lambda socket: self.check_url(socket.url)))

    def check_url(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss", "ftp") and parts.hostname not in LOCAL_HOSTS:
            self.note("request left the machine", url)

    def check_console(self, message: ConsoleMessage) -> None:
        missing = "404" in message.text and urlsplit(message.location["url"]).path.endswith(MISSING_ON_DEEP_LINKS)
        if message.type == "error" and not missing:
            self.note("console", f"{message.text} ({message.location['url']})")

    def note(self, kind: str, text: str) -> None:
        self.faults.append(f"{kind}: {text[:300]}")

    def close(self) -> list[str]:
        """Close the profile and return its faults: late requests and an error box still on a page included."""
        for page in self.context.pages:
            wait_until_drawn(page)
            for box in page.get_by_test_id("stException").all():
                self.note("error box on the page", box.inner_text())
        self.context.close()
        return self.faults


@pytest.fixture(scope="session")
def _servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[Path, Path], Server]]:
    servers: dict[tuple[Path, Path], Server] = {}
    yield servers
    for server in servers.values():
        server.stop()


@pytest.fixture(scope="session")
def serve(_servers: dict[tuple[Path, Path], Server], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Return `serve(home, app=ROOT / "app.py") -> base_url`; one server per home and app, kept for the whole run."""

    def serve_(home: Path, app: Path = ROOT / "app.py") -> str:
        key = (home.resolve(), app.resolve())
        if key not in _servers:
            _servers[key] = Server.start(key[1], key[0], tmp_path_factory.mktemp("server") / "log.txt")
        return _servers[key].url

    return serve_


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with nothing in it: the app shows its demonstration. Tests do not write to it."""
    return tmp_path_factory.mktemp("empty-home")


@pytest.fixture(scope="session")
def real_home(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with the Syria file and the Airwars file, loaded by the command line. Tests do not write to it."""
    home = tmp_path_factory.mktemp("real-home")
    files = [str(file) for name in ("ucdp/*yria*.csv.gz", "airwars/*.csv.gz") for file in reference_data.glob(name)]
    subprocess.run(
        [sys.executable, "-m", "civmap", "ingest", *files, "--theatre", "oir", "--home", str(home),
         "--released", "2026-07-16"],
        cwd=ROOT, check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return home


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on the PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def watch() -> type[Watch]:
    return Watch


@pytest.fixture
def new_page(browser: Browser, _servers: dict[tuple[Path, Path], Server]) -> Iterator[Callable[..., Page]]:
    """Return `new_page(**options) -> Page`: a page in a fresh browser profile, watched until the test ends."""
    watches: list[Watch] = []
    before = {server.log: server.log.stat().st_size for server in _servers.values()}

    def new_page_(**options: Any) -> Page:
        context = browser.new_context(**{"viewport": VIEWPORT, **options})
        context.set_default_timeout(20_000)
        watches.append(Watch(context))
        return context.new_page()

    yield new_page_
    faults = [fault for watch in watches for fault in watch.close()]
    for server in _servers.values():
        with server.log.open(errors="replace") as log:
            log.seek(before.get(server.log, 0))
            said = log.read()
        if "Traceback" in said:
            faults.append(f"traceback in the server's log:\n{said[-3000:]}")
    assert not faults, "\n".join(faults)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture(scope="session")
def settle() -> Callable[[Page], None]:
    """Return `settle(page)`: wait until the script has run, nothing is out of date and all is drawn."""

    def settle_(page: Page) -> None:
        expect(page.locator("h1")).to_be_visible(timeout=30_000)  # the first run has begun
        app = page.get_by_test_id("stApp")
        expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=30_000)
        expect(page.locator("[data-stale='true']")).to_have_count(0, timeout=30_000)
        wait_until_drawn(page)

    return settle_
