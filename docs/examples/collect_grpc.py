"""Collects a site over gRPC, with stubs made of the contract (see README.md).

    PYTHONPATH=gen python3 docs/examples/collect_grpc.py run-data/first-admin.json http://127.0.0.1:8080/docs/ pages.csv
"""
import json, re, sys, urllib.parse, uuid

import grpc
from datavault.pipeline.v1 import datasets_service_pb2, datasets_service_pb2_grpc, file_pb2, pipeline_pb2
from datavault.pipeline.v1 import pipelines_service_pb2, pipelines_service_pb2_grpc
from datavault.pipeline.v1 import run_pb2, runs_service_pb2, runs_service_pb2_grpc
from datavault.scrape.v1 import scrape_job_pb2, scrape_jobs_service_pb2, scrape_jobs_service_pb2_grpc
from datavault.scrape.v1 import scraper_pb2, scrapers_service_pb2, scrapers_service_pb2_grpc


def collect(channel, key, url, output):
    who = [("authorization", f"Bearer {key}")]
    once = lambda: str(uuid.uuid4())  # noqa: E731
    folder = urllib.parse.urlsplit(url).path.rpartition("/")[0] + "/"

    scraper = scraper_pb2.Scraper(
        display_name="pages", start_urls=[url], limits=scraper_pb2.CrawlLimits(pages=500),
        scope=scraper_pb2.Scope(include_paths=["^" + re.escape(folder)]),
        extraction=scraper_pb2.Extraction(fields=[
            scraper_pb2.Field(name="title", selector="h1", required=True),
            scraper_pb2.Field(name="section", selector=".breadcrumb li:last-child")]))
    scraper.politeness.delay.FromSeconds(0)
    scraper = scrapers_service_pb2_grpc.ScrapersServiceStub(channel).CreateScraper(
        scrapers_service_pb2.CreateScraperRequest(scraper=scraper, request_id=once()), metadata=who)
    jobs = scrape_jobs_service_pb2_grpc.ScrapeJobsServiceStub(channel)
    job = jobs.CreateScrapeJob(
        scrape_jobs_service_pb2.CreateScrapeJobRequest(
            scrape_job=scrape_job_pb2.ScrapeJob(scraper=scraper.name), request_id=once()), metadata=who)
    for job in jobs.WatchScrapeJob(scrape_jobs_service_pb2.WatchScrapeJobRequest(name=job.name), metadata=who):
        print(f"{job.progress.fetched} pages, {job.progress.records} records")

    pipeline = pipelines_service_pb2_grpc.PipelinesServiceStub(channel).CreatePipeline(
        pipelines_service_pb2.CreatePipelineRequest(pipeline=pipeline_pb2.Pipeline(
            display_name="pages", input=pipeline_pb2.Input(scrape_job=job.name),
            steps=[pipeline_pb2.Step(rule=pipeline_pb2.QualityRule(
                name="title is there", expression="title != null && title != ''"))],
            output=pipeline_pb2.Output(new_dataset=pipeline_pb2.NewDataset(display_name="pages"))),
            request_id=once()), metadata=who)
    runs = runs_service_pb2_grpc.RunsServiceStub(channel)
    run = runs.StartRun(runs_service_pb2.StartRunRequest(parent=pipeline.name, request_id=once()), metadata=who)
    for run in runs.WatchRun(runs_service_pb2.WatchRunRequest(name=run.name), metadata=who):
        pass
    if run.state != run_pb2.RUN_STATE_SUCCEEDED:
        sys.exit(f"{run.name}: {run.failure}")

    export = datasets_service_pb2_grpc.DatasetsServiceStub(channel).ExportDataset(
        datasets_service_pb2.ExportDatasetRequest(
            name=run.dataset, format=file_pb2.FILE_FORMAT_CSV, columns=["title", "section", "_url"]), metadata=who)
    with open(output, "wb") as file:
        for piece in export:
            file.write(piece.data)
    print(f"{output}: {run.written_row_count} records of {job.progress.fetched} pages")


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        admin = json.load(file)
    with grpc.insecure_channel("127.0.0.1:8080") as channel:
        collect(channel, admin["key"], sys.argv[2], sys.argv[3])
