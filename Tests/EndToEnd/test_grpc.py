"""The main job without JSON: grpcio, with stubs made here and now from proto/."""

import csv
import importlib
import io
import pathlib
import sys
import sysconfig
import time
import types
import uuid

import grpc
import job
import oracle
import pytest
from google.protobuf import json_format
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def stubs(tmp_path_factory):
    out = tmp_path_factory.mktemp("stubs")
    site = pathlib.Path(sysconfig.get_path("purelib"))
    includes = [ROOT / "proto", site, site / "grpc_tools" / "_proto"]
    files = [str(file.relative_to(ROOT / "proto")) for file in sorted((ROOT / "proto/datavault").rglob("*.proto"))]
    words = ["protoc", *(f"-I{path}" for path in includes), f"--python_out={out}", f"--grpc_python_out={out}", *files]
    assert protoc.main(words) == 0
    sys.path.insert(0, str(out))
    made = types.SimpleNamespace()
    for service in ("scrape.v1.scrapers", "scrape.v1.scrape_jobs", "scrape.v1.scrape_records", "pipeline.v1.pipelines",
                    "pipeline.v1.runs", "pipeline.v1.datasets", "compliance.v1.audit_logs"):
        name = service.rsplit(".", 1)[1]
        setattr(made, name, importlib.import_module(f"datavault.{service}_service_pb2"))
        setattr(made, f"{name}_grpc", importlib.import_module(f"datavault.{service}_service_pb2_grpc"))
    return made


@pytest.fixture
def channel(suite):
    with grpc.insecure_channel(f"127.0.0.1:{suite.ports['gateway']}") as opened:
        yield opened


def test_the_same_job_without_json(stubs, channel, tenant, sites):
    credentials = (("authorization", f"Bearer {tenant.key['secret']}"),)
    terms = {"metadata": credentials, "timeout": 60}
    site = oracle.SITES["handbook"]
    language = "it-IT"
    definition = job.scraper(
        sites, startUrls=[f"{sites.url}/handbook/{language}/index.html"],
        scope={"includePaths": [f"/handbook/{language}/.*"]})

    scrapers = stubs.scrapers_grpc.ScrapersServiceStub(channel)
    request = stubs.scrapers.CreateScraperRequest(request_id=str(uuid.uuid4()))
    json_format.ParseDict(definition, request.scraper)
    scraper = scrapers.CreateScraper(request, **terms)
    # The same request again has the same answer, and makes nothing.
    assert scrapers.CreateScraper(request, **terms) == scraper

    jobs = stubs.scrape_jobs_grpc.ScrapeJobsServiceStub(channel)
    request = stubs.scrape_jobs.CreateScrapeJobRequest(request_id=str(uuid.uuid4()))
    request.scrape_job.scraper = scraper.name
    started = jobs.CreateScrapeJob(request, **terms)
    last = None
    for last in jobs.WatchScrapeJob(
            stubs.scrape_jobs.WatchScrapeJobRequest(name=started.name), metadata=credentials, timeout=300):
        pass
    assert last.progress.records == 127, last

    pipelines = stubs.pipelines_grpc.PipelinesServiceStub(channel)
    request = stubs.pipelines.CreatePipelineRequest(request_id=str(uuid.uuid4()))
    json_format.ParseDict(job.pipeline(started.name), request.pipeline)
    made = pipelines.CreatePipeline(request, **terms)
    runs = stubs.runs_grpc.RunsServiceStub(channel)
    run = runs.StartRun(stubs.runs.StartRunRequest(parent=made.name, request_id=str(uuid.uuid4())), **terms)
    for run in runs.WatchRun(stubs.runs.WatchRunRequest(name=run.name), metadata=credentials, timeout=300):
        pass
    assert run.dataset, run

    datasets = stubs.datasets_grpc.DatasetsServiceStub(channel)
    chunks = datasets.ExportDataset(stubs.datasets.ExportDatasetRequest(
        name=run.dataset, format="FILE_FORMAT_CSV"), metadata=credentials, timeout=60)
    text = b"".join(chunk.data for chunk in chunks).decode()
    rows = job.by_url(csv.DictReader(io.StringIO(text, newline="")))
    assert rows == [row for row in site.rows(sites.url) if f"/{language}/" in row["_url"]]

    audit = stubs.audit_logs_grpc.AuditLogsServiceStub(channel)
    for _ in range(300):
        actions = [entry.action for entry in audit.ListAuditLogs(
            stubs.audit_logs.ListAuditLogsRequest(page_size=100), **terms).audit_logs]
        if {"scraper.create", "scrape_job.create", "pipeline.create", "run.start", "dataset.export",
                "scrape_job.end", "run.end"} <= set(actions):
            break
        time.sleep(0.2)
    else:
        raise AssertionError(actions)
    assert actions.count("scraper.create") == 1
