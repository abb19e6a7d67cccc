/// Checks an export line by line, with nothing but the keys that checkpoints may be signed with.
package struct ExportVerifier: Sendable {
    /// What is wrong, and where.
    package struct Failure: Error, Hashable, CustomStringConvertible {
        /// The line, from 1.
        package let line: Int
        package let problem: String

        package var description: String { "line \(line): \(problem)" }
    }

    /// What an export that holds has shown.
    package struct Report: Sendable, Hashable {
        package let origin: String
        /// The entries that were there, and all that the log had when it was signed.
        package let first, end, size: Int64
        /// When the checkpoint was signed, in seconds since 1970.
        package let time: Int64
        /// Personal values whose commitments were opened, and all there are.
        package let opened, personal: Int
        /// Earlier checkpoints that the export was found to continue, and those that it could not be held against, as
        /// their sizes lie before its first entry or behind its last one.
        package let continued, unchecked: Int
    }

    private let keys: [VerifierKey]
    private let earlier: [SignedCheckpoint]
    private var continued = 0
    private var line = 0
    private var head: ExportLine.Head?
    private var next: Int64 = 0
    private var frontier = MerkleFrontier()
    private var checkpoint: SignedCheckpoint?
    private var lastLoggedAt = Int64.min
    private var (opened, personal) = (0, 0)

    /// - Parameters:
    ///   - keys: Those that may have signed.
    ///   - earlier: Checkpoints of the same log that somebody has kept. What was signed anew over another history is found
    ///     by them alone.
    package init(keys: [VerifierKey], earlier: [SignedCheckpoint] = []) {
        (self.keys, self.earlier) = (keys, earlier)
    }

    /// Takes the next line, without its line feed.
    ///
    /// - Returns: The entry, if the line is one.
    @discardableResult
    package mutating func take(_ text: String) throws(Failure) -> (index: Int64, leaf: AuditLeaf)? {
        line += 1
        guard checkpoint == nil else { throw failure("there is something behind the checkpoint") }
        guard let parsed = ExportLine(text) else { throw failure("is no line of an export, or was changed") }
        switch (parsed, head) {
        case (.head(let head), nil): try begin(head)
        case (.entry(let entry), let head?): return try take(entry, head)
        case (.checkpoint(let text), let head?): try end(text, head)
        case (.head, _?): throw failure("there is a second head; exports were put together")
        case (_, nil): throw failure("the head is missing")
        }
        return nil
    }

    /// What the export has shown, once all lines were taken.
    package func report() throws(Failure) -> Report {
        guard let head, let checkpoint else { throw failure("the export ends before its checkpoint") }
        return Report(
            origin: head.origin, first: head.first, end: head.end, size: head.size, time: checkpoint.time,
            opened: opened, personal: personal, continued: continued, unchecked: earlier.count - continued)
    }

    /// Holds the tree of the leaves so far against checkpoints of its size.
    private mutating func compare() throws(Failure) {
        for checkpoint in earlier where checkpoint.size == frontier.size {
            guard frontier.root == checkpoint.root else {
                throw failure(
                    "the first \(checkpoint.size) entries are others than when the earlier checkpoint was signed")
            }
            continued += 1
        }
    }

    private mutating func begin(_ head: ExportLine.Head) throws(Failure) {
        guard 0 <= head.first, head.first <= head.end, head.end <= head.size else {
            throw failure("the range \(head.first) to \(head.end) does not lie in a log of \(head.size) entries")
        }
        let (before, after) = MerkleProof.beside(head.first..<head.end, size: head.size)
        guard before.count == head.before.count, after.count == head.after.count,
            let frontier = MerkleFrontier(size: head.first, hashes: head.before)
        else { throw failure("the hashes beside the entries are not as many as there must be") }
        for checkpoint in earlier {
            guard checkpoint.origin == head.origin else {
                throw failure("the earlier checkpoint is of the log \(checkpoint.origin)")
            }
            guard checkpoint.size <= head.size else {
                throw failure(
                    "the log had \(checkpoint.size) entries when the earlier checkpoint was signed, and has \(head.size)"
                )
            }
        }
        (self.head, self.frontier, next) = (head, frontier, head.first)
        try compare()
    }

    private mutating func take(
        _ entry: ExportLine.Entry, _ head: ExportLine.Head
    ) throws(Failure) -> (index: Int64, leaf: AuditLeaf) {
        guard entry.index == next else {
            throw failure(
                entry.index > next
                    ? "entry \(next) is missing, or entries change places: \(entry.index) stands here"
                    : "entry \(entry.index) stands where \(next) belongs")
        }
        guard next < head.end else { throw failure("there are more entries than the head says") }
        let leaf: AuditLeaf
        do { leaf = try AuditLeaf(entry.leaf) } catch { throw failure("entry \(next): \(error)") }
        guard Self.origin(head.origin, isOf: leaf.organization) else {
            throw failure("entry \(next) belongs to another organization's log")
        }
        guard leaf.loggedAt >= lastLoggedAt else { throw failure("entry \(next) was taken before the one before it") }
        lastLoggedAt = leaf.loggedAt
        guard entry.opened.isEmpty || entry.opened.count == leaf.personal.count else {
            throw failure("entry \(next) opens other personal values than it has")
        }
        for (value, opened) in zip(leaf.personal, entry.opened) {
            guard let opened else { continue }
            guard value.isOpened(by: opened) else {
                throw failure("entry \(next): \(value.name) is not what the log has committed to")
            }
            self.opened += 1
        }
        personal += leaf.personal.count
        frontier.append(leafHash: MerkleHash.leaf(entry.leaf))
        try compare()
        defer { next += 1 }
        return (next, leaf)
    }

    private mutating func end(_ text: String, _ head: ExportLine.Head) throws(Failure) {
        guard next == head.end else {
            throw failure("entries from \(next) to \(head.end - 1) are missing")
        }
        let signed: SignedCheckpoint
        do { signed = try SignedCheckpoint(text, keys: keys) } catch { throw failure("\(error)") }
        guard signed.origin == head.origin else {
            throw failure("the checkpoint is of the log \(signed.origin), the entries are of \(head.origin)")
        }
        guard signed.size == head.size else {
            throw failure("the checkpoint is of \(signed.size) entries, the head says \(head.size)")
        }
        for (node, hash) in zip(MerkleProof.beside(head.first..<head.end, size: head.size).after, head.after) {
            frontier.append(hash, level: node.level)
        }
        // Where the export ends before the log, one of the whole has not been compared yet.
        if head.end < head.size { try compare() }
        guard frontier.root == signed.root else {
            throw failure(
                "the entries do not make the tree that was signed: one was changed, or they were put together")
        }
        checkpoint = signed
    }

    /// Whether a log of this name is the organization's; nobody's entries stand in the suite's own log.
    private static func origin(_ origin: String, isOf organization: String) -> Bool {
        origin.hasSuffix(organization.isEmpty ? "/suite" : "/organizations/\(organization)")
    }

    private func failure(_ problem: String) -> Failure { Failure(line: line, problem: problem) }
}
