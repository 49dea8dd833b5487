"""SML (Smart Message Language) as German meters push it from the optical port: bytes in, frames out.

No I/O and no clock, so that a board, a test and a file reader use the same. `sml_transport` finds the
frames, `sml_tree` opens them, `sml_rules` knows what the makers mean; this module is what callers use.

Own code, because the libraries at hand lose frames a charger needs: smllib 1.7 drops every frame with an
entry without value, lets a start mark without end swallow the next frame, and takes list lengths off the
wire (17 bytes made it allocate 2 GB); and none of them runs on a board.
"""

from collections import namedtuple

from drivers.obis import Entry
from drivers.sml_rules import signed
from drivers.sml_transport import Transport
from drivers.sml_tree import Listing, SmlError, listings


class Frame(namedtuple("Frame", ("offset", "server", "seconds", "entries"))):
    """What one meter said in one intact frame; signs as the sign rules have them."""

    __slots__ = ()
    offset: int  # of the start mark, in bytes since the stream began
    server: "bytes | None"  # the meter's id
    seconds: "int | None"  # the meter's own count of seconds
    entries: "tuple[Entry, ...]"


class Reader:
    """Feed it whatever arrives. It never raises and holds less than two frames of the longest kind.

    `damaged` counts what looked like a frame and was none: start marks without an intact frame behind
    them, and frames with a fitting CRC around something that is not SML.
    """

    def __init__(self) -> None:
        self._transport = Transport()
        self._foreign = 0

    @property
    def damaged(self) -> int:
        return self._transport.given_up + self._foreign

    def feed(self, data: bytes) -> "list[Frame]":
        """The frames that `data` completes, in the order they were sent."""
        frames: "list[Frame]" = []
        for offset, payload in self._transport.feed(data):
            try:
                frames.extend(frames_of(offset, payload))
            except SmlError:
                self._foreign += 1
        return frames


def frames_of(offset: int, payload: bytes) -> "list[Frame]":
    """One Frame of a payload; one each when several meters speak in it. Raises SmlError.

    Several lists of the same meter are one. A payload without any list is a Frame without entries.
    """
    meters: "list[Listing]" = []
    for listing in listings(payload):
        last = meters[-1] if meters else None
        if last is not None and listing.server in (last.server, None):
            meters[-1] = Listing(last.server, last.seconds, last.entries + listing.entries)
        else:
            meters.append(listing)
    return [Frame(offset, meter.server, meter.seconds, signed(meter.entries, meter.server))
            for meter in meters or [Listing(None, None, ())]]
