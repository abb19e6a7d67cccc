/// Bulk data by name: pages, files, segments of datasets.
///
/// Objects do not change: what is written under a name a second time is the same again. What a transaction names is
/// written before that transaction commits, and what no row names is swept later; so a crash leaves garbage at worst.
public protocol ObjectStore: Sendable {
    /// Writes an object. It is there whole and durable when this returns, and not at all if this throws.
    func put(_ key: ObjectKey, _ bytes: [UInt8]) async throws(ObjectError)

    /// Reads an object, or those of its bytes that lie in a range.
    func get(_ key: ObjectKey, range: Range<Int>?) async throws(ObjectError) -> [UInt8]

    /// How many bytes an object has; nil if there is none.
    func size(of key: ObjectKey) async throws(ObjectError) -> Int?

    /// Removes an object, if there is one.
    func delete(_ key: ObjectKey) async throws(ObjectError)

    /// Names that begin so, in the order of their bytes.
    ///
    /// - Parameters:
    ///   - after: The last name of the page before.
    ///   - limit: The most names to return, at most 1 000.
    func list(prefix: String, after: ObjectKey?, limit: Int) async throws(ObjectError) -> [ObjectKey]

    /// Whether objects can be written and read at present.
    func check() async throws(ObjectError)
}

extension ObjectStore {
    /// Reads an object whole.
    public func get(_ key: ObjectKey) async throws(ObjectError) -> [UInt8] { try await get(key, range: nil) }
}

/// An object's name: parts between slashes, as `organization/kind/id/part`.
///
/// Names are the program's own, never a tenant's text: 1 to 16 parts of letters, digits, `-`, `_` and `.`, none of which
/// begins with a dot, 512 bytes in all.
public struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let description: String

    /// Nil if it is no name of an object.
    public init?(parsing text: String) {
        guard text.utf8.count <= 512 else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 16, parts.allSatisfy(Self.isPart) else { return nil }
        description = text
    }

    /// The name of these parts; to give something else than names is a mistake in the program.
    public init(_ parts: String...) {
        guard let key = ObjectKey(parsing: parts.joined(separator: "/")) else {
            preconditionFailure("no name of an object: \(parts)")
        }
        self = key
    }

    private static func isPart(_ part: Substring.UTF8View) -> Bool {
        guard let first = part.first, first != UInt8(ascii: ".") else { return false }
        return part.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
    }

    /// By bytes, as S3 lists.
    public static func < (one: ObjectKey, other: ObjectKey) -> Bool {
        one.description.utf8.lexicographicallyPrecedes(other.description.utf8)
    }
}

/// What went wrong with an object.
public struct ObjectError: Error, Sendable, CustomStringConvertible {
    public enum Reason: String, Sendable, CaseIterable {
        /// There is no object of this name, or it ends before the range.
        case notFound
        /// The object is larger than what may be read or written at once.
        case tooLarge
        /// The storage cannot be reached, or too much waits for it: later it may work.
        case unavailable
        /// The storage does not let this program in.
        case denied
        /// No space is left.
        case full
        /// The caller's task was cancelled.
        case cancelled
        /// Anything else.
        case unexpected
    }

    public var reason: Reason
    public var message: String

    public init(_ reason: Reason, _ message: String) { (self.reason, self.message) = (reason, message) }

    public var description: String { "\(message) (\(reason.rawValue))" }
}

/// Bounds of a store of objects.
public struct ObjectLimits: Sendable {
    /// The largest object.
    public var objectBytes = 256 << 20
    /// Requests that may wait beside those under way; the next one is refused (`unavailable`).
    public var maximumWaiting = 4_096
    /// Requests under way at once.
    public var concurrency = 4

    public init() {}
}
