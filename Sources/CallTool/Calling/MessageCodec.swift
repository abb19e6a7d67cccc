import SwiftProtobuf
import Synchronization
import Transcoding

/// Turns JSON into messages and back, and learns the types that Any messages name as it meets them.
final class MessageCodec: Sendable {
    private struct State {
        var schema: Schema
        var transcoder: Transcoder
        var asked: Set<String> = []
    }

    private let source: any SchemaSource
    private let options: TranscodingOptions
    private let limits: TranscodingLimits
    private let maxLearned: Int
    private let state: Mutex<State>

    init(_ schema: Schema, _ source: any SchemaSource, emitsDefaults: Bool, limits: CallToolLimits) {
        var options = TranscodingOptions()
        options.emitsDefaultValues = emitsDefaults
        var bounds = TranscodingLimits()
        bounds.maxBytes = max(limits.maxMessageSize, limits.maxJSONSize)
        // A message of many small parts takes some times its bytes in memory, and as text.
        let (product, overflows) = limits.maxMessageSize.multipliedReportingOverflow(by: 16)
        bounds.maxMemory = overflows ? .max : product
        bounds.maxOutputBytes = bounds.maxMemory
        bounds.maxElements = .max
        (self.source, self.options, self.limits, maxLearned) = (source, options, bounds, limits.maxLearnedTypes)
        state = Mutex(
            State(schema: schema, transcoder: Transcoder(pool: schema.pool, options: options, limits: bounds)))
    }

    /// What is known now.
    var schema: Schema { state.withLock { $0.schema } }

    func protobuf(fromJSON json: [UInt8], as type: String) async throws -> [UInt8] {
        try await withTypes { try $0.protobuf(fromJSON: json, as: Self.type(type, $0)) }
    }

    func json(fromProtobuf bytes: [UInt8], as type: String) async throws -> [UInt8] {
        try await withTypes { try $0.json(fromProtobuf: bytes, as: Self.type(type, $0)) }
    }

    /// Asks the source for a type; false if it is not to be had.
    @discardableResult
    func learn(_ name: String) async throws -> Bool {
        let isNew = state.withLock { state in
            state.schema.pool.messageType(named: name) == nil && state.asked.count < maxLearned
                && state.asked.insert(name).inserted
        }
        guard isNew, let files = try await source.files(defining: name) else { return false }
        let before = schema
        let known = Set(before.files.map(\.name))
        let larger = try Schema(before.files + files.filter { !known.contains($0.name) })
        let transcoder = Transcoder(pool: larger.pool, options: options, limits: limits)
        state.withLock { state in
            // Another task may have learned another type meanwhile; it will be asked for again.
            state.schema = larger
            state.transcoder = transcoder
        }
        return larger.pool.messageType(named: name) != nil
    }

    private func withTypes(_ work: (Transcoder) throws -> [UInt8]) async throws -> [UInt8] {
        while true {
            do {
                return try work(state.withLock { $0.transcoder })
            } catch let error as TranscodingError {
                guard error.reason == .unknownType, let name = error.typeName, try await learn(name) else {
                    throw error
                }
            }
        }
    }

    private static func type(_ name: String, _ transcoder: Transcoder) throws -> MessageType {
        guard let type = transcoder.messageType(named: name) else {
            throw CallToolError(.usage, "the descriptors lack \(name)")
        }
        return type
    }
}
