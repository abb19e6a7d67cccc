import IdentityContract
import Persistence
import SwiftProtobuf

typealias OrganizationMessage = Datavault_Identity_V1_Organization
typealias UserMessage = Datavault_Identity_V1_User
typealias MemberMessage = Datavault_Identity_V1_Member
typealias RoleMessage = Datavault_Identity_V1_MemberRole

extension OrganizationMessage {
    init(_ organization: Organization) {
        self.init()
        name = ResourceName.organizations.name(organization.id.rawValue)
        displayName = organization.displayName
        allowedNetworks = organization.allowedNetworks
        createTime = Google_Protobuf_Timestamp(microseconds: organization.createdAt)
        updateTime = Google_Protobuf_Timestamp(microseconds: organization.updatedAt)
        etag = Etag.text(organization.version)
    }
}

extension UserMessage {
    init(_ user: User) {
        self.init()
        name = user.id.name
        email = user.email.text
        displayName = user.displayName
        state = user.state == .active ? .active : .disabled
        createTime = Google_Protobuf_Timestamp(microseconds: user.createdAt)
        updateTime = Google_Protobuf_Timestamp(microseconds: user.updatedAt)
        if let time = user.lastLogInAt { lastLoginTime = Google_Protobuf_Timestamp(microseconds: time) }
        etag = Etag.text(user.version)
    }
}

extension MemberMessage {
    init(_ member: Member) {
        self.init()
        name = ResourceName.members.name(member.user.rawValue)
        roles = member.roles.messages
        createTime = Google_Protobuf_Timestamp(microseconds: member.createdAt)
        etag = Etag.text(member.version)
    }
}

extension User.State {
    /// Nil for "unspecified"; the contract's rules let nothing else through.
    init?(_ message: Datavault_Identity_V1_UserState) {
        switch message {
        case .active: self = .active
        case .disabled: self = .disabled
        default: return nil
        }
    }
}

extension MemberRoles {
    /// The roles that a request names.
    ///
    /// - Throws: `IdentityError.fieldInvalid` if one of them is none.
    init(_ messages: [RoleMessage], field: String) throws(IdentityError) {
        self = []
        for (index, message) in messages.enumerated() {
            switch message {
            case .admin: insert(.admin)
            case .editor: insert(.editor)
            case .viewer: insert(.viewer)
            default: throw .fieldInvalid(field: "\(field)[\(index)]", problem: "must be a role")
            }
        }
    }

    var messages: [RoleMessage] {
        each.compactMap { role in
            switch role {
            case .admin: .admin
            case .editor: .editor
            case .viewer: .viewer
            default: nil
            }
        }
    }
}

extension Google_Protobuf_Timestamp {
    init(microseconds: Int64) {
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(seconds: seconds, nanos: Int32(rest) * 1_000)
    }
}

/// Entries of a page, and the token that gets the next one.
struct Page<Entry> {
    let entries: [Entry]
    let nextToken: String

    /// How many entries a reply has where the request does not say.
    static var defaultSize: Int { 50 }

    /// How many rows a page of the size asked for needs: one more tells whether there is a next page.
    static func rows(_ size: Int32) -> Int { (size == 0 ? defaultSize : Int(size)) + 1 }

    init(_ rows: [Entry], asked: Int32, for request: [String], place: (Entry) -> PageToken) {
        let size = Self.rows(asked) - 1
        entries = Array(rows.prefix(size))
        nextToken = rows.count > size ? entries.last.map { place($0).text(for: request) } ?? "" : ""
    }
}
