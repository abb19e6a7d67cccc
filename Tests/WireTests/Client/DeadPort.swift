import Glibc

@testable import Wire

/// A port of 127.0.0.1 that refuses connections until a server listens on it; no other test gets it meanwhile.
final class DeadPort: Sendable {
    let port: Int
    private let socket: CInt

    /// Binds without listening, with SO_REUSEADDR so that a server can still be put there.
    init() throws {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        socket = descriptor
        var one: CInt = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw Failed() }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(socket) }

    private struct Failed: Error {}

    var address: ServerAddress { ServerAddress(host: "127.0.0.1", port: port) }
    var listenAddress: ListenAddress { .tcp(host: "127.0.0.1", port: port) }
}
