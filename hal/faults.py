"""What goes wrong with a device: an exception below the snapshot, a value above it."""

from collections import namedtuple

TIMEOUT = "timeout"  # no answer in time
FRAME = "frame"  # an answer that cannot be this one: damaged, foreign, of the wrong length
REFUSED = "refused"  # the device said no, or did not keep what it was told
RANGE = "range"  # a value outside what can be true
KINDS = (TIMEOUT, FRAME, REFUSED, RANGE)


class DeviceError(Exception):
    """The only exception a driver or a bus raises for what happens on the wire.

    `kind` is one of KINDS. `detail` is for the journal; no code reads it.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        assert kind in KINDS
        self.kind = kind
        self.detail = detail


class Fault(namedtuple("Fault", ("t_ms", "kind", "detail"))):
    """Stands in the snapshot where a Reading would have stood."""

    __slots__ = ()
    t_ms: int  # monotonic; when the device last failed
    kind: str
    detail: str
