"""Site to records to dataset to proof, on two real sites."""

import base64
import hashlib

import job
import lxml.html
import merkle
import oracle
from running import wait_for


def test_the_csv_is_what_lxml_says(tenant, sites):
    site = oracle.SITES["handbook"]
    scraper, started = job.start_job(tenant, job.scraper(sites))
    seen = job.watch_job(tenant, started["name"])
    last = seen[-1]
    assert last["state"] == "SCRAPE_JOB_STATE_SUCCEEDED", last
    assert last["endReason"] == "END_REASON_COMPLETE", last
    # Live: more than the first and the last word, and never backwards.
    counts = [int(message.get("progress", {}).get("fetched", 0)) for message in seen]
    assert counts == sorted(counts) and len(set(counts)) > 3, counts
    expected_pages = len(site.files())
    assert int(last["progress"]["fetched"]) == expected_pages, last["progress"]
    assert int(last["progress"]["records"]) == expected_pages

    made, run = job.run_pipeline(tenant, job.pipeline(started["name"]))
    rows = job.by_url(job.export(tenant, run["dataset"]))
    expected = site.rows(sites.url)
    assert [row["_url"] for row in rows] == [row["_url"] for row in expected]
    for row, wanted in zip(rows, expected):
        assert row == wanted
    # Nothing is lost on the way: each row read is written, filtered, a duplicate or set aside.
    counts = {name: int(run.get(name, 0)) for name in (
        "readRowCount", "writtenRowCount", "quarantinedRowCount", "filteredRowCount", "duplicateRowCount")}
    assert counts["readRowCount"] == expected_pages
    assert counts["readRowCount"] == sum(counts.values()) - counts["readRowCount"]
    aside = list(tenant.list(f"/api/v1/{run['name']}/quarantined-rows", "quarantinedRows"))
    assert len(aside) == counts["quarantinedRowCount"] > 0
    assert all(row["rule"] == "title is long enough" and len(row["row"]["title"]) < site.shortest for row in aside)

    evidence(tenant, sites, started["name"])
    proof(tenant, scraper, started, made, run)


def evidence(tenant, sites, started):
    """A value says which bytes of which page it comes from."""
    page = tenant.get(f"/api/v1/{started}/records?pageSize=20")
    assert len(page["records"]) == 20 and page["nextPageToken"]
    checked = 0
    for record in page["records"]:
        path = record["url"].removeprefix(f"{sites.url}/handbook/")
        content = (oracle.HANDBOOK / path).read_bytes()
        assert record["contentHash"] == hashlib.sha256(content).hexdigest()
        for value in record["values"]:
            if value["field"] == "title":
                source = value["value"]["source"]
                found = content[int(source["start"]):int(source["end"])].decode()
                text = lxml.html.fragment_fromstring(found, create_parent=True).text_content()
                assert value["value"]["text"] == oracle.SPACE.sub(" ", text).strip(" "), found
                checked += 1
    assert checked == 20


def proof(tenant, scraper, started, made, run):
    """Every step is in the log, and the log is whole, as somebody else's program finds."""
    wanted = {
        ("scraper.create", scraper["name"]), ("scrape_job.create", started["name"]),
        ("pipeline.create", made["name"]), ("run.start", run["name"]), ("dataset.export", run["dataset"]),
        ("scrape_job.end", started["name"]), ("run.end", run["name"]),
    }

    def told():
        entries = tenant.list("/api/v1/audit-logs", "auditLogs")
        return {(entry["action"], entry.get("resource", "")) for entry in entries} >= wanted

    wait_for(told, lambda: f"the log lacks some of {wanted}", 30)
    keys = [merkle.Key.parse(key["verifier"]) for key in tenant.get("/api/v1/audit-logs:keys")["keys"]]
    report = merkle.verify_export(tenant.download("/api/v1/audit-logs:export").content, keys)
    assert (report.first, report.end) == (0, report.size)
    assert {(leaf.action, leaf.resource) for leaf in report.leaves} >= wanted
    # And each alone, in the tree that a checkpoint signs.
    for entry in list(tenant.list("/api/v1/audit-logs", "auditLogs"))[:20]:
        found = tenant.get(f"/api/v1/{entry['name']}:inclusionProof")
        signed = merkle.Checkpoint.parse(found["checkpoint"]["text"], keys)
        leaf = merkle.leaf_hash(base64.b64decode(entry["leaf"]))
        hashes = [base64.b64decode(one) for one in found.get("hashes", [])]
        assert merkle.root_of_inclusion(leaf, int(found.get("index", 0)), signed.size, hashes) == signed.root


def test_pages_in_legacy_charsets_are_read(tenant, sites):
    """Apache's manual in Korean is EUC-KR, and in German, in part, ISO-8859-1."""
    files = sorted(oracle.APACHE.glob("ko/*.html")) + sorted(oracle.APACHE.glob("de/*.html"))
    _, started = job.start_job(tenant, job.scraper(
        sites, startUrls=[f"{sites.url}/apache/{file.relative_to(oracle.APACHE)}" for file in files][:100],
        scope={"followLinks": False, "keepDuplicates": True}, extraction={"fields": [
            {"name": "title", "selector": "head > title", "required": True}, {"name": "heading", "selector": "h1"}]}))
    ended = job.ended(tenant, started["name"])
    assert ended["state"] == "SCRAPE_JOB_STATE_SUCCEEDED", ended
    found = {}
    for record in tenant.list(f"/api/v1/{started['name']}/records", "records"):
        found[record["url"]] = {value["field"]: value["value"]["text"] for value in record["values"]}
    fields = [{"name": "title", "selector": "head > title"}, {"name": "heading", "selector": "h1"}]
    site = oracle.SITES["handbook"]
    for file in files[:100]:
        url = f"{sites.url}/apache/{file.relative_to(oracle.APACHE)}"
        document = lxml.html.document_fromstring(file.read_bytes())
        wanted = {field["name"]: site.value(document, field, url) for field in fields}
        assert found[url] == {name: text for name, text in wanted.items() if text}, url
    assert any("한" in text or "서버" in text for values in found.values() for text in values.values())
