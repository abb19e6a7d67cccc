"""Calls of crawls."""

import uuid

from job import ended

FIELDS = [{"name": "title", "selector": "h1"}]


def once():
    return {"Idempotency-Key": str(uuid.uuid4())}


def start(caller, urls, fields=FIELDS, **definition):
    scraper = caller.post(
        "/api/v1/scrapers",
        {"displayName": "test", "startUrls": urls, "extraction": {"fields": fields},
         "politeness": {"delay": "0s", "concurrency": 8}} | definition,
        headers=once())
    return caller.post("/api/v1/scrape-jobs", {"scraper": scraper["name"]}, headers=once())["name"]


def run(caller, urls, timeout=120, **definition):
    return ended(caller, start(caller, urls, **definition), timeout)


def problems(job):
    found = job["progress"].get("problems", [])
    return {one["problem"].removeprefix("PAGE_PROBLEM_"): int(one["count"]) for one in found}


def count(job, name):
    return int(job["progress"].get(name, 0))


def pages(caller, job, **filters):
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return list(caller.list(f"/api/v1/{job}/pages" + (f"?{query}" if query else ""), "pages"))


def records(caller, job):
    return list(caller.list(f"/api/v1/{job}/records", "records"))


def titles(found):
    return [one["values"][0]["value"]["text"] for one in found if one.get("values")]
