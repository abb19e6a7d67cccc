"""What sites see of crawls: robots.txt heeded, one budget for all, and slower when they complain."""

import time

from crawl import count, pages, problems, records, run, start, titles
from hostile_site import page, send, sends
from job import ended


def assert_spaced(site, delay, stalls, lateness=0.15):
    """Requests are the delay apart, but for the time that one takes from its beginning to the site: so of any of them, as
    many delays lie between the first and the last as requests, less what the last was quicker than the first: more where the
    machine let nobody run."""
    times = sorted(entry[0] for entry in site.asked())
    assert len(times) > 5
    # The site's clock has another beginning.
    shift = time.time() - time.monotonic()
    for i, first in enumerate(times):
        late = lateness + stalls.between(first + shift - delay, first + shift)
        for j in range(i + 1, len(times)):
            assert times[j] - first >= (j - i) * delay - late, (i, j, late, [at - times[0] for at in times])


def test_robots_is_heeded(tenant, site):
    robots = "User-agent: *\nDisallow: /\n\nUser-agent: datavault\nDisallow: /private\nAllow: /private/open\nDisallow: /*.cgi$\n"
    paths = ["/a", "/private/x", "/private/open", "/x.cgi", "/x.cgi?y"]
    polite = site({"/": sends(page("start", *paths))}, robots, fallback=lambda handler: send(handler, page(handler.path)))
    job = run(tenant, [f"{polite.url}/"])
    asked = {entry[1] for entry in polite.asked()}
    assert asked == {"/robots.txt", "/", "/a", "/private/open", "/x.cgi?y"}
    assert problems(job)["ROBOTS_DISALLOWED"] == 2
    left = pages(tenant, job["name"], problem="PAGE_PROBLEM_ROBOTS_DISALLOWED")
    assert {one["url"].removeprefix(polite.url) for one in left} == {"/private/x", "/x.cgi"}
    assert all(one["robots"] == "ROBOTS_DECISION_DISALLOWED" for one in left)
    assert all("DataVault" in entry[2] for entry in polite.asked())


def test_a_robots_file_that_fails_forbids_all(tenant, site):
    broken = site({"/": sends(page("start"))}, lambda handler: send(handler, b"", 500))
    # Asked again after a minute: the job is not waited for that long.
    job = start(tenant, [f"{broken.url}/"])
    time.sleep(4)
    assert {entry[1] for entry in broken.asked()} == {"/robots.txt"}
    tenant.post(f"/api/v1/{job}:cancel", {})


def test_a_delay_holds_for_all_jobs_and_lanes(suite, site, stalls):
    """Two organizations and three jobs, two lanes each: the site sees one request at a time, the delay apart."""
    slow = site(fallback=lambda handler: send(handler, page(
        handler.path, *(f"{handler.path.rstrip('/')}/{number}" for number in range(9)))))
    tenants = [suite.tenant(), suite.tenant()]
    jobs = [
        (caller, start(caller, [f"{slow.url}/{name}"], limits={"pages": 8}, politeness={"delay": "0.2s"}))
        for name, caller in (("one", tenants[0]), ("two", tenants[0]), ("three", tenants[1]))]
    for caller, job in jobs:
        assert ended(caller, job, 120)["endReason"] == "END_REASON_PAGE_LIMIT"
    assert slow.most == 1
    assert_spaced(slow, 0.2, stalls)


def test_the_asked_concurrency_holds_over_lanes(tenant, site):
    def slowly(handler):
        time.sleep(0.05)
        send(handler, page(handler.path, *(f"{handler.path.rstrip('/')}/{number}" for number in range(9))))

    busy = site(fallback=slowly)
    job = run(tenant, [f"{busy.url}/a"], limits={"pages": 60}, politeness={"delay": "0s", "concurrency": 4})
    assert count(job, "fetched") == 60
    assert 2 <= busy.most <= 4, busy.most


def test_a_crawl_delay_counts(tenant, site, stalls):
    patient = site(robots="User-agent: *\nCrawl-delay: 0.5\n", fallback=lambda handler: send(
        handler, page(handler.path, *(f"{handler.path.rstrip('/')}/{number}" for number in range(4)))))
    run(tenant, [f"{patient.url}/a"], limits={"pages": 6})
    assert_spaced(patient, 0.5, stalls)


