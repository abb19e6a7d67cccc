"""Jobs that are steered while many lanes are at them: each call is heeded."""

import threading
import time

import pytest
from crawl import once, start
from hostile_site import page, send
from suites import end_to_end

ROUNDS = 10


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_a_busy_job_heeds_every_call(kind, tmp_path, site, request):
    stores = (request.getfixturevalue("postgres"), request.getfixturevalue("redis")) if kind == "PostgreSQL" else ()
    suite = end_to_end.Suite(tmp_path / "data", *stores, **{"scrape.lanes": "8"})
    tree = site(fallback=lambda handler: send(
        handler, page(handler.path, *(f"{handler.path.rstrip('/')}/{number}" for number in range(9)))))
    refusals = []

    def steer(caller, job):
        for number in range(ROUNDS):
            for verb in ("pause", "resume"):
                # Under an identifier a call may be told to come again, and does so without being done twice.
                key, tries = (once(), 10) if number % 2 else (None, 1)
                for _ in range(tries):
                    answer = caller.try_call("POST", f"/api/v1/{job}:{verb}", {}, headers=key)
                    if answer.status_code != 503:
                        break
                    time.sleep(0.1)
                if answer.status_code != 200:
                    refusals.append((verb, answer.status_code, answer.text))

    try:
        caller = suite.tenant()
        jobs = [start(caller, [f"{tree.url}/{name}"], limits={"pages": 1_000_000, "depth": 100}) for name in "ab"]
        key = caller.key["apiKey"]["name"], caller.key["signingSecret"]
        steering = [threading.Thread(target=steer, args=(suite.caller(*key), job)) for job in jobs]
        for one in steering:
            one.start()
        for one in steering:
            one.join()
        for job in jobs:
            caller.post(f"/api/v1/{job}:cancel", {})
        assert refusals == []
    finally:
        print(suite.text[-3000:])
        suite.end()
