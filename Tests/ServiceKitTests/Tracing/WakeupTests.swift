import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct WakeupTests {
    @Test func callBeforeTheWaitCounts() async {
        let wakeup = Wakeup()
        wakeup.wake()
        wakeup.wake()
        await wakeup.wait(for: nil)
        // Calls do not add up: this one ends by time.
        await wakeup.wait(for: .milliseconds(1))
    }

    @Test func callEndsTheWait() async {
        let wakeup = Wakeup()
        let waiter = Task { await wakeup.wait(for: nil) }
        wakeup.wake()
        await waiter.value
    }

    @Test func cancellationEndsTheWait() async {
        let wakeup = Wakeup()
        let waiter = Task { await wakeup.wait(for: nil) }
        waiter.cancel()
        await waiter.value
    }

    @Test func timesOfEarlierWaitsEndNoLaterOne() async {
        let wakeup = Wakeup()
        for _ in 0..<100 {
            wakeup.wake()
            await wakeup.wait(for: .microseconds(1))
        }
        let waiter = Task { await wakeup.wait(for: nil) }
        try? await Task.sleep(for: .milliseconds(20))
        wakeup.wake()
        await waiter.value
    }

    @Test func manyWaitsInTurn() async {
        let wakeup = Wakeup()
        let caller = Task.detached {
            while !Task.isCancelled {
                wakeup.wake()
                await Task.yield()
            }
        }
        for _ in 0..<500 { await wakeup.wait(for: .milliseconds(1)) }
        caller.cancel()
    }
}
