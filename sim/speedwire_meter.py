"""An SMA Energy Meter's datagrams: what the house draws, as consumed and supplied, never signed.

Written apart from the reader, from the description's layout.
"""

from hal.values import Phases

_VERSION = b"\x02\x03\x04\x52"


def datagram(serial: int, now_ms: int, power_w: Phases, current_ma: Phases, voltage_mv: Phases,
             import_wh: int, export_wh: int, protocol: int = 0x6069, frequency_mhz: int = 50_000) -> bytes:
    """One whole datagram, as the meter sends each second."""
    body = _pair(0, power_w.total(), import_wh, export_wh) + _now(13, 990) + _now(14, frequency_mhz)
    for at in range(3):
        base = 20 * (at + 1)
        body += _pair(base, power_w[at], import_wh // 3, export_wh // 3)
        body += _now(base + 11, abs(current_ma[at])) + _now(base + 12, voltage_mv[at]) + _now(base + 13, 990)
    body += b"\x90\x00\x00\x00" + _VERSION
    inner = _big(protocol, 2) + _big(349, 2) + _big(serial, 4) + _big(now_ms, 4) + body
    return (b"SMA\x00" + _big(4, 2) + b"\x02\xa0" + _big(1, 4) + _big(len(inner), 2) + b"\x00\x10"
            + inner + b"\x00\x00\x00\x00")


def _pair(base: int, power_w: int, import_wh: int, export_wh: int) -> bytes:
    """Active power and energy, consumed and supplied; reactive and apparent power stand still."""
    out = b""
    for index, watts, energy_wh in ((base + 1, max(power_w, 0), import_wh), (base + 2, max(-power_w, 0), export_wh),
                                    (base + 3, 0, 0), (base + 4, 17, 0), (base + 9, abs(power_w), import_wh)):
        out += _now(index, 10 * watts) + bytes((0, index, 8, 0)) + _big(3_600 * energy_wh + 1_234, 8)
    return out


def _now(index: int, value: int) -> bytes:
    return bytes((0, index, 4, 0)) + _big(value, 4)


def _big(value: int, width: int) -> bytes:
    return bytes(value >> 8 * at & 0xFF for at in range(width - 1, -1, -1))
