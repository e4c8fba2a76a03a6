"""What a console plays, heard in the browser's own audio engine, and how a page is put in the background."""

from playwright.sync_api import Page

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
  if (to instanceof AudioDestinationNode) {
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
