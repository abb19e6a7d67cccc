public import Persistence

extension SystemReason {
    static let resealReplies = SystemReason("seal kept replies with the new root key")
}

extension Replay {
    /// Replies that one transaction seals anew.
    private static let resealBatch = 200

    private struct Sealed: RowDecodable {
        let organization, caller, requestID: String
        let reply: [UInt8]

        init(row: Row) throws {
            (organization, caller) = (try row["organization"], try row["caller"])
            (requestID, reply) = (try row["request_id"], try row["reply"])
        }
    }

    /// Seals kept replies with a ring's present key that its former one has sealed.
    ///
    /// - Returns: How many.
    public static func reseal(_ store: Store, _ ring: RootKeyRing) async throws -> Int {
        var count = 0
        for former in ring.others {
            let head = Sealer.head(of: former)
            let seal = ReplySeal(ring)
            var last = 0
            repeat {
                last = try await store.system(.resealReplies).write { tx in
                    let rows = try tx.all(
                        Sealed.self,
                        """
                        SELECT organization, caller, request_id, reply FROM replies
                        WHERE substr(reply, 1, \(head.count)) = \(head) LIMIT \(resealBatch)
                        """)
                    for row in rows {
                        let place = [row.organization, row.caller, row.requestID]
                        guard let sealed = try seal.reseal(row.reply, at: place) else { continue }
                        try tx.run(
                            """
                            UPDATE replies SET reply = \(sealed) WHERE organization = \(row.organization)
                                AND caller = \(row.caller) AND request_id = \(row.requestID)
                            """)
                    }
                    return rows.count
                }
                count += last
            } while last == resealBatch
        }
        return count
    }
}
