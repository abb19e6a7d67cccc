/// Which fields of a resource a request changes (AIP-134).
struct UpdateMask: Sendable {
    /// Fields that a mask may name although nothing changes them: they say which resource, and which version of it. Masks
    /// that are made of a JSON body name them.
    private static let steering: Set<String> = ["name", "etag"]

    private let fields: Set<String>

    /// Reads a mask.
    ///
    /// - Parameters:
    ///   - paths: The mask's; none: the fields that are set; `*`: all that can change.
    ///   - changeable: Fields that can change.
    ///   - isSet: Whether the resource in the request has a value for the field.
    /// - Throws: `IdentityError.fieldImmutable` for a path that is no field that can change.
    init(_ paths: [String], changeable: [String], isSet: (String) -> Bool) throws(IdentityError) {
        if paths.isEmpty {
            fields = Set(changeable.filter(isSet))
        } else if paths == ["*"] {
            fields = Set(changeable)
        } else {
            for path in paths where !changeable.contains(path) && !Self.steering.contains(path) {
                throw .fieldImmutable(path)
            }
            fields = Set(paths).subtracting(Self.steering)
        }
    }

    func contains(_ field: String) -> Bool { fields.contains(field) }
}
