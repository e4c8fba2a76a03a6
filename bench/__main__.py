"""`make bench`: the figures of docs/performance.md, each beside its goal and the bare limit of the same run."""

import argparse
import tempfile
from pathlib import Path

from bench import catchup, flow, latency, tick
from bench.rig import a_rig

AIM = 15_000  # messages a second, sustained


def say(what: str, measured: str, must: str = "", aim: str = "") -> None:
    """One line of the table."""
    print(f"{what:<58} {must:>16} {aim:>16}   {measured}", flush=True)


def costs(run: flow.Sustained, bare: float) -> None:
    """What a message costs, and whom."""
    total = sum(run.cpu.values()) * 10_000
    say("CPU per 10,000 messages, all programs", f"{total:.2f} s", "1.3 s", "1.0 s")
    for name, value in run.cpu.items():
        say(f"  · {name}", f"{value * 10_000:.2f} s")
    ratio = run.cpu["ingest"] / bare
    say("ingest's CPU per message / bare paho", f"{ratio:.2f} × of {bare * 1e6:.0f} µs", "2.5 ×", "1.8 ×")


def storage(run: flow.Sustained, copied: flow.Copied) -> None:
    """What a stored, judged reading costs the database."""
    used = run.cpu["postgres"] / flow.READINGS
    bare = f"{used / copied.busy:.2f} × of {copied.busy * 1e6:.2f} µs, {run.batch:,} readings a transaction"
    say("database's CPU per reading / plain COPY, as busy a machine", bare, "1.5 ×", "1.2 ×")
    say("  · / plain COPY on an idle machine", f"{used / copied.idle:.2f} × of {copied.idle * 1e6:.2f} µs")
    say("  · plain COPY as fast as it goes", f"{copied.rows_per_second:,.0f} readings/s")


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter runs: under two minutes")
    parser.add_argument("--rate", type=float, help="messages a second of the sustained run; else the aim, or what goes")
    parser.add_argument("--base", type=tick.commit, help="a commit or tag: its tick is measured beside ours, in turns")
    options = parser.parse_args()
    quick = options.quick
    homes, count, seconds, backlog, presses = (
        (10_000, 40_000, 10, 60_000, 40) if quick else (100_000, 200_000, 60, 500_000, 300)
    )
    say(f"{homes:,} homes, {homes * 6:,} devices", "measured", "must", "aim")
    with tempfile.TemporaryDirectory() as temp, a_rig(Path(temp), homes) as rig:
        bare = flow.bare_subscriber(rig, count)
        rig.start()
        try:
            run = flow.as_fast_as_it_goes(rig, count)
            say("as fast as it goes, 3 readings a message", f"{run.messages_per_second:,.0f} msg/s")
            kept = flow.sustained(rig, options.rate or min(AIM, 0.85 * run.messages_per_second), seconds)
            say(
                f"sustained {seconds} s, rules running, stored once",
                f"{kept.sent_per_second:,.0f} msg/s; all judged {kept.drained:.1f} s after the last;"
                f" at worst {kept.longest_lag:.1f} s behind",
                "10,000 msg/s", f"{AIM:,} msg/s",
            )  # fmt: skip
            costs(kept, bare)
            rig.stop()
            rig.retire_ingest()
            storage(kept, flow.copy_cost(rig, kept))
            rig.start()
            times = latency.behind_load(rig, 3000, range(presses), 0.1)
            say("SOS to SSE frame, 3,000 msg/s behind it", latency.quantiles(times), "p99 250 ms", "p99 100 ms")
            times, drained = latency.behind_backlog(rig, backlog, range(presses, presses + (20 if quick else 200)))
            say(
                f"SOS to SSE frame while {backlog:,} messages drain",
                f"{latency.quantiles(times)}, at {drained:,.0f} msg/s", "p99 1 s", "p99 300 ms",
            )  # fmt: skip
            rate = catchup.measure(rig, 2_000_000 if quick else 10_000_000)
            say("engine catching up on queued batches", f"{rate:,.0f} readings/s", "150,000", "500,000")
        finally:
            rig.stop()
    for homes, must, aim in ((100_000, "50 ms", "20 ms"), (1_000_000, "8 GiB", "500 ms")):
        milliseconds, gib = tick.measure_apart(homes)
        say(f"one tick, all rules, {homes:,} homes", f"{milliseconds:.1f} ms, {gib:.1f} GiB", must, aim)
    if options.base:
        ours, theirs = tick.beside(100_000, options.base)
        say(f"  · / {options.base[:9]}'s, 100,000 homes", f"{ours / theirs:.2f} × of {theirs:.1f} ms", "1 ×", "0.7 ×")


if __name__ == "__main__":
    main()
