"""`dashboard --broker URL`: the page on any machine of the house, for one site or several, fed by their broker.

The same pairs as the daemon's own page gets. Curves and decisions are kept in memory from the start on, a day at most:
nobody asks the sites for older ones. What is set goes to the broker's set topics, which judge by its account, and the
answer comes from there.
"""

import argparse
import getpass
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from drivers.mqtt_link import VERSIONS, Access
from drivers.mqtt_watch import MqttWatch
from firmware.access import first
from firmware.access.accounts import Accounts
from firmware.access.door import Door, is_loopback
from firmware.broker_words import in_words
from firmware.errors import UserError
from firmware.history import History, readable
from firmware.passing import RESULT, Passing
from firmware.run import on_signals
from firmware.said import german
from firmware.topics import slug
from firmware.web.page import MOST_TOPICS, Page, Place
from firmware.web.routes import House

MOST_SITES = 16
HISTORY_MB = 8  # of each site, in memory
BROKER = "dashboard/broker"  # {"fault", "fault_de"}: what this dashboard itself says, "" while the broker speaks
LIVE_S = 5.0  # a site that has said nothing for so long gets no curve
PASSWORD = "HUTSCHIENE_BROKER_PASSWORD"
PORTS = {"mqtt": 1883, "mqtts": 8883}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--broker", required=True, metavar="URL", help="mqtt://[USER@]HOST[:PORT], or mqtts:// for TLS")
    parser.add_argument("--site", action="append", metavar="NAME", help="only this one; again for more. Default: all")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help=f"of USER; else ${PASSWORD}, else asked")
    parser.add_argument("--ca", default="", metavar="FILE", help="certificates to trust, instead of the system's")
    parser.add_argument("--cert", default="", metavar="FILE", help="our own certificate, when the broker asks for one")
    parser.add_argument("--key", default="", metavar="FILE", help="its key")
    parser.add_argument("--mqtt-version", choices=tuple(VERSIONS), default="3.1.1")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; another needs --accounts")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--accounts", type=Path, metavar="FILE",
                        help="who may look and set here (hutschiene account); without, this computer only looks")
    parser.add_argument("--guests", action="store_true", help="with --accounts: who has not logged in may look")


def run(args: argparse.Namespace) -> int:
    if args.accounts is None and args.host != "localhost" and not is_loopback(args.host):
        raise UserError(f"--host {args.host}: without --accounts allowed is 127.0.0.1, this computer alone")
    stopping = threading.Event()
    on_signals(stopping.set)
    accounts = Accounts(args.accounts) if args.accounts else None
    words = first.ensure(accounts, first.console) if accounts else ""
    if words:
        print(words, file=sys.stderr)
    try:
        dashboard = Dashboard(access(args), tuple(args.site or ()), Place(args.host, args.port),
                              Door(accounts, args.guests))
        dashboard.start()
    except ValueError as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"--port {args.port}: {args.host} cannot be listened on there: {error.strerror}") from error
    print(f"page {dashboard.page.url}, fed by {args.broker}; Ctrl-C ends it", flush=True)
    stopping.wait()
    dashboard.close()
    return 0


def access(args: argparse.Namespace) -> Access:
    """Of --broker and what belongs to it. Raises UserError."""
    try:
        url = urlsplit(args.broker)
        port = url.port or PORTS[url.scheme]
    except (KeyError, ValueError):
        url, port = urlsplit(""), 0
    if not url.hostname or url.path not in ("", "/") or url.query or url.password is not None:
        why = "a password there is seen by everybody on this computer; use --password-file" if url.password else (
            "allowed is mqtt://[USER@]HOST[:PORT] or mqtts://...")
        raise UserError(f"--broker {args.broker if url.password is None else '(not shown)'}: {why}")
    user = unquote(url.username or "")
    return Access(url.hostname, port, user, _password(args, user), url.scheme == "mqtts", args.ca, args.cert, args.key,
                  args.mqtt_version)


def _password(args: argparse.Namespace, user: str) -> str:
    if not user or args.cert:
        return ""
    if args.password_file is not None:
        try:
            return str(args.password_file.read_text("utf-8").splitlines()[0])
        except (OSError, ValueError, IndexError) as error:
            raise UserError(f"--password-file {args.password_file}: no password: {error}") from error
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    return getpass.getpass(f"password of {user} at the broker: ") if sys.stdin.isatty() else ""


class Site:
    """What is known here of one site."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.latest: "dict[str, str]" = {}
        self.newest_s = 0.0


class Dashboard:
    """`sites`: names; none for all. Raises ValueError when a certificate cannot be used."""

    def __init__(self, access: Access, sites: "tuple[str, ...]", place: Place, door: Door) -> None:
        self._houses: "dict[str, House]" = {}
        self.page = Page(place, self._houses, door)
        self._sites: "dict[str, Site]" = {}
        self._lock = threading.Lock()
        filters = tuple(f"hutschiene/{slug(name)}/#" for name in sites) or ("hutschiene/#",)
        self._watch = MqttWatch(access, filters, self._heard, self._turned)
        self._passing = Passing(self._watch.say, lambda: in_words(self._watch.fault))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="curves", daemon=True)

    def start(self) -> None:
        """Raises OSError when the address cannot be had; a broker that is away is waited for."""
        self.page.start()
        self._watch.start()
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(2)
        self._watch.close()
        self.page.close()
        for site in self._sites.values():
            site.history.stop()

    def _heard(self, topic: str, payload: bytes, _retained: bool) -> None:
        levels = topic.split("/")
        if len(levels) < 3 or levels[2:] == ["carry", "frames"]:
            return
        if "set" in levels[2:]:
            if topic.endswith(RESULT):
                self._passing.heard(topic, payload)
            return
        site = self._site(levels[1])
        if site is None:
            return
        text = payload.decode("utf-8", "replace")
        if text and levels[2] != "status" and not _object(text):
            return  # none of a Hutschiene's
        with self._lock:
            site.newest_s = time.monotonic()
            if text and readable(topic, text) and (topic in site.latest or len(site.latest) < MOST_TOPICS):
                site.latest[topic] = text
            else:
                site.latest.pop(topic, None)
        if text:
            self.page.publish(topic, text)
        else:
            self.page.forget(topic)

    def _site(self, name: str) -> "Site | None":
        if name not in self._sites:
            if len(self._sites) >= MOST_SITES:
                return None
            history = History(None, 1, 31, HISTORY_MB)
            history.start()
            self._sites[name] = Site(history)
            self._houses[name] = House(history, self._passing)
        return self._sites[name]

    def _turned(self) -> None:
        """Every page says at once that the broker is gone; when it is back, what it retains says all anew."""
        fault = in_words(self._watch.fault)
        self.page.publish(BROKER, json.dumps({"fault": fault, "fault_de": german(fault)}, ensure_ascii=False))

    def _run(self) -> None:
        """A second of curves of each site that speaks."""
        while not self._stopping.wait(1.0):
            for site in tuple(self._sites.values()):
                with self._lock:
                    live = self._watch.connected and time.monotonic() - site.newest_s < LIVE_S
                    pairs = tuple(site.latest.items()) if live else ()
                if pairs:
                    site.history.add(pairs)


def _object(payload: str) -> "dict[str, Any]":
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
