import Foundation
public import SwiftProtobuf

/// What is wrong with a path of a mask.
public enum MaskFault: Error, Sendable, Hashable {
    /// The resource has no such field.
    case unknown(String)
    /// It has, and it cannot be changed.
    case immutable(String)

    /// In words, for the one who sent the mask.
    public var problem: String {
        switch self {
        case .unknown(let path): "must name only fields of the resource, of which \"\(path.prefix(100))\" is none"
        case .immutable: "must name only fields that can be changed"
        }
    }
}

/// Which fields of a resource a request changes (AIP-134): those that its mask names, and nothing beside them.
///
/// A path may go into messages (`limits.pages`), not into lists and maps, which change as a whole. A field that the mask
/// names and the request leaves out is cleared.
public struct ResourceMask<Resource: Message>: Sendable {
    /// Paths may name these although nothing changes them: they say which resource, and which version of it. Masks that
    /// are made of a JSON body name them.
    private static var steering: Set<String> { ["name", "etag"] }

    private let paths: [String]

    /// Reads a mask.
    ///
    /// - Parameters:
    ///   - paths: The mask's; none: the fields that are set; `*` alone: all that can change.
    ///   - sent: The resource as the request has it.
    ///   - changeable: The fields that can change, with all that is in them.
    public init(_ paths: [String], _ sent: Resource, changeable: [String]) throws(MaskFault) {
        if paths.isEmpty {
            let set = Self.fields(of: sent)
            self.paths = changeable.filter { set[$0] != nil }
        } else if paths == ["*"] {
            self.paths = changeable
        } else {
            for path in paths where !Self.steering.contains(path) {
                guard Self.isPath(path) else { throw .unknown(path) }
                guard changeable.contains(String(path.prefix { $0 != "." })) else { throw .immutable(path) }
            }
            self.paths = paths.filter { !Self.steering.contains($0) }
        }
    }

    /// Whether the resource has such a field: no part is empty, and none goes into a list, a map or a scalar.
    private static func isPath(_ path: String) -> Bool {
        let parts = path.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count <= 32 && !parts.contains("") && Resource.isPathValid(path)
    }

    /// Whether it names a field of the resource or something in it.
    public func contains(_ field: String) -> Bool {
        paths.contains { $0 == field || $0.hasPrefix(field + ".") }
    }

    /// A resource with what the request changes.
    public func applied(_ sent: Resource, to old: Resource) throws -> Resource {
        var (new, mask, options) = (old, Google_Protobuf_FieldMask(), Google_Protobuf_FieldMask.MergeOptions())
        mask.paths = paths
        options.replaceRepeatedFields = true
        try new.merge(from: sent, fieldMask: mask, mergeOption: options)
        // Merging leaves messages and members of a choice alone that the request does not have.
        let given = Self.fields(of: sent)
        var (fields, hasCleared) = (Self.fields(of: new), false)
        for path in paths {
            let parts = path.split(separator: ".").map(String.init)
            if Self.value(given, parts[...]) == nil, Self.remove(parts[...], from: &fields) { hasCleared = true }
        }
        if !hasCleared { return new }
        return try Resource(jsonUTF8Bytes: JSONSerialization.data(withJSONObject: fields))
    }

    // MARK: Fields as JSON has them

    private static func fields(of message: Resource) -> [String: Any] {
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        guard let data: Data = try? message.jsonUTF8Bytes(options: options) else { return [:] }
        return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
    }

    private static func value(_ fields: [String: Any], _ path: ArraySlice<String>) -> Any? {
        guard let first = path.first, let value = fields[first] else { return nil }
        if path.count == 1 { return value }
        // Of what is no object, as a duration, the whole stands for its parts.
        guard let inner = value as? [String: Any] else { return value }
        return Self.value(inner, path.dropFirst())
    }

    private static func remove(_ path: ArraySlice<String>, from fields: inout [String: Any]) -> Bool {
        guard let first = path.first, let value = fields[first] else { return false }
        if path.count == 1 { return fields.removeValue(forKey: first) != nil }
        guard var inner = value as? [String: Any], remove(path.dropFirst(), from: &inner) else { return false }
        fields[first] = inner
        return true
    }
}
