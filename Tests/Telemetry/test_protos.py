"""The protos of this project that stand for OpenTelemetry's say the same on the wire."""

import pytest
from conftest import ROOT
from google.protobuf import descriptor_pb2
from grpc_tools import protoc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

PUBLISHED = {
    f"opentelemetry/proto/{path}": module
    for path, module in {
        "common/v1/common.proto": common_pb2,
        "resource/v1/resource.proto": resource_pb2,
        "trace/v1/trace.proto": trace_pb2,
        "collector/trace/v1/trace_service.proto": trace_service_pb2,
    }.items()
}


def messages(prefix, protos):
    for message in protos:
        yield f"{prefix}.{message.name}", message
        yield from messages(f"{prefix}.{message.name}", message.nested_type)


def enums(prefix, file):
    yield from ((f"{prefix}.{enum.name}", enum) for enum in file.enum_type)
    for name, message in messages(prefix, file.message_type):
        yield from ((f"{name}.{enum.name}", enum) for enum in message.enum_type)


def wire(field):
    return field.name, field.type, field.label, field.type_name, field.oneof_index if field.HasField("oneof_index") else None


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    out = tmp_path_factory.mktemp("protos") / "set"
    assert protoc.main(["protoc", f"-I{ROOT / 'proto'}", f"--descriptor_set_out={out}", *PUBLISHED]) == 0
    files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file
    return {file.name: file for file in files}


@pytest.mark.parametrize("path", PUBLISHED)
def test_as_published(ours, path):
    mine = ours[path]
    theirs = descriptor_pb2.FileDescriptorProto()
    PUBLISHED[path].DESCRIPTOR.CopyToProto(theirs)
    assert mine.package == theirs.package
    published = dict(messages(theirs.package, theirs.message_type))
    for name, message in messages(mine.package, mine.message_type):
        numbers = {field.number: wire(field) for field in published[name].field}
        for field in message.field:
            assert wire(field) == numbers[field.number], f"{name}.{field.name}"
    published = dict(enums(theirs.package, theirs))
    for name, enum in enums(mine.package, mine):
        values = {value.number: value.name for value in published[name].value}
        assert {value.number: value.name for value in enum.value} == values, name
    published = {service.name: service for service in theirs.service}
    for service in mine.service:
        methods = {(m.name, m.input_type, m.output_type) for m in published[service.name].method}
        assert {(m.name, m.input_type, m.output_type) for m in service.method} == methods
