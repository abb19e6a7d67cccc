public import PolicyModel
public import Transcoding
public import Wire

/// A method of the contract that the edge lets callers of REST or gRPC make.
public final class GatewayMethod: Sendable {
    /// As calls are made.
    public let descriptor: MethodDescriptor
    /// Who serves it.
    public let role: Role
    /// The peer that serves it, as the gateway's settings call it; callers are told its name when it is away.
    public let peer: String
    /// What callers have to show.
    public let access: CallPolicy.Access
    /// Units of the caller's budget.
    public let cost: Int
    /// How a stream is shown; nil for what is no stream, or not shown.
    public let stream: CallPolicy.Stream?
    /// The end of the method, announced; nil for most.
    public let deprecation: Deprecation?
    /// What it takes.
    public let request: MessageType
    /// What it gives.
    public let response: MessageType
    /// What the contract's author says of it.
    public let comment: String
    /// As the guard sees it.
    public let admitted: AdmittedMethod
    /// `request_id` of the request, which `Idempotency-Key` sets; nil without one.
    let requestID: FieldPath?
    /// `update_mask` of the request; nil without one.
    let updateMask: FieldPath?

    init(
        descriptor: MethodDescriptor, role: Role, peer: String, policy: MethodPolicy, request: MessageType,
        response: MessageType,
        comment: String
    ) {
        (self.descriptor, self.role, self.peer) = (descriptor, role, peer)
        (access, cost, stream, deprecation) = (policy.access, policy.cost, policy.stream, policy.deprecation)
        (self.request, self.response, self.comment) = (request, response, comment)
        admitted = AdmittedMethod(
            path: descriptor.path, role: role, access: access, cost: cost, isAudited: policy.isAudited)
        requestID = try? request.path("request_id")
        let mask = try? request.path("update_mask")
        let isMask = mask?.fields.last?.messageType?.fullName == "google.protobuf.FieldMask"
        updateMask = isMask ? mask : nil
    }
}

/// What the contract's options say of a method.
struct MethodPolicy {
    var access: CallPolicy.Access
    var cost: Int
    var stream: CallPolicy.Stream?
    var deprecation: Deprecation?
    var isAudited: Bool
}
