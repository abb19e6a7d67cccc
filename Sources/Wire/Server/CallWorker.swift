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
    private var call: ServerContext?
    private var parked: UnsafeContinuation<Void, Never>?
    private(set) var task: Task<Void, Never>?
    /// Cancelled inside its first inline step: such a worker takes no further call.
    private var isCancelledEarly = false

    init(context: LoopContext, loop: ServerLoop) {
        self.context = context
        self.loop = loop
        unsafe parked = nil
    }

    /// Starts `call` inline: a handler that does not suspend has answered when this returns.
    func start(_ call: ServerContext) {
        self.call = call
        call.worker = self
        if let waiting = unsafe parked {
            unsafe parked = nil
            context.resumeInline { unsafe waiting.resume() }
        } else {
            let task = Task.immediate(executorPreference: context) { await self.work() }
            self.task = task
            if isCancelledEarly { task.cancel() }
        }
    }

    /// Cancels the call that runs; the worker ends with it.
    func cancel() {
        if let task {
            task.cancel()
        } else {
            // Still inside the first inline step, before the task's handle is known.
            isCancelledEarly = true
        }
    }

    /// Lets the worker's task end; it must be parked.
    func retire() {
        guard let waiting = unsafe parked else { return }
        unsafe parked = nil
        unsafe waiting.resume()
    }

    private func work() async {
        repeat {
            await runCall()
            // A handler may have come back on another thread only if it broke its executor; then it ends here.
            guard !Task.isCancelled, !isCancelledEarly, context.inLoop, loop.park(self) else { return }
            await unsafe withUnsafeContinuation { unsafe parked = $0 }
        } while call != nil
    }

    // Inlined, as each asynchronous function on the way costs every call a frame and two switches. A scope of its own,
    // as a worker that waits must not hold the call that it has finished.
    @inline(__always)
    private func runCall() async {
        guard let call, let method = call.registered else { return }
        self.call = nil
        var failure: RPCError?
        do {
            if call.isPlain {
                try await ServerContext.$current.withValue(call) { try await method.invoke(call) }
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
