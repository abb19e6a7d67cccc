#!/usr/bin/env bash
# Writes Sources/Wire/Reflection/StandardDescriptors.swift: the descriptor set of health and reflection, which every
# server that reflects serves, as a base64 literal.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-Sources/Wire/Reflection/StandardDescriptors.swift}
set_file=$(mktemp)
trap 'rm -f "$set_file"' EXIT
"${PROTOC:-protoc}" -I proto --descriptor_set_out="$set_file" --include_imports \
    grpc/health/v1/health.proto grpc/reflection/v1/reflection.proto grpc/reflection/v1alpha/reflection.proto
{
    printf '// Made by scripts/standard-descriptors.sh. Do not edit.\n\n'
    printf '/// The serialized descriptor set of the services that Wire brings itself.\n'
    printf 'enum StandardDescriptors {\n'
    printf '    static var bytes: [UInt8] { Base64.decode(base64.utf8.filter { $0 > 0x20 }) ?? [] }\n\n'
    printf '    private static let base64 = """\n'
    base64 -w 100 "$set_file" | sed 's/^/        /'
    printf '        """\n}\n'
} > "$out"
