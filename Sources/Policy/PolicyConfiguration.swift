public import Logging
public import PolicyModel

/// What a server's policy layer has to be told.
public struct PolicyConfiguration: Sendable {
    /// The trust domain of the suite's certificates: names are `spiffe://<trust domain>/<role>`.
    public var trustDomain: String
    /// The role that the server has.
    public var role: Role
    /// Verifies principals.
    public var verifier: PrincipalVerifier
    /// Services without a policy that anyone who can connect may call: full names.
    public var openServices: Set<String> = [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
    ]
    /// Milliseconds since 1970.
    public var now: @Sendable () -> Int64 = { CoarseClock.milliseconds() }
    /// Is told of refused calls that have an audit action.
    public var denials: any DenialRecorder = LoggedDenials()

    /// The role of peers that showed no certificate; nil, as it must be wherever others can connect: they have none and are
    /// refused. For benchmarks, whose load generators have no certificates: out of reach of other packages.
    package var roleWithoutCertificate: Role?

    /// Where messages are logged, masked, if its level is `debug` or finer when the server is made.
    public var logger = Logger(label: "datavault.policy")

    /// Makes a configuration from what has no default.
    public init(trustDomain: String, role: Role, verifier: PrincipalVerifier) {
        (self.trustDomain, self.role, self.verifier) = (trustDomain, role, verifier)
    }
}
