"""A Modbus RTU master that never hands out another request's answer: hal.ports.Bus over a Port.

What the bytes mean is decided in drivers.modbus_rtu, what may still come late in drivers.modbus_owed;
here is the time. Before each request the line must have been silent for a frame gap and the pause; what is
heard meanwhile is sorted, never believed. The answer must be complete within twice the time both frames
need on the wire plus the device's delay. A unit that says nothing costs one time-out; a spoilt answer is
asked for once more. So a read takes at most three time-outs, and only of a unit that does talk.

Another master on the line is no use case, but it happens. Its traffic is recognised and let finish. While
one has been heard lately, and after opening, the line is listened to after each answer for as long as
that unit has ever needed to answer: when two answers come that may be ours, none is believed.
"""

from drivers.modbus_owed import Owed, confusable, probes
from drivers.modbus_rtu import (
    FOUND,
    MISSHAPEN,
    MOST_FRAME,
    REFUSED,
    SILENT,
    SPOILT,
    WRITING,
    Request,
    Verdict,
    asked_by,
    character_us,
    concluded,
    gap_us,
    judge,
    nothing,
    pending,
    read_request,
    split,
    values_of,
    write_request,
)
from hal import faults
from hal.faults import DeviceError
from hal.ports import Bus, Clock

DELAY_MS = 300  # default for the longest time a device takes before it answers
MOST_HEARD = 4 * MOST_FRAME  # more in one exchange is babble
LUMP_MS = 16  # USB adapters hand bytes over in lumps of up to this (FTDI's latency timer)
IDLE_MS = 60  # silence that ends a spoilt answer
REOPEN_MS = 50  # between attempts while a lost port is waited for
OPEN_MS = 50  # silence after opening: an earlier master of this line may still be answered
BUSY_MS = 1_000  # in one call: how long other masters are let finish; twice that for any silence at all
CAREFUL_FIRST_MS = 5_000  # after opening: is another master there?
CAREFUL_MS = 60_000  # after another master was heard
CAREFUL_LISTEN_MS = 60  # a second answer begins within this, until a slower answer of that unit was seen
RENDEZVOUS_MS = 150  # how long the end of another master's exchange is awaited; doubled by each collision
FOREIGN_MS = 300  # how long a slave is given to answer another master
MOST_PROBES = 3  # in one attempt
MOST_REFUSED = 6  # the same, of a unit that refuses them
MOST_REPEATS = 3  # of a read, when the line is ours alone; else 1

KINDS = {SILENT: faults.TIMEOUT, MISSHAPEN: faults.FRAME, SPOILT: faults.FRAME, REFUSED: faults.REFUSED}


