import Synchronization

/// The head of a response, as the loop hands it over.
struct ResponseHead: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var connection: ConnectionInfo
    var timings: OutboundTimings
}

/// What passes between the loop's thread and the caller of one transfer: the head, and a bounded buffer of the body.
final class Exchange: Sendable {
    enum Appended { case taken, full, unwanted }

    private typealias Waiter<Value> = CheckedContinuation<Result<Value, OutboundError>, Never>

    private struct State {
        var head: ResponseHead?
        var headWaiter: Waiter<ResponseHead>?
        var chunks: [[UInt8]] = []
        /// The first of `chunks` that has not been taken.
        var next = 0
        var buffered = 0
        var chunkWaiter: Waiter<[UInt8]?>?
        var end: Result<Void, OutboundError>?
        /// Whether libcurl has been told to wait until there is room.
        var isPaused = false
    }

    let id: Int
    private let state = Mutex(State())
    private let mailbox: Mailbox
    private let capacity: Int

    init(id: Int, mailbox: Mailbox, capacity: Int) {
        self.id = id
        self.mailbox = mailbox
        self.capacity = max(capacity, 1)
    }

    // MARK: The loop's side

    func deliver(_ head: ResponseHead) {
        let waiter = state.withLock { state -> Waiter<ResponseHead>? in
            state.head = head
            defer { state.headWaiter = nil }
            return state.headWaiter
        }
        waiter?.resume(returning: .success(head))
    }

    /// Takes a piece of the body, or asks that it be brought again when there is room.
    func append(_ bytes: UnsafeRawBufferPointer) -> Appended {
        enum Step {
            case done(Appended)
            case hand(Waiter<[UInt8]?>)
        }
        let step = state.withLock { state -> Step in
            if state.end != nil { return .done(.unwanted) }
            if let waiter = state.chunkWaiter {
                state.chunkWaiter = nil
                return .hand(waiter)
            }
            guard state.buffered < capacity else {
                state.isPaused = true
                return .done(.full)
            }
            unsafe state.chunks.append([UInt8](bytes))
            state.buffered += bytes.count
            return .done(.taken)
        }
        switch step {
        case .done(let appended): return appended
        case .hand(let waiter):
            waiter.resume(returning: .success(unsafe [UInt8](bytes)))
            return .taken
        }
    }

    /// Ends the exchange; what is buffered can still be read, unless it failed. The first end counts.
    @discardableResult
    func finish(_ result: Result<Void, OutboundError>) -> Bool {
        var head: Waiter<ResponseHead>?
        var chunk: Waiter<[UInt8]?>?
        let isFirst = state.withLock { state in
            guard state.end == nil else { return false }
            state.end = result
            (head, state.headWaiter) = (state.headWaiter, nil)
            (chunk, state.chunkWaiter) = (state.chunkWaiter, nil)
            return true
        }
        head?.resume(
            returning: .failure(result.failure ?? OutboundError(.protocolError, "the response has no head")))
        chunk?.resume(returning: result.map { nil })
        return isFirst
    }

    // MARK: The caller's side

    /// Waits for the head. Cancellation of the task ends the transfer.
    func head() async throws(OutboundError) -> ResponseHead {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter<ResponseHead>) in
                let ready = state.withLock { state -> Result<ResponseHead, OutboundError>? in
                    if let failure = state.end?.failure { return .failure(failure) }
                    if let head = state.head { return .success(head) }
                    state.headWaiter = waiter
                    return nil
                }
                if let ready { waiter.resume(returning: ready) }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// The next piece of the body as it came, or nil at its end. Cancellation of the task ends the transfer.
    func chunk() async throws(OutboundError) -> [UInt8]? {
        enum Step {
            case ready(Result<[UInt8]?, OutboundError>, resumes: Bool)
            case wait
        }
        if Task.isCancelled { cancel() }
        if case .ready(let result, let resumes) = state.withLock({ Self.take(&$0, capacity: capacity) }) {
            if resumes { mailbox.post(.resumeBody(id)) }
            return try result.get()
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter<[UInt8]?>) in
                let taken = state.withLock { state -> Taken in
                    let taken = Self.take(&state, capacity: capacity)
                    if case .nothing = taken { state.chunkWaiter = waiter }
                    return taken
                }
                guard case .ready(let result, let resumes) = taken else { return }
                if resumes { mailbox.post(.resumeBody(id)) }
                waiter.resume(returning: result)
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    private enum Taken {
        case ready(Result<[UInt8]?, OutboundError>, resumes: Bool)
        case nothing
    }

    private static func take(_ state: inout State, capacity: Int) -> Taken {
        if let failure = state.end?.failure { return .ready(.failure(failure), resumes: false) }
        if state.next < state.chunks.count {
            let chunk = state.chunks[state.next]
            state.chunks[state.next] = []
            state.next += 1
            if state.next == state.chunks.count {
                state.chunks.removeAll(keepingCapacity: true)
                state.next = 0
            }
            state.buffered -= chunk.count
            let resumes = state.isPaused && state.buffered <= capacity / 2
            if resumes { state.isPaused = false }
            return .ready(.success(chunk), resumes: resumes)
        }
        if state.end != nil { return .ready(.success(nil), resumes: false) }
        return .nothing
    }

    /// Ends the transfer at once, whatever its state.
    func cancel() {
        if finish(.failure(.cancelledByCaller)) { mailbox.post(.cancel(id)) }
    }

    var isPaused: Bool { state.withLock { $0.isPaused } }
}

extension Result {
    var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
