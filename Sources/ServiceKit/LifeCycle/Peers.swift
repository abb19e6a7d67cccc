import NIOCore
public import PolicyModel
public import ServiceLifecycle
import Synchronization
public import Wire
import WireProtos

/// Another role that a role calls, as it is known before the start.
public struct PeerDefinition: Sendable {
    /// The peer's name in settings, and in this process if it runs here.
    public let name: String
    /// What its certificate must say.
    public let role: Role
    /// Where it is.
    public let address: SettingKey<SocketAddress>
    /// Whether the suite may be without it: then it is there if its setting says where, or if it runs in this process.
    public let isOptional: Bool
    /// Whether the caller is ready only while the peer answers. Not where it can serve others meanwhile, or where work for
    /// the peer can wait: one service that is away would take all others with it.
    public let isAwaited: Bool

    /// Describes a peer.
    ///
    /// - Parameters:
    ///   - caller: The name of the role that calls it.
    ///   - port: The default port of its RPCs.
    ///   - isOptional: Whether the suite may be without it.
    ///   - isAwaited: Whether the caller is ready only while the peer answers.
    public init(
        _ name: String, role: Role, of caller: String, port: Int, isOptional: Bool = false, isAwaited: Bool = true
    ) {
        (self.name, self.role, self.isOptional, self.isAwaited) = (name, role, isOptional, isAwaited)
        address = SettingKey(
            "\(caller).peers.\(name)", default: .loopback(port),
            "Where the role \(name) is found; while it is unset and \(name) runs in the same process, there.")
    }
}

/// A way to another role: a channel that is made when it is first needed, and accepts that role only.
public final class Peer: Service, Sendable {
    private struct State {
        var channel: ClientChannel?
        var hasEnded = false
    }

    /// Who is called.
    public let definition: PeerDefinition
    private let tls: any TLSContextSource
    private let find: @Sendable () -> ListenAddress
    private let eventLoops: EventLoops
    private let state = Mutex(State())

    init(
        _ definition: PeerDefinition, tls: any TLSContextSource, eventLoops: EventLoops,
        find: @escaping @Sendable () -> ListenAddress
    ) {
        (self.definition, self.tls, self.eventLoops, self.find) = (definition, tls, eventLoops, find)
    }

    /// The channel; connects at its first call.
    ///
    /// - Throws: `RPCError` UNAVAILABLE once the role is ending.
    public func channel() throws -> ClientChannel {
        try state.withLock { state in
            if let channel = state.channel { return channel }
            guard !state.hasEnded else { throw RPCError(code: .unavailable, message: "the role is ending") }
            let channel = makeChannel()
            state.channel = channel
            return channel
        }
    }

    private func makeChannel() -> ClientChannel {
        let target: ChannelTarget =
            switch find() {
            case .tcp(let host, let port): .dns(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        var configuration = ChannelConfiguration()
        configuration.maxBackoff = .seconds(10)
        configuration.connectsEachLoop = true
        return ClientChannel(target, tls: tls, configuration: configuration, eventLoops: eventLoops)
    }

    /// What connections are made with now: another object once the certificate's files have changed.
    public var currentTLS: TLSContext { tls.current }

    /// A channel beside the common one, so that its connection is made with the certificate of now. Who asks for it shuts
    /// it down.
    ///
    /// - Throws: `RPCError` UNAVAILABLE once the role is ending.
    public func freshChannel() throws -> ClientChannel {
        guard !state.withLock({ $0.hasEnded }) else {
            throw RPCError(code: .unavailable, message: "the role is ending")
        }
        return makeChannel()
    }

    /// Whether the peer answers at all. Not whether it is ready: two roles that call each other would wait for ever.
    var check: ReadinessCheck {
        ReadinessCheck("peer \(definition.name)") { [self] in
            var options = CallOptions()
            options.timeout = .seconds(2)
            do {
                _ = try await Grpc_Health_V1_Health.Client(try channel())
                    .check(Grpc_Health_V1_HealthCheckRequest(), options: options)
            } catch {
                let failure = RPCError.wrapping(error)
                throw SuiteFailure(
                    "\(definition.name) does not answer at \(find()): \(failure.message). Start it, or set "
                        + "\(definition.address.name)")
            }
        }
    }

    /// Keeps the channel until the group shuts down.
    public func run() async throws {
        try? await gracefulShutdown()
        let channel = state.withLock { state in
            state.hasEnded = true
            defer { state.channel = nil }
            return state.channel
        }
        await channel?.shutDown()
    }
}

/// Where the roles of this process listen.
final class AddressBook: Sendable {
    private let addresses = Mutex<[String: ListenAddress]>([:])

    /// Whether a peer is one that the suite has here.
    func has(_ peer: PeerDefinition, _ settings: Settings) -> Bool {
        !peer.isOptional || settings.origin(of: peer.address.declaration).source != "default"
            || addresses.withLock { $0[peer.name] != nil }
    }

    func add(_ name: String, _ address: ListenAddress) { addresses.withLock { $0[name] = address } }

    /// Where a peer is: what its setting says; while it is unset, a role of this process, or the setting's default.
    func find(_ peer: PeerDefinition, _ settings: Settings) -> ListenAddress {
        let declaration = peer.address.declaration
        if settings.origin(of: declaration).source == "default", let own = addresses.withLock({ $0[peer.name] }) {
            return own
        }
        return settings[peer.address].address
    }
}
