"""Values as a person reads them: exact, in the manner of the language."""

from datetime import datetime, timedelta, timezone
from typing import Any

from firmware.settlement.devices import HOUSEHOLD
from firmware.settlement.report import COUNT, ENERGY, MONEY, NET, PERMILLE, PRICE, TIME, WATT, WORD, Column, Key, Report
from firmware.settlement.tenants import COMMON
from firmware.settlement.words import word

KWH_DIGITS = 3  # Wh behind the point of kWh
PRICE_DIGITS = 6  # of ct/kWh: 1e-11 EUR/Wh are 1e-6 ct/kWh
UNITS = {ENERGY: "kWh", MONEY: "EUR", PRICE: "ct/kWh", NET: "ct/kWh", WATT: "W"}
OURS = (HOUSEHOLD, COMMON)  # parties that we name ourselves
NUMBERS = (ENERGY, MONEY, PRICE, NET, COUNT, WATT, PERMILLE)


def fixed(value: int, digits: int, lang: str, thousands: bool = True) -> str:
    """A whole number with its point moved left, all digits kept."""
    sign, text = ("-" if value < 0 else ""), str(abs(value)).rjust(digits + 1, "0")
    whole, rest = (text[:-digits], text[-digits:]) if digits else (text, "")
    comma, point = (",", ".") if lang == "de" else (".", ",")
    if thousands:
        whole = f"{int(whole):,}".replace(",", point)
    return sign + whole + (comma + rest if rest else "")


def shown(value: Any, column: Column, scaler: int, lang: str, report: Report, thousands: bool = True) -> str:
    """"" for what is not known."""
    if value is None:
        return ""
    if column.kind == ENERGY:
        return fixed(value, KWH_DIGITS - scaler, lang, thousands)
    if column.kind == MONEY:
        return fixed(value, 2, lang, thousands)
    if column.kind == PRICE:
        return _short(fixed(value, PRICE_DIGITS, lang, thousands))
    if column.kind in (PERMILLE, NET):
        return fixed(value, 3, lang, thousands)
    if column.kind == TIME:
        return local(value, report)
    if column.kind == WORD or isinstance(value, (bool, Key)) or (column.key == "party" and value in OURS):
        return word(value, lang)
    if column.kind in (COUNT, WATT):
        return fixed(value, 0, lang, thousands)
    if isinstance(value, float):
        return str(value).replace(".", "," if lang == "de" else ".")
    return str(value)


def local(at_s: int, report: Report) -> str:
    """Legal time with its offset, as on the day of change an hour comes twice."""
    offset = next(offset for since_s, offset in sorted(report.offsets_s.items(), reverse=True)
                  if since_s <= at_s or since_s == min(report.offsets_s))
    told = datetime.fromtimestamp(at_s, timezone(timedelta(seconds=offset)))
    return told.isoformat(" ", "seconds" if at_s % 60 else "minutes")


def _short(text: str) -> str:
    """Without noughts nobody needs, but three decimals."""
    while text[-1] == "0" and len(text) - max(text.rfind(","), text.rfind(".")) > 4:
        text = text[:-1]
    return text
