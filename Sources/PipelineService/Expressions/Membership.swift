/// Membership in one list for all rows, by hash rather than by comparing with each element.
enum Membership {
    /// Row by row, if the list holds the value; none where the list is short or holds what has no such way.
    static func values(of needle: Register, among lists: Register.Lists, _ count: Int) -> [Bool]? {
        guard let range = lists.extents.first?.range, range.count > 8, needle.status == nil,
            lists.elements.status == nil, !lists.elements.isConstant
        else { return nil }
        switch (needle.values, lists.elements.values) {
        case (.int(let values), .int(let elements)):
            let set = Set(elements[range])
            return (0..<count).map { set.contains(values[needle.at($0)]) }
        case (.string(let texts), .string(let elements)):
            let set = Set(elements.extents[range].map { elements.bytes[$0.range] })
            return (0..<count).map { set.contains(texts.bytes[texts.extents[needle.at($0)].range]) }
        default: return nil
        }
    }
}
