import Foundation
import IdentityContract
import Synchronization
import Testing
import Wire

@testable import IdentityService

/// What a gateway knows by its stream.
final class KeysGateway: Sendable {
    struct Knowledge: Sendable {
        var start: Datavault_Identity_V1_CredentialStreamStart?
        var isComplete = false
        var keys: [String: Datavault_Identity_V1_ApiKeyCredential] = [:]
        var removed: [String] = []
        var networks: [String: [String]] = [:]
        var revocations: [Datavault_Identity_V1_TokenRevocation] = []
        var tokenKeys: [String] = []
        var heartbeats = 0
        var sequences: [Int64] = []
        var lastTime: Int64 = 0
        var end: RPCError?
    }

    private let state = Mutex(Knowledge())
    var knowledge: Knowledge { state.withLock { $0 } }

    func take(_ event: Datavault_Identity_V1_CredentialEvent) {
        state.withLock { known in
            known.lastTime = max(known.lastTime, event.timeMs)
            if event.event != nil { known.sequences.append(event.sequence) }
            switch event.event {
            case .start(let start): known.start = start
            case .complete: known.isComplete = true
            case .apiKey(let key): known.keys[key.id] = key
            case .apiKeyRemoved(let id):
                known.keys[id] = nil
                known.removed.append(id)
            case .tokenKeys(let all): known.tokenKeys = all.keys.map(\.id)
            case .revocation(let revocation): known.revocations.append(revocation)
            case .networks(let networks): known.networks[networks.organization] = networks.allowedNetworks
            case nil: known.heartbeats += 1
            }
        }
    }

    func watch(_ client: Datavault_Identity_V1_TrustService.Client) async throws {
        do {
            for try await event in try await client.watchCredentials(.init()) { take(event) }
        } catch let error as RPCError {
            // One that was refused has not begun.
            state.withLock { if $0.start != nil { $0.end = error } }
        }
    }

    /// Waits until the gateway knows something; far longer than it should take, as the machine may be loaded.
    ///
    /// - Returns: How long it took.
    @discardableResult
    func wait(
        _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
        until condition: (Knowledge) throws -> Bool
    ) async throws -> Duration {
        let began = ContinuousClock.now
        while ContinuousClock.now - began < .seconds(60) {
            if try condition(knowledge) { return ContinuousClock.now - began }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(what, sourceLocation: sourceLocation)
        return ContinuousClock.now - began
    }
}

/// Runs a body while a gateway listens to an instance, from the end of its first part on.
func withGateway(_ instance: KeysInstance, _ body: (KeysGateway) async throws -> Void) async throws {
    let gateway = KeysGateway()
    let deadline = ContinuousClock.now + .seconds(60)
    let watching = Task {
        // An instance that has not looked yet refuses.
        repeat {
            try await gateway.watch(instance.trust)
            if gateway.knowledge.start != nil { return }
            try await Task.sleep(for: .milliseconds(20))
        } while ContinuousClock.now < deadline
    }
    let result: Result<Void, any Error>
    do {
        try await gateway.wait("the first part ends") { $0.isComplete }
        result = .success(try await body(gateway))
    } catch { result = .failure(error) }
    watching.cancel()
    _ = try? await watching.value
    try result.get()
}
