/// Why keys or certificates could not be made, written or read.
public struct KeyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The input that is at fault; flags of `datavault keys` have the same names.
    public enum Input: String, Sendable, Hashable {
        case authority = "ca"
        case days
        case dns
        case ip
        case out
        case role
        case trustDomain = "trust-domain"
    }

    /// What is at fault where it is an input; nil where it is the state of files.
    public let input: Input?
    /// What is wrong and what to do about it, for people. Holds no key material.
    public let message: String

    /// Makes an error.
    public init(_ input: Input? = nil, _ message: String) {
        (self.input, self.message) = (input, message)
    }

    /// The message, with the name of the input in front.
    public var description: String { input.map { "\($0.rawValue): \(message)" } ?? message }
}

/// Bounds of what keys and certificates are made of and read from.
public struct KeyLimits: Sendable, Hashable {
    /// Bytes of a file that is read: chains have a few thousand.
    public var maxFileSize = 256 * 1024
    /// Certificates in one file.
    public var maxCertificates = 32
    /// DNS names and addresses of a certificate, together.
    public var maxNames = 100
    /// Days that an authority may last.
    public var authorityDays = 1...7_300
    /// Days that a role's certificate may last.
    public var roleDays = 1...825
    /// How long another process that works in the same folder is waited for.
    public var lockTimeout: Duration = .seconds(30)

    public init() {}
}
