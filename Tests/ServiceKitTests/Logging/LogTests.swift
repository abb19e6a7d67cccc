import Foundation
import Logging
import Testing

@testable import ServiceKit

@Suite struct LogTests {
    /// What a handler writes into a pipe.
    private static func lines(
        style: SuiteLogHandler.Style = .json, lineSize: Int = 16 << 10, mask: LogMask = LogMask(),
        provider: Logger.MetadataProvider? = nil, _ body: (inout Logger) -> Void
    ) throws -> [String] {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: 1 << 20)
        var logger = Logger(label: "test") { _ in
            SuiteLogHandler(
                label: "test", level: .info, style: style, lineSize: lineSize, mask: mask, output: output,
                metadataProvider: provider)
        }
        body(&logger)
        output.flush()
        try pipe.fileHandleForWriting.close()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test func linesAreJSONWhateverTheyQuote() throws {
        let odd = "a\"b\\c\nd\te\u{0}f\u{1F600}g\u{7F}"
        let lines = try Self.lines { logger in
            logger[metadataKey: "own"] = "1"
            logger.info(
                "\(odd)", metadata: ["text": "\(odd)", "list": ["x", ["y": "\(odd)"]], odd: "key", "message": "other"])
            logger.debug("not kept")
        }
        #expect(lines.count == 1)
        let object = try Self.object(lines[0])
        #expect(object["message"] as? String == odd)
        #expect(object["text"] as? String == odd)
        #expect(object[odd] as? String == "key")
        #expect(object["own"] as? String == "1")
        #expect(object["message_"] as? String == "other")
        #expect((object["list"] as? [Any])?.count == 2)
        #expect(object["level"] as? String == "info")
        #expect((object["time"] as? String)?.hasSuffix("Z") == true)
    }

    @Test(arguments: [SuiteLogHandler.Style.json, .console]) func secretsAreMasked(style: SuiteLogHandler.Style) throws
    {
        let lines = try Self.lines(style: style, mask: LogMask(secrets: ["hunter22", "ab"])) { logger in
            logger.info(
                "connecting with hunter22 to abc",
                metadata: [
                    "url": "postgresql://u:hunter22@h/x", "Authorization": "Bearer xyz", "user.password": "xyz",
                    "deep": ["api_key": "xyz", "list": ["hunter22"]],
                ])
        }
        #expect(!lines[0].contains("hunter22") && !lines[0].contains("xyz"))
        // What is too short to be a secret hides no words.
        #expect(lines[0].contains("abc"))
    }

    @Test func partsOfSecretsAreMasked() {
        let mask = LogMask(secrets: ["postgresql://user:pass%2Fword@host/name", "api-key=topsecret,x-other=another1"])
        #expect(
            mask.masked("FATAL: pass/word, topsecret and another1 by user")
                == "FATAL: [masked], [masked] and [masked] by user")
    }

    @Test(arguments: 200...700) func longLinesAreCutAndStayJSON(length: Int) throws {
        let text = String(repeating: "ä\"\u{1}", count: length)
        let lines = try Self.lines(lineSize: 512) { logger in
            logger.info("\(text)", metadata: ["more": "\(text)", "list": ["\(text)", "\(text)"]])
        }
        let object = try Self.object(lines[0])
        #expect(object["cut"] as? Bool == true)
        #expect(lines[0].utf8.count <= 512 + 64)
    }

    @Test func aConsoleLineStaysOneLine() throws {
        let lines = try Self.lines(style: .console) { $0.info("two\nlines\r\u{1B}[31m", metadata: ["k": "a\nb"]) }
        #expect(lines.count == 1)
        #expect(!lines[0].contains("\u{1B}"))
    }

    @Test func linesBeyondTheQueueAreDroppedAndCounted() throws {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor, capacity: 64 << 10)
        // Nobody reads: the pipe holds some, the queue some, the rest is dropped; and the writer never waits.
        for _ in 0..<1_000 { output.write(Array(repeating: UInt8(ascii: "x"), count: 1_000)) }
        #expect(output.dropped > 500)
        let reader = Thread {
            while let data = try? pipe.fileHandleForReading.read(upToCount: 1 << 16), !data.isEmpty {}
        }
        reader.start()
        output.flush()
        let before = output.dropped
        output.write([UInt8(ascii: "y")])
        output.flush()
        #expect(output.dropped == before)
        try pipe.fileHandleForWriting.close()
    }

    @Test func timesAreRFC3339() {
        #expect(LogTime.text(seconds: 0, milliseconds: 7) == "1970-01-01T00:00:00.007Z")
        #expect(LogTime.text(seconds: 1_709_210_096, milliseconds: 120) == "2024-02-29T12:34:56.120Z")
    }
}
