import IdentityContract
import Persistence
import Policy
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Wire

extension UsersHandler {
    private static let changeable = ["email", "display_name", "state"]

    func updateUser(
        _ request: Datavault_Identity_V1_UpdateUserRequest, context: ServerContext
    ) async throws -> UserMessage {
        let (core, sent, organization) = (core, request.user, try CallRights.current().organization)
        let id = UserID(try ResourceName.users.identifier(in: sent.name))
        let mask = try UpdateMask(request.updateMask.paths, changeable: Self.changeable) { field in
            switch field {
            case "email": !sent.email.isEmpty
            case "display_name": !sent.displayName.isEmpty
            default: sent.state != .unspecified
            }
        }
        try TextRules.check(shown: sent.displayName, field: "user.display_name")
        let state = User.State(sent.state)
        guard state != nil || !mask.contains("state") else {
            throw IdentityError.fieldInvalid(field: "user.state", problem: "must be ACTIVE or DISABLED")
        }
        let (intent, now) = (CallScope.current?.audit, core.environment.now())
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try UserStore.user(id, of: organization, in: tx) else {
                throw IdentityError.resourceUnknown(name: sent.name)
            }
            try Etag.check(sent.etag, old.version)
            var new = old
            if mask.contains("email") { new.email = EmailAddress(sent.email) }
            if mask.contains("display_name") { new.displayName = sent.displayName }
            if mask.contains("state"), let state { new.state = state }
            if new != old {
                (new.updatedAt, new.version) = (now, old.version + 1)
                try UserStore.update(new, of: organization, in: tx)
            }
            if new.state != old.state {
                if new.state == .disabled { try MemberStore.requireActiveAdmin(of: organization, in: tx) }
                try core.observers.userChanged(
                    id, of: organization, new.state == .disabled ? .disabled : .enabled, in: tx)
            }
            let message = UserMessage(new)
            try core.audit.record(
                intent, resource: message.name, .user(before: UserMessage(old), after: message), in: tx)
            return message
        }
    }

    func deleteUser(
        _ request: Datavault_Identity_V1_DeleteUserRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let (core, organization) = (core, try CallRights.current().organization)
        let id = UserID(try ResourceName.users.identifier(in: request.name))
        let intent = CallScope.current?.audit
        return try await core.replay.write(request, id: request.requestID) { tx in
            guard let old = try UserStore.user(id, of: organization, in: tx) else {
                throw IdentityError.resourceUnknown(name: request.name)
            }
            try Etag.check(request.etag, old.version)
            let member = try MemberStore.member(id, of: organization, in: tx).map { MemberMessage($0) }
            try core.observers.userChanged(id, of: organization, .deleted, in: tx)
            try MemberStore.delete(id, of: organization, in: tx)
            try UserStore.delete(id, of: organization, in: tx)
            try MemberStore.requireActiveAdmin(of: organization, in: tx)
            if let member {
                try core.record(
                    "member.delete", within: intent, of: organization, resource: member.name,
                    before: MaskedText.of(member), in: tx)
            }
            try core.audit.record(intent, .user(before: UserMessage(old)), in: tx)
            return Google_Protobuf_Empty()
        }
    }
}
