"""A stream of KLV cut into packets of ST 0601, however its bytes arrive and whatever is broken in it.

It is cut at the packets' keys, not at their lengths, so that one wrong length does not swallow the packets behind it.
A key inside a whole packet, whose checksum says that it is whole, is part of its value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stanag4609 import ST0601_KEY, FieldDecodingMode, KLVPacket, decode_uas_local_set
from stanag4609.errors import Stanag4609Error
from stanag4609.klv.ber import decode_ber_length

KEY = bytes(ST0601_KEY)
PREFIX = KEY[:4]  # of every SMPTE universal key
LONGEST_PACKET = 1 << 20  # bytes; a local set has a few hundred


def packets(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Cut a stream into pieces that begin with the key of ST 0601, each with its offset.

    Bytes before the first key come as a piece of their own.
    """
    pieces = Pieces()
    for chunk in chunks:
        yield from pieces.feed(chunk)
    yield from pieces.finish()


class Pieces:
    """A stream cut at the keys as its bytes arrive; holds little more than one packet."""

    def __init__(self) -> None:
        self._held, self._offset = bytearray(), 0
        self._search = 1  # no further key begins before this place in what is held
        self._whole: int | None = None  # where the packet that is held first ends; 0 if it is none, None if not known

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """Take more bytes and give the pieces that are complete."""
        self._held += chunk
        yield from self._cut(last=False)

    def finish(self) -> Iterator[tuple[int, bytes]]:
        """Give what is left."""
        yield from self._cut(last=True)
        if self._held:
            yield self._take(len(self._held))

    def _cut(self, *, last: bool) -> Iterator[tuple[int, bytes]]:
        while (at := self._held.find(KEY, self._search)) >= 0:
            if self._whole is None:
                self._whole = self._end(at, last=last)
                if self._whole is None:
                    return  # the packet may reach further than what has arrived
            if at < self._whole:
                self._search = self._whole
                continue
            yield self._take(at)
        self._search = max(self._search, len(self._held) - len(KEY) + 1)
        if len(self._held) > LONGEST_PACKET + len(KEY):  # no key for so long: keep what may be the start of one
            yield self._take(len(self._held) - len(KEY))
            self._search = 1 if self._held[:1] == KEY[:1] else 0

    def _take(self, end: int) -> tuple[int, bytes]:
        piece = self._offset, bytes(self._held[:end])
        del self._held[:end]
        self._offset, self._search, self._whole = self._offset + end, 1, None
        return piece

    def _end(self, at: int, *, last: bool) -> int | None:
        """Say where the packet that is held first ends, if it reaches over a key and is whole."""
        _, end = read_packet(bytes(self._held[:32]), 0)  # enough for key and length
        if end <= at or not self._held.startswith(KEY):
            return 0
        if end > len(self._held):
            return 0 if last or end > LONGEST_PACKET else None
        packet, _ = read_packet(bytes(self._held[:end]), 0)
        try:
            decode_uas_local_set(packet or b"", field_decoding=FieldDecodingMode.PRESERVE)
        except (Stanag4609Error, ValueError, OverflowError):
            return 0
        return end


def read_packet(piece: bytes, offset: int) -> tuple[KLVPacket | None, int]:
    """Read the key and the length of a piece; none where the piece is shorter than it says."""
    try:
        length, used = decode_ber_length(piece, 16, canonical=False, max_value=LONGEST_PACKET)
    except Stanag4609Error:
        return None, 0
    end = 16 + used + length
    if len(piece) < end:
        return None, end
    return KLVPacket(piece[:16], piece[16 + used : end], piece[16 : 16 + used], offset), end
