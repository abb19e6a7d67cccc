import Logging
import Persistence

/// Keeps the pages of a turn in one object, before the turn's transaction names it.
struct EvidenceKeeper: Sendable {
    let objects: any ObjectStore
    let environment: ScrapeEnvironment

    /// Bytes of an object.
    private static let packBytes = 32 << 20

    /// What the names of a job's objects begin with.
    static func prefix(organization: String, job: String) -> String { "\(organization)/pages/\(job)/" }

    /// Writes what is to be kept, and notes where it lies.
    func keep(_ results: inout [PageResult], organization: String, job: String) async throws {
        var start = 0
        while start < results.count {
            var (pack, places): ([UInt8], [(index: Int, offset: Int, size: Int)]) = ([], [])
            var index = start
            while index < results.count, pack.count < Self.packBytes {
                if let evidence = results[index].evidence {
                    places.append((index, pack.count, evidence.count))
                    pack += evidence
                    results[index].evidence = nil
                }
                index += 1
            }
            start = index
            if places.isEmpty { continue }
            let name = Self.prefix(organization: organization, job: job) + environment.identifier()
            guard let key = ObjectKey(parsing: name) else { throw ObjectError(.unexpected, "no name of an object") }
            try await objects.put(key, pack)
            for place in places { results[place.index].pack = (name, place.offset, place.size) }
        }
    }
}
