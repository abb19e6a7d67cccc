import Testing

@testable import Wire

@Suite struct GzipTests {
    private func pack(_ bytes: [UInt8]) -> [UInt8] { unsafe withBytes(bytes) { unsafe Gzip.compress($0) } }

    private func unpack(_ bytes: [UInt8], limit: Int = 1 << 20) throws(Gzip.Failure) -> [UInt8] {
        let result: Result<[UInt8], Gzip.Failure> = unsafe withBytes(bytes) { buffer in
            do throws(Gzip.Failure) {
                return .success(try unsafe Gzip.decompress(buffer, limit: limit))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    @Test(arguments: [0, 1, 5, 1000, 65_536, 300_000])
    func keepsContent(_ count: Int) throws {
        let random = (0..<count).map { _ in UInt8.random(in: 0...255) }
        #expect(try unpack(pack(random)) == random)
        let even = [UInt8](repeating: 1, count: count)
        #expect(try unpack(pack(even)) == even)
    }

    @Test func takesExactlyTheLimit() throws {
        let content = [UInt8](repeating: 3, count: 100_000)
        #expect(try unpack(pack(content), limit: 100_000).count == 100_000)
        #expect(throws: Gzip.Failure.tooLarge) { try unpack(pack(content), limit: 99_999) }
    }

    @Test func stopsABombEarly() {
        // 64 MiB of zeros, 1:1000; unpacking all of it would take a hundred times the limit.
        let bomb = pack([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 512 * 1024)
        let start = ContinuousClock.now
        #expect(throws: Gzip.Failure.tooLarge) { try unpack(bomb, limit: 64 << 10) }
        #expect(ContinuousClock.now - start < .milliseconds(500))
    }

    @Test func refusesEveryTruncation() {
        let packed = pack(Array("the quick brown fox jumps over the lazy dog".utf8))
        for count in 0..<packed.count {
            #expect(throws: Gzip.Failure.malformed) { try unpack(Array(packed[..<count])) }
        }
    }

    @Test func refusesWhatFollowsTheEnd() {
        let packed = pack([1, 2, 3])
        #expect(throws: Gzip.Failure.malformed) { try unpack(packed + [0]) }
        #expect(throws: Gzip.Failure.malformed) { try unpack(packed + packed) }
    }

    @Test func refusesDamage() {
        let packed = pack(Array("some content that is checked".utf8))
        // Magic, the method, the checksum, the length.
        for index in [0, 1, 2, packed.count - 8, packed.count - 1] {
            var damaged = packed
            damaged[index] ^= 0x55
            #expect(throws: Gzip.Failure.malformed) { try unpack(damaged) }
        }
        #expect(throws: Gzip.Failure.malformed) { try unpack([UInt8](repeating: 0xAA, count: 100)) }
    }

    @Test func survivesNoise() {
        for _ in 0..<500 {
            var noise = pack((0..<64).map { _ in UInt8.random(in: 0...255) })
            for _ in 0..<3 { noise[Int.random(in: 0..<noise.count)] = UInt8.random(in: 0...255) }
            // Any outcome but a crash or more than was allowed.
            if let content = try? unpack(noise, limit: 1000) { #expect(content.count <= 1000) }
        }
    }
}
