package import NIOCore
package import Wire

/// Reads the arguments of a call from their text.
package enum Arguments {
    /// `host:port`, `[::1]:port`, `unix:/path`.
    package static func target(_ text: String) throws -> ChannelTarget {
        if text.hasPrefix("unix:") {
            // gRPC's naming also writes unix:///absolute/path.
            var path = text.dropFirst("unix:".count)
            if path.hasPrefix("//") { path = path.dropFirst(2) }
            guard !path.isEmpty else { throw addressError(text) }
            return .unix(path: String(path))
        }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { throw addressError(text) }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") || host.contains("/") {
            throw addressError(text)
        }
        guard !host.isEmpty else { throw addressError(text) }
        return .dns(host: String(host), port: port)
    }

    private static func addressError(_ text: String) -> CallToolError {
        .usage(
            "--address: \"\(text)\" is no address",
            next: "write host:port, [IPv6]:port or unix:/path, as 127.0.0.1:7443")
    }

    /// `500ms`, `5s`, `2m`, `1h`.
    package static func duration(_ text: String, flag: String) throws -> TimeAmount {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let units: [Substring: Double] = ["ms": 1e-3, "s": 1, "m": 60, "h": 3_600]
        guard let number = Double(digits), number > 0, let unit = units[text.dropFirst(digits.count)],
            number * unit <= 86_400 * 365
        else {
            throw CallToolError.usage(
                "\(flag): \"\(text)\" is no time", next: "write a number with its unit: 500ms, 5s, 2m, 1h")
        }
        return .nanoseconds(Int64(number * unit * 1e9))
    }

    /// `name: value`; names that end in `-bin` take base64.
    package static func metadata(_ lines: [String]) throws -> Metadata {
        var result = Metadata()
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw CallToolError.usage("-H: \"\(line)\" is no metadata", next: "write -H 'name: value'")
            }
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            guard name.hasSuffix("-bin") else {
                result.add(name, String(value))
                continue
            }
            guard let bytes = Base64Text.decode(value) else {
                throw CallToolError.usage("-H: the value of \(name) is not base64, as names that end in -bin want it")
            }
            result.add(name, bytes: bytes)
        }
        return result
    }
}
