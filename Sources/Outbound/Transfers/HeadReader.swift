/// Puts a response's head together from the lines that libcurl hands over. A pure value.
struct HeadReader: Sendable {
    enum Line { case goesOn, complete, tooLarge, malformed }

    private(set) var status = 0
    private(set) var headers = HTTPHeaders()
    /// Whether the final response's head has been read; what comes then are trailers.
    private(set) var isComplete = false
    private var count = 0
    private var bytes = 0
    private let maximumCount: Int
    private let maximumBytes: Int

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    /// Takes a line with its end. Interim responses and trailers count, and are left out of the headers.
    mutating func read(_ line: UnsafeRawBufferPointer) -> Line {
        bytes += line.count
        guard bytes <= maximumBytes else { return .tooLarge }
        var text = unsafe line[...]
        while let last = unsafe text.last, last == 0x0A || last == 0x0D { unsafe text = unsafe text.dropLast() }
        if unsafe text.isEmpty { return endOfHead() }
        if !isComplete, unsafe text.starts(with: "HTTP/".utf8) { return unsafe begin(text) }
        count += 1
        guard count <= maximumCount else { return .tooLarge }
        if !isComplete { unsafe field(text) }
        return .goesOn
    }

    private mutating func begin(_ text: Slice<UnsafeRawBufferPointer>) -> Line {
        let parts = unsafe text.split(separator: 0x20, maxSplits: 2)
        guard unsafe parts.count >= 2, let number = unsafe Int(String(decoding: parts[1], as: UTF8.self)),
            (100...999).contains(number)
        else { return .malformed }
        status = number
        headers = HTTPHeaders()
        return .goesOn
    }

    private mutating func field(_ text: Slice<UnsafeRawBufferPointer>) {
        guard let colon = unsafe text.firstIndex(of: UInt8(ascii: ":")), unsafe colon > text.startIndex,
            unsafe !Self.isSpace(text[text.startIndex])
        else { return }
        var value = unsafe text[unsafe text.index(after: colon)...]
        while let first = unsafe value.first, Self.isSpace(first) { unsafe value = unsafe value.dropFirst() }
        while let last = unsafe value.last, Self.isSpace(last) { unsafe value = unsafe value.dropLast() }
        unsafe headers.add(
            String(decoding: text[text.startIndex..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private mutating func endOfHead() -> Line {
        guard !isComplete, status >= 200 else { return .goesOn }
        isComplete = true
        return .complete
    }
}
