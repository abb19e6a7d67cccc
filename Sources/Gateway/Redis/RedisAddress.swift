import FoundationEssentials
public import ServiceKit

/// Where a Redis is: `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]` or `unix:///PATH[?db=DATABASE]`.
public struct RedisAddress: SettingValue {
    /// How it is reached.
    enum Endpoint: Hashable, Sendable {
        case tcp(host: String, port: Int32)
        case unix(path: String)
    }

    static let defaultPort: Int32 = 6379

    let endpoint: Endpoint
    let user: String?
    let password: String?
    let database: Int
    private let text: String

    public static var settingType: String { "URL" }
    public static var settingSyntax: String? { "redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE] or unix:///PATH" }

    public init?(setting text: String) {
        guard let url = URLComponents(string: text), url.fragment == nil else { return nil }
        var databaseText: String
        switch url.scheme {
        case "redis":
            guard let host = url.host, !host.isEmpty, url.query == nil else { return nil }
            let port = url.port.flatMap(Int32.init(exactly:)) ?? Self.defaultPort
            guard (1...65_535).contains(port) else { return nil }
            // An IPv6 address stands in brackets in URLs only.
            let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
            endpoint = .tcp(host: bare, port: port)
            databaseText = String(url.path.drop { $0 == "/" })
        case "unix":
            guard url.host ?? "" == "", url.path.hasPrefix("/"), url.path.utf8.count < 108 else { return nil }
            endpoint = .unix(path: url.path)
            databaseText = url.queryItems?.first { $0.name == "db" }?.value ?? ""
        default: return nil
        }
        if databaseText.isEmpty { databaseText = "0" }
        guard let database = Int(databaseText), (0...1_023).contains(database) else { return nil }
        user = url.user.flatMap { $0.isEmpty ? nil : $0 }
        password = url.password
        (self.database, self.text) = (database, text)
    }

    public var settingText: String { text }

    /// Without user and password, for logs.
    var description: String {
        switch endpoint {
        case .tcp(let host, let port): "\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
        case .unix(let path): "\(path)/\(database)"
        }
    }
}
