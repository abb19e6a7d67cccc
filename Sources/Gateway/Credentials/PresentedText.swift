import Crypto

/// What stands for a presented text in caches: two keyed hashes of it, so that no secret stays in memory longer than its
/// request, and nobody outside can find two texts with the same.
struct PresentedText: Hashable, Sendable {
    /// What keys the hashes: random, and of this process.
    struct Salt: Sendable {
        private let words: (UInt64, UInt64, UInt64, UInt64)

        init() {
            var generator = SystemRandomNumberGenerator()
            words = (generator.next(), generator.next(), generator.next(), generator.next())
        }

        fileprivate var hashers: (Hasher, Hasher) {
            var (first, second) = (Hasher(), Hasher())
            first.combine(words.0)
            first.combine(words.1)
            second.combine(words.2)
            second.combine(words.3)
            return (first, second)
        }
    }

    private let first: Int
    private let second: Int

    init(_ text: String, _ salt: Salt) {
        var (first, second) = salt.hashers
        var text = text
        text.withUTF8 { bytes in
            unsafe first.combine(bytes: UnsafeRawBufferPointer(bytes))
            unsafe second.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        (self.first, self.second) = (first.finalize(), second.finalize())
    }

    static func == (left: PresentedText, right: PresentedText) -> Bool {
        left.first == right.first && left.second == right.second
    }

    // It is a hash already.
    func hash(into hasher: inout Hasher) { hasher.combine(first) }
}
