"""The main job, as seven calls: scraper, job, progress, pipeline, run, export, proof."""

import csv
import io
import time
import uuid

import oracle


def scraper(site, name="handbook", **changes):
    """A scraper for one of the sites of `oracle.SITES`."""
    known = oracle.SITES[name]
    return {
        "displayName": f"{name} {uuid.uuid4().hex[:8]}",
        "startUrls": [f"{site.url}{path}" for path in known.starts],
        "scope": {"includePaths": known.include},
        "extraction": {"fields": known.fields},
        "limits": {"pages": 5000, "depth": 200},
        "politeness": {"delay": "0s", "concurrency": 8},
    } | changes


def pipeline(job, name="handbook"):
    """A pipeline with a filter, a derived column, a rule and no row twice."""
    known = oracle.SITES[name]
    return {
        "displayName": f"clean {name}",
        "input": {"scrapeJob": job},
        "steps": [
            {"filter": {"expression": known.keep}},
            {"derive": {"column": "title_length", "expression": "size(title)"}},
            {"dedupe": {"columns": ["_url"]}},
            {"rule": {"name": "title is long enough", "expression": f"title_length >= {known.shortest}",
                      "onFailure": "FAILURE_ACTION_QUARANTINE"}},
            {"select": {"columns": ["_url", *(field["name"] for field in known.fields), "title_length"]}},
        ],
        "output": {"newDataset": {"displayName": name}},
    }


def start_job(caller, definition):
    """Makes a scraper and starts a job: their resources."""
    made = caller.post("/api/v1/scrapers", definition, headers={"Idempotency-Key": str(uuid.uuid4())})
    job = caller.post(
        "/api/v1/scrape-jobs", {"scraper": made["name"]}, headers={"Idempotency-Key": str(uuid.uuid4())})
    return made, job


def watch_job(caller, name):
    """What the job's stream says, to its end."""
    return [message for _, message in caller.events(f"/api/v1/{name}:watch")]


def ended(caller, name, timeout=300):
    """The job or run once it has ended, asked for again and again."""
    limit = time.monotonic() + timeout
    while time.monotonic() < limit:
        found = caller.get(f"/api/v1/{name}")
        if found["state"].rsplit("_", 1)[1] in ("SUCCEEDED", "FAILED", "CANCELLED"):
            return found
        time.sleep(0.2)
    raise AssertionError(f"{name} has not ended in {timeout} s: {found}")


def run_pipeline(caller, definition):
    """Makes a pipeline and runs it to its end: both resources."""
    made = caller.post("/api/v1/pipelines", definition, headers={"Idempotency-Key": str(uuid.uuid4())})
    run = caller.post(f"/api/v1/{made['name']}/runs", {}, headers={"Idempotency-Key": str(uuid.uuid4())})
    run = ended(caller, run["name"])
    assert run["state"] == "RUN_STATE_SUCCEEDED", run
    return made, run


def export(caller, dataset):
    """The dataset's rows, from its CSV."""
    answer = caller.download(f"/api/v1/{dataset}:export?format=FILE_FORMAT_CSV")
    assert answer.headers["Content-Type"].startswith("text/csv"), answer.headers
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"), newline="")))


def by_url(rows):
    """Rows in an order that does not depend on which page came first."""
    return sorted(rows, key=lambda row: row["_url"])
