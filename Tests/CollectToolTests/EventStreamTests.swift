import Testing

@testable import CollectTool

@Suite("Server-sent events") struct EventStreamTests {
    private let text =
        ": hello\n\ndata: {\"a\": 1}\n\nevent: error\r\ndata: x\r\ndata: y\r\n\r\ndata\n\nid: 3\n\ndata:z"

    @Test("Events are the same however the bytes are cut", arguments: [1, 2, 3, 7, 1_000]) func pieces(size: Int) throws
    {
        var (stream, events): (EventStream, [EventStream.Event]) = (EventStream(limit: 100), [])
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            events += try stream.take(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        #expect(
            events == [
                EventStream.Event(name: "message", data: "{\"a\": 1}"), EventStream.Event(name: "error", data: "x\ny"),
                EventStream.Event(name: "message", data: ""),
            ])
    }

    @Test("An event has a bound") func bound() {
        var stream = EventStream(limit: 10)
        #expect(throws: EventStream.TooLarge.self) { try stream.take(Array("data: 1234567890".utf8)) }
        var others = EventStream(limit: 10)
        #expect(throws: Never.self) { try others.take(Array("data: 12\n\ndata: 34\n\ndata: 56\n\n".utf8)) }
    }
}
