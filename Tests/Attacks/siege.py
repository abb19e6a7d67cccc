"""A server under attack, and the well-behaved client beside the attacker."""

import json
import pathlib
import subprocess
import sys
import time

from h2 import Attacker

HERE = pathlib.Path(__file__).resolve().parent
MIB = 1 << 20


class Siege:
    """Starts the target with `limits`; inside `with` the attack runs, after it `row` says what was seen."""

    def __init__(self, program, limits, rss_limit, tls, tolerated):
        self.rss_limit, self.tolerated, self.seen = rss_limit * MIB, tolerated, ""
        words = [str(program)]
        for name, value in limits.items():
            words += ["--set", f"{name}={value}"]
        if tls:
            words += ["--tls-cert", str(tls / "cert.pem"), "--tls-key", str(tls / "key.pem")]
        self.process = self._start(words)
        try:
            line = self.process.stdout.readline().split()
            assert line[:1] == ["listening"], f"the target does not listen: {line}"
            self.port = int(line[1])
            words = [sys.executable, str(HERE / "bystander.py"), str(self.port)]
            self.bystander = self._start(words + ([str(tls / "cert.pem")] if tls else []))
        except BaseException:
            self.process.kill()
            raise

    @staticmethod
    def _start(words):
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    @staticmethod
    def _ask(process):
        process.stdin.write("\n")
        return process.stdout.readline()

    def _memory(self, name):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
        raise AssertionError("the target has died")

    def counters(self):
        answer = self._ask(self.process)
        assert answer, f"the target has died: {self.process.wait()}"
        return {name: int(value) for name, value in (part.split("=") for part in answer.split())}

    def counted(self, kind):
        return self.counters().get(f"grpc_server_abuse_total/{kind}", 0)

    def connect(self, **options):
        return Attacker(self.port, **options)

    def go_on(self, attack, seconds=1.0):
        """Attacks again and again for `seconds`; the number of times."""
        deadline, times = time.monotonic() + seconds, 0
        while time.monotonic() < deadline:
            attack()
            times += 1
        return times

    def report(self):
        return json.loads(self._ask(self.bystander))

    def __enter__(self):
        deadline = time.monotonic() + 10
        while self.report()["calls"] < 20:
            assert time.monotonic() < deadline, "the well-behaved client is not served even before the attack"
            time.sleep(0.1)
        time.sleep(0.4)
        self.before = self.report()
        self.rss_before = self._memory("VmRSS")
        # From here on VmHWM is the attack's peak.
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self

    def __exit__(self, kind, value, trace):
        self.during = self.report()
        if kind is None:
            self.rss_peak, self.rss_after = self._memory("VmHWM"), self._memory("VmRSS")
            self._judge()

    def _judge(self):
        errors = [error for error in self.during["errors"] if not self.tolerated or self.tolerated not in error]
        assert not self.before["errors"] and not errors, f"the well-behaved client saw {errors[:3]}"
        assert self.during["calls"] > 0, "the well-behaved client was not served during the attack"
        grown = self.rss_peak - self.rss_before
        assert grown < self.rss_limit, f"the server grew by {grown / MIB:.0f} MiB"

    def row(self):
        time_of = lambda report: f"{report['p50']:.1f}/{report['p99']:.1f}"
        rss = [f"{size / MIB:.0f}" for size in (self.rss_before, self.rss_peak, self.rss_after)]
        return [time_of(self.before), time_of(self.during), "/".join(rss), self.seen]

    def stop(self):
        """Ends both processes; the server must be alive until then."""
        died = self.process.poll()
        for process in (self.bystander, self.process):
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
        return None if died is None else f"the target ended with {died}"
