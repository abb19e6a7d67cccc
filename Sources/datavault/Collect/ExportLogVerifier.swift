import CollectTool
import ComplianceService
import Foundation

/// Checks exports of the audit log as `datavault audit verify` does, and that they go on where an earlier checkpoint ended.
struct ExportLogVerifier: LogVerifier {
    /// What does not hold.
    private struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    func verify(export: String, keys: [String], earlier: String) async throws -> VerifiedLog {
        let known = keys.compactMap(VerifierKey.init)
        let before = try SignedCheckpoint(earlier, keys: known)
        var verifier = ExportVerifier(keys: known)
        var entries: [VerifiedLog.Entry] = []
        var head: ExportLine.Head?
        var lines = try LineFile(export)
        while let line = try lines.next() {
            if head == nil, case .head(let found)? = ExportLine(line) { head = found }
            if let entry = try verifier.take(line) {
                entries.append(VerifiedLog.Entry(entry.leaf.action, entry.leaf.resource))
            }
        }
        let report = try verifier.report()
        guard let head, head.origin == before.origin else {
            throw Problem(description: "the export is of another log than the checkpoint from before the work")
        }
        // The subtrees before the first entry are of the tree that was signed then; the verifier has shown that the
        // present one begins with them.
        guard head.first == before.size,
            let frontier = MerkleFrontier(size: head.first, hashes: head.before), frontier.root == before.root
        else { throw Problem(description: "the log does not begin with what was signed before the work") }
        return VerifiedLog(entries: entries, size: report.size, keyIDs: known.map(\.identifier))
    }
}

/// The lines of a file, one after the other.
private struct LineFile {
    /// Bytes of a line at most: a leaf has a bound of its own below this.
    private static let maximumLine = 16 << 20
    private static let piece = 64 << 10

    private let handle: FileHandle
    private var rest: [UInt8] = []
    private var start = 0

    init(_ path: String) throws { handle = try FileHandle(forReadingFrom: URL(filePath: path)) }

    /// The next line without its line feed; nil at the end.
    mutating func next() throws -> String? {
        var seen = start
        while true {
            if let end = rest[seen...].firstIndex(of: 0x0A) {
                defer { start = end + 1 }
                return String(decoding: rest[start..<end], as: UTF8.self)
            }
            guard rest.count - start <= Self.maximumLine else { throw CocoaError(.fileReadTooLarge) }
            rest.removeFirst(start)
            (seen, start) = (rest.count, 0)
            guard let more = try handle.read(upToCount: Self.piece), !more.isEmpty else {
                defer { rest = [] }
                return rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
            }
            rest += more
        }
    }
}
