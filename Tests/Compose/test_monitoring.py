"""Prometheus's files are checked by its own tool; rules and dashboards ask for metrics that exist."""
import json
import re

import yaml
from conftest import COMPOSE, ROLES, ROOT, run, tool

RULES = COMPOSE / "prometheus/rules.yml"


def test_promtool_finds_nothing():
    run(tool("promtool"), "check", "config", COMPOSE / "prometheus/prometheus.yml")
    run(tool("promtool"), "check", "rules", "--lint=all", RULES)
    run(tool("promtool"), "test", "rules", COMPOSE / "prometheus/rules.test.yml")


def test_every_role_is_scraped():
    config = yaml.safe_load((COMPOSE / "prometheus/prometheus.yml").read_text())
    targets = config["scrape_configs"][0]["static_configs"][0]["targets"]
    assert targets == [f"{role}:7500" for role in ROLES]


def dashboards():
    for path in (COMPOSE / "grafana/dashboards").glob("*.json"):
        yield path.name, json.loads(path.read_text())


def expressions():
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for name, dashboard in dashboards():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}", target["expr"]


def known():
    """Names of metrics that stand in the sources, with the prefixes of Wire's and of jobs'."""
    text = "\n".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
    names = set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', text))
    suffixes = re.findall(r'"\\\(prefix\)_([a-z_]+)"', text)
    names |= {f"{prefix}_{suffix}" for prefix in ("grpc_server", "grpc_client") for suffix in suffixes}
    jobs = re.findall(r'(?:counter|gauge|timer)\("([a-z_]+)"', text)
    return names | {f"datavault_{name}" for name in jobs} | {f"datavault_{name}_total" for name in jobs} | {"up"}


def test_metrics_exist():
    names = known()
    seen = 0
    for place, expression in expressions():
        words = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without)\s*\([^)]*\)", " ", expression)
        for name in re.findall(r"\b([a-z]+(?:_[a-z]+)+|up)\b(?!\s*\()", words):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert base in names, f"{place}: {name}"
            seen += 1
    assert seen > 20


def test_dashboards_are_whole(tmp_path):
    records = []
    for name, dashboard in dashboards():
        ids = [panel["id"] for panel in dashboard["panels"]]
        assert len(set(ids)) == len(ids) and dashboard["uid"] and dashboard["title"], name
        places = set()
        for panel in dashboard["panels"]:
            assert panel["datasource"]["uid"] == "prometheus" and panel["targets"], panel["title"]
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24 and (place["x"], place["y"]) not in places
            places.add((place["x"], place["y"]))
            # Grafana's own variables stand for what Prometheus's parser takes.
            for target in panel["targets"]:
                expression = target["expr"].replace("$__rate_interval", "5m").replace("$role", ".*")
                records.append({"record": f"dashboard:target:{len(records)}", "expr": expression})
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"groups": [{"name": "dashboards", "rules": records}]}))
    run(tool("promtool"), "check", "rules", rules)
    sources = yaml.safe_load((COMPOSE / "grafana/datasources.yml").read_text())
    assert sources["datasources"][0]["uid"] == "prometheus"
