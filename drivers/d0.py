"""IEC 62056-21, what D0 optical heads speak, without I/O: modes A to C are asked, mode D sends by itself.

Asking: `/?!` at 300 baud; the meter answers `/XXXZident`, where Z is the baud rate it offers (mode C: a digit);
the acknowledgement names the rate for both, then come STX, the data lines, `!`, ETX and a block check. Mode B
(a letter) switches without an acknowledgement, mode A (anything else) does not switch.

Characters have seven bits and even parity (see drivers.dataset); an optical head also hears what is sent.
"""

from collections import namedtuple

from drivers import dataset
from drivers.dataset import DataError, Line

SIGN_ON_BAUD = 300
MOST_ADDRESS = 32  # by the standard: characters of a device address
MOST_BYTES = 16_384
MOST_IDENT = 64  # by the standard: maker 3, rate 1, model 16
REACTION_MS = 200  # of ours, after the meter has spoken; a lower-case third letter of the maker allows 20
SILENCE_MS = 1_500  # the standard: longest gap between two characters, and before the meter answers
_RATES = (300, 600, 1200, 2400, 4800, 9600, 19200)
_STX, _ETX = b"\x02", b"\x03"


class Ident(namedtuple("Ident", ("maker", "model", "mode", "baud"))):
    """Who answered, and how it goes on."""

    __slots__ = ()
    maker: str
    model: str
    mode: str  # "A", "B" or "C"
    baud: int  # it offers


def request(address: str = "") -> bytes:
    """The sign-on, with parity: to the meter of this address, or to whichever is there."""
    assert is_address(address)
    return dataset.with_parity(b"/?" + bytes(address, "ascii") + b"!\r\n")


def is_address(text: str) -> bool:
    """Of a device: letters, digits and blanks."""
    return len(text) <= MOST_ADDRESS and all(
        "0" <= letter <= "9" or "A" <= letter <= "Z" or "a" <= letter <= "z" or letter == " " for letter in text)


def ident_of(data: bytes) -> "Ident | None":
    """Of the first whole identification line in `data`; our own request, heard back, is not one."""
    if b"\n" not in data:  # its parity bit is 0
        return None
    text = _masked(data)
    at = text.find(b"/")
    while at >= 0:
        end = text.find(b"\r\n", at)
        row = text[at:end]
        if end > at and len(row) >= 5 and row[1] != 0x3F and len(row) <= MOST_IDENT:
            return _ident(row)
        at = text.find(b"/", at + 1)
    return None


def acknowledge(ident: Ident, most_baud: int) -> "tuple[bytes, int]":
    """(what to send, the rate from then on): data readout at what the meter offers, at most `most_baud`."""
    if ident.mode != "C":
        return b"", ident.baud
    baud = max(rate for rate in _RATES if rate <= min(ident.baud, max(most_baud, SIGN_ON_BAUD)))
    return dataset.with_parity(b"\x060%d0\r\n" % _RATES.index(baud)), baud


def readout(data: bytes) -> "tuple[Line, ...] | None":
    """The data lines of the block in `data`, once it is here to its check; None before. Raises DataError."""
    if _ETX not in data:  # its parity bit is 0
        return None
    text = _masked(data)
    start = text.find(_STX)
    end = text.find(_ETX, start + 1)
    if start < 0 or end < 0 or len(data) < end + 2:
        return None
    if block_check(text[start + 1:end + 1]) != text[end + 1]:
        raise DataError("the block check is wrong")
    if dataset.plain(data[start:end + 2]) is None:
        raise DataError("a parity bit is wrong")
    mark = text.rfind(b"!", start, end)
    if mark < 0:
        raise DataError("no end mark")
    return dataset.lines(text[start + 1:mark])


def block_check(covered: bytes) -> int:
    """Over what stands behind STX, up to and with ETX (ISO 1155, seven bits)."""
    check = 0
    for byte in covered:
        check ^= byte
    return check & 0x7F


def meter_id(block: "tuple[Line, ...]") -> "str | None":
    return dataset.text_of(block, "96.1.0", "96.1.255", "0.0.0", "0.0.9", "C.1.0", "96.1.1")


def _ident(row: bytes) -> Ident:
    words = str(bytes([byte if 0x20 <= byte < 0x7F else 0x3F for byte in row]), "ascii")
    maker, sign, model = words[1:4], words[4], words[5:]
    if "0" <= sign <= "6":
        return Ident(maker, model, "C", _RATES[ord(sign) - ord("0")])
    if "A" <= sign <= "F":
        return Ident(maker, model, "B", _RATES[ord(sign) - ord("A") + 1])
    return Ident(maker, sign + model, "A", SIGN_ON_BAUD)


def _masked(data: bytes) -> bytes:
    return bytes([byte & 0x7F for byte in data])
