"""The interop messages and services for Python, read from `proto/` when imported.

There are no generated modules: those would be `grpc.testing.*` and hide in, or be hidden by, the `grpc` package.
"""

import os
import tempfile

import grpc
import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc

PROTO_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "proto")
TEST_SERVICE = "grpc.testing.TestService"
UNIMPLEMENTED_SERVICE = "grpc.testing.UnimplementedService"


def _load_files():
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "interop.bin")
        well_known = os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")
        failed = protoc.main(
            ["protoc", f"-I{PROTO_ROOT}", f"-I{well_known}", "--include_imports",
             f"--descriptor_set_out={out}", "grpc/testing/test.proto"]
        )
        if failed:
            raise RuntimeError("the interop protos do not compile")
        with open(out, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
    # The default pool, since it is the one a reflection server answers from.
    pool = descriptor_pool.Default()
    for file in files:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_pool = _load_files()


def message(name):
    """The class of `grpc.testing.<name>`."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"grpc.testing.{name}"))


Empty = message("Empty")
EchoStatus = message("EchoStatus")
Payload = message("Payload")
ResponseParameters = message("ResponseParameters")
SimpleRequest = message("SimpleRequest")
SimpleResponse = message("SimpleResponse")
StreamingInputCallRequest = message("StreamingInputCallRequest")
StreamingInputCallResponse = message("StreamingInputCallResponse")
StreamingOutputCallRequest = message("StreamingOutputCallRequest")
StreamingOutputCallResponse = message("StreamingOutputCallResponse")


def zeros(size):
    """A payload of `size` zero bytes."""
    return Payload(body=bytes(size))


def _methods(service):
    for method in _pool.FindServiceByName(service).methods:
        sides = (method.client_streaming, method.server_streaming)
        kind = "_".join("stream" if streams else "unary" for streams in sides)
        yield (
            method.name,
            kind,
            message_factory.GetMessageClass(method.input_type),
            message_factory.GetMessageClass(method.output_type),
        )


class Stub:
    """The methods of `service` as attributes, to be called through `channel`."""

    def __init__(self, channel, service=TEST_SERVICE):
        for name, kind, request, response in _methods(service):
            call = getattr(channel, kind)(
                f"/{service}/{name}",
                request_serializer=request.SerializeToString,
                response_deserializer=response.FromString,
            )
            setattr(self, name, call)


def handlers(implementation, service=TEST_SERVICE):
    """A handler of `service` that answers with the methods `implementation` has."""
    table = {}
    for name, kind, request, response in _methods(service):
        if not hasattr(implementation, name):
            continue
        wrap = getattr(grpc, f"{kind}_rpc_method_handler")
        table[name] = wrap(
            getattr(implementation, name),
            request_deserializer=request.FromString,
            response_serializer=response.SerializeToString,
        )
    return grpc.method_handlers_generic_handler(service, table)


def boolean(text):
    """A flag's `true` or `false`."""
    if text.lower() in ("true", "1"):
        return True
    if text.lower() in ("false", "0"):
        return False
    raise ValueError(f"neither true nor false: {text}")
