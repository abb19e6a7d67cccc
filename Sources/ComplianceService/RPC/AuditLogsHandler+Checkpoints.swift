import ComplianceContract
import Foundation
import Persistence
import SwiftProtobuf
import Wire

typealias CheckpointMessage = Datavault_Compliance_V1_Checkpoint

/// Checkpoints: the present one, and those that are kept.
extension AuditLogsHandler {
    func getCheckpoint(
        _ request: Datavault_Compliance_V1_GetCheckpointRequest, context: ServerContext
    ) async throws -> CheckpointMessage {
        let log = try LogAccess.current(request.scope).log
        guard request.size > 0 else {
            let (head, key) = try await headAndKey(log)
            return try message(log, head, key)
        }
        let size = request.size
        let kept = try await log.handle(store).read { tx in try CheckpointStore.checkpoint(log, size: size, in: tx) }
        guard let kept else { throw ComplianceError.checkpointUnknown(size: size) }
        return CheckpointMessage(kept)
    }

    func listCheckpoints(
        _ request: Datavault_Compliance_V1_ListCheckpointsRequest, context: ServerContext
    ) async throws -> Datavault_Compliance_V1_ListCheckpointsResponse {
        let log = try LogAccess.current(request.scope).log
        let binding = ["checkpoints", log.organization]
        let place = try PageToken.read(request.pageToken, for: binding)
        let count = request.pageSize == 0 ? Self.pageSize : Int(request.pageSize)
        let rows = try await log.handle(store).read { tx in
            // One more than asked tells whether there is a next page.
            try CheckpointStore.list(log, below: place?.index ?? .max, count: count + 1, in: tx)
        }
        return .with {
            $0.checkpoints = rows.prefix(count).map { CheckpointMessage($0) }
            if rows.count > count, let last = $0.checkpoints.last {
                $0.nextPageToken = PageToken(index: last.size).text(for: binding)
            }
        }
    }

    /// What a log is now, signed now.
    func message(_ log: LogName, _ head: LogHead, _ key: LogKeyRow) throws -> CheckpointMessage {
        let signed = try logKeys.sign(log, head.frontier, with: key, now: now())
        return .with {
            ($0.text, $0.origin, $0.size) = (signed.text, signed.origin, signed.size)
            $0.rootHash = Data(signed.root)
            $0.time = Google_Protobuf_Timestamp(seconds: signed.time, nanos: 0)
            $0.keyID = key.id
        }
    }
}

extension CheckpointMessage {
    /// One that is kept.
    init(_ kept: KeptCheckpoint) {
        self.init()
        (text, origin, size, keyID) = (kept.text, kept.origin, kept.size, kept.keyID)
        rootHash = Data(kept.root)
        // As the signed text has it.
        time = Google_Protobuf_Timestamp(seconds: kept.signedAt / 1_000_000, nanos: 0)
    }
}
