/// How JSON is read and written. The defaults are those of the canonical mapping.
public struct TranscodingOptions: Sendable, Hashable {
    /// Writes fields of implicit presence, lists and maps even when they are unset.
    public var emitsDefaultValues = false
    /// Writes enums as numbers instead of names.
    public var writesEnumsAsNumbers = false
    /// Writes keys with the proto's names instead of JSON names. Both are always read.
    public var preservesProtoNames = false
    /// Skips fields and enum names that the type does not have, instead of refusing them.
    public var ignoresUnknownFields = false

    public init() {}
}
