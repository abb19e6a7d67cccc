import IdentityContract
import SwiftProtobuf
import Wire

/// The calls of the users' service that are about passwords.
protocol PasswordCalls: Sendable {
    /// Gives somebody a new password. The caller has to hold all that the person may do
    /// (`IdentityCore.requireHeld(of:)`), as it could log in as that person then.
    func setUserPassword(
        _ request: Datavault_Identity_V1_SetUserPasswordRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty

    /// Gives the caller a new password.
    func changePassword(
        _ request: Datavault_Identity_V1_ChangePasswordRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty
}
