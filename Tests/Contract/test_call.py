"""`datavault call` against the suite's own server and against grpcio: all kinds of calls, errors, and what it says."""

import base64
import concurrent.futures
import importlib
import json
import pathlib
import subprocess
import sys
import sysconfig
import threading

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from google.protobuf import any_pb2, descriptor_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status
from grpc_tools import protoc

from conftest import HERE, program

TIMEOUT = 60


class Done:
    """A finished command."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout.decode(), done.stderr.decode()

    @property
    def replies(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def ok(self):
        assert self.code == 0, self.err
        return self.replies


def datavault(*words, input=b"", **options):
    words = [program("datavault"), "call", *map(str, words)]
    return Done(subprocess.run(words, input=input, capture_output=True, timeout=TIMEOUT, **options))


# The suite's server


@pytest.fixture(scope="session")
def keys(certificates, gateway, server):
    """The folder of certificates with the gateway's signing key, written by another library."""
    key = gateway.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = certificates.folder / "principal.key"
    file.write_bytes(key)
    file.chmod(0o600)
    return certificates.folder


@pytest.fixture(scope="session")
def library(server, keys):
    """Calls the library for an organization."""
    place = ["--address", f"127.0.0.1:{server.port}", "--keys", keys, "--expect-role", "pipeline"]
    principal = ["--organization", "acme", "--principal-key-id", "gateway-1"]

    def call(*words, input=b"", anonymous=False):
        return datavault(*place, *([] if anonymous else principal), *words, input=input)

    return call


BOOK = {"title": "C", "kind": "KIND_PAPERBACK", "isbn": "9780131103627", "authors": [{"fullName": "Brian"}]}


def added(library, shelf, **fields):
    request = {"library": shelf, "book": BOOK | fields}
    return library("LibraryService/CreateBook", json.dumps(request)).ok()[0]


@pytest.mark.parametrize("method", [
    "datavault.test.v1.LibraryService/GetOpeningHours", "/datavault.test.v1.LibraryService/GetOpeningHours",
    "datavault.test.v1.LibraryService.GetOpeningHours", "LibraryService/GetOpeningHours",
    "LibraryService.GetOpeningHours", "v1.LibraryService/GetOpeningHours", "GetOpeningHours",
])
def test_names_of_methods(library, method):
    assert library(method, '{"library": "north"}').ok() == [{"text": "The library north is open from 9 to 17."}]


def test_unary(library):
    book = added(library, "unary")
    assert library("LibraryService/GetBook", json.dumps({"name": book["name"]})).ok() == [book]


def test_server_stream(library):
    books = [added(library, "stream", title=title) for title in "AB"]
    assert library("WatchBooks", '{"library": "stream"}').ok() == books


def test_client_stream_from_standard_input(library):
    lines = "\n\n".join(json.dumps({"book": BOOK}) for _ in range(3))
    assert library("ImportBooks", "-", input=lines.encode()).ok() == [{"bookCount": 3}]


def test_client_stream_from_file(library, tmp_path):
    file = tmp_path / "books.jsonl"
    file.write_text(json.dumps({"book": BOOK}) + "\n")
    assert library("ImportBooks", f"@{file}").ok() == [{"bookCount": 1}]
    failed = library("ImportBooks", f"@{file}.none")
    assert (failed.code, failed.out) == (2, "") and f"cannot read {file}.none" in failed.err


def test_client_stream_needs_messages(library):
    failed = library("ImportBooks")
    assert failed.code == 2 and "takes a stream of requests" in failed.err and "next: " in failed.err


