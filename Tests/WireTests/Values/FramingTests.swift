import Testing

@testable import Wire

@Suite struct FramingTests {
    private func front(_ bytes: [UInt8]) -> MessagePrefix.Front {
        unsafe withBytes(bytes) { unsafe MessagePrefix.front(of: $0) }
    }

    @Test func tellsWhatTheFrontHolds() {
        #expect(front([]) == .none)
        #expect(front([0, 0, 0, 0]) == .none)
        #expect(front([0, 0, 0, 0, 0]) == .whole(MessagePrefix(isCompressed: false, length: 0)))
        #expect(front([1, 0, 0, 0, 2, 9]) == .partial(MessagePrefix(isCompressed: true, length: 2)))
        #expect(front([1, 0, 0, 0, 2, 9, 9]) == .whole(MessagePrefix(isCompressed: true, length: 2)))
        #expect(front([0, 0, 0, 0, 1, 9, 9]) == .whole(MessagePrefix(isCompressed: false, length: 1)))
        #expect(
            front([0, 0xFF, 0xFF, 0xFF, 0xFF]) == .partial(MessagePrefix(isCompressed: false, length: 0xFFFF_FFFF)))
        #expect(front([0, 1, 2, 3, 4]) == .partial(MessagePrefix(isCompressed: false, length: 0x0102_0304)))
    }

    @Test(arguments: [UInt8(2), 3, 128, 255])
    func knowsNoOtherFlag(_ flag: UInt8) {
        #expect(front([flag, 0, 0, 0, 0]) == .malformed)
        #expect(front([flag, 0, 0, 0]) == .none)
    }

    @Test func writesWhatItReads() {
        var queue = ByteQueue()
        MessagePrefix(isCompressed: true, length: 0x0102_0304).write(to: &queue)
        let bytes = unsafe Array(queue.readable)
        #expect(bytes == [1, 1, 2, 3, 4])
    }

    private func frame(_ message: EncodedMessage) -> [UInt8] { unsafe message.withFrame { unsafe Array($0) } }

    @Test func encodesBehindThePrefix() {
        let message = EncodedMessage([7, 8, 9])
        #expect(frame(message) == [0, 0, 0, 0, 3, 7, 8, 9])
        #expect(message.count == 3)
        #expect(unsafe message.withUnsafeBytes { unsafe Array($0) } == [7, 8, 9])
        #expect(frame(EncodedMessage([])) == [0, 0, 0, 0, 0])
        #expect(frame(EncodedMessage([UInt8](repeating: 1, count: 0x010203))).prefix(5) == [0, 0, 1, 2, 3])
    }

    @Test func changesOnlyTheMessage() {
        var message = EncodedMessage(repeating: 0, count: 2)
        unsafe message.withUnsafeMutableBytes { bytes in
            unsafe bytes[0] = 5
            unsafe bytes[1] = 6
        }
        #expect(frame(message) == [0, 0, 0, 0, 2, 5, 6])
    }

    @Test func compressesWithThePrefixThatSaysSo() throws {
        var queue = ByteQueue()
        let content = [UInt8](repeating: 42, count: 10_000)
        EncodedMessage(content).compress(to: &queue)
        let bytes = unsafe Array(queue.readable)
        #expect(front(bytes) == .whole(MessagePrefix(isCompressed: true, length: bytes.count - 5)))
        #expect(bytes.count < 200)
        let unpacked = unsafe try withBytes(Array(bytes[5...])) { try unsafe Gzip.decompress($0, limit: 10_000) }
        #expect(unpacked == content)
    }
}
