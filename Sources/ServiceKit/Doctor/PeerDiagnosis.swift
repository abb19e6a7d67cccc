import NIOCore
import PolicyModel
import Wire
import WireProtos

/// The roles that a role calls.
struct PeerDiagnosis {
    private let role: RoleDefinition
    private let settings: Settings

    init(_ role: RoleDefinition, settings: Settings) { (self.role, self.settings) = (role, settings) }

    func diagnoses() async -> [Diagnosis] {
        var found: [Diagnosis] = []
        for peer in role.peers where !peer.isOptional || isSet(peer) { found.append(await diagnosis(peer)) }
        return found
    }

    private func isSet(_ peer: PeerDefinition) -> Bool {
        settings.origin(of: peer.address.declaration).source != "default"
    }

    private func diagnosis(_ peer: PeerDefinition) async -> Diagnosis {
        let (subject, place) = ("\(role.name) peer \(peer.name)", settings[peer.address].settingText)
        let uri = "spiffe://\(settings[SuiteSettings.trustDomain])/\(peer.role.rawValue)"
        let tls: TLSContext
        do {
            let files = role.settings.tlsFiles(settings, role: role.role)
            tls = try TLSContext(configuration: files.client(expecting: uri), role: .client)
        } catch { return Diagnosis(subject, .warning, "it cannot be asked without a certificate", "see above") }
        let target: ChannelTarget =
            switch settings[peer.address].address {
            case .tcp(let host, let port): .dns(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        let channel = ClientChannel(target, tls: tls)
        var options = CallOptions()
        options.timeout = .seconds(3)
        let result: Diagnosis
        do {
            let health = try await Grpc_Health_V1_Health.Client(channel)
                .check(Grpc_Health_V1_HealthCheckRequest(), options: options)
            result = Diagnosis(
                subject, .ok, "\(place) is \(uri) and \(health.status == .serving ? "serves" : "is not ready yet")")
        } catch {
            // Roles start in any order: one that is not there yet keeps nobody from starting.
            result = Diagnosis(
                subject, .warning, "\(place) does not answer as \(uri): \(RPCError.wrapping(error).message)",
                "start it, or set \(peer.address.name)")
        }
        await channel.shutDown(grace: .zero)
        return result
    }
}
