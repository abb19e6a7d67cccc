/// A pattern as it was read, over the bytes of UTF-8.
indirect enum PatternNode: Sendable {
    case byte(ByteSet)
    case sequence([PatternNode])
    case choice([PatternNode])
    /// At least `min` times, and at most `max` times if that is bounded.
    case repeated(PatternNode, min: Int, max: Int?)

    /// Any character past ASCII. Swift's strings hold valid UTF-8 only, so that lead and number of bytes are enough.
    static let beyondASCII: PatternNode = {
        let next = PatternNode.byte(ByteSet(0x80...0xBF))
        return .choice([
            .sequence([.byte(ByteSet(0xC2...0xDF)), next]),
            .sequence([.byte(ByteSet(0xE0...0xEF)), next, next]),
            .sequence([.byte(ByteSet(0xF0...0xF4)), next, next, next]),
        ])
    }()
}
