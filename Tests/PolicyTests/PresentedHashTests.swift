import Testing

@testable import Policy

/// By what remembered principals are found.
@Suite struct PresentedHashTests {
    private let seed = PresentedHash.Seed()

    private func hash(_ bytes: [UInt8], _ seed: PresentedHash.Seed) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe PresentedHash.of($0, seed) }
    }

    @Test func everyBitAndTheLengthCount() {
        for length in 0...50 {
            var bytes = (0..<length).map { UInt8($0) }
            var all: Set = [hash(bytes, seed), hash(bytes + [0], seed)]
            #expect(hash(bytes, seed) == hash(bytes, seed))
            for index in bytes.indices {
                for bit in 0..<8 {
                    bytes[index] ^= 1 << bit
                    all.insert(hash(bytes, seed))
                    bytes[index] ^= 1 << bit
                }
            }
            #expect(all.count == 2 + length * 8)
        }
    }

    /// Places that change with the process are none that an attacker can aim at.
    @Test func seedsGiveOtherHashes() {
        let text = Array("CglnYXRld2F5LTESjgEKBGFjbWU".utf8)
        #expect(hash(text, seed) != hash(text, PresentedHash.Seed()))
    }
}
