import Persistence

/// Reads a dataset's segments as they were at a snapshot: what is appended later is not seen, and what is deleted stays
/// for a while.
struct SegmentReader: Sendable {
    let core: PipelineCore
    let organization: OrganizationID
    let dataset: Dataset

    /// Segments that one query lists.
    private static let listed = 200

    /// The segments behind a sequence; fewer than there are where there are many.
    func segments(after sequence: Int64, upTo snapshot: Int64) async throws -> [SegmentEntry] {
        let id = dataset.id
        return try await core.store.scoped(organization).read { tx in
            try SegmentStore.segments(of: id, after: sequence, upTo: snapshot, count: Self.listed, in: tx)
        }
    }

    /// A segment's rows.
    ///
    /// - Parameter columns: Only these; nil: all.
    func rows(of segment: SegmentEntry, columns: Set<String>? = nil) async throws -> ColumnBatch {
        guard let key = ObjectKey(parsing: segment.object) else {
            throw PipelineFault.dataUnreadable(message: "a segment of the dataset has no place")
        }
        let bytes: [UInt8]
        do { bytes = try await core.objects.get(key) } catch { throw PipelineFault(error) }
        return try await core.work.run(for: organization) {
            do { return try Segment.decode(bytes, columns: columns) } catch {
                throw PipelineFault.dataUnreadable(message: "a segment of the dataset is damaged")
            }
        }
    }
}

extension PipelineFault {
    /// What an error of object storage means for who reads data.
    init(_ error: ObjectError) {
        switch error.reason {
        case .unavailable, .full, .cancelled, .denied: self = .storageUnavailable
        case .notFound, .tooLarge, .unexpected: self = .dataUnreadable(message: "stored bytes cannot be read")
        }
    }
}

extension PipelineCore {
    /// Writes rows as a segment's object, which nothing names yet.
    func write(
        _ batch: ColumnBatch, under prefix: String, of organization: OrganizationID
    ) async throws -> WrittenSegment {
        let (bytes, summary) = try await work.run(for: organization) {
            let bytes = Segment.encode(batch)
            return (bytes, try Segment.summary(of: bytes))
        }
        guard let key = ObjectKey(parsing: prefix + environment.identifier()) else {
            preconditionFailure("prefixes are made of identifiers")
        }
        do { try await objects.put(key, bytes) } catch { throw PipelineFault(error) }
        return WrittenSegment(
            object: key, rowCount: Int64(batch.rowCount), byteCount: Int64(bytes.count), statistics: summary.statistics)
    }

    /// Where segments of a dataset lie that one appender writes.
    static func prefix(_ organization: OrganizationID, dataset: String, appender: String) -> String {
        "\(organization.rawValue)/datasets/\(dataset)/\(appender)/"
    }

    /// Where all of a dataset lies.
    static func prefix(_ organization: OrganizationID, dataset: String) -> String {
        "\(organization.rawValue)/datasets/\(dataset)/"
    }

    /// Where all of a file lies.
    static func prefix(_ organization: OrganizationID, file: String) -> String {
        "\(organization.rawValue)/files/\(file)/"
    }
}
