#!/usr/bin/env bash
# Writes a descriptor set with all imports: scripts/descriptor-set.sh suite|test|example|bench OUTPUT [PROTOC_OPTION…]
#
#   suite    the protos under proto/datavault, with what errors carry
#   test     those of Tests/Contract
#   example  those of Tests/Example
#   bench    those of Tests/Benchmarks/Gateway
#
# PROTOC      the protoc to run (protoc)
# BUILD_PATH  where Swift checks packages out (.build)
set -euo pipefail
cd "$(dirname "$0")/.."
which=$1 output=$2
shift 2

case $which in
suite) root=proto extra=(google/api/annotations.proto google/rpc/error_details.proto google/rpc/status.proto) ;;
test) root=Tests/Contract/proto extra=() ;;
example) root=Tests/Example/proto extra=() ;;
bench) root=Tests/Benchmarks/Gateway/proto extra=() ;;
*) echo "descriptor-set.sh: there is no set '$which'" >&2; exit 2 ;;
esac

googleapis=$(.build-py/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mapfile -t protos < <(cd "$root" && find datavault -name '*.proto' | LC_ALL=C sort)
mkdir -p "$(dirname "$output")"
"${PROTOC:-protoc}" -I "$root" -I proto -I "$googleapis" \
    -I "${BUILD_PATH:-.build}/checkouts/swift-protobuf/Protos/Sources/SwiftProtobuf" \
    --descriptor_set_out="$output" --include_imports "$@" "${protos[@]}" "${extra[@]}"
