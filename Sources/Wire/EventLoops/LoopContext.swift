package import NIOCore
import Synchronization

/// All that Wire keeps for one event loop: the executor of its calls' tasks, its timers, and what is to be written.
///
/// As a task executor it runs jobs on the loop. Jobs that become ready while the loop is busy with a connection run at
/// the end of that turn, before its bytes are flushed: a handler that was resumed by a read burst answers in the same
/// write as those that never suspended.
//
// Unchecked: all but `incoming` is confined to the loop, which `loop.inEventLoop` decides.
package final class LoopContext: TaskExecutor, @unchecked Sendable {
    package let loop: any EventLoop
    /// Jobs from other threads, and whether a turn that takes them is scheduled already.
    private let incoming = Mutex(Incoming())
    @exclusivity(unchecked) private var ready: [UnownedJob] = []
    @safe @exclusivity(unchecked) private var readyHead = 0
    @safe @exclusivity(unchecked) private var dirty: [HTTP2Connection] = []
    /// Clients' connections with bytes to write: see `markDirty`.
    @safe @exclusivity(unchecked) private var dirtyClients: [HTTP2Connection] = []
    /// Those that are being flushed; empty between two flushes.
    @safe @exclusivity(unchecked) private var flushedClients: [HTTP2Connection] = []
    @safe @exclusivity(unchecked) private var clientFlushScheduled = false
    @safe @exclusivity(unchecked) private var deferred: [() -> Void] = []
    /// Clients' calls that have ended, and that no task waits for.
    @safe @exclusivity(unchecked) private var endedCalls = CircularBuffer<ClientCall>(initialCapacity: 16)
    @safe @exclusivity(unchecked) private var turnDepth = 0
    @safe @exclusivity(unchecked) private var turnScheduled = false
    @safe @exclusivity(unchecked) private var capturesNextJob = false
    @exclusivity(unchecked) private var inlineJob: UnownedJob?
    let timers: TimerWheel
    /// Where a connection's output is gathered.
    let output = OutputGatherer()
    /// Where header blocks are built.
    let headerBuilder = HeaderBlockBuilder()
    /// Call objects of the loop's clients.
    let clientCalls = ClientCallPool()
    /// What the loop's nghttp2 sessions allocate from.
    let sessionMemory = SessionMemory()

    /// Jobs run in one turn before the loop looks at its sockets again.
    private static let jobsPerTurn = 512

    private struct Incoming {
        var jobs: [UnownedJob] = []
        var isScheduled = false
    }

    init(loop: any EventLoop) {
        self.loop = loop
        unsafe self.inlineJob = nil
        self.timers = TimerWheel(loop: loop)
        timers.afterFiring = { [weak self] in self?.settle() }
    }

    /// Places taken in the list of ready jobs.
    var readyCount: Int { unsafe ready.count }
    package var inLoop: Bool { loop.inEventLoop }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if loop.inEventLoop {
            if capturesNextJob {
                capturesNextJob = false
                unsafe inlineJob = job
                return
            }
            unsafe ready.append(job)
            if turnDepth == 0 { scheduleTurn() }
            return
        }
        let mustSchedule = incoming.withLock { incoming in
            incoming.jobs.append(job)
            defer { incoming.isScheduled = true }
            return !incoming.isScheduled
        }
        if mustSchedule { loop.execute { self.takeIncoming() } }
    }

    private func takeIncoming() {
        let jobs = incoming.withLock { incoming in
            incoming.isScheduled = false
            let jobs = incoming.jobs
            incoming.jobs = []
            return jobs
        }
        unsafe ready.append(contentsOf: jobs)
        settle()
    }

    /// Runs `body` on the loop: at once if it is the current thread's, else as a turn of its own.
    package func run(_ body: @escaping @Sendable () -> Void) {
        if loop.inEventLoop {
            turn(body)
        } else {
            loop.execute { self.turn(body) }
        }
    }

    /// Runs `resume`, which makes one job of this executor ready, and that job at once.
    package func resumeInline(_ resume: () -> Void) {
        unsafe inlineJob = nil
        capturesNextJob = true
        resume()
        capturesNextJob = false
        guard let job = unsafe inlineJob else { return }
        unsafe inlineJob = nil
        turnDepth += 1
        unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        turnDepth -= 1
    }

    /// Runs `body` in this turn, after what runs now has returned.
    package func afterTurn(_ body: @escaping () -> Void) {
        deferred.append(body)
        if turnDepth == 0 { scheduleTurn() }
    }

    /// Runs a call's completion in this turn.
    func callEnded(_ call: ClientCall) {
        endedCalls.append(call)
        if turnDepth == 0 { scheduleTurn() }
    }

    // MARK: Turns

    /// Runs `body` and then all it caused: resumed jobs first, then one flush a connection.
    package func turn(_ body: () -> Void) {
        turnDepth += 1
        body()
        turnDepth -= 1
        settle()
    }

    /// Opens a turn that `leaveTurn` ends: a burst of reads shares one flush.
    package func enterTurn() { turnDepth += 1 }

    package func leaveTurn() {
        turnDepth -= 1
        settle()
    }

    /// Marks a connection as having bytes to write.
    ///
    /// A server's leave at the end of the turn that made them. A client's wait until the loop has looked at all sockets
    /// that were ready: requests that many connections brought at once go to a service as one record and one write.
    func markDirty(_ connection: HTTP2Connection) {
        if connection.isDirty { return }
        connection.isDirty = true
        guard !connection.isServer else {
            dirty.append(connection)
            if turnDepth == 0 { scheduleTurn() }
            return
        }
        dirtyClients.append(connection)
        guard !clientFlushScheduled else { return }
        clientFlushScheduled = true
        loop.execute { self.flushClients() }
    }

    private func flushClients() {
        clientFlushScheduled = false
        turn {
            // Swapped out, as a flush may mark connections again.
            swap(&dirtyClients, &flushedClients)
            for connection in flushedClients {
                connection.isDirty = false
                connection.flush()
            }
            flushedClients.removeAll(keepingCapacity: true)
        }
    }

    private func scheduleTurn() {
        if turnScheduled { return }
        turnScheduled = true
        loop.execute {
            self.turnScheduled = false
            self.settle()
        }
    }

    /// Runs ready jobs and flushes connections until there is nothing left, or this turn's share is used up.
    func settle() {
        guard turnDepth == 0 else { return }
        turnDepth += 1
        var left = Self.jobsPerTurn
        while true {
            while left > 0, let call = endedCalls.popFirst() {
                left -= 1
                ClientCall.complete(call)
            }
            while unsafe readyHead < ready.count, left > 0 {
                let job = unsafe ready[readyHead]
                readyHead += 1
                left -= 1
                unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
            }
            if unsafe readyHead == ready.count {
                unsafe ready.removeAll(keepingCapacity: ready.capacity <= 4096)
                readyHead = 0
            }
            if !deferred.isEmpty {
                let bodies = deferred
                deferred.removeAll(keepingCapacity: true)
                for body in bodies {
                    body()
                    left -= 1
                }
            }
            guard !dirty.isEmpty else {
                if left > 0, hasMore { continue }
                break
            }
            // Swapped out, as a flush may mark connections again.
            let connections = dirty
            dirty.removeAll(keepingCapacity: true)
            for connection in connections {
                connection.isDirty = false
                connection.flush()
            }
            if left <= 0 { break }
        }
        if readyHead >= Self.jobsPerTurn {
            // Jobs that make each other ready for ever never leave the list empty; it must not grow for that.
            unsafe ready.removeFirst(readyHead)
            readyHead = 0
        }
        turnDepth -= 1
        if hasMore || !dirty.isEmpty { scheduleTurn() }
    }

    private var hasMore: Bool { unsafe readyHead < ready.count || !deferred.isEmpty || !endedCalls.isEmpty }

    /// Runs `body` on the loop and returns when it has run.
    package func hop<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        if inLoop { return body() }
        return await unsafe withUnsafeContinuation { continuation in
            run { unsafe continuation.resume(returning: body()) }
        }
    }
}
