/// A message that is put together of a JSON body and of parameters, as a gateway does it, and then serialized.
///
/// One task at a time uses it: it is not Sendable. It holds memory of its transcoder until it is let go.
@safe
public final class MessageBuilder {
    public let type: MessageType
    private let transcoder: Transcoder
    private let workspace: Workspace
    private var message: MessagePointer?
    private var parameters = 0
    private var recorder = MaskRecorder()
    private var setByParameter: Set<FieldPath> = []
    private var elements = 0

    init(_ type: MessageType, _ transcoder: Transcoder) {
        precondition(type.pool === transcoder.pool, "the type is of another pool")
        self.type = type
        self.transcoder = transcoder
        workspace = transcoder.workspaces.take()
        workspace.arena.reset(limit: transcoder.limits.maxMemory)
    }

    deinit { transcoder.workspaces.giveBack(workspace) }

    private func root() throws(TranscodingError) -> MessagePointer {
        if let message = unsafe message { return unsafe message }
        let made = unsafe try workspace.arena.allocateMessage(type.entry)
        unsafe message = unsafe made
        return unsafe made
    }

    // MARK: Body

    /// Reads JSON into the message, or into a field of it (`body: "pipeline"`).
    ///
    /// With `recordsMask` the paths of all leaves that the JSON has go into `presentPaths`. Throws `TranscodingError`,
    /// whose path starts from the body.
    public func mergeJSON(
        _ json: RawSpan, at path: FieldPath? = nil, recordsMask: Bool = false
    ) throws(TranscodingError) {
        precondition(path == nil || path?.root == type, "the path starts from another type")
        let message = unsafe try root()
        try unsafe json.withUnsafeBytes { bytes throws(TranscodingError) in
            var parser = unsafe try MessageParser(
                bytes, workspace, pool: transcoder.pool, options: transcoder.options, limits: transcoder.limits)
            parser.elements = elements
            if recordsMask { parser.mask = MaskRecorder() }
            do throws(TranscodingError) {
                if let path {
                    unsafe try parse(&parser, path, message)
                } else {
                    unsafe try parser.parse(type.entry, into: message)
                }
                try parser.json.expectEnd()
            } catch {
                throw error.inside(workspace.paths.path(through: parser.depth))
            }
            elements = parser.elements
            if let mask = parser.mask { recorder = mask }
        }
    }

    /// As `mergeJSON(_:at:recordsMask:)` with a span.
    public func mergeJSON(
        _ json: [UInt8], at path: FieldPath? = nil, recordsMask: Bool = false
    ) throws(TranscodingError) {
        unsafe try mergeJSON(json.span.bytes, at: path, recordsMask: recordsMask)
    }

    private func parse(
        _ parser: inout MessageParser, _ path: FieldPath, _ message: MessagePointer
    ) throws(TranscodingError) {
        guard let last = unsafe path.fields.last?.entry else { return }
        let holder = unsafe try holder(of: path, in: message)
        if unsafe last.pointee.kind == .message, unsafe last.pointee.shape == .singular,
            let type = unsafe last.pointee.message,
            unsafe parser.json.peek != UInt8(ascii: "n") || last.pointee.takesNull
        {
            // The body's own paths: without the field that takes it.
            unsafe try holder.checkOneof(last)
            guard let inner = unsafe try holder.mutableMessage(last, in: workspace.arena) else { return }
            unsafe try parser.parse(type, into: inner)
        } else {
            let suspended = parser.suspendMask()
            workspace.paths.enter(0)
            unsafe try parser.parseField(last, holder)
            parser.resumeMask(suspended)
        }
    }

    /// The message that a path's last field belongs to, made where it is missing.
    private func holder(of path: FieldPath, in message: MessagePointer) throws(TranscodingError) -> MessagePointer {
        var message = unsafe message
        for step in path.fields.dropLast() {
            unsafe try message.checkOneof(step.entry)
            guard let inner = unsafe try message.mutableMessage(step.entry, in: workspace.arena) else { break }
            unsafe message = unsafe inner
        }
        return unsafe message
    }

    /// The paths of the last body's leaves, in the proto's names, as a `google.protobuf.FieldMask` has them: lists, maps
    /// and well-known types are leaves, and so is null.
    public var presentPaths: [String] { recorder.leaves }

    /// Sets a FieldMask field to `presentPaths` unless it has paths already: what a PATCH without a mask of its own
    /// means (AIP-134).
    public func setMaskIfEmpty(_ path: FieldPath) throws(TranscodingError) {
        precondition(path.root == type, "the path starts from another type")
        guard let last = unsafe path.fields.last?.entry, let maskType = unsafe last.pointee.message,
            unsafe maskType.pointee.wellKnown == .fieldMask, unsafe last.pointee.shape == .singular
        else {
            throw TranscodingError(.invalidPath, path: path.description, "the field is no google.protobuf.FieldMask")
        }
        let holder = unsafe try holder(of: path, in: try root())
        guard let mask = unsafe try holder.mutableMessage(last, in: workspace.arena) else { return }
        let field = unsafe maskType.pointee.fields
        guard unsafe mask.count(field) == 0 else { return }
        for leaf in recorder.leaves {
            let text = try ParameterText.copy(leaf, workspace.arena)
            unsafe try mask.appendElement(field, size: 16, in: workspace.arena).storeBytes(text.start, text.count)
        }
    }

    // MARK: Parameters

    /// Sets a field from the text of a query parameter: `filter.owner=x`. Lists grow with each value.
    ///
    /// Scalars, enums (by name or number), and Timestamp, Duration, FieldMask and wrappers can be set, in the form that
    /// they have as JSON strings. A field that has been set before is refused. Throws `TranscodingError` with the
    /// parameter's name.
    public func setParameter(_ name: String, to text: String) throws(TranscodingError) {
        do throws(TranscodingError) {
            try set(try type.path(name), text, isFromPath: false)
        } catch { throw error.of(parameter: name) }
    }

