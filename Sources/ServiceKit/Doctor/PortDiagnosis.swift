import Foundation
import NIOCore
import NIOPosix
import Wire

/// A role's ports: free, or taken by the role itself.
struct PortDiagnosis {
    private let role: RoleDefinition
    private let settings: Settings

    init(_ role: RoleDefinition, settings: Settings) { (self.role, self.settings) = (role, settings) }

    func diagnoses() async -> [Diagnosis] {
        let admin = settings[role.settings.admin].address
        let isRunning = await isRole(admin)
        var found: [Diagnosis] = []
        for key in [role.settings.listen, role.settings.admin] {
            let text = settings[key].settingText
            if isRunning {
                found.append(Diagnosis(key.name, .ok, "\(text): the role is running"))
                continue
            }
            do {
                try await bind(settings[key].address)
                found.append(Diagnosis(key.name, .ok, "\(text) is free"))
            } catch {
                found.append(
                    Diagnosis(
                        key.name, .failure, "\(text) cannot be listened on: \(ListenFailure.reason(error))",
                        "end the program that has it (`ss -ltnp` shows it), or set \(key.name)"))
            }
        }
        return found
    }

    private func bind(_ address: ListenAddress) async throws {
        let bootstrap = ServerBootstrap(group: EventLoops.shared.eventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        switch address {
        case .tcp(let host, let port): try await bootstrap.bind(host: host, port: port).get().close()
        case .unix: break
        }
    }

    /// Whether the role's own admin port answers.
    private func isRole(_ address: ListenAddress) async -> Bool {
        guard case .tcp(let host, let port) = address, port != 0 else { return false }
        let name = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "[::1]" : host.contains(":") ? "[\(host)]" : host
        guard let url = URL(string: "http://\(name):\(port)/livez") else { return false }
        let channel = try? await ClientBootstrap(group: EventLoops.shared.eventLoopGroup)
            .connectTimeout(.seconds(1))
            .connect(host: url.host ?? host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        guard let channel else { return false }
        let request = "GET /livez HTTP/1.1\r\nhost: \(name)\r\nconnection: close\r\n\r\n"
        let closing = channel.channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.channel.close(promise: nil) }
        defer { closing.cancel() }
        let answer = try? await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var text = ""
            for try await part in inbound {
                text += String(buffer: part)
                if text.utf8.count > 4_096 { break }
            }
            return text
        }
        return answer?.hasPrefix("HTTP/1.1 200") == true && answer?.hasSuffix("ok\n") == true
    }
}
