import IdentityContract
import SwiftProtobuf

typealias ApiKeyMessage = Datavault_Identity_V1_ApiKey
typealias ApiKeySecretsMessage = Datavault_Identity_V1_ApiKeySecrets

extension ApiKeyMessage {
    /// - Parameter secrets: The key's secrets that work, the newest first.
    init(_ key: ApiKey, _ secrets: [ApiKeySecret], at now: Int64) {
        self.init()
        name = key.name
        displayName = key.displayName
        prefix = key.prefix
        owner = key.owner.name
        scopes = key.scopes
        allowedNetworks = key.allowedNetworks
        if let time = key.expiresAt { expireTime = Google_Protobuf_Timestamp(microseconds: time) }
        state =
            switch key.state(at: now) {
            case .active: .active
            case .expired: .expired
            case .revoked: .revoked
            }
        createTime = Google_Protobuf_Timestamp(microseconds: key.createdAt)
        updateTime = Google_Protobuf_Timestamp(microseconds: key.updatedAt)
        if let time = key.lastUsedAt { lastUsedTime = Google_Protobuf_Timestamp(microseconds: time) }
        if state == .active {
            if let time = Self.oldEnd(.secret, secrets, now) {
                oldSecretExpireTime = Google_Protobuf_Timestamp(microseconds: time)
            }
            if let time = Self.oldEnd(.signing, secrets, now) {
                oldSigningSecretExpireTime = Google_Protobuf_Timestamp(microseconds: time)
            }
        }
        etag = Etag.text(key.version)
    }

    private static func oldEnd(_ kind: ApiKeySecret.Kind, _ secrets: [ApiKeySecret], _ now: Int64) -> Int64? {
        secrets.filter { $0.kind == kind && $0.works(at: now) }.dropFirst().first?.expiresAt
    }
}

extension ApiKey.State {
    /// Nil for "unspecified".
    init?(_ message: Datavault_Identity_V1_ApiKeyState) {
        switch message {
        case .active: self = .active
        case .expired: self = .expired
        case .revoked: self = .revoked
        default: return nil
        }
    }
}

extension Google_Protobuf_Timestamp {
    /// Microseconds since 1970; nil if the timestamp is beyond what any calendar has (0001 to 9999).
    var microsecondsSince1970: Int64? {
        guard (-62_135_596_800...253_402_300_799).contains(seconds), (0...999_999_999).contains(nanos) else {
            return nil
        }
        return seconds * 1_000_000 + Int64(nanos) / 1_000
    }
}
