#!/usr/bin/env bash
# Installs what is missing and nothing else: scripts/setup.sh [run]
#
# Debian packages (as root or with sudo), and .build-py, the Python environment of tests and generators. With `run` only
# what building and running the suite takes.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
    # Wire's libraries
    libnghttp2-dev libssl-dev zlib1g-dev pkg-config
    # C++ headers, for simdjson and the foreign gRPC peer
    g++
    # both stores' libraries
    libpq-dev libsqlite3-dev
    # Transcoding's
    libprotobuf-c-dev libsimdjson-dev
    # Identity's password hash, the gateways' shared limits and nonces
    libargon2-dev libhiredis-dev
    # users' patterns
    libre2-dev
    # Outbound's
    libcurl4-openssl-dev libbrotli-dev libzstd-dev
)
[ "${1:-}" = run ] || packages+=(
    # servers for the tests of stores and gateways, strace to count what reaches the disk
    postgresql redis-server strace
    # a clock that is off
    faketime
    # a server of HTTP/2 for Outbound's tests, one for its benchmark
    nghttp2-server nginx-light
    # generated code, certificates
    protobuf-compiler openssl
    # the foreign gRPC peer for compressed calls
    libgrpc++-dev libprotobuf-dev protobuf-compiler-grpc
    # the peer of our HTML parser, for its benchmark
    libgumbo-dev
    # two real sites for the end-to-end tests, one with pages in legacy encodings for extraction's
    apache2-doc debian-handbook
    # scrapes metrics and answers for them in tests, and lints them; 332 MB on disk
    prometheus
    python3-venv
)

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "setup: installing ${missing[*]}"
    as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

command -v swift >/dev/null || { echo "setup: Swift 6.3 is missing: https://www.swift.org/install" >&2; exit 1; }

[ "${1:-}" != run ] || exit 0

stamp=.build-py/requirements.installed
if ! cmp -s Tests/requirements.txt "$stamp"; then
    echo "setup: preparing the Python environment in .build-py"
    [ -x .build-py/bin/python ] || python3 -m venv .build-py
    .build-py/bin/pip install -q --disable-pip-version-check -r Tests/requirements.txt
    cp Tests/requirements.txt "$stamp"
fi
