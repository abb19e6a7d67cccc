import Testing

@testable import Wire

@Suite struct MetadataTests {
    @Test func keepsOrderAndRepetition() {
        var metadata = Metadata(["A": "1", "b": "2", "a": "3"])
        metadata.add("X-Bin", bytes: [1, 2])
        #expect(metadata.count == 4)
        #expect(metadata["a"] == "1")
        #expect(metadata.values("a") == [.text("1"), .text("3")])
        #expect(metadata[bytes: "x-bin"] == [1, 2])
        #expect(metadata["x-bin"] == nil)
        #expect(metadata.map { $0.name } == ["a", "b", "a", "x-bin"])
        metadata.remove("a")
        #expect(metadata.map { $0.name } == ["b", "x-bin"])
    }

    @Test func comparesInOrder() {
        #expect(Metadata(["a": "1", "b": "2"]) == Metadata(["A": "1", "B": "2"]))
        #expect(Metadata(["a": "1", "b": "2"]) != Metadata(["b": "2", "a": "1"]))
        #expect(Set([Metadata(["a": "1"]), Metadata(["a": "1"])]).count == 1)
    }

    @Test(arguments: [
        "", "a b", "a:b", ":path", "ä", "a\n", "grpc-status", "grpc-anything", "te", "content-type", "content-length",
        "host", "connection", "transfer-encoding", "keep-alive", "proxy-connection", "upgrade", "x-bin",
    ])
    func sendsNoTextUnder(_ name: String) {
        #expect(Metadata([name: "v"].asPairs).firstInvalid != nil)
    }

    @Test(arguments: ["a", "x-1_y.z", "user-agent", "authorization", "traceparent", "grpc"])
    func sendsTextUnder(_ name: String) {
        #expect(Metadata([name: "v ~!"].asPairs).firstInvalid == nil)
    }

    @Test(arguments: ["\n", "a\r\nb", "\u{0}", "ü", "\t", "\u{7F}"])
    func sendsNoTextOf(_ value: String) {
        #expect(Metadata(["a": value].asPairs).firstInvalid != nil)
    }

    @Test func sendsBytesUnderBinOnly() {
        var right = Metadata()
        right.add("a-bin", bytes: [0, 255, 10])
        right.add("grpc-trace-bin", bytes: [1])
        right.add("grpc-tags-bin", bytes: [1])
        #expect(right.firstInvalid == nil)
        var wrong = Metadata()
        wrong.add("a", bytes: [1])
        #expect(wrong.firstInvalid != nil)
        var reserved = Metadata()
        reserved.add("grpc-status-details-bin", bytes: [1])
        #expect(reserved.firstInvalid != nil)
    }

    @Test func readsABlockWithoutWhatIsTheProtocols() {
        let metadata = Metadata(
            makeBlock([
                (":path", "/a/b"), ("te", "trailers"), ("content-type", "application/grpc"), ("grpc-timeout", "1S"),
                ("grpc-encoding", "gzip"), ("grpc-accept-encoding", "gzip"), ("grpc-status", "0"),
                ("grpc-message", "m"), ("grpc-status-details-bin", "AA"), ("x", "1"), ("x", "2"), ("y-bin", "AQI"),
            ])
        )
        var custom = Metadata(["x": "1", "x": "2"])
        custom.add("y-bin", bytes: [1, 2])
        #expect(metadata == custom)
    }

    @Test(arguments: [
        ("AQI", [[UInt8(1), 2]]), ("AQI=", [[1, 2]]), ("AQI,Aw", [[1, 2], [3]]), ("AQI, Aw==", [[1, 2], [3]]),
        ("", [[]]), ("not base64!", []), ("!,Aw", [[3]]),
    ])
    func readsBytes(_ text: String, _ values: [[UInt8]]) {
        let metadata = Metadata(makeBlock([("k-bin", text)]))
        #expect(metadata.values("k-bin") == values.map { .bytes($0) })
    }
}

extension Dictionary where Key == String, Value == String {
    /// The only entry as the literal that `Metadata` takes.
    fileprivate var asPairs: KeyValuePairs<String, String> {
        guard let (name, value) = first else { return [:] }
        return [name: value]
    }
}
