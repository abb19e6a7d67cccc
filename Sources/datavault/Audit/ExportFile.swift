import ComplianceService
import Foundation

/// An export in a file, read line by line.
struct ExportFile {
    /// Bytes of a line at most; an entry has a fraction of that.
    private static let maximumLine = 4 << 20
    private static let piece = 1 << 20

    enum Failure: Error, CustomStringConvertible {
        case unreadable(String)
        case broken(ExportVerifier.Failure)

        var description: String {
            switch self {
            case .unreadable(let reason): reason
            case .broken(let failure): "the export does not hold: \(failure)"
            }
        }
    }

    /// A path, or - for standard input.
    let path: String

    /// - Parameter each: Is given each entry.
    func verify(
        _ verifier: ExportVerifier, each: (Int64, AuditLeaf) -> Void
    ) throws(Failure) -> ExportVerifier.Report {
        var verifier = verifier
        var rest: [UInt8] = []
        let handle = try open()
        while let piece = try read(handle) {
            rest += piece
            var start = 0
            while let end = rest[start...].firstIndex(of: 0x0A) {
                try take(rest[start..<end], &verifier, each)
                start = end + 1
            }
            rest.removeFirst(start)
            guard rest.count <= Self.maximumLine else { throw .unreadable("\(path) has a line that is too long") }
        }
        guard rest.isEmpty else { throw .unreadable("\(path) ends in the middle of a line") }
        do throws(ExportVerifier.Failure) { return try verifier.report() } catch { throw .broken(error) }
    }

    private func take(
        _ line: ArraySlice<UInt8>, _ verifier: inout ExportVerifier, _ each: (Int64, AuditLeaf) -> Void
    ) throws(Failure) {
        // What is no UTF-8 becomes another text, which is then not written as it must be.
        let text = String(decoding: line, as: UTF8.self)
        do throws(ExportVerifier.Failure) {
            if let entry = try verifier.take(text) { each(entry.index, entry.leaf) }
        } catch { throw .broken(error) }
    }

    private func open() throws(Failure) -> FileHandle {
        if path == "-" { return .standardInput }
        guard let handle = FileHandle(forReadingAtPath: path) else { throw .unreadable("cannot read \(path)") }
        return handle
    }

    private func read(_ handle: FileHandle) throws(Failure) -> Data? {
        do {
            // At the end it is empty, or not there at all.
            return try handle.read(upToCount: Self.piece).flatMap { $0.isEmpty ? nil : $0 }
        } catch { throw .unreadable("cannot read \(path): \(error)") }
    }
}
