import Dispatch
import Persistence
import Synchronization

/// Threads for what takes the processor for long: parsing, expressions, columns. Tasks' own threads and connections'
/// loops stay free.
///
/// Organizations take turns, piece by piece: who asks for much waits for his own. A piece whose task is cancelled, as by
/// its call's deadline, is not begun any more, and one that looks at `WorkToken` ends early. How many pieces wait is
/// bounded by the calls and runs that a process serves: each waits for one at a time.
final class WorkPool: Sendable {
    private struct Piece: Sendable {
        let token: WorkToken
        let perform: @Sendable () -> Void
        let drop: @Sendable () -> Void
    }

    private struct State: Sendable {
        /// Pieces in order; no entry is empty.
        var waiting: [OrganizationID: [Piece]] = [:]
        /// Organizations with pieces that wait, the next one first.
        var turns: [OrganizationID] = []
        var busyThreads = 0

        mutating func append(_ piece: Piece, of organization: OrganizationID) {
            if waiting[organization] == nil { turns.append(organization) }
            waiting[organization, default: []].append(piece)
        }

        mutating func takeNext() -> Piece? {
            guard !turns.isEmpty else { return nil }
            let organization = turns.removeFirst()
            let piece = waiting[organization]?.removeFirst()
            if waiting[organization]?.isEmpty == true {
                waiting[organization] = nil
            } else {
                turns.append(organization)
            }
            return piece
        }

        mutating func remove(_ token: WorkToken, of organization: OrganizationID) -> Piece? {
            guard let index = waiting[organization]?.firstIndex(where: { $0.token === token }) else { return nil }
            let piece = waiting[organization]?.remove(at: index)
            if waiting[organization]?.isEmpty == true {
                waiting[organization] = nil
                turns.removeAll { $0 == organization }
            }
            return piece
        }
    }

    private let threads: Int
    private let queue = DispatchQueue(label: "datavault.pipeline.work", attributes: .concurrent)
    private let state = Mutex(State())

    /// - Parameter threads: How many pieces are worked on at once.
    init(threads: Int) { self.threads = max(threads, 1) }

    /// Runs the body on one of the threads, when it is the organization's turn.
    ///
    /// - Throws: What the body throws; `CancellationError` if the task is cancelled before the body has ended.
    func run<Result: Sendable>(
        for organization: OrganizationID, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        let token = WorkToken()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
                let piece = Piece(token: token) {
                    let result = Swift.Result { try WorkToken.$current.withValue(token) { try body() } }
                    continuation.resume(with: token.isCancelled ? .failure(CancellationError()) : result)
                } drop: {
                    continuation.resume(throwing: CancellationError())
                }
                add(piece, of: organization)
            }
        } onCancel: {
            token.cancel()
            state.withLock { $0.remove(token, of: organization) }?.drop()
        }
    }

    private func add(_ piece: Piece, of organization: OrganizationID) {
        enum Next { case wait, start, drop }
        let next: Next = state.withLock { state in
            // Whoever cancels later finds it among those that wait.
            if piece.token.isCancelled { return .drop }
            state.append(piece, of: organization)
            guard state.busyThreads < threads else { return .wait }
            state.busyThreads += 1
            return .start
        }
        switch next {
        case .wait: break
        case .start: queue.async { self.work() }
        case .drop: piece.drop()
        }
    }

    /// Works as long as there is something to do.
    private func work() {
        while true {
            let piece = state.withLock { state in
                let piece = state.takeNext()
                if piece == nil { state.busyThreads -= 1 }
                return piece
            }
            guard let piece else { return }
            piece.perform()
        }
    }
}

/// Tells a piece of work that nobody waits for it any more.
final class WorkToken: Sendable {
    /// Of the piece that this thread works on.
    @TaskLocal static var current: WorkToken?

    private let flag = Atomic(false)

    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    func cancel() { flag.store(true, ordering: .sequentiallyConsistent) }
}
