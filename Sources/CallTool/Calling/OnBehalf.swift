import Policy
import PolicyContract
import SwiftProtobuf
package import Wire

/// For whom a role calls as itself, as it does in work that outlives a principal.
package enum OnBehalf {
    /// Adds the organization and the initiator to a call's metadata.
    package static func add(organization: String, initiator: String, to metadata: inout Metadata) throws {
        var message = Datavault_Policy_V1_OnBehalf()
        message.organization = organization
        message.initiator = initiator
        metadata.remove(CallerMetadata.onBehalfName)
        metadata.add(CallerMetadata.onBehalfName, bytes: try message.serializedBytes())
    }
}
