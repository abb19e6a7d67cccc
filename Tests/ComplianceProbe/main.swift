import ComplianceService
import Foundation
import Persistence

// Appends to the audit log in a process of its own, for tests that kill it:
//   compliance-probe STORE FIRST
// STORE is a SQLite file or a PostgreSQL address, with its tables. Callers append event after event from the number FIRST
// on, and some again; "FROM TO" is printed once the events from one to the other have been acknowledged.
let arguments = CommandLine.arguments
guard arguments.count == 3, let first = Int64(arguments[2]) else { exit(2) }
let isPostgres = arguments[1].hasPrefix("postgres")
let store = try Store(isPostgres ? .postgres(arguments[1]) : .sqlite(path: arguments[1]))
let probe = AuditProbe(store: store)
await withDiscardingTaskGroup { group in
    for caller in 0..<8 {
        group.addTask {
            // Each caller has numbers of its own, in batches of growing size.
            var from = first + Int64(caller)
            for round in 1... {
                let numbers = (0..<Int64(round % 40 + 1)).map { from + $0 * 8 }
                do { try await probe.append(numbers) } catch { return }
                let line = numbers.map { "\($0)" }.joined(separator: " ") + "\n"
                FileHandle.standardOutput.write(Data(line.utf8))
                from += Int64(numbers.count) * 8
            }
        }
    }
}
