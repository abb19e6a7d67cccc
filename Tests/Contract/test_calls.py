"""All four kinds of calls, through the policy layer."""

from google.protobuf import empty_pb2, field_mask_pb2

from conftest import CALL_TIMEOUT


def test_unary(dial, gateway, stubs, book):
    library = dial("gateway")
    created = library.CreateBook(
        stubs.service.CreateBookRequest(library="north", book=book(), counter_code="12345"),
        metadata=gateway.metadata("CreateBook"), timeout=CALL_TIMEOUT,
    )
    assert created.name.startswith("libraries/north/books/")
    found = library.GetBook(
        stubs.service.GetBookRequest(name=created.name), metadata=gateway.metadata("GetBook"), timeout=CALL_TIMEOUT
    )
    assert found == created


def test_server_streaming(dial, gateway, stubs, book):
    library = dial("gateway")
    for title in ("One", "Two", "Three"):
        library.CreateBook(
            stubs.service.CreateBookRequest(library="west", book=book(title=title)),
            metadata=gateway.metadata("CreateBook"), timeout=CALL_TIMEOUT,
        )
    call = library.WatchBooks(
        stubs.service.WatchBooksRequest(library="west", page_size=2),
        metadata=gateway.metadata("WatchBooks"), timeout=CALL_TIMEOUT,
    )
    assert len(list(call)) == 2


def test_client_streaming(dial, gateway, stubs, book):
    requests = (stubs.service.ImportBooksRequest(book=book(shelf_mark=number)) for number in range(1, 6))
    response = dial("gateway").ImportBooks(requests, metadata=gateway.metadata("ImportBooks"), timeout=CALL_TIMEOUT)
    assert response.book_count == 5


def test_bidirectional(dial, gateway, stubs):
    requests = (stubs.service.FindBooksRequest(title=title) for title in ("No such", "Nor such"))
    call = dial("gateway").FindBooks(requests, metadata=gateway.metadata("FindBooks"), timeout=CALL_TIMEOUT)
    assert [answer.HasField("book") for answer in call] == [False, False]


def test_update_leaves_out_what_the_mask_leaves_out(dial, gateway, stubs, book):
    library = dial("gateway")
    created = library.CreateBook(
        stubs.service.CreateBookRequest(library="north", book=book()),
        metadata=gateway.metadata("CreateBook"), timeout=CALL_TIMEOUT,
    )
    change = stubs.library.Book(name=created.name, title="Another title")
    changed, call = library.UpdateBook.with_call(
        stubs.service.UpdateBookRequest(book=change, update_mask=field_mask_pb2.FieldMask(paths=["title"])),
        metadata=gateway.metadata("UpdateBook"), timeout=CALL_TIMEOUT,
    )
    assert changed.title == "Another title"
    assert changed.isbn == created.isbn
    trailers = dict(call.trailing_metadata())
    assert (trailers["called-for"], trailers["audited"]) == ("acme", created.name)


def test_public_call_needs_no_principal(dial, stubs):
    response = dial("gateway").GetOpeningHours(
        stubs.service.GetOpeningHoursRequest(library="north"), timeout=CALL_TIMEOUT
    )
    assert "north" in response.text


def test_internal_call_of_a_role(dial):
    assert dial("pipeline").SortShelves(empty_pb2.Empty(), timeout=CALL_TIMEOUT) == empty_pb2.Empty()


def test_role_calls_on_behalf_of_an_organization(dial, gateway, stubs, book):
    created = dial("gateway").CreateBook(
        stubs.service.CreateBookRequest(library="north", book=book()),
        metadata=gateway.metadata("CreateBook"), timeout=CALL_TIMEOUT,
    )
    behalf = stubs.principal.OnBehalf(organization="acme", initiator="users/ada").SerializeToString()
    change = stubs.library.Book(name=created.name, title="By a job")
    _, call = dial("pipeline").UpdateBook.with_call(
        stubs.service.UpdateBookRequest(book=change, update_mask=field_mask_pb2.FieldMask(paths=["title"])),
        metadata=(("datavault-on-behalf-bin", behalf),), timeout=CALL_TIMEOUT,
    )
    assert dict(call.trailing_metadata())["called-for"] == "acme"
