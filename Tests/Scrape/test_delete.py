"""Jobs that are deleted: gone at once for callers, and soon for the disk, with all that they had collected."""

import threading
import uuid

import pytest
from crawl import once, pages, records, run, start
from hostile_site import page, send, sends
from job import ended
from running import wait_for
from signed import Refused


@pytest.fixture
def small(site):
    return site({"/": sends(page("start", "/a", "/b"))}, fallback=lambda handler: send(handler, page(handler.path)))


def delete(caller, job, key=None):
    return caller.call("DELETE", f"/api/v1/{job}", headers={"Idempotency-Key": key or str(uuid.uuid4())})


def refused(caller, method, path, **more):
    with pytest.raises(Refused) as caught:
        caller.call(method, path, **more)
    return caught.value.status, caught.value.reason


def objects(suite, job):
    """What the folder of objects has of a job."""
    return [file for file in suite.folder.rglob("*") if file.is_file() and file.parent.name == job.split("/")[1]]


def test_a_job_is_deleted_with_all_that_it_has(suite, tenant, small):
    job, other = (run(tenant, [f"{small.url}/"])["name"] for _ in range(2))
    kept = records(tenant, other)
    assert objects(suite, job) and len(kept) == 3
    key = str(uuid.uuid4())
    assert delete(tenant, job, key) == {}
    assert delete(tenant, job, key) == {}, "the same request again has the same answer"
    assert refused(tenant, "DELETE", f"/api/v1/{job}", headers=once()) == (404, "RESOURCE_UNKNOWN")
    for path in ("", "/records", "/pages", "/quarantined-records", "/pages/1", "/pages/1:download"):
        assert refused(tenant, "GET", f"/api/v1/{job}{path}") == (404, "RESOURCE_UNKNOWN"), path
    assert job not in [one["name"] for one in tenant.list("/api/v1/scrape-jobs", "scrapeJobs")]
    wait_for(lambda: not objects(suite, job), "its evidence is still there", 30)

    assert records(tenant, other) == kept and len(pages(tenant, other)) == 3
    for record in kept:
        assert tenant.download(f"/api/v1/{record['page']}:download").content

    def told():
        entries = [(entry["action"], entry.get("resource")) for entry in tenant.list("/api/v1/audit-logs", "auditLogs")]
        return entries.count(("scrape_job.delete", job)) == 1

    wait_for(told, "the deletion is not in the log once", 30)


def test_only_what_has_ended_is_deleted(tenant, site):
    gate = threading.Event()

    def slowly(handler):
        gate.wait(30)
        send(handler, page(handler.path))

    busy = site(fallback=slowly)
    job = start(tenant, [f"{busy.url}/a"])
    key = str(uuid.uuid4())
    assert refused(tenant, "DELETE", f"/api/v1/{job}", headers={"Idempotency-Key": key}) == (400, "JOB_STATE")
    tenant.post(f"/api/v1/{job}:pause", {})
    assert refused(tenant, "DELETE", f"/api/v1/{job}", headers=once()) == (400, "JOB_STATE")
    tenant.post(f"/api/v1/{job}:cancel", {})
    gate.set()
    ended(tenant, job)
    # A refusal is nothing that was done: the same identifier may be used again.
    assert delete(tenant, job, key) == {}


def test_a_job_is_its_organizations_own(suite, tenant, small):
    job = run(tenant, [f"{small.url}/"])["name"]
    reader = suite.tenant(scopes=["scrape_jobs.read"])
    assert refused(suite.tenant(), "DELETE", f"/api/v1/{job}", headers=once()) == (404, "RESOURCE_UNKNOWN")
    assert refused(reader, "DELETE", f"/api/v1/{job}", headers=once()) == (403, "PERMISSION_MISSING")
    assert len(records(tenant, job)) == 3
