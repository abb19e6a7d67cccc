// Tasks that wait for a call.
extension ClientCall {
    /// What somebody waits for.
    enum News {
        /// A message, or the end.
        case message
        /// The reply's headers, or the end.
        case headers
        case end
    }

    func has(_ news: News) -> Bool {
        switch news {
        case .message: hasNews
        case .headers: responseHeaders != nil || outcome != nil
        case .end: outcome != nil
        }
    }

    /// Suspends until there are such news.
    func wait(for news: News) async {
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                // Most waits begin on the loop, and then need no closure on the heap.
                if context.inLoop {
                    unsafe wait(for: news, continuation)
                } else {
                    context.run { unsafe self.wait(for: news, continuation) }
                }
            }
        } onCancel: {
            context.run { self.cancel(RPCError(code: .cancelled, message: "the calling task was cancelled")) }
        }
    }

    func wait(for news: News, _ continuation: UnsafeContinuation<Void, Never>) {
        if has(news) {
            unsafe continuation.resume()
        } else if unsafe waiter != nil {
            unsafe otherWaiters.append(continuation)
        } else {
            // The reader waits for the rest of a message that is larger than the window.
            credit(uncredited)
            unsafe waiter = continuation
        }
    }

    func waitForRoom() async {
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                context.run {
                    if self.outbound.count > self.maxBufferedOutput / 2, !self.isClosed, self.outcome == nil {
                        self.isWriterWaiting = true
                        unsafe self.writers.append(continuation)
                    } else {
                        unsafe continuation.resume()
                    }
                }
            }
        } onCancel: {
            context.run { self.cancel(RPCError(code: .cancelled, message: "the calling task was cancelled")) }
        }
    }

    func wakeReader() {
        completeSoon()
        guard let waiting = unsafe waiter else { return }
        let others = unsafe otherWaiters
        unsafe waiter = nil
        if unsafe !others.isEmpty { unsafe otherWaiters = [] }
        unsafe waiting.resume()
        unsafe others.forEach { unsafe $0.resume() }
    }

    func wakeWriters() {
        let waiting = unsafe writers
        unsafe writers = []
        unsafe waiting.forEach { unsafe $0.resume() }
    }

    func wakeAll() {
        wakeReader()
        wakeWriters()
    }
}
