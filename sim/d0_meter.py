"""A D0 optical port (IEC 62056-21): a meter that is asked (modes A, B, C) or pushes (D), as text and as a port.

Written apart from the reader, so that the two check each other. The meter hears only what comes at the rate it
listens at, sends with even parity, and says nothing to what it does not understand.
"""

from hal.ports import Clock, Dialogue
from hal.values import Phases
from sim.p1_meter import even, thousandths

RATES = (300, 600, 1200, 2400, 4800, 9600, 19200)
PAUSE_MS = 200  # before each answer
WAIT_MS = 1_500  # for the acknowledgement, then it listens for a sign-on again


class D0Meter:
    """One meter. `mode` A to D; `baud` is the rate it offers, or in mode D sends at."""

    def __init__(self, mode: str = "C", baud: int = 9600, number: int = 1, eight_bits: bool = False,
                 address: str = "") -> None:
        """`address`: a meter that has one answers to it, and to a sign-on without one."""
        assert mode in ("A", "B", "C", "D")
        assert baud in RATES
        self.mode = mode
        self.baud = baud
        self._number = "1HUT%010d" % number
        self._eight_bits = eight_bits
        self._address = address

    def ident(self) -> bytes:
        sign = {"A": "x", "B": chr(ord("A") + RATES.index(self.baud) - 1), "C": str(RATES.index(self.baud)), "D": "5"}
        return self._coded("/HUT%sSIM V1\r\n" % sign[self.mode])

    def is_meant(self, heard: bytes) -> bool:
        """Whether what was heard ends in a sign-on for this meter; zeros before an address do not count."""
        text = bytes(byte & 0x7F for byte in heard)
        start = text.rfind(b"/?")
        if start < 0 or not text.endswith(b"!\r\n") or even(text) != heard:
            return False
        asked = str(text[start + 2:-3], "ascii").lstrip("0")
        return asked in ("", self._address.lstrip("0"))

    def rows(self, power_w: Phases, import_wh: int, export_wh: int) -> "list[str]":
        """A stored value of last month stands among the current ones, which it is not."""
        total_w = power_w.total()
        return ["F.F(00000000)", "0.0.0(%s)" % self._number,
                "1-0:1.8.0*255(%s*kWh)" % thousandths(import_wh, 6), "1-0:1.8.0*01(000001.000*kWh)",
                "2.8.0(%s*kWh)" % thousandths(export_wh, 6), "1-0:16.7.0*255(%s*kW)" % thousandths(total_w, 3),
                "36.7.0(%d*W)56.7.0(%d*W)76.7.0(%d*W)" % tuple(power_w)]

    def block(self, power_w: Phases, import_wh: int, export_wh: int) -> bytes:
        """The answer to an acknowledgement, from STX to the block check."""
        text = bytes("\r\n".join(self.rows(power_w, import_wh, export_wh)) + "\r\n!\r\n\x03", "ascii")
        check = 0
        for byte in text:
            check ^= byte
        return even(b"\x02" + text + bytes((check,)))

    def frame(self, now_ms: int, power_w: Phases, current_ma: Phases, voltage_mv: Phases,
              import_wh: int, export_wh: int) -> bytes:
        """What mode D sends by itself."""
        rows = "\r\n".join(self.rows(power_w, import_wh, export_wh))
        return self.ident() + self._coded("\r\n%s\r\n!\r\n" % rows)

    def _coded(self, text: str) -> bytes:
        raw = bytes(text, "ascii")
        return raw if self._eight_bits else even(raw)


class D0Talk:
    """The meter's side of a conversation: `hear` what came at a rate, `due` what it says and at which."""

    def __init__(self, meter: D0Meter, block: "object") -> None:
        """`block()` is asked for the data when they are sent."""
        assert callable(block)
        self._meter = meter
        self._block = block
        self._heard = b""
        self._offered_ms = -WAIT_MS  # when the identification went out
        self._next: "list[tuple[int, int, str]]" = []  # (when, rate, what)
        self.garbled = 0  # pieces that came at a rate it does not listen at

    def hear(self, data: bytes, baud: int, now_ms: int) -> None:
        if baud != RATES[0]:
            self.garbled += 1
            return
        self._heard = (self._heard + data)[-40:]
        if self._meter.is_meant(self._heard):
            self._next = [(now_ms + PAUSE_MS, RATES[0], "ident")]
            self._offered_ms, self._heard = now_ms, b""
            if self._meter.mode != "C":
                rate = RATES[0] if self._meter.mode == "A" else self._meter.baud
                self._next.append((now_ms + 4 * PAUSE_MS, rate, "block"))
        elif self._heard[-1:] == b"\n" and now_ms - self._offered_ms < 4 * WAIT_MS:
            self._acknowledged(now_ms)

    def _acknowledged(self, now_ms: int) -> None:
        text = bytes(byte & 0x7F for byte in self._heard[-6:])
        self._heard = b""
        if len(text) == 6 and text[:2] == b"\x060" and text[3:] == b"0\r\n" and 0x30 <= text[2] <= 0x36:
            self._next = [(now_ms + PAUSE_MS, RATES[text[2] - 0x30], "block")]

    def due(self, now_ms: int) -> "tuple[bytes, int] | None":
        """(bytes, rate) that leave now, None while there is nothing to say."""
        if not self._next or self._next[0][0] > now_ms:
            return None
        _, baud, what = self._next.pop(0)
        return (self._meter.ident() if what == "ident" else self._block()), baud


class D0Port(Dialogue):
    """The head on the meter, on a simulated clock; what is heard at another rate than it was sent is garbage."""

    def __init__(self, clock: Clock, talk: D0Talk, baud: int = 300, echo: bool = False) -> None:
        """`echo`: the head hears its own light."""
        self._clock = clock
        self._talk = talk
        self._baud = baud
        self._echo = echo
        self._wire: "list[tuple[int, int]]" = []  # (when it has arrived in us, byte)

    def read(self, most: int, wait_ms: int) -> bytes:
        until_ms = self._clock.now_ms() + wait_ms
        while True:
            now_ms = self._clock.now_ms()
            said = self._talk.due(now_ms)
            if said is not None:
                self._carry(said[0], said[1], now_ms)
            here = sum(1 for arrived_us, _ in self._wire if arrived_us <= now_ms * 1000)
            if here or now_ms >= until_ms:
                taken = min(here, most)
                out = bytes(byte for _, byte in self._wire[:taken])
                self._wire = self._wire[taken:]
                return out
            self._clock.sleep_ms(min(until_ms - now_ms, 10))

    def write(self, data: bytes) -> None:
        self._clock.sleep_ms(len(data) * 10_000 // self._baud)
        if self._echo:
            self._carry(data, self._baud, self._clock.now_ms())
        self._talk.hear(data, self._baud, self._clock.now_ms())

    def set_baud(self, baud: int) -> None:
        self._baud = baud

    def _carry(self, data: bytes, baud: int, now_ms: int) -> None:
        byte_us = 10_000_000 // baud
        for at, byte in enumerate(data):
            self._wire.append((now_ms * 1000 + (at + 1) * byte_us, byte if baud == self._baud else byte ^ 0x55))
