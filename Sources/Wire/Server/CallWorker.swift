import NIOCore

/// A task that runs one call after another on its loop.
///
/// A task costs about a microsecond to make and end, a third of a unary call; a worker that has finished a call waits
/// for the next one instead. A worker whose task was cancelled is not used again, as cancellation cannot be undone.
//
// Unchecked: confined to the loop.
@safe
final class CallWorker: @unchecked Sendable {
    private let context: LoopContext
    private let loop: ServerLoop
    @safe @exclusivity(unchecked) private var call: ServerContext?
    @exclusivity(unchecked) private var parked: UnsafeContinuation<Void, Never>?
    @safe @exclusivity(unchecked) private(set) var task: Task<Void, Never>?
    /// What the task finds its call by; the task alone holds it.
    @exclusivity(unchecked) private let holder: Unmanaged<CallHolder>

    init(context: LoopContext, loop: ServerLoop) {
        self.context = context
        self.loop = loop
        unsafe parked = nil
        let holder = CallHolder()
        unsafe self.holder = .passUnretained(holder)
        // Detached first: the call may have come by a task of this loop, whose task-locals are none of its business.
        Task.immediateDetached {
            // Bound by a copy of the task-locals, as `withValue` would hold another reference for as long as it runs.
            CallHolder.$current.withValue(holder) {
                self.task = Task.immediate(executorPreference: context) { await self.work() }
            }
        }
    }

    /// Starts `call` inline: a handler that does not suspend has answered when this returns.
    func start(_ call: ServerContext) {
        guard let waiting = unsafe parked else { fatalError("a worker was given a call while it had one") }
        self.call = call
        call.worker = self
        unsafe parked = nil
        context.resumeInline { unsafe waiting.resume() }
    }

    /// Cancels the call that runs; the worker ends with it.
    func cancel() { task?.cancel() }

    /// Lets the worker's task end; it must be parked.
    func retire() {
        guard let waiting = unsafe parked else { return }
        unsafe parked = nil
        unsafe waiting.resume()
    }

    private func work() async {
        repeat {
            await unsafe withUnsafeContinuation { unsafe parked = $0 }
            await runCall()
            // A handler may have come back on another thread only if it broke its executor; then it ends here.
        } while !Task.isCancelled && context.inLoop && letGo() && loop.park(self)
    }

    /// Clears the holder; false if a task that the handler has let loose keeps it.
    private func letGo() -> Bool {
        guard unsafe CallHolder.isUnique(holder) else { return false }
        unsafe holder._withUnsafeGuaranteedRef { $0.call = nil }
        return true
    }

    // Inlined, as each asynchronous function on the way costs every call a frame and two switches. A scope of its own,
    // as a worker that waits must not hold the call that it has finished.
    @inline(__always)
    private func runCall() async {
        guard let call, let method = call.registered else { return }
        self.call = nil
        unsafe holder._withUnsafeGuaranteedRef { $0.call = call }
        var failure: RPCError?
        do {
            if call.isPlain {
                try await method.invoke(call)
            } else {
                try await call.runChain(of: method)
            }
        } catch {
            failure = RPCError.wrapping(error)
        }
        if context.inLoop {
            call.handlerReturned(failure)
        } else {
            // A handler may have left its executor for good; its stream's state has not.
            let outcome = failure
            await context.hop { call.handlerReturned(outcome) }
        }
    }
}
