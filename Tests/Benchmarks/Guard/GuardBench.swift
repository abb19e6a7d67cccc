import Crypto
import Foundation
import Gateway
import IdentityContract
import NIOCore
import Policy
import PolicyModel
import ServiceKit
import ServiceLifecycle
import SwiftProtobuf
import Wire

/// A guard that follows an Identity in this process, with a thousand keys.
final class GuardBench: Sendable {
    static let method = AdmittedMethod(
        path: "/datavault.bench.v1.Things/Make", role: .pipeline, access: .permission("things.write"), cost: 1)
    static let hashKey = SymmetricKey(size: .bits256)
    static let keyCount = 1_000

    let secrets: [String]
    let guardian: CallerGuard
    let token: String
    private let signer: RequestSigner
    private let loops: EventLoops
    private let server: Server
    private let channel: ClientChannel
    private let work: [Task<Void, Never>]

    var secret: String { secrets[0] }

    init() async throws {
        let tokenKey = Curve25519.Signing.PrivateKey()
        let signingSecret = [UInt8](repeating: 7, count: 32)
        secrets = (0..<Self.keyCount).map { _ in Self.unknownKey() }
        let keys = secrets.enumerated().map { index, text in
            Datavault_Identity_V1_ApiKeyCredential.with {
                $0.id = Self.keyID(index)
                $0.organization = "acme-\(index % 10)"
                $0.permissions = ["things.read", "things.write", "runs.read", "runs.write"]
                $0.secrets = [
                    .with {
                        $0.id = "s"
                        $0.hash = Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: Self.hashKey))
                    }
                ]
                $0.signingSecrets = [
                    .with {
                        $0.id = "g"
                        $0.secret = Data(signingSecret)
                    }
                ]
            }
        }
        signer = RequestSigner(keyID: Self.keyID(0), secret: signingSecret)
        token = try Self.token(tokenKey)
        loops = EventLoops(threads: 1)
        var router = Router()
        BenchTrust(keys: keys, tokenKey: tokenKey.publicKey.rawRepresentation).register(in: &router)
        server = Server(router: router, eventLoops: loops)
        let channel = ClientChannel(.inProcess(server), eventLoops: loops)
        self.channel = channel
        var configuration = GuardConfiguration()
        // So that nothing is refused; what limits cost does not depend on how much they allow.
        // What a refusal takes, not how long it is put off.
        configuration.newKeyLooks = []
        configuration.limits.caller = RateLimit(rate: 1_000_000, burst: 1_000_000)
        configuration.limits.organization = RateLimit(rate: 1_000_000, burst: 1_000_000)
        configuration.limits.address = RateLimit(rate: 1_000_000, burst: 1_000_000)
        let guardian = CallerGuard(
            configuration: configuration, credentials: CredentialWatcher { channel }, identity: { channel })
        self.guardian = guardian
        work = guardian.services.map { service in Task { try? await service.run() } }
        for check in guardian.checks {
            while (try? await check.check()) == nil { try await Task.sleep(for: .milliseconds(20)) }
        }
        // A signature of this very second would be from before the start.
        try await Task.sleep(for: .seconds(1))
    }

    func end() async {
        for task in work { task.cancel() }
        await channel.shutDown()
        await server.drain(grace: .zero)
        try? await loops.shutdown()
    }

    static func keyID(_ index: Int) -> String {
        let digits = String(index, radix: 16)
        return "3f0c6a52-8a51-4d8e-9d0b-" + String(repeating: "0", count: 12 - digits.count) + digits
    }

    static func unknownKey() -> String {
        ApiKeyText(random: (0..<32).map { _ in UInt8.random(in: .min ... .max) })?.text ?? ""
    }

    func request(
        _ headers: [(name: String, value: String)], method: String = "GET", query: String? = nil
    ) -> RequestSummary {
        let common = [
            (name: "host", value: "api.example.com"), (name: "user-agent", value: "bench/1"),
            (name: "accept", value: "application/json"), (name: "content-type", value: "application/json"),
        ]
        return RequestSummary(
            method: method, scheme: "https", authority: "api.example.com", path: "/api/v1/things", query: query,
            headers: common + headers, sourceAddress: "192.0.2.7", requestID: "r")
    }

    /// A signed request with a body of 100 bytes.
    func signed() throws -> RequestSummary {
        let body = [UInt8](repeating: 0x20, count: 100)
        let added = try signer.sign(
            RequestSigner.Request(
                method: "POST", url: "https://api.example.com/api/v1/things?page=1",
                headers: [("Content-Type", "application/json")], body: body),
            created: Int64(Date().timeIntervalSince1970), lifetime: 290)
        return request(
            added.map { (name: $0.name.lowercased(), value: $0.value) } + [("content-length", "100")], method: "POST",
            query: "page=1")
    }

    private static func token(_ key: Curve25519.Signing.PrivateKey) throws -> String {
        let now = Date().timeIntervalSince1970
        let claims: [String: Any] = [
            "iss": "https://id.example", "aud": "datavault", "sub": "users/ada", "org": "acme-1", "sid": "s",
            "jti": "j",
            "iat": now, "exp": now + 600, "perms": ["things.read", "things.write"],
        ]
        let text = try [["alg": "EdDSA", "typ": "at+jwt", "kid": "k1"], claims].map {
            base64URL(try JSONSerialization.data(withJSONObject: $0))
        }.joined(separator: ".")
        return text + "." + base64URL(try key.signature(for: Data(text.utf8)))
    }

    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// As much of Identity as a guard follows.
