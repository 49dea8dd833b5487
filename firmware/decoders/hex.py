"""Recorded bytes as they are, or as hex digits with spaces and lines between them: the first piece shows which."""

_HEX = b"0123456789abcdefABCDEF \t\r\n"
_SPACES = b" \t\r\n"


class HexOrBytes:
    def __init__(self) -> None:
        self._digits: "bytes | None" = None  # half a byte of hex that waits for its other half; None = not known yet
        self._text = False

    def feed(self, data: bytes) -> bytes:
        """Raises ValueError when text is no hex any more."""
        if self._digits is None and data:
            self._digits = b""
            self._text = all(letter in _HEX for letter in data)
        if not self._text:
            return data
        digits = (self._digits or b"") + bytes(letter for letter in data if letter not in _SPACES)
        half = len(digits) % 2
        self._digits = digits[len(digits) - half:]
        try:
            return bytes.fromhex(digits[:len(digits) - half].decode("ascii"))
        except ValueError as error:
            raise ValueError("neither hex digits alone nor bytes alone") from error
