"""What the tests of the page have: headless Chromium, spoken to over a pipe (DevTools protocol), and a house."""

import base64
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.access.accounts import Accounts
from firmware.access.roles import OWNER
from firmware.broker import Broker
from firmware.config.file import load
from firmware.serve import Served
from sim.modbus_slave import always

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "deploy" / "demo.toml"
CHROMIUM = shutil.which("chromium")
AXE = ROOT / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--lang=en-US",
         "--disable-component-update", "--disable-background-networking", "--disable-sync", "--remote-debugging-pipe")
AXE_RULES = "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"
ANSWER_S = 30


class Browser:
    """`complaints`: what stood in the console, and every exception."""

    def __init__(self, folder: Path) -> None:
        read_there, self._write = os.pipe()
        self._read, write_there = os.pipe()
        start = f'exec 3<&{read_there} 4>&{write_there}; exec "$0" "$@"'  # Chromium reads 3 and writes 4
        self._process = subprocess.Popen(
            ["bash", "-c", start, str(CHROMIUM), *FLAGS, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(read_there, write_there), stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(read_there)
        os.close(write_there)
        self._heard = b""
        self._asked = 0
        self._session: "dict[str, str]" = {}
        self.complaints: "list[object]" = []
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Runtime", "Log", "Page", "Network"):
            self.call(domain + ".enable")

    def call(self, method: str, **params: object) -> Any:
        self._asked += 1
        asked = {"id": self._asked, "method": method, "params": params, **self._session}
        os.write(self._write, json.dumps(asked).encode() + b"\0")
        while True:
            heard = json.loads(self._message())
            if heard.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
                self.complaints.append(heard["params"])
            if heard.get("id") == self._asked:
                assert "error" not in heard, heard
                return heard["result"]

    def _message(self) -> bytes:
        end_s = time.monotonic() + ANSWER_S
        while b"\0" not in self._heard:
            ready, _, _ = select.select([self._read], [], [], end_s - time.monotonic())
            assert ready, "chromium is silent"
            self._heard += os.read(self._read, 1 << 20)
        message, self._heard = self._heard.split(b"\0", 1)
        return message

    def ask(self, script: str) -> Any:
        """The value of an expression; of a promise, once it is kept."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def shown(self, selector: str = "body") -> str:
        text: str = self.ask(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return text.replace("\u00a0", " ")

    def click(self, selector: str) -> None:
        script = "(e => e ? (e.click(), true) : false)(document.querySelector(%s))" % json.dumps(selector)
        assert self.ask(script), selector

    def size(self, width: int, height: int) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)

    def speaks(self, language: str, theme: str = "light") -> None:
        """From the next navigation on."""
        self.call("Emulation.setUserAgentOverride", userAgent="test", acceptLanguage=language)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    def go(self, url: str) -> None:
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)

    def photograph(self, path: Path) -> None:
        """The whole page, however long."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4_000), "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def barriers(self) -> "list[str]":
        """What keeps somebody from using the view that is shown, as axe-core sees it."""
        if not self.ask("typeof axe === 'object'"):
            self.ask(AXE.read_text() + ";0")
        found = self.ask("axe.run(document, {runOnly: %s}).then(found => found.violations.flatMap(one => one.nodes.map("
                         "node => one.id + ' ' + node.target + ' ' + node.failureSummary)))" % json.dumps(AXE_RULES))
        return list(found)

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._read)
        os.close(self._write)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Browser]":
    if CHROMIUM is None:
        assert "CI" not in os.environ, "chromium is missing"
        pytest.skip("chromium is not installed")
    made = Browser(tmp_path_factory.mktemp("chromium"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def until() -> "Callable[..., None]":
    def waits(true: "Callable[[], object]", what: str, seconds: float = 30.0) -> None:
        end_s = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
            time.sleep(0.05)
    return waits


TCP = 'kind = "modbus-tcp"\nhost = "127.0.0.1"\nport = %d\n'  # a simulated pair keeps no pace on a busy machine


class Home:
    """The demo's house without its relays. Devices and broker live here, the daemon in a process of its own, so that
    each of them can be lost by itself.
    """

    password = "correct horse battery"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page_port, rod, inverter = (free_port() for _ in range(3))
        self.url = f"http://127.0.0.1:{self.page_port}"
        self._broker = Broker("127.0.0.1", free_port())
        _, self.broker_port = self._broker.start()
        text = re.sub(r"\[(line\.pins|device\.heatpump)\]\n(?:[^\[\n].*\n|\n)*", "", DEMO.read_text())
        text = re.sub(r'kind = "modbus-rtu"\n(?:\w+ = .*\n)+', lambda _: TCP % free_port(), text)
        for old, new in (("var/demo", str(folder)), ("port = 5021", f"port = {rod}"),
                         ("port = 5022", f"port = {inverter}"), ("[page]\n", f"[page]\nport = {self.page_port}\n"),
                         ("[mqtt]\n", f"[mqtt]\nport = {self.broker_port}\n")):
            assert old in text
            text = text.replace(old, new)
        self.path = folder / "site.toml"
        self.path.write_text(text)
        Accounts(folder / "accounts").put("anna", OWNER, self.password)
        self.served = Served(load(self.path), "sunny", 7, 42_000_000)
        with self.served.simulated.lock:
            self.car.plug(400)
        self._errors = (folder / "errors.txt").open("w+b")
        self.daemon = self._started()

    @property
    def car(self) -> Any:
        return self.served.simulated.part("carport")

    def silence_the_grid_meter(self, silent: bool) -> None:
        self.served.slaves["meters"].scripts = {1: always("silent")} if silent else {}

    def stop_the_broker(self) -> None:
        self._broker.stop()

    def start_the_broker(self) -> None:
        self._broker = Broker("127.0.0.1", self.broker_port)
        assert self._broker.start()[1] == self.broker_port

    def kill_the_daemon(self) -> None:
        self.daemon.kill()
        self.daemon.wait()

    def start_the_daemon(self) -> None:
        self.daemon = self._started()

    def close(self) -> None:
        self.kill_the_daemon()
        self.served.close()
        self._broker.stop()
        self._errors.close()

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-m", "firmware", "run", str(self.path)], cwd=ROOT,
                                stdout=self._errors, stderr=self._errors,
                                env={**os.environ, "PYTHONPATH": str(ROOT)})


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Home]":
    made = Home(tmp_path_factory.mktemp("home"))
    yield made
    made.close()
