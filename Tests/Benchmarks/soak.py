#!/usr/bin/env python3
"""Keeps a server at a share of its peak for minutes and watches its memory: what leaks shows as a slope.

    soak.py --peers OUT [--wire DIRECTORY] [--peer wire] [--seconds 600] [--json FILE]

The peak is measured first; then h2load's connections, each paced, make unary calls, with new connections every minute.
The exit status is 1 if a call failed, the load fell short of its rate, or memory grew faster than --max-slope."""

import argparse
import json
import os
import sys
import threading
import time
from pathlib import Path

from rpcbench import cases, machine, peers
from rpcbench.load import LoadError, h2load
from rpcbench.peers import Server

SEGMENT = 60.0  # seconds with the same connections


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", required=True, type=Path, help="what peers/build.sh made")
    parser.add_argument("--wire", type=Path, default=Path(".build/release"), help="where wire-echo is")
    parser.add_argument("--peer", default="wire", help="whose server, default %(default)s")
    parser.add_argument("--add", metavar="NAME=COMMAND", help="another server, with {port} in its command")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--share", type=float, default=0.8, help="of the peak, default %(default)s")
    parser.add_argument("--sample", type=float, default=5, help="seconds between looks at memory")
    parser.add_argument("--max-slope", type=float, default=30, help="MiB an hour, default %(default)s")
    parser.add_argument("--json", type=Path, help="write the samples there")
    return parser.parse_args()


class Sampler(threading.Thread):
    """Notes the server's memory until stopped, or until the server is gone."""

    def __init__(self, pid: int, every: float):
        super().__init__(daemon=True)
        self.pid, self.every = pid, every
        self.samples: list[tuple[float, float]] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        began = time.monotonic()
        while not self.stopped.is_set():
            try:
                self.samples.append((time.monotonic() - began, machine.memory_mib(self.pid)))
            except (OSError, RuntimeError):
                return
            self.stopped.wait(self.every)

    def stop(self) -> list[tuple[float, float]]:
        self.stopped.set()
        self.join()
        return self.samples


def slope_an_hour(samples: list[tuple[float, float]]) -> float:
    """MiB an hour by least squares, without the first fifth: buffers and caches fill there."""
    settled = [sample for sample in samples if sample[0] >= samples[-1][0] / 5]
    if len(settled) < 3:
        raise SystemExit("too few samples for a slope: more --seconds or a smaller --sample")
    mean_time = sum(at for at, _ in settled) / len(settled)
    mean = sum(mib for _, mib in settled) / len(settled)
    spread = sum((at - mean_time) ** 2 for at, _ in settled)
    return 3600 * sum((at - mean_time) * (mib - mean) for at, mib in settled) / spread


def soak(server: Server, rate: float, seconds: float) -> dict:
    """Paced calls for so long."""
    shape = cases.MANY
    calls = errors = 0
    began = time.monotonic()
    while (left := seconds - (time.monotonic() - began)) > 1:
        wanted = cases.whole(rate * min(left, SEGMENT), shape)
        calls += wanted
        try:
            failed = h2load(server, "Say", wanted, shape, rps=rate / shape.connections)["errors"]
        except LoadError as error:
            print(error, file=sys.stderr)
            failed = wanted
        errors += failed
        print(f"{time.monotonic() - began:6.0f} s  {calls:12,d} calls  {errors} errors", flush=True)
        if failed == wanted:
            break  # the server is gone
    took = time.monotonic() - began
    return {"calls": calls, "errors": errors, "seconds": took, "rate": calls / took}


def main() -> int:
    given = options()
    out = given.peers.resolve()
    every = peers.known(out, given.wire.resolve()) + ([peers.added(given.add)] if given.add else [])
    peer = next((peer for peer in every if peer.name == given.peer), None)
    if peer is None:
        raise SystemExit(f"not built: {given.peer}")
    os.sched_setaffinity(0, {machine.LOAD_CPU})
    with peers.serving(peer, out) as server:
        effort = machine.Effort(seconds=5, tries=3, quiet=20, connections=0)
        best = effort.least_disturbed(lambda: cases.throughput(server, "Say", cases.MANY, effort.seconds, 3000))
        peak = best["rate"]
        wanted = peak * given.share
        print(f"{peer.name}: peak {peak:,.0f} calls/s, soaking at {wanted:,.0f} for {given.seconds:.0f} s", flush=True)
        sampler = Sampler(server.pid, given.sample)
        sampler.start()
        result = soak(server, wanted, given.seconds)
        samples = sampler.stop()
        result["peak_mib"] = machine.memory_mib(server.pid, "VmHWM")
    slope = slope_an_hour(samples)
    result.update(peak_rate=peak, wanted_rate=wanted, slope_mib_an_hour=slope, samples=samples)
    if given.json:
        given.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(
        f"{result['calls']:,d} calls in {result['seconds']:.0f} s, {result['rate']:,.0f}/s, {result['errors']} errors; "
        f"resident {samples[0][1]:.1f} → {samples[-1][1]:.1f} MiB, most {result['peak_mib']:.1f}, "
        f"slope {slope:+.2f} MiB an hour"
    )
    complaints = []
    if best["others"] > machine.DISTURBED:
        complaints.append(f"other work took {best['others']:.2f} processors while the peak was measured: it is too low")
    if result["errors"]:
        complaints.append("calls failed")
    if result["rate"] < 0.9 * wanted:
        complaints.append("the load fell short: the machine was busy, or the server slower than before")
    if slope > given.max_slope:
        complaints.append(f"memory grows faster than {given.max_slope:g} MiB an hour")
    print("PASS" if not complaints else "MISS: " + "; ".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (LoadError, RuntimeError, OSError) as error:
        sys.exit(f"MISS: the server did not last: {error}")