def test_complaints_slow_the_crawl_down(tenant, site):
    state = {"complaints": 0}

    def moody(handler):
        if handler.path == "/a/1" and state["complaints"] < 1:
            state["complaints"] += 1
            return send(handler, b"", 429, headers={"Retry-After": "2"})
        return send(handler, page(handler.path, *(["/a/1", "/a/2", "/a/3"] if handler.path == "/a" else [])))

    moodily = site(fallback=moody)
    job = run(tenant, [f"{moodily.url}/a"], politeness={"delay": "0s", "concurrency": 1})
    assert count(job, "fetched") == 4 and count(job, "retries") == 1, job
    times = [entry[0] for entry in moodily.asked("/a/1")]
    assert len(times) == 2 and times[1] - times[0] >= 1.9


def test_what_asks_not_to_be_followed_or_indexed(tenant, site):
    quiet = site({
        "/": sends(page("start", "/noindex", "/header", body='<a rel="nofollow" href="/unfollowed">x</a>')),
        "/noindex": sends(page("noindex", "/behind", body='<meta name="robots" content="noindex">')),
        "/header": sends(page("header", "/hidden"), headers={"X-Robots-Tag": "none"}),
    }, fallback=lambda handler: send(handler, page(handler.path)))
    job = run(tenant, [f"{quiet.url}/"])
    asked = {entry[1] for entry in quiet.asked()}
    assert "/unfollowed" not in asked and "/hidden" not in asked and "/behind" in asked
    assert set(titles(records(tenant, job["name"]))) == {"start", "/behind"}
    assert problems(job)["NOINDEX"] == 2 and problems(job)["NOFOLLOW"] == 2


def test_redirects_are_pages_of_their_own(tenant, site):
    moved = site({
        "/": sends(page("start", "/old", "/also-old")), "/new": sends(page("new")),
        "/old": lambda handler: send(handler, b"", 301, headers={"Location": "/new#part"}),
        "/also-old": lambda handler: send(handler, b"", 308, headers={"Location": "../new"}),
    })
    job = run(tenant, [f"{moved.url}/"])
    assert titles(records(tenant, job["name"])) == ["start", "new"]
    assert problems(job)["REDIRECTED"] == 2 and len(moved.asked("/new")) == 1


def test_sitemaps_are_read(tenant, site):
    import gzip

    sitemap = "<urlset><url><loc>{0}/a?x=1&amp;y=2</loc></url><url><loc><![CDATA[{0}/b]]></loc></url></urlset>"
    index = "<sitemapindex><sitemap><loc>{0}/more.xml.gz</loc></sitemap></sitemapindex>"
    listed = site(fallback=lambda handler: send(handler, page(handler.path)))
    listed.robots = f"User-agent: *\nSitemap: {listed.url}/index.xml\n"
    listed.paths["/index.xml"] = sends(index.format(listed.url).encode(), type="application/xml")
    listed.paths["/more.xml.gz"] = sends(
        gzip.compress(sitemap.format(listed.url).encode()), type="application/gzip")
    job = run(tenant, [f"{listed.url}/start"], scope={"useSitemaps": True, "followLinks": False})
    assert set(titles(records(tenant, job["name"]))) == {"/start", "/a?x=1&y=2", "/b"}, job


def test_pausing_and_cancelling_act_at_once(tenant, site):
    import threading

    gate = threading.Event()

    def slowly(handler):
        gate.wait(0.1)
        send(handler, page(handler.path, *(f"{handler.path.rstrip('/')}/{number}" for number in range(5))))

    busy = site(fallback=slowly)
    job = start(tenant, [f"{busy.url}/a"], limits={"pages": 5000})
    while len(busy.asked()) < 20:
        time.sleep(0.05)
    tenant.post(f"/api/v1/{job}:pause", {})
    time.sleep(1)
    before = len(busy.asked())
    time.sleep(1.5)
    assert len(busy.asked()) == before, "a job that rests asks for nothing"
    assert tenant.get(f"/api/v1/{job}")["state"] == "SCRAPE_JOB_STATE_PAUSED"
    tenant.post(f"/api/v1/{job}:resume", {})
    while len(busy.asked()) < before + 20:
        time.sleep(0.05)
    tenant.post(f"/api/v1/{job}:cancel", {})
    time.sleep(1)
    before = len(busy.asked())
    time.sleep(1)
    assert len(busy.asked()) == before
    ended_job = tenant.get(f"/api/v1/{job}")
    assert ended_job["state"] == "SCRAPE_JOB_STATE_CANCELLED" and ended_job["endReason"] == "END_REASON_CANCELLED"
