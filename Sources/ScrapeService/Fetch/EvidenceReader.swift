import Crypto
import Persistence

/// Reads what was kept of pages.
struct EvidenceReader: Sendable {
    let objects: any ObjectStore
    let pool: ExtractionPool

    /// The bytes of a page as its site served them.
    ///
    /// - Parameter name: The page's, for errors.
    /// - Throws: `ScrapeError.contentNotKept`; `.contentDamaged` if what lies there is not what was kept; `ObjectError` if
    ///   the storage cannot be asked.
    func content(of page: PageRow, named name: String) async throws -> [UInt8] {
        guard let pack = page.pack, let offset = page.packOffset, let size = page.packSize else {
            throw ScrapeError.contentNotKept(name: name)
        }
        guard let key = ObjectKey(parsing: pack), offset >= 0, size > 0, let expanded = page.size,
            let hash = page.contentHash
        else { throw ScrapeError.contentDamaged(name: name) }
        let kept: [UInt8]
        do throws(ObjectError) { kept = try await objects.get(key, range: offset..<(offset + size)) } catch {
            throw error.reason == .notFound ? ScrapeError.contentDamaged(name: name) : error as any Error
        }
        let content = try await pool.run { _ -> [UInt8]? in
            guard let content = Gzip.expanded(kept, atMost: Int(expanded)), Array(SHA256.hash(data: content)) == hash
            else {
                return nil
            }
            return content
        }
        guard let content else { throw ScrapeError.contentDamaged(name: name) }
        return content
    }
}
