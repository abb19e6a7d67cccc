import Dispatch
import Synchronization

/// Calls a function at an interval, on a queue of its own, until it is stopped or dropped.
final class Ticker: Sendable {
    private let interval: Duration
    // Dispatch's timers may be used from any thread; the type does not say so on Linux.
    private nonisolated(unsafe) let source: any DispatchSourceTimer

    init(interval: Duration) {
        self.interval = interval
        unsafe source = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "datavault.store.tick"))
    }

    func start(_ body: @escaping @Sendable () -> Void) {
        let nanoseconds = max(Int(interval / .nanoseconds(1)), 1_000_000)
        unsafe source.schedule(
            deadline: .now() + .nanoseconds(nanoseconds), repeating: .nanoseconds(nanoseconds),
            leeway: .nanoseconds(nanoseconds / 4))
        unsafe source.setEventHandler(handler: DispatchWorkItem(block: body))
        unsafe source.activate()
    }

    func stop() { unsafe source.cancel() }

    deinit { unsafe source.cancel() }
}
