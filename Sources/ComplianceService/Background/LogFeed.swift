import Foundation
import Synchronization
import Wire

/// Wakes those who read logs as they grow, and bounds how many read.
final class LogFeed: Sendable {
    /// Times and bounds.
    struct Configuration: Sendable {
        /// Streams at a time, in all and of one log.
        var readers = 1_024
        var readersPerLog = 32
        /// The longest time between two messages of a tail.
        var heartbeat: Duration = .seconds(15)
        /// How often other processes' entries are looked for.
        var poll: Duration = .milliseconds(500)
        /// Entries that are read at a time.
        var page = 200

        init() {}
    }

    /// A stream's place among the readers.
    final class Reader: Sendable {
        let log: LogName
        private let state = Mutex<(isWoken: Bool, waiter: CheckedContinuation<Void, Never>?)>((false, nil))

        init(_ log: LogName) { self.log = log }

        func wake() {
            let waiter = state.withLock { state in
                state.isWoken = state.waiter == nil
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }

        /// Waits until it is woken, or a time has passed; a cancelled task waits no longer.
        func wait(atMost time: Duration) async {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await Task.sleep(for: time) }
                group.addTask { await self.untilWoken() }
                await group.next()
                group.cancelAll()
            }
        }

        private func untilWoken() async {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isWoken = state.withLock { state in
                        defer { state.isWoken = false }
                        if !state.isWoken && !Task.isCancelled { state.waiter = continuation }
                        return state.isWoken || Task.isCancelled
                    }
                    if isWoken { continuation.resume() }
                }
            } onCancel: {
                let waiter = state.withLock { state in
                    defer { state.waiter = nil }
                    return state.waiter
                }
                waiter?.resume()
            }
        }
    }

    private struct State {
        var readers: [LogName: [Reader]] = [:]
        var count = 0
        var isDraining = false
    }

    let configuration: Configuration
    private let state = Mutex(State())

    init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// Takes a place.
    ///
    /// - Throws: `ComplianceError.tooManyReaders`.
    func begin(_ log: LogName) throws -> Reader {
        try state.withLock { state in
            guard !state.isDraining else { throw RPCError(code: .unavailable, message: "the server is draining") }
            guard state.count < configuration.readers,
                state.readers[log, default: []].count < configuration.readersPerLog
            else { throw ComplianceError.tooManyReaders }
            let reader = Reader(log)
            state.readers[log, default: []].append(reader)
            state.count += 1
            return reader
        }
    }

    /// Gives a place back.
    func end(_ reader: Reader) {
        state.withLock { state in
            state.readers[reader.log]?.removeAll { $0 === reader }
            if state.readers[reader.log]?.isEmpty == true { state.readers[reader.log] = nil }
            state.count -= 1
        }
    }

    /// Wakes the readers of logs that have grown.
    func grown(_ logs: Set<LogName>) {
        let readers = state.withLock { state in logs.flatMap { state.readers[$0] ?? [] } }
        for reader in readers { reader.wake() }
    }

    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Ends all streams.
    func drain() {
        let readers = state.withLock { state in
            state.isDraining = true
            return state.readers.values.flatMap { $0 }
        }
        for reader in readers { reader.wake() }
    }
}
