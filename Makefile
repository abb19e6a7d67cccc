# DataVault. `make help` lists what there is.
SHELL := /bin/bash
PYTHON := .build-py/bin/python
.DEFAULT_GOAL := help
.PHONY: $(shell grep -oE '^[a-z-]+:' Makefile | tr -d :)

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## Install what is missing: Debian packages and the tests' Python environment
	@scripts/setup.sh

run: ## Set up what is missing, build, and start the whole suite with its data in run-data
	@scripts/setup.sh run && scripts/run.sh

build: setup ## Build everything that tests and users run
	@scripts/build.sh

test: setup ## Run all tests: generated code, protos, format, Swift, foreign peers, attacks
	@scripts/test.sh

generate: setup ## Write the code that comes from protos, the reference of settings, and the served documentation
	@scripts/generate.sh && scripts/embed-descriptors.sh && scripts/configuration-reference.sh && scripts/documentation.sh

check-generated: setup ## Fail if committed generated code is not what the protos give
	@scripts/check-generated.sh

lint: setup ## Check the format of Swift sources and protos, and the protos' style and promises
	@scripts/format.sh --check && scripts/lint-protos.sh

format: setup ## Format Swift sources and protos
	@scripts/format.sh && scripts/lint-protos.sh --fix

accept-contract: setup ## Make the present contract the one that callers rely on: proto/baseline.binpb
	@scripts/descriptor-set.sh suite proto/baseline.binpb

bench: bench-wire bench-transcode bench-policy bench-guard bench-gateway bench-metrics bench-outbound bench-jobs bench-suite bench-identity bench-extraction bench-audit bench-scrape bench-pipeline ## Run all benchmarks

bench-wire: setup ## Measure Wire, bare and with the whole chain, beside nghttpd, grpc-go, gRPC C++ and grpc-swift-2
	@scripts/bench-wire.sh

bench-transcode: setup ## Measure JSON to protobuf and back beside swift-protobuf and Python
	@scripts/bench-transcode.sh

bench-metrics: setup ## Measure what metrics and traces cost: operations, scrapes, a unary call with and without
	@scripts/bench-metrics.sh

bench-policy: setup ## Measure what the policy layer adds to a call
	@scripts/bench-policy.sh

bench-pipeline: setup ## Measure the pipeline engine from file to file beside DuckDB
	@scripts/bench-pipeline.sh

bench-identity: setup ## Measure log-ins beside the hash alone, other calls during a flood of them, and what time tells
	@scripts/bench-identity.sh

bench-gateway: setup ## Measure the gateway beside grpc-gateway and nginx
	@scripts/bench-gateway.sh

bench-guard: setup ## Measure what the edge's guard takes: key checks, signatures, principals
	@scripts/bench-guard.sh

bench-extraction: setup ## Measure parsing and extraction beside lxml, lexbor and gumbo
	@scripts/bench-extraction.sh

bench-suite: setup ## Measure the suite's start, its end and its memory
	@scripts/bench-suite.sh

bench-outbound: setup ## Measure Outbound beside curl and Python
	@scripts/bench-outbound.sh

bench-scrape: setup ## Measure pages fetched, extracted and stored a second on one core beside Scrapy
	@scripts/bench-scrape.sh

bench-jobs: setup ## Measure the job queue on both stores beside their fsync ceilings
	@scripts/bench-jobs.sh

bench-audit: setup ## Measure appends to the audit log beside the stores' fsync ceilings, and proofs at a million entries
	@scripts/bench-audit.sh

soak: soak-jobs soak-wire soak-main-job ## Run what takes long: kill storms, and load with an eye on memory

soak-wire: setup ## Ten minutes at 80 % of peak: memory flat, no error
	@scripts/soak.sh

soak-main-job: setup ## Kill roles 20 times and PostgreSQL 3 times while the main job is done
	@scripts/soak-main-job.sh

soak-jobs: setup ## Kill workers 100 times during 100 000 jobs on each store
	@scripts/soak-jobs.sh

sanitize: setup ## Run Wire's tests under the address and thread sanitizers
	@scripts/sanitize.sh

fuzz: setup ## Fuzz all that reads bytes from outside; SECONDS_EACH=300 for each target
	@scripts/fuzz.sh $${SECONDS_EACH:-300}

clean: ## Remove what was built
	rm -rf .build .build-* run-data
