"""Who may charge at a station: whoever has any card, whose card is listed, or everybody without one.

Cards are listed in a file that only its owner may read: one a line as the station reads it, # begins a comment. It is
looked at anew when it has changed; one that cannot be read lets nobody in.
"""

import os

from drivers import key_file

ANY, LISTED, FREE = "any", "listed", "free"
WAYS = (ANY, LISTED, FREE)
OURS = "HUTSCHIENE"  # the card in whose name we start what needs none
MOST = 36  # characters of a card in OCPP 2.0.1; 1.6 has 20


def cards(path: str) -> "frozenset[str]":
    """In capitals, as makers differ in that. Raises ValueError in words a person can act on."""
    out = set()
    for number, row in key_file.rows(path):
        card = row.partition("#")[0].strip()
        if not card.isascii() or len(card) > MOST or " " in card:
            raise ValueError(f"{path}:{number}: allowed is one card a line, at most {MOST} letters and digits")
        out.add(card.upper())
    return frozenset(out)


class Cards:
    def __init__(self, way: str, path: str) -> None:
        assert way in WAYS
        self._way = way
        self._path = path
        self._seen: "tuple[int, int, int] | None" = None
        self._listed: "frozenset[str]" = frozenset()
        self.fault = ""  # what is wrong with the file

    @property
    def free(self) -> bool:
        return self._way == FREE

    def accepts(self, card: str) -> bool:
        if self._way != LISTED:
            return True
        self._renew()
        return card.upper() in self._listed

    def _renew(self) -> None:
        try:
            found = os.stat(self._path)
            seen = found.st_mtime_ns, found.st_size, found.st_ino
            if seen != self._seen:
                self._listed, self._seen, self.fault = cards(self._path), seen, ""
        except (OSError, ValueError) as error:
            self._listed, self._seen, self.fault = frozenset(), None, str(error)
