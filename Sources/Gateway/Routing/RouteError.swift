/// Why a descriptor set makes no route table.
public struct RouteError: Error, Sendable, CustomStringConvertible {
    /// The method or template at fault.
    public let subject: String
    /// What is wrong with it.
    public let reason: String

    /// A sentence for the log.
    public var description: String { "\(subject): \(reason)" }

    init(_ subject: String, _ reason: String) { (self.subject, self.reason) = (subject, reason) }
}
