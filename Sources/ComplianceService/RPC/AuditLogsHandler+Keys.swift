import ComplianceContract
import Crypto
import Foundation
import Persistence
import Policy
import ServiceKit
import SwiftProtobuf
import Wire

/// Signing keys, and persons' keys.
extension AuditLogsHandler {
    func listLogKeys(
        _ request: Datavault_Compliance_V1_ListLogKeysRequest, context: ServerContext
    ) async throws -> Datavault_Compliance_V1_ListLogKeysResponse {
        let rows = try await store.system(.logKeys).read { tx in try LogKeyStore.all(in: tx) }
        return try .with {
            $0.keys = try (rows.filter { $0.retiredAt == nil } + rows.filter { $0.retiredAt != nil }).map(Self.message)
        }
    }

    func rotateLogKey(
        _ request: Datavault_Compliance_V1_RotateLogKeyRequest, context: ServerContext
    ) async throws -> Datavault_Compliance_V1_LogKey {
        let intent = CallScope.current?.audit
        let now = now()
        return try await replay.write(request, id: request.requestID, across: .logKeys) { [audit, logKeys] tx in
            let row = try logKeys.rotate(now: now, in: tx)
            try audit.record(intent, resource: row.id, in: tx)
            return try Self.message(row)
        }
    }

    func eraseSubject(
        _ request: Datavault_Compliance_V1_EraseSubjectRequest, context: ServerContext
    ) async throws -> Datavault_Compliance_V1_EraseSubjectResponse {
        let log = try LogAccess.current(request.scope).log
        let (intent, now, kind, audit) = (CallScope.current?.audit, now(), store.kind, audit)
        @Sendable func erase(
            in tx: borrowing Transaction
        ) throws -> Datavault_Compliance_V1_EraseSubjectResponse {
            // Nobody adds entries meanwhile that would be encrypted under the key.
            _ = try LogHead.lock(log, in: tx, kind)
            guard try SubjectKeys.erase(request.subject, log, in: tx) else { throw ComplianceError.subjectUnknown }
            try audit.record(intent, resource: request.subject, in: tx)
            return .with { $0.eraseTime = Google_Protobuf_Timestamp(microseconds: now) }
        }
        guard log == .suite else {
            return try await replay.write(request, id: request.requestID) { tx in try erase(in: tx) }
        }
        return try await replay.write(request, id: request.requestID, across: .eraseInSuiteLog) { tx in
            try erase(in: tx)
        }
    }

    private static func message(_ row: LogKeyRow) throws -> Datavault_Compliance_V1_LogKey {
        let verifier = try VerifierKey(
            name: row.name, publicKey: .init(rawRepresentation: row.publicKey))
        return .with {
            ($0.keyID, $0.verifier) = (row.id, verifier.text)
            $0.publicKey = Data(row.publicKey)
            $0.createTime = Google_Protobuf_Timestamp(microseconds: row.createdAt)
            if let retired = row.retiredAt { $0.retireTime = Google_Protobuf_Timestamp(microseconds: retired) }
        }
    }
}
