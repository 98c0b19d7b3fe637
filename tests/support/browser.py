"""A headless Chromium, driven by WebDriver through chromedriver (Debian: chromium, chromium-driver).

    browser.py hold FILE      starts one and holds it until SIGTERM; FILE says where it is

    page = Browser(FILE)
    page.open(path)
    page.run("return document.title")

The browser has a new profile and no network.
"""

import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--proxy-server=127.0.0.1:9",
    "--window-size=1280,900",
]
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Backspace": "\ue003", "Left": "\ue012", "Up": "\ue013", "Right": "\ue014", "Down": "\ue015"}
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method, url, body=None):
    data = None if method == "GET" else json.dumps(body or {}).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    try:
        with OPENER.open(request, timeout=120) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(json.load(error)["value"]["message"]) from None


def read_port(driver):
    for line in driver.stdout:
        if "successfully on port" in line:
            return int(line.rsplit(" ", 1)[1].strip().rstrip("."))
    raise RuntimeError("chromedriver did not start")


def hold(file):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="leaktrace-browser.", ignore_cleanup_errors=True) as profile:
        driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        session = None
        try:
            url = f"http://127.0.0.1:{read_port(driver)}/session"
            options = {"args": ARGUMENTS + [f"--user-data-dir={profile}"]}
            session = call("POST", url, {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})["sessionId"]
            pathlib.Path(file + ".new").write_text(f"{url}/{session}")
            os.rename(file + ".new", file)
            signal.pause()
        finally:
            if session:
                call("DELETE", f"{url}/{session}")
            driver.terminate()
            driver.wait()


class Browser:
    def __init__(self, file):
        self.url = pathlib.Path(file).read_text()
        self.complaints()

    def call(self, method, path, body=None):
        return call(method, f"{self.url}/{path}", body)

    def developer(self, command, **parameters):
        """A command of Chromium's own protocol."""
        return self.call("POST", "goog/cdp/execute", {"cmd": command, "params": parameters})

    def prefer(self, scheme):
        """Light or dark, as the person has told the system."""
        self.developer("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def allow_scripts(self, allow):
        self.developer("Emulation.setScriptExecutionDisabled", value=not allow)

    def open(self, path):
        self.call("POST", "url", {"url": pathlib.Path(path).resolve().as_uri()})

    def run(self, script, *arguments):
        return self.call("POST", "execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, *arguments):
        """Until the script's result is true; at most 20 s. Returns it."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            result = self.run(script, *arguments)
            if result:
                return result
            time.sleep(0.05)
        raise AssertionError(f"waited in vain for: {script}")

    def click(self, x, y):
        self.call("POST", "actions", {"actions": [{
            "type": "pointer", "id": "mouse", "actions": [
                {"type": "pointerMove", "duration": 0, "x": int(x), "y": int(y)},
                {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]}]})

    def hover(self, x, y):
        self.call("POST", "actions", {"actions": [{
            "type": "pointer", "id": "mouse", "actions": [{"type": "pointerMove", "duration": 0, "x": int(x), "y": int(y)}]}]})

    def keys(self, *keys):
        """Presses keys one after the other; names as in KEYS."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.call("POST", "actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def screenshot(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.call("GET", "screenshot")))

    def complaints(self):
        """What the browser's console holds: errors of scripts, and requests that were refused."""
        return [entry["message"] for entry in self.call("POST", "se/log", {"type": "browser"})]


if __name__ == "__main__":
    hold(sys.argv[2])
