import Crypto
import FoundationEssentials
import IdentityContract
import Policy

/// All that Identity has told of credentials. A value: built from a stream's first part, then changed in place.
struct CredentialSet: Sendable {
    /// How much is taken; more is a sign of something gone wrong, and the stream is refused.
    struct Limits: Sendable {
        var maxKeys = 1_000_000
        var maxRevocations = 1_000_000
        var maxOrganizations = 1_000_000
    }

    /// Why an event cannot be taken.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// Tokens made before a moment are not believed.
    private struct Floor: Sendable {
        let issuedBefore: Int64
        let until: Int64
    }

    let hashKey: SymmetricKey
    let tokenKeys = AccessTokenKeys()
    let tokens: AccessTokenVerifier
    private let limits: Limits
    private var keys: [String: ApiKeyRecord] = [:]
    private var secrets: [SecretDigest: (caller: KnownCaller, secret: KeySecret)] = [:]
    private var networks: [String: AddressList] = [:]
    private var sessionFloors: [String: Floor] = [:]
    private var userFloors: [String: Floor] = [:]

    /// Begins an empty set with what holds for the stream.
    init(_ start: Datavault_Identity_V1_CredentialStreamStart, limits: Limits = Limits()) throws(Fault) {
        guard start.secretHashKey.count == 32 else { throw Fault(description: "the stream has no hash key") }
        guard !start.issuer.isEmpty, !start.audience.isEmpty else {
            throw Fault(description: "the stream names no issuer or audience of tokens")
        }
        self.limits = limits
        hashKey = SymmetricKey(data: start.secretHashKey)
        tokens = AccessTokenVerifier(
            AccessTokenVerifier.Configuration(issuer: start.issuer, audience: start.audience), keys: tokenKeys)
    }

    // MARK: Changes

    /// Takes a change in.
    ///
    /// - Parameter now: Milliseconds since 1970.
    mutating func apply(_ event: Datavault_Identity_V1_CredentialEvent.OneOf_Event, now: Int64) throws(Fault) {
        switch event {
        case .apiKey(let message): try add(message)
        case .apiKeyRemoved(let id): remove(id)
        case .tokenKeys(let message):
            tokenKeys.replace(raw: message.keys.map { (id: $0.id, publicKey: $0.publicKey) })
        case .revocation(let message): try revoke(message, now: now)
        case .networks(let message):
            let list = AddressList(message.allowedNetworks)
            networks[message.organization] = list.allowsAll ? nil : list
            guard networks.count <= limits.maxOrganizations else {
                throw Fault(description: "more than \(limits.maxOrganizations) organizations have networks")
            }
        case .start, .complete: break
        }
    }

    private mutating func add(_ message: Datavault_Identity_V1_ApiKeyCredential) throws(Fault) {
        // Whatever it was before, it is not any more.
        remove(message.id)
        guard let record = ApiKeyRecord(message) else { throw Fault(description: "a key is not whole") }
        guard keys.count < limits.maxKeys else {
            throw Fault(description: "there are more than \(limits.maxKeys) keys")
        }
        keys[record.id] = record
        for (digest, secret) in record.secrets { secrets[digest] = (record.caller, secret) }
    }

    private mutating func remove(_ id: String) {
        guard let record = keys.removeValue(forKey: id) else { return }
        for (digest, secret) in record.secrets where secrets[digest]?.secret === secret { secrets[digest] = nil }
    }

    private mutating func revoke(
        _ message: Datavault_Identity_V1_TokenRevocation, now: Int64
    ) throws(Fault) {
        let floor = Floor(issuedBefore: message.issuedBeforeMs, until: message.untilMs)
        if sessionFloors.count + userFloors.count >= limits.maxRevocations {
            sessionFloors = sessionFloors.filter { $0.value.until > now }
            userFloors = userFloors.filter { $0.value.until > now }
            guard sessionFloors.count + userFloors.count < limits.maxRevocations else {
                throw Fault(description: "there are more than \(limits.maxRevocations) revocations")
            }
        }
        switch message.tokens {
        case .session(let id): sessionFloors[id] = Self.later(sessionFloors[id], floor)
        case .user(let id): userFloors[id] = Self.later(userFloors[id], floor)
        case nil: throw Fault(description: "a revocation names no tokens")
        }
    }

    private static func later(_ old: Floor?, _ new: Floor) -> Floor {
        guard let old else { return new }
        return Floor(issuedBefore: max(old.issuedBefore, new.issuedBefore), until: max(old.until, new.until))
    }

    // MARK: Questions

    /// Whose secret has a hash; nil for nobody's, or one that has ended.
    func owner(of digest: SecretDigest) -> (caller: KnownCaller, secret: KeySecret)? { secrets[digest] }

    /// A key.
    func key(_ id: String) -> ApiKeyRecord? { keys[id] }

    /// Where callers of an organization may come from.
    func networks(of organization: String) -> AddressList { networks[organization] ?? .everywhere }

    /// Whether a token is among those that are not believed any more.
    func isRevoked(_ token: AccessToken) -> Bool {
        if let floor = sessionFloors[token.session], token.issuedAt < floor.issuedBefore { return true }
        if let floor = userFloors[token.user], token.issuedAt < floor.issuedBefore { return true }
        return false
    }

    /// How many keys there are.
    var keyCount: Int { keys.count }
}
