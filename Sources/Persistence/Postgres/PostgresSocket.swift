internal import CPostgres
import Foundation

/// Owner of one `PGconn`: sends, waits with deadlines, reads results, tells whether the connection is sound.
@safe
final class PostgresSocket {
    // Freed by close() only, after which isUsable is false and nothing touches it.
    private(set) nonisolated(unsafe) var handle: OpaquePointer
    let canceller: PostgresCanceller
    private let limits: StoreLimits
    private var isOpen = true
    private var hasFailed = false

    /// How often a wait looks whether it was cancelled: the grain of giving up on a server that answers to nothing.
    private static let waitGrain: Duration = .milliseconds(250)

    var isUsable: Bool { isOpen && !hasFailed && !canceller.isCancelled }

    init(_ configuration: PostgresConfiguration, limits: StoreLimits) throws(StoreError) {
        let options = [
            "statement_timeout": limits.statementTimeout,
            "lock_timeout": limits.lockTimeout,
            "idle_in_transaction_session_timeout": limits.idleTransactionTimeout,
        ].map { "-c \($0)=\(max(Int($1 / .milliseconds(1)), 1))" }.sorted()
        let keywords = [
            "connect_timeout": String(max(Int(configuration.connectTimeout / .seconds(1)), 2)),
            "application_name": configuration.applicationName,
            "options": (options + ["-c DateStyle=ISO -c TimeZone=UTC"]).joined(separator: " "),
            "client_encoding": "UTF8",
            // A peer that vanished without a word is noticed by TCP within this many milliseconds.
            "tcp_user_timeout": String(Int(limits.statementTimeout / .milliseconds(1))),
            // Expanded as a URI or keywords, over which the ones above win.
            "dbname": configuration.connection,
        ]
        let order = ["dbname"] + keywords.keys.filter { $0 != "dbname" }
        guard let handle = unsafe Self.connect(order.map { ($0, keywords[$0] ?? "") }) else {
            throw StoreError(.full, "no memory for a connection")
        }
        unsafe self.handle = handle
        guard unsafe PQstatus(handle) == CONNECTION_OK, let cancel = unsafe PQgetCancel(handle) else {
            let message = unsafe String(cString: PQerrorMessage(handle))
            unsafe PQfinish(handle)
            throw StoreError(.unavailable, "cannot connect to PostgreSQL: \(Self.trim(message))")
        }
        unsafe canceller = PostgresCanceller(cancel)
        self.limits = limits
        unsafe PQsetnonblocking(handle, 1)
        unsafe persistence_silence_notices(handle)
    }

    private static func connect(_ keywords: [(String, String)]) -> OpaquePointer? {
        let names = CStrings(keywords.map(\.0))
        let values = CStrings(keywords.map(\.1))
        return unsafe names.withPointers { names in
            unsafe values.withPointers { unsafe PQconnectdbParams(names, $0, 1) }
        }
    }

    func query(_ text: String, _ body: (borrowing PostgresResult) throws(StoreError) -> Void) throws(StoreError) {
        try send { unsafe PQsendQuery(handle, text) }
        try results(body)
    }

    func query(
        _ text: String, _ parameters: PostgresParameters,
        _ body: (borrowing PostgresResult) throws(StoreError) -> Void
    ) throws(StoreError) {
        try send {
            unsafe parameters.withArrays { count, types, values, lengths, formats in
                unsafe PQsendQueryParams(handle, text, count, types, values, lengths, formats, 0)
            }
        }
        try results(body)
    }

    func prepare(_ name: String, _ text: String, _ types: [Oid]) throws(StoreError) {
        try send { unsafe PQsendPrepare(handle, name, text, Int32(types.count), types) }
        try results { _ in }
    }

