/// Command-line flags, as `--name=value` or `--name value`.
public struct Flags: Sendable {
    /// Why flags are of no use.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private var values: [String: String] = [:]

    /// Reads flags from `words`, the program's arguments without its name.
    public init(_ words: some Sequence<String>) throws {
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else { throw Failure(description: "not a flag: \(word)") }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if parts.count == 2 {
                values[name] = String(parts[1])
            } else if let value = rest.popFirst() {
                values[name] = value
            } else {
                throw Failure(description: "\(word) has no value")
            }
        }
    }

    /// The value of `name`, if it was given.
    public func text(_ name: String) -> String? {
        values[name]
    }

    /// The value of `name`, which must have been given.
    public func required(_ name: String) throws -> String {
        guard let value = values[name] else { throw Failure(description: "--\(name) is missing") }
        return value
    }

    /// The value of `name`; false if it was not given.
    public func bool(_ name: String) throws -> Bool {
        switch values[name] {
        case nil, "false": false
        case "true": true
        case let other?: throw Failure(description: "--\(name) is neither true nor false: \(other)")
        }
    }

    /// The value of `name`, or `otherwise` if it was not given.
    public func int(_ name: String, otherwise: Int) throws -> Int {
        guard let value = values[name] else { return otherwise }
        guard let number = Int(value) else { throw Failure(description: "--\(name) is no number: \(value)") }
        return number
    }
}
