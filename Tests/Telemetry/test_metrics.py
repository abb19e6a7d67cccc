"""What Prometheus makes of the metrics: its linter, and a real one that scrapes."""

import subprocess

import pytest
from conftest import eventually, tool

OPEN_METRICS = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5"


def lint(text):
    return subprocess.run(
        [tool("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, timeout=30
    )


def test_linter_has_nothing_to_say(probe, echo):
    server = probe()
    client = probe("--upstream", server.port)
    echo(client, "hello")
    client.ask("/record")
    done = lint(client.ask("/metrics") + "\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_linter_would_say_something():
    done = lint("# TYPE probe_things counter\nprobe_things 1\n")
    assert done.returncode != 0 and "total" in done.stderr


def test_formats(probe):
    server = probe()
    text_type, text = server.get("/metrics")
    assert text_type == "text/plain; version=0.0.4; charset=utf-8"
    assert "# EOF" not in text
    open_type, openmetrics = server.get("/metrics", accept=OPEN_METRICS)
    assert open_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert openmetrics.endswith("\n# EOF\n")
    assert "# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n" in openmetrics


def test_prometheus_scrapes_and_answers(probe, echo, prometheus):
    server = probe()
    for _ in range(5):
        echo(server, "hello")
    with pytest.raises(Exception, match="asked for fail 5"):
        echo(server, "fail 5")
    server.ask("/record")
    database = prometheus(server.admin)
    # It reads its targets some seconds after its start.
    things = "probe_things_total"
    assert eventually(lambda: database.query(things), timeout=60, interval=0.3) == {
        (("kind", "plain"),): 3, (("kind", 'quote " slash \\ line\nend'),): 1}
    assert database.query("probe_weight_total") == {(): 1.5}
    assert database.query("probe_level") == {(): -2.5}
    buckets = {dict(k)["le"]: v for k, v in database.query("probe_wait_seconds_bucket").items()}
    assert buckets == {"0.001": 1, "0.01": 3, "0.1": 4, "1.0": 5, "+Inf": 6}
    assert database.query("probe_wait_seconds_sum") == {(): 5.5605}
    assert database.query("probe_wait_seconds_count") == {(): 6}
    assert database.query("histogram_quantile(0.5, probe_wait_seconds_bucket)")[()] == pytest.approx(0.01)
    assert database.query("probe_size_bytes_sum") == {(): 1000110}

    say = 'service="echo.EchoService",method="Say"'
    assert database.query(f'grpc_server_handled_total{{{say},code="OK"}}').popitem()[1] == 5
    assert database.query(f'grpc_server_handled_total{{{say},code="NOT_FOUND"}}').popitem()[1] == 1
    assert database.query(f"sum(grpc_server_handled_total{{{say}}})") == {(): 6}
    assert database.query(f"grpc_server_handling_seconds_count{{{say}}}").popitem()[1] == 6
    assert database.query(f"grpc_server_received_messages_total{{{say}}}").popitem()[1] == 6

    assert 1e6 < database.query("process_resident_memory_bytes")[()] < 1e9
    assert database.query("process_cpu_seconds_total")[()] > 0
    assert 0 <= database.query("time() - process_start_time_seconds")[()] < 300
    assert 0 < database.query("process_open_fds")[()] < database.query("process_max_fds")[()]
    assert database.query("up") == {(): 1}
    # What it was told of the metrics, and that it reads OpenMetrics without complaint.
    known = database.ask("metadata", metric="grpc_server_handled")
    assert known["grpc_server_handled"] == [
        {"type": "counter", "help": "Calls that have ended, by status code.", "unit": ""}]
    target = database.ask("targets")["activeTargets"][0]
    assert (target["health"], target["lastError"]) == ("up", "")


def test_series_are_bounded(probe):
    server = probe("--max-series", 100)
    server.ask("/series/1000")
    text = server.ask("/metrics")
    assert text.count("\nprobe_series_total{") == 100
    assert server.value('datavault_metrics_refused_total{reason="series"}') == 900
