import IdentityContract
import Testing
import Wire

@testable import IdentityService

/// The bounds of what waits for a stream.
@Suite(.timeLimit(.minutes(1))) struct KeysSubscriptionTests {
    private func end(of subscription: CredentialSubscription) async -> StatusCode? {
        do { try await subscription.untilEnd() } catch let error as RPCError { return error.code } catch {}
        return nil
    }

    @Test func changesWaitTogetherAndHeartbeatsDoNotPileUp() async throws {
        let subscription = CredentialSubscription(peer: "", maximumPending: 10)
        for time in 1...50 { subscription.offer([], asOf: Int64(time), stall: .seconds(60)) }
        subscription.offer([.apiKeyRemoved("a")], asOf: 51, stall: .seconds(60))
        subscription.offer([.apiKeyRemoved("b")], asOf: 52, stall: .seconds(60))
        let delivery = try await subscription.next()
        #expect(delivery.events == [.apiKeyRemoved("a"), .apiKeyRemoved("b")])
        #expect(delivery.asOf == 52)
    }

    @Test func whoLetsTooMuchWaitIsCutOff() async throws {
        let subscription = CredentialSubscription(peer: "", maximumPending: 10)
        for number in 0..<11 { subscription.offer([.apiKeyRemoved("\(number)")], asOf: 1, stall: .seconds(60)) }
        #expect(await end(of: subscription) == .unavailable)
        await #expect(throws: RPCError.self) { try await subscription.next() }
    }

    @Test func whoTakesNothingForTooLongIsCutOff() async throws {
        let subscription = CredentialSubscription(peer: "", maximumPending: 10)
        subscription.offer([], asOf: 1, stall: .zero)
        #expect(await end(of: subscription) == .unavailable)
    }

    @Test func progressCountsAsTaking() async throws {
        let subscription = CredentialSubscription(peer: "", maximumPending: 10)
        subscription.progress()
        subscription.offer([], asOf: 1, stall: .seconds(60))
        let delivery = try await subscription.next()
        #expect(delivery.events.isEmpty)
    }

    @Test func cancellationEndsTheWait() async throws {
        let subscription = CredentialSubscription(peer: "", maximumPending: 10)
        let waiting = Task { try await subscription.next() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
