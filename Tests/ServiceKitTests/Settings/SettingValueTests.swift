import ServiceKit
import Testing

@Suite struct SettingValueTests {
    static let durations: [(String, Duration?)] = [
        ("0s", .zero), ("250ms", .milliseconds(250)), ("1m30s", .seconds(90)), ("7d", .seconds(604_800)),
        ("2h5m", .seconds(7_500)), ("", nil), ("5", nil), ("s", nil), ("-5s", nil), ("5 s", nil), ("1y", nil),
        ("99999999999999999d", nil), ("9223372036854775807ms", .milliseconds(Int64.max)), ("٣s", nil), ("1s2", nil),
    ]

    @Test(arguments: durations) func duration(text: String, value: Duration?) {
        #expect(Duration(setting: text) == value)
    }

    static let sizes: [(String, Int?)] = [
        ("0", 0), ("17", 17), ("17B", 17), ("4MiB", 4 << 20), ("1TiB", 1 << 40), ("", nil), ("MiB", nil), ("4MB", nil),
        ("4 MiB", nil), ("-1", nil), ("8000000TiB", 8_000_000 << 40), ("9999999TiB", nil), ("1.5GiB", nil),
    ]

    @Test(arguments: sizes) func size(text: String, value: Int?) {
        #expect(ByteCount(setting: text)?.bytes == value)
    }

    static let addresses: [(String, String?)] = [
        ("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:443", "[::1]:443"), ("example.org:0", "example.org:0"),
        ("unix:/run/x.sock", "unix:/run/x.sock"), ("localhost", nil), ("localhost:", nil), (":80", nil),
        ("::1:80", nil), ("[::1]", nil), ("[localhost]:80", nil), ("host:65536", nil), ("host:-1", nil), ("unix:", nil),
        ("a b:80", nil), ("unix:" + String(repeating: "x", count: 108), nil), ("", nil),
    ]

    @Test(arguments: addresses) func address(text: String, value: String?) {
        #expect(SocketAddress(setting: text)?.settingText == value)
    }

    @Test func whatIsWrittenIsReadAgain() {
        for duration in Self.durations.compactMap(\.1) where duration.components.seconds < 1 << 40 {
            #expect(Duration(setting: duration.settingText) == duration)
        }
        for size in Self.sizes.compactMap(\.1) {
            #expect(ByteCount(setting: ByteCount(size).settingText)?.bytes == size)
        }
        #expect([String](setting: "a, b,c") == ["a", "b", "c"])
        #expect([Int](setting: "1,x") == nil)
        #expect(Int?(setting: "") == .some(nil))
        #expect(Bool(setting: "yes") == nil)
        #expect(Double(setting: "nan") == nil)
        #expect(Double(setting: "inf") == nil)
    }
}
