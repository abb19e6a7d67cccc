package import Wire

/// Why a call could not be made, or how it failed.
package struct CallToolError: Error, CustomStringConvertible {
    /// Who has to do something about it.
    package enum Kind: String, Sendable {
        /// The server answered with an error, or the call ended otherwise.
        case call
        /// The command's arguments or the request's JSON are wrong.
        case usage
        /// There is no connection to the server.
        case connection
    }

    package var kind: Kind
    /// What is wrong, in a sentence or a few words.
    package var message: String
    /// What to do next; nil where nobody knows.
    package var next: String?
    /// The call's own error, with its code and details.
    package var status: RPCError?

    package init(_ kind: Kind, _ message: String, next: String? = nil, status: RPCError? = nil) {
        (self.kind, self.message, self.next, self.status) = (kind, message, next, status)
    }

    package static func usage(_ message: String, next: String? = nil) -> CallToolError {
        CallToolError(.usage, message, next: next)
    }

    /// What the process ends with.
    package var exitCode: Int32 {
        switch kind {
        case .call: 1
        case .usage: 2
        case .connection: 3
        }
    }

    package var description: String { message }
}

/// Bounds of what is sent and received.
package struct CallToolLimits: Sendable {
    /// Bytes of one message, in both directions and in both forms.
    package var maxMessageSize = 64 * 1024 * 1024
    /// Bytes of one line of a client stream's JSON, or of a request.
    package var maxJSONSize = 64 * 1024 * 1024
    /// Bytes of descriptors, by reflection or from a file.
    package var maxDescriptorBytes = 64 * 1024 * 1024
    /// Files that reflection gives.
    package var maxDescriptorFiles = 5_000
    /// Questions that reflection is asked.
    package var maxReflectionRequests = 5_000
    /// Services that a server may list.
    package var maxServices = 10_000
    /// Types of Any messages that a server is asked for.
    package var maxLearnedTypes = 100

    package init() {}
}
