"""PPC: pages of a CGI program, with a cookie and a token from page to page; one session at a time.

Source: /cgi-bin/hanservice.cgi as read by ha-ppc-smgw, py-ppc-smgw, ha-ppc-smgw-han and others: actions meterform,
showMeterProfile (the newest values of a meter), logout.
"""

import contextlib
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from drivers.obis import AMPERE, CUBIC_METRE, HERTZ, VOLT, WATT, WATT_HOUR, Entry
from drivers.quantity import Quantity, decimal
from drivers.smgw_session import Session
from drivers.smgw_values import INVALID, MOST_DIGITS, Value
from hal.faults import FRAME, REFUSED, DeviceError

LEGAL = "Europe/Berlin"  # such gateways hang in Germany
PATH = "/cgi-bin/hanservice.cgi"
COOKIE = "session"
MOST_BYTES = 262_144  # of a page
MOST_METERS = 16
MOST_ROWS = 256
UNITS = {"kWh": (WATT_HOUR, 3), "Wh": (WATT_HOUR, 0), "kW": (WATT, 3), "W": (WATT, 0), "V": (VOLT, 0), "A": (AMPERE, 0),
         "Hz": (HERTZ, 0), "m3": (CUBIC_METRE, 0), "m³": (CUBIC_METRE, 0)}
_COLUMN = "table_metervalues_col_"
_VALID, _MISSING = "1", "3"  # "ist valide": 2 is not valid, 3 a gap that repeats an older value


def read(session: Session) -> "tuple[Value, ...]":
    """Always logs out: the gateway knows one session, and keeps it for long."""
    page = _Page(session.get(PATH).body)
    if not session.has_cookie(COOKIE):
        raise DeviceError(REFUSED, f"{PATH}: no session: another one is open, or the customer interface is off")
    token = page.token

    def asked(fields: "dict[str, str]") -> _Page:
        nonlocal token
        found = _Page(session.form(PATH, {"tkn": token, **fields} if token else fields).body)
        token = found.token or token
        return found

    try:
        return _read(asked)
    finally:
        with contextlib.suppress(DeviceError):
            asked({"action": "logout"})


def _read(asked: "Callable[[dict[str, str]], _Page]") -> "tuple[Value, ...]":
    out: "tuple[Value, ...]" = ()
    meters = asked({"action": "meterform"}).meters
    if not meters:
        raise DeviceError(FRAME, "meterform: no meter on the page")
    for number, name in meters[:MOST_METERS]:
        page = asked({"action": "showMeterProfile", "mid": number})
        out += values(page.rows, meter_name(name))
    return out


def values_of_page(body: bytes, meter: str) -> "tuple[Value, ...]":
    return values(_Page(body).rows, meter)


def chosen_meter(body: bytes) -> str:
    """The only meter a page lets choose; "" where there are more, or none."""
    meters = _Page(body).meters
    return meter_name(meters[0][1]) if len(meters) == 1 else ""


def values(rows: "list[dict[str, str]]", meter: str) -> "tuple[Value, ...]":
    """A row without a time or validity of its own has those of the row before; a time that is none is nobody's."""
    out = []
    time: "str | None" = None
    valid = ""
    for row in rows:
        if row.get("timestamp"):
            time, valid = _iso(row["timestamp"]), ""
        valid = row.get("istvalide") or valid
        line = _entry(row)
        if line is not None and time is not None and valid != _MISSING:
            out.append(Value(meter, line, time, () if valid in ("", _VALID) else (INVALID,)))
    return tuple(out)


def meter_name(text: str) -> str:
    """"01005e318002.1lgz0072999211.sm" is the meter 1lgz0072999211."""
    parts = text.split(".")
    return parts[-2] if len(parts) > 2 and parts[-1] == "sm" else text


def _entry(row: "dict[str, str]") -> "Entry | None":
    name, value = _obis(row.get("obis", "")), decimal(row.get("wert", ""))
    unit, power = UNITS.get(row.get("einheit", ""), (0, 0))
    if name is None or value is None or not unit or abs(value.value) >= 10 ** MOST_DIGITS:
        return None
    exact = Quantity(value.value, value.scaler + power)
    return Entry(name, None, unit, exact.scaler, exact.value, 0)


def _obis(text: str) -> "bytes | None":
    """1-0:1.8.0, with or without *255."""
    parts = text.replace("-", ".").replace(":", ".").replace("*", ".").split(".")
    if len(parts) == 5:
        parts.append("255")
    if len(parts) != 6 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    return bytes(numbers) if max(numbers) < 256 else None


def _iso(text: str) -> "str | None":
    """Local time of the gateway: 2026-05-14 12:00:01. Of the hour that comes twice in autumn nobody can tell which."""
    pattern = "".join("d" if letter in "0123456789" else letter for letter in text)
    if pattern != "dddd-dd-dd dd:dd:dd":
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(LEGAL)).isoformat()
    except ZoneInfoNotFoundError:
        return text.replace(" ", "T")
    except ValueError:
        return None


class _Page(HTMLParser):
    """A page: its token, the meters to choose from, the rows of its table of values."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.token = ""
        self.meters: "list[tuple[str, str]]" = []
        self.rows: "list[dict[str, str]]" = []
        self._into: "Callable[[str], None] | None" = None
        self._select = False
        self._table = False
        if len(body) > MOST_BYTES:
            raise DeviceError(FRAME, f"a page of more than {MOST_BYTES} bytes")
        try:
            self.feed(body.decode("utf-8", "replace"))
            self.close()
            if self._table and self.rows:  # cut off within the table: its last row may be half of one
                self.rows.pop()
        except (AssertionError, ValueError, RecursionError) as error:  # what html.parser says of marked sections
            raise DeviceError(FRAME, "a page that is no HTML") from error

    def handle_starttag(self, tag: str, attrs: "list[tuple[str, str | None]]") -> None:
        found = {key: value or "" for key, value in attrs}
        self._leave(tag)
        if tag == "input" and found.get("name") == "tkn" and len(found.get("value", "")) <= 256:
            self.token = found.get("value", "")
        elif tag == "select":
            self._select = found.get("id") == "meterform_select_meter" or found.get("name") == "mid"
        elif tag == "option" and self._select and found.get("value") and len(self.meters) < MOST_METERS:
            self.meters.append((found["value"], ""))
            self._into = self._name
        elif tag == "table":
            self._table = found.get("id") == "metervalue"
        elif tag == "tr" and self._table and len(self.rows) < MOST_ROWS:
            self.rows.append({})
        elif tag == "td" and self._table and self.rows and found.get("id", "").startswith(_COLUMN):
            self._into = self._cell(found["id"][len(_COLUMN):])

    def handle_endtag(self, tag: str) -> None:
        self._leave(tag)
        if tag == "select":
            self._select = False
        elif tag == "table":
            self._table = False

    def _leave(self, tag: str) -> None:
        """A cell or an option ends with the next one too."""
        if tag in ("td", "th", "tr", "table", "option", "select"):
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is not None and data.strip():
            self._into(data.strip()[:64])

    def _name(self, text: str) -> None:
        self.meters[-1] = (self.meters[-1][0], text)

    def _cell(self, column: str) -> "Callable[[str], None]":
        row = self.rows[-1]

        def put(text: str) -> None:
            if len(row) < 16:
                row[column] = text

        return put
