"""Starts the suite and says how long it took to be ready and how much memory it keeps: suite_bench.py PROGRAM [rounds].

Aims: ready within 1 s, at most 120 MiB resident when idle, and gone within 1 s of SIGTERM.
"""

import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError):
        return False


def start(program, folder):
    """Seconds to ready, and the process."""
    words = [program, "up", "--set", f"data.folder={folder}", "--set", "log.format=json"]
    for role in ("identity", "example", "gateway"):
        words += ["--set", f"{role}.listen=127.0.0.1:0", "--set", f"{role}.admin.listen=127.0.0.1:0"]
    began = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("DataVault is ready"):
            return time.monotonic() - began, process
    sys.exit(process.stderr.read())


def resident(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        first, process = start(program, folder)
        process.terminate()
        process.wait()
        times, memory, ends = [], [], []
        for _ in range(rounds):
            seconds, process = start(program, folder)
            times.append(seconds)
            time.sleep(2)
            memory.append(resident(process))
            began = time.monotonic()
            process.terminate()
            process.wait()
            ends.append(time.monotonic() - began)
    print(f"first start, which makes keys and tables  {first * 1000:7.0f} ms")
    print(f"start to ready, median of {rounds}               {statistics.median(times) * 1000:7.0f} ms   aim 1000")
    print(f"resident after 2 s idle, median           {statistics.median(memory):7.1f} MiB  aim 120")
    print(f"SIGTERM to the end, median                {statistics.median(ends) * 1000:7.0f} ms   aim 1000")


main()
