import Persistence

/// What a run reads, batch by batch, from a position on.
protocol InputSource: AnyObject, Sendable {
    /// The columns, once `open` has returned.
    var schema: Schema { get }
    /// How much there is, in the unit of `InputPosition.offset`; 0: nobody knows.
    var size: Int64 { get }
    /// The next rows; nil at the end.
    func next() async throws -> SourceBatch?
}

/// Rows of an input.
struct SourceBatch: Sendable {
    let batch: ColumnBatch
    /// Records that could not become rows.
    var rejected: [RejectedRecord] = []
    /// Where the input goes on behind it.
    let end: InputPosition

    /// The place in the input of each row, from 1.
    ///
    /// - Parameter records: How many records stand before the batch.
    func places(after records: Int64) -> [Int64] {
        let missing = Set(rejected.map { Int64($0.record) })
        var places: [Int64] = []
        places.reserveCapacity(batch.rowCount)
        var place = records
        while places.count < batch.rowCount {
            place += 1
            if !missing.contains(place) { places.append(place) }
        }
        return places
    }
}

/// Something that is worked on by one task at a time, on threads of the pool: to copy it would copy all that it remembers.
///
/// Unchecked: `WorkPool.run` is awaited before the next use.
final class Exclusive<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
}

/// An uploaded file as input.
final class FileSource: InputSource {
    let schema: Schema
    let size: Int64
    private let core: PipelineCore
    private let organization: OrganizationID
    private let file: StoredFile
    private let reader: Exclusive<FileReader>
    /// Bytes given to the reader.
    private let offset: Exclusive<Int64>
    private let ready: Exclusive<ReadBatch?>
    private let isFinished: Exclusive<Bool>

    /// Bytes that the reader gets at once.
    private static let piece: Int64 = 1 << 20

    private init(
        _ core: PipelineCore, _ organization: OrganizationID, _ file: StoredFile, _ reader: FileReader, offset: Int64,
        ready: ReadBatch?, isFinished: Bool, schema: Schema
    ) {
        (self.core, self.organization, self.file, self.schema) = (core, organization, file, schema)
        (self.reader, self.offset, self.ready) = (Exclusive(reader), Exclusive(offset), Exclusive(ready))
        self.isFinished = Exclusive(isFinished)
        size = file.size
    }

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - types: Types of columns that are not to be inferred.
    ///   - schema: What an earlier run of the same reader found; nil at the beginning.
    static func open(
        _ file: StoredFile, of organization: OrganizationID, types: [String: ColumnType], schema: Schema?,
        at position: InputPosition, core: PipelineCore
    ) async throws -> FileSource {
        let isStart = position.offset == 0
        var reader: FileReader
        do {
            reader = try FileReader(
                file.format, file.csv, types: types, limits: core.bounds.format, schema: isStart ? nil : schema,
                position: ReadPosition(offset: Int(position.offset), records: Int(position.records)))
        } catch let error as FormatError { throw Self.fault(error) }
        var (offset, ready, isFinished) = (position.offset, ReadBatch?.none, false)
        // The columns are known once the first rows are.
        while reader.schema == nil, !isFinished {
            isFinished = try await feed(&reader, &offset, file, organization, core)
            do { ready = try reader.next() } catch let error as FormatError { throw Self.fault(error) }
        }
        guard let found = reader.schema ?? schema else {
            throw PipelineFault.inputUnreadable(message: "the file has no columns")
        }
        return FileSource(
            core, organization, file, reader, offset: offset, ready: ready, isFinished: isFinished, schema: found)
    }

    /// Gives the reader a piece of the file.
    ///
    /// - Returns: Whether that was the last.
    private static func feed(
        _ reader: inout FileReader, _ offset: inout Int64, _ file: StoredFile, _ organization: OrganizationID,
        _ core: PipelineCore
    ) async throws -> Bool {
        guard offset < file.size else {
            reader.finish()
            return true
        }
        let (part, start) = (offset / file.partSize, offset % file.partSize)
        let end = min(start + piece, file.partSize, file.size - part * file.partSize)
        let bytes: [UInt8]
        do {
            bytes = try await core.objects.get(file.part(Int(part), of: organization), range: Int(start)..<Int(end))
        } catch {
            if error.reason == .notFound { throw PipelineFault.inputUnreadable(message: "the file is gone") }
            throw PipelineFault(error)
        }
        reader.push(bytes[...])
        offset += end - start
        return false
    }

    func next() async throws -> SourceBatch? {
        while true {
            if let batch = ready.value {
                ready.value = nil
                return SourceBatch(
                    batch: batch.batch, rejected: batch.rejected,
                    end: InputPosition(offset: Int64(batch.end.offset), records: Int64(batch.end.records)))
            }
            let reader = reader
            do {
                ready.value = try await core.work.run(for: organization) { try reader.value.next() }
            } catch let error as FormatError {
                throw Self.fault(error)
            }
            if ready.value != nil { continue }
            if isFinished.value { return nil }
            isFinished.value = try await Self.feed(&reader.value, &offset.value, file, organization, core)
        }
    }

    private static func fault(_ error: FormatError) -> PipelineFault {
        if error.reason == .noSuchColumn { return .schemaMismatch(message: error.message, column: "") }
        return .inputUnreadable(message: error.description)
    }
}

/// A dataset as input, as it was when the run began.
final class DatasetSource: InputSource {
    let schema: Schema
    let size: Int64
    private let reader: SegmentReader
    private let place: Exclusive<InputPosition>
    private let listed: Exclusive<[SegmentEntry]>

    init(_ reader: SegmentReader, upTo snapshot: Int64, at position: InputPosition) {
        (self.reader, schema, size) = (reader, reader.dataset.schema, snapshot)
        (place, listed) = (Exclusive(position), Exclusive([]))
    }

    func next() async throws -> SourceBatch? {
        if listed.value.isEmpty {
            listed.value = try await reader.segments(after: place.value.offset, upTo: size).reversed()
        }
        guard let entry = listed.value.popLast() else {
            guard place.value.offset == size else {
                throw PipelineFault.inputUnreadable(message: "the dataset was deleted")
            }
            return nil
        }
        let batch = try await reader.rows(of: entry)
        place.value.offset = entry.sequence
        place.value.records += Int64(batch.rowCount)
        return SourceBatch(batch: batch, end: place.value)
    }
}
