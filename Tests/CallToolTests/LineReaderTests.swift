import Foundation
import Testing

@testable import CallTool

@Suite struct LineReaderTests {
    private static func lines(_ reader: LineReader) async throws -> [String] {
        var lines: [String] = []
        while let line = try await reader.line() {
            lines.append("\(line.number):\(String(decoding: line.bytes, as: UTF8.self))")
        }
        return lines
    }

    @Test(arguments: [
        ("", []), ("\n\n", []), ("a", ["1:a"]), ("a\n", ["1:a"]), ("a\n\n  \nb", ["1:a", "4:b"]),
        ("a\r\nb", ["1:a\r", "2:b"]),
    ])
    func linesWithTheirNumbers(_ text: String, _ expected: [String]) async throws {
        #expect(try await Self.lines(LineReader(Array(text.utf8), name: "text", limit: 100)) == expected)
    }

    @Test func linesOverSeveralReads() async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let long = String(repeating: "x", count: 200_000)
        try Data("\(long)\nshort\n\(long)".utf8).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let reader = try LineReader(path: path.path, limit: 300_000)
        #expect(try await Self.lines(reader) == ["1:\(long)", "2:short", "3:\(long)"])
        #expect(try await LineReader(path: path.path, limit: 500_000).rest().count == 400_007)
        await #expect(throws: CallToolError.self) { try await Self.lines(LineReader(path: path.path, limit: 100_000)) }
        await #expect(throws: CallToolError.self) { try await LineReader(path: path.path, limit: 400_000).rest() }
    }
}
