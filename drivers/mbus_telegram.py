"""The layers of a telegram between link and records (EN 13757-4, EN 13757-7, OMS 4), without any key.

Radio: link header, extended link layer (CI 8C 8D 8E 8F), authentication and fragmentation layer (90), transport
layer (72 long, 7A short, 78 none). Wired: 72 behind the long frame's own address. Whatever the bytes are, the
only exception is MBusError.

`seal` says what must be opened before `body` is records: "" nothing, "ell-ctr", "mode 5", "mode 7", ... The
meter's id (and with it the start value of the ciphers) is the innermost one that is sent in the clear.
"""

from collections import namedtuple

from drivers.mbus_frame import Frame
from drivers.mbus_media import Address, header_address, radio_address
from drivers.mbus_records import parse
from drivers.wmbus_frame import LEAST, crc

# 80, 8A and 8B: a header with nothing behind it, as a meter sends to confirm or to be asked (ACC-NR, ACC-DMD)
LONG_HEADER = (0x53, 0x5B, 0x60, 0x64, 0x68, 0x6B, 0x6C, 0x6F, 0x72, 0x73, 0x75, 0x7C, 0x7E, 0x80, 0x8B)
SHORT_HEADER = (0x5A, 0x61, 0x65, 0x6A, 0x6E, 0x74, 0x7A, 0x7B, 0x7D, 0x7F, 0x8A)
NO_HEADER = (0x69, 0x70, 0x78, 0x79)
RECORDS = (0x72, 0x78, 0x7A)  # the application layer is records with DIF and VIF
COMPACT = (0x73, 0x79, 0x7B)  # the same without DIF and VIF, which an earlier telegram had
FIXED = 0x73  # wired: the old fixed structure
FRAGMENT = "fragment"
MACS = {3: 2, 4: 4, 5: 8, 6: 12, 7: 16, 8: 12}  # kind of authentication -> bytes of its code


class MBusError(ValueError):
    """The bytes are no telegram; the words say why."""


class Afl(namedtuple("Afl", ("mcl", "counter", "mac", "covered", "fragment", "more", "length"))):
    """Authentication: the code `mac` over `covered`, message control byte and counter first.

    Of a fragment `covered` is what comes before the message itself.
    """

    __slots__ = ()
    mcl: int
    counter: "int | None"
    mac: bytes
    covered: bytes
    fragment: int  # its number, from 1; 0 of a message in one piece
    more: bool  # fragments follow
    length: "int | None"  # bytes of the whole message, where it is said


class Ell(namedtuple("Ell", ("control", "session", "sealed"))):
    """Extended link layer with session number. `sealed`: everything behind it is encrypted with AES-CTR."""

    __slots__ = ()
    control: int
    session: "int | None"
    sealed: bool


class Telegram(namedtuple("Telegram", (
    "wired", "link", "meter", "access", "status", "seal", "ci", "body", "blocks", "kdf", "ell", "afl",
))):
    """One telegram, opened as far as it can be without a key."""

    __slots__ = ()
    wired: bool
    link: "Address | None"  # who sent it: the meter or its radio adapter
    meter: "Address | None"  # None behind a wired frame without long header
    access: "int | None"
    status: "int | None"
    seal: str  # FRAGMENT: `body` is a piece, for drivers.afl_fragments
    ci: int  # of the application layer; 0 while that is sealed
    body: bytes  # records, or what is encrypted
    blocks: int  # how many blocks of 16 bytes of the body are encrypted (modes 5 and 7)
    kdf: int  # key derivation, mode 7; 1 is the one OMS has
    ell: "Ell | None"
    afl: "Afl | None"


def of_radio(frame: bytes) -> Telegram:
    """`frame` is bare: from the length byte on, without CRCs."""
    if len(frame) < LEAST or len(frame) != frame[0] + 1:
        raise MBusError("length byte %d before %d bytes" % (frame[0] if frame else 0, max(0, len(frame) - 1)))
    link = radio_address(frame[2:10])
    return _layers(frame[10:], Telegram(False, link, link, None, None, "", 0, b"", 0, 0, None, None))


def of_wire(frame: Frame) -> Telegram:
    if frame.ci not in LONG_HEADER or frame.ci == FIXED:
        return Telegram(True, None, None, None, None, "", frame.ci, frame.data, 0, 0, None, None)
    return _layers(bytes((frame.ci,)) + frame.data,
                   Telegram(True, None, None, None, None, "", 0, b"", 0, 0, None, None))


def inside(telegram: Telegram, plain: bytes) -> Telegram:
    """Goes on where the extended link layer was sealed: `plain` is its checksum and what follows."""
    assert telegram.ell is not None
    return _layers(_checked(plain), _with(telegram, ell=Ell(telegram.ell.control, telegram.ell.session, False),
                                          seal="", body=b""))


def opened(telegram: Telegram, body: bytes) -> Telegram:
    """The same with its records in the clear."""
    return _with(telegram, seal="", body=body, blocks=0)


def _with(telegram: Telegram, **new: object) -> Telegram:
    values = []
    for name, old in zip(NAMES, telegram):
        values.append(new.get(name, old))
    return Telegram(*values)


NAMES = ("wired", "link", "meter", "access", "status", "seal", "ci", "body", "blocks", "kdf", "ell", "afl")


def _need(data: bytes, count: int, what: str) -> None:
    if len(data) < count:
        raise MBusError(what + " cut short")


