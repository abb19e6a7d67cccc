#!/usr/bin/env python3
"""What telemetry costs: single operations, and a server's processor time a unary call with and without.

Servers run one after the other in each round, on one core, with h2load on the other; what counts is the processor time
of the server, and where the kernel counts them its instructions, as other work on the machine changes those least.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time

SERVER_CPU, LOAD_CPU = 0, 1
CASES = {
    "none": ("none", "none"),
    "metrics": ("prometheus", "none"),
    "metrics, no trace sampled": ("prometheus", "0"),
    "metrics, every trace sampled, collector away": ("prometheus", "1"),
}
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def instructions(pid, run):
    """Runs `run`; the instructions of the process in user mode meanwhile, or None where they cannot be counted."""
    with tempfile.NamedTemporaryFile() as out:
        counter = subprocess.Popen(
            ["perf", "stat", "-x,", "-e", "instructions:u", "-p", str(pid), "-o", out.name],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.2)
        run()
        counter.send_signal(2)
        counter.wait(10)
        found = re.search(r"^(\d+),,instructions", open(out.name, encoding="utf-8").read(), re.M)
    return int(found.group(1)) if found else None


def measure(binary, port, case, calls):
    server = subprocess.Popen(
        ["taskset", "-c", str(SERVER_CPU), binary, "serve", str(port), *case],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with tempfile.NamedTemporaryFile() as body:
            text = b"x" * 100
            message = b"\x0a" + bytes([len(text)]) + text
            body.write(b"\0" + len(message).to_bytes(4, "big") + message)
            body.flush()

            def load(number):
                done = subprocess.run(
                    ["taskset", "-c", str(LOAD_CPU), "h2load", "-t", "1", "-n", str(number), "-c", "10", "-m", "10",
                     "-H", "te: trailers", "-H", "content-type: application/grpc", "-d", body.name,
                     f"http://127.0.0.1:{port}/echo.EchoService/Say"],
                    capture_output=True, text=True, timeout=300)
                assert f"{number} succeeded" in done.stdout and f"{number} 2xx" in done.stdout, done.stdout[-500:]

            for _ in range(100):
                try:
                    load(1)
                    break
                except AssertionError:
                    time.sleep(0.1)
            load(20_000)
            before = cpu_seconds(server.pid)
            counted = instructions(server.pid, lambda: load(calls))
            return (cpu_seconds(server.pid) - before) / calls * 1e6, counted and counted / calls
    finally:
        server.kill()
        server.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=300_000)
    parser.add_argument("--servers-only", action="store_true")
    parser.add_argument("--port", type=int, default=9471)
    given = parser.parse_args()
    if not given.servers_only:
        subprocess.run([given.binary, "micro"], check=True, stderr=subprocess.DEVNULL)
    results = {name: [] for name in CASES}
    for number in range(given.rounds):
        for name, case in CASES.items():
            results[name].append(measure(given.binary, given.port + number, case, given.calls))
    times = {name: statistics.median(time for time, _ in all) for name, all in results.items()}
    counts = {
        name: statistics.median(count for _, count in all) if all[0][1] else None for name, all in results.items()}
    print("\n| unary echo with | CPU µs a call | | instructions a call | |\n|---|---|---|---|---|")
    for name in CASES:
        share = f"{(times[name] / times['none'] - 1) * 100:+.1f} %"
        count = f"{counts[name]:,.0f} | {(counts[name] / counts['none'] - 1) * 100:+.1f} %" if counts[name] else "– | –"
        print(f"| {name} | {times[name]:.2f} | {share} | {count} |")


main()
