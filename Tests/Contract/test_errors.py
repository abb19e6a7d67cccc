"""Refusals of the contract, as programs of other languages see them: a code, a reason, and every violated field."""

import grpc
import pytest
from google.protobuf import duration_pb2, empty_pb2

from conftest import CALL_TIMEOUT
from errors import LIBRARY, failing

Code = grpc.StatusCode


def create(dial, gateway, stubs, book, library="north", peer="gateway", metadata=None, **fields):
    return dial(peer).CreateBook(
        stubs.service.CreateBookRequest(library=library, book=book, **fields),
        metadata=gateway.metadata("CreateBook") if metadata is None else metadata, timeout=CALL_TIMEOUT,
    )


# Fields


def test_every_violated_field_is_named(dial, gateway, stubs, book):
    wrong = book(
        title="x" * 201, kind=99, isbn="9780131103628x", labels={"Shelf": "v" * 64}, wear=1.5,
        authors=[stubs.library.Author(full_name="A", email="no address"), stubs.library.Author()],
        loan_time=duration_pb2.Duration(seconds=1),
    )
    with failing() as failed:
        create(dial, gateway, stubs, wrong, library="No Resource ID", request_id="no uuid", counter_code="c" * 17)
    failure = failed[0]
    assert failure.is_(Code.INVALID_ARGUMENT, "FIELDS_INVALID")
    assert {field: violation.reason for field, violation in failure.fields.items()} == {
        "library": "FORMAT",
        "book.title": "LENGTH",
        "book.kind": "UNKNOWN_VALUE",
        "book.isbn": "LENGTH",
        "book.authors[0].email": "FORMAT",
        "book.authors[1].full_name": "REQUIRED",
        "book.labels": "PATTERN",
        'book.labels["Shelf"]': "LENGTH",
        "book.wear": "RANGE",
        "book.loan_time": "RANGE",
        "request_id": "FORMAT",
        "counter_code": "LENGTH",
    }
    assert failure.fields["book.loan_time"].description == "must be between 86400s and 2419200s"


def test_values_stand_in_no_error(dial, gateway, stubs, book):
    secret = "hunter2-hunter2-hunter2"
    with failing() as failed:
        create(dial, gateway, stubs, book(), counter_code=secret)
    assert secret not in failed[0].message
    assert secret not in failed[0].fields["counter_code"].description


@pytest.mark.parametrize("missing", ["library", "book", "title", "number"])
def test_required(dial, gateway, stubs, book, missing):
    given = book()
    if missing == "title":
        given.title = ""
    if missing == "number":
        given.ClearField("isbn")
    with failing() as failed:
        create(
            dial, gateway, stubs, None if missing == "book" else given, library="" if missing == "library" else "north"
        )
    expected = missing if missing in ("library", "book") else f"book.{missing}"
    assert {field: violation.reason for field, violation in failed[0].fields.items()} == {expected: "REQUIRED"}


def test_streamed_requests_are_checked_one_by_one(dial, gateway, stubs, book):
    requests = (stubs.service.ImportBooksRequest(book=book(title=title)) for title in ("Good", ""))
    with failing() as failed:
        dial("gateway").ImportBooks(requests, metadata=gateway.metadata("ImportBooks"), timeout=CALL_TIMEOUT)
    assert failed[0].is_(Code.INVALID_ARGUMENT, "FIELDS_INVALID")
    assert list(failed[0].fields) == ["book.title"]


def test_violations_are_bounded(dial, gateway, stubs, book):
    wrong = book(labels={f"BAD{number}": "v" * 100 for number in range(20)})
    wrong.authors.extend(stubs.library.Author() for _ in range(5_000))
    with failing() as failed:
        create(dial, gateway, stubs, wrong)
    assert failed[0].fields["book.authors"].reason == "COUNT"


# Callers


def test_no_principal(dial, gateway, stubs, book):
    with failing() as failed:
        create(dial, gateway, stubs, book(), metadata=())
    assert failed[0].is_(Code.UNAUTHENTICATED, "PRINCIPAL_MISSING")


def test_bare_header_is_not_believed(dial, gateway, stubs, book):
    bare = gateway.principal("CreateBook").SerializeToString()
    with failing() as failed:
        create(dial, gateway, stubs, book(), metadata=(("datavault-principal-bin", bare),))
    assert failed[0].is_(Code.UNAUTHENTICATED, "PRINCIPAL_INVALID")


def test_foreign_signature(dial, gateway, stubs, book):
    from cryptography.hazmat.primitives.asymmetric import ed25519

    token = gateway.sign(gateway.principal("CreateBook"), key=ed25519.Ed25519PrivateKey.generate())
    with failing() as failed:
        create(dial, gateway, stubs, book(), metadata=(("datavault-principal-bin", token),))
    assert failed[0].is_(Code.UNAUTHENTICATED, "PRINCIPAL_INVALID")


