"""Whatever a site does, its crawl ends, bounded, and each failure is counted by its kind."""

import time

from crawl import count, pages, problems, records, run, titles
from hostile_site import HOSTILE, blanks, endless, page, send, sends

EXPECTED = {
    "/self": "REDIRECT_LOOP", "/out": "REDIRECT_OUT_OF_SCOPE", "/file": "URL_INVALID",
    "/private": "REDIRECT_OUT_OF_SCOPE", "/huge": "TOO_LARGE", "/bomb": "TOO_LARGE", "/broken-gzip": "ENCODING_BROKEN",
    # libcurl tells broken chunks as a connection that broke.
    "/dripped": "TIMEOUT", "/broken-chunks": "CONNECTION_FAILED", "/cut-off": "CONNECTION_FAILED", "/silent": "TIMEOUT",
    "/no-http": "PROTOCOL_BROKEN", "/many-headers": "TOO_LARGE", "/reset": "CONNECTION_FAILED",
    "/missing": "CLIENT_ERROR", "/failing": "SERVER_ERROR", "/image": "CONTENT_TYPE", "/odd-status": "STATUS_UNEXPECTED",
}
READ = {"/deep", "/wrong-charset", "/unknown-charset", "/empty"}


def test_each_failure_has_its_kind(tenant, site):
    blanks()
    hostile = site(HOSTILE | {"/": sends(page("start", *HOSTILE))})
    job = run(tenant, [f"{hostile.url}/"], limits={"pages": 500, "pageBytes": 1 << 20})
    assert job["state"] == "SCRAPE_JOB_STATE_SUCCEEDED", job
    assert job["endReason"] == "END_REASON_COMPLETE", job
    found = {one["url"].removeprefix(hostile.url): one for one in pages(tenant, job["name"])}
    kinds = {path: one.get("problem", "").removeprefix("PAGE_PROBLEM_") for path, one in found.items()}
    wrong = {path: (kinds.get(path), kind, found.get(path)) for path, kind in EXPECTED.items() if kinds.get(path) != kind}
    assert not wrong, wrong
    assert {kinds["/loop-a"], kinds["/loop-b"]} <= {"REDIRECTED", "REDIRECT_LOOP"}
    for path in READ:
        assert found[path]["state"] == "PAGE_STATE_FETCHED", found[path]
    # What is told of each is told of all together.
    counted = problems(job)
    for kind in set(EXPECTED.values()):
        assert counted[kind] >= sum(1 for other in kinds.values() if other == kind), (kind, counted)
    assert count(job, "queued") == 0 and count(job, "fetching") == 0
    assert "größer" not in titles(records(tenant, job["name"])), "bytes that are no UTF-8 were not declared otherwise"


def test_endless_pages_end(tenant, site):
    maze = site(fallback=endless("/"))
    job = run(tenant, [f"{maze.url}/maze"], limits={"pages": 100, "depth": 1000})
    assert job["endReason"] == "END_REASON_PAGE_LIMIT", job
    assert count(job, "fetched") == 100
    assert len([entry for entry in maze.asked() if entry[1] != "/robots.txt"]) == 100, "no page beyond the limit is asked for"
    deep = run(tenant, [f"{maze.url}/deep"], limits={"pages": 5000, "depth": 5})
    assert deep["endReason"] == "END_REASON_COMPLETE", deep
    assert count(deep, "fetched") == 63 and problems(deep)["TOO_DEEP"] == 64


def test_ever_new_queries_of_one_content_end(tenant, site):
    shop = site({"/": sends(page("start", "/shop?n=1"))},
                fallback=lambda handler: send(handler, page("shop", f"/shop?n={time.monotonic_ns()}")))
    # The link differs each time, so its pages do; the trap's depth bounds them.
    job = run(tenant, [f"{shop.url}/"], limits={"pages": 1000, "depth": 20})
    assert count(job, "fetched") <= 21


def test_limits_on_bytes_and_time(tenant, site):
    big = site(fallback=lambda handler: send(handler, page(
        handler.path, f"{handler.path}1", f"{handler.path}2", body="x" * 50_000)))
    job = run(tenant, [f"{big.url}/a"], limits={"bytes": 300_000, "pages": 1000})
    assert job["endReason"] == "END_REASON_BYTE_LIMIT", job
    slow = site(fallback=lambda handler: (time.sleep(0.2), send(handler, page(handler.path, handler.path + "1"))))
    job = run(tenant, [f"{slow.url}/a"], limits={"duration": "2s", "depth": 1000})
    assert job["endReason"] == "END_REASON_DURATION_LIMIT", job


def test_the_same_content_counts_once(tenant, site):
    same = site({"/": sends(page("start", "/a", "/b", "/c"))}, fallback=sends(page("same")))
    job = run(tenant, [f"{same.url}/"])
    assert count(job, "fetched") == 2 and problems(job)["DUPLICATE"] == 2, job
    kept = run(tenant, [f"{same.url}/"], scope={"keepDuplicates": True})
    assert count(kept, "fetched") == 4, kept
