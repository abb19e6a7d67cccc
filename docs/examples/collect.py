"""Collects a site in seven signed calls (see docs/collect.md). Python's standard library is all it needs.

    python3 docs/examples/collect.py run-data/first-admin.json http://127.0.0.1:8080/docs/ pages.csv
"""
import json, re, sys, time, urllib.error, urllib.parse, urllib.request, uuid

from sign import sign

GATEWAY = "http://127.0.0.1:8080"


def call(admin, method, path, body=None):
    """Makes a call and gives the answer, which is read as it comes."""
    url, data = GATEWAY + "/api/v1/" + path, None if body is None else json.dumps(body).encode()
    once = {"idempotency-key": str(uuid.uuid4())} if method == "POST" else {}
    while True:
        # Signed anew each time; the idempotency key stays, so that nothing is done twice.
        fields = sign(method, url, admin["key_name"].removeprefix("api-keys/"), admin["signing_secret"], data, once)
        try:
            return urllib.request.urlopen(urllib.request.Request(url, data, fields, method=method), timeout=600)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")
            time.sleep(int(error.headers.get("retry-after", 1)))


def make(admin, path, body):
    """Makes a resource; gives its name."""
    return json.load(call(admin, "POST", path, body))["name"]


def watch(admin, name):
    """Follows a job or a run until it has ended: its last event."""
    event = {}
    for line in call(admin, "GET", f"{name}:watch"):
        if line.startswith(b"data:"):
            event = json.loads(line[5:])
    if not event.get("state", "").endswith("_SUCCEEDED"):
        sys.exit(f"{name}: {json.dumps(event)}")
    return event


def collect(admin, url, output):
    folder = urllib.parse.urlsplit(url).path.rpartition("/")[0] + "/"
    scraper = make(admin, "scrapers", {
        "displayName": "pages", "startUrls": [url], "limits": {"pages": 500},
        "scope": {"includePaths": ["^" + re.escape(folder)]}, "politeness": {"delay": "0s"},
        "extraction": {"fields": [
            {"name": "title", "selector": "h1", "required": True},
            {"name": "section", "selector": ".breadcrumb li:last-child"}]}})
    job = make(admin, "scrape-jobs", {"scraper": scraper})
    progress = watch(admin, job)["progress"]
    pipeline = make(admin, "pipelines", {
        "displayName": "pages", "input": {"scrapeJob": job}, "output": {"newDataset": {"displayName": "pages"}},
        "steps": [{"rule": {"name": "title is there", "expression": "title != null && title != ''"}}]})
    run = watch(admin, make(admin, f"{pipeline}/runs", {}))
    query = "format=FILE_FORMAT_CSV&columns=title&columns=section&columns=_url"
    with open(output, "wb") as file:
        file.write(call(admin, "GET", f"{run['dataset']}:export?{query}").read())
    print(f"{output}: {run['writtenRowCount']} records of {progress['fetched']} pages")


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        admin = json.load(file)
    collect(admin, sys.argv[2], sys.argv[3])
