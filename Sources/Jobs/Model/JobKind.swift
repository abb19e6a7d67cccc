import Foundation

/// What a job does: its name, as it stands in the store, and how its payload becomes bytes.
///
///     extension JobKind where Payload == Address { static let sendMail = JobKind("mail.send") }
public struct JobKind<Payload: Sendable>: Sendable {
    /// Never changed once jobs of it may be waiting.
    public let name: String
    /// What jobs of this kind are enqueued with if nothing else is said.
    public var options: JobOptions

    let encode: @Sendable (Payload) throws -> [UInt8]
    let decode: @Sendable ([UInt8]) throws -> Payload

    /// A kind with a coding of its own. A payload that cannot be decoded makes the job dead at once.
    public init(
        _ name: String, options: JobOptions = JobOptions(), encode: @escaping @Sendable (Payload) throws -> [UInt8],
        decode: @escaping @Sendable ([UInt8]) throws -> Payload
    ) {
        self.name = name
        self.options = options
        self.encode = encode
        self.decode = decode
    }

    /// A job to be enqueued.
    ///
    /// - Throws: what encoding the payload throws.
    public func request(_ payload: Payload, _ options: JobOptions? = nil) throws -> JobRequest {
        JobRequest(kind: name, payload: try encode(payload), options: options ?? self.options)
    }
}

extension JobKind where Payload: Codable {
    /// A kind whose payload is kept as JSON. Fields that are added to it must be optional while older jobs wait.
    public init(_ name: String, options: JobOptions = JobOptions()) {
        self.init(
            name, options: options,
            encode: { [UInt8](try JSONEncoder().encode($0)) },
            decode: { try JSONDecoder().decode(Payload.self, from: Data($0)) })
    }
}

extension JobKind where Payload == [UInt8] {
    /// A kind whose payload is bytes, as they are: a serialized message, for instance.
    public init(bytes name: String, options: JobOptions = JobOptions()) {
        self.init(name, options: options, encode: { $0 }, decode: { $0 })
    }
}
