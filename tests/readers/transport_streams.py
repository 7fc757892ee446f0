"""Transport streams for tests: KLV packets carried as ST 1402 says, by the library's own multiplexer."""

from __future__ import annotations

from stanag4609 import TransportMuxer
from stanag4609.transport.psi import Descriptor, ElementaryStreamInfo

_PID = 0x101


def carried(packets: list[bytes]) -> bytes:
    """Carry KLV packets one after another, with the program's tables in front and now and then between."""
    klva = ElementaryStreamInfo(stream_type=0x06, elementary_pid=_PID, descriptors=(Descriptor(0x05, b"KLVA"),))
    muxer = TransportMuxer(
        transport_stream_id=1, program_number=1, program_map_pid=0x100, pcr_pid=_PID, streams=(klva,)
    )
    pieces: list[bytes] = []
    for number, packet in enumerate(packets):
        if number % 20 == 0:
            pieces += muxer.program_tables()
        pieces += muxer.mux_async_klv(_PID, packet)
    return b"".join(pieces)
