"""Signatures of records: ECDSA on P-256 with SHA-256 (FIPS 186-5), the key in a file that only its owner may read."""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SP 800-186)
MOST_BYTES = 4_096


class SignerGone(Exception):
    """The key cannot be used just now, in words a person can act on."""


class Signer:
    """A private key, wherever it is."""

    def der(self, message: bytes) -> bytes:
        """Raises SignerGone."""
        raise NotImplementedError

    def raw(self, message: bytes) -> bytes:
        """r and s, 32 bytes each; s in its lower half, so that nobody else can write the same signature otherwise."""
        r, s = decode_dss_signature(self.der(message))
        return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")

    @property
    def public(self) -> bytes:
        """The point, uncompressed: 04, x, y (SEC 1)."""
        raise NotImplementedError

    @property
    def public_der(self) -> bytes:
        """As SubjectPublicKeyInfo, which other tools read."""
        point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), self.public)
        return point.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class FileSigner(Signer):
    """It leaves this object only for its own file."""

    def __init__(self, key: EllipticCurvePrivateKey) -> None:
        self._key = key

    def der(self, message: bytes) -> bytes:
        return self._key.sign(message, ECDSA(SHA256()))

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def der_of(signature: bytes) -> bytes:
    """Of r and s in halves, as tokens tell them."""
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))


def make(path: Path) -> Signer:
    """A new key in a new file of mode 0600, on the disk before it is used. Raises OSError."""
    key = generate_private_key(SECP256R1())
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(handle, 0o600)
        os.write(handle, text)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.rename(fresh, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return FileSigner(key)


def load(path: Path) -> Signer:
    """Raises OSError, and ValueError in words a person can act on."""
    with open(path, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ValueError(f"{path} is open to others (mode {stat.S_IMODE(mode):04o}); chmod 600 it")
        content = file.read(MOST_BYTES)
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} is no key: {error}") from None
    if not isinstance(key, EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError(f"{path} is no P-256 key")
    return FileSigner(key)
