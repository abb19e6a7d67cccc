"""What is kept of pages, downloaded: the bytes that sites served, for nobody else's eyes, and never as a page of ours."""

import gzip
import hashlib
import re

import grpc
import pytest
from crawl import pages, records, run
from google.api import httpbody_pb2
from hostile_site import page, send, sends
from running import wait_for
from signed import Refused

LEGACY = "<!doctype html><title>x</title><h1>größer</h1><script>alert(document.domain)</script>".encode("windows-1252")
CODED = page("coded")
# More than one message of a stream.
LARGE = page("large", body="".join(f"<p>{number}</p>" for number in range(100_000)))
SERVED = {"/legacy": LEGACY, "/coded": CODED, "/large": LARGE, "/start": page("start", "/legacy", "/coded", "/large")}
TYPES = {"/legacy": "text/html; charset=windows-1252"}


@pytest.fixture
def crawled(tenant, site):
    """A job over pages of several kinds: its name, and the records with their pages' paths."""
    served = site({
        "/start": sends(SERVED["/start"]), "/large": sends(LARGE), "/legacy": sends(LEGACY, type=TYPES["/legacy"]),
        "/coded": lambda handler: send(handler, gzip.compress(CODED), headers={"Content-Encoding": "gzip"}),
        "/gone": sends(page("gone"), 404)})
    job = run(tenant, [f"{served.url}/start", f"{served.url}/gone"])["name"]
    return job, {one["url"].removeprefix(served.url): one for one in records(tenant, job)}


def refused(caller, path):
    with pytest.raises(Refused) as caught:
        caller.download(path)
    return caught.value.status, caught.value.reason


def test_a_kept_page_is_what_its_site_served(tenant, crawled):
    job, found = crawled
    assert set(found) == set(SERVED)
    for path, record in found.items():
        answer = tenant.download(f"/api/v1/{record['page']}:download")
        assert answer.content == SERVED[path]
        told = tenant.get(f"/api/v1/{record['page']}")
        assert told["kept"] and told["name"] == record["page"] and told["url"] == record["url"]
        assert hashlib.sha256(answer.content).hexdigest() == record["contentHash"] == told["contentHash"]
        assert int(told["size"]) == len(answer.content)
        # A file to be saved: whatever it says, it never runs as a page of the edge's.
        assert answer.headers["Content-Type"] == TYPES.get(path, "text/html")
        assert re.match(r'attachment; filename="page-\d+\.html"', answer.headers["Content-Disposition"])
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"

    def told():
        entries = {(entry["action"], entry.get("resource")) for entry in tenant.list("/api/v1/audit-logs", "auditLogs")}
        return entries >= {("scrape_page.download", record["page"]) for record in found.values()}

    wait_for(told, "downloads are not in the log", 30)


def test_the_same_over_grpc(suite, tenant, crawled):
    _, found = crawled
    with grpc.insecure_channel(f"127.0.0.1:{suite.ports['gateway']}") as channel:
        # A request has one field, the name.
        download = channel.unary_stream(
            "/datavault.scrape.v1.ScrapeRecordsService/DownloadPage",
            request_serializer=lambda name: b"\x0a" + bytes([len(name)]) + name.encode(),
            response_deserializer=httpbody_pb2.HttpBody.FromString)
        terms = {"metadata": (("authorization", f"Bearer {tenant.key['secret']}"),), "timeout": 60}
        for path, record in found.items():
            pieces = list(download(record["page"], **terms))
            assert b"".join(piece.data for piece in pieces) == SERVED[path]
            assert pieces[0].content_type == TYPES.get(path, "text/html")
            assert (len(pieces) > 1) == (path == "/large")
        with pytest.raises(grpc.RpcError) as caught:
            list(download(found["/start"]["page"].replace("/pages/", "/pages/99"), **terms))
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_it_is_the_organizations_own(suite, tenant, crawled):
    job, found = crawled
    name = found["/start"]["page"]
    stranger, limited = suite.tenant(), suite.tenant(scopes=["scrapers.read"])
    for path in (f"/api/v1/{name}", f"/api/v1/{name}:download"):
        assert refused(stranger, path) == (404, "RESOURCE_UNKNOWN")
        assert refused(limited, path) == (403, "PERMISSION_MISSING")
    assert refused(tenant, f"/api/v1/{job}/pages/999:download") == (404, "RESOURCE_UNKNOWN")
    for number in ("0", "01", "-1", "x", "9" * 19):
        assert refused(tenant, f"/api/v1/{job}/pages/{number}:download")[0] == 400


def test_what_was_not_kept(tenant, crawled, site):
    job, _ = crawled
    [gone] = pages(tenant, job, state="PAGE_STATE_FAILED")
    assert refused(tenant, f"/api/v1/{gone['name']}:download") == (404, "CONTENT_NOT_KEPT")
    plain = site({"/": sends(page("plain"))})
    [record] = records(tenant, run(tenant, [f"{plain.url}/"], keepPages=False)["name"])
    assert not tenant.get(f"/api/v1/{record['page']}").get("kept")
    assert refused(tenant, f"/api/v1/{record['page']}:download") == (404, "CONTENT_NOT_KEPT")


def test_what_was_damaged_is_not_given_out(suite, tenant, crawled):
    job, found = crawled
    packs = [file for file in suite.folder.rglob("*") if file.is_file() and file.parent.name == job.split("/")[1]]
    assert packs
    for pack in packs:
        content = bytearray(pack.read_bytes())
        # The last byte of each page's gzip is of its length, and one in the middle of its content.
        content[len(content) // 2] ^= 0xFF
        content[-1] ^= 0xFF
        pack.write_bytes(content)
    outcomes = {refused_or_content(tenant, record, SERVED[path]) for path, record in found.items()}
    assert (500, "CONTENT_DAMAGED") in outcomes and outcomes <= {(500, "CONTENT_DAMAGED"), "whole"}
    for pack in packs:
        pack.unlink()
    for record in found.values():
        assert refused(tenant, f"/api/v1/{record['page']}:download") == (500, "CONTENT_DAMAGED")


def refused_or_content(caller, record, served):
    """Pages of one pack that the damage is not in are given out as ever."""
    try:
        assert caller.download(f"/api/v1/{record['page']}:download").content == served
        return "whole"
    except Refused as refusal:
        return refusal.status, refusal.reason
