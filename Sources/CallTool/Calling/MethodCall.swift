import Synchronization
package import Transcoding
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
    private let transcoder: Transcoder
    private let options: CallOptions
    private let limits: CallToolLimits

    package init(
        _ channel: ClientChannel, _ method: SchemaMethod, pool: DescriptorPool, options: CallOptions,
        emitsDefaults: Bool, limits: CallToolLimits
    ) {
        (self.channel, self.method, self.options, self.limits) = (channel, method, options, limits)
        var transcodingOptions = TranscodingOptions()
        transcodingOptions.emitsDefaultValues = emitsDefaults
        var transcodingLimits = TranscodingLimits()
        transcodingLimits.maxBytes = max(limits.maxMessageSize, limits.maxJSONSize)
        // A message of many small parts takes some times its bytes in memory, and as text.
        transcodingLimits.maxMemory = limits.maxMessageSize * 16
        transcodingLimits.maxOutputBytes = limits.maxMessageSize * 16
        transcodingLimits.maxElements = .max
        transcoder = Transcoder(pool: pool, options: transcodingOptions, limits: transcodingLimits)
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
        return try encode(try await reader.rest(), place: reader.name)
    }

    private func runStream(_ reader: LineReader, _ show: (Event) throws -> Void) async throws {
        let call = try await channel.byteStream(method.descriptor, options: options)
        let failed = FailureBox()
        // Not a child of this task: it may wait for a line that is never typed, long after the reply.
        let sender = Task {
            do {
                while let line = try await reader.line() {
                    try await call.send(try encode(line.bytes, place: "\(reader.name), line \(line.number)"))
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
            try show(.message(try decode(message)))
        }
        guard method.receivesStream || count == 1 else {
            throw RPCError(code: .internal, message: "the reply has \(count) messages where there should be one")
        }
        try show(.trailers(await call.trailers))
    }

    private func encode(_ json: [UInt8], place: String) throws -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try transcoder.protobuf(fromJSON: json, as: method.request)
        } catch {
            let near = error.reason == .unknownField ? nearest(error.path) : []
            throw CallToolError.usage(
                "\(place): \(error)",
                next: near.isEmpty
                    ? "`--describe \(method.request.fullName)` shows what it takes" : SchemaLookup.question(near))
        }
        return bytes
    }

    private func decode(_ bytes: [UInt8]) throws -> [UInt8] {
        do {
            return try transcoder.json(fromProtobuf: bytes, as: method.response)
        } catch {
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
