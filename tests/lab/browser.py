"""A real browser without a screen: Chromium, driven over the WebDriver protocol (W3C)."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from lab.place import Account, LabError, account, free_port
from lab.server import Server

REQUEST_SECONDS = 120
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A small /dev/shm, as in a container, would crash pages.
    "--disable-dev-shm-usage",
    # No name resolves: whatever a page wants to load, nothing leaves the machine.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


class Browser(Server):
    """Chromium with a fresh profile; use it as a context manager."""

    name = "chromedriver"

    def __init__(self, folder: Path) -> None:
        # The browser reads pages of the test, which are the tester's.
        super().__init__(folder, Account("", 0, 0))
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._profile = tempfile.mkdtemp(prefix="nullsender-lab-", dir="/var/tmp")
        self._session = ""

    def command(self) -> list[str]:
        driver = shutil.which("chromedriver")
        if not driver:
            raise LabError("no chromedriver: apt-get install chromium chromium-driver")
        return [driver, f"--port={self.port}"]

    def is_ready(self) -> bool:
        try:
            return self._request("GET", "/status")["ready"]
        except (urllib.error.URLError, ConnectionError):
            return False

    def start(self, survive: bool = False) -> None:
        super().start(survive)
        arguments = [*ARGUMENTS, f"--user-data-dir={self._profile}"]
        options = {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        try:
            body = {"capabilities": {"alwaysMatch": options}}
            self._session = self._request("POST", "/session", body)["sessionId"]
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._session and self.process:
            self._request("DELETE", f"/session/{self._session}")
        self._session = ""
        super().stop()
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, path: Path) -> None:
        """Shows a file."""
        self._call("POST", "url", {"url": path.resolve().as_uri()})

    def run(self, script: str, *arguments):
        """The value of a JavaScript function's body."""
        return self._call("POST", "execute/sync", {"script": script, "args": list(arguments)})

    def click(self, selector: str) -> None:
        """Clicks as a person does, where the first such element is."""
        found = self._call("POST", "element", {"using": "css selector", "value": selector})
        (element,) = found.values()
        self._call("POST", f"element/{element}/click", {})

    def console(self) -> list[str]:
        """What the page has complained about since the last call."""
        return [entry["message"] for entry in self._call("POST", "se/log", {"type": "browser"})]

    def resize(self, width: int, height: int = 800) -> None:
        """The size of the view in CSS pixels; a window could not be as narrow as a phone."""
        self._devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip

    def media(self, scheme: str = "light", medium: str = "") -> None:
        """prefers-color-scheme, and "print" where the page is to look as on paper."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._devtools("Emulation.setEmulatedMedia", media=medium, features=features)

    def screenshot(self, path: Path) -> None:
        """The whole page as a PNG file."""
        picture = self._devtools("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(picture["data"]))

    def _devtools(self, command: str, **parameters):
        return self._call("POST", "goog/cdp/execute", {"cmd": command, "params": parameters})

    def _call(self, method: str, path: str, body: dict):
        return self._request(method, f"/session/{self._session}/{path}", body)

    def _request(self, method: str, path: str, body: dict | None = None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        # Loopback needs no proxy, whatever the environment says.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=REQUEST_SECONDS) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            words = error.read().decode(errors="replace")
            raise LabError(f"{self.name}: {path}: {words}") from None
