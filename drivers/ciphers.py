"""AES for meters that encrypt; the one home of `cryptography`."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR, GCM
from cryptography.hazmat.primitives.cmac import CMAC

DLMS_TAG = 12  # bytes of the tag in DLMS security suite 0


def cbc_open(key: bytes, initial: bytes, sealed: bytes) -> bytes:
    """`sealed` is whole blocks of 16 bytes. Nothing in it says whether the key was right."""
    opening = Cipher(AES(key), CBC(initial)).decryptor()
    return opening.update(sealed) + opening.finalize()


def cbc_seal(key: bytes, initial: bytes, text: bytes) -> bytes:
    """The inverse, for simulated meters."""
    sealing = Cipher(AES(key), CBC(initial)).encryptor()
    return sealing.update(text) + sealing.finalize()


def ctr(key: bytes, initial: bytes, data: bytes) -> bytes:
    """Sealed from open and open from sealed."""
    turning = Cipher(AES(key), CTR(initial)).encryptor()
    return turning.update(data) + turning.finalize()


def cmac(key: bytes, data: bytes) -> bytes:
    """The whole authentication code, 16 bytes (RFC 4493)."""
    made = CMAC(AES(key))
    made.update(data)
    return made.finalize()


def gcm_open(key: bytes, initial: bytes, sealed: bytes, covered: bytes) -> "bytes | None":
    """The text of `sealed` (encrypted text, then its tag); None when the tag does not fit."""
    mode = GCM(initial, sealed[-DLMS_TAG:], min_tag_length=DLMS_TAG)
    opening = Cipher(AES(key), mode).decryptor()
    opening.authenticate_additional_data(covered)
    try:
        return opening.update(sealed[:-DLMS_TAG]) + opening.finalize()
    except InvalidTag:
        return None


def gcm_seal(key: bytes, initial: bytes, text: bytes, covered: bytes) -> bytes:
    """The inverse, for simulated meters."""
    sealing = Cipher(AES(key), GCM(initial)).encryptor()
    sealing.authenticate_additional_data(covered)
    return sealing.update(text) + sealing.finalize() + sealing.tag[:DLMS_TAG]
