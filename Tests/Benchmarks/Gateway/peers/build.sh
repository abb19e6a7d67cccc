#!/bin/sh
# build.sh OUT: builds grpc-gateway and its upstream into OUT, and installs what that takes. Silence means success.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?usage: build.sh OUT}/go/src/echopb"
out=$(cd "$1" && pwd)
missing=
for package in golang-go golang-google-grpc-dev golang-grpc-gateway golang-github-grpc-ecosystem-grpc-gateway-dev \
    golang-goprotobuf-dev protobuf-compiler nginx-light wrk; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
    root=
    [ "$(id -u)" = 0 ] || root=sudo
    # shellcheck disable=SC2086 # one word a package
    { $root apt-get update -qq && $root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends $missing; } > "$out/apt.log" 2>&1 ||
        { tail -n 20 "$out/apt.log" >&2; exit 1; }
fi
apis=/usr/share/gocode/src/github.com/grpc-ecosystem/grpc-gateway/third_party/googleapis
[ -e "$out/go/src/echopb/echo.pb.gw.go" ] || protoc -I "$here" -I "$apis" --go_out=plugins=grpc:"$out/go/src/echopb" \
    --grpc-gateway_out=logtostderr=true:"$out/go/src/echopb" echo.proto
cp -r "$here/go/." "$out/go/src/"
for program in upstream gateway; do
    [ -x "$out/go/$program" ] && [ -z "$(find "$here/go/$program" -newer "$out/go/$program" -print -quit)" ] && continue
    (cd "$out/go" && GO111MODULE=off GOPATH="$out/go:/usr/share/gocode" GOCACHE="$out/go/cache" \
        go build -o "$program" "$program")
done
