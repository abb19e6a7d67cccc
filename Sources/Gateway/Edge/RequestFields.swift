/// The header fields of a request. Connections whose clients send the same fields with each request keep one for all of
/// them. Confined to its connection's loop.
//
// Unchecked: the fields never change; what is remembered is confined to the loop.
final class RequestFields: @unchecked Sendable {
    /// In their order, names in lower case, values without blanks around them.
    let list: [(name: String, value: String)]
    /// Those that the edge itself looks at.
    let known: KnownHeaders
    /// Whom they were recognized as, for as long as nothing changes.
    @safe @exclusivity(unchecked) var recognized: CredentialStore.Recognized?

    init(_ list: [(name: String, value: String)], _ known: KnownHeaders) { (self.list, self.known) = (list, known) }

    /// Of a request that has none, or whose fields could not be read.
    static let none = RequestFields([], KnownHeaders())

    /// The first value of a field, by its name in lower case.
    func first(_ name: String) -> String? {
        for field in list where field.name == name { return field.value }
        return nil
    }
}
