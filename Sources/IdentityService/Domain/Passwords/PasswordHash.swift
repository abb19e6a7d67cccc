import Foundation

/// A password's hash as it is stored: the PHC string format, which names all that it takes to check it.
///
///     $argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$…
struct PasswordHash: Sendable, Equatable {
    /// Characters of a string that is read.
    static let maximumLength = 256

    let parameters: Argon2Parameters
    let salt: [UInt8]
    let hash: [UInt8]

    init(parameters: Argon2Parameters, salt: [UInt8], hash: [UInt8]) {
        (self.parameters, self.salt, self.hash) = (parameters, salt, hash)
    }

    /// Reads a PHC string; nil if it is none of Argon2id, version 1.3, or asks for more than `Argon2Parameters.isSane`.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "argon2id", parts[2] == "v=19",
            let parameters = Self.parameters(parts[3]), parameters.isSane,
            let salt = Self.bytes(parts[4]), (8...64).contains(salt.count),
            let hash = Self.bytes(parts[5]), hash.count == Argon2.hashSize
        else { return nil }
        self.init(parameters: parameters, salt: salt, hash: hash)
    }

    /// The PHC string.
    var text: String {
        let (p, salt, hash) = (parameters, Self.base64(salt), Self.base64(hash))
        return "$argon2id$v=19$m=\(p.memoryKiB),t=\(p.iterations),p=\(p.lanes)$\(salt)$\(hash)"
    }

    /// Whether a computed hash is this one, in a time that does not depend on where they differ.
    func matches(_ other: [UInt8]) -> Bool {
        guard other.count == hash.count else { return false }
        var difference: UInt8 = 0
        for index in hash.indices { difference |= hash[index] ^ other[index] }
        return difference == 0
    }

    private static func parameters(_ text: Substring) -> Argon2Parameters? {
        var values: [UInt32] = []
        for (part, name) in zip(text.split(separator: ",", omittingEmptySubsequences: false), ["m=", "t=", "p="]) {
            guard part.hasPrefix(name), let value = UInt32(part.dropFirst(2)) else { return nil }
            values.append(value)
        }
        guard values.count == 3, text.utf8.count(where: { $0 == UInt8(ascii: ",") }) == 2 else { return nil }
        return Argon2Parameters(memoryKiB: values[0], iterations: values[1], lanes: values[2])
    }

    /// Standard base64 without padding, as the format has it.
    private static func base64(_ bytes: [UInt8]) -> String {
        String(Data(bytes).base64EncodedString().prefix { $0 != "=" })
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        guard !text.contains("=") else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text + padding).map { [UInt8]($0) }
    }
}
