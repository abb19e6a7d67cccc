package import ComplianceContract
public import Jobs
import PolicyModel
import SwiftProtobuf
import Wire

/// Brings a service's audit events to Compliance: the outbox's way there.
public enum AuditRelay {
    /// Where audit events wait in the outbox.
    public static let destination = "audit"

    /// Bounds of a delivery.
    public struct Configuration: Sendable {
        /// Events in one call; Compliance takes 1 000.
        public var maximumEvents = 1_000
        /// Bytes of events in one call: below what a call may have.
        public var maximumBytes = 1 << 20
        /// Organizations whose events go together.
        public var maximumOrganizations = 200

        /// The defaults.
        public init() {}
    }

    /// Compliance, as a role calls it. Events wait in the outbox while it is away, so nobody waits for it.
    ///
    /// - Parameter caller: The name of the role that calls it.
    public static func peer(of caller: String) -> PeerDefinition {
        PeerDefinition("compliance", role: .compliance, of: caller, port: 7450, isAwaited: false)
    }

    /// The destination for an `OutboxRelay`. An event that Compliance refuses holds back its own organization's later ones
    /// and nobody else's, and is tried for ever: a gap would be worse.
    public static func destination(
        _ peer: Peer, configuration: Configuration = Configuration()
    ) -> OutboxDestination {
        destination(configuration: configuration) { events in
            let request = Datavault_Compliance_V1_AppendEventsRequest.with { $0.events = events }
            _ = try await Datavault_Compliance_V1_AuditIntakeService.Client(try peer.channel()).appendEvents(request)
        }
    }

    /// The destination, with another way to the log than a call.
    package static func destination(
        configuration: Configuration = Configuration(),
        append: @escaping @Sendable ([Datavault_Compliance_V1_AuditEvent]) async throws -> Void
    ) -> OutboxDestination {
        var destination = OutboxDestination(destination) { messages in
            var failures: [OutboxFailure] = []
            for part in parts(messages, configuration) {
                failures += try await deliver(part, append)
            }
            return failures
        }
        destination.maximumMessages = configuration.maximumEvents
        destination.maximumKeys = configuration.maximumOrganizations
        destination.backoff = Backoff(first: .milliseconds(200), longest: .seconds(5))
        return destination
    }

    private static func deliver(
        _ messages: [OutboxMessage], _ append: ([Datavault_Compliance_V1_AuditEvent]) async throws -> Void
    ) async throws -> [OutboxFailure] {
        do {
            try await append(try messages.map(event))
            return []
        } catch {
            let keys = Dictionary(grouping: messages, by: \.key)
            guard keys.count > 1, isOfContent(error) else {
                return messages.map { OutboxFailure(id: $0.id, error: "\(error)") }
            }
            // One organization's, by itself: the others' are taken.
            var failures: [OutboxFailure] = []
            for own in keys.values { failures += try await deliver(own, append) }
            return failures
        }
    }

    /// Whether sending less could help.
    private static func isOfContent(_ error: any Error) -> Bool {
        guard let error = error as? RPCError else { return true }
        return [.invalidArgument, .internal, .unknown, .outOfRange, .failedPrecondition].contains(error.code)
    }

    private static func event(_ message: OutboxMessage) throws -> Datavault_Compliance_V1_AuditEvent {
        var event = try Datavault_Compliance_V1_AuditEvent(serializedBytes: message.payload)
        event.sequence = message.id
        return event
    }

    /// The messages in pieces that a call takes, in their order.
    private static func parts(_ messages: [OutboxMessage], _ configuration: Configuration) -> [[OutboxMessage]] {
        var (parts, bytes): ([[OutboxMessage]], Int) = ([], 0)
        for message in messages {
            let size = message.payload.count + 16
            if let last = parts.last, last.count < configuration.maximumEvents,
                bytes + size <= configuration.maximumBytes
            {
                parts[parts.count - 1].append(message)
                bytes += size
            } else {
                parts.append([message])
                bytes = size
            }
        }
        return parts
    }
}
