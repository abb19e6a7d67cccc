#!/bin/sh
# build.sh OUT [swift]: builds the peers into OUT; `swift` adds grpc-swift-2, which takes minutes the first time.
# What is newer than its sources stays; silence means success.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?usage: build.sh OUT [swift]}"
out=$(cd "$1" && pwd)

# install PACKAGE...: installs those of the Debian packages that are not there.
install() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    root=
    [ "$(id -u)" = 0 ] || root=sudo
    # shellcheck disable=SC2086 # one word a package
    { $root apt-get update -qq && $root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends $missing; } > "$out/apt.log" 2>&1 ||
        { tail -n 20 "$out/apt.log" >&2; exit 1; }
}

# stale TARGET SOURCE...: whether TARGET is missing or older than a source.
stale() {
    target=$1
    shift
    [ -e "$target" ] || return 0
    [ -n "$(find "$@" -newer "$target" -print -quit)" ]
}

install nghttp2-client nghttp2-server openssl g++ pkg-config protobuf-compiler protobuf-compiler-grpc libgrpc++-dev \
    golang-go golang-google-grpc-dev golang-goprotobuf-dev

# What nghttpd serves: a file of a unary reply's size, and one of a stream's of 10 000 messages.
mkdir -p "$out/www" "$out/cpp" "$out/go/src/echopb"
cp "$here/proto/echo.body" "$here/proto/stream.body" "$out/"
[ -e "$out/www/f" ] || head -c 107 /dev/zero | tr '\0' x > "$out/www/f"
[ -e "$out/www/s" ] || head -c 1070000 /dev/zero | tr '\0' x > "$out/www/s"
if [ ! -e "$out/tls.crt" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$out/tls.key" -out "$out/tls.crt" 2>/dev/null
fi

if stale "$out/cpp/echo.grpc.pb.cc" "$here/proto"; then
    protoc -I "$here/proto" --cpp_out="$out/cpp" --grpc_out="$out/cpp" \
        --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" echo.proto
fi
compile() { g++ -O2 -DNDEBUG -std=c++17 -I "$out/cpp" "$@"; }
for source in echo.pb echo.grpc.pb; do
    if stale "$out/cpp/$source.o" "$out/cpp/$source.cc"; then
        compile -c -o "$out/cpp/$source.o" "$out/cpp/$source.cc"
    fi
done
for program in server_async server_cb client; do
    if stale "$out/cpp/$program" "$here/cpp/$program.cc" "$here/cpp/credentials.h" "$out/cpp/echo.grpc.pb.o"; then
        # shellcheck disable=SC2046 # one word a library
        compile -o "$out/cpp/$program" "$here/cpp/$program.cc" "$out/cpp/echo.pb.o" "$out/cpp/echo.grpc.pb.o" \
            $(pkg-config --cflags --libs grpc++ protobuf) -lpthread
    fi
done

if stale "$out/go/src/echopb/echo.pb.go" "$here/proto"; then
    protoc -I "$here/proto" --go_out=plugins=grpc:"$out/go/src/echopb" echo.proto
fi
for program in echoserver echoclient; do
    if stale "$out/go/$program" "$here/go/src/$program" "$out/go/src/echopb/echo.pb.go"; then
        cp -r "$here/go/src/." "$out/go/src/"
        (cd "$out/go" && GO111MODULE=off GOPATH="$out/go:/usr/share/gocode" GOCACHE="$out/go/cache" \
            go build -o "$program" "$program")
    fi
done

server=$out/swift/release/echo-server
if [ "${2:-}" = swift ] && stale "$server" "$here/swift/Package.swift" "$here/swift/Sources"; then
    swift build -c release --package-path "$here/swift" --scratch-path "$out/swift" --product echo-server \
        > "$out/swift.log" 2>&1 || { tail -n 40 "$out/swift.log" >&2; exit 1; }
    touch "$server"
fi
