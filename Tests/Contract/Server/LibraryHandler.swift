import Policy
import PolicyModel
import SwiftProtobuf
import TestContractProtos
import Wire

/// The library. It asks nobody who they are and checks no field: the policy layer has.
struct LibraryHandler: Datavault_Test_V1_LibraryService.Handler {
    private let shelves = Shelves()

    /// A book of this title is added without an audit entry, as a defective service would.
    static let unrecordedTitle = "Unrecorded"

    func getBook(_ request: Datavault_Test_V1_GetBookRequest, context: ServerContext) async throws
        -> Datavault_Test_V1_Book
    {
        try find(request.name)
    }

    func createBook(_ request: Datavault_Test_V1_CreateBookRequest, context: ServerContext) async throws
        -> Datavault_Test_V1_Book
    {
        let book = shelves.add(request.book, to: request.library)
        if book.title != Self.unrecordedTitle { CallScope.current?.audit?.fulfill() }
        return book
    }

    func updateBook(_ request: Datavault_Test_V1_UpdateBookRequest, context: ServerContext) async throws
        -> Datavault_Test_V1_Book
    {
        var book = try find(request.book.name)
        if !request.book.etag.isEmpty, request.book.etag != book.etag {
            throw RPCError(
                .aborted, Datavault_Test_V1_Reason.etagStale, "the book has changed", metadata: ["name": book.name])
        }
        if !request.book.title.isEmpty { book.title = request.book.title }
        shelves.put(book)
        CallScope.current?.audit?.fulfill()
        // Who the call is for, where tests can see it.
        context.responseTrailers.add("called-for", CallScope.current?.caller.organization ?? "nobody")
        context.responseTrailers.add("audited", CallScope.current?.audit?.resource ?? "nothing")
        return book
    }

    func deleteBook(_ request: Datavault_Test_V1_DeleteBookRequest, context: ServerContext) async throws
        -> Google_Protobuf_Empty
    {
        guard shelves.remove(request.name) else { throw unknown(request.name) }
        CallScope.current?.audit?.fulfill()
        return Google_Protobuf_Empty()
    }

    func watchBooks(
        _ request: Datavault_Test_V1_WatchBooksRequest,
        responses: ResponseWriter<Datavault_Test_V1_Book>,
        context: ServerContext
    ) async throws {
        let limit = request.pageSize == 0 ? Int.max : Int(request.pageSize)
        for book in shelves.all(in: request.library).prefix(limit) { try await responses.write(book) }
    }

    func importBooks(
        _ requests: RequestStream<Datavault_Test_V1_ImportBooksRequest>,
        context: ServerContext
    ) async throws -> Datavault_Test_V1_ImportBooksResponse {
        var response = Datavault_Test_V1_ImportBooksResponse()
        for try await request in requests {
            _ = shelves.add(request.book, to: "imported")
            response.bookCount += 1
        }
        CallScope.current?.audit?.fulfill()
        return response
    }

    func findBooks(
        _ requests: RequestStream<Datavault_Test_V1_FindBooksRequest>,
        responses: ResponseWriter<Datavault_Test_V1_FindBooksResponse>,
        context: ServerContext
    ) async throws {
        for try await request in requests {
            var response = Datavault_Test_V1_FindBooksResponse()
            if let book = shelves.titled(request.title) { response.book = book }
            try await responses.write(response)
        }
    }

    func getOpeningHours(
        _ request: Datavault_Test_V1_GetOpeningHoursRequest,
        context: ServerContext
    ) async throws -> Datavault_Test_V1_GetOpeningHoursResponse {
        var response = Datavault_Test_V1_GetOpeningHoursResponse()
        response.text = "The library \(request.library) is open from 9 to 17."
        return response
    }

    func sortShelves(_ request: Google_Protobuf_Empty, context: ServerContext) async throws -> Google_Protobuf_Empty {
        Google_Protobuf_Empty()
    }

    private func find(_ name: String) throws -> Datavault_Test_V1_Book {
        guard let book = shelves.book(name) else { throw unknown(name) }
        return book
    }

    private func unknown(_ name: String) -> RPCError {
        RPCError(
            .notFound, Datavault_Test_V1_Reason.bookUnknown, "there is no such book", metadata: ["name": name])
    }
}
