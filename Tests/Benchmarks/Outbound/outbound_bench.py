"""Requests for a small body over kept connections on loopback: Outbound, libcurl by its own command, Python's http.client.

The server is nginx, which is far faster than any of them. Each runs in turn, `--rounds` times; medians are printed.
"""
import argparse
import http.client
import json
import os
import resource
import socket
import statistics
import subprocess
import tempfile
import time

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors warn;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{body}"; }} }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("nginx does not start")


def outbound(binary, url, seconds, concurrency):
    out = subprocess.run([binary, url, str(seconds), str(concurrency)], check=True, capture_output=True).stdout
    result = json.loads(out)
    return result["perSecond"], result["cpuMicroseconds"]


def curl(url, seconds, concurrency):
    """The command, told of many addresses at once; with --parallel it uses the multi interface as Outbound does."""
    count = 4000 * seconds
    options = ["--parallel", "--parallel-max", str(concurrency)] if concurrency > 1 else []
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(["curl", "-s", "--no-progress-meter", *options, "-o", "/dev/null", f"{url}?[1-{count}]"], check=True)
    after, elapsed = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return count / elapsed, used / count * 1e6


def python(port, seconds):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    end, count = time.monotonic() + seconds, 0
    before, start = time.process_time(), time.monotonic()
    while time.monotonic() < end:
        connection.request("GET", "/")
        connection.getresponse().read()
        count += 1
    return count / (time.monotonic() - start), (time.process_time() - before) / count * 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w") as file:
            file.write(NGINX.format(folder=folder, port=port, body="x" * 100))
        nginx = subprocess.Popen(["/usr/sbin/nginx", "-c", path, "-e", f"{folder}/errors"])
        try:
            wait_for(port)
            url = f"http://127.0.0.1:{port}/"
            runs = {
                "Outbound, 1 at a time": lambda: outbound(options.binary, url, options.seconds, 1),
                "Outbound, 32 at once": lambda: outbound(options.binary, url, options.seconds, 32),
                "curl, 1 at a time": lambda: curl(url, options.seconds, 1),
                "curl --parallel, 32 at once": lambda: curl(url, options.seconds, 32),
                "Python http.client, 1 at a time": lambda: python(port, options.seconds),
            }
            found = {name: [] for name in runs}
            for _ in range(options.rounds):
                for name, run in runs.items():
                    found[name].append(run())
            print("| | requests/s | CPU µs a request |\n|---|---|---|")
            for name, results in found.items():
                rate, cost = (statistics.median(values) for values in zip(*results))
                print(f"| {name} | {rate:,.0f} | {cost:.1f} |")
        finally:
            nginx.terminate()
            nginx.wait()


if __name__ == "__main__":
    main()