    func execute(
        _ name: String, _ parameters: PostgresParameters, singleRows: Bool,
        _ body: (borrowing PostgresResult) throws(StoreError) -> Void
    ) throws(StoreError) {
        try send {
            unsafe parameters.withArrays { count, _, values, lengths, formats in
                unsafe PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0)
            }
        }
        if singleRows { unsafe PQsetSingleRowMode(handle) }
        try results(body)
    }

    /// Whether the server has said nothing since the last result: an idle connection hears only that it ends.
    func isAlive() -> Bool {
        guard isUsable else { return false }
        guard poll(events: Int16(POLLIN), for: .zero) else { return true }
        // Notices and changed settings come unasked, too.
        return unsafe PQconsumeInput(handle) == 1 && PQstatus(handle) == CONNECTION_OK
            && !poll(events: Int16(POLLIN), for: .zero)
    }

    /// Gives the connection up: it will be closed when its transaction ends.
    func fail() { hasFailed = true }

    func close() {
        guard isOpen else { return }
        isOpen = false
        canceller.invalidate()
        unsafe PQfinish(handle)
    }

    private func send(_ body: () -> Int32) throws(StoreError) {
        guard isOpen, !hasFailed else { throw broken("the connection was given up") }
        if canceller.isCancelled { throw cancelled() }
        guard body() == 1 else { throw broken(lastMessage) }
    }

    /// Reads all results of what was sent, also after the first error, so that the connection stays in step.
    private func results(_ body: (borrowing PostgresResult) throws(StoreError) -> Void) throws(StoreError) {
        let deadline = ContinuousClock.now + limits.statementTimeout + limits.unresponsiveAfter
        var failure: StoreError?
        while true {
            try wait(until: deadline)
            guard let pointer = unsafe PQgetResult(handle) else { break }
            let result = unsafe PostgresResult(pointer)
            guard failure == nil else { continue }
            do throws(StoreError) {
                try result.check(isCancelled: canceller.isCancelled)
                try body(result)
            } catch {
                failure = error
                // Nobody wants the rest: it ends with the connection.
                if hasFailed { throw error }
            }
        }
        if unsafe PQstatus(handle) != CONNECTION_OK { hasFailed = true }
        if var failure {
            failure.leavesTransaction = isUsable
            throw failure
        }
    }

    private func wait(until deadline: ContinuousClock.Instant) throws(StoreError) {
        var deadline = deadline
        var sawCancel = false
        while true {
            let flushed = unsafe PQflush(handle)
            if flushed < 0 { throw broken(lastMessage) }
            if flushed == 0, unsafe PQisBusy(handle) == 0 { return }
            let now = ContinuousClock.now
            if canceller.isCancelled, !sawCancel {
                sawCancel = true
                deadline = min(deadline, now + limits.unresponsiveAfter)
            }
            guard now < deadline else {
                hasFailed = true
                if sawCancel { throw cancelled() }
                throw StoreError(.timeout, "the server has not answered within the statement's time and some more")
            }
            let events = Int16(POLLIN) | (flushed == 1 ? Int16(POLLOUT) : 0)
            guard poll(events: events, for: min(Self.waitGrain, deadline - now)) else { continue }
            if unsafe PQconsumeInput(handle) == 0 { throw broken(lastMessage) }
        }
    }

    private func poll(events: Int16, for time: Duration) -> Bool {
        var descriptor = pollfd(fd: unsafe PQsocket(handle), events: events, revents: 0)
        // Up, so that a wait shorter than a millisecond does not spin.
        let milliseconds = Int32((time / .milliseconds(1)).rounded(.up))
        return unsafe Foundation.poll(&descriptor, 1, milliseconds) > 0
    }

    private var lastMessage: String { unsafe String(cString: PQerrorMessage(handle)) }

    private func broken(_ message: String) -> StoreError {
        hasFailed = true
        var error = StoreError(.unavailable, "the connection to PostgreSQL broke: \(Self.trim(message))")
        error.isTransient = true
        error.leavesTransaction = false
        return error
    }

    private func cancelled() -> StoreError {
        var error = StoreError(.cancelled, "the caller's task was cancelled")
        error.leavesTransaction = false
        return error
    }

    private static func trim(_ message: String) -> String {
        message.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "; ")
    }
}
