"""`make bench`: the figures of docs/performance.md, each beside its goal and the bare limit of the same run."""

import argparse
import tempfile
from pathlib import Path
from statistics import median

from bench import catchup, flow, latency, tick
from bench.city import OTHER_VENDOR, VENDOR
from bench.rig import READINGS, Rig, a_rig

AIM = 30_000  # messages a second, sustained


def say(what: str, measured: str, must: str = "", aim: str = "") -> None:
    """One line of the table."""
    print(f"{what:<62} {must:>14} {aim:>14}   {measured}", flush=True)


def throughput(rig: Rig, count: int, rounds: int) -> float:
    """Ours and what a user would pick instead, in turns; how many messages a second ours takes."""
    ours: list[flow.Flow] = []
    theirs: dict[int, list[flow.Flow]] = {2: [], READINGS: []}
    for _ in range(rounds):
        rig.start()
        ours.append(flow.as_fast_as_it_goes(rig, count))
        rig.stop()
        for readings, runs in theirs.items():
            runs.append(flow.rival(rig, count, readings))
    fast = median(run.messages_per_second for run in ours)
    say(f"as fast as it goes, {READINGS} readings a message, judged", f"{fast:,.0f} msg/s", "35,000", "45,000")
    for readings, runs in theirs.items():
        other = median(run.messages_per_second for run in runs)
        goal = ("0.9 ×", "1.1 ×") if readings == 2 else ("", "")
        say(
            f"  · / a Rust client that stores {readings} readings", f"{fast / other:.2f} × of {other:,.0f} msg/s", *goal
        )
        used = {name: median(run.cpu[name] for run in runs) * 10_000 for name in ("client", "mosquitto", "postgres")}
        parts = ", ".join(f"{name} {value:.2f}" for name, value in used.items())
        say("    its CPU per 10,000 messages", f"{sum(used.values()):.2f} s ({parts})")
    return fast


def dealing(rig: Rig, count: int, rounds: int) -> None:
    """Two vendors at once, taken by one worker and by two, in turns."""
    runs: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, found in runs.items():
            rig.start(workers)
            found.append(flow.as_fast_as_it_goes(rig, count, (VENDOR, OTHER_VENDOR)).messages_per_second)
            rig.stop()
    one, two = (median(found) for found in runs.values())
    say("  · two vendors at once, dealt to two workers / to one", f"{two / one:.2f} × of {one:,.0f} msg/s")


def costs(run: flow.Sustained, bare: float) -> None:
    """What a message costs, and whom."""
    total = sum(run.cpu.values()) * 10_000
    say("CPU per 10,000 messages, all programs", f"{total:.2f} s", "0.50 s", "0.40 s")
    for name, value in run.cpu.items():
        say(f"  · {name}", f"{value * 10_000:.2f} s")
    ratio = run.cpu["ingest"] / bare
    say("ingest's CPU per message / bare paho", f"{ratio:.2f} × of {bare * 1e6:.0f} µs", "0.8 ×", "0.6 ×")


def storage(run: flow.Sustained, copied: flow.Copied) -> None:
    """What a stored, judged reading costs the database."""
    used = run.cpu["postgres"] / READINGS
    bare = f"{used / copied.busy:.2f} × of {copied.busy * 1e6:.2f} µs, {run.batch:,} readings a transaction"
    say("database's CPU per reading / plain COPY, as busy a machine", bare, "1.5 ×", "1.2 ×")
    say("  · / plain COPY on an idle machine", f"{used / copied.idle:.2f} × of {copied.idle * 1e6:.2f} µs")
    say("  · plain COPY as fast as it goes", f"{copied.rows_per_second:,.0f} readings/s")


def waits(rig: Rig, presses: int, backlog: int) -> None:
    """How long an emergency takes to a person's screen."""
    times = latency.behind_load(rig, 3000, range(presses), 0.1)
    say("SOS to SSE frame, 3,000 msg/s behind it", latency.quantiles(times), "p99 60 ms", "p99 30 ms")
    times, drained = latency.behind_backlog(rig, backlog, range(presses, presses + min(presses, 200)))
    say(
        f"SOS to SSE frame while {backlog:,} messages drain",
        f"{latency.quantiles(times)}, at {drained:,.0f} msg/s", "p99 250 ms", "p99 150 ms",
    )  # fmt: skip


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter runs: under three minutes")
    parser.add_argument("--rate", type=float, help="messages a second of the sustained run; else the aim, or what goes")
    parser.add_argument("--base", type=tick.commit, help="a commit or tag: its tick is measured beside ours, in turns")
    options = parser.parse_args()
    quick = options.quick
    homes, count, rounds, seconds, backlog, presses = (
        (10_000, 200_000, 1, 10, 200_000, 60) if quick else (100_000, 300_000, 3, 60, 500_000, 300)
    )
    say(f"{homes:,} homes, {homes * 6:,} devices", "measured", "must", "aim")
    with tempfile.TemporaryDirectory() as temp, a_rig(Path(temp), homes) as rig:
        bare = flow.bare_subscriber(rig, count)
        try:
            fast = throughput(rig, count, rounds)
            dealing(rig, count, rounds)
            rig.start()
            kept = flow.sustained(rig, options.rate or min(AIM, 0.85 * fast), seconds)
            say(
                f"sustained {seconds} s, rules running, stored once",
                f"{kept.sent_per_second:,.0f} msg/s; all judged {kept.drained:.1f} s after the last;"
                f" at worst {kept.longest_lag:.1f} s behind",
                "25,000, ≤ 1 s", f"{AIM:,}, ≤ 1 s",
            )  # fmt: skip
            costs(kept, bare)
            rig.stop()
            rig.retire_ingest()
            storage(kept, flow.copy_cost(rig, kept))
            rig.start()
            waits(rig, presses, backlog)
            rate = catchup.measure(rig, 2_000_000 if quick else 10_000_000)
            say("engine catching up on queued batches", f"{rate:,.0f} readings/s", "150,000", "500,000")
        finally:
            rig.stop()
    for homes, must, aim in ((100_000, "50 ms", "20 ms"), (1_000_000, "8 GiB", "500 ms")):
        took = tick.measure_apart(homes)
        say(f"one tick, all rules, {homes:,} homes", f"{took['all']:.1f} ms, {took['gib']:.1f} GiB", must, aim)
        say("  beside it, own values in 5 % of them", f"{took['own'] / took['all']:.2f} ×", "≤ 1.2 ×", "")
    if options.base:
        ours, theirs = tick.beside(100_000, options.base)
        say(f"  · / {options.base[:9]}'s, 100,000 homes", f"{ours / theirs:.2f} × of {theirs:.1f} ms", "1 ×", "0.7 ×")


if __name__ == "__main__":
    main()
