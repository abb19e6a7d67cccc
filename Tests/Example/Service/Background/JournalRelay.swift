import ExampleContract
import Foundation
import Jobs
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

/// Tells the journal what was done: the outbox's way to another role.
enum JournalRelay {
    static let destination = "journal"

    /// An event as the journal takes it.
    static func encode(_ event: AuditEvent) throws -> [UInt8] {
        let entry = Entry.with {
            $0.organization = event.organization ?? ""
            $0.action = event.action
            $0.actor = event.actor
            $0.resource = event.resource ?? ""
            $0.before = event.before ?? ""
            $0.after = event.after ?? ""
            if case .denied(let code, let reason) = event.outcome { $0.denial = "\(code) \(reason)" }
            $0.time = Google_Protobuf_Timestamp(date: event.time)
        }
        return try entry.serializedBytes()
    }

    static func destination(_ peer: Peer) -> OutboxDestination {
        OutboxDestination(destination) { messages in
            var request = Datavault_Example_V1_AppendEntriesRequest()
            request.entries = try messages.map { message in
                var entry = try Entry(serializedBytes: message.payload)
                entry.sequence = message.id
                return entry
            }
            _ = try await Datavault_Example_V1_JournalService.Client(try peer.channel()).appendEntries(request)
            return []
        }
    }
}
