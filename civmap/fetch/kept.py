"""What earlier transfers left in a folder, and whether an answer of the server continues it.

Beside an unfinished file (``.part``) stands a note (``.json``) of its address and of what identifies that very file on
the server. Only with that is a half ever continued: two halves of different files would pass for a whole one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests


def file_name(address: str) -> str:
    """Give the last part of an address as a name that is safe in any folder.

    Examples
    --------
    >>> file_name("https://example.org/a/ged261-csv.zip?key=1"), file_name("https://example.org/..")
    ('ged261-csv.zip', 'file')
    """
    return re.sub(r"[^\w.-]+", "_", urlsplit(address).path.rsplit("/", 1)[-1])[-100:].lstrip(".") or "file"


@dataclass(frozen=True)
class Kept:
    """What earlier transfers of an address left in the folder."""

    whole: Path
    noted: dict[str, str | None]

    @classmethod
    def at(cls, address: str, folder: Path) -> Kept:
        """Find what is kept of an address; what belongs to another file is removed."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = cls(folder / file_name(address), {})
        try:
            noted = json.loads(kept.note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            noted = None
        if isinstance(noted, dict) and noted.get("address") == address:
            return cls(kept.whole, noted)
        kept.clear()  # of another address with the same last part, or of nobody knows what
        return kept

    @property
    def part(self) -> Path:
        """The unfinished file."""
        return self.whole.with_name(f"{self.whole.name}.part")

    @property
    def note(self) -> Path:
        """The note of what identifies the file on the server."""
        return self.whole.with_name(f"{self.whole.name}.json")

    @property
    def size(self) -> int:
        """Bytes of the unfinished file."""
        return self.part.stat().st_size if self.part.exists() else 0

    @property
    def identity(self) -> str | None:
        """What may stand in If-Range: a strong ETag, else Last-Modified; a weak ETag may name two files."""
        etag = self.noted.get("etag")
        return etag if etag and not etag.startswith("W/") else self.noted.get("last_modified")

    def question(self) -> dict[str, str]:
        """Give the headers that ask only for what is missing."""
        if self.whole.exists():
            known = {"If-None-Match": self.noted.get("etag"), "If-Modified-Since": self.noted.get("last_modified")}
            return {name: value for name, value in known.items() if value}
        if self.size and self.identity:
            return {"Range": f"bytes={self.size}-", "If-Range": self.identity}
        return {}

    def is_continued_by(self, answer: requests.Response) -> bool:
        """Whether an answer holds the rest of the very file that is kept, also from a server that ignores If-Range."""
        same = all(
            self.noted.get(name) == answer.headers.get(header, self.noted.get(name))
            for name, header in (("etag", "ETag"), ("last_modified", "Last-Modified"))
        )
        starts = answer.headers.get("Content-Range", "").startswith(f"bytes {self.size}-")
        return answer.status_code == requests.codes.partial_content and starts and same

    def begin(self, address: str, answer: requests.Response) -> None:
        """Forget what was kept and note what identifies the file that now comes."""
        self.clear()
        headers = {} if coded(answer) else answer.headers
        noted = {"address": address, "etag": headers.get("ETag"), "last_modified": headers.get("Last-Modified")}
        self.noted.update(noted)
        self.note.write_text(json.dumps(noted), encoding="utf-8")

    def clear(self) -> None:
        """Remove the file, its part and its note."""
        for path in (self.whole, self.part, self.note):
            path.unlink(missing_ok=True)
        self.noted.clear()


def forget(path: Path) -> None:
    """Remove a file that arrived, with its note, so that the next transfer starts from nothing."""
    Kept(path, {}).clear()


def coded(answer: requests.Response) -> bool:
    """Whether the server packed the file for the way although it was asked not to: lengths are then of the packing."""
    return answer.headers.get("Content-Encoding", "identity") != "identity"
