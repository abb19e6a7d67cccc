/// Turns JSON into protobuf bytes and back, for any message type of a descriptor pool, without generated types.
///
/// All functions may be called from any number of tasks at a time. They do not suspend; what they take of time and memory
/// is bounded by `limits`.
public final class Transcoder: Sendable {
    public let pool: DescriptorPool
    public let options: TranscodingOptions
    public let limits: TranscodingLimits
    let workspaces: WorkspacePool

    /// Deeper messages than this would need more stack than a thread of a pool has.
    public static let deepest = 512

    /// Makes a transcoder. `limits.maxDepth` is at most `deepest`, whatever it says.
    public init(
        pool: DescriptorPool, options: TranscodingOptions = TranscodingOptions(),
        limits: TranscodingLimits = TranscodingLimits()
    ) {
        var limits = limits
        limits.maxDepth = min(max(limits.maxDepth, 1), Self.deepest)
        self.pool = pool
        self.options = options
        self.limits = limits
        workspaces = WorkspacePool(maxDepth: limits.maxDepth)
    }

    /// The message type with a full name, such as `datavault.pipeline.v1.Pipeline`; nil where the pool has none.
    public func messageType(named name: String) -> MessageType? { pool.messageType(named: name) }

    // MARK: JSON to protobuf

    /// Turns the JSON form of a message into its protobuf bytes.
    ///
    /// Throws `TranscodingError`, naming the field that is at fault.
    public func protobuf(fromJSON json: RawSpan, as type: MessageType) throws(TranscodingError) -> [UInt8] {
        precondition(type.pool === pool, "the type is of another pool")
        let workspace = workspaces.take()
        // No `defer`: handed over at its last use, the workspace need not be counted.
        do throws(TranscodingError) {
            let result = try read(json, type, workspace)
            workspaces.giveBack(workspace)
            return result
        } catch {
            workspaces.giveBack(workspace)
            throw error
        }
    }

    @inline(__always)
    private func read(
        _ json: RawSpan, _ type: MessageType, _ workspace: borrowing Workspace
    ) throws(TranscodingError) -> [UInt8] {
        workspace.arena.reset(limit: limits.maxMemory)
        return try unsafe json.withUnsafeBytes { bytes throws(TranscodingError) in
            let message = try unsafe workspace.arena.allocateMessage(type.entry)
            var parser = try unsafe MessageParser(bytes, workspace, pool: pool, options: options, limits: limits)
            do throws(TranscodingError) {
                try unsafe parser.parse(type.entry, into: message)
                try parser.json.expectEnd()
            } catch {
                throw error.inside(workspace.paths.path(through: parser.depth))
            }
            if unsafe type.entry.pointee.canLackRequired { try unsafe RequiredFields.check(message, type.entry) }
            return try unsafe workspace.encoder.array(message, type.entry, limit: limits.maxOutputBytes)
        }
    }

    /// As `protobuf(fromJSON:as:)` with a span.
    public func protobuf(fromJSON json: [UInt8], as type: MessageType) throws(TranscodingError) -> [UInt8] {
        unsafe try protobuf(fromJSON: json.span.bytes, as: type)
    }

    /// Begins a message that is put together of a body and parameters.
    public func makeMessage(_ type: MessageType) -> MessageBuilder { MessageBuilder(type, self) }

    // MARK: Protobuf to JSON

    /// Turns protobuf bytes into JSON: of the whole message, or of one field of it (`response_body`).
    ///
    /// An unset field is written as JSON's null if it is a message, as its zero otherwise. Throws `TranscodingError`,
    /// naming the field that is at fault.
    public func json(
        fromProtobuf bytes: RawSpan, as type: MessageType, field: FieldPath? = nil
    ) throws(TranscodingError) -> [UInt8] {
        precondition(type.pool === pool, "the type is of another pool")
        precondition(field == nil || field?.root == type, "the path starts from another type")
        guard bytes.byteCount <= limits.maxBytes else {
            throw .exceeded("maxBytes", "the message is longer than \(limits.maxBytes) bytes")
        }
        let workspace = workspaces.take()
        do throws(TranscodingError) {
            workspace.arena.reset(limit: limits.maxMemory)
            let result = try unsafe bytes.withUnsafeBytes { bytes throws(TranscodingError) in
                unsafe try write(try decode(bytes, type, workspace), type, field, workspace)
            }
            workspaces.giveBack(workspace)
            return result
        } catch {
            workspaces.giveBack(workspace)
            throw error
        }
    }

    /// As `json(fromProtobuf:as:field:)` with a span.
    public func json(
        fromProtobuf bytes: [UInt8], as type: MessageType, field: FieldPath? = nil
    ) throws(TranscodingError) -> [UInt8] {
        unsafe try json(fromProtobuf: bytes.span.bytes, as: type, field: field)
    }

    private func decode(
        _ bytes: UnsafeRawBufferPointer, _ type: MessageType, _ workspace: Workspace
    ) throws(TranscodingError) -> MessagePointer {
        let message = unsafe try workspace.arena.allocateMessage(type.entry)
        guard let start = bytes.baseAddress else { return unsafe message }
        let first = unsafe start.assumingMemoryBound(to: UInt8.self)
        var decoder = WireDecoder(workspace, limits: limits)
        do throws(TranscodingError) {
            unsafe try decoder.decode(WireReader(cursor: first, end: first + bytes.count), into: message, type.entry)
        } catch {
            throw error.at(workspace.paths.path(through: decoder.depth))
        }
        return unsafe message
    }

    private func write(
        _ message: MessagePointer, _ type: MessageType, _ path: FieldPath?, _ workspace: Workspace
    ) throws(TranscodingError) -> [UInt8] {
        var writer = MessageWriter(workspace, pool: pool, options: options, limits: limits)
        // The buffer may have moved while it grew.
        defer { unsafe workspace.output = writer.output }
        do throws(TranscodingError) {
            if let path {
                unsafe try writer.write(path, of: message)
            } else {
                unsafe try writer.write(message, type.entry)
            }
        } catch {
            throw error.at(workspace.paths.path(through: writer.depth))
        }
        return writer.output.array()
    }
}

extension MessageWriter {
    /// Writes the value of a field that lies somewhere in a message.
    fileprivate mutating func write(_ path: FieldPath, of message: MessagePointer) throws(TranscodingError) {
        var message = unsafe message
        for step in path.fields.dropLast() {
            guard let inner = unsafe message.message(step.entry), unsafe message.isSet(step.entry) else {
                try output.append("null")
                return
            }
            unsafe paths.set(depth, field: step.entry)
            depth += 1
            paths.enter(depth)
            unsafe message = unsafe inner
        }
        guard let field = unsafe path.fields.last?.entry else { return }
        unsafe paths.set(depth, field: field)
        if unsafe field.pointee.presence == .oneof, unsafe !message.isSet(field) {
            try output.append("null")
            return
        }
        unsafe try writeField(field, message)
    }
}
