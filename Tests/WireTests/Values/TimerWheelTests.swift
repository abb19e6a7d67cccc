import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Wire

/// Timers on a loop of their own.
@Suite struct TimerWheelTests {
    /// Runs `body` on a fresh loop with its wheel and waits until it calls the function that it is given.
    private func onLoop(_ body: @escaping @Sendable (LoopContext, @escaping () -> Void) -> Void) async throws {
        let loops = EventLoops(threads: 1)
        let context = loops.contexts[0]
        let done = context.loop.makePromise(of: Void.self)
        let limit = context.loop.scheduleTask(in: .seconds(10)) { done.fail(TimeoutError()) }
        context.run { body(context) { done.succeed() } }
        do {
            try await done.futureResult.get()
        } catch {
            Issue.record("the timers did not fire in time")
        }
        limit.cancel()
        try await loops.shutdown()
    }

    private struct TimeoutError: Error {}

    @Test func firesInOrderAndNeverEarly() async throws {
        try await onLoop { context, done in
            let start = NIODeadline.now()
            var fired: [Int] = []
            // Held by the wheel while armed.
            for delay in [60, 20, 40, 0, 80] {
                let timer = CallbackTimer()
                timer.action = {
                    #expect(NIODeadline.now() >= start + .milliseconds(Int64(delay)))
                    fired.append(delay)
                    if fired.count == 5 {
                        #expect(fired == [0, 20, 40, 60, 80])
                        done()
                    }
                }
                context.timers.arm(timer, at: start + .milliseconds(Int64(delay)))
            }
        }
    }

    @Test func firesAPastDeadlineSoon() async throws {
        try await onLoop { context, done in
            let timer = CallbackTimer()
            timer.action = done
            context.timers.arm(timer, at: .uptimeNanoseconds(1))
        }
    }

    @Test func movesAnArmedTimerBothWays() async throws {
        try await onLoop { context, done in
            let start = NIODeadline.now()
            let late = CallbackTimer()
            let early = CallbackTimer()
            var count = 0
            early.action = { count += 1 }
            late.action = {
                #expect(NIODeadline.now() >= start + .milliseconds(50))
                #expect(count == 1)
                done()
            }
            context.timers.arm(late, at: start + .milliseconds(5))
            context.timers.arm(late, at: start + .milliseconds(50))
            context.timers.arm(early, at: start + .seconds(3600))
            context.timers.arm(early, at: start + .milliseconds(10))
        }
    }

    @Test func disarmedTimersStaySilent() async throws {
        try await onLoop { context, done in
            let start = NIODeadline.now()
            // Three in one slot: the first, the middle and the last can go.
            for silent in 0..<3 {
                let timers = (0..<3).map { _ in CallbackTimer() }
                for (index, timer) in timers.enumerated() {
                    timer.action = { if index == silent { Issue.record("a disarmed timer fired") } }
                    context.timers.arm(timer, at: start + .milliseconds(10))
                }
                context.timers.disarm(timers[silent])
                context.timers.disarm(timers[silent])
            }
            let end = CallbackTimer()
            end.action = done
            context.timers.arm(end, at: start + .milliseconds(40))
        }
    }

    @Test func aTimerThatAnotherOneDisarmsStaysSilentInTheSameTick() async throws {
        try await onLoop { context, done in
            let start = NIODeadline.now()
            let timers = [CallbackTimer(), CallbackTimer()]
            var fired = 0
            for (timer, other) in [(timers[0], timers[1]), (timers[1], timers[0])] {
                timer.action = {
                    fired += 1
                    context.timers.disarm(other)
                }
                context.timers.arm(timer, at: start + .milliseconds(10))
            }
            let end = CallbackTimer()
            end.action = {
                #expect(fired == 1)
                done()
            }
            context.timers.arm(end, at: start + .milliseconds(40))
        }
    }

    @Test func waitsWholeRoundsOfTheWheel() async throws {
        try await onLoop { context, done in
            // 4096 slots of 2^21 ns: both share a slot, a round apart.
            let round = TimeAmount.nanoseconds(4096 << 21)
            let start = NIODeadline.now()
            let far = CallbackTimer()
            far.action = { Issue.record("a timer fired a round early") }
            context.timers.arm(far, at: start + .milliseconds(10) + round)
            let near = CallbackTimer()
            near.action = {
                let end = CallbackTimer()
                end.action = {
                    context.timers.disarm(far)
                    done()
                }
                context.timers.arm(end, at: .now() + .milliseconds(20))
            }
            context.timers.arm(near, at: start + .milliseconds(10))
        }
    }

    @Test func armsAgainFromItsOwnAction() async throws {
        try await onLoop { context, done in
            let timer = CallbackTimer()
            var count = 0
            timer.action = {
                count += 1
                if count == 5 { done() } else { context.timers.arm(timer, at: .now() + .milliseconds(1)) }
            }
            context.timers.arm(timer, at: .now())
        }
    }

    @Test func keepsThousandsOfTimers() async throws {
        try await onLoop { context, done in
            let start = NIODeadline.now()
            var left = 0
            for index in 0..<20_000 {
                let timer = CallbackTimer()
                let due = start + .microseconds(Int64.random(in: 0...200_000))
                timer.action = {
                    #expect(NIODeadline.now() >= due)
                    left -= 1
                    if left == 0 { done() }
                }
                context.timers.arm(timer, at: due)
                if index.isMultiple(of: 2) { context.timers.disarm(timer) } else { left += 1 }
            }
        }
    }
}
