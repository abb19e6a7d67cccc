/// An entry of the log, as its leaf says it. The form is final: a later one would have another version.
package struct AuditLeaf: Sendable, Hashable {
    /// How what it tells of ended.
    package enum Outcome: Sendable, Hashable {
        case done
        case denied(code: String, reason: String)
    }

    /// The first byte of the leaves that are written today.
    package static let version: UInt8 = 1

    /// The role that told it, as its certificate says.
    package var source: String
    /// Its number at that role.
    package var sequence: Int64
    /// When it happened, and when the log took it, in microseconds since 1970.
    package var time, loggedAt: Int64
    /// The identifier of the organization whose log it stands in; empty for the suite's own.
    package var organization: String
    package var action, actor, initiator, resource: String
    package var outcome: Outcome
    package var requestID, before, after: String
    package var personal: [SealedPersonalValue]

    /// The leaf's bytes, which the tree's hash is made of.
    ///
    /// - Throws: `LeafError.tooLong`.
    package func encoded() throws(LeafError) -> [UInt8] {
        var writer = LeafWriter()
        writer.write(Self.version)
        try writer.write(source, "source")
        writer.write(sequence)
        writer.write(time)
        writer.write(loggedAt)
        try writer.write(organization, "organization")
        try writer.write(action, "action")
        try writer.write(actor, "actor")
        try writer.write(initiator, "initiator")
        try writer.write(resource, "resource")
        switch outcome {
        case .done: writer.write(UInt8(0))
        case .denied(let code, let reason):
            writer.write(UInt8(1))
            try writer.write(code, "denial.code")
            try writer.write(reason, "denial.reason")
        }
        try writer.write(requestID, "request_id")
        try writer.write(before, "before")
        try writer.write(after, "after")
        guard personal.count <= UInt16.max else { throw .tooLong(field: "personal") }
        writer.write(UInt16(personal.count))
        for value in personal {
            try writer.write(value.name, "personal.name")
            try writer.write(value.subject, "personal.subject")
            writer.write(exactly: value.keyID)
            writer.write(exactly: value.commitment)
            try writer.write(value.ciphertext, "personal.value")
        }
        return writer.bytes
    }

    /// Reads a leaf. Each leaf has one sequence of bytes, and each sequence of bytes is of one leaf at most.
    package init(_ bytes: [UInt8]) throws(LeafError) {
        var reader = LeafReader(bytes)
        let version = try reader.integer(UInt8.self)
        guard version == Self.version else { throw .unknownVersion(version) }
        source = try reader.text("source")
        sequence = try reader.integer(Int64.self)
        time = try reader.integer(Int64.self)
        loggedAt = try reader.integer(Int64.self)
        organization = try reader.text("organization")
        action = try reader.text("action")
        actor = try reader.text("actor")
        initiator = try reader.text("initiator")
        resource = try reader.text("resource")
        switch try reader.integer(UInt8.self) {
        case 0: outcome = .done
        case 1: outcome = .denied(code: try reader.text("denial.code"), reason: try reader.text("denial.reason"))
        case let other: throw .unknownOutcome(other)
        }
        requestID = try reader.text("request_id")
        before = try reader.text("before")
        after = try reader.text("after")
        personal = []
        for _ in 0..<(try reader.integer(UInt16.self)) {
            personal.append(
                SealedPersonalValue(
                    name: try reader.text("personal.name"), subject: try reader.text("personal.subject"),
                    keyID: try reader.raw(SealedPersonalValue.keyIDSize),
                    commitment: try reader.raw(SealedPersonalValue.commitmentSize),
                    ciphertext: try reader.bytes()))
        }
        guard reader.isAtEnd else { throw .excess }
    }

    package init(
        source: String, sequence: Int64, time: Int64, loggedAt: Int64, organization: String, action: String,
        actor: String, initiator: String = "", resource: String = "", outcome: Outcome = .done, requestID: String = "",
        before: String = "", after: String = "", personal: [SealedPersonalValue] = []
    ) {
        (self.source, self.sequence, self.time, self.loggedAt) = (source, sequence, time, loggedAt)
        (self.organization, self.action, self.actor, self.initiator) = (organization, action, actor, initiator)
        (self.resource, self.outcome, self.requestID) = (resource, outcome, requestID)
        (self.before, self.after, self.personal) = (before, after, personal)
    }
}
