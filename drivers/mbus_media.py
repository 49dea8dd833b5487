"""Who a meter is and how it feels: manufacturer letters, media and status bits of EN 13757-7."""

from collections import namedtuple

MEDIA = {
    0x00: "other", 0x01: "oil", 0x02: "electricity", 0x03: "gas", 0x04: "heat", 0x05: "steam", 0x06: "warm water",
    0x07: "water", 0x08: "heat cost allocation", 0x09: "compressed air", 0x0A: "cooling", 0x0B: "cooling",
    0x0C: "heat", 0x0D: "heat and cooling", 0x0E: "bus", 0x14: "calorific value", 0x15: "hot water",
    0x16: "cold water", 0x17: "warm and cold water", 0x18: "pressure", 0x19: "converter", 0x1A: "smoke", 0x1B: "room",
    0x1C: "gas detector", 0x20: "breaker", 0x21: "valve", 0x25: "display", 0x28: "waste water", 0x29: "waste",
    0x2A: "carbon dioxide", 0x31: "gateway", 0x32: "repeater", 0x33: "repeater", 0x36: "radio converter",
    0x37: "radio converter",
}
_APPLICATION = ("", "busy", "application error", "alarm")


class Address(namedtuple("Address", ("manufacturer", "id", "version", "medium"))):
    """A meter's name; the four together are unique."""

    __slots__ = ()
    manufacturer: int  # two bytes as sent
    id: str  # eight digits as printed on the meter
    version: int
    medium: int

    def letters(self) -> str:
        """"KAM"; "@" for none, "?" for what is no letter."""
        code = self.manufacturer & 0x7FFF
        signs = [code >> 10 & 31, code >> 5 & 31, code & 31]
        return "".join([chr(64 + sign) if sign <= 26 else "?" for sign in signs])

    def medium_word(self) -> str:
        return MEDIA.get(self.medium, "medium 0x%02X" % self.medium)

    def text(self) -> str:
        """One word that names the meter: "KAM-12345678-1B-16"; what key files and topics use."""
        return "%s-%s-%02X-%02X" % (self.letters(), self.id, self.version, self.medium)

    def packed(self) -> bytes:
        """Manufacturer, id, version, medium as they stand in a radio link header."""
        return bytes((self.manufacturer & 0xFF, self.manufacturer >> 8)) + id_bytes(self.id) + bytes(
            (self.version, self.medium))


def named(name: str) -> "Address | None":
    """Of what `Address.text` makes of one; None for any other word."""
    parts = name.split("-")
    if [len(part) for part in parts] != [3, 8, 2, 2] or not all([64 <= ord(sign) <= 90 for sign in parts[0]]) \
            or not all([digit in "0123456789ABCDEF" for digit in "".join(parts[1:])]):
        return None
    first, second, third = [ord(sign) - 64 for sign in parts[0]]
    return Address(first << 10 | second << 5 | third, parts[1], int(parts[2], 16), int(parts[3], 16))


def id_text(data: bytes) -> str:
    """Four bytes, low one first; meters with hex digits in it exist."""
    return "%02X%02X%02X%02X" % (data[3], data[2], data[1], data[0])


def id_bytes(word: str) -> bytes:
    return bytes((int(word[6:], 16), int(word[4:6], 16), int(word[2:4], 16), int(word[:2], 16)))


def radio_address(data: bytes) -> Address:
    """Eight bytes as in a radio link header: manufacturer first."""
    return Address(data[0] | data[1] << 8, id_text(data[2:6]), data[6], data[7])


def header_address(data: bytes) -> Address:
    """Eight bytes as in a long transport header: id first."""
    return Address(data[4] | data[5] << 8, id_text(data[:4]), data[6], data[7])


def status_words(status: int) -> "tuple[str, ...]":
    """The common bits in words; bits 5 to 7 are the maker's own."""
    words = [_APPLICATION[status & 3]] if status & 3 else []
    for bit, word in ((0x04, "low power"), (0x08, "permanent error"), (0x10, "temporary error")):
        if status & bit:
            words.append(word)
    if status & 0xE0:
        words.append("maker's 0x%02X" % (status & 0xE0))
    return tuple(words)
