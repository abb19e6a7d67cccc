"""Wire's health and reflection services as grpcio and grpcurl see them; grpcio's own server is the control."""

import json
import pathlib
import shutil
import subprocess
import sys
import threading

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from conftest import SERVER_NAME

TIMEOUT = 10
TEST_SERVICE = "grpc.testing.TestService"
METHOD = f"{TEST_SERVICE}.UnaryCall"
TEST_FILE, MESSAGES_FILE, EMPTY_FILE = (f"grpc/testing/{name}.proto" for name in ("test", "messages", "empty"))
REFLECTION = tuple(f"grpc.reflection.{version}.ServerReflection" for version in ("v1alpha", "v1"))
SERVING = health_pb2.HealthCheckResponse.SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
NOT_FOUND = grpc.StatusCode.NOT_FOUND


@pytest.fixture(params=[pytest.param("wire"), pytest.param("python", marks=pytest.mark.control)])
def kind(request):
    return request.param


@pytest.fixture(params=["h2c", "tls"])
def peer(request, kind, server):
    return server(kind, request.param == "tls")


@pytest.fixture
def channel(peer, certificates):
    if peer.tls:
        credentials = grpc.ssl_channel_credentials(certificates.ca.read_bytes())
        options = [("grpc.ssl_target_name_override", SERVER_NAME)]
        channel = grpc.secure_channel(peer.address, credentials, options)
    else:
        channel = grpc.insecure_channel(peer.address)
    with channel:
        yield channel


@pytest.fixture
def health(channel):
    return health_pb2_grpc.HealthStub(channel)


@pytest.mark.parametrize("service", ["", TEST_SERVICE])
def test_check_serving(health, service):
    answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT)
    assert answer.status == SERVING


def test_check_unknown_service(health):
    with pytest.raises(grpc.RpcError) as failure:
        health.Check(health_pb2.HealthCheckRequest(service="no.such.Service"), timeout=TIMEOUT)
    assert failure.value.code() == NOT_FOUND


@pytest.mark.parametrize(("service", "status"), [("", SERVING), (TEST_SERVICE, SERVING),
                                                 ("no.such.Service", SERVICE_UNKNOWN)])
def test_watch(health, service, status):
    """Watch tells the state at once and stays open, for a service nobody knows too."""
    watch = health.Watch(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT)
    assert next(watch).status == status
    # A wait in which a server that ends the stream would have ended it.
    ended = threading.Event()
    if watch.add_callback(ended.set):
        assert not ended.wait(0.3), f"the watch ended with {watch.code()}"
    else:
        pytest.fail(f"the watch ended with {watch.code()}")
    watch.cancel()
    with pytest.raises(grpc.RpcError) as failure:
        next(watch)
    assert failure.value.code() == grpc.StatusCode.CANCELLED


def test_watches_share_a_connection(health):
    watches = [health.Watch(health_pb2.HealthCheckRequest(), timeout=TIMEOUT) for _ in range(8)]
    assert [next(watch).status for watch in watches] == [SERVING] * 8
    for watch in watches:
        watch.cancel()
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT).status == SERVING


def test_list(health, kind):
    if kind == "python":
        pytest.skip("grpcio's health servicer answers List with UNIMPLEMENTED")
    statuses = health.List(health_pb2.HealthListRequest(), timeout=TIMEOUT).statuses
    assert {name: answer.status for name, answer in statuses.items()}.items() >= {
        "": SERVING, TEST_SERVICE: SERVING
    }.items()


