"""The card that a charging session was begun with, as a box keeps it in its registers: text, or its bytes."""

from collections import namedtuple

from hal.registers import Reg

HEX, ASCII, UTF16 = "hex", "ascii", "utf16"
TEXT = "text"  # of a document: no words at all
MOST_CHARACTERS = 40


class Card(namedtuple("Card", ("reg", "how"))):
    """reg: field "card", single words; how they are read: HEX, ASCII (two characters a word) or UTF16 (one)."""

    __slots__ = ()
    reg: Reg
    how: str


def card(function: int, address: int, words: int, how: str) -> Card:
    return Card(Reg("card", function, address, "u16", words, 1, 1), how)


def card_text(words: "tuple[int | None, ...]", how: str) -> "str | None":
    """None for no card: nothing but zeros, or what is no text."""
    known = [0xFFFF if word is None else word for word in words]
    if not any(known) or min(known) == 0xFFFF:
        return None
    if how == HEX:
        return "".join(["%04X" % word for word in known])
    codes = known
    if how == ASCII:
        codes = []
        for word in known:
            codes += [word >> 8, word & 0xFF]
    text = ""
    for code in codes:
        if not code:
            break
        if not 32 <= code < 127:
            return None
        text += chr(code)
    return text.strip()[:MOST_CHARACTERS] or None


def card_words(text: str, words: int, how: str) -> "tuple[int, ...]":
    """The inverse, for simulated boxes."""
    if how == HEX:
        return tuple([int(text[at:at + 4] or "0", 16) for at in range(0, 4 * words, 4)])
    codes = [ord(each) for each in text] + [0] * (2 * words)
    if how == UTF16:
        return tuple(codes[:words])
    return tuple([codes[2 * at] << 8 | codes[2 * at + 1] for at in range(words)])
