"""`monitor SITE.toml`: a live table of what the devices measure, in the terminal.

From the page of the service while it runs; else the meters are read here, and only they.
"""

import argparse
import base64
import http.client
import json
import os
import shutil
import ssl
import sys
import time
from pathlib import Path

from firmware import topics
from firmware.config.file import SiteFile, load
from firmware.config.tables_people import PageTable
from firmware.errors import UserError
from firmware.monitor_own import Own
from firmware.monitor_table import Row, State, table

EVERY_S = 1.0
LOGIN = "HUTSCHIENE_LOGIN"
ANSWER_S = 3
STUCK_S = 20  # the page tells every 5 s that decisions are made
WILD = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # what a page listens on that everybody may see
FIRST_S = 10  # for the first answer of each meter, where the table is printed once
CLEAR, HIDE, SHOW = "\x1b[H\x1b[2J", "\x1b[?25l", "\x1b[?25h"
MOST_BYTES = 4_000_000  # of a page's state; a large site has a hundredth


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path)
    parser.add_argument("--once", action="store_true", help="print the table once, as it is when output is no terminal")
    parser.add_argument("--json", action="store_true", help="one object of all devices each second, or --once")


def run(args: argparse.Namespace) -> int:
    file = load(args.site)
    source: "Service | Own" = Service(file) if Service(file).runs() else Own(file)
    live = not args.json and not args.once and sys.stdout.isatty()
    try:
        if live:
            print(HIDE, end="")
        else:
            _await_first(source)
        _show(file, source, args.json, live)
        while live or (args.json and not args.once):
            time.sleep(EVERY_S)
            _show(file, source, args.json, live)
    except KeyboardInterrupt:
        pass
    finally:
        if live:
            print(SHOW, end="")
        source.close()
    return 0 if any(row.state.get("power_w") is not None or row.measured for row in source.rows()) else 1


def _show(file: SiteFile, source: "Service | Own", as_json: bool, live: bool) -> None:
    rows = source.rows()
    if as_json:
        print(json.dumps({row.name: {**row.state, **({"measured": row.measured} if row.measured else {}),
                                     "why": row.why or None} for row in rows}), flush=True)
        return
    where = "by its service" if isinstance(source, Service) else "read here, the service does not run"
    width = shutil.get_terminal_size().columns if live else 1_000
    words = table(f"{file.site.name}, {time.strftime('%H:%M:%S')}, {where}", rows, width)
    print((CLEAR if live else "") + words, flush=True)


def _await_first(source: "Service | Own") -> None:
    until_s = time.monotonic() + FIRST_S
    while not source.whole() and time.monotonic() < until_s:
        time.sleep(0.05)


def _connection(page: PageTable) -> http.client.HTTPConnection:
    host = WILD.get(page.host, page.host)
    if not page.cert:
        return http.client.HTTPConnection(host, page.port, timeout=ANSWER_S)
    context = ssl.create_default_context(cafile=page.cert)
    context.check_hostname = False  # it is this very computer's
    return http.client.HTTPSConnection(host, page.port, timeout=ANSWER_S, context=context)


def _login() -> "dict[str, str]":
    said = os.environ.get(LOGIN, "")
    return {"authorization": "Basic " + base64.b64encode(said.encode()).decode()} if said else {}


class Service:
    """The page of the running service: the state it shows to browsers."""

    def __init__(self, file: SiteFile) -> None:
        self._file = file
        self._newest: "list[Row]" = []
        self._up_s: object = None
        self._moved_s = time.monotonic()

    def runs(self) -> bool:
        return bool(self._fetch())

    def whole(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is held open."""

    def rows(self) -> "list[Row]":
        state = self._fetch()
        root = f"hutschiene/{topics.slug(self._file.site.name)}/"
        up_s = state.get(root + "site/state", {}).get("up_s")
        if up_s != self._up_s:
            self._up_s, self._moved_s = up_s, time.monotonic()
        if not state or time.monotonic() - self._moved_s > STUCK_S:  # what it showed last is not live
            return [Row(row.name, {"kind": row.state.get("kind", "")}, "the service is gone") for row in self._newest]
        rows = []
        for device in self._file.site.devices:
            name = topics.slug(device.name)
            decided = state.get(f"{root}{name}/decision", {})
            why = f"{decided['granted_w']} W: {decided['why']}" if decided else ""
            rows.append(Row(device.name, state.get(f"{root}{name}/state", {}), why,
                            tuple(state.get(f"{root}{name}/measured", {}).get("values", ()))))
        self._newest = rows
        return rows

    def _fetch(self) -> "dict[str, State]":
        """{topic: payload} of this site; {} when it does not answer."""
        if self._file.page is None:
            return {}
        connection = _connection(self._file.page)
        try:
            connection.request("GET", "/api/state", headers=_login())
            answer = connection.getresponse()
            if answer.status in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN):
                raise UserError(f"the page of the service wants a login: {LOGIN}=USER:PASSWORD in the environment")
            body = answer.read(MOST_BYTES) if answer.status == http.HTTPStatus.OK else b"{}"
            state = json.loads(body)
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        finally:
            connection.close()
        root = f"hutschiene/{topics.slug(self._file.site.name)}/"
        return {topic: payload for topic, payload in state.items()
                if topic.startswith(root) and isinstance(payload, dict)}
