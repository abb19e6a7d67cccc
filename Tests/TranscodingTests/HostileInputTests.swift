import Foundation
import TestContractProtos
import Testing
import Transcoding

/// Inputs that ask for more than they may: each is refused by the bound that is made for it.
@Suite struct HostileInputTests {
    private func json(_ text: String, _ transcoder: Transcoder = Shared.transcoder) -> TranscodingError? {
        refusal { try transcoder.sink(text) }
    }

    private func wire(_ bytes: [UInt8], _ transcoder: Transcoder = Shared.transcoder) -> TranscodingError? {
        refusal { try transcoder.json(fromProtobuf: bytes, as: try transcoder.type("KitchenSink")) }
    }

    /// Bytes of messages within each other, `depth` deep, whose fields' tags alternate; the last one is outermost.
    private func nested(_ depth: Int, tags: [UInt8]...) -> [UInt8] {
        var reversed: [UInt8] = []
        for level in 0..<depth {
            let tag = tags[level % tags.count]
            var length = reversed.count
            var varint: [UInt8] = []
            repeat {
                varint.append(UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0))
                length >>= 7
            } while length > 0
            reversed += varint.reversed() + tag.reversed()
        }
        return reversed.reversed()
    }

    @Test(arguments: ["child", "value", "struct", "parts", "unknown"])
    func deepJSON(_ field: String) {
        let (open, close) =
            switch field {
            case "child": ("{\"child\":", "}")
            case "struct": ("{\"struct\":", "}")
            case "parts": ("{\"parts\":[", "]}")
            default: ("[", "]")
            }
        let middle = String(repeating: open, count: 100_000) + "1" + String(repeating: close, count: 100_000)
        let text = field == "value" || field == "unknown" ? "{\"\(field)\":\(middle)}" : middle
        let error = json(text, Shared.transcoder { $0.ignoresUnknownFields = field == "unknown" })
        #expect(error?.limit == "maxDepth")
    }

    @Test func deepAny() {
        let text =
            String(repeating: #"{"@type":"x/google.protobuf.Any","value":"#, count: 5_000) + "{}"
            + String(repeating: "}", count: 5_000)
        #expect(json("{\"any\":\(text)}")?.limit == "maxDepth")
    }

    @Test func deepWire() {
        #expect(wire(nested(100_000, tags: [0x9A, 1]))?.limit == "maxDepth")
        // value { list_value { values { … } } }
        let type = "google.protobuf.Value"
        let values = nested(100_000, tags: [0x0A], [0x32])
        let error = refusal {
            try Shared.transcoder.json(fromProtobuf: values, as: try Shared.transcoder.type(type))
        }
        #expect(error?.limit == "maxDepth")
        // Groups within groups, which nobody knows.
        #expect(
            wire(Array(repeating: 0xA3, count: 1) + [1] + Array(repeating: 0x0B, count: 100_000))?.limit == "maxDepth")
    }

    @Test func depthIsCountedAlike() throws {
        // As deep as is allowed passes in both directions, and one more in neither.
        let transcoder = Shared.limited { $0.maxDepth = 5 }
        func text(_ depth: Int) -> String {
            String(repeating: "{\"child\":", count: depth - 1) + "{}" + String(repeating: "}", count: depth - 1)
        }
        let type = try transcoder.type("KitchenSink")
        let bytes = try transcoder.protobuf(fromJSON: Array(text(6).utf8), as: type)
        #expect(try String(decoding: transcoder.json(fromProtobuf: bytes, as: type), as: UTF8.self) == text(6))
        #expect(json(text(7), transcoder)?.limit == "maxDepth")
        #expect(wire(nested(6, tags: [0x9A, 1]), transcoder)?.limit == "maxDepth")
    }

    @Test func tooLong() {
        let size = 64 * 1024 * 1024
        #expect(json(String(repeating: " ", count: size))?.limit == "maxBytes")
        #expect(wire([UInt8](repeating: 0, count: size))?.limit == "maxBytes")
    }

    @Test func tooManyElements() {
        let transcoder = Shared.limited { $0.maxElements = 1_000 }
        let list = "[" + String(repeating: "1,", count: 1_000) + "1]"
        #expect(json("{\"int32s\":\(list)}", transcoder)?.limit == "maxElements")
        #expect(json("{\"value\":\(list)}", transcoder)?.limit == "maxElements")
        let mask = String(repeating: "a,", count: 1_000)
        #expect(json("{\"fieldMask\":\"\(mask)\"}", transcoder)?.limit == "maxElements")
        let map = (0...1_000).map { "\"\($0)\":\"\"" }.joined(separator: ",")
        #expect(json("{\"byString\":{\(map)}}", transcoder)?.limit == "maxElements")
        #expect(wire([0xDA, 2, 0xE9, 7] + [UInt8](repeating: 1, count: 1_001), transcoder)?.limit == "maxElements")
        #expect(wire((0...1_000).flatMap { _ in [0xCA, 3, 0] as [UInt8] }, transcoder)?.limit == "maxElements")
    }

    @Test func tooMuchMemory() {
        let transcoder = Shared.limited { $0.maxMemory = 1 << 20 }
        // A byte or three ask for a message of more than a thousand.
        #expect(wire((0..<20_000).flatMap { _ in [0xCA, 3, 0] as [UInt8] }, transcoder)?.limit == "maxMemory")
        #expect(json("{\"parts\":[\(String(repeating: "{},", count: 20_000)){}]}", transcoder)?.limit == "maxMemory")
    }

    @Test func tooMuchOutput() {
        let transcoder = Transcoder(
            pool: Shared.pool,
            options: {
                var options = TranscodingOptions()
                options.emitsDefaultValues = true
                return options
            }(),
            limits: {
                var limits = TranscodingLimits()
                limits.maxOutputBytes = 10_000
                return limits
            }())
        #expect(wire((0..<500).flatMap { _ in [0xCA, 3, 0] as [UInt8] }, transcoder)?.limit == "maxOutputBytes")
    }

    @Test func tooManyParameters() throws {
        let transcoder = Shared.limited { $0.maxParameters = 3 }
        let builder = transcoder.makeMessage(try transcoder.type("KitchenSink"))
        for _ in 0..<3 { try builder.setParameter("strings", to: "x") }
        #expect(refusal { try builder.setParameter("strings", to: "x") }?.limit == "maxParameters")
    }

    /// Each of these once took, or would take without a bound, time or memory that grows faster than the input.
    @Test func stayWithinMemory() throws {
        let before = try residentBytes()
        for _ in 0..<3 {
            deepWire()
            tooLong()
            #expect(json("{\"value\":" + String(repeating: "[", count: 3_000_000))?.reason != nil)
            #expect(json("{\"strings\":[" + String(repeating: "\"\",", count: 1_300_000))?.reason != nil)
        }
        // The inputs themselves have 64 MiB, the bound of a message's memory another 64.
        #expect(try residentBytes() - before < 512 * 1024 * 1024)
    }

    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (try #require(Int(fields[1]))) * 4_096
    }

    @Test func manyKeysOfOneMap() throws {
        let keys = (0..<50_000).map { "\"k\($0)\":\"\"" }.joined(separator: ",")
        #expect(try Shared.transcoder.sink("{\"byString\":{\(keys)}}").byString.count == 50_000)
        #expect(json("{\"byString\":{\(keys),\"k77\":\"\"}}")?.message.contains("\"k77\"") == true)
    }

    @Test func manyTasksAtOnce() async throws {
        let type = try Shared.transcoder.type("KitchenSink")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let json = Array("{\"int32Value\":\(index),\"strings\":[\"\(index)\"]}".utf8)
                    for _ in 0..<20 {
                        let bytes = try Shared.transcoder.protobuf(fromJSON: json, as: type)
                        #expect(
                            try Shared.transcoder.json(fromProtobuf: bytes, as: type)
                                == (index == 0 ? Array("{\"strings\":[\"0\"]}".utf8) : json))
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
