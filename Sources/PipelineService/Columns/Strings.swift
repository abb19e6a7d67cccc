/// Where a text lies in a buffer, or a list in its elements.
struct Extent: Sendable, Hashable, BitwiseCopyable {
    var start: UInt32
    var length: UInt32

    var range: Range<Int> { Int(start)..<Int(start) + Int(length) }
}

/// Texts by position in one shared buffer: to select, reorder or repeat them moves no text.
///
/// `bytes` may hold more than the texts, such as the file that they were read from. It holds less than 4 GiB.
struct Strings: Sendable {
    var bytes: [UInt8]
    var extents: [Extent]

    init(bytes: [UInt8] = [], extents: [Extent] = []) {
        self.bytes = bytes
        self.extents = extents
    }

    init(_ texts: some Sequence<String>) {
        self.init()
        for text in texts { append(text.utf8) }
    }

    var count: Int { extents.count }

    mutating func append(_ text: some Collection<UInt8>) {
        extents.append(Extent(start: UInt32(bytes.count), length: UInt32(text.count)))
        bytes.append(contentsOf: text)
    }

    /// The text at a position; not for inner loops.
    subscript(_ index: Int) -> String { String(decoding: bytes[extents[index].range], as: UTF8.self) }

    /// The bytes of the texts without what lies between them.
    var textBytes: Int { extents.reduce(0) { $0 + Int($1.length) } }
}

/// Lists of texts: each a range of `elements`.
struct StringLists: Sendable {
    var elements: Strings
    var extents: [Extent]

    init(elements: Strings = Strings(), extents: [Extent] = []) {
        self.elements = elements
        self.extents = extents
    }

    var count: Int { extents.count }

    mutating func append(_ list: some Collection<String>) {
        extents.append(Extent(start: UInt32(elements.count), length: UInt32(list.count)))
        for text in list { elements.append(text.utf8) }
    }

    subscript(_ index: Int) -> [String] { extents[index].range.map { elements[$0] } }
}
