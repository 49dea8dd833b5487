"""A serial line as wires would carry it: pty pairs joined by a thread that paces, spoils and cuts.

Each end is a tty path that anything opens like a USB adapter. What is written at one end comes out at
all others (RS-485 has no ends that matter), one byte per character time. A pty knows no pace, parity or
collision; the pump does. Whoever talks while another talks spoils both.
"""

import contextlib
import heapq
import os
import select
import termios
import threading
import time
import tty

from sim.rng import Rng

_RATES = {getattr(termios, "B%d" % baud): baud
          for baud in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)}


class Faults:
    """What the line does to bytes from now on. May be changed at any time."""

    def __init__(self) -> None:
        self.drop_permille = 0  # of the bytes
        self.flip_permille = 0  # of the bytes: one bit
        self.lag_ms = 0  # every byte comes out so much later
        self.cut = False  # nothing comes through
        self.echo: "set[int]" = set()  # ends whose adapter hears itself


class _Byte:
    """One byte on its way; ordered by when it comes out."""

    def __init__(self, start_ns: int, end_ns: int, source: int, value: int) -> None:
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.source = source
        self.value = value

    def __lt__(self, other: "_Byte") -> bool:
        return self.end_ns < other.end_ns


class Wire:
    """`paths` are the tty paths of its ends."""

    def __init__(self, baud: int = 9600, ends: int = 2, seed: int = 1) -> None:
        self.faults = Faults()
        self._character_ns = 10 * 1_000_000_000 // baud  # 8N1
        self._rng = Rng(seed)
        self._links: "dict[int, str]" = {}
        self._ours: "list[int | None]" = [None] * ends  # the pump's side of each pty
        self._theirs: "list[int | None]" = [None] * ends  # held open, so that users may come and go
        self._paths = [""] * ends
        self._pending: "list[_Byte]" = []
        self._free_ns = [0] * ends
        self._lock = threading.Lock()
        self._wake_read, self._wake_write = os.pipe()
        self._stopping = False
        for end in range(ends):
            self.plug(end)
        self._thread = threading.Thread(target=self._pump, name="wire", daemon=True)
        self._thread.start()

    @property
    def paths(self) -> "tuple[str, ...]":
        return tuple(self._links.get(end, path) for end, path in enumerate(self._paths))

    def link(self, end: int, path: str) -> None:
        """Gives an end a name of its own, as udev does; it stays when the adapter is plugged in again."""
        self._links[end] = path
        self._relink(end)

    def pace(self, baud: int) -> None:
        """The rate from now on."""
        self._character_ns = 10 * 1_000_000_000 // baud

    def rate(self, end: int) -> int:
        """What whoever has this end open has set, in baud; 0 while it is unplugged or is no usual rate."""
        fd = self._theirs[end]
        return 0 if fd is None else _RATES.get(termios.tcgetattr(fd)[5], 0)

    def unplug(self, end: int) -> None:
        """The adapter is pulled: its tty goes away, also for whoever has it open."""
        with self._lock:
            for held in (self._ours, self._theirs):
                fd = held[end]
                if fd is not None:
                    os.close(fd)
                held[end] = None
            self._pending = [byte for byte in self._pending if byte.source != end]
            heapq.heapify(self._pending)
            self._relink(end)
        self._wake()

    def plug(self, end: int) -> None:
        """It is back: a new tty, under the same link if it has one."""
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        with self._lock:
            assert self._ours[end] is None
            self._ours[end], self._theirs[end] = ours, theirs
            self._paths[end] = os.ttyname(theirs)
            self._free_ns[end] = 0
            self._relink(end)
        self._wake()

    def close(self) -> None:
        self._stopping = True
        self._wake()
        self._thread.join()
        for end in range(len(self._paths)):
            self.unplug(end)
        for path in self._links.values():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    def _relink(self, end: int) -> None:
        path = self._links.get(end)
        if path is None:
            return
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        if self._ours[end] is not None:
            os.symlink(self._paths[end], path)

    def _wake(self) -> None:
        os.write(self._wake_write, b"!")

    def _pump(self) -> None:
        while not self._stopping:
            with self._lock:
                fds = [fd for fd in self._ours if fd is not None]
                wait_ns = self._pending[0].end_ns - time.monotonic_ns() if self._pending else 1_000_000_000
            with contextlib.suppress(OSError, ValueError):  # an end was unplugged meanwhile
                select.select([self._wake_read, *fds], [], [], max(0, wait_ns) / 1_000_000_000)
            if select.select([self._wake_read], [], [], 0)[0]:
                os.read(self._wake_read, 64)
            with self._lock:
                for end in range(len(self._ours)):
                    self._take(end)
                self._deliver(time.monotonic_ns())

    def _take(self, end: int) -> None:
        """Puts what was written at an end on the line."""
        fd = self._ours[end]
        if fd is None:
            return
        try:
            written = os.read(fd, 4096)
        except OSError:  # nothing there
            return
        self._loosen(end)
        now_ns = time.monotonic_ns()
        for value in written:
            start_ns = max(now_ns, self._free_ns[end])
            end_ns = self._free_ns[end] = start_ns + self._character_ns
            byte = _Byte(start_ns, end_ns, end, value)
            for other in self._pending:
                if other.source != end and other.start_ns < end_ns and start_ns < other.end_ns:
                    other.value = byte.value = other.value & byte.value ^ 1 << self._rng.below(8)
            heapq.heappush(self._pending, byte)

    def _loosen(self, end: int) -> None:
        """Sets a flag that whoever opens this end clears, so that a second user with parity can open it:

        a pty keeps no parity, and the C library takes a setting that then changes nothing for refused.
        """
        fd = self._theirs[end]
        assert fd is not None
        settings = termios.tcgetattr(fd)
        if not settings[3] & termios.ECHOK:  # without ICANON it does nothing
            settings[3] |= termios.ECHOK
            with contextlib.suppress(termios.error):
                termios.tcsetattr(fd, termios.TCSANOW, settings)

    def _deliver(self, now_ns: int) -> None:
        faults = self.faults
        lag_ns = faults.lag_ms * 1_000_000
        while self._pending and self._pending[0].end_ns + lag_ns <= now_ns:
            byte = heapq.heappop(self._pending)
            if faults.cut or self._rng.chance(faults.drop_permille):
                continue
            if self._rng.chance(faults.flip_permille):
                byte.value ^= 1 << self._rng.below(8)
            for end, fd in enumerate(self._ours):
                if fd is not None and (end != byte.source or end in faults.echo):
                    with contextlib.suppress(BlockingIOError):  # nobody reads there: lost, as on a wire
                        os.write(fd, bytes((byte.value,)))
