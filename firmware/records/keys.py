"""Where the key that signs is kept: a file of mode 0600 beside the records, or a token (PKCS#11).

A change of the key is announced by the one before it: one that was prepared, or the first key in a token, which the
file that signed until then announces. What is announced and not taken over yet is found again at the next start.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from drivers import signing
from drivers.signing import Signer
from firmware.config.tables import RecordsTable

if TYPE_CHECKING:
    from drivers.token_signing import Token

KEY = "records.key"
NEXT_KEY = "records.key.next"  # prepared by `export SITE.toml new-key`, taken over at the next start
FORMER_KEY = "records.key.former"


class Change(NamedTuple):
    before: "Signer | None"  # None: it is gone
    after: Signer
    done: "Callable[[], None]"  # once it is announced


class Keys:
    """In a file. Raises OSError, ValueError in words a person can act on, signing.SignerGone."""

    where = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def current(self) -> "tuple[Signer, bool]":
        """The key, and whether it was made just now."""
        try:
            return self.known(), False
        except FileNotFoundError:
            return signing.make(self._folder / KEY), True

    def known(self) -> Signer:
        """Makes none; FileNotFoundError."""
        return signing.load(self._folder / KEY)

    def change(self) -> "Change | None":
        """One that is pending."""
        path = self._folder / NEXT_KEY
        if not path.exists():
            return None
        return Change(self.known() if (self._folder / KEY).exists() else None, signing.load(path),
                      lambda: os.replace(path, self._folder / KEY))

    def prepare(self) -> "Signer | None":
        """None: one is prepared already."""
        path = self._folder / NEXT_KEY
        return None if path.exists() else signing.make(path)

    def close(self) -> None:
        """Nothing is open between."""


class TokenKeys(Keys):
    """In a token; `open_` logs in, anew after each `close`."""

    where = "token"

    def __init__(self, folder: Path, open_: "Callable[[], Token]") -> None:
        super().__init__(folder)
        self._open = open_
        self._token: "Token | None" = None

    def current(self) -> "tuple[Signer, bool]":
        token, labels = self._there()
        found = token.find(labels[0])
        return (token.make(labels[0]), True) if found is None else (found, False)

    def known(self) -> Signer:
        token, labels = self._there()
        found = token.find(labels[0])
        if found is None:
            raise FileNotFoundError(f"no key {labels[0]} in the token")
        return found

    def change(self) -> "Change | None":
        token, labels = self._there()
        following, found = token.find(labels[1]), token.find(labels[0])
        if following is not None:
            return Change(found, following, lambda: self._turn(found))
        file = self._folder / KEY
        if file.exists() and found is not None:
            return Change(signing.load(file), found, lambda: os.replace(file, self._folder / FORMER_KEY))
        return None

    def prepare(self) -> "Signer | None":
        token, labels = self._there()
        return None if token.find(labels[1]) is not None else token.make(labels[1])

    def close(self) -> None:
        if self._token is not None:
            self._token.close()
            self._token = None

    def _turn(self, before: "Signer | None") -> None:
        token, labels = self._there()
        if before is not None:
            token.rename(labels[0], f"{labels[0]}-{before.public.hex()[2:18]}")
        token.rename(labels[1], labels[0])

    def _there(self) -> "tuple[Token, tuple[str, str]]":
        from drivers.token_signing import LABEL, NEXT_LABEL
        if self._token is None:
            self._token = self._open()
        return self._token, (LABEL, NEXT_LABEL)


def configured(table: RecordsTable) -> Keys:
    """Loads what knows of tokens only where there is one."""
    folder = Path(table.folder)
    if table.token is None or table.token_label is None or table.pin_file is None:
        return Keys(folder)
    module, label, pin_file = table.token, table.token_label, Path(table.pin_file)

    def opened() -> "Token":
        from drivers.token_signing import Token
        return Token(module, label, pin_file)

    return TokenKeys(folder, opened)
