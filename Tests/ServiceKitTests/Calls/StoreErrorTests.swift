import Persistence
import ServiceKit
import Testing
import Wire

/// What calls are told of their store's errors.
struct StoreErrorTests {
    @Test func callsThatHaveGoneAreNoFault() async {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return StoreError(.cancelled, "the caller's task was cancelled").rpcError.code
        }
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test func storesThatCloseAreUnavailable() {
        #expect(StoreError(.cancelled, "the store is closed").rpcError.code == .unavailable)
    }
}
