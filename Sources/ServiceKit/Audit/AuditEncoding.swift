import ComplianceContract
import Foundation
import PolicyModel
import SwiftProtobuf

/// Audit events as Compliance takes them (`AuditIntakeService.AppendEvents`), and as the outbox keeps them until then.
/// The sequence is the outbox's, which gives it when the event is sent.
public enum AuditEncoding {
    /// Unicode scalars of a value that tells of a person.
    static let personalValueLength = 1_024

    /// Unicode scalars that the contract lets a field have.
    private enum Bound {
        static let name = 200
        static let resource = 400
        static let text = 4_096
        static let code = 64
        static let personalName = 100
        static let personalCount = 32
    }

    /// The event's bytes. What is too long for the log is cut: a shorter text is better than an event that is never taken.
    public static func encode(_ event: AuditEvent) throws -> [UInt8] {
        let message = Datavault_Compliance_V1_AuditEvent.with {
            $0.organization = cut(event.organization ?? "", Bound.name)
            $0.action = cut(event.action, Bound.name)
            $0.actor = cut(event.actor, Bound.name)
            $0.initiator = cut(event.initiator ?? "", Bound.name)
            $0.resource = cut(event.resource ?? "", Bound.resource)
            $0.before = cut(event.before ?? "", Bound.text)
            $0.after = cut(event.after ?? "", Bound.text)
            $0.requestID = cut(event.requestID ?? "", Bound.name)
            $0.time = Google_Protobuf_Timestamp(microseconds: Int64(event.time.timeIntervalSince1970 * 1_000_000))
            if case .denied(let code, let reason) = event.outcome {
                $0.denial = .with {
                    $0.code = cut(code, Bound.code)
                    $0.reason = cut(reason, Bound.code)
                }
            }
            $0.personal = event.personal.prefix(Bound.personalCount).map { value in
                .with {
                    $0.name = cut(value.name, Bound.personalName)
                    $0.subject = cut(value.subject, Bound.name)
                    $0.value = cut(value.value, personalValueLength)
                }
            }
        }
        return try message.serializedBytes()
    }

    private static func cut(_ text: String, _ scalars: Int) -> String {
        guard text.utf8.count > scalars else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(scalars)))
    }
}

extension Google_Protobuf_Timestamp {
    /// A time in microseconds since 1970, also before that.
    init(microseconds: Int64) {
        let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000)
        self.init(
            seconds: rest < 0 ? seconds - 1 : seconds, nanos: Int32(rest < 0 ? rest + 1_000_000 : rest) * 1_000)
    }
}
