"""kill -9, again and again, while the main job is done: what was acknowledged holds, nothing is done twice.

KILLS (3) is how many times a role dies, POSTGRES_KILLS (1) how many times PostgreSQL does; `make soak` sets 20 and 3.
"""

import os
import random
import signal
import threading
import time
import uuid

import job
import merkle
import oracle
import requests
from conftest import ROLES, Suite
from running import Postgres, wait_for
from signed import Caller, Refused

KILLS = int(os.environ.get("KILLS", "3"))
POSTGRES_KILLS = int(os.environ.get("POSTGRES_KILLS", "1"))
SECONDS_BETWEEN = float(os.environ.get("SECONDS_BETWEEN", "3"))
# What a caller may have to wait for a role that was killed.
PATIENCE = 120


class Patient(Caller):
    """Asks again while the suite is in pieces, a change with the same Idempotency-Key."""

    def call(self, method, path, body=None, headers=None, **more):
        headers = dict(headers or {})
        if method != "GET":
            headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return super().call(method, path, body, headers=headers, **more)
            except (requests.ConnectionError, requests.Timeout, Refused) as error:
                # A signature from before the gateway's start counts as old for a second.
                again = not isinstance(error, Refused) or error.status >= 500 or error.status == 429 or error.reason in (
                    "SIGNATURE_STALE", "CREDENTIALS_UNAVAILABLE")
                if not again or time.monotonic() > end:
                    raise
                time.sleep(0.5)


class Storm:
    """Kills what runs, and starts it again."""

    def __init__(self, suite, postgres, seed):
        self.suite, self.postgres, self.random = suite, postgres, random.Random(seed)
        self.done = threading.Event()
        self.killed = []
        self.problem = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            victims = [self.random.choice(ROLES) for _ in range(KILLS)] + ["postgres"] * POSTGRES_KILLS
            self.random.shuffle(victims)
            for victim in victims:
                if self.done.wait(self.random.uniform(0.5, 1.5) * SECONDS_BETWEEN):
                    break
                if victim == "postgres":
                    self.postgres.do("crash")
                    time.sleep(1)
                    self.postgres.do("start")
                else:
                    process = self.suite.processes[victim]
                    process.kill()
                    time.sleep(self.random.uniform(0, 1))
                    process.start()
                self.killed.append(victim)
        except BaseException as error:
            self.problem = error

    def end(self):
        self.done.set()
        self.thread.join(60)
        if self.problem:
            raise self.problem


def work(suite, sites, tenant, delay):
    """The main job with patience: the job, the run, and the rows of the dataset."""
    definition = job.scraper(sites) | {"politeness": {"delay": delay, "concurrency": 2}}
    made, started = job.start_job(tenant, definition)
    finished = job.ended(tenant, started["name"], 900)
    cleaned = tenant.post("/api/v1/pipelines", job.pipeline(started["name"]))
    run = job.ended(tenant, tenant.post(f"/api/v1/{cleaned['name']}/runs", {})["name"], 600)
    assert run["state"] == "RUN_STATE_SUCCEEDED", run
    end = time.monotonic() + PATIENCE
    while True:
        try:
            rows = job.export(tenant, run["dataset"])
            break
        except (requests.RequestException, Refused):
            # An export that broke off begins again.
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
    return made, finished, cleaned, run, rows


def test_a_storm_of_kills_changes_nothing(tmp_path, redis, sites):
    # With fsync, as PostgreSQL is killed too.
    postgres = Postgres("-c", "fsync=on")
    suite = None
    try:
        suite = Suite(tmp_path / "data", postgres, redis)
        plain = suite.tenant()
        tenant = Patient(suite.url, plain.key_id, plain.key["signingSecret"])
        storm = Storm(suite, postgres, seed=uuid.uuid4().int)
        # 1 016 pages, slow enough that the storm has the time it needs.
        delay = max(0.005, (KILLS + POSTGRES_KILLS) * SECONDS_BETWEEN / 1016)
        made, finished, cleaned, run, rows = work(suite, sites, tenant, f"{delay:.3f}s")
        storm.end()
        assert len(storm.killed) == KILLS + POSTGRES_KILLS or KILLS <= 3, storm.killed
        suite.wait()

        site = oracle.SITES["handbook"]
        assert finished["state"] == "SCRAPE_JOB_STATE_SUCCEEDED", finished
        assert int(finished["progress"]["records"]) == len(site.files()), finished["progress"]
        assert job.by_url(rows) == site.rows(sites.url)
        # What was acknowledged is there, once.
        for name in (made["name"], finished["name"], cleaned["name"], run["name"], run["dataset"]):
            assert tenant.get(f"/api/v1/{name}")["name"] == name
        records = list(tenant.list(f"/api/v1/{finished['name']}/records", "records"))
        assert len({record["url"] for record in records}) == len(records) == len(site.files())
        assert sorted(int(record["ordinal"]) for record in records) == list(range(1, len(records) + 1))

        wanted = {
            "scraper.create", "scrape_job.create", "scrape_job.end", "pipeline.create", "run.start", "run.end"}

        def told():
            entries = list(tenant.list("/api/v1/audit-logs", "auditLogs"))
            return wanted <= {entry["action"] for entry in entries} and entries

        entries = wait_for(told, "the log lacks what was done", 60)
        for action in wanted:
            assert [entry["action"] for entry in entries].count(action) == 1, action
        keys = [merkle.Key.parse(key["verifier"]) for key in tenant.get("/api/v1/audit-logs:keys")["keys"]]
        merkle.verify_export(tenant.download("/api/v1/audit-logs:export").content, keys)
        print(f"killed: {storm.killed}")
    finally:
        if suite:
            print(suite.text)
            suite.end()
        postgres.stop()
