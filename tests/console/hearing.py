"""What a console plays, heard in the browser's own audio engine, and how a page is put in the background."""

import json
import time
from typing import Any

from playwright.sync_api import Browser, Page

# Every sound that begins is noted, and all that goes to the loudspeaker goes through a meter too.
LISTEN = """
window.played = [];
AudioBufferSourceNode.prototype.start = ((real) => function (when = 0) {
  played.push({ seconds: this.buffer.duration, loop: this.loop, in: Math.max(0, when - this.context.currentTime),
    node: this, stopped: false });
  real.call(this, when);
})(AudioBufferSourceNode.prototype.start);
AudioBufferSourceNode.prototype.stop = ((real) => function (...when) {
  for (const one of played) if (one.node === this) one.stopped = true;
  real.apply(this, when);
})(AudioBufferSourceNode.prototype.stop);
AudioNode.prototype.connect = ((real) => function (to, ...rest) {
  if (to instanceof AudioDestinationNode && to.context instanceof AudioContext) {
    if (!window.meter) window.meter = new AnalyserNode(to.context, { fftSize: 32768 });
    real.call(this, window.meter);
  }
  return real.call(this, to, ...rest);
})(AudioNode.prototype.connect);
window.loudness = () => {
  const wave = new Float32Array(meter.fftSize);
  meter.getFloatTimeDomainData(wave);
  return Math.max(...wave.map(Math.abs));
};
"""
SIREN, CHIME = 2.5, 300.0  # seconds from one beginning to the next
LASTING = "played.filter((one) => !one.stopped && one.loop).map((one) => [one.seconds, Math.round(one.in)])"


def sounding(page: Page) -> list[list[float]]:
    """[seconds of the loop, in how many seconds it begins] of what plays now."""
    return page.evaluate(LASTING)


def begun(page: Page, seconds: float) -> int:
    """How often a sound of this length has begun."""
    return page.evaluate("(length) => played.filter((one) => one.seconds === length).length", seconds)


# A hidden page's timers come once a minute from its first second on (Chromium waits five minutes otherwise), and
# nothing keeps it awake as Playwright does for tests that don't look at this.
THROTTLED = (
    "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1",
    "--intensive-wake-up-throttling-policy=force-enable",
)
AWAKE = (
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)


class Tab:
    """A tab that Playwright does not know of: what it knows of is never hidden."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._cdp = browser.new_browser_cdp_session()
        self._answers: dict[int, dict[str, Any]] = {}
        self._sent = 0
        self._cdp.on("Target.receivedMessageFromTarget", self._received)
        self.id = self._cdp.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._cdp.send("Target.attachToTarget", {"targetId": self.id, "flatten": False})["sessionId"]
        self._send("Page.enable", {})
        self._send("Page.addScriptToEvaluateOnNewDocument", {"source": LISTEN})
        self._send("Page.navigate", {"url": address})

    def evaluate(self, script: str) -> Any:
        """The value of an expression, which counts as an operator's gesture."""
        asked = {"expression": script, "userGesture": True, "returnByValue": True, "awaitPromise": True}
        answer = self._send("Runtime.evaluate", asked)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, script: str, seconds: float = 10) -> None:
        """Until an expression is true."""
        end = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({script})"):
            assert time.monotonic() < end, script
            time.sleep(0.05)

    def show(self) -> None:
        """Bring it to the front; the one that was there is hidden."""
        self._cdp.send("Target.activateTarget", {"targetId": self.id})

    def _received(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        self._answers[message.get("id", 0)] = message

    def _send(self, method: str, params: dict[str, Any]) -> Any:
        self._sent += 1
        message = json.dumps({"id": self._sent, "method": method, "params": params})
        self._cdp.send("Target.sendMessageToTarget", {"sessionId": self._session, "message": message})
        end = time.monotonic() + 10
        while self._sent not in self._answers:
            assert time.monotonic() < end, method
            self._cdp.send("Target.getTargets")  # so that what has come is looked at
        return self._answers[self._sent]["result"]
