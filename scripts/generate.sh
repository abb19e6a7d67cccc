#!/usr/bin/env bash
# Generates all Swift that comes from protos: scripts/generate.sh [FOLDER]
#
# Writes into the source tree, or into the same places under FOLDER. What is generated is listed in
# scripts/generated.sh.
#
# PROTOC      the protoc to run (protoc)
# BUILD_PATH  where Swift builds the plugins (.build)
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/generated.sh

target=${1:-.}
protoc=${PROTOC:-protoc}
build_path=${BUILD_PATH:-.build}
python=.build-py
# google/protobuf's protos, which Debian keeps apart from protoc; the library that stands for them has them too.
well_known=$build_path/checkouts/swift-protobuf/Protos/Sources/SwiftProtobuf

fail() {
    echo "generate.sh: $*" >&2
    exit 1
}

# Another protoc can pass other comments or defaults on to the plugins, and so change files that nobody touched.
check_protoc() {
    local version
    version=$("$protoc" --version) || fail "cannot run '$protoc'; install Debian's protobuf-compiler."
    [[ $version == "libprotoc 3.21."* ]] || fail "the code is generated with protoc 3.21, and this is '$version'."
}

build_plugins() {
    local plugin
    for plugin in protoc-gen-swift protoc-gen-wire; do
        swift build --scratch-path "$build_path" --product "$plugin" >&2
    done
    plugin_path=$(swift build --scratch-path "$build_path" --show-bin-path)
}

# Installs the package of google.rpc's protos where it is missing. It comes without what it depends on: only its
# protos are used.
find_googleapis() {
    local wanted installed
    wanted=$(grep '^googleapis-common-protos==' Tests/requirements.txt) \
        || fail "Tests/requirements.txt names no version of googleapis-common-protos."
    [ -x "$python/bin/python" ] || python3 -m venv "$python"
    installed=$("$python/bin/python" -m pip freeze | grep '^googleapis-common-protos==' || true)
    [ "$installed" = "$wanted" ] || "$python/bin/python" -m pip install --quiet --no-deps "$wanted" >&2
    googleapis=$("$python/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
}

generate_row() {
    local plugin proto folder files=() includes=()
    row_fields "$1"
    for folder in ${root//:/ }; do
        [ "$folder" != GOOGLEAPIS ] || folder=$googleapis
        includes+=("--proto_path=$folder")
    done
    root=${includes[0]#--proto_path=}
    for proto in $protos; do
        if [ -d "$root/$proto" ]; then
            files+=("$root/$proto"/*.proto)
        else
            files+=("$root/$proto")
        fi
    done
    mkdir -p "$fresh/$output"
    for plugin in ${plugins//+/ }; do
        "$protoc" "${includes[@]}" --proto_path="$well_known" \
            --plugin="$plugin_path/protoc-gen-$plugin" \
            --"${plugin}_out=$fresh/$output" \
            --"${plugin}_opt=$common_options,$options" \
            "${files[@]}"
    done
}

# Checks the suite's contract as a whole: the rows above are generated one by one, and routes of two packages may
# collide.
check_contract() {
    local files
    mapfile -t files < <(find proto/datavault -name '*.proto' | LC_ALL=C sort)
    "$protoc" --proto_path=proto --proto_path="$googleapis" --proto_path="$well_known" \
        --plugin="$plugin_path/protoc-gen-wire" --wire_out="$fresh" --wire_opt=OnlyCheck=true "${files[@]}"
}

# Puts the fresh files in the place of the old ones, so that none outlives its proto.
replace_old() {
    local folder
    for folder in $(generated_folders); do
        mkdir -p "$target/$folder"
        find "$target/$folder" -maxdepth 1 \( -name '*.pb.swift' -o -name '*.wire.swift' -o -name '*.rules.swift' \) -delete
        cp "$fresh/$folder"/* "$target/$folder/"
    done
}

check_protoc
build_plugins
find_googleapis
# Old files go only once all is generated: without them the package, and so the plugins, could not be built again.
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
for row in "${generated[@]}"; do
    generate_row "$row"
done
check_contract
replace_old
