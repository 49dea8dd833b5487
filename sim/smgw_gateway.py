"""A smart-meter gateway's customer interface as the real ones behave: digest, one session, locked after failed logins.

No sockets here: `answer` is what it says to a request. Not on a board. Shapes as users of real gateways have shown
them; the numbers are those of the last quarter hour.
"""

import hashlib
import os
import urllib.parse
from collections.abc import Callable

from sim import smgw_pages
from sim.smgw_pages import Kept

LOCKS_AFTER = 3
Headers = dict[str, str]  # names in small letters
Said = tuple[int, tuple[tuple[str, str], ...], bytes]
CGI = "/cgi-bin/hanservice.cgi"
CASA = "/json/metering/origin/"
M2M = "/smgw/m2m"
USER = M2M + "/0123456789abcdef.sm/json"


class SimGateway:
    """`meters` tells (number of the meter, what it counts) when a quarter hour is captured."""

    def __init__(self, maker: str, user: str, password: str,
                 meters: "Callable[[], Kept]", algorithm: str = "SHA-256") -> None:
        self.failed = 0  # logins in a row
        self.logins = 0  # that were taken
        self.requests = 0
        self.locked = False
        self.session = ""  # the cookie of whoever is logged in (PPC)
        self.empty = False  # answers 200 and nothing, as a CONEXA does to a hash it does not mean
        self.algorithm = algorithm  # that it asks for
        self.means = algorithm  # that it takes
        self._maker = maker
        self._user = user
        self._secret = password
        self._nonce = os.urandom(16).hex()
        self._token = ""
        self._meters = meters
        self._kept: Kept = ()
        self._time = ""

    def capture(self, time: str) -> None:
        """`time`: local, 2026-06-21 12:15:00."""
        self._kept, self._time = self._meters(), time

    def forget(self) -> None:
        """The nonce has run out."""
        self._nonce = os.urandom(16).hex()

    def answer(self, method: str, path: str, headers: Headers, body: bytes) -> Said:
        self.requests += 1
        said = headers.get("authorization", "")
        if self.locked:
            return 403, (), b""
        if not said or f'nonce="{self._nonce}"' not in said:
            stale = ", stale=true" if said else ""
            asks = f'Digest realm="smgw", qop="auth", nonce="{self._nonce}", opaque="5ccc", algorithm={self.algorithm}'
            return 401, (("WWW-Authenticate", asks + stale),), b""
        if not self._knows(method, path, said):
            self.failed += 1
            self.locked = self.failed >= LOCKS_AFTER
            asks = f'Digest realm="smgw", qop="auth", nonce="{self._nonce}", opaque="5ccc", algorithm={self.algorithm}'
            return 401, (("WWW-Authenticate", asks),), b""
        self.failed = 0
        self.logins += 1
        if self.empty:
            return 200, (), b""
        return {"conexa": self._conexa, "casa": self._casa, "ppc": self._ppc}[self._maker](method, path, headers, body)

    def _knows(self, method: str, path: str, said: str) -> bool:
        parts = dict(part.strip().partition("=")[::2] for part in said.partition(" ")[2].split(","))
        found = {name: value.strip('"') for name, value in parts.items()}
        make = hashlib.sha256 if self.means == "SHA-256" else hashlib.md5
        who = make(f"{self._user}:smgw:{self._secret}".encode()).hexdigest()
        what = make(f"{method}:{path}".encode()).hexdigest()
        tail = f"{self._nonce}:{found.get('nc')}:{found.get('cnonce')}:auth:{what}"
        return (found.get("response") == make(f"{who}:{tail}".encode()).hexdigest() and found.get("uri") == path
                and found.get("username") == self._user and found.get("opaque") == "5ccc")

    def _conexa(self, method: str, path: str, headers: Headers, body: bytes) -> Said:
        if path == M2M:
            return 307, (("Location", USER),), b""
        if path != USER or method != "POST":
            return 404, (), b""
        if headers.get("content-type") != "application/json":
            return 400, (), b""
        said = smgw_pages.conexa(self._kept, self._time, body)
        return (400, (), b"") if said is None else (200, (("Content-Type", "application/json"),), said)

    def _casa(self, method: str, path: str, headers: Headers, body: bytes) -> Said:
        if method != "GET" or not path.startswith(CASA):
            return 404, (), b""
        said = smgw_pages.casa(self._kept, self._time, path[len(CASA):])
        return (404, (), b"") if said is None else (200, (("Content-Type", "application/json"),), said)

    def _ppc(self, method: str, path: str, headers: Headers, body: bytes) -> Said:
        if path != CGI:
            return 404, (), b""
        if method == "GET":
            if self.session:
                return 200, (), b"<html><body>Es besteht bereits eine Sitzung</body></html>"
            self.session = os.urandom(8).hex()
            return 200, (("Set-Cookie", f"session={self.session};secure;HttpOnly"),), self._page("")
        fields = {key: values[0] for key, values in urllib.parse.parse_qs(body.decode()).items()}
        if f"session={self.session}" not in headers.get("cookie", "") or fields.get("tkn") != self._token:
            return 200, (), b"<html><body>Sitzung ungueltig</body></html>"
        if fields.get("action") == "logout":
            self.session = ""
            return 200, (), b"<html><body>abgemeldet</body></html>"
        if fields.get("action") == "meterform":
            return 200, (), self._page(smgw_pages.ppc_choice(self._kept))
        if fields.get("action") == "showMeterProfile":
            return 200, (), self._page(smgw_pages.ppc_values(self._kept, self._time, fields.get("mid", "")))
        return 404, (), b""

    def _page(self, inner: str) -> bytes:
        self._token = os.urandom(8).hex()
        return (f"<html><body><form id='form_x'><input type='hidden' name='tkn' value='{self._token}'></form>"
                f"{inner}<p id='div_fwversion'>00861-34788</p></body></html>").encode()