def test_bidirectional_answers_before_the_next_line_is_typed(library, server, keys):
    added(library, "swap", title="Swap")
    process = subprocess.Popen(
        [program("datavault"), "call", "--address", f"127.0.0.1:{server.port}", "--keys", str(keys), "--expect-role",
         "pipeline", "--organization", "acme", "--principal-key-id", "gateway-1", "FindBooks", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    for title, found in (("Swap", True), ("Unknown", False), ("Swap", True)):
        process.stdin.write(json.dumps({"title": title}).encode() + b"\n")
        process.stdin.flush()
        assert ("book" in json.loads(process.stdout.readline())) == found
    process.stdin.close()
    assert process.stdout.read() == b"" and process.wait(TIMEOUT) == 0


def test_stream_ends_with_a_wrong_line(library):
    failed = library("FindBooks", "-", input=b'{"title": "A"}\n\n{"title": 1}\n')
    assert failed.code == 2
    assert "standard input, line 3: title: this is a number, and a string is wanted" in failed.err


def test_unfinished_input_does_not_keep_a_failed_call(library, server, keys):
    process = subprocess.Popen(
        [program("datavault"), "call", "--address", f"127.0.0.1:{server.port}", "--keys", str(keys), "--expect-role",
         "pipeline", "ImportBooks", "-"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    # Standard input stays open: the server refuses the call without a principal.
    assert process.wait(TIMEOUT) == 1
    assert b"PRINCIPAL_MISSING" in process.stderr.read()
    process.stdin.close()


@pytest.mark.parametrize("text, words", [
    ('{"library": "north", "book": {"titel": "C"}}', ["book.titel", "did you mean title?"]),
    ('{"library": "north", "book": {"authors": [{"fullName": 7}]}}', ["book.authors[0].fullName", "a string is wanted"]),
    ('{"library": "north"', ["the request", "the text ends"]),
    ('{"library": "north"} {}', ["something follows"]),
    ("@", ['"@" names no file']),
])
def test_wrong_json(library, text, words):
    failed = library("LibraryService/CreateBook", text)
    assert (failed.code, failed.out) == (2, "")
    assert all(word in failed.err for word in words), failed.err


def test_details_as_text(library):
    failed = library("LibraryService/CreateBook", '{"library": "No"}')
    assert failed.code == 1
    lines = failed.err.splitlines()
    assert lines[0].startswith("datavault: INVALID_ARGUMENT: ")
    assert "  reason: FIELDS_INVALID (datavault.policy.v1)" in lines
    assert "  book: must be set (REQUIRED)" in lines
    assert lines[-1].startswith("next: `--describe datavault.test.v1.LibraryService/CreateBook`")


def test_details_as_json(library):
    failed = library("--error-json", "LibraryService/GetBook", '{"name": "libraries/x/books/999"}')
    assert failed.code == 1
    report = json.loads(failed.err)
    assert (report["kind"], report["exitCode"], report["code"], report["status"]) == ("call", 1, 5, "NOT_FOUND")
    assert report["message"] == "there is no such book"
    assert report["details"] == [{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "BOOK_UNKNOWN", "domain": "datavault.test.v1",
        "metadata": {"name": "libraries/x/books/999"},
    }]
    wrong = library("--error-json", "LibraryService/GetBok")
    assert json.loads(wrong.err)["kind"] == "usage" and wrong.code == 2


@pytest.mark.parametrize("method, words", [
    ("LibraryService/GetBok", ["has no method GetBok", "did you mean datavault.test.v1.LibraryService/GetBook?"]),
    ("LibrarySrvice/GetBook", ["no service LibrarySrvice", "did you mean datavault.test.v1.LibraryService?"]),
    ("datavault.test.v1.LibrarService/GetBook", ["did you mean datavault.test.v1.LibraryService?"]),
    ("OpeningHours", ["no method OpeningHours", "datavault.test.v1.LibraryService/GetOpeningHours"]),
    ("Nonsense/Nothing", ["no service Nonsense", "the services are datavault.test.v1.KitchenSinkService, "]),
    ("ServerReflectionInfo", ["2 services have a method", "grpc.reflection.v1alpha.ServerReflection/"]),
    ("a b", ["names no method"]),
])
def test_wrong_names(library, method, words):
    failed = library(method)
    assert (failed.code, failed.out) == (2, "")
    assert all(word in failed.err for word in words), failed.err


def test_principals(library):
    missing = library("LibraryService/GetBook", '{"name": "libraries/x/books/1"}', anonymous=True)
    assert missing.code == 1 and "PRINCIPAL_MISSING" in missing.err and "next: --organization ORG" in missing.err
    poor = library("--permission", "books.read", "LibraryService/CreateBook", json.dumps({"library": "a", "book": BOOK}))
    assert poor.code == 1 and "PERMISSION_MISSING" in poor.err
    unknown = library("--principal-key-id", "gateway-2", "LibraryService/GetBook", '{"name": "libraries/x/books/1"}')
    assert unknown.code == 1 and "PRINCIPAL_INVALID" in unknown.err
    lost = library("--permission", "books.read", "LibraryService/GetBook", anonymous=True)
    assert lost.code == 2 and "--organization" in lost.err


def test_verbose(library):
    book = added(library, "verbose")
    done = library("--verbose", "UpdateBook", json.dumps({"book": BOOK | {"name": book["name"]}}))
    assert done.code == 0
    assert "> /datavault.test.v1.LibraryService/UpdateBook" in done.err
    assert "< trailer called-for: acme" in done.err
    assert "< OK, 1 message, " in done.err


def test_list_and_describe(library):
    services = library("--list").out.splitlines()
    assert "datavault.test.v1.LibraryService" in services
    methods = library("--list", "LibraryService").out.splitlines()
    assert "datavault.test.v1.LibraryService/WatchBooks(WatchBooksRequest) returns (stream Book)" in methods
    text = library("--describe", "LibraryService/CreateBook").out
    assert "rpc CreateBook(CreateBookRequest) returns (Book) {" in text
    assert 'option (google.api.http) = {post: "/api/v1/libraries/{library}/books", body: "book"};' in text
    assert '    permission: "books.write"\n' in text and "message CreateBookRequest {" in text
    assert "map<string, string> labels = 7" in library("--describe", "Book").out
    assert "KIND_PAPERBACK = 2;" in library("--describe", "Book.Kind").out
    assert "did you mean" in library("--describe", "Bok").err


def test_emit_defaults_and_pretty(library):
    done = library("--emit-defaults", "WatchBooks", '{"library": "nothing"}')
    assert done.ok() == []
    book = added(library, "defaults")
    plain, full, pretty = (
        library(*flags, "LibraryService/GetBook", json.dumps({"name": book["name"]})).out
        for flags in ([], ["--emit-defaults"], ["--pretty"])
    )
    assert "wear" not in json.loads(plain) and json.loads(full)["wear"] == 0
    assert pretty == json.dumps(json.loads(plain), indent=2) + "\n"


def test_reader_that_leaves(library, server, keys):
    for title in "ABC":
        added(library, "leaving", title=title)
    words = [program("datavault"), "call", "--address", f"127.0.0.1:{server.port}", "--keys", str(keys),
             "--expect-role", "pipeline", "--organization", "acme", "--principal-key-id", "gateway-1", "WatchBooks",
             '{"library": "leaving"}']
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(TIMEOUT) == 128 + 13
    assert process.stderr.read() == b""


# Connections


def test_no_connection(server, keys, tmp_path):
    port = f"127.0.0.1:{server.port}"
    for words, sentences in (
        (["--address", "127.0.0.1:1", "--plaintext"], ["cannot reach 127.0.0.1:1: Connection refused", "next: "]),
        (["--address", f"unix:{tmp_path}/none", "--plaintext"], [f"cannot reach unix:{tmp_path}/none"]),
        (["--address", port, "--keys", keys, "--expect-role", "scrape"],
         ["spiffe://datavault.test/pipeline", "expected spiffe://datavault.test/scrape", "next: the server is another one"]),
        (["--address", port, "--ca", keys / "ca.pem", "--server-name", "elsewhere.test"], ["next: "]),
        (["--address", port, "--ca", keys / "ca.pem", "--server-name", f"pipeline.datavault.test"],
         ["next: the server refuses the certificate of this side"]),
        (["--address", port, "--server-name", "pipeline.datavault.test"], ["next: --ca FILE"]),
        (["--address", port, "--plaintext"], ["next: ", "--plaintext"]),
        (["--address", "no.such.host.invalid:1", "--plaintext"], ["cannot resolve no.such.host.invalid"]),
    ):
        failed = datavault(*words, "--list")
        assert failed.code == 3, (words, failed.err)
        assert all(sentence in failed.err for sentence in sentences), failed.err


@pytest.mark.parametrize("words, sentence", [
    (["--address", "nowhere"], "--address: \"nowhere\" is no address"),
    (["--address", "h:99999"], "--address: "),
    (["--address", "h:1", "--cert", "x"], "--cert and --key go together"),
    (["--address", "h:1", "--timeout", "5 apples"], "--timeout: \"5 apples\" is no time"),
    (["--address", "h:1", "-H", "novalue"], "-H: \"novalue\" is no metadata"),
    (["--address", "h:1", "-H", "x-bin: %%"], "-H: the value of x-bin is not base64"),
    (["--address", "h:1", "--keys", "x", "--as", "nobody"], "--as: there is no role \"nobody\""),
    (["--address", "h:1", "--keys", "/none"], "/none/gateway.pem"),
    (["--address", "h:1", "--to", "example"], "--to and --address exclude each other"),
    (["--to", "nobody"], "--to: this suite has no role \"nobody\""),
    (["--address", "h:1", "--plaintext", "--descriptor-set", "/none"], "cannot read /none"),
])
def test_wrong_arguments(words, sentence):
    failed = datavault(*words, "Some/Method")
    assert failed.code == 2 and sentence in failed.err, failed.err


def test_help_has_examples():
    done = datavault("--help")
    assert done.code == 0
    for words in ("datavault call --list", "datavault call NotesService/GetNote '{", "Ends with 0"):
        assert words in done.out


# grpcio's server


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    out = tmp_path_factory.mktemp("shop")
    site = pathlib.Path(sysconfig.get_path("purelib"))
    words = ["protoc", f"-I{HERE / 'call'}", f"-I{site / 'grpc_tools' / '_proto'}", f"--python_out={out}",
             f"--grpc_python_out={out}", "--include_imports", "--include_source_info",
             f"--descriptor_set_out={out / 'shop.binpb'}"]
    assert protoc.main([*words, "shop.proto"]) == 0
    assert protoc.main([*words[:5], "parcel.proto"]) == 0
    sys.path.insert(0, str(out))
    messages, services = importlib.import_module("shop_pb2"), importlib.import_module("shop_pb2_grpc")
    parcels = importlib.import_module("parcel_pb2")

    class Shop(services.ShopServiceServicer):
        def GetItem(self, request, context):
            context.send_initial_metadata((("seen", dict(context.invocation_metadata()).get("who", "nobody")),))
            request.amount += 1
            if request.name == "slow":
                threading.Event().wait(context.time_remaining() + 1)
            raw = dict(context.invocation_metadata()).get("raw-bin")
            if raw:
                request.picture = raw
            return request

        def ListItems(self, request, context):
            for number in range(request.amount):
                yield messages.Item(name=request.name, amount=number)

        def CountItems(self, requests, context):
            return messages.Item(amount=sum(item.amount for item in requests))

        def SwapItems(self, requests, context):
            for item in requests:
                yield messages.Item(name=item.name[::-1])

        def Fail(self, request, context):
            status = status_pb2.Status(code=9, message="closed\x1b[2J", details=[])
            for detail in (
                error_details_pb2.ErrorInfo(reason="CLOSED", domain="shop.example", metadata={"day": "Sunday"}),
                error_details_pb2.PreconditionFailure(violations=[
                    error_details_pb2.PreconditionFailure.Violation(type="HOURS", subject="shop", description="from 9")
                ]),
                error_details_pb2.Help(links=[error_details_pb2.Help.Link(description="hours", url="https://x.test")]),
                error_details_pb2.QuotaFailure(violations=[
                    error_details_pb2.QuotaFailure.Violation(subject="you", description="too many")
                ]),
                error_details_pb2.LocalizedMessage(locale="de", message="geschlossen"),
                messages.Item(name="own detail"),
                parcels.Parcel(weight=2),
            ):
                status.details.add().Pack(detail)
            retry = error_details_pb2.RetryInfo()
            retry.retry_delay.FromMilliseconds(1500)
            status.details.add().Pack(retry)
            status.details.append(any_pb2.Any(type_url="type.test/nobody.Knows", value=b"\x01\x02"))
            context.abort_with_status(rpc_status.to_status(status))

        def Wrap(self, request, context):
            wrapped = any_pb2.Any()
            wrapped.Pack(parcels.Parcel(weight=3) if request.name == "parcel" else request)
            if request.name == "unknown":
                wrapped.type_url = "type.test/nobody.Knows"
            return wrapped

    def serve(reflects):
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
        services.add_ShopServiceServicer_to_server(Shop(), server)
        if reflects:
            name = messages.DESCRIPTOR.services_by_name["ShopService"].full_name
            reflection.enable_server_reflection((name, reflection.SERVICE_NAME), server)
        return server, server.add_insecure_port("127.0.0.1:0")

    with_reflection, without = serve(True), serve(False)
    for server, _ in (with_reflection, without):
        server.start()

    def call(*words, input=b"", reflects=True):
        port = (with_reflection if reflects else without)[1]
        return datavault("--address", f"127.0.0.1:{port}", "--plaintext", *words, input=input)

    call.descriptor_set = out / "shop.binpb"
    yield call
    for server, _ in (with_reflection, without):
        server.stop(None)


def test_grpcio_all_kinds(shop):
    assert shop("GetItem", '{"name": "a", "amount": "1"}').ok() == [{"name": "a", "amount": "2"}]
    assert shop("ListItems", '{"name": "a", "amount": 3}').ok() == [
        {"name": "a"}, {"name": "a", "amount": "1"}, {"name": "a", "amount": "2"}
    ]
    assert shop("CountItems", "-", input=b'{"amount": 1}\n{"amount": 2}').ok() == [{"amount": "3"}]
    assert shop("SwapItems", "-", input=b'{"name": "ab"}\n{"name": "cd"}\n').ok() == [{"name": "ba"}, {"name": "dc"}]
    assert shop("GetItem").ok() == [{"amount": "1"}]
    assert shop("Wrap", '{"name": "a"}').ok() == [{"@type": "type.googleapis.com/shop.v1.Item", "name": "a"}]


def test_types_inside_any_are_asked_for(shop):
    assert shop("Wrap", '{"name": "parcel"}').ok() == [{"@type": "type.googleapis.com/parcel.v1.Parcel", "weight": 3}]
    unknown = shop("Wrap", '{"name": "unknown"}')
    assert unknown.code == 1 and "nobody.Knows" in unknown.err and "--descriptor-set FILE" in unknown.err


def test_grpcio_metadata(shop):
    raw = base64.b64encode(b"\x00\xff").decode()
    done = shop("-v", "-H", "Who: me", "-H", f"raw-bin: {raw}", "GetItem")
    assert done.ok() == [{"amount": "1", "picture": "AP8="}]
    assert "< seen: me" in done.err


def test_grpcio_details(shop):
    failed = shop("Fail")
    assert failed.code == 1
    assert failed.err.splitlines() == [
        "datavault: FAILED_PRECONDITION: closed [2J",
        "  reason: CLOSED (shop.example) day=Sunday",
        "  HOURS of shop: from 9",
        "  see https://x.test (hours)",
        "  quota of you: too many",
        "  geschlossen",
        '  shop.v1.Item {"name":"own detail"}',
        '  parcel.v1.Parcel {"weight":2}',
        "  try again in 1.5 s",
        "  type.test/nobody.Knows (2 bytes, of a type that is not known here)",
    ]
    report = json.loads(shop("--error-json", "Fail").err)
    assert [detail["@type"].split(".")[-1] for detail in report["details"]] == [
        "ErrorInfo", "PreconditionFailure", "Help", "QuotaFailure", "LocalizedMessage", "Item", "Parcel", "RetryInfo",
        "Knows",
    ]
    assert report["details"][5] == {"@type": "type.googleapis.com/shop.v1.Item", "name": "own detail"}
    assert report["details"][8]["value"] == base64.b64encode(b"\x01\x02").decode()


def test_grpcio_without_reflection(shop):
    failed = shop("ShopService/GetItem", reflects=False)
    assert failed.code == 2
    assert "the server gives no reflection: UNIMPLEMENTED" in failed.err and "--descriptor-set FILE" in failed.err
    given = ["--descriptor-set", shop.descriptor_set]
    assert shop(*given, "ShopService/GetItem", reflects=False).ok() == [{"amount": "1"}]
    assert shop(*given, "--list", reflects=False).out == "shop.v1.ShopService\n"
    described = shop(*given, "--describe", "ShopService", reflects=False).out
    assert "// Sells things: a service of somebody else's" in described
    assert "  rpc SwapItems(stream Item) returns (stream Item);" in described
    wrong = shop("--descriptor-set", HERE / "test_call.py", "GetItem", reflects=False)
    assert wrong.code == 2 and "is no descriptor set" in wrong.err


def test_describe_options_of_any_contract(tmp_path):
    """Options that this program has never seen are written by their descriptors, so that protoc reads the same again."""
    site = pathlib.Path(sysconfig.get_path("purelib"))

    def compiled(folder, name):
        output = tmp_path / f"{name}.binpb"
        words = ["protoc", f"-I{folder}", f"-I{site / 'grpc_tools' / '_proto'}", "--include_imports",
                 f"--descriptor_set_out={output}"]
        assert protoc.main([*words, "--include_source_info", "options.proto"]) == 0
        return output

    first = compiled(HERE / "call", "first")

    def described(name, binary=first):
        done = datavault("--address", "h:1", "--plaintext", "--descriptor-set", binary, "--describe", name)
        assert done.code == 0, done.err
        return done.out.partition("\n")[2]

    names = ("OptionService", "options.v1.Nothing", "options.v1.Everything", "options.v1.Colour")
    text = [described(name) for name in names]
    assert "  // Has one of each.\n  rpc Get(Nothing)" in text[0]
    assert 'SIZE_LARGE = 1 [(options.v1.meaning) = "more than small"];' in text[1]
    original = (HERE / "call" / "options.proto").read_text()
    head, extensions = original[: original.index("enum Colour")], original[original.index("extend google") :]
    again = tmp_path / "again"
    again.mkdir()
    (again / "options.proto").write_text(head + extensions[: extensions.index("service ")] + "\n".join(text))
    second = compiled(again, "second")
    assert [described(name, second) for name in names] == text

    def meaning(binary):
        files = descriptor_pb2.FileDescriptorSet.FromString(binary.read_bytes()).file
        file = next(file for file in files if file.name == "options.proto")
        file.ClearField("source_code_info")
        for kind in (file.message_type, file.enum_type):
            kind.sort(key=lambda definition: definition.name)
        return file

    assert meaning(first) == meaning(second)


def test_grpcio_timeout_and_size(shop):
    late = shop("--timeout", "300ms", "GetItem", '{"name": "slow"}')
    assert late.code == 1 and "DEADLINE_EXCEEDED" in late.err and "next: --timeout" in late.err
    large = shop("--max-message-size", "1000", "GetItem", json.dumps({"name": "x" * 2_000}))
    assert large.code == 1 and "over the limit" in large.err and "--max-message-size" in large.err
