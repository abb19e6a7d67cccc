import SwiftProtobuf
import Synchronization
import Transcoding
package import Wire

/// One call of a method, from JSON to JSON.
package struct MethodCall: Sendable {
    /// What a call brings, in order.
    package enum Event: Sendable {
        case headers(Metadata)
        /// A message, as JSON on one line.
        case message([UInt8])
        case trailers(Metadata)
    }

    private let channel: ClientChannel
    private let method: SchemaMethod
    private let codec: MessageCodec
    private let options: CallOptions
    private let limits: CallToolLimits

    /// - Parameter lookup: Where `schema` is from; asked for the types of Any messages.
    package init(
        _ channel: ClientChannel, _ method: SchemaMethod, schema: Schema, lookup: SchemaLookup, options: CallOptions,
        emitsDefaults: Bool, limits: CallToolLimits
    ) {
        (self.channel, self.method, self.options, self.limits) = (channel, method, options, limits)
        codec = MessageCodec(schema, lookup.source, emitsDefaults: emitsDefaults, limits: limits)
    }

    /// The schema with the types of an error's details, where they can be had.
    package func schema(for error: RPCError) async -> Schema {
        // What cannot be had is shown as bytes.
        for detail in error.details where error.origin == .peer && !FailureDetail.knows(detail) {
            _ = try? await codec.learn(String(detail.typeURL.split(separator: "/").last ?? ""))
        }
        return codec.schema
    }

    /// Makes the call.
    ///
    /// - Parameters:
    ///   - input: The request, or for a stream one request a line; nil: an empty message.
    ///   - show: Takes what comes, as it comes.
    /// - Throws: `CallToolError` for input that is no request, `RPCError` for a call that failed, what `show` throws.
    package func run(_ input: RequestInput?, show: (Event) throws -> Void) async throws {
        if method.sendsStream {
            guard let input else {
                throw CallToolError.usage(
                    "\(method.descriptor.service)/\(method.descriptor.name) takes a stream of requests",
                    next: "give one JSON document a line: - for standard input, @file, or as the argument")
            }
            return try await runStream(try input.open(limits), show)
        }
        let request = try await singleRequest(input)
        let call = try await channel.byteStream(method.descriptor, options: options)
        do {
            try await call.send(request)
            await call.finishSending()
        } catch let error as RPCError where error.code != .resourceExhausted || error.origin == .peer {
            // The server may have answered before it heard all; the reply says so.
        }
        try await receive(call, show)
    }

    private func singleRequest(_ input: RequestInput?) async throws -> [UInt8] {
        guard let input else { return [] }
        let reader = try input.open(limits)
        return try await encode(try await reader.rest(), place: reader.name)
    }

    private func runStream(_ reader: LineReader, _ show: (Event) throws -> Void) async throws {
        let call = try await channel.byteStream(method.descriptor, options: options)
        let failed = FailureBox()
        // Not a child of this task: it may wait for a line that is never typed, long after the reply.
        let sender = Task {
            do {
                while let line = try await reader.line() {
                    try await call.send(try await encode(line.bytes, place: "\(reader.name), line \(line.number)"))
                }
                await call.finishSending()
            } catch let error as RPCError where error.code != .resourceExhausted || error.origin == .peer {
                // As above.
            } catch {
                failed.set(error)
                call.cancel()
            }
        }
        defer { sender.cancel() }
        do {
            try await receive(call, show)
        } catch {
            throw failed.error ?? error
        }
    }

    private func receive(_ call: ByteCall, _ show: (Event) throws -> Void) async throws {
        try show(.headers(try await call.headers()))
        var count = 0
        while let message = try await call.next() {
            count += 1
            try show(.message(try await decode(message)))
        }
        guard method.receivesStream || count == 1 else {
            throw RPCError(code: .internal, message: "the reply has \(count) messages where there should be one")
        }
        try show(.trailers(await call.trailers))
    }

    private func encode(_ json: [UInt8], place: String) async throws -> [UInt8] {
        do {
            return try await codec.protobuf(fromJSON: json, as: method.request.fullName)
        } catch let error as TranscodingError {
            let near = error.reason == .unknownField ? nearest(error.path) : []
            throw CallToolError.usage(
                "\(place): \(error)",
                next: near.isEmpty
                    ? "`--describe \(method.request.fullName)` shows what it takes" : SchemaLookup.question(near))
        }
    }

    private func decode(_ bytes: [UInt8]) async throws -> [UInt8] {
        do {
            return try await codec.json(fromProtobuf: bytes, as: method.response.fullName)
        } catch let error as TranscodingError {
            throw CallToolError(
                .call, "the reply is no \(method.response.fullName) that can be shown: \(error)",
                next: error.reason == .unknownType
                    ? "give a contract that has all types with --descriptor-set FILE" : nil)
        }
    }

    /// Fields with names like the last of a path that leads nowhere.
    private func nearest(_ path: String) -> [String] {
        var type: MessageType? = method.request
        let names = path.split(separator: ".").map { String($0.prefix { $0 != "[" }) }
        guard let last = names.last else { return [] }
        for name in names.dropLast() { type = type?.field(named: name)?.messageType }
        return NearestNames.of(last, among: type?.fields.map(\.jsonName) ?? [])
    }
}

/// The first error of a task that nobody awaits.
private final class FailureBox: Sendable {
    private let state = Mutex<(any Error)?>(nil)

    var error: (any Error)? { state.withLock { $0 } }

    func set(_ error: any Error) { state.withLock { $0 = $0 ?? error } }
}
