import Foundation

/// A password in the one form that is hashed: NFKC (NIST SP 800-63B, 3.1.1.2), so that it is the same from every
/// keyboard.
struct NormalizedPassword: Sendable {
    /// As text, for the policy.
    let text: String

    /// Normalizes what someone typed.
    init(_ typed: String) { text = typed.precomposedStringWithCompatibilityMapping }

    /// What is hashed.
    var bytes: [UInt8] { Array(text.utf8) }
    /// Its length as the policy counts it: in code points.
    var count: Int { text.unicodeScalars.count }
}

/// No log or error shows it.
extension NormalizedPassword: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { "(password)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}
