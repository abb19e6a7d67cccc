#!/bin/sh
# Builds the C++ interop peers into a folder: build.sh OUT
#
# Needs g++, protoc with grpc_cpp_plugin, and the headers of gRPC and protobuf (Debian: libgrpc++-dev,
# libprotobuf-dev, protobuf-compiler-grpc). CXX, CXXFLAGS and LDFLAGS are honoured.
set -eu

[ $# -eq 1 ] || { echo "usage: $0 OUT" >&2; exit 2; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$1/gen"
out=$(CDPATH='' cd -- "$1" && pwd)

# Half a minute of compiling, left out where no source is newer than the programs.
if [ -x "$out/interop_server" ] && [ -x "$out/interop_client" ] &&
    [ -z "$(find "$here" "$here/../proto" -type f -newer "$out/interop_server")" ] &&
    [ -z "$(find "$here" "$here/../proto" -type f -newer "$out/interop_client")" ]; then
    exit 0
fi

protos="grpc/testing/empty.proto grpc/testing/messages.proto grpc/testing/test.proto"
# shellcheck disable=SC2086 # a list of words
protoc -I "$here/../proto" --plugin=protoc-gen-grpc="$(command -v grpc_cpp_plugin)" \
    --cpp_out="$out/gen" --grpc_out="$out/gen" $protos

compile() { # SOURCE OBJECT
    # shellcheck disable=SC2046,SC2086 # lists of words
    nice "${CXX:-g++}" -std=c++17 -O1 -Wall -Wextra ${CXXFLAGS:-} -I "$out/gen" -I "$here" \
        $(pkg-config --cflags grpc++ protobuf) -c "$1" -o "$2"
}

objects=
for name in empty messages test; do
    compile "$out/gen/grpc/testing/$name.pb.cc" "$out/gen/$name.pb.o"
    objects="$objects $out/gen/$name.pb.o"
done
compile "$out/gen/grpc/testing/test.grpc.pb.cc" "$out/gen/test.grpc.pb.o"
objects="$objects $out/gen/test.grpc.pb.o"

for program in interop_server interop_client; do
    compile "$here/$program.cc" "$out/gen/$program.o"
    # The core library is named by itself: the flags of received messages come from it, not from the C++ layer.
    # shellcheck disable=SC2046,SC2086 # lists of words
    "${CXX:-g++}" "$out/gen/$program.o" $objects ${LDFLAGS:-} \
        $(pkg-config --libs grpc++ grpc protobuf) -lpthread -o "$out/$program"
done
