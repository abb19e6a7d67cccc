"""Crawls of sites that the tests make, with politeness and bounds seen from the sites' side."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from suites import end_to_end  # noqa: E402

postgres, redis, suite, tenant = (
    end_to_end.postgres, end_to_end.redis, end_to_end.suite, end_to_end.tenant)

# What the sites do not send in these times they do not send.
SHORT = {
    "scrape.outbound.headers-timeout": "2s", "scrape.outbound.idle-timeout": "2s",
    "scrape.outbound.total-timeout": "6s", "scrape.attempts": "2",
    # What is deleted is gone soon.
    "scrape.sweep-interval": "1s",
}


@pytest.fixture(scope="session")
def one_process(tmp_path_factory):
    running = end_to_end.Suite(tmp_path_factory.mktemp("one") / "data", **SHORT)
    yield running
    running.end()


@pytest.fixture(scope="session")
def apart(tmp_path_factory, postgres, redis):
    running = end_to_end.Suite(tmp_path_factory.mktemp("apart") / "data", postgres, redis, **SHORT)
    yield running
    running.end()


@pytest.fixture
def stalls():
    """Notes when the machine lets threads wait while the test runs."""
    from stalls import Stalls

    watch = Stalls()
    yield watch
    watch.ended.set()


@pytest.fixture
def site():
    """Makes sites, which end with the test."""
    from hostile_site import Site

    made = []

    def make(*words, **options):
        made.append(Site(*words, **options))
        return made[-1]

    yield make
    for one in made:
        one.end()