private struct BenchTrust: Datavault_Identity_V1_TrustService.Handler {
    let keys: [Datavault_Identity_V1_ApiKeyCredential]
    let tokenKey: Data

    func watchCredentials(
        _ request: Datavault_Identity_V1_WatchCredentialsRequest,
        responses: ResponseWriter<Datavault_Identity_V1_CredentialEvent>, context: ServerContext
    ) async throws {
        var sequence: Int64 = 0
        func tell(_ event: Datavault_Identity_V1_CredentialEvent.OneOf_Event?) async throws {
            if event != nil { sequence += 1 }
            try await responses.write(
                .with {
                    ($0.sequence, $0.event) = (sequence, event)
                    $0.timeMs = Int64(Date().timeIntervalSince1970 * 1_000)
                })
        }
        try await tell(
            .start(
                .with {
                    ($0.heartbeatMs, $0.silenceLimitMs) = (300, 5_000)
                    ($0.issuer, $0.audience) = ("https://id.example", "datavault")
                    $0.secretHashKey = unsafe GuardBench.hashKey.withUnsafeBytes { unsafe Data($0) }
                }))
        for key in keys { try await tell(.apiKey(key)) }
        try await tell(
            .tokenKeys(
                .with {
                    $0.keys = [
                        .with {
                            $0.id = "k1"
                            $0.publicKey = tokenKey
                        }
                    ]
                }))
        try await tell(.complete(Datavault_Identity_V1_CredentialSnapshotComplete()))
        while true {
            try await Task.sleep(for: .milliseconds(300))
            try await tell(nil)
        }
    }

    func reportKeyUsage(
        _ request: Datavault_Identity_V1_ReportKeyUsageRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_ReportKeyUsageResponse { Datavault_Identity_V1_ReportKeyUsageResponse() }

    func registerPrincipalKey(
        _ request: Datavault_Identity_V1_RegisterPrincipalKeyRequest, context: ServerContext
    ) async throws -> Datavault_Identity_V1_PrincipalKey {
        .with {
            ($0.publicKey, $0.id) = (request.publicKey, "bench")
            $0.expiresAtMs = Int64(Date().timeIntervalSince1970 * 1_000) + 3_600_000
        }
    }

    func watchPrincipalKeys(
        _ request: Datavault_Identity_V1_WatchPrincipalKeysRequest,
        responses: ResponseWriter<Datavault_Identity_V1_PrincipalKeys>, context: ServerContext
    ) async throws { throw RPCError(code: .unimplemented) }
}
