public import PolicyModel
public import Wire

/// What decides, before a call is made, who makes it and whether it may be made now.
///
/// The edge asks in this order: `admit` with the head alone, so that nobody unknown makes it read a body; then, once the
/// body is there and its digest has been checked, `Admission.confirm`; then `Admission.principal` for the call's
/// metadata. REST and gRPC come through the same guard.
public protocol RequestGuard: Sendable {
    /// Recognizes the caller and takes the call's cost from its budget.
    ///
    /// Does not suspend where all that it needs is at hand, which is the rule.
    ///
    /// - Throws: UNAUTHENTICATED, PERMISSION_DENIED, RESOURCE_EXHAUSTED or UNAVAILABLE with a reason of
    ///   `datavault.gateway.v1`; the edge answers with them as they are.
    func admit(_ head: RequestSummary, to method: AdmittedMethod) async throws(RPCError) -> any Admission

    /// As `admit` where that takes no waiting and nothing that has not been seen before; nil: `admit` decides.
    func admitNow(_ head: RequestSummary, to method: AdmittedMethod) throws(RPCError) -> (any Admission)?
}

extension RequestGuard {
    /// `admit` decides.
    public func admitNow(_ head: RequestSummary, to method: AdmittedMethod) throws(RPCError) -> (any Admission)? { nil }
}

/// A request, as far as a guard looks at it: all but its body.
public struct RequestSummary: Sendable {
    /// As `POST`, upper case. A gRPC call's is POST.
    public var method: String
    /// `http` or `https`: what the client used to reach the edge, a trusted proxy's word included.
    public var scheme: String
    /// The host and port that the client addressed, in lower case.
    public var authority: String
    /// The path as it came, percent-encoding and all, without query.
    public var path: String
    /// The query as it came, without `?`; nil if there was no `?`.
    public var query: String?
    /// Fields in their order, names in lower case, values without white space around them.
    public var headers: [(name: String, value: String)]
    /// The client's address as text, without port.
    public var sourceAddress: String
    /// The client's request id or the one that the edge gave.
    public var requestID: String
    /// The fields as the edge keeps them for requests with the same ones.
    var fields: RequestFields?

    /// Describes a request.
    public init(
        method: String, scheme: String, authority: String, path: String, query: String?,
        headers: [(name: String, value: String)], sourceAddress: String, requestID: String
    ) {
        (self.method, self.scheme, self.authority) = (method, scheme, authority)
        (self.path, self.query, self.headers) = (path, query, headers)
        (self.sourceAddress, self.requestID) = (sourceAddress, requestID)
    }

    /// The first value of a field; nil if it is not there.
    ///
    /// - Parameter name: In lower case.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// A method, as far as a guard looks at it.
public struct AdmittedMethod: Sendable {
    /// `/package.Service/Method`.
    public let path: String
    /// The role that serves it: the principal's audience.
    public let role: Role
    /// What the contract asks of callers.
    public let access: CallPolicy.Access
    /// Units of the caller's budget.
    public let cost: Int
    /// Whether the audit log tells of its calls, those that are refused included.
    public let isAudited: Bool
    /// Of the path, made once: principals are looked up by it for every call.
    let hash: Int

    /// Describes a method.
    public init(path: String, role: Role, access: CallPolicy.Access, cost: Int, isAudited: Bool = false) {
        (self.path, self.role, self.access, self.cost) = (path, role, access, cost)
        self.isAudited = isAudited
        hash = path.hashValue
    }
}

/// A request that may be made.
public protocol Admission: Sendable {
    /// Whom the access log and spans name as organization and subject; nil for the unknown caller of a public method.
    var organization: String? { get }
    /// As `users/ada`; nil for the unknown caller of a public method.
    var subject: String? { get }
    /// What the body has to hash to, for signed requests; nil: anything.
    var digest: ContentDigest? { get }
    /// Fields that every answer to this request carries, as `ratelimit`; names in lower case.
    var responseHeaders: [(name: String, value: String)] { get }

    /// Whether `confirm` has anything to do.
    var mustBeConfirmed: Bool { get }

    /// What the caller is to be told instead of a reply, once the service has recorded that it was refused; nil, which is
    /// the rule: the call is made.
    var denial: RPCError? { get }

    /// Counts the request as made, after its body has been checked: a signature's nonce is used up here.
    ///
    /// - Throws: UNAUTHENTICATED (a replay), UNAVAILABLE.
    func confirm() async throws(RPCError)

    /// The value of `datavault-principal-bin` for the call; nil for the unknown caller of a public method.
    func principal() throws(RPCError) -> [UInt8]?

    /// `principal` and the caller's address as metadata that was made once for many calls; nil: to be made for this one.
    ///
    /// - Parameter source: The caller's address, as in the request's summary.
    func metadata(from source: String) throws(RPCError) -> PreparedMetadata?
}

extension Admission {
    /// It has.
    public var mustBeConfirmed: Bool { true }

    /// There is none.
    public var denial: RPCError? { nil }

    /// None is kept.
    public func metadata(from source: String) throws(RPCError) -> PreparedMetadata? { nil }
}

/// What a body has to hash to (RFC 9530).
public struct ContentDigest: Sendable, Hashable {
    /// A hash that is accepted. Others that a client sends beside one of these are not looked at.
    public enum Algorithm: String, Sendable, Hashable {
        case sha256 = "sha-256"
        case sha512 = "sha-512"
    }

    /// The algorithm: the strongest that the client sent.
    public let algorithm: Algorithm
    /// The hash's bytes.
    public let value: [UInt8]

    /// Names a hash.
    public init(algorithm: Algorithm, value: [UInt8]) { (self.algorithm, self.value) = (algorithm, value) }
}
