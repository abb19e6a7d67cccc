/// Why a JSON text, protobuf bytes or a parameter was refused.
public struct TranscodingError: Error, Sendable, CustomStringConvertible {
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// The text is not JSON.
        case malformedJSON
        /// The bytes are not protobuf's wire format.
        case malformedProtobuf
        /// A string is not UTF-8, or names half a surrogate pair.
        case invalidUTF8
        /// A field has that no message of the type has.
        case unknownField
        /// The value's JSON type cannot become the field's type, as a number for a string.
        case wrongType
        /// The value's type fits and its content does not, as a timestamp in the thirteenth month.
        case invalidValue
        /// A number lies beyond the field's type.
        case outOfRange
        /// An enum has no value of this name.
        case unknownEnumValue
        /// A key, a field or a parameter is there twice, or two members of a oneof are.
        case duplicate
        /// A required field of proto2 is missing.
        case missingField
        /// An Any holds a type that the descriptor pool lacks.
        case unknownType
        /// A path leads to no field, or through what is no message.
        case invalidPath
        /// A bound of `TranscodingLimits` is passed.
        case limitExceeded
    }

    // One word, so that throwing functions pass it in a register.
    private final class Storage: Sendable {
        let reason: Reason
        let path: String
        let message: String
        let parameter: String?
        let limit: String?
        let typeName: String?

        init(
            reason: Reason, path: String, message: String, parameter: String?, limit: String?, typeName: String?
        ) {
            self.reason = reason
            self.path = path
            self.message = message
            self.parameter = parameter
            self.limit = limit
            self.typeName = typeName
        }
    }

    private let storage: Storage

    /// What kind of fault it is.
    public var reason: Reason { storage.reason }
    /// The field that it is about, such as `items[3].owner.email` or `labels["a b"]`, in the names that the input used;
    /// empty for the message itself.
    public var path: String { storage.path }
    /// What is wrong, in a sentence without the path.
    public var message: String { storage.message }
    /// The query or path parameter that it is about; nil for a body.
    public var parameter: String? { storage.parameter }
    /// With `limitExceeded`, the name of the bound in `TranscodingLimits`.
    public var limit: String? { storage.limit }
    /// With `unknownType`, the full name of the type that the pool lacks.
    public var typeName: String? { storage.typeName }

    public var description: String {
        let place = parameter.map { "parameter \"\($0)\"" } ?? (path.isEmpty ? "" : path)
        return place.isEmpty ? message : "\(place): \(message)"
    }

    init(
        _ reason: Reason, path: String = "", parameter: String? = nil, limit: String? = nil, typeName: String? = nil,
        _ message: String
    ) {
        storage = Storage(
            reason: reason, path: path, message: message, parameter: parameter, limit: limit, typeName: typeName)
    }

    func at(_ path: String) -> TranscodingError {
        TranscodingError(reason, path: path, parameter: parameter, limit: limit, typeName: typeName, message)
    }

    func inside(_ prefix: String) -> TranscodingError {
        if prefix.isEmpty { return self }
        let joined = path.isEmpty ? prefix : path.hasPrefix("[") ? prefix + path : "\(prefix).\(path)"
        return at(joined)
    }

    func of(parameter: String) -> TranscodingError {
        TranscodingError(reason, path: path, parameter: parameter, limit: limit, typeName: typeName, message)
    }

    /// A bound was passed; `limit` is its name.
    static func exceeded(_ limit: String, _ message: String) -> TranscodingError {
        TranscodingError(.limitExceeded, limit: limit, message)
    }
}
