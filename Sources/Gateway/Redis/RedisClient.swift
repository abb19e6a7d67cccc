import Dispatch
import Logging
import Synchronization

/// A client of one Redis: a few connections with a queue each, commands that wait at the same time sent together.
///
/// While Redis is away each command fails at once; the connections come back by themselves.
final class RedisClient: Sendable {
    /// How it is used.
    struct Configuration: Sendable {
        /// Connections, with a thread each.
        var connections = 2
        /// Commands that wait for a connection at most.
        var maxWaiting = 4_096
        /// Commands that are sent together at most.
        var maxBatch = 128
        /// The longest wait for a connection.
        var connectTimeout: Duration = .milliseconds(500)
        /// The longest wait for a reply.
        var commandTimeout: Duration = .milliseconds(250)
        /// Waits between attempts to connect: the first, which doubles up to the longest.
        var backoff: ClosedRange<Int> = 50...2_000
    }

    private let lanes: [RedisLane]
    private let next = Atomic<Int>(0)

    init(_ address: RedisAddress, configuration: Configuration = Configuration(), logger: Logger) {
        lanes = (0..<max(1, configuration.connections)).map { index in
            RedisLane(index, address, configuration, logger)
        }
        // Where one connection is lost the others mostly are, too: they find out before a request does.
        for lane in lanes {
            let others = lanes.filter { $0 !== lane }
            lane.setLossHandler { [weak self] in
                guard self != nil else { return }
                for other in others { other.probe() }
            }
        }
    }

    /// Connects in the background.
    func start() { for lane in lanes { lane.start() } }

    /// Closes the connections; commands that wait fail.
    func close() { for lane in lanes { lane.close() } }

    /// Whether a connection is up.
    var isUp: Bool { lanes.contains { $0.isUp } }

    /// Runs a command.
    func run(_ command: RedisCommand) async throws(RedisFailure) -> RedisReply {
        let first = next.wrappingAdd(1, ordering: .relaxed).newValue
        // The lane whose turn it is, or the first that is up.
        let lane =
            (0..<lanes.count).lazy.map { self.lanes[(first &+ $0) & Int.max % self.lanes.count] }.first { $0.isUp }
        guard let lane else { throw .away("there is no connection") }
        let result = await withCheckedContinuation { continuation in
            lane.submit(command) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }
}

/// One connection and those who wait for it.
private final class RedisLane: Sendable {
    typealias Completion = @Sendable (Result<RedisReply, RedisFailure>) -> Void

    private struct State {
        var waiting: [(RedisCommand, Completion)] = []
        var isRunning = false
        var isUp = false
        var isClosed = false
        var lossHandler: (@Sendable () -> Void)?
    }

    /// The connection, used on the queue only.
    private final class Holder: @unchecked Sendable {
        var connection: RedisConnection?
        var failures = 0
    }

    private let queue: DispatchQueue
    private let address: RedisAddress
    private let configuration: RedisClient.Configuration
    private let logger: Logger
    private let holder = Holder()
    private let state = Mutex(State())

    init(_ index: Int, _ address: RedisAddress, _ configuration: RedisClient.Configuration, _ logger: Logger) {
        queue = DispatchQueue(label: "datavault.redis.\(index)")
        (self.address, self.configuration, self.logger) = (address, configuration, logger)
    }

    var isUp: Bool { state.withLock { $0.isUp } }

    func setLossHandler(_ handler: @escaping @Sendable () -> Void) { state.withLock { $0.lossHandler = handler } }

    /// Finds out whether the connection still holds.
    func probe() { submit(RedisCommand(["PING"])) { _ in } }

    func start() { queue.async { self.connect() } }

    func close() {
        let waiting = state.withLock { state in
            (state.isClosed, state.isUp, state.lossHandler) = (true, false, nil)
            defer { state.waiting = [] }
            return state.waiting
        }
        for (_, completion) in waiting { completion(.failure(.away("the client has been closed"))) }
        queue.async { self.holder.connection = nil }
    }

    func submit(_ command: RedisCommand, _ completion: @escaping Completion) {
        let (failure, isFirst): (RedisFailure?, Bool) = state.withLock { state in
            guard state.isUp else { return (.away("there is no connection"), false) }
            guard state.waiting.count < configuration.maxWaiting else { return (.full, false) }
            state.waiting.append((command, completion))
            defer { state.isRunning = true }
            return (nil, !state.isRunning)
        }
        if let failure { return completion(.failure(failure)) }
        if isFirst { queue.async { self.drain() } }
    }

    // MARK: On the queue

    private func connect() {
        guard !state.withLock({ $0.isClosed }) else { return }
        do throws(RedisFailure) {
            holder.connection = try RedisConnection(
                address, connectTimeout: configuration.connectTimeout, commandTimeout: configuration.commandTimeout)
            if holder.failures > 0 { logger.notice("redis is back", metadata: ["redis": "\(address.description)"]) }
            holder.failures = 0
            state.withLock { $0.isUp = !$0.isClosed }
        } catch {
            if holder.failures == 0 {
                logger.warning(
                    "redis is away", metadata: ["redis": "\(address.description)", "error": "\(error)"])
            }
            connectLater()
        }
    }

    private func connectLater() {
        let range = configuration.backoff
        let longest = min(range.upperBound, range.lowerBound << min(holder.failures, 10))
        holder.failures += 1
        let wait = Int.random(in: longest / 2...longest)
        queue.asyncAfter(deadline: .now() + .milliseconds(wait)) { self.connect() }
    }

    private func drain() {
        while true {
            let batch = state.withLock { state in
                let count = min(state.waiting.count, configuration.maxBatch)
                let batch = Array(state.waiting.prefix(count))
                state.waiting.removeFirst(count)
                if batch.isEmpty { state.isRunning = false }
                return batch
            }
            guard !batch.isEmpty else { return }
            guard let connection = holder.connection else {
                for (_, completion) in batch { completion(.failure(.away("there is no connection"))) }
                continue
            }
            do throws(RedisFailure) {
                let replies = try connection.run(batch.map(\.0))
                for (index, reply) in replies.enumerated() { batch[index].1(.success(reply)) }
            } catch {
                lose(error, batch)
            }
        }
    }

    private func lose(_ failure: RedisFailure, _ batch: [(RedisCommand, Completion)]) {
        let handler = state.withLock { state in
            state.isUp = false
            return state.lossHandler
        }
        holder.connection = nil
        logger.warning(
            "the connection to redis was lost",
            metadata: ["redis": "\(address.description)", "error": "\(failure)"])
        for (_, completion) in batch { completion(.failure(failure)) }
        handler?()
        connectLater()
    }
}