@pytest.mark.parametrize("lifetime_ms, issued_ago_ms, reason", [
    (60_001, 0, "PRINCIPAL_INVALID"),
    (60_000, 120_000, "PRINCIPAL_EXPIRED"),
    (60_000, -60_000, "PRINCIPAL_EXPIRED"),
])
def test_time_of_principal(dial, gateway, stubs, book, lifetime_ms, issued_ago_ms, reason):
    principal = gateway.principal("CreateBook")
    principal.issued_at_ms -= issued_ago_ms
    principal.expires_at_ms = principal.issued_at_ms + lifetime_ms
    with failing() as failed:
        create(
            dial, gateway, stubs, book(), metadata=(("datavault-principal-bin", gateway.sign(principal)),)
        )
    assert failed[0].is_(Code.UNAUTHENTICATED, reason)


def test_principal_of_another_method(dial, gateway, stubs, book):
    with failing() as failed:
        create(dial, gateway, stubs, book(), metadata=gateway.metadata("GetBook"))
    assert failed[0].is_(Code.UNAUTHENTICATED, "PRINCIPAL_MISDIRECTED")


def test_principal_for_another_role(dial, gateway, stubs, book):
    metadata = gateway.metadata("CreateBook", audience=stubs.policy.ROLE_SCRAPE)
    with failing() as failed:
        create(dial, gateway, stubs, book(), metadata=metadata)
    assert failed[0].is_(Code.UNAUTHENTICATED, "PRINCIPAL_MISDIRECTED")


def test_principal_of_another_gateway(dial, gateway, stubs, book):
    with failing() as failed:
        create(dial, gateway, stubs, book(), peer="gateway2")
    assert failed[0].is_(Code.UNAUTHENTICATED, "PRINCIPAL_INVALID")


def test_missing_permission(dial, gateway, stubs, book):
    with failing() as failed:
        create(dial, gateway, stubs, book(), metadata=gateway.metadata("CreateBook", permissions=["books.read"]))
    assert failed[0].is_(Code.PERMISSION_DENIED, "PERMISSION_MISSING")
    assert failed[0].info.metadata["permission"] == "books.write"


@pytest.mark.parametrize("peer", ["stranger", "both"])
def test_peer_without_one_role(dial, gateway, stubs, book, peer):
    with failing() as failed:
        create(dial, gateway, stubs, book(), peer=peer)
    assert failed[0].is_(Code.UNAUTHENTICATED, "ROLE_UNKNOWN")


def test_role_that_may_not_call(dial, gateway, stubs, book):
    with failing() as failed:
        create(dial, gateway, stubs, book(), peer="scrape")
    assert failed[0].is_(Code.PERMISSION_DENIED, "ROLE_REFUSED")
    assert failed[0].info.metadata["role"] == "scrape"


def test_internal_call_through_the_gateway(dial, gateway):
    with failing() as failed:
        dial("gateway").SortShelves(
            empty_pb2.Empty(), metadata=gateway.metadata("SortShelves"), timeout=CALL_TIMEOUT
        )
    assert failed[0].is_(Code.PERMISSION_DENIED, "ROLE_REFUSED")


# Handlers


def test_handler_gives_its_packages_reason(dial, gateway, stubs):
    with failing() as failed:
        dial("gateway").GetBook(
            stubs.service.GetBookRequest(name="libraries/north/books/999999"),
            metadata=gateway.metadata("GetBook"), timeout=CALL_TIMEOUT,
        )
    assert failed[0].is_(Code.NOT_FOUND, "BOOK_UNKNOWN", LIBRARY)
    assert failed[0].info.metadata["name"] == "libraries/north/books/999999"


def test_success_without_audit_entry_is_an_error(dial, gateway, stubs, book):
    with failing() as failed:
        create(dial, gateway, stubs, book(title="Unrecorded"))
    assert failed[0].is_(Code.INTERNAL, "AUDIT_MISSING")
    assert failed[0].info.metadata["action"] == "book.create"


def test_log_is_masked(dial, gateway, stubs, book, server):
    mark = "Not for the log"
    author = stubs.library.Author(full_name=mark, email="not.for.the.log@example.com")
    create(dial, gateway, stubs, book(title="For the log", authors=[author]), counter_code="NotForTheLog")
    lines = [line for line in server.log.read_text().splitlines() if "For the log" in line]
    assert lines and all("[personal]" in line for line in lines)
    log = server.log.read_text()
    assert mark not in log and "NotForTheLog" not in log and "not.for.the.log" not in log
    assert "counter_code: [secret]" in log
