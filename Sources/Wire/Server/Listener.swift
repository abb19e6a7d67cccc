package import NIOCore
import NIOPosix
import Synchronization

/// Where a server listens.
public enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A TCP port; 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// A Unix domain socket. A socket file that nobody listens on is replaced.
    case unix(path: String)

    public var description: String {
        switch self {
        case .tcp(let host, let port): "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// Counts connections, in all and by address, against their limits.
package final class ConnectionLimiter: Sendable {
    private let limit: Int
    private let limitPerAddress: Int
    private let counts = Mutex((total: 0, byAddress: [String: Int]()))

    package init(limit: Int, limitPerAddress: Int) {
        self.limit = limit
        self.limitPerAddress = limitPerAddress
    }

    /// Takes a place; says which limit forbids it.
    package func enter(_ address: String) -> AbuseKind? {
        counts.withLock { counts in
            guard counts.total < limit else { return .connections }
            if !address.isEmpty {
                guard counts.byAddress[address, default: 0] < limitPerAddress else { return .connectionsPerAddress }
                counts.byAddress[address, default: 0] += 1
            }
            counts.total += 1
            return nil
        }
    }

    package func leave(_ address: String) {
        counts.withLock { counts in
            counts.total -= 1
            guard !address.isEmpty, let count = counts.byAddress[address] else { return }
            counts.byAddress[address] = count > 1 ? count - 1 : nil
        }
    }
}

extension PeerInfo {
    /// The peer of an accepted or connected channel.
    package init(channel: any Channel) {
        switch channel.remoteAddress {
        case .v4, .v6:
            self.init(
                transport: .tcp,
                address: channel.remoteAddress?.ipAddress ?? "",
                port: channel.remoteAddress?.port ?? 0
            )
        default: self.init(transport: .unixSocket)
        }
    }
}
