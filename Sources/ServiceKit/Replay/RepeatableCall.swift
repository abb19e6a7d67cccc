import Persistence
import PolicyContract
import PolicyModel
import Wire

/// A call under its `request_id`, and what the store keeps of it.
struct RepeatableCall: Sendable {
    let organization: OrganizationID
    /// Who the id belongs to: two callers may choose the same one.
    let caller: String
    let id: String
    /// Of method and request.
    let hash: [UInt8]
    /// In microseconds since 1970: now, and from when on replies count.
    let now, oldest: Int64

    /// What a sealed reply is bound to.
    var place: [String] { [organization.rawValue, caller, id] }

    /// What is kept under the id.
    func kept(in tx: borrowing Transaction) throws -> KeptReply? {
        try tx.optional(
            KeptReply.self,
            """
            SELECT request_hash, reply, created_at FROM replies
            WHERE organization = \(owner(in: tx)) AND caller = \(caller) AND request_id = \(id)
            """)
    }

    func keep(_ reply: [UInt8], in tx: borrowing Transaction) throws {
        try tx.run(
            """
            INSERT INTO replies (organization, caller, request_id, request_hash, reply, created_at)
            VALUES (\(owner(in: tx)), \(caller), \(id), \(hash), \(reply), \(now))
            """)
    }

    func forget(in tx: borrowing Transaction) throws {
        try tx.run(
            """
            DELETE FROM replies WHERE organization = \(owner(in: tx)) AND caller = \(caller) AND request_id = \(id)
            """)
    }

    private func owner(in tx: borrowing Transaction) -> SQL {
        tx.organization == nil ? "\(organization.rawValue)" : "\(.organization)"
    }
}

/// A reply as the table has it.
struct KeptReply: RowDecodable {
    let hash, reply: [UInt8]
    let createdAt: Int64

    init(row: Row) throws {
        (hash, reply, createdAt) = (try row["request_hash"], try row["reply"], try row["created_at"])
    }

    /// The reply's bytes; nil if its time is over.
    ///
    /// - Throws: `RPCError` REQUEST_ID_REUSED if it answered another request.
    func reply(to call: RepeatableCall, _ seal: ReplySeal?) throws -> [UInt8]? {
        guard createdAt > call.oldest else { return nil }
        guard hash == call.hash else {
            throw RPCError(
                .alreadyExists, Datavault_Policy_V1_Reason.requestIDReused,
                "the request_id was used for another request; make a new one for each request",
                metadata: ["request_id": call.id])
        }
        return try seal.map { try $0.open(reply, at: call.place) } ?? reply
    }
}
