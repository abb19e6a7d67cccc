/// Which passwords are taken: long ones that nobody would try first (NIST SP 800-63B, 3.1.1.2). No rule on kinds of
/// characters, and no expiry: both make passwords worse.
struct PasswordPolicy: Sendable {
    /// What is wrong with a password.
    enum Weakness: Sendable, Hashable {
        case short(minimum: Int)
        case long(maximum: Int)
        case common
        case pattern
        case containsAddress
        case containsOrganization

        /// In words that follow the field's name, without the password.
        var description: String {
            switch self {
            case .short(let minimum): "has fewer than \(minimum) characters"
            case .long(let maximum): "has more than \(maximum) characters"
            case .common: "is one of the passwords that are tried first"
            case .pattern: "repeats itself, or follows a sequence"
            case .containsAddress: "contains the name of the e-mail address"
            case .containsOrganization: "contains the name of the organization"
            }
        }
    }

    /// Code points of a password at least.
    var minimumLength = 12
    /// Code points of a password at most.
    var maximumLength = 256
    /// Names shorter than this may stand in a password, as they stand in many words.
    var shortestName = 4

    /// What is wrong with a password; empty if it is taken.
    ///
    /// - Parameter names: What the password must not contain: the address and the organization's name.
    func weaknesses(of password: NormalizedPassword, email: String, organization: String) -> [Weakness] {
        guard password.count >= minimumLength else { return [.short(minimum: minimumLength)] }
        guard password.count <= maximumLength else { return [.long(maximum: maximumLength)] }
        var found: [Weakness] = []
        let folded = password.text.lowercased()
        if CommonPasswords.contains(folded) { found.append(.common) }
        if PasswordPattern.isPattern(Array(folded.unicodeScalars)) { found.append(.pattern) }
        let address = Self.localPart(of: email.lowercased())
        if isName(address), folded.contains(address) { found.append(.containsAddress) }
        let name = NormalizedPassword(organization).text.lowercased()
        if isName(name), Self.compact(folded).contains(Self.compact(name)) { found.append(.containsOrganization) }
        return found
    }

    private func isName(_ text: String) -> Bool { text.unicodeScalars.count >= shortestName }

    private static func localPart(of email: String) -> String {
        String(email.prefix { $0 != "@" }.prefix { $0 != "+" })
    }

    /// Without spaces and signs between words.
    private static func compact(_ text: String) -> String { text.filter { $0.isLetter || $0.isNumber } }
}

/// Passwords that are one short text over and over, or a walk along the alphabet, the digits or a keyboard.
enum PasswordPattern {
    private static let walks = [
        "abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiop[]asdfghjkl;'zxcvbnm,./", "qwertyuiopasdfghjklzxcvbnm",
        "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
        "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "!@#$%^&*()_+", "zaq12wsxcde34rfvbgt56yhnmju78ik,",
    ].map { Array($0.unicodeScalars) }

    /// - Parameter text: In lower case.
    static func isPattern(_ text: [Unicode.Scalar]) -> Bool {
        repeats(text) || walks.contains { isWalk(text, $0) || isWalk(text, $0.reversed()) }
    }

    /// Whether the text is a part of at most a third of it, over and over.
    private static func repeats(_ text: [Unicode.Scalar]) -> Bool {
        guard text.count >= 3 else { return true }
        return (1...text.count / 3).contains { period in
            text.indices.dropFirst(period).allSatisfy { text[$0] == text[$0 - period] }
        }
    }

    /// Whether each character follows the one before in the walk, which begins anew at its end.
    private static func isWalk(_ text: [Unicode.Scalar], _ walk: [Unicode.Scalar]) -> Bool {
        guard let first = text.first else { return true }
        return walk.indices.contains { start in
            walk[start] == first && text.indices.allSatisfy { text[$0] == walk[(start + $0) % walk.count] }
        }
    }
}