def _layers(data: bytes, telegram: Telegram) -> Telegram:
    """Layer after layer; each may stand once."""
    for _ in range(4):
        _need(data, 1, "CI")
        ci = data[0]
        if 0x8C <= ci <= 0x8F and telegram.ell is None:
            telegram, data = _ell(data, telegram)
            if telegram.seal:
                return _with(telegram, body=data)
        elif ci == 0x90 and telegram.afl is None:
            telegram, data = _afl(data, telegram)
            if telegram.seal:
                return _with(telegram, body=data)
        else:
            return _transport(data, telegram)
    raise MBusError("too many layers")


def _ell(data: bytes, telegram: Telegram) -> "tuple[Telegram, bytes]":
    ci = data[0]
    end = 3 + (8 if ci >= 0x8E else 0)
    _need(data, end, "extended link layer")
    meter = radio_address(data[3:11]) if ci >= 0x8E else telegram.meter
    if ci in (0x8C, 0x8E):
        return _with(telegram, meter=meter, access=data[2], ell=Ell(data[1], None, False)), data[end:]
    _need(data, end + 6, "extended link layer")
    session = int.from_bytes(data[end:end + 4], "little")
    method = session >> 29
    if method > 1:
        raise MBusError("extended link layer with encryption %d" % method)
    telegram = _with(telegram, meter=meter, access=data[2], ell=Ell(data[1], session, method == 1),
                     seal="ell-ctr" if method else "")
    rest = data[end + 4:]
    return telegram, rest if method else _checked(rest)


def _checked(data: bytes) -> bytes:
    """What follows the checksum of the extended link layer."""
    _need(data, 2, "extended link layer")
    if crc(data[2:]) != data[0] << 8 | data[1] and crc(data[2:]) != data[1] << 8 | data[0]:
        raise MBusError("the extended link layer's checksum is wrong")
    return data[2:]


def _afl(data: bytes, telegram: Telegram) -> "tuple[Telegram, bytes]":
    _need(data, 4, "AFL")
    end, field = 2 + data[1], data[2] | data[3] << 8
    header, rest = data[4:end], data[end:]
    _need(data, end, "AFL")
    mcl, covered = 0, b""
    counter: "int | None" = None
    whole: "int | None" = None
    if field & 0x2000:
        _need(header, 1, "AFL")
        mcl, covered, header = header[0], header[:1], header[1:]
    if field & 0x0200:
        header = header[2:]  # key information
    if field & 0x0800:
        _need(header, 4, "AFL")
        counter, covered, header = int.from_bytes(header[:4], "little"), covered + header[:4], header[4:]
    size = 0
    if field & 0x0400:  # the message's first fragment alone says how long its code is
        size = MACS.get(mcl & 0x0F, 0) if field & 0x2000 else len(header) - (2 if field & 0x1000 else 0)
    _need(header, max(0, size), "AFL")
    mac, header = header[:max(0, size)], header[max(0, size):]
    if field & 0x1000:
        _need(header, 2, "AFL")
        whole, covered = header[0] | header[1] << 8, covered + header[:2]
    number, more = field & 0xFF, bool(field & 0x4000)
    if more or number > 1:
        return _with(telegram, afl=Afl(mcl, counter, mac, covered, number, more, whole), seal=FRAGMENT), rest
    return _with(telegram, afl=Afl(mcl, counter, mac, covered + rest, 0, False, whole)), rest


def joined(telegram: Telegram, afl: Afl, body: bytes) -> Telegram:
    """Goes on behind the fragments: `body` is the whole message."""
    return _layers(body, _with(telegram, afl=afl, seal="", body=b""))


def _transport(data: bytes, telegram: Telegram) -> Telegram:
    ci = data[0]
    if ci in LONG_HEADER:
        _need(data, 13, "long header")
        meter: "Address | None" = header_address(data[1:9])
        data = data[9:]
    elif ci in SHORT_HEADER:
        _need(data, 5, "short header")
        meter, data = telegram.meter, data[1:]
    else:
        return _with(telegram, ci=ci, body=data[1:])
    config, body = data[2] | data[3] << 8, data[4:]
    mode, blocks, kdf = config >> 8 & 0x1F, config >> 4 & 0x0F, 0
    if telegram.wired and not _seals(mode, blocks, len(body)):
        mode = 0
    if mode in (7, 13) and body:
        kdf, body = body[0] >> 4 & 3, body[1:]
    return _with(telegram, meter=meter, access=data[0], status=data[1], ci=ci, body=body, kdf=kdf,
                 seal="mode %d" % mode if mode else "", blocks=blocks)


def _seals(mode: int, blocks: int, size: int) -> bool:
    """On a wire the same two bytes were a signature that meant nothing, before there was encryption."""
    return 0 < 16 * blocks <= size if mode in (5, 7) else mode in (8, 9, 10, 13)


def plain(telegram: Telegram) -> "Telegram | None":
    """A telegram that says it is sealed and is not, as in recordings someone has opened; None when it is sealed.

    For files only: on the air such a telegram may be anybody's.
    """
    if telegram.seal == "ell-ctr":
        try:
            return plain(inside(telegram, telegram.body))
        except MBusError:
            return None
    if telegram.seal in ("mode 5", "mode 7"):
        good = telegram.body[:2] == b"\x2f\x2f" and not parse(telegram.body).fault
        return opened(telegram, telegram.body) if good else None
    return None if telegram.seal else telegram
