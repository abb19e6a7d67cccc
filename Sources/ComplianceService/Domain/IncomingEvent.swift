import Crypto

/// An event as a role has told it.
struct IncomingEvent: Sendable {
    /// A value that tells of a person.
    struct Personal: Sendable, Hashable {
        let name, subject, value: String
    }

    /// The entry that it becomes, without what the log adds: the time of taking, and what tells of persons.
    let leaf: AuditLeaf
    let personal: [Personal]
    /// Tells the event from others of the same source and number: a source that has lost its memory counts from 1 again,
    /// and nothing that it tells may be taken for a repetition. Of what tells of persons it knows nothing, as it stays
    /// when that is erased.
    let digest: Int64
    /// Bytes, about.
    let size: Int

    /// - Parameter leaf: With no time of taking, and nothing that tells of persons.
    /// - Throws: `LeafError.tooLong`.
    init(leaf: AuditLeaf, personal: [Personal]) throws(LeafError) {
        (self.leaf, self.personal) = (leaf, personal)
        var writer = LeafWriter()
        writer.write(exactly: try leaf.encoded())
        for value in personal {
            try writer.write(value.name, "personal.name")
            try writer.write(value.subject, "personal.subject")
        }
        digest = SHA256.hash(data: writer.bytes).prefix(8).reduce(0) { $0 << 8 | Int64($1) }
        size = writer.bytes.count + personal.reduce(0) { $0 + $1.value.utf8.count }
    }

    var log: LogName { LogName(organization: leaf.organization) }
}
