public import Wire

/// Where a server listens or is found: `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`.
public struct SocketAddress: SettingValue {
    /// The address.
    public let address: ListenAddress

    /// Takes an address.
    public init(_ address: ListenAddress) { self.address = address }

    /// A port of this machine.
    public static func loopback(_ port: Int) -> SocketAddress { SocketAddress(.tcp(host: "127.0.0.1", port: port)) }

    public static var settingType: String { "address" }
    public static var settingSyntax: String? { "HOST:PORT, [IPV6]:PORT or unix:PATH" }

    public init?(setting text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            // What sockaddr_un holds with its end.
            guard !path.isEmpty, path.utf8.count < 108 else { return nil }
            self.init(.unix(path: path))
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.count <= 253, !host.contains(where: \.isWhitespace) else { return nil }
        self.init(.tcp(host: String(host), port: Int(port)))
    }

    public var settingText: String {
        switch address {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
