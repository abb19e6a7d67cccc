#!/usr/bin/env bash
# Writes the descriptor sets that programs carry in themselves: scripts/embed-descriptors.sh [FOLDER]. With FOLDER the
# same places under it. Those of Wire are Swift files with a base64 literal, as others use Wire with nothing beside it;
# that of the suite is embedded by a C target, with the comments of its protos.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-.}
set_file=$(mktemp)
trap 'rm -f "$set_file"' EXIT

# embed OUTPUT TYPE ACCESS SUMMARY ROOT PROTO...
embed() {
    local output=$1 type=$2 access=$3 summary=$4 root=$5
    shift 5
    "${PROTOC:-protoc}" -I "$root" --descriptor_set_out="$set_file" --include_imports "$@"
    write "$output" "$type" "$access" "$summary"
}

# write OUTPUT TYPE ACCESS SUMMARY: what lies in $set_file, as a Swift file.
write() {
    local output=$target/$1 type=$2 access=$3 summary=$4
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

scripts/descriptor-set.sh suite "$target/Sources/CDescriptorSet/datavault.binpb" --include_source_info
embed Sources/Wire/Reflection/StandardDescriptors.swift StandardDescriptors "" \
    "The serialized descriptor set of the services that Wire brings itself." \
    proto grpc/health/v1/health.proto grpc/reflection/v1/reflection.proto grpc/reflection/v1alpha/reflection.proto
embed Tests/Interop/Server/TestingDescriptors.swift TestingDescriptors "" \
    "The serialized descriptor set of grpc.testing." \
    Tests/Interop/proto grpc/testing/test.proto
scripts/descriptor-set.sh test "$set_file"
write Tests/Contract/Generated/TestDescriptors.swift TestDescriptors "public " \
    "The serialized descriptor set of datavault.test.v1."
scripts/descriptor-set.sh example "$set_file"
write Tests/Example/Generated/ExampleDescriptors.swift ExampleDescriptors "public " \
    "The serialized descriptor set of datavault.example.v1."
scripts/descriptor-set.sh bench "$set_file"
write Tests/Benchmarks/Gateway/Generated/BenchDescriptors.swift BenchDescriptors "public " \
    "The serialized descriptor set of datavault.bench.v1."
