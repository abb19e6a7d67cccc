import ComplianceContract
import Foundation
import Persistence
import SwiftProtobuf

/// Makes messages of entries, with what tells of persons as far as the caller may see it and it is not erased.
struct EntryMessages: Sendable {
    typealias Message = Datavault_Compliance_V1_AuditLog

    let access: LogAccess
    let keys: SubjectKeys

    /// Messages of entries, with the keys that are there at the time of the transaction.
    func messages(_ rows: [EntryRow], in tx: borrowing Transaction) throws -> [Message] {
        let leaves = try rows.map { ($0, try AuditLeaf($0.leaf)) }
        let opened = try openedKeys(leaves.map(\.1), in: tx)
        return leaves.map { row, leaf in message(row, leaf, opened) }
    }

    /// The keys of all whom the leaves tell of.
    func openedKeys(_ leaves: [AuditLeaf], in tx: borrowing Transaction) throws -> [String: SubjectKey] {
        let subjects = Set(leaves.flatMap { $0.personal.map(\.subject) })
        return subjects.isEmpty ? [:] : try keys.read(subjects, access.log, in: tx)
    }

    private func message(_ row: EntryRow, _ leaf: AuditLeaf, _ keys: [String: SubjectKey]) -> Message {
        .with {
            $0.name = Self.name(row.index)
            $0.leaf = Data(row.leaf)
            ($0.source, $0.sequence) = (leaf.source, leaf.sequence)
            $0.eventTime = Google_Protobuf_Timestamp(microseconds: leaf.time)
            $0.createTime = Google_Protobuf_Timestamp(microseconds: leaf.loggedAt)
            ($0.action, $0.actor, $0.initiator) = (leaf.action, leaf.actor, leaf.initiator)
            ($0.resource, $0.before, $0.after) = (leaf.resource, leaf.before, leaf.after)
            $0.outcome = .done
            if case .denied(let code, let reason) = leaf.outcome {
                $0.outcome = .denied
                $0.denial = .with { ($0.code, $0.reason) = (code, reason) }
            }
            $0.requestID = leaf.requestID
            $0.personal = leaf.personal.map { personal($0, leaf, keys) }
        }
    }

    private func personal(
        _ value: SealedPersonalValue, _ leaf: AuditLeaf, _ keys: [String: SubjectKey]
    ) -> Datavault_Compliance_V1_AuditPersonalValue {
        .with {
            ($0.name, $0.subject) = (value.name, value.subject)
            guard let key = keys[value.subject], key.id == value.keyID else { return $0.state = .erased }
            guard access.seesPersonal else { return $0.state = .masked }
            guard let opened = value.opened(organization: leaf.organization, key: key.key) else {
                return $0.state = .erased
            }
            $0.state = .shown
            $0.value = String(decoding: opened.value, as: UTF8.self)
        }
    }

    static func name(_ index: Int64) -> String { "audit-logs/\(index)" }

    /// The index in a name, whose form the contract has checked.
    static func index(_ name: String) throws(ComplianceError) -> Int64 {
        guard let index = Int64(name.dropFirst("audit-logs/".count)) else { throw .entryUnknown(name: name) }
        return index
    }
}

extension Google_Protobuf_Timestamp {
    /// A time in microseconds since 1970, also before that.
    init(microseconds: Int64) {
        let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000)
        self.init(
            seconds: rest < 0 ? seconds - 1 : seconds, nanos: Int32(rest < 0 ? rest + 1_000_000 : rest) * 1_000)
    }

    /// Microseconds since 1970; nil if the timestamp is beyond what any calendar has (0001 to 9999).
    var microseconds: Int64? {
        guard (-62_135_596_800...253_402_300_799).contains(seconds), (0...999_999_999).contains(nanos) else {
            return nil
        }
        return seconds * 1_000_000 + Int64(nanos) / 1_000
    }
}
