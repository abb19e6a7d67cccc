import Crypto
import Foundation
import GoogleAPIContract
import Persistence
import PipelineContract
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// The calls about uploaded files.
struct FilesHandler: Datavault_Pipeline_V1_FilesService.Handler {
    let core: PipelineCore

    func uploadFile(
        _ requests: RequestStream<Datavault_Pipeline_V1_UploadFileRequest>, context: ServerContext
    ) async throws -> FileMessage {
        let (core, organization) = (core, try CallRights.current().organization)
        let intent = CallScope.current?.audit
        var iterator = requests.makeAsyncIterator()
        guard var message = try await iterator.next() else { throw PipelineFault.fileFormatUnknown }
        var request = message
        request.clearContent()
        let facts = try UploadFacts(message, bounds: core.bounds)
        let id = core.environment.identifier()
        let prefix = PipelineCore.prefix(organization, file: id)
        let started = core.now
        let deadline = started + core.bounds.uploadTime.wholeMicroseconds
        // What lies there when the time is over is swept, unless the file's row stands by then.
        let handle = core.store.scoped(organization)
        try await handle.write(.readCommitted) { tx in
            try core.check(try FileStore.count(in: tx), below: core.bounds.files, of: "files")
            try SweepStore.put(prefix, due: deadline + Self.sweepDelay, in: tx)
        }
        var upload = Upload(core: core, organization: organization, id: id, facts: facts)
        while true {
            try await upload.take([UInt8](message.content.data))
            guard core.now < deadline else {
                throw RPCError(code: .deadlineExceeded, message: "the upload takes too long")
            }
            guard let next = try await iterator.next() else { break }
            message = next
        }
        let file = try await upload.finish(at: started)
        // The same bytes under the same identifier are the same request, however they were cut into messages.
        request.content.data = Data(file.digest.utf8)
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard try SweepStore.take(prefix, in: tx) else {
                throw RPCError(code: .deadlineExceeded, message: "the upload takes too long")
            }
            try FileStore.insert(file, in: tx)
            let message = FileMessage(file)
            try core.audit.record(intent, resource: message.name, after: MaskedText.of(message), in: tx)
            return message
        }
    }

    /// Between an upload's last moment and the first one of its sweep, in microseconds.
    private static let sweepDelay: Int64 = 600_000_000

    func getFile(
        _ request: Datavault_Pipeline_V1_GetFileRequest, context: ServerContext
    ) async throws -> FileMessage {
        let organization = try CallRights.current().organization
        let id = try ResourceName.files.identifier(in: request.name)
        let file = try await core.store.scoped(organization).read { tx in try FileStore.file(id, in: tx) }
        guard let file else { throw PipelineFault.resourceUnknown(name: request.name) }
        return FileMessage(file)
    }

    func listFiles(
        _ request: Datavault_Pipeline_V1_ListFilesRequest, context: ServerContext
    ) async throws -> Datavault_Pipeline_V1_ListFilesResponse {
        let organization = try CallRights.current().organization
        let binding = ["files", organization.rawValue]
        let place = try TimePlace(request.pageToken, for: binding)
        let count = Page<StoredFile>.rows(request.pageSize)
        let rows = try await core.store.scoped(organization).read { tx in
            try FileStore.files(after: place, count: count, in: tx)
        }
        let page = Page(rows, asked: request.pageSize, for: binding) { PageToken($0.createdAt, text: $0.id) }
        return .with {
            $0.files = page.entries.map(FileMessage.init)
            $0.nextPageToken = page.nextToken
        }
    }

    func deleteFile(
        _ request: Datavault_Pipeline_V1_DeleteFileRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let (core, organization, now) = (core, try CallRights.current().organization, core.now)
        let id = try ResourceName.files.identifier(in: request.name)
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try FileStore.file(id, in: tx) else {
                throw PipelineFault.resourceUnknown(name: request.name)
            }
            try Etag.check(request.etag, 1)
            try FileStore.delete(id, in: tx)
            try SweepStore.put(PipelineCore.prefix(organization, file: id), due: now, in: tx)
            try core.audit.record(intent, resource: old.name, before: MaskedText.of(FileMessage(old)), in: tx)
            return Google_Protobuf_Empty()
        }
    }
}

/// What an upload's first message says of the file.
struct UploadFacts: Sendable {
    let displayName: String
    let format: RowFormat
    let csv: CSVChoices