@pytest.fixture(params=REFLECTION, ids=["v1alpha", "v1"])
def reflect(request, channel):
    """A function that asks the requests of one stream and returns the answers.

    The messages of the two versions are the same but for their package, which is not on the wire.
    """
    call = channel.stream_stream(
        f"/{request.param}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )

    def ask(**question):
        asked = reflection_pb2.ServerReflectionRequest(host="anywhere", **question)
        answers = list(call(iter((asked,)), timeout=TIMEOUT))
        assert len(answers) == 1
        assert answers[0].original_request == asked
        return answers[0]

    return ask


def file_names(answer):
    assert answer.WhichOneof("message_response") == "file_descriptor_response", answer
    files = answer.file_descriptor_response.file_descriptor_proto
    return [descriptor_pb2.FileDescriptorProto.FromString(file).name for file in files]


def test_list_services(reflect):
    answer = reflect(list_services="")
    names = [service.name for service in answer.list_services_response.service]
    assert len(names) == len(set(names))
    assert set(names) >= {TEST_SERVICE, "grpc.health.v1.Health", *REFLECTION}


@pytest.mark.parametrize(("symbol", "file"), [
    (TEST_SERVICE, TEST_FILE),
    (METHOD, TEST_FILE),
    ("grpc.testing.SimpleRequest", MESSAGES_FILE),
    ("grpc.testing.PayloadType", MESSAGES_FILE),
    ("grpc.testing.SimpleRequest.response_size", MESSAGES_FILE),
    ("grpc.testing.Empty", EMPTY_FILE),
    ("grpc.health.v1.Health", None),
])
def test_file_containing_symbol(reflect, kind, symbol, file):
    if kind == "python" and symbol == METHOD:
        pytest.skip("protobuf's Python pool does not find methods, though the protocol has them among the symbols")
    names = file_names(reflect(file_containing_symbol=symbol))
    # The file comes first; those it imports may follow.
    assert names if file is None else names[0] == file


@pytest.mark.parametrize("file", [TEST_FILE, MESSAGES_FILE, EMPTY_FILE])
def test_file_by_filename(reflect, file):
    assert file_names(reflect(file_by_filename=file))[0] == file


@pytest.mark.parametrize("question", [
    {"file_containing_symbol": "no.such.Symbol"},
    {"file_containing_symbol": ""},
    {"file_by_filename": "no/such/file.proto"},
    {"file_containing_extension": {"containing_type": "grpc.testing.Empty", "extension_number": 1}},
    {"all_extension_numbers_of_type": "no.such.Type"},
])
def test_not_found(reflect, question):
    """What is not there is told in the stream, which goes on."""
    error = reflect(**question).error_response
    assert error.error_code == NOT_FOUND.value[0], error


def test_several_questions_of_one_stream(channel):
    call = channel.stream_stream(
        f"/{REFLECTION[1]}/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    questions = ({"list_services": ""}, {"file_containing_symbol": "no.such.Symbol"}, {"file_by_filename": TEST_FILE})
    requests = [reflection_pb2.ServerReflectionRequest(**question) for question in questions]
    answers = [answer.WhichOneof("message_response") for answer in call(iter(requests), timeout=TIMEOUT)]
    assert answers == ["list_services_response", "error_response", "file_descriptor_response"]


def test_descriptors_are_whole(channel):
    """A client that knows nothing but the server can build a request from what reflection tells, and call with it."""
    database = ProtoReflectionDescriptorDatabase(channel)
    assert TEST_SERVICE in database.get_services()
    pool = descriptor_pool.DescriptorPool(database)
    method = pool.FindServiceByName(TEST_SERVICE).FindMethodByName("UnaryCall")
    request = message_factory.GetMessageClass(method.input_type)
    response = message_factory.GetMessageClass(method.output_type)
    call = channel.unary_unary(
        f"/{TEST_SERVICE}/UnaryCall",
        request_serializer=request.SerializeToString, response_deserializer=response.FromString,
    )
    assert call(request(response_size=7), timeout=TIMEOUT).payload.body == bytes(7)


class Grpcurl:
    """grpcurl, which learns what it calls from reflection."""

    def __init__(self, peer, certificates):
        beside = pathlib.Path(sys.executable).with_name("grpcurl")
        self.program = str(beside) if beside.exists() else shutil.which("grpcurl")
        if self.program is None:
            pytest.fail("grpcurl is not installed", pytrace=False)
        self.security = ["-cacert", certificates.ca, "-authority", SERVER_NAME] if peer.tls else ["-plaintext"]
        self.address = peer.address

    def __call__(self, *words, flags=()):
        return subprocess.run(
            [self.program, "-max-time", str(TIMEOUT), *self.security, *flags, self.address, *words],
            capture_output=True, text=True, timeout=3 * TIMEOUT,
        )

    def output(self, *words, flags=()):
        done = self(*words, flags=flags)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def grpcurl(peer, certificates):
    return Grpcurl(peer, certificates)


def test_grpcurl_list(grpcurl):
    assert {TEST_SERVICE, "grpc.health.v1.Health"} <= set(grpcurl.output("list").split())
    methods = grpcurl.output("list", TEST_SERVICE).split()
    assert f"{TEST_SERVICE}.UnaryCall" in methods and f"{TEST_SERVICE}.FullDuplexCall" in methods


def test_grpcurl_describe(grpcurl):
    service = grpcurl.output("describe", TEST_SERVICE)
    assert "rpc UnaryCall ( .grpc.testing.SimpleRequest ) returns ( .grpc.testing.SimpleResponse );" in service
    message = grpcurl.output("describe", "grpc.testing.SimpleRequest")
    assert "int32 response_size = 2;" in message


def test_grpcurl_describe_unknown(grpcurl):
    done = grpcurl("describe", "no.such.Symbol")
    assert done.returncode != 0
    assert "not found" in done.stderr.lower()


def test_grpcurl_unary_call(grpcurl):
    answer = grpcurl.output(f"{TEST_SERVICE}/UnaryCall", flags=("-d", '{"responseSize": 3}'))
    assert json.loads(answer) == {"payload": {"body": "AAAA"}}


def test_grpcurl_streaming_call(grpcurl):
    question = json.dumps({"responseParameters": [{"size": 3}, {"size": 6}]})
    answer = grpcurl.output(f"{TEST_SERVICE}/StreamingOutputCall", flags=("-d", question))
    bodies = [json.loads(part + "}")["payload"]["body"] for part in answer.split("\n}") if part.strip()]
    assert bodies == ["AAAA", "AAAAAAAA"]


def test_grpcurl_shows_a_status(grpcurl):
    question = json.dumps({"responseStatus": {"code": 9, "message": "not yet"}})
    done = grpcurl(f"{TEST_SERVICE}/UnaryCall", flags=("-d", question))
    assert done.returncode == 64 + 9
    assert "FailedPrecondition" in done.stderr and "not yet" in done.stderr


def test_grpcurl_health(grpcurl):
    answer = grpcurl.output("grpc.health.v1.Health/Check", flags=("-d", json.dumps({"service": TEST_SERVICE})))
    assert json.loads(answer) == {"status": "SERVING"}
