import CollectTool
import ComplianceService

/// Checks exports of the audit log as `datavault audit verify` does, and that they go on where an earlier checkpoint ended.
struct ExportLogVerifier: LogVerifier {
    /// What does not hold.
    private struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    func verify(export: String, keys: [String], earlier: String) async throws -> VerifiedLog {
        let known = keys.compactMap(VerifierKey.init)
        let before = try SignedCheckpoint(earlier, keys: known)
        var entries: [VerifiedLog.Entry] = []
        let report: ExportVerifier.Report
        do throws(ExportFile.Failure) {
            report = try ExportFile(path: export).verify(ExportVerifier(keys: known, earlier: [before])) { _, leaf in
                entries.append(VerifiedLog.Entry(leaf.action, leaf.resource))
            }
        } catch {
            switch error {
            case .unreadable(let reason): throw Problem(description: reason)
            case .broken(let failure): throw Problem(description: "\(failure)")
            }
        }
        guard report.continued == 1 else {
            throw Problem(description: "the log does not begin with what was signed before the work")
        }
        return VerifiedLog(entries: entries, size: report.size, keyIDs: known.map(\.identifier))
    }
}
