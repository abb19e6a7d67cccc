"""Bad input, a row each: the answer has a reason and names the field, nothing is changed, and nothing is told of others."""

import uuid

import job
import pytest
from running import Nginx, free_port
from signed import Refused

# The same for all processes that collect these tests.
NOBODY = "5e9f3a52-6d0b-4c57-9a6d-3f1c6f6f2a10"
FIELDS = [{"name": "title", "selector": "title", "required": True}]


def scraper(sites, **changes):
    return {
        "displayName": "bad", "startUrls": [f"{sites.url}/handbook/en-US/index.html"],
        "extraction": {"fields": FIELDS}, "limits": {"pages": 3}, "politeness": {"delay": "0s"}} | changes


def pipeline(**changes):
    columns = [{"name": "title", "type": "COLUMN_TYPE_TEXT"}, {"name": "n", "type": "COLUMN_TYPE_INTEGER"}]
    return {
        "displayName": "bad", "input": {"schema": {"columns": columns}},
        "output": {"newDataset": {"displayName": "out"}}} | changes


SCRAPERS = {
    "unknown field": (lambda s: scraper(s, colour="red"), "BODY_INVALID", "colour"),
    "wrong type": (lambda s: scraper(s, limits={"pages": "many"}), "BODY_INVALID", "pages"),
    "no name": (lambda s: scraper(s, displayName=""), "FIELDS_INVALID", "scraper.display_name"),
    "no address": (lambda s: scraper(s, startUrls=[]), "FIELDS_INVALID", "scraper.start_urls"),
    "no http": (lambda s: scraper(s, startUrls=["ftp://example.com/"]), "", "scraper.start_urls[0]"),
    "a selector": (lambda s: scraper(s, extraction={"fields": [{"name": "a", "selector": "div["}]}), "SELECTOR_INVALID",
                   "scraper.extraction.fields[0].selector"),
    "a pattern": (lambda s: scraper(s, extraction={"fields": [{"name": "a", "selector": "p", "pattern": "("}]}),
                  "PATTERN_INVALID", "scraper.extraction.fields[0].pattern"),
    "a name twice": (lambda s: scraper(s, extraction={"fields": FIELDS + FIELDS}), "FIELD_NAME_TAKEN",
                     "scraper.extraction.fields[1].name"),
    "a private address": (lambda s: scraper(s, startUrls=["http://169.254.169.254/latest/"]), "ADDRESS_NOT_ALLOWED",
                          "scraper.start_urls[0]"),
}

PIPELINES = {
    "unknown field": (lambda: pipeline(colour="red"), "BODY_INVALID", "colour"),
    "CEL that is none": (lambda: pipeline(steps=[{"filter": {"expression": "title =="}}]), "INVALID_EXPRESSION",
                         "pipeline.steps[0].filter.expression"),
    "CEL of another type": (lambda: pipeline(steps=[{"filter": {"expression": "n + 1"}}]), "INVALID_EXPRESSION",
                            "pipeline.steps[0].filter.expression"),
    "a column that is not there": (
        lambda: pipeline(steps=[{"derive": {"column": "x", "expression": "missing + 1"}}]), "INVALID_EXPRESSION",
        "pipeline.steps[0].derive.expression"),
    "a step that is none": (lambda: pipeline(steps=[{}]), "", "pipeline.steps[0]"),
    "no output": (lambda: pipeline(output={}), "", "pipeline.output"),
}


def refused(call, *words):
    with pytest.raises(Refused) as found:
        call(*words)
    return found.value


def counted(tenant):
    return [len(list(tenant.list(path, field))) for path, field in (
        ("/api/v1/scrapers", "scrapers"), ("/api/v1/scrape-jobs", "scrapeJobs"), ("/api/v1/pipelines", "pipelines"),
        ("/api/v1/datasets", "datasets"), ("/api/v1/files", "files"))]


@pytest.mark.parametrize("row", SCRAPERS)
def test_scrapers(tenant, sites, row):
    body, reason, field = SCRAPERS[row]
    problem = refused(tenant.post, "/api/v1/scrapers", body(sites))
    assert problem.status == 400, problem
    assert not reason or problem.reason == reason, problem
    assert any(field in named for named in problem.fields) or field in problem.message, problem
    assert counted(tenant) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("row", PIPELINES)
def test_pipelines(tenant, row):
    body, reason, field = PIPELINES[row]
    problem = refused(tenant.post, "/api/v1/pipelines", body())
    assert problem.status == 400, problem
    assert not reason or problem.reason == reason, problem
    assert any(field in named for named in problem.fields) or field in problem.message, problem
    assert counted(tenant) == [0, 0, 0, 0, 0]


