#!/usr/bin/env bash
# Lints the protos, and compares them with the contract that callers rely on, proto/baseline.binpb:
# scripts/lint-protos.sh [--fix]
#
# buf reads descriptor sets that protoc has made, as what the protos import is not in its registry. With --fix protos
# are formatted instead of checked. `make accept-contract` makes the present contract the baseline.
set -euo pipefail
cd "$(dirname "$0")/.."
buf=.build-py/bin/buf
config=proto/buf.yaml
baseline=proto/baseline.binpb
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ "${1:-}" = --fix ]; then
    "$buf" format -w proto --path proto/datavault
    "$buf" format -w Tests/Contract/proto
    "$buf" format -w Tests/Example/proto
    exit
fi

status=0
"$buf" format -d --exit-code proto --path proto/datavault || status=1
"$buf" format -d --exit-code Tests/Contract/proto || status=1
"$buf" format -d --exit-code Tests/Example/proto || status=1
for set in suite test example; do
    scripts/descriptor-set.sh "$set" "$work/$set.binpb" --include_source_info
    "$buf" lint "$work/$set.binpb" --config "$config" || status=1
done
"$buf" breaking "$work/suite.binpb" --against "$baseline" --config "$config" || status=1
if [ $status -ne 0 ]; then
    echo "lint-protos.sh: make format formats; make accept-contract accepts what breaks callers." >&2
fi
exit $status
