import Policy
import PolicyModel
import SwiftProtobuf
import Synchronization
import TestContractProtos
import Wire

/// The test contract's library, in memory: keeps what it is told.
final class LibraryService: Datavault_Test_V1_LibraryService.Handler, Sendable {
    let updates = Mutex<[Datavault_Test_V1_UpdateBookRequest]>([])
    let created = Mutex<[Datavault_Test_V1_CreateBookRequest]>([])
    let metadata = Mutex<[Metadata]>([])
    let callers = Mutex<[String]>([])

    func getBook(_ request: Datavault_Test_V1_GetBookRequest, context: ServerContext) async throws
        -> Datavault_Test_V1_Book
    {
        metadata.withLock { $0.append(context.metadata) }
        callers.withLock { $0.append(CallScope.current?.caller.principal?.subject ?? "nobody") }
        if request.name.hasSuffix("/none") {
            throw RPCError(
                .notFound, Datavault_Test_V1_Reason.bookUnknown, "there is no such book",
                metadata: ["name": request.name])
        }
        if request.name.hasSuffix("/slow") { try await Task.sleep(for: .seconds(30)) }
        return .with { $0.name = request.name }
    }

    func createBook(_ request: Datavault_Test_V1_CreateBookRequest, context: ServerContext) async throws
        -> Datavault_Test_V1_Book
    {
        created.withLock { $0.append(request) }
        CallScope.current?.audit?.fulfill()
        return request.book
    }

    func updateBook(_ request: Datavault_Test_V1_UpdateBookRequest, context: ServerContext) async throws
        -> Datavault_Test_V1_Book
    {
        updates.withLock { $0.append(request) }
        CallScope.current?.audit?.fulfill()
        return request.book
    }

    func deleteBook(_ request: Datavault_Test_V1_DeleteBookRequest, context: ServerContext) async throws
        -> Google_Protobuf_Empty
    {
        CallScope.current?.audit?.fulfill()
        return Google_Protobuf_Empty()
    }

    func watchBooks(
        _ request: Datavault_Test_V1_WatchBooksRequest, responses: ResponseWriter<Datavault_Test_V1_Book>,
        context: ServerContext
    ) async throws {
        for index in 0..<Int(request.pageSize) {
            if request.library == "broken", index == 2 {
                throw RPCError(.aborted, Datavault_Test_V1_Reason.etagStale, "the shelf has moved")
            }
            try await responses.write(.with { $0.name = "libraries/\(request.library)/books/\(index)" })
        }
    }

    func importBooks(_ requests: RequestStream<Datavault_Test_V1_ImportBooksRequest>, context: ServerContext)
        async throws -> Datavault_Test_V1_ImportBooksResponse
    {
        var response = Datavault_Test_V1_ImportBooksResponse()
        for try await _ in requests { response.bookCount += 1 }
        CallScope.current?.audit?.fulfill()
        return response
    }

    func findBooks(
        _ requests: RequestStream<Datavault_Test_V1_FindBooksRequest>,
        responses: ResponseWriter<Datavault_Test_V1_FindBooksResponse>, context: ServerContext
    ) async throws {
        for try await request in requests {
            try await responses.write(.with { $0.book.title = request.title })
        }
    }

    func getOpeningHours(_ request: Datavault_Test_V1_GetOpeningHoursRequest, context: ServerContext) async throws
        -> Datavault_Test_V1_GetOpeningHoursResponse
    {
        .with { $0.text = "\(request.library): from 9 to 17" }
    }

    func sortShelves(_ request: Google_Protobuf_Empty, context: ServerContext) async throws -> Google_Protobuf_Empty {
        Google_Protobuf_Empty()
    }
}

/// Gives back what it is given.
struct SinkService: Datavault_Test_V1_KitchenSinkService.Handler {
    func echo(_ request: Datavault_Test_V1_EchoRequest, context: ServerContext) async throws
        -> Datavault_Test_V1_EchoResponse
    {
        .with { $0.sink = request.sink }
    }

    func collect(_ requests: RequestStream<Datavault_Test_V1_CollectRequest>, context: ServerContext) async throws
        -> Datavault_Test_V1_CollectResponse
    {
        var response = Datavault_Test_V1_CollectResponse()
        for try await request in requests {
            response.sum += request.value
            response.count += 1
        }
        return response
    }

    func expand(
        _ request: Datavault_Test_V1_ExpandRequest, responses: ResponseWriter<Datavault_Test_V1_ExpandResponse>,
        context: ServerContext
    ) async throws {
        for index in 0..<request.count { try await responses.write(.with { $0.index = index }) }
    }

    func converse(
        _ requests: RequestStream<Datavault_Test_V1_ConverseRequest>,
        responses: ResponseWriter<Datavault_Test_V1_ConverseResponse>, context: ServerContext
    ) async throws {
        for try await request in requests { try await responses.write(.with { $0.text = request.text }) }
    }
}