def test_other_organizations_things_are_not_there(suite, sites):
    """For each thing and each verb: the same answer as for what nobody has."""
    owner, other = suite.tenant(), suite.tenant()
    made, started = job.start_job(owner, scraper(sites))
    job.ended(owner, started["name"])
    cleaned = owner.post("/api/v1/pipelines", {
        "displayName": "p", "input": {"scrapeJob": started["name"]}, "output": {"newDataset": {"displayName": "d"}}})
    run = job.ended(owner, owner.post(f"/api/v1/{cleaned['name']}/runs", {})["name"])
    assert run["state"] == "RUN_STATE_SUCCEEDED", run
    before = [owner.get(f"/api/v1/{name}") for name in (made["name"], started["name"], cleaned["name"], run["dataset"])]
    nobody = str(uuid.uuid4())
    calls = [
        ("GET", made["name"], None), ("DELETE", made["name"], None), ("PATCH", made["name"], {"displayName": "mine"}),
        ("POST", f"{made['name']}:preview", {}),
        ("GET", started["name"], None), ("POST", f"{started['name']}:cancel", {}), ("POST", f"{started['name']}:pause", {}),
        ("GET", f"{started['name']}/records", None), ("GET", f"{started['name']}/pages", None),
        ("GET", f"{started['name']}:watch", None), ("GET", f"{started['name']}/quarantined-records", None),
        ("GET", cleaned["name"], None), ("DELETE", cleaned["name"], None), ("POST", f"{cleaned['name']}/runs", {}),
        ("GET", run["name"], None), ("POST", f"{run['name']}:cancel", {}), ("GET", f"{run['name']}/quarantined-rows", None),
        ("GET", run["dataset"], None), ("GET", f"{run['dataset']}/rows", None), ("DELETE", run["dataset"], None),
        ("GET", f"{run['dataset']}:export?format=FILE_FORMAT_CSV", None),
        ("POST", f"{run['dataset']}:append", {"rows": [{"title": "mine"}]}),
    ]
    for method, name, body in calls:
        collection, rest = name.split("/", 1)
        strange = f"{collection}/{nobody}{rest[36:]}"
        theirs, nobodys = (refused(other.call, method, f"/api/v1/{one}", body) for one in (name, strange))
        assert theirs.status == nobodys.status == 404, (method, name, theirs)
        assert theirs.reason == nobodys.reason, (method, name)
        assert theirs.message.replace(rest[:36], "") == nobodys.message.replace(nobody, ""), (method, name)
    problem = refused(other.post, "/api/v1/scrape-jobs", {"scraper": made["name"]})
    assert problem.status in (400, 404), problem
    problem = refused(other.post, "/api/v1/pipelines", {
        "displayName": "theft", "input": {"dataset": run["dataset"]}, "output": {"newDataset": {"displayName": "d"}}})
    assert problem.status in (400, 404), problem
    assert [owner.get(f"/api/v1/{one['name']}") for one in before] == before
    assert counted(other) == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/api/v1/scrapers", {"displayName": "x", "startUrls": ["http://example.com/"]}),
    ("POST", "/api/v1/scrape-jobs", {"scraper": f"scrapers/{NOBODY}"}),
    ("POST", "/api/v1/pipelines", pipeline()),
    ("POST", f"/api/v1/pipelines/{NOBODY}/runs", {}),
    ("DELETE", f"/api/v1/datasets/{NOBODY}", None),
])
def test_a_key_that_may_only_read(suite, method, path, body):
    reader = suite.tenant(scopes=["scrapers.read", "scrape_jobs.read", "pipelines.read", "datasets.read"])
    problem = refused(reader.call, method, path, body)
    assert (problem.status, problem.reason) == (403, "PERMISSION_MISSING"), problem
    assert list(reader.list("/api/v1/scrapers", "scrapers")) == []


@pytest.mark.parametrize("path, body, other", [
    ("/api/v1/scrapers", lambda s: scraper(s), lambda s: scraper(s, displayName="another")),
    ("/api/v1/pipelines", lambda s: pipeline(), lambda s: pipeline(displayName="another")),
])
def test_a_request_id_with_another_body(tenant, sites, path, body, other):
    identifier = {"Idempotency-Key": str(uuid.uuid4())}
    made = tenant.post(path, body(sites), headers=identifier)
    assert tenant.post(path, body(sites), headers=identifier) == made
    problem = refused(lambda: tenant.post(path, other(sites), headers=identifier))
    assert problem.reason == "REQUEST_ID_REUSED", problem
    assert sum(counted(tenant)) == 1


def pages(tenant, started):
    return list(tenant.list(f"/api/v1/{started['name']}/pages", "pages"))


def test_a_site_that_is_not_there(tenant, sites):
    _, started = job.start_job(tenant, scraper(sites, startUrls=[f"http://127.0.0.1:{free_port()}/"]))
    ended = job.ended(tenant, started["name"], 240)
    assert ended["state"] == "SCRAPE_JOB_STATE_FAILED", ended
    assert ended["endReason"] == "END_REASON_NOTHING_FETCHED", ended
    # Nobody listens there, so that nobody says what may be fetched.
    assert {page["problem"] for page in pages(tenant, started)} <= {
        "PAGE_PROBLEM_CONNECTION_FAILED", "PAGE_PROBLEM_ROBOTS_UNREACHABLE"}


def test_robots_that_refuse(tenant, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/robots.txt").write_text("User-agent: *\nDisallow: /private/\n")
    (tmp_path / "site/private").mkdir()
    (tmp_path / "site/private/index.html").write_text("<title>secret</title>")
    (tmp_path / "run").mkdir()
    server = Nginx(tmp_path / "run", {"/": f"{tmp_path}/site/"})
    try:
        _, started = job.start_job(tenant, {
            "displayName": "refused", "startUrls": [f"{server.url}/private/index.html"],
            "extraction": {"fields": FIELDS}})
        ended = job.ended(tenant, started["name"], 120)
        assert ended["state"] == "SCRAPE_JOB_STATE_FAILED", ended
        [page] = pages(tenant, started)
        assert page["problem"] == "PAGE_PROBLEM_ROBOTS_DISALLOWED", page
        assert page["robots"] == "ROBOTS_DECISION_DISALLOWED", page
        assert [line for *_, line, _ in server.requests() if "/private" in line] == []
    finally:
        server.end()
