import Wire

/// A failed call, for people and for programs.
package struct FailureReport: Sendable {
    private let error: CallToolError
    private let details: [FailureDetail]

    /// Reports any error of this module or of Wire.
    ///
    /// - Parameters:
    ///   - method: What was called, for the next step.
    ///   - schema: Knows the types of details that are not google.rpc's.
    package init(_ error: any Error, method: SchemaMethod? = nil, schema: Schema? = nil) {
        var known: CallToolError
        switch error {
        case let error as CallToolError: known = error
        case let error as RPCError:
            known = CallToolError(.call, error.message, next: NextStep.after(error, of: method), status: error)
        default: known = CallToolError(.call, "\(error)")
        }
        // A lost connection is told by what it was, not by a status that nobody sent.
        if known.kind != .call { known.status = nil }
        self.error = known
        details = (known.status?.details ?? []).prefix(Self.maxDetails).map { FailureDetail($0, schema: schema) }
    }

    /// Details that are shown: more than any server sends.
    private static let maxDetails = 100

    /// What the process ends with.
    package var exitCode: Int32 { error.exitCode }

    /// Lines for standard error, without the last line feed.
    package var text: String {
        var lines = [
            error.status.map { status in
                error.message.isEmpty ? "\(status.code)" : "\(status.code): \(error.message)"
            } ?? error.message
        ]
        lines += details.flatMap(\.lines).map { "  \($0)" }
        if let next = error.next { lines.append("next: \(next)") }
        return lines.map(Self.printable).joined(separator: "\n")
    }

    /// One line of JSON: `kind`, `exitCode`, `message`, and where they are known `code`, `status`, `details`, `next`.
    package var json: String {
        var members = [
            "\"kind\":\(JSONText.string(error.kind.rawValue))", "\"exitCode\":\(exitCode)",
            "\"message\":\(JSONText.string(error.message))",
        ]
        if let status = error.status {
            members.append("\"code\":\(status.code.rawValue)")
            members.append("\"status\":\(JSONText.string("\(status.code)"))")
            members.append("\"details\":[\(details.map(\.json).joined(separator: ","))]")
        }
        if let next = error.next { members.append("\"next\":\(JSONText.string(next))") }
        return "{\(members.joined(separator: ","))}"
    }

    /// What a server sends must not move a terminal's cursor: C0, DEL and C1 become spaces.
    package static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar.value {
            case 0x09: scalar
            case 0..<0x20, 0x7F..<0xA0: " "
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
