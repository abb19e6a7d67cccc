public import Persistence

/// A job's number: unique within a store for all time, ascending in the order of enqueueing. Effects outside of the
/// store are keyed by it.
public struct JobID: Sendable, Hashable, Comparable, RawRepresentable, SQLConvertible, CustomStringConvertible {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    public var description: String { String(rawValue) }
    public static func < (left: JobID, right: JobID) -> Bool { left.rawValue < right.rawValue }
}
