import ExampleContract
import Foundation
import Jobs
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

typealias Note = Datavault_Example_V1_Note

/// The calls.
struct NotesHandler: Datavault_Example_V1_NotesService.Handler {
    let notes: NoteStore
    let replay: Replay
    let queue: JobQueue
    let audit: AuditOutbox

    private static let pageSize = 50

    func createNote(_ request: Datavault_Example_V1_CreateNoteRequest, context: ServerContext) async throws -> Note {
        let row = NoteRow(
            id: UUID().uuidString.lowercased(), text: request.note.text,
            createdAt: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let note = Note(row)
        let (intent, after) = (CallScope.current?.audit, MaskedText.of(note))
        let caller = CallScope.current?.caller.name ?? ""
        // The note, its job, its audit event and the reply are there together, or none of them is.
        return try await replay.write(request, id: request.requestID) { [queue, audit] tx in
            try NoteStore.insert(row, in: tx)
            try queue.enqueue(.countWords, WordCountPayload(note: row.id), by: caller, in: tx)
            try audit.record(intent, resource: note.name, after: after, in: tx)
            return note
        }
    }

    func getNote(_ request: Datavault_Example_V1_GetNoteRequest, context: ServerContext) async throws -> Note {
        let id = String(request.name.dropFirst("notes/".count))
        guard let row = try await notes.note(id, of: try CallOrganization.current()) else {
            throw RPCError(
                .notFound, Datavault_Example_V1_Reason.noteUnknown, "there is no such note",
                metadata: ["name": request.name])
        }
        return Note(row)
    }

    func listNotes(
        _ request: Datavault_Example_V1_ListNotesRequest, context: ServerContext
    ) async throws -> Datavault_Example_V1_ListNotesResponse {
        let place = NotePlace(token: request.pageToken)
        guard request.pageToken.isEmpty || place != nil else {
            throw RPCError(
                .invalidArgument, Datavault_Example_V1_Reason.pageTokenInvalid,
                "page_token is none that this service gave")
        }
        let count = request.pageSize == 0 ? Self.pageSize : Int(request.pageSize)
        // One more than asked tells whether there is a next page.
        let rows = try await notes.notes(of: try CallOrganization.current(), after: place, count: count + 1)
        return .with {
            $0.notes = rows.prefix(count).map(Note.init)
            guard rows.count > count, let last = rows.prefix(count).last else { return }
            $0.nextPageToken = NotePlace(createdAt: last.createdAt, id: last.id).token
        }
    }
}

extension Note {
    init(_ row: NoteRow) {
        self.init()
        name = "notes/\(row.id)"
        text = row.text
        if let count = row.wordCount { wordCount = count }
        createTime = Google_Protobuf_Timestamp(
            seconds: row.createdAt / 1_000_000, nanos: Int32(row.createdAt % 1_000_000) * 1_000)
    }
}
