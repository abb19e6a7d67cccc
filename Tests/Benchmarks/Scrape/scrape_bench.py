"""Pages a second that are fetched, extracted and stored on one core, by the suite and by Scrapy: the same site, the same
fields, the same number of pages, robots.txt obeyed, each beside nginx on the other core.

scrape_bench.py --binary DATAVAULT [--pages 2000] [--rounds 3] [--site FOLDER]
"""

import argparse
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "EndToEnd"), str(HERE.parents[1] / "Support")]

import running  # noqa: E402
from running import Nginx, Process, free_port, wait_for  # noqa: E402
from signed import Caller  # noqa: E402

FIELDS = [{"name": "title", "selector": "h1"}, {"name": "section", "selector": "title"}]
ROLES = ("identity", "compliance", "scrape", "pipeline", "gateway")


def on_one_core(process):
    subprocess.run(["taskset", "-a", "-p", "-c", "0", str(process)], check=True, stdout=subprocess.DEVNULL)


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(binary, folder):
    running.program = lambda: binary
    ports = {role: free_port() for role in ROLES}
    admin = {role: free_port() for role in ROLES}
    settings = {"data.folder": folder, "scrape.lanes": 1}
    for role in ROLES:
        settings |= {f"{role}.listen": f"127.0.0.1:{ports[role]}", f"{role}.admin.listen": f"127.0.0.1:{admin[role]}"}
    process = Process(("up", "--allow-address", "127.0.0.1/32", "--no-first-run"), settings)
    for role in ROLES:
        wait_for(lambda: process.ready(admin[role]), lambda: process.text)
    time.sleep(1.1)
    first = json.loads((pathlib.Path(folder) / "first-admin.json").read_text())
    caller = Caller(
        f"http://127.0.0.1:{ports['gateway']}", first["key_name"].removeprefix("api-keys/"), first["signing_secret"])
    return process, caller


def crawl(process, caller, url, pages, keeps):
    scraper = caller.post("/api/v1/scrapers", {
        "displayName": "bench", "startUrls": [url], "extraction": {"fields": FIELDS}, "keepPages": keeps,
        "politeness": {"delay": "0s", "concurrency": 16}, "limits": {"pages": pages, "depth": 1000}})
    before = cpu_seconds(process.process.pid)
    job = caller.post("/api/v1/scrape-jobs", {"scraper": scraper["name"]})["name"]
    while True:
        found = caller.get(f"/api/v1/{job}")
        if found["state"] not in ("SCRAPE_JOB_STATE_QUEUED", "SCRAPE_JOB_STATE_RUNNING"):
            break
        time.sleep(0.1)
    cpu = cpu_seconds(process.process.pid) - before

    def seconds(text):
        clock = text.rstrip("Z").split("T")[1].split(":")
        return int(clock[0]) * 3600 + int(clock[1]) * 60 + float(clock[2])

    took = seconds(found["endTime"]) - seconds(found["startTime"])
    fetched = int(found["progress"]["fetched"])
    assert fetched > 0 and int(found["progress"]["records"]) == fetched, found
    return fetched / took, fetched / cpu


def scrapy(url, pages, folder):
    file = f"{folder}/scrapy.db"
    pathlib.Path(file).unlink(missing_ok=True)
    done = subprocess.run(
        ["taskset", "-c", "0", sys.executable, HERE / "spider.py", url, str(pages), file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    count = sqlite3.connect(file).execute("SELECT count(*) FROM records").fetchone()[0]
    return count / float(done.stdout.split()[-1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--scrapy-pages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--site", default="/usr/share/doc/debian-handbook/html")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "nginx").mkdir()
        nginx = Nginx(f"{folder}/nginx", {"/site/": f"{options.site}/"})
        url = f"{nginx.url}/site/en-US/index.html"
        process, caller = start(options.binary, f"{folder}/data")
        on_one_core(process.process.pid)
        try:
            rows = {"suite, pages kept": [], "suite, pages not kept": [], "Scrapy": []}
            for _ in range(options.rounds):
                rows["suite, pages kept"].append(crawl(process, caller, url, options.pages, True))
                rows["suite, pages not kept"].append(crawl(process, caller, url, options.pages, False))
                rows["Scrapy"].append((scrapy(url, options.scrapy_pages, folder), 0))
            for name, found in rows.items():
                rate, cpu = (statistics.median(one[index] for one in found) for index in (0, 1))
                print(f"{name:24} {rate:8.0f} pages/s" + (f" {cpu:8.0f} pages a second of CPU" if cpu else ""))
            ratio = statistics.median(one[0] for one in rows["suite, pages kept"]) / statistics.median(
                one[0] for one in rows["Scrapy"])
            print(f"suite beside Scrapy: {ratio:.1f} x")
        finally:
            process.end()
            nginx.end()


main()
