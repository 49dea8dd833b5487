"""The key of the records in a token (PKCS#11): smart card, USB stick, secure element, SoftHSM. It never leaves it.

The one home of python-pkcs11, which is loaded only where a token is configured. Source: OASIS PKCS#11 v2.40, CKM_ECDSA
signs a digest and gives r and s. One process has one library of one maker.
"""

import hashlib
from pathlib import Path
from typing import Any

from drivers.key_file import secret
from drivers.signing import Signer, SignerGone, der_of

LABEL, NEXT_LABEL = "hutschiene-records", "hutschiene-records-next"
POINT_BYTES = 65
HOW = "python-pkcs11 is not installed: .venv/bin/pip install --require-hashes -r requirements/token.txt"


class TokenSigner(Signer):
    """A private key that stays where it is."""

    def __init__(self, private: Any, public: bytes) -> None:
        self._private = private
        self._public = public

    def der(self, message: bytes) -> bytes:
        import pkcs11
        try:
            signature = self._private.sign(hashlib.sha256(message).digest(), mechanism=pkcs11.Mechanism.ECDSA)
        except pkcs11.PKCS11Error as error:
            raise SignerGone(f"the token does not sign: {_words(error)}") from error
        return der_of(signature)

    @property
    def public(self) -> bytes:
        return self._public


class Token:
    """Logged in to one token. Raises SignerGone, and ValueError for the file of the PIN, in words for people."""

    def __init__(self, module: str, label: str, pin_file: Path) -> None:
        pin = secret(str(pin_file))
        try:
            import pkcs11
        except ImportError as error:
            raise SignerGone(HOW) from error
        try:
            self._session = pkcs11.lib(module).get_token(token_label=label).open(rw=True, user_pin=pin)
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            raise SignerGone(f"token {label!r} by {module}: {_words(error)}") from error

    def find(self, label: str) -> "TokenSigner | None":
        import pkcs11
        try:
            public = self._object(pkcs11.ObjectClass.PUBLIC_KEY, label)
            private = self._object(pkcs11.ObjectClass.PRIVATE_KEY, label)
            if public is None or private is None:
                return None
            return TokenSigner(private, _point(public[pkcs11.Attribute.EC_POINT]))
        except pkcs11.PKCS11Error as error:
            raise SignerGone(f"the key {label} cannot be used: {_words(error)}") from error

    def make(self, label: str) -> TokenSigner:
        """A key that cannot be taken out."""
        import pkcs11
        from pkcs11.util.ec import encode_named_curve_parameters
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        kept = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
        try:
            self._session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True).generate_keypair(
                store=True, label=label, private_template=kept)
        except pkcs11.PKCS11Error as error:
            raise SignerGone(f"the token makes no P-256 key: {_words(error)}") from error
        made = self.find(label)
        if made is None:
            raise SignerGone("the token has not kept the key it made")
        return made

    def rename(self, label: str, other: str) -> None:
        import pkcs11
        try:
            for kind in (pkcs11.ObjectClass.PUBLIC_KEY, pkcs11.ObjectClass.PRIVATE_KEY):
                found = self._object(kind, label)
                if found is not None:
                    found[pkcs11.Attribute.LABEL] = other
        except pkcs11.PKCS11Error as error:
            raise SignerGone(f"the key {label} cannot be renamed: {_words(error)}") from error

    def close(self) -> None:
        import pkcs11
        try:
            self._session.close()
        except pkcs11.PKCS11Error:
            return  # it is gone already

    def _object(self, kind: Any, label: str) -> Any:
        import pkcs11
        found = list(self._session.get_objects({pkcs11.Attribute.CLASS: kind, pkcs11.Attribute.LABEL: label}))
        return found[0] if found else None


def _point(told: bytes) -> bytes:
    """04, x, y; most tokens wrap it as an OCTET STRING, as the standard has it."""
    if len(told) == POINT_BYTES + 2 and told[:2] == b"\x04\x41":
        told = told[2:]
    if len(told) != POINT_BYTES or told[0] != 4:
        raise SignerGone("the key in the token is none of P-256")
    return told


def _words(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
