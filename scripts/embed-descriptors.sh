#!/usr/bin/env bash
# Writes the descriptor sets that programs carry in themselves, each a Swift file with a base64 literal:
# scripts/embed-descriptors.sh [FOLDER]. With FOLDER the same places under it.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-.}
set_file=$(mktemp)
trap 'rm -f "$set_file"' EXIT
# google/protobuf's protos: see generate.sh.
well_known=${BUILD_PATH:-.build}/checkouts/swift-protobuf/Protos/Sources/SwiftProtobuf

# embed OUTPUT TYPE ACCESS SUMMARY ROOT PROTO...
embed() {
    local output=$target/$1 type=$2 access=$3 summary=$4 root=$5
    shift 5
    "${PROTOC:-protoc}" -I "$root" -I "$well_known" --descriptor_set_out="$set_file" --include_imports "$@"
    mkdir -p "$(dirname "$output")"
    {
        printf '// Made by scripts/embed-descriptors.sh. Do not edit.\n\n'
        printf '/// %s\n' "$summary"
        printf '%senum %s {\n' "$access" "$type"
        printf '    %sstatic let base64 = """\n' "$access"
        base64 -w 100 "$set_file" | sed 's/^/        /'
        printf '        """\n}\n'
    } > "$output"
}

embed Sources/Wire/Reflection/StandardDescriptors.swift StandardDescriptors "" \
    "The serialized descriptor set of the services that Wire brings itself." \
    proto grpc/health/v1/health.proto grpc/reflection/v1/reflection.proto grpc/reflection/v1alpha/reflection.proto
embed Tests/Interop/Server/TestingDescriptors.swift TestingDescriptors "" \
    "The serialized descriptor set of grpc.testing." \
    Tests/Interop/proto grpc/testing/test.proto
embed Tests/Contract/Generated/TestDescriptors.swift TestDescriptors "public " \
    "The serialized descriptor set of datavault.test.v1." \
    Tests/Contract/proto datavault/test/v1/kitchen_sink.proto datavault/test/v1/legacy.proto
