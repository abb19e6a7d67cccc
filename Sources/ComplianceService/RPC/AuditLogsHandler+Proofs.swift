import ComplianceContract
import Foundation
import Persistence
import SwiftProtobuf
import Wire

/// Proofs.
extension AuditLogsHandler {
    func getInclusionProof(
        _ request: Datavault_Compliance_V1_GetInclusionProofRequest, context: ServerContext
    ) async throws -> Datavault_Compliance_V1_InclusionProof {
        let log = try LogAccess.current(request.scope).log
        let index = try EntryMessages.index(request.name)
        let (head, key) = try await headAndKey(log)
        let present = head.frontier.size
        let size = request.treeSize == 0 ? present : request.treeSize
        guard size <= present else { throw ComplianceError.sizeOutOfRange(field: "tree_size", size: present) }
        guard index < present else { throw ComplianceError.entryUnknown(name: request.name) }
        guard index < size else { throw ComplianceError.sizeOutOfRange(field: "tree_size", size: present) }
        let (leafHash, hashes, root) = try await log.handle(store).read { tx in
            let leaf = MerkleNode(level: 0, index: index)
            let (path, root) = (MerkleProof.inclusion(of: index, size: size), MerkleProof.root(size: size))
            let found = try TileStore.hashes(
                of: [leaf] + path.nodes + root.nodes, log, size: present, in: tx)
            return (
                found[0], path.answer(Array(found.dropFirst().prefix(path.nodes.count))),
                root.answer(Array(found.suffix(root.nodes.count)))[0]
            )
        }
        return try .with {
            ($0.index, $0.treeSize) = (index, size)
            $0.leafHash = Data(leafHash)
            $0.hashes = hashes.map { Data($0) }
            $0.rootHash = Data(root)
            if size == present { $0.checkpoint = try message(log, head, key) }
        }
    }

    func getConsistencyProof(
        _ request: Datavault_Compliance_V1_GetConsistencyProofRequest, context: ServerContext
    ) async throws -> Datavault_Compliance_V1_ConsistencyProof {
        let log = try LogAccess.current(request.scope).log
        let (head, key) = try await headAndKey(log)
        let present = head.frontier.size
        let (first, second) = (request.firstSize, request.secondSize == 0 ? present : request.secondSize)
        guard second <= present else { throw ComplianceError.sizeOutOfRange(field: "second_size", size: present) }
        guard first <= second else { throw ComplianceError.sizeOutOfRange(field: "first_size", size: present) }
        let answers = try await log.handle(store).read { tx in
            let queries = [
                MerkleProof.consistency(from: first, to: second), MerkleProof.root(size: first),
                MerkleProof.root(size: second),
            ]
            var found = try TileStore.hashes(of: queries.flatMap(\.nodes), log, size: present, in: tx)[...]
            return queries.map { query in
                defer { found = found.dropFirst(query.nodes.count) }
                return query.answer(Array(found.prefix(query.nodes.count)))
            }
        }
        return try .with {
            ($0.firstSize, $0.secondSize) = (first, second)
            $0.hashes = answers[0].map { Data($0) }
            ($0.firstRootHash, $0.secondRootHash) = (Data(answers[1][0]), Data(answers[2][0]))
            if second == present { $0.checkpoint = try message(log, head, key) }
        }
    }

    /// What the log is now, and the key to sign that with. A log only grows: what is read later has all of it.
    func headAndKey(_ log: LogName) async throws -> (LogHead, LogKeyRow) {
        try await store.system(.readLogHead).read { tx in
            guard let key = try LogKeyStore.current(in: tx) else { throw ComplianceError.notStarted }
            return (try LogHead.read(log, in: tx), key)
        }
    }
}
