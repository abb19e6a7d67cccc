import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Turns a target into addresses.
struct Resolver: Sendable {
    private let target: ChannelTarget

    init(_ target: ChannelTarget) { self.target = target }

    /// Whether a later look-up may give another answer.
    var changes: Bool {
        if case .dns = target { return true }
        return false
    }

    func resolve(_ completion: @escaping @Sendable (Result<[Endpoint.Kind], RPCError>) -> Void) {
        switch target {
        case .addresses(let addresses): completion(.success(addresses.map { .tcp($0) }))
        case .unix(let path): completion(.success([.unix(path)]))
        case .inProcess(let server, let uriNames): completion(.success([.inProcess(server, uriNames: uriNames)]))
        case .dns(let host, let port):
            // getaddrinfo blocks; it runs on NIO's bounded pool of threads for such calls.
            NIOThreadPool.singleton.submit { state in
                guard case .active = state else { return }
                completion(Self.lookUp(host, port))
            }
        }
    }

    private static func lookUp(_ host: String, _ port: Int) -> Result<[Endpoint.Kind], RPCError> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
            unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            unsafe hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let result = unsafe getaddrinfo(host, nil, &hints, &list)
        guard result == 0 else {
            let why = unsafe String(cString: gai_strerror(result))
            return .failure(RPCError(code: .unavailable, message: "cannot resolve \(host): \(why)"))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [ServerAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe next = entry.pointee.ai_next
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let named = unsafe getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            guard named == 0 else { continue }
            let ip = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let address = ServerAddress(host: ip, port: port)
            if !addresses.contains(address) { addresses.append(address) }
        }
        guard !addresses.isEmpty else {
            return .failure(RPCError(code: .unavailable, message: "\(host) has no address"))
        }
        return .success(addresses.map { .tcp($0) })
    }
}
