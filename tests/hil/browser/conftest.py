"""Headless Chromium for the tests of the page, spoken to over a pipe (DevTools protocol): no driver, no port."""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
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
