import ComplianceContract
import Foundation
import ServiceKit
import SwiftProtobuf

/// Audit events as Compliance takes them (`AuditIntakeService.AppendEvents`), and as the outbox keeps them until then.
/// The sequence is the outbox's, which gives it when the event is sent.
enum AuditEncoding {
    static func encode(_ event: AuditEvent) throws -> [UInt8] {
        let message = Datavault_Compliance_V1_AuditEvent.with {
            $0.organization = event.organization ?? ""
            $0.action = event.action
            $0.actor = event.actor
            $0.initiator = event.initiator ?? ""
            $0.resource = event.resource ?? ""
            $0.before = event.before ?? ""
            $0.after = event.after ?? ""
            $0.requestID = event.requestID ?? ""
            $0.time = Google_Protobuf_Timestamp(microseconds: Int64(event.time.timeIntervalSince1970 * 1_000_000))
            if case .denied(let code, let reason) = event.outcome {
                $0.denial = .with {
                    $0.code = code
                    $0.reason = reason
                }
            }
        }
        return try message.serializedBytes()
    }
}
