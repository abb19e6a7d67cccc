/// Where the JSON of a call's requests comes from.
package enum RequestInput: Sendable {
    /// As it stood on the command line.
    case text(String)
    case file(String)
    case standardInput

    /// `-` is standard input, `@path` a file, and all else JSON itself.
    package init(_ argument: String) throws {
        switch argument {
        case "-": self = .standardInput
        case _ where argument.hasPrefix("@"):
            guard argument.count > 1 else {
                throw CallToolError.usage("\"@\" names no file", next: "write @request.json")
            }
            self = .file(String(argument.dropFirst()))
        default: self = .text(argument)
        }
    }

    /// How errors name it.
    var name: String {
        switch self {
        case .text: "the request"
        case .file(let path): path
        case .standardInput: "standard input"
        }
    }

    /// Opens it for reading in pieces.
    func open(_ limits: CallToolLimits) throws -> LineReader {
        switch self {
        case .text(let text): LineReader(Array(text.utf8), name: name, limit: limits.maxJSONSize)
        case .file(let path): try LineReader(path: path, limit: limits.maxJSONSize)
        case .standardInput: LineReader(descriptor: 0, name: name, limit: limits.maxJSONSize)
        }
    }
}

extension RequestInput {
    /// All of it, where it is no JSON.
    package func bytes(limit: Int) async throws -> [UInt8] {
        var limits = CallToolLimits()
        limits.maxJSONSize = limit
        return try await open(limits).rest()
    }
}