    /// Sets a field from what a variable of the URL's path has caught.
    ///
    /// A body may say the same; a body that says something else is refused. Throws `TranscodingError` with the
    /// variable's name.
    public func setPathVariable(_ path: FieldPath, to text: String) throws(TranscodingError) {
        precondition(path.root == type, "the path starts from another type")
        do throws(TranscodingError) {
            try set(path, text, isFromPath: true)
        } catch { throw error.of(parameter: path.description) }
    }

    private func set(_ path: FieldPath, _ text: String, isFromPath: Bool) throws(TranscodingError) {
        parameters += 1
        guard parameters <= transcoder.limits.maxParameters else {
            throw .exceeded("maxParameters", "there are more than \(transcoder.limits.maxParameters) parameters")
        }
        guard text.utf8.count <= transcoder.limits.maxBytes else {
            throw .exceeded("maxBytes", "the value is longer than \(transcoder.limits.maxBytes) bytes")
        }
        guard let field = unsafe path.fields.last?.entry else { return }
        guard unsafe field.pointee.shape != .map else {
            throw TranscodingError(.wrongType, path: path.description, "a map cannot be set from a parameter")
        }
        do throws(TranscodingError) {
            let holder = unsafe try holder(of: path, in: try root())
            let copy = try ParameterText.copy(text, workspace.arena)
            if unsafe field.pointee.shape == .repeated {
                unsafe try append(copy, field, holder)
            } else {
                unsafe try setSingular(copy, field, holder, path, isFromPath: isFromPath)
            }
        } catch { throw error.at(path.description) }
    }

    private func append(
        _ text: TextSlice, _ field: UnsafePointer<FieldEntry>, _ holder: MessagePointer
    ) throws(TranscodingError) {
        let arena = workspace.arena
        if let elementType = unsafe field.pointee.message {
            let element = unsafe try arena.allocateMessage(elementType)
            unsafe try ParameterText.parse(text, field, to: element, arena)
            unsafe try holder.appendElement(field, size: 8, in: arena).storeBytes(of: element, as: MessagePointer.self)
        } else {
            let scratch = unsafe try arena.allocate(16)
            unsafe try ParameterText.parse(text, field, to: scratch, arena)
            let size = unsafe field.pointee.kind.size
            unsafe try holder.appendElement(field, size: size, in: arena).copyMemory(from: scratch, byteCount: size)
        }
    }

    private func setSingular(
        _ text: TextSlice, _ field: UnsafePointer<FieldEntry>, _ holder: MessagePointer, _ path: FieldPath,
        isFromPath: Bool
    ) throws(TranscodingError) {
        guard setByParameter.insert(path).inserted else {
            throw TranscodingError(.duplicate, "the parameter is there twice, and the field is no list")
        }
        unsafe try holder.checkOneof(field)
        let wasSet = unsafe holder.isSet(field)
        guard !wasSet || isFromPath else {
            throw TranscodingError(.duplicate, "the body has set this field already")
        }
        if unsafe field.pointee.kind == .message {
            if wasSet {
                unsafe try checkSame(text, field, holder)
                return
            }
            guard let inner = unsafe try holder.mutableMessage(field, in: workspace.arena) else { return }
            unsafe try ParameterText.parse(text, field, to: inner, workspace.arena)
            return
        }
        let scratch = unsafe try workspace.arena.allocate(16)
        unsafe try ParameterText.parse(text, field, to: scratch, workspace.arena)
        let target = unsafe holder + field.pointee.offset
        if wasSet, unsafe !equalScalars(scratch, target, field.pointee.kind) {
            throw Self.differs
        }
        unsafe target.copyMemory(from: scratch, byteCount: field.pointee.kind.size)
        unsafe holder.markSet(field)
    }

    private static var differs: TranscodingError {
        TranscodingError(.duplicate, "the body gives this field another value than the path")
    }

    /// Throws where a text says something else than the message that a field has already.
    private func checkSame(
        _ text: TextSlice, _ field: UnsafePointer<FieldEntry>, _ holder: MessagePointer
    ) throws(TranscodingError) {
        guard let type = unsafe field.pointee.message, let present = unsafe holder.message(field) else { return }
        let arena = workspace.arena
        let wanted = unsafe try arena.allocateMessage(type)
        unsafe try ParameterText.parse(text, field, to: wanted, arena)
        let limit = transcoder.limits.maxOutputBytes
        let one = try unsafe workspace.encoder.slice(present, type, limit: limit, arena)
        let other = try unsafe workspace.encoder.slice(wanted, type, limit: limit, arena)
        guard one.count == other.count, unsafe equalBytes(one.start, other.start, one.count) else { throw Self.differs }
    }

    private func equalScalars(
        _ one: UnsafeMutableRawPointer, _ other: UnsafeMutableRawPointer, _ kind: FieldKind
    ) -> Bool {
        switch kind.size {
        case 4: return unsafe one.load(as: UInt32.self) == other.load(as: UInt32.self)
        case 8: return unsafe one.load(as: UInt64.self) == other.load(as: UInt64.self)
        default: return unsafe loadBytes(one).elementsEqual(loadBytes(other))
        }
    }

    // MARK: Result

    /// The message's protobuf bytes.
    ///
    /// Throws `TranscodingError` where a required field (proto2) is missing.
    public func serialize() throws(TranscodingError) -> [UInt8] {
        let message = unsafe try root()
        unsafe try RequiredFields.check(message, type.entry)
        return try unsafe workspace.encoder.array(message, type.entry, limit: transcoder.limits.maxOutputBytes)
    }
}
