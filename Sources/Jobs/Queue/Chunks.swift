/// Sizes of statements with many values: few, so that each is prepared once.
enum Chunks {
    static let sizes = [256, 64, 16, 4, 1]

    static func size(for count: Int) -> Int { sizes.first { $0 <= count } ?? 1 }

    static func split<Element>(_ elements: [Element]) -> [ArraySlice<Element>] {
        var chunks: [ArraySlice<Element>] = []
        var rest = elements[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(size(for: rest.count))
            rest = rest.dropFirst(chunk.count)
            chunks.append(chunk)
        }
        return chunks
    }
}
