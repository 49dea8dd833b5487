"""What meters say of themselves in the telegrams they send anyhow: maker, type, serial number, firmware.

None of them says its accuracy class, whether it bears the M of the MID, or when it was checked: that is on the plate.
"""

from binascii import hexlify

from drivers.d0 import meter_id
from drivers.dataset import Line
from drivers.mbus_media import Address
from drivers.obis import Entry
from drivers.p1 import Telegram
from drivers.p1 import meter_id as p1_id
from drivers.passport import Passport, passport

_MAKER = (b"\x01\x00\x60\x32\x01\x01", b"\x81\x81\xc7\x82\x03\xff")  # 1-0:96.50.1*1, 129-129:199.130.3*255
_FIRMWARE = b"\x01\x00\x00\x02\x00"  # 1-0:0.2.0
_ELECTRICITY = 1


def of_sml(server: "bytes | None", entries: "tuple[Entry, ...]") -> Passport:
    said: "dict[str, str | None]" = {"serial": None if not server else plate_number(server)}
    for entry in entries:
        if entry.obis in _MAKER:
            said["maker"] = _text(entry.value)
        elif entry.obis[:5] == _FIRMWARE:
            said["firmware"] = _text(entry.value)
    return passport(said)


def plate_number(server: bytes) -> str:
    """0A 01 "EMH" 00 00BC614E is printed 1EMH0012345678 (DIN 43863-5); any other id is shown as its hex digits."""
    letters = _text(server[2:5])
    if len(server) == 10 and server[0] in (9, 10) and server[1] == _ELECTRICITY and letters and letters.isalpha():
        number = int.from_bytes(server[6:10], "big")
        if number < 10 ** 8:
            return "1%s%02X%08d" % (letters, server[5], number)
    return str(hexlify(server), "ascii")


def of_p1(telegram: Telegram) -> Passport:
    """The identification is the maker's three letters, a digit, and a type; the number mostly hex digits of letters."""
    number = p1_id(telegram)
    if number is not None and len(number) % 2 == 0:
        number = _unhexed(number) or number
    return passport({"maker": telegram.ident[:3] or None, "model": _type(telegram.ident[4:]), "serial": number})


def of_d0(maker: str, model: str, block: "tuple[Line, ...]") -> Passport:
    return passport({"maker": maker or None, "model": model or None, "serial": meter_id(block)})


def of_address(address: "Address | None") -> Passport:
    """Radio and wired M-Bus: the version is that of the meter's description, which changes with its firmware."""
    if address is None:
        return passport({})
    return passport({"maker": address.letters(), "serial": address.id, "firmware": "version %d" % address.version})


def _type(ident: str) -> "str | None":
    """A backslash and a sign before it say how the meter may be asked (IEC 62056-21)."""
    return (ident[2:] if ident[:1] == "\\" else ident).strip() or None


def _unhexed(digits: str) -> str:
    out = ""
    for at in range(0, len(digits), 2):
        if not all(letter in "0123456789abcdefABCDEF" for letter in digits[at:at + 2]):
            return ""
        code = int(digits[at:at + 2], 16)
        if not 0x20 < code < 0x7F:
            return ""
        out += chr(code)
    return out


def _text(value: object) -> "str | None":
    """Printable letters; None for anything else."""
    if not isinstance(value, bytes) or not value or not all(0x20 < byte < 0x7F for byte in value):
        return None
    return str(value, "ascii")