    init(_ message: Datavault_Pipeline_V1_UploadFileRequest, bounds: PipelineBounds) throws(PipelineFault) {
        try TextRules.check(shown: message.displayName, field: "display_name")
        displayName = message.displayName.isEmpty ? "upload" : message.displayName
        guard let format = message.format.format ?? Self.format(of: message.content.contentType) else {
            throw .fileFormatUnknown
        }
        self.format = format
        var csv = CSVChoices()
        if !message.csv.delimiter.isEmpty {
            guard let byte = message.csv.delimiter.utf8.first, message.csv.delimiter.utf8.count == 1,
                byte == 0x09 || (0x20..<0x7F).contains(byte), byte != UInt8(ascii: "\"")
            else {
                throw .fieldInvalid(field: "csv.delimiter", problem: "must be a character of ASCII other than a quote")
            }
            csv.delimiter = message.csv.delimiter
        }
        csv.headerless = message.csv.headerless
        self.csv = csv
    }

    private static func format(of contentType: String) -> RowFormat? {
        let type = contentType.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        return switch type {
        case "text/csv", "application/csv": .csv
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines": .ndjson
        default: nil
        }
    }
}

/// A file on its way into storage, a part at a time.
struct Upload {
    let core: PipelineCore
    let organization: OrganizationID
    let id: String
    let facts: UploadFacts
    private var part: [UInt8] = []
    private var parts = 0
    private var size = 0
    private var hash = SHA256()
    private var sniffer: FileSniffer

    init(core: PipelineCore, organization: OrganizationID, id: String, facts: UploadFacts) {
        (self.core, self.organization, self.id, self.facts) = (core, organization, id, facts)
        sniffer = FileSniffer(facts, limits: core.bounds.format)
    }

    mutating func take(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        size += bytes.count
        guard size <= core.bounds.fileBytes else { throw PipelineFault.fileTooLarge(maximum: core.bounds.fileBytes) }
        hash.update(data: bytes)
        try await look(bytes)
        part += bytes
        while part.count >= core.bounds.partBytes {
            let full = Array(part.prefix(core.bounds.partBytes))
            part.removeFirst(full.count)
            try await write(full)
        }
    }

    private mutating func look(_ bytes: [UInt8]) async throws {
        guard sniffer.schema == nil else { return }
        let before = sniffer
        sniffer = try await core.work.run(for: organization) {
            var sniffer = before
            try sniffer.take(bytes)
            return sniffer
        }
    }

    private mutating func write(_ bytes: [UInt8]) async throws {
        let key = StoredFile.part(parts, file: id, of: organization)
        do { try await core.objects.put(key, bytes) } catch { throw PipelineFault(error) }
        parts += 1
    }

    mutating func finish(at time: Int64) async throws -> StoredFile {
        if !part.isEmpty { try await write(part) }
        let last = sniffer
        let schema = try await core.work.run(for: organization) {
            var sniffer = last
            return try sniffer.finish()
        }
        let digest = hash.finalize().map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        return StoredFile(
            id: id, displayName: facts.displayName, format: facts.format, csv: facts.csv, size: Int64(size),
            digest: digest, schema: schema, partSize: Int64(core.bounds.partBytes), createdAt: time)
    }
}

/// Finds a file's columns from its first rows.
struct FileSniffer: Sendable {
    private let facts: UploadFacts
    private let limits: FormatLimits
    private var reader: FileReader?
    private(set) var schema: Schema?

    init(_ facts: UploadFacts, limits: FormatLimits) { (self.facts, self.limits) = (facts, limits) }

    mutating func take(_ bytes: [UInt8]) throws {
        var reader = try reader ?? FileReader(facts.format, facts.csv, limits: limits)
        reader.push(bytes[...])
        try look(&reader)
        self.reader = reader
    }

    /// - Throws: `fileInvalid` where there are no columns.
    mutating func finish() throws -> Schema {
        if let schema { return schema }
        var reader = try reader ?? FileReader(facts.format, facts.csv, limits: limits)
        reader.finish()
        try look(&reader)
        guard let schema = reader.schema, schema.count > 0 else {
            throw PipelineFault.fileInvalid(message: "the file has no rows and no names of columns", record: 0)
        }
        return schema
    }

    private mutating func look(_ reader: inout FileReader) throws {
        do { _ = try reader.next() } catch let error as FormatError {
            throw PipelineFault.fileInvalid(message: error.description, record: error.record)
        }
        schema = reader.schema
    }
}
