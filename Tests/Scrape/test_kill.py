"""kill -9 in the middle of a crawl: nothing is lost, nothing is there twice, and what was committed is not asked for again."""

import random
import time

import pytest
from crawl import count, pages, records, start
from hostile_site import page, send
from job import ended
from suites import end_to_end

PAGES, KILLS = 400, 5
# In lanes' hands when a process dies, at most: what may be asked for once more.
IN_HAND = 2 * 128


def linked(handler):
    """A tree of pages, each with two below it."""
    number = int(handler.path.rsplit("/", 1)[1])
    below = [f"/page/{child}" for child in (2 * number, 2 * number + 1) if child <= PAGES]
    time.sleep(0.02)
    send(handler, page(f"page {number}", *below))


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_a_crawl_survives_its_worker(kind, tmp_path, site, request):
    tree = site(fallback=linked)
    stores = (request.getfixturevalue("postgres"), request.getfixturevalue("redis")) if kind == "PostgreSQL" else ()
    suite = end_to_end.Suite(tmp_path / "data", *stores, **{"scrape.lanes": "2"})
    try:
        caller = suite.tenant()
        job = start(caller, [f"{tree.url}/page/1"], limits={"pages": 10_000, "depth": 100})
        killed = 0
        for _ in range(KILLS):
            time.sleep(random.uniform(0.3, 1.5))
            if caller.get(f"/api/v1/{job}")["state"] not in ("SCRAPE_JOB_STATE_QUEUED", "SCRAPE_JOB_STATE_RUNNING"):
                break
            process = suite.process("scrape")
            process.kill()
            process.start()
            suite.wait(*(["scrape"] if kind == "PostgreSQL" else []))
            # Signatures tell whole seconds, and a gateway refuses what may be older than itself.
            time.sleep(1.1)
            killed += 1
        found = ended(caller, job, 240)
        assert killed > 0
        assert found["endReason"] == "END_REASON_COMPLETE", found
        assert count(found, "fetched") == count(found, "records") == PAGES, found
        kept = records(caller, job)
        assert [int(one["ordinal"]) for one in kept] == list(range(1, PAGES + 1))
        assert {one["values"][0]["value"]["text"] for one in kept} == {f"page {number}" for number in range(1, PAGES + 1)}
        assert len({one["url"] for one in pages(caller, job)}) == len(pages(caller, job)) == PAGES
        asked = [entry[1] for entry in tree.asked() if entry[1] != "/robots.txt"]
        assert len(asked) - PAGES <= killed * IN_HAND
    finally:
        print(suite.text[-5000:])
        suite.end()
