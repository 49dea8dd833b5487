"""OMS security: sealed telegram and key in, opened telegram out.

mode 5   AES-128-CBC, start value from the meter's address and the access number. Nothing in it proves the sender:
         that the key was right shows in two 2F bytes, and in that every byte behind them is a record.
mode 7   keys derived from the meter's key and the message counter; CMAC over everything from the transport layer on.
ell-ctr  AES-128-CTR below the transport layer, with a checksum inside.

Sources: OMS specification volume 2 issue 4 (5.2, 9.1 to 9.3 and annexes), EN 13757-4 (ELL), EN 13757-7 (AFL).
"""

import hmac

from drivers.ciphers import cbc_open, cmac, ctr
from drivers.mbus_media import Address
from drivers.mbus_records import parse
from drivers.mbus_telegram import RECORDS, MBusError, Telegram, inside, opened

BLOCK = 16
KEY_BYTES = 16
LEAST_MAC = 4  # bytes; a shorter code is guessed too soon to prove a sender
MARK = b"\x2f\x2f"
CIPHER_KEY, MAC_KEY = 0x00, 0x01  # from the meter to its partner
NO_KEY = "no key"
WRONG_KEY = "wrong key"
WRONG_MAC = "wrong MAC"
REPEATED = "repeated counter"
UNPROTECTED = "unprotected"
UNSUPPORTED = "security not supported"
MODES = {8: "AES-128-CTR with CMAC", 9: "AES-128-GCM", 10: "AES-128-CCM", 13: "TLS"}  # EN 13757-7, table 15


class Refused(MBusError):
    """A telegram that must not be believed; `why` is one of the words above."""

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why


def unseal(telegram: Telegram, key: bytes) -> Telegram:
    """The telegram with its records in the clear. Raises Refused, or MBusError for layers that are none.

    With a key nothing is taken unprotected: a telegram sent in the clear may be anybody's.
    """
    assert len(key) == KEY_BYTES
    if telegram.seal == "ell-ctr":
        return _ell_ctr(telegram, key)
    if telegram.seal == "mode 5":
        return _mode_5(telegram, key)
    if telegram.seal == "mode 7":
        return _mode_7(telegram, key)
    if telegram.seal:
        raise Refused(UNSUPPORTED, security(telegram))
    raise Refused(UNPROTECTED, "sent in the clear, although the meter has a key")


def is_supported(telegram: Telegram) -> bool:
    """Whether a key could open it."""
    return telegram.seal in ("", "mode 5", "mode 7", "ell-ctr")


def security(telegram: Telegram) -> str:
    """In words: "mode 9, AES-128-GCM"."""
    for number, words in MODES.items():
        if telegram.seal == f"mode {number}":
            return f"{telegram.seal}, {words}"
    return str(telegram.seal)


def counter_of(telegram: Telegram) -> "int | None":
    """What rises with each telegram of the meter; None where nothing does (mode 5)."""
    if telegram.seal == "ell-ctr" and telegram.ell is not None and telegram.ell.session is not None:
        return int(telegram.ell.session & 0x1FFFFFFF)
    if telegram.seal == "mode 7" and telegram.afl is not None:
        return telegram.afl.counter
    return None


def _ell_ctr(telegram: Telegram, key: bytes) -> Telegram:
    ell, meter = telegram.ell, telegram.meter
    assert ell is not None
    assert ell.session is not None
    assert meter is not None
    start = meter.packed() + bytes((ell.control,)) + ell.session.to_bytes(4, "little") + bytes(3)
    try:
        inner = inside(telegram, ctr(key, start, telegram.body))
    except MBusError as error:
        raise Refused(WRONG_KEY, "the checksum within does not fit") from error
    if inner.seal:
        return unseal(inner, key)
    return inner


def _mode_5(telegram: Telegram, key: bytes) -> Telegram:
    assert telegram.meter is not None
    assert telegram.access is not None
    start = telegram.meter.packed() + bytes((telegram.access,)) * 8
    body = _cbc(telegram, key, start)
    if telegram.ci in RECORDS and parse(body).fault:
        raise Refused(WRONG_KEY, "what is within is no list of records")
    return opened(telegram, body)


def _mode_7(telegram: Telegram, key: bytes) -> Telegram:
    afl, meter = telegram.afl, telegram.meter
    assert meter is not None
    if afl is None or afl.counter is None or len(afl.mac) < LEAST_MAC:
        raise Refused(UNPROTECTED, "mode 7 without a message counter and an authentication code")
    if telegram.kdf != 1:
        raise Refused(UNSUPPORTED, f"key derivation {telegram.kdf}")
    sent = cmac(derived(key, MAC_KEY, afl.counter, meter), afl.covered)[:len(afl.mac)]
    if not hmac.compare_digest(sent, afl.mac):
        raise Refused(WRONG_MAC, "altered, or the key is not this meter's")
    return opened(telegram, _cbc(telegram, derived(key, CIPHER_KEY, afl.counter, meter), bytes(BLOCK)))


def derived(key: bytes, purpose: int, counter: int, meter: Address) -> bytes:
    """The key of one message, for CIPHER_KEY or MAC_KEY."""
    return cmac(key, bytes((purpose,)) + counter.to_bytes(4, "little") + meter.packed()[2:6] + bytes((7,)) * 7)


def _cbc(telegram: Telegram, key: bytes, start: bytes) -> bytes:
    end = BLOCK * telegram.blocks
    if not 0 < end <= len(telegram.body):
        raise Refused(UNPROTECTED, f"{telegram.blocks} encrypted blocks in {len(telegram.body)} bytes")
    plain = cbc_open(key, start, telegram.body[:end])
    if plain[:2] != MARK:
        raise Refused(WRONG_KEY, "no 2F 2F within")
    return plain + telegram.body[end:]

