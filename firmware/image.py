"""The process image: the newest of each device, between the lines that fetch it and the cycle that decides.

Each entry has one writer (its line) or one writer (the cycle), and every entry is replaced as a whole, never
changed; so a line's thread and the cycle need no lock between them.
"""

from control.values import NONE, NOTHING_HEARD, NOTHING_WRITTEN, Heard, Obligation, Prices, Snapshot, Wish, Written
from firmware.virtual import Virtual, reckon
from hal.faults import Fault
from hal.values import Reading, Setpoint


class Lease:
    """What a load may do, and until when. Whoever stops renewing it withdraws it."""

    __slots__ = ("setpoint", "until_ms")

    def __init__(self, setpoint: Setpoint, until_ms: int) -> None:
        self.setpoint = setpoint
        self.until_ms = until_ms  # monotonic


class Image:
    """Entries by index in `Site.devices`. Never a default: what was not heard is NOTHING_HEARD."""

    def __init__(self, count: int, virtuals: "tuple[Virtual, ...]" = ()) -> None:
        self._virtuals = virtuals
        self._heard = [NOTHING_HEARD] * count
        self._written = [NOTHING_WRITTEN] * count
        self._leases: "list[Lease | None]" = [None] * count

    def hear(self, index: int, reading: Reading) -> None:
        self._heard[index] = Heard(reading, None)

    def fail(self, index: int, fault: Fault) -> None:
        """The newest good reading stays, with its age; the fault stands beside it."""
        self._heard[index] = Heard(self._heard[index].reading, fault)

    def write(self, index: int, written: Written) -> None:
        self._written[index] = written

    def lease(self, index: int, lease: Lease) -> None:
        self._leases[index] = lease

    def leased(self, index: int) -> "Lease | None":
        return self._leases[index]

    def snapshot(self, now_ms: int, modes: "tuple[str, ...]", obligations: "tuple[Obligation, ...]" = (),
                 wishes: "tuple[Wish | None, ...]" = (), prices: "Prices | None" = None,
                 day_ms: int = NONE) -> Snapshot:
        heard = list(self._heard)
        reckon(self._virtuals, heard, now_ms)
        return Snapshot(now_ms, tuple(heard), tuple(self._written), modes, obligations, wishes, prices,
                        day_ms)
