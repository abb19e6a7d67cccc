import BenchContract
import Crypto
import FoundationEssentials
import Policy
import PolicyModel
import Wire

/// A policy layer as a role has it, and the gateway's half: what signs principals for it.
struct ChainPolicy: Sendable {
    static let organization = "acme"
    private static let keyID = "gateway-1"
    private static let role = Role.pipeline

    private let key = Curve25519.Signing.PrivateKey()

    var interceptors: [any ServerInterceptor] {
        let keys = PrincipalKeys([
            Self.keyID: PrincipalKeys.Key(publicKey: key.publicKey, certificateFingerprint: nil)
        ])
        var configuration = PolicyConfiguration(
            trustDomain: "example.org", role: Self.role, verifier: PrincipalVerifier(keys: keys))
        // The load generator of all peers shows no certificate.
        configuration.roleWithoutCertificate = .gateway
        return PolicyLayer.interceptors(configuration)
    }

    /// A principal for `say` that is good for as long as any, in base64 as its metadata takes it.
    func principal() throws -> String {
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let principal = VerifiedPrincipal(
            organization: Self.organization, subject: "users/ada", kind: .user,
            permissions: ["echoes.read", "pipelines.read", "pipelines.write", "runs.read"],
            sourceAddress: "192.0.2.7", strength: .signed, audience: Self.role,
            method: Datavault_Bench_V1_EchoService.Methods.say.path, issuedAt: now,
            expiresAt: now + PrincipalToken.maxLifetime, keyID: Self.keyID)
        return Data(try PrincipalSigner(key: key, keyID: Self.keyID).sign(principal)).base64EncodedString()
    }
}
