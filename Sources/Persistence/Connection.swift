/// One connection to a store, as pool and transactions see it. Used on its slot's queue only, except for `canceller`.
protocol Connection: AnyObject {
    /// Ends running statements from other threads.
    var canceller: any Canceller { get }
    /// False once the connection can serve no further transaction.
    var isUsable: Bool { get }

    /// Gives the body access to the connection's functions below.
    func access<Result>(_ body: () throws -> Result) throws -> Result
    /// Whether the peer is still there, as far as can be told without asking it.
    func isAlive() -> Bool
    /// Asks the database for a sign of life.
    func check() throws(StoreError)

    func begin(_ mode: TransactionMode, scope: Scope) throws(StoreError)
    func commit() throws(StoreError)
    /// Ends the transaction without effect; a connection on which that fails is not usable any more.
    func rollback()
    func control(_ savepoint: SavepointCommand) throws(StoreError)

    /// Runs a statement and returns how many rows it changed.
    func run(_ statement: PreparedSQL) throws(StoreError) -> Int
    /// Returns a statement's rows, or throws `invalid` if there are more than `maximum`.
    func rows(_ statement: PreparedSQL, maximum: Int) throws(StoreError) -> [Row]
    /// Opens a statement whose rows are taken in batches.
    func cursor(_ statement: PreparedSQL) throws(StoreError) -> any RowCursor
    /// Runs statements that take no values, separated by semicolons.
    func script(_ text: String) throws(StoreError)
    /// Within a transaction: waits until no other runner migrates this store.
    func lockMigrations() throws(StoreError)

    func close()
}

protocol RowCursor: AnyObject {
    /// The next rows, at most `maximum`; none at the end.
    func next(_ maximum: Int) throws(StoreError) -> [Row]
    func close()
}

/// Ends what a connection does, from any thread.
protocol Canceller: AnyObject, Sendable {
    /// Asks for the end of the running operation, which then throws `cancelled`.
    func cancel()
    /// Called regularly while an operation runs: ends statements that are overdue, where the database does not.
    func checkDeadline(now: ContinuousClock.Instant)
    /// Called before each operation: forgets what came too late for the one before.
    func reset()
}

enum SavepointCommand {
    case set(Int)
    case release(Int)
    case rollback(Int)

    var text: String {
        switch self {
        case .set(let depth): "SAVEPOINT level_\(depth)"
        case .release(let depth): "RELEASE SAVEPOINT level_\(depth)"
        case .rollback(let depth): "ROLLBACK TO SAVEPOINT level_\(depth)"
        }
    }
}

/// How a transaction sees others. On SQLite writes are always alone, and reads see one state of the store.
public struct TransactionMode: Sendable, Hashable {
    enum Kind: Sendable { case read, serializable, readCommitted }
    let kind: Kind

    /// Sees one state of the store throughout; cannot write.
    static let read = TransactionMode(kind: .read)
    /// As if transactions ran one after the other: run again when PostgreSQL finds that they could not have.
    public static let serializable = TransactionMode(kind: .serializable)
    /// On PostgreSQL each statement sees what was committed before it: for queues that claim rows with `SKIP LOCKED`,
    /// and for changes of single rows.
    public static let readCommitted = TransactionMode(kind: .readCommitted)
}