class Port:
    """The bytes of one line. Trouble with the port itself is DeviceError(TIMEOUT), and closes it."""

    def is_open(self) -> bool:
        raise NotImplementedError

    def open(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def say(self, frame: bytes) -> None:
        """Returns at once, or when the frame is out."""
        raise NotImplementedError

    def hear(self, wait_ms: int) -> bytes:
        """What has come, after waiting for the first byte at most `wait_ms`."""
        raise NotImplementedError


class RtuMaster(Bus):
    """One line. Not for several threads: a line has one worker."""

    def __init__(self, port: Port, clock: Clock, baud: int = 9600, parity: str = "N", stop_bits: int = 1,
                 echo: str = "auto", pause_ms: int = 0, delay_ms: int = DELAY_MS, alone: bool = False) -> None:
        """`echo`: "yes" when the adapter repeats what is sent, "no" when not, "auto" to find out.

        `pause_ms` is added to the frame gap for slow devices, `delay_ms` is the longest a device takes
        before it answers. `alone`: no other device waits for this line, so a unit that has missed one
        answer is asked again at once, a lost port is waited for during `delay_ms`, and a late answer that
        cannot be told apart is sat out rather than reported.
        """
        assert echo in ("auto", "yes", "no")
        self._port = port
        self._clock = clock
        self._character_us = character_us(baud, parity, stop_bits)
        self._gap_ms = -(-gap_us(baud, parity, stop_bits) // 1000) + pause_ms
        self._delay_ms = delay_ms
        self._alone = alone
        self._find_echo = echo == "auto"
        self._echo: "bool | None" = None if self._find_echo else echo == "yes"  # None: not known yet
        self._owed = Owed()
        self._torn = b""  # a frame whose beginning was heard when an exchange ended
        self._quiet_ms = 0  # when the last byte on the line ended
        self._careful_ms = 0  # until then a second answer is listened for
        self._shared_ms = 0  # until then another master is let finish first
        self._busy_ms = 0  # until then another master is let finish; set by each call
        self._rendezvous_ms = RENDEZVOUS_MS
        self._missing = False  # the port could not be opened when it was last tried
        self._slowest_ms: "dict[int, int]" = {}  # by unit: longest wait for a believed answer
        self._silent: "set[int]" = set()  # units that said nothing when they were last asked

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        assert 1 <= unit <= 247
        request = read_request(unit, function, address, count)
        patient_ms = self._timeout_ms(request) * (4 if self._alone else 1) // 2
        until_ms = self._clock.now_ms() + patient_ms
        self._busy_ms = self._clock.now_ms() + BUSY_MS
        lively = self._alone and unit not in self._silent and not self._missing
        verdict = self._ask(request)
        for _ in range(MOST_REPEATS if self._alone else 1):
            spoilt = verdict.kind == SPOILT and self._clock.now_ms() < until_ms
            if not spoilt and not (lively and verdict.kind == SILENT):
                break
            lively = lively and spoilt  # silence is asked again once
            verdict = self._ask(request)
        return values_of(_believed(verdict), count)

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        """Sent once: whether a write without confirmation was done, a read must show."""
        assert 1 <= unit <= 247
        self._busy_ms = self._clock.now_ms() + BUSY_MS
        _believed(self._ask(write_request(unit, function, address, values)))

    def close(self) -> None:
        self._port.close()

    def _ask(self, request: Request) -> Verdict:
        """One attempt, after what its answer needs to be trusted.

        A write goes out even when its confirmation could not be trusted: it may be the one that stops a load.
        """
        try:
            self._await_silence()
            obstacle = self._settle(request) if confusable(request, self._heads(request)) else None
            if obstacle is None and request.mirrored() and self._echo is None:
                obstacle = self._learn_echo(request)
            if obstacle is None:
                return self._exchange(request)
            if request.body[1] in WRITING:
                self._exchange(request, trusted=False)
            return obstacle
        except DeviceError as error:
            return nothing(SPOILT if error.kind == faults.FRAME else SILENT, error.detail)

    def _heads(self, request: Request) -> "tuple[bytes, ...]":
        return self._owed.heads(request.body[0], self._clock.now_ms())

    def _settle(self, request: Request) -> "Verdict | None":
        """Makes sure that no answer like that to `request` can still come; else why that is not known."""
        verdict, refused = None, False
        owed = self._heads(request)
        for probe in probes(request, owed)[:max(MOST_PROBES, min(len(owed) + 1, MOST_REFUSED))]:
            if refused and confusable(request, (probe.head,)):
                continue  # it would be owed itself
            verdict = self._exchange(probe)
            if verdict.kind in (SILENT, MISSHAPEN):
                return verdict
            refused = verdict.kind == REFUSED
            if not confusable(request, self._heads(request)):
                return None
        if verdict is not None and verdict.kind == SPOILT:
            return verdict
        if verdict is not None and verdict.kind == FOUND:
            return nothing(SPOILT, "another master keeps asking for the same")
        if not self._alone:
            return nothing(SILENT, "a late answer may still come")
        self._clock.sleep_ms(self._owed.lapses_ms(request.body[0], self._clock.now_ms()))
        return None

    def _learn_echo(self, request: Request) -> "Verdict | None":
        """An echo of functions 5 and 6 looks like their confirmation; a read shows whether there is one."""
        verdict = self._exchange(probes(request, self._heads(request))[0])
        if self._echo is None:
            return nothing(verdict.kind, "an echo would look like the confirmation: " + verdict.detail)
        return None

    def _exchange(self, request: Request, trusted: bool = True) -> Verdict:
        """One request on the wire, and what came of it; whatever is not believed is owed from then on."""
        self._await_silence()
        owed = self._heads(request)
        if trusted and request.head in owed:  # another master has just asked for the same
            return nothing(SPOILT, "another master waits for an answer of the same shape")
        try:
            self._port.say(request.frame())
            verdict = self._listen(request, owed, self._owed.elsewhere(request.body[0], self._clock.now_ms()))
        except DeviceError:
            self._owed.add(request.head, self._clock.now_ms())
            raise
        now_ms = self._clock.now_ms()
        for frame in verdict.settled:
            self._owed.settle(frame)
        if verdict.kind == FOUND and trusted:
            self._owed.settle_all(request.body[0])
        elif verdict.kind != REFUSED or owed or verdict.others:
            self._owed.add(request.head, now_ms)
            if verdict.kind == REFUSED and not verdict.others and now_ms >= self._shared_ms:
                self._owed.retire(request.body[0])
        for head in verdict.asked:
            self._owed.add(head, now_ms)
        self._learn(request.body[0], verdict, now_ms)
        return verdict

    def _learn(self, unit: int, verdict: Verdict, now_ms: int) -> None:
        if verdict.others:
            self._shared_ms = now_ms + CAREFUL_MS
        if verdict.kind == SPOILT:
            self._rendezvous_ms = min(2 * self._rendezvous_ms, BUSY_MS)
        elif verdict.kind == FOUND:
            self._rendezvous_ms = max(self._rendezvous_ms // 2, RENDEZVOUS_MS)
        if verdict.others or verdict.kind == MISSHAPEN:
            self._careful_ms = now_ms + CAREFUL_MS
        if verdict.kind == SILENT:
            self._silent.add(unit)
        else:
            self._silent.discard(unit)
        if not self._find_echo:
            return
        if verdict.echoed:
            self._echo = True
        elif verdict.kind == SPOILT or self._echo:
            self._echo = None
        elif verdict.kind != SILENT:
            self._echo = False

    def _listen(self, request: Request, owed: "tuple[bytes, ...]", elsewhere: "tuple[bytes, ...]") -> Verdict:
        """Everything until the answer stands alone, until it is spoilt, or until its time is over."""
        unit = request.body[0]
        sent_ms = self._clock.now_ms()
        latest_ms = until_ms = sent_ms + self._timeout_ms(request)
        heard = b""
        found_ms = 0
        verdict = judge(request, heard)
        while len(heard) <= MOST_HEARD:
            now_ms = self._clock.now_ms()
            lump = self._port.hear(until_ms - now_ms)
            if not lump and now_ms >= until_ms:
                self._torn = split(heard)[-1][0]
                if verdict.kind == FOUND:
                    self._slowest_ms[unit] = max(found_ms - sent_ms, self._slowest_ms.get(unit, 0))
                return verdict
            if not lump:
                continue
            heard += lump + self._rest_of(request, len(heard) + len(lump))
            self._quiet_ms = now_ms = self._clock.now_ms()
            verdict = judge(request, heard, owed, self._echo is not False, elsewhere)
            if verdict.kind in (FOUND, REFUSED):
                found_ms = found_ms or now_ms
                until_ms = max(now_ms + self._gap_ms, found_ms + self._listen_ms(unit, found_ms - sent_ms))
            elif verdict.kind in (SPOILT, MISSHAPEN) and not verdict.others:
                until_ms = min(latest_ms, now_ms + IDLE_MS)
            else:
                until_ms = latest_ms
        return nothing(SPOILT, "the line never falls silent")

    def _rest_of(self, request: Request, heard_bytes: int) -> bytes:
        """What comes within a moment, so that a frame is not looked at byte by byte."""
        missing_us = (request.answer_bytes + 2 - heard_bytes) * self._character_us
        if missing_us < 1000:
            return b""
        self._clock.sleep_ms(min(LUMP_MS, missing_us // 1000))
        return self._port.hear(0)

    def _listen_ms(self, unit: int, took_ms: int) -> int:
        """How long after an answer a second one is listened for."""
        if self._clock.now_ms() >= self._careful_ms:
            return self._gap_ms
        return max(CAREFUL_LISTEN_MS, took_ms, self._slowest_ms.get(unit, 0))

    def _timeout_ms(self, request: Request) -> int:
        frames_bytes = len(request.body) + 2 + request.answer_bytes + 2
        if self._echo is not False:
            frames_bytes += len(request.body) + 2
        return self._delay_ms + 2 * frames_bytes * self._character_us // 1000 + 1

    def _await_silence(self) -> None:
        """Drains the line until it may be spoken on. Nothing heard here is believed."""
        if not self._port.is_open():
            self._open()
        heard = b""
        start_ms = self._clock.now_ms()
        while True:
            now_ms = self._clock.now_ms()
            wait_ms = self._free_ms(self._torn + heard if heard else heard, start_ms, now_ms) - now_ms
            lump = self._port.hear(wait_ms)
            if lump:
                heard = (heard + lump)[-MOST_HEARD:]
                self._quiet_ms = self._clock.now_ms()
                if now_ms > self._busy_ms + BUSY_MS:
                    raise DeviceError(faults.FRAME, "the line never falls silent")
            elif wait_ms <= 0:
                break
        if heard:
            self._sort(self._torn + heard)
        self._torn = b""

    def _free_ms(self, heard: bytes, start_ms: int, now_ms: int) -> int:
        """When the line may be spoken on if nothing more is heard.

        Another master is let finish. While one is known to be there, its next exchange is awaited for a
        short while: the best time to speak is when it has just ended.
        """
        free_ms = self._quiet_ms + self._gap_ms
        shared = now_ms < self._shared_ms
        if shared and not heard and now_ms < self._busy_ms:
            return max(free_ms, start_ms + self._rendezvous_ms)
        open_end = not concluded(heard) if shared else bool(heard and pending(heard))
        if open_end and now_ms < self._busy_ms:
            return self._quiet_ms + max(self._gap_ms, min(self._delay_ms, FOREIGN_MS))
        return free_ms

    def _sort(self, heard: bytes) -> None:
        """What was heard outside our exchanges: late answers of ours, or another master."""
        now_ms = self._clock.now_ms()
        for _, frame in split(heard):
            if frame and not self._owed.settle(frame) and not self._owed.refused(frame):
                self._careful_ms = self._shared_ms = now_ms + CAREFUL_MS
                if asked_by(frame):
                    self._owed.add(asked_by(frame), now_ms)

    def _open(self) -> None:
        latest_ms = self._clock.now_ms() + (self._delay_ms if self._alone else 0)
        while not self._port.is_open():
            try:
                self._port.open()
            except DeviceError:
                self._missing = True
                if self._clock.now_ms() >= latest_ms:
                    raise
                self._clock.sleep_ms(REOPEN_MS)
        self._missing = False
        now_ms = self._clock.now_ms()
        self._quiet_ms = now_ms + OPEN_MS
        self._careful_ms = max(self._careful_ms, now_ms + CAREFUL_FIRST_MS)
        if self._find_echo:
            self._echo = None


def _believed(verdict: Verdict) -> bytes:
    if verdict.kind != FOUND:
        raise DeviceError(KINDS[verdict.kind], verdict.detail)
    return verdict.answer
