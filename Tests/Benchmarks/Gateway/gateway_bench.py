"""CPU of a JSON gateway per request: the gateway alone on one core, its upstream and wrk on the other.

What counts is the gateway process's own user and system time over the run, by requests answered; requests a second
depend on the load's side too. Each run starts fresh processes, warms up, and checks answers before and after.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import signal
import socket
import statistics
import string
import subprocess
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
START_TIMEOUT, STOP_TIMEOUT, WARM_UP = 60, 10, 2
ECHO = json.dumps({"text": "x" * 100}, separators=(",", ":"))
ITEMS = [
    {
        "id": f"item-{i:08d}", "name": f"Customer name number {i:08d}", "amount": (12345 + 100 * i) / 100,
        "tags": ["alpha", "beta"],
    }
    for i in range(1000)
]
NGINX = """daemon off; master_process off; worker_processes 1; pid {out}/nginx-{port}.pid; error_log {out}/nginx.err warn;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 75s; tcp_nodelay on; default_type application/json;
  client_body_temp_path {out}/t1; proxy_temp_path {out}/t2; fastcgi_temp_path {out}/t3; uwsgi_temp_path {out}/t4;
  scgi_temp_path {out}/t5;
  upstream u {{ server 127.0.0.1:9399; keepalive 128; keepalive_requests 1000000000; }}
  server {{ listen 127.0.0.1:{port}; {locations} }}
}}
"""
PROXY = 'location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffers 32 8k; }'


@dataclasses.dataclass
class Program:
    port: int
    words: list
    environment: dict = dataclasses.field(default_factory=dict)
    # Answered with 200 once it can serve, for what listens before it can.
    ready: str | None = None


@dataclasses.dataclass
class Case:
    gateway: Program
    upstream: Program | None
    # Whether it gives back what it is sent; nginx before a static answer does not.
    is_echo: bool = True
    headers: dict = dataclasses.field(default_factory=dict)


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_memory(pid):
    line = next(l for l in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if l.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def nginx(out, port, locations):
    file = out / f"nginx-{port}.conf"
    file.write_text(NGINX.format(out=out, port=port, locations=locations))
    return Program(port, ["nginx", "-c", str(file), "-p", str(out)])


def start(core, program, log):
    with open(log, "ab") as sink:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *program.words], env=os.environ | program.environment, stdout=sink, stderr=sink)
    end = time.monotonic() + START_TIMEOUT
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", program.port), 1).close()
            if program.ready:
                urllib.request.urlopen(f"http://127.0.0.1:{program.port}{program.ready}", timeout=5).close()
            return process
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{program.words} does not listen on {program.port}; see {log}")


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def call(case, path, body=None):
    headers = dict(case.headers) | ({"Content-Type": "application/json"} if body is not None else {})
    request = urllib.request.Request(f"http://127.0.0.1:{case.gateway.port}{path}", data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        assert reply.headers["Content-Type"].startswith("application/json"), reply.headers
        return json.loads(reply.read())


def verify(case, kind):
    """The gateway answers rightly: an unchecked benchmark measures how fast something fails."""
    if kind == "list":
        assert call(case, "/api/v1/items") == {"items": ITEMS}
        return
    texts = ["x" * 100]
    if case.is_echo:
        texts += ["".join(random.choices(string.printable + 'é漢😀"\\', k=100)), 'q"\\\n\u2028é漢😀']
    for text in texts:
        assert call(case, "/api/v1/echo", json.dumps({"text": text}).encode()) == {"text": text}
    if case.is_echo:
        try:
            call(case, "/api/v1/echo", b'{"text":')
        except urllib.error.HTTPError as error:
            assert error.code == 400, error.code
        else:
            raise AssertionError("half a document was accepted")
    if case.headers:
        try:
            call(dataclasses.replace(case, headers={}), "/api/v1/items")
        except urllib.error.HTTPError as error:
            assert error.code == 401, error.code
        else:
            raise AssertionError("a caller without credentials was served")


def script(out, case, kind):
    lines = [f'wrk.headers["{name}"] = "{value}"' for name, value in case.headers.items()]
    if kind == "echo":
        lines += ['wrk.method = "POST"', f"wrk.body = '{ECHO}'", 'wrk.headers["Content-Type"] = "application/json"']
    lines += [
        "function done(s, l, r)",
        '  io.write(string.format("RESULT %d %d %d %d\\n", s.requests, s.duration, l:percentile(50), l:percentile(99)))',
        '  io.write(string.format("ERRORS %d\\n", s.errors.connect + s.errors.read + s.errors.write + s.errors.status '
        "+ s.errors.timeout))",
        "end",
    ]
    file = out / f"{kind}.lua"
    file.write_text("\n".join(lines))
    return str(file)


def wrk(out, case, kind, connections, seconds):
    path = "echo" if kind == "echo" else "items"
    done = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script(out, case, kind),
         f"http://127.0.0.1:{case.gateway.port}/api/v1/{path}"],
        capture_output=True, text=True, timeout=seconds + 60, check=True)
    lines = {line.split()[0]: [int(word) for word in line.split()[1:]] for line in done.stdout.splitlines()
             if line.startswith(("RESULT", "ERRORS"))}
    assert lines["ERRORS"] == [0], done.stdout
    return lines["RESULT"]


def measure(out, name, case, kind, connections, seconds):
    log = out / f"{case.gateway.port}.log"
    upstream = start(1, case.upstream, log) if case.upstream else None
    try:
        gateway = start(0, case.gateway, log)
        try:
            verify(case, kind)
            wrk(out, case, kind, connections, WARM_UP)
            before = cpu(gateway.pid)
            requests, microseconds, p50, p99 = wrk(out, case, kind, connections, seconds)
            used = cpu(gateway.pid) - before
            verify(case, kind)
            memory = peak_memory(gateway.pid)
        finally:
            stop(gateway)
    finally:
        if upstream:
            stop(upstream)
    return {
        "cpu_us": used / requests * 1e6, "rps": requests / microseconds * 1e6, "p50_ms": p50 / 1000,
        "p99_ms": p99 / 1000, "memory_mib": memory,
    }


def cases(out, peers, program):
    one = {"GOMAXPROCS": "1"}
    go_upstream = Program(9398, [str(peers / "go/upstream"), "9398"], one)
    (out / "items.json").write_text(json.dumps({"items": ITEMS}, separators=(",", ":")))
    static = (f"location = /api/v1/echo {{ return 200 '{ECHO}'; }} "
              f"location = /api/v1/items {{ alias {out}/items.json; }}")
    folder = out / "suite"
    secret = folder / "secret"
    found = {
        "grpc-gateway": Case(Program(9300, [str(peers / "go/gateway"), "9300", "9398"], one), go_upstream),
        "grpc-gateway, encoding/json": Case(
            Program(9301, [str(peers / "go/gateway"), "9301", "9398", "builtin"], one), go_upstream),
        "nginx, plain proxy": Case(nginx(out, 9302, PROXY), nginx(out, 9399, static), is_echo=False),
    }
    if program:
        suite = Program(9397, [program, "upstream", str(folder)])
        found["DataVault"] = Case(Program(9303, [program, "gateway", str(folder)], ready="/readyz"), suite)
        # The key is made by the upstream's first start.
        if not secret.exists():
            process = start(1, suite, out / "9303.log")
            end = time.monotonic() + START_TIMEOUT
            while not secret.exists() and time.monotonic() < end:
                time.sleep(0.1)
            stop(process)
        found["DataVault"].headers = {"Authorization": f"Bearer {secret.read_text().strip()}"}
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--peers", type=pathlib.Path, required=True)
    arguments.add_argument("--program", help="gateway-bench")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=5)
    arguments.add_argument("--only", action="append", help="a case; may be given several times")
    arguments.add_argument("--json", type=pathlib.Path)
    given = arguments.parse_args()
    out = given.peers.resolve() / "run"
    out.mkdir(parents=True, exist_ok=True)
    known = cases(out, given.peers.resolve(), given.program)
    names = given.only or list(known)
    plan = [("echo", 32), ("echo", 1), ("list", 8)]
    rows = {}
    for round in range(given.rounds):
        for kind, connections in plan:
            for name in names:
                row = measure(out, name, known[name], kind, connections, given.seconds)
                rows.setdefault((name, kind, connections), []).append(row)
                print(f"{round} {name:28} {kind} × {connections:<3} {row['cpu_us']:9.1f} µs CPU {row['rps']:8.0f}/s "
                      f"p50 {row['p50_ms']:.2f} p99 {row['p99_ms']:.2f} ms {row['memory_mib']:.0f} MiB", flush=True)
    medians = {
        key: {field: statistics.median(row[field] for row in found) for field in found[0]} for key, found in rows.items()
    }
    print(f"\nmedians of {given.rounds} rounds")
    for kind, connections in plan:
        print(f"\n{kind}, {connections} connections | CPU µs/request | requests/s | p50 / p99 ms | MiB")
        for name in names:
            row = medians[name, kind, connections]
            print(f"{name} | {row['cpu_us']:.1f} | {row['rps']:.0f} | {row['p50_ms']:.2f} / {row['p99_ms']:.2f} | "
                  f"{row['memory_mib']:.0f}")
    if given.json:
        given.json.write_text(json.dumps({" | ".join(map(str, key)): row for key, row in medians.items()}, indent=1))


if __name__ == "__main__":
    main()
