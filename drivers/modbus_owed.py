"""Which answers a unit still owes, so that a late one is never taken for the next one.

Modbus RTU numbers nothing: after a time-out the answer may still come, and it fits every later request
of the same shape. A slave that answered once too late would be one answer behind for ever. Waiting longer
does not help: however long the wait, an answer can be later. Order does: a slave answers in the order it
was asked. So a request without a believed answer leaves a debt, and no request of the shape that is owed
is sent to that unit. First a *probe* goes out, a read of another length from the same registers. Its answer
cannot be mistaken, and when it has come, everything asked before is answered or lost: the debt is settled.

An exception answer has one shape for all lengths: while anything is owed it may belong to any of those
requests. Whichever it is, the oldest of them is answered or lost by then, so that each refusal settles the
oldest debt, as long as no other master asks too. A unit that stays silent is settled by time: a debt lapses
KEEP_MS after its time-out.
"""

from drivers.modbus_rtu import MOST_BITS, MOST_WORDS, Request, is_owed, read_request, refuses

KEEP_MS = 5_000  # no slave on a serial line has been seen to answer later than this after its time-out


class Owed:
    """The debts of all units on one line."""

    def __init__(self) -> None:
        self._debts: "dict[int, list[tuple[bytes, int]]]" = {}  # by unit, oldest first: head, lapses at

    def add(self, head: bytes, now_ms: int) -> None:
        """A request was heard on the line whose answer has not come, or is not believed: ours or another master's."""
        self._debts.setdefault(head[0], []).append((head, now_ms + KEEP_MS))

    def heads(self, unit: int, now_ms: int) -> "tuple[bytes, ...]":
        """The shapes of the answers that may still come."""
        self._debts[unit] = [debt for debt in self._debts.get(unit, []) if now_ms < debt[1]]
        return tuple(head for head, _ in self._debts[unit])

    def elsewhere(self, unit: int, now_ms: int) -> "tuple[bytes, ...]":
        """As `heads`, of all the other units."""
        return tuple([head for other in sorted(self._debts) if other != unit for head in self.heads(other, now_ms)])

    def lapses_ms(self, unit: int, now_ms: int) -> int:
        """How long until the unit owes nothing."""
        return max([0] + [until_ms - now_ms for _, until_ms in self._debts.get(unit, [])])

    def settle(self, frame: bytes) -> bool:
        """False when `frame` is no answer that is owed. Else one debt of its shape is paid, no other:

        in which order two masters' requests reached the unit is not known here.
        """
        debts = self._debts.get(frame[0], [])
        head = is_owed(frame, [head for head, _ in debts])
        for i in range(len(debts)):
            if debts[i][0] == head:
                debts.pop(i)
                return True
        return False

    def retire(self, unit: int) -> None:
        """Something it was asked was refused: its oldest debt is paid, or lost."""
        self._debts[unit] = self._debts.get(unit, [])[1:]

    def refused(self, frame: bytes) -> bool:
        """Whether `frame` may be the exception answer to something that is owed; it settles nothing."""
        return refuses(frame, [head for head, _ in self._debts.get(frame[0], [])])

    def settle_all(self, unit: int) -> None:
        """An answer has come that can only be the one to the newest request."""
        self._debts.pop(unit, None)


def confusable(request: Request, owed: "tuple[bytes, ...]") -> bool:
    """Whether an answer that is owed may fit `request`, also if it is one register too long or too short."""
    head = request.head
    for other in owed:
        if other == head or (len(other) == len(head) == 3 and other[:2] == head[:2] and abs(other[2] - head[2]) <= 2):
            return True
    return False


def probes(request: Request, owed: "tuple[bytes, ...]") -> "list[Request]":
    """Reads near `request` whose answers cannot be mistaken for one that is owed, the likeliest to be allowed first.

    Lengths of the same parity come first: devices that hold 32-bit values refuse to hand out half of one. One
    that differs by a single register is among the first three, for devices that have no more to show.
    """
    unit, function, address = request.body[0], request.body[1], request.body[2] << 8 | request.body[3]
    count = request.body[4] << 8 | request.body[5]
    counts = []
    if function in (5, 6, 15, 16):
        function, count = (1 if function in (5, 15) else 3), 1
        counts = [count]
    step = 8 if function < 3 else 1  # bits come in whole bytes
    for start in (2, 3, 1):
        counts += [count - step * k for k in range(start, 40, 2)]
        counts += [count + step * k for k in range(start, 40, 2)]
    most = min(MOST_BITS if function < 3 else MOST_WORDS, 0x10000 - address)
    apart = (request.head,) + owed
    made = [read_request(unit, function, address, each) for each in counts if 1 <= each <= most]
    made = [probe for probe in made if probe.head not in apart]
    far = [probe for probe in made if not confusable(probe, apart)]
    return far[:2] + [probe for probe in made if confusable(probe, apart)][:1] + far[2:]
