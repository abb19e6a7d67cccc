import Foundation
import GRDB

/// From SQLite's result codes (<https://sqlite.org/rescode.html>) to the store's reasons.
enum SQLiteErrors {
    /// What the triggers of isolated and append-only tables raise starts with this.
    static let denial = "denied: "

    static func error(
        _ error: any Error, role: SQLiteConnection.Role, interruption: StoreError.Reason?, database: Database?
    ) -> StoreError {
        guard let error = error as? DatabaseError else { return StoreError(.unexpected, "\(error)") }
        let message = error.message ?? "SQLite error"
        var result = StoreError(
            reason(error, message, role: role, interruption: interruption), message,
            code: String(error.extendedResultCode.rawValue))
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID:
            result.constraint = uniqueConstraint(message, database)
        case .SQLITE_CONSTRAINT_CHECK: result.constraint = subject(message)
        case .SQLITE_CONSTRAINT_NOTNULL: result.column = subject(message)?.split(separator: ".").last.map(String.init)
        default: break
        }
        return result
    }

    private static func reason(
        _ error: DatabaseError, _ message: String, role: SQLiteConnection.Role, interruption: StoreError.Reason?
    ) -> StoreError.Reason {
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID: return .conflict
        case .SQLITE_CONSTRAINT_TRIGGER: return message.hasPrefix(denial) ? .denied : .constraint
        default: break
        }
        switch error.resultCode {
        case .SQLITE_CONSTRAINT: return .constraint
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .serialization
        case .SQLITE_INTERRUPT: return interruption ?? .cancelled
        case .SQLITE_FULL, .SQLITE_NOMEM: return .full
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .corrupt
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_PROTOCOL: return .unavailable
        // A statement that writes in a transaction that reads; or a file that may not be written.
        case .SQLITE_READONLY: return role == .reader ? .invalid : .denied
        case .SQLITE_AUTH, .SQLITE_PERM: return .denied
        case .SQLITE_ERROR, .SQLITE_MISUSE, .SQLITE_RANGE, .SQLITE_MISMATCH, .SQLITE_TOOBIG, .SQLITE_SCHEMA:
            return .invalid
        default: return .unexpected
        }
    }

    /// "UNIQUE constraint failed: notes.organization, notes.id": after the colon.
    private static func subject(_ message: String) -> String? {
        guard let colon = message.range(of: ": ") else { return nil }
        return String(message[colon.upperBound...])
    }

    /// SQLite names columns; the store names the index, as PostgreSQL does: the created one's name, or for a primary
    /// key `table_pkey`.
    private static func uniqueConstraint(_ message: String, _ database: Database?) -> String? {
        guard let subject = subject(message) else { return nil }
        if subject.hasPrefix("index '") { return String(subject.dropFirst(7).dropLast()) }
        let columns = subject.components(separatedBy: ", ").map {
            $0.split(separator: ".", maxSplits: 1).map(String.init)
        }
        guard let database, let table = columns.first?.first else { return subject }
        let names = columns.compactMap(\.last)
        do {
            if Set(try database.primaryKey(table).columns) == Set(names) { return "\(table)_pkey" }
            let index = try database.indexes(on: table).first { $0.isUnique && Set($0.columns) == Set(names) }
            guard let index else { return subject }
            // A UNIQUE in the table's definition: PostgreSQL's default name for it.
            return index.name.hasPrefix("sqlite_autoindex_")
                ? "\(table)_\(names.joined(separator: "_"))_key" : index.name
        } catch { return subject }
    }
}
