"""What a site's own log says of two workers that crawl it at once, for two organizations: nginx's word, nobody else's."""

import re
import urllib.request

import pytest
from crawl import count, start
from hostile_site import page
from job import ended
from running import Nginx, Process, free_port, wait_for
from suites import end_to_end

WORKERS = ("one", "two")
# What the patient site asks for, and what scrapers would do on their own: less, so that robots.txt decides.
CRAWL_DELAY, OWN_DELAY = 1.0, 0.3
# A request may begin so much after its time (see RequestTime), and has a way to go before nginx reads the clock.
LATE, WAY = CRAWL_DELAY / 10, 0.05
AT_ONCE = 3
JOBS, PATIENT_PAGES, BUSY_PAGES = 3, 5, 24


@pytest.fixture
def workers(tmp_path, postgres, redis):
    """A suite with two processes that crawl, each with a name of its own."""
    suite = end_to_end.Suite(tmp_path / "data", postgres, redis, **{
        "scrape.user-agent": f"DataVault/1.0 ({WORKERS[0]})", "scrape.allowed-host-concurrency": AT_ONCE,
        # Fewer than there are lanes, so that one process cannot take them all.
        "scrape.workers": 4,
    })
    suite.admin["second"] = free_port()
    suite.settings |= {
        "scrape.user-agent": f"DataVault/1.0 ({WORKERS[1]})", "scrape.listen": f"127.0.0.1:{free_port()}",
        "scrape.admin.listen": f"127.0.0.1:{suite.admin['second']}"}
    try:
        suite.processes["second"] = Process(("serve", "scrape"), suite.settings)
        suite.wait("second")
        yield suite
    finally:
        print(suite.text[-5000:])
        suite.end()


@pytest.fixture
def sites(tmp_path):
    """Two hosts of one nginx: one asks for patience, the other is slow and does not."""
    for name, pages in (("patient", PATIENT_PAGES), ("busy", BUSY_PAGES)):
        for job in range(JOBS):
            folder = tmp_path / name / str(job)
            folder.mkdir(parents=True)
            links = [f"/{job}/{number}.html" for number in range(3 * pages)]
            for number in range(3 * pages):
                # More than the slow host sends in its first second.
                body = f"{job} {number} {'.' * 30_000}" if name == "busy" else f"{job} {number}"
                (folder / f"{number}.html").write_bytes(page(f"{name} {number}", "/private/secret.html", *links, body=body))
        (tmp_path / name / "private").mkdir()
        (tmp_path / name / "private/secret.html").write_bytes(page("secret"))
    rules = "User-agent: *\nDisallow: /private/\n"
    (tmp_path / "patient/robots.txt").write_text(f"{rules}Crawl-delay: {CRAWL_DELAY:g}\n")
    (tmp_path / "busy/robots.txt").write_text(rules)
    (tmp_path / "nginx").mkdir()
    server = Nginx(
        tmp_path / "nginx", {"/": f"{tmp_path}/patient/"}, others=[({"/": f"{tmp_path}/busy/"}, "limit_rate 20k;")])
    yield server
    server.end()


def requests_of(admin):
    """How many requests a process says that it has made."""
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return sum(float(value) for value in re.findall(r"^outbound_requests_total\{[^}]*\} ([0-9.e+]+)", text, re.M))


def most_at_once(visits):
    moments = sorted([(one.begin, 1) for one in visits] + [(one.end, -1) for one in visits])
    most = now = 0
    for _, change in moments:
        now += change
        most = max(most, now)
    return most


def test_two_workers_share_each_hosts_budget(workers, sites, stalls):
    patient, busy = (f"http://127.0.0.1:{port}" for port in sites.ports)
    tenants = [workers.tenant(), workers.tenant()]
    jobs = []
    for number in range(JOBS):
        caller = tenants[number % 2]
        jobs.append((PATIENT_PAGES, caller, start(
            caller, [f"{patient}/{number}/{page}.html" for page in range(3)], limits={"pages": PATIENT_PAGES},
            politeness={"delay": f"{OWN_DELAY}s", "concurrency": 8})))
    for number, caller in enumerate(tenants):
        jobs.append((BUSY_PAGES, caller, start(caller, [f"{busy}/{number}/0.html"], limits={"pages": BUSY_PAGES})))
    for pages, caller, job in jobs:
        found = ended(caller, job, 180)
        assert (found["endReason"], count(found, "fetched")) == ("END_REASON_PAGE_LIMIT", pages), found

    seen = {port: sites.visits(port) for port in sites.ports}
    for visits in seen.values():
        assert visits[0].path == "/robots.txt"
        assert not [visit for visit in visits if visit.path.startswith("/private")]
        assert {visit.status for visit in visits} == {200}
    asked = {port: sum(visit.path != "/robots.txt" for visit in visits) for port, visits in seen.items()}
    assert asked == {sites.ports[0]: JOBS * PATIENT_PAGES, sites.ports[1]: len(tenants) * BUSY_PAGES}
    both_worked(workers, seen.values())
    # Who waits for a time to ask for robots.txt finds that another one has; without a delay a few may ask at once.
    robots = [sum(visit.path == "/robots.txt" for visit in visits) for visits in seen.values()]
    assert robots[0] == 1 and robots[1] <= AT_ONCE, robots
    one_budget(seen[sites.ports[0]], stalls)
    hosts_are_apart(*seen.values())


def both_worked(workers, logs):
    """By the names that they give, and by their own count."""
    asked = dict.fromkeys(WORKERS, 0)
    for visit in (visit for visits in logs for visit in visits):
        asked[re.fullmatch(r"DataVault/1\.0 \((\w+)\)", visit.agent)[1]] += 1
    assert all(asked.values()), asked
    assert [requests_of(workers.admin[name]) for name in ("scrape", "second")] == list(asked.values())


def one_budget(visits, stalls):
    """Once robots.txt has been read, nobody asks sooner than it says after anybody else."""
    assert {visit.agent for visit in visits} == {f"DataVault/1.0 ({name})" for name in WORKERS}
    for earlier, later in zip(visits, visits[1:]):
        stalled = stalls.between(earlier.begin - CRAWL_DELAY, later.begin)
        assert later.begin - earlier.begin >= CRAWL_DELAY - LATE - WAY - stalled, (earlier, later, stalled)
    # What one is late, the next one is not: it does not add up.
    first, last = visits[0].begin, visits[-1].begin
    assert last - first >= (len(visits) - 1) * CRAWL_DELAY - LATE - WAY - stalls.between(first, last), visits
    assert all(earlier.end <= later.begin for earlier, later in zip(visits, visits[1:]))
    print("gaps:", [round(later.begin - earlier.begin, 3) for earlier, later in zip(visits, visits[1:])])


def hosts_are_apart(patient, busy):
    """As many at once as the operator lets, and none of the other host's delay."""
    assert 2 <= most_at_once(busy) <= AT_ONCE, most_at_once(busy)
    between = [
        sum(earlier.begin < visit.begin < later.begin for visit in busy) for earlier, later in zip(patient, patient[1:])]
    assert max(between) >= 2, between
