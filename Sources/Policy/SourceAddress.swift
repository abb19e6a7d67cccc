import PolicyModel
public import Wire

/// The address that a caller came from, as the gateway says it: in the principal, and in this metadata for public calls,
/// which have none. Believed of the gateway's certificate only; the gateway sends no caller's own.
public enum SourceAddress {
    /// The metadata's name.
    public static let metadataName: StaticString = "datavault-source-address"
    /// Characters of an address that are read: IPv6 with a zone's name at most.
    public static let maximumLength = 64

    /// The address of a call's caller; nil where nobody said it.
    public static func of(_ context: ServerContext) -> String? {
        guard let caller = CallScope.current?.caller else { return nil }
        return of(caller, context)
    }

    static func of(_ caller: Caller, _ context: ServerContext) -> String? {
        if let principal = caller.principal { return principal.sourceAddress.isEmpty ? nil : principal.sourceAddress }
        guard caller.role == .gateway, let address = context.metadata(metadataName), !address.isEmpty,
            address.utf8.count <= maximumLength
        else { return nil }
        return address
    }
}
