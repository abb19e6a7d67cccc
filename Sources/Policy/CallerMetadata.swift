import PolicyContract
public import PolicyModel
import SwiftProtobuf
public import Wire

/// The metadata by which a role says for whom it calls another.
package enum CallerMetadata {
    /// The id that the gateway gives a caller's request.
    package static let requestIDName: StaticString = "x-request-id"
    /// Characters of an id that are kept; a longer one is cut.
    package static let maximumRequestID = 128
    /// Holds a `datavault.policy.v1.OnBehalf`.
    package static let onBehalfName = "datavault-on-behalf-bin"
}

/// A role would call a method that the contract does not let it call.
public struct RoleMayNotCall: Error, CustomStringConvertible {
    /// The role that would call.
    public let role: Role
    /// `/package.Service/Method`.
    public let method: String

    /// A sentence for the log.
    public var description: String { "the contract does not let the role \(role.rawValue) call \(method)" }
}

extension CallOptions {
    /// Hands the principal of the call that is being served on to `method`.
    ///
    /// - Parameter role: The caller's own role.
    /// - Throws: `RoleMayNotCall` if the method's policy does not list the role: the principal stays here.
    public mutating func forwardPrincipal(to method: MethodDescriptor, as role: Role) throws {
        try Self.check(method, role)
        guard let token = CallScope.current?.principalToken else { return }
        metadata.remove(PrincipalToken.metadataName)
        metadata.add(PrincipalToken.metadataName, bytes: token)
    }

    /// Makes the call as a role itself, for work that outlives the principal that started it.
    ///
    /// - Throws: `RoleMayNotCall` if the method's policy does not list the role.
    public mutating func act(
        onBehalf behalf: Caller.OnBehalf,
        calling method: MethodDescriptor,
        as role: Role
    ) throws {
        try Self.check(method, role)
        var message = Datavault_Policy_V1_OnBehalf()
        message.organization = behalf.organization
        message.initiator = behalf.initiator
        metadata.remove(CallerMetadata.onBehalfName)
        metadata.add(CallerMetadata.onBehalfName, bytes: try message.serializedBytes())
    }

    private static func check(_ method: MethodDescriptor, _ role: Role) throws {
        guard method.policy?.roles.contains(role) == true else {
            throw RoleMayNotCall(role: role, method: method.path)
        }
    }
}
