import ComplianceContract
import Crypto
import Foundation
import IdentityContract
import JWTKit
import Persistence
import Policy
import SwiftProtobuf
import Testing

@testable import IdentityService

/// The keys of access tokens through their lives, and what others make of our tokens.
@Suite(.timeLimit(.minutes(10))) struct TokenKeyTests {
    private static let day: Int64 = 86_400_000_000

    // MARK: Schedule

    @Test func aKeyIsPublishedSignsAndIsForgottenInItsTime() throws {
        let schedule = TokenKeySchedule(
            rotation: .seconds(30 * 86_400), publication: .seconds(86_400), tail: .seconds(600))
        let sealer = TokenKeySealer(rootKey: SessionHarness.rootKey)
        var (keys, now): ([TokenKey], Int64) = ([], 1_780_000_000_000_000)
        let start = now
        var signers: [Int64] = []
        var (published, most): ([Int64: Int64], Int) = ([:], 0)
        while now < start + 200 * Self.day {
            for step in schedule.steps(keys, now: now) {
                switch step {
                case .make(let number, let activeAt, let retiredAt, let expiresAt):
                    keys.append(
                        try sealer.make(
                            number: number, createdAt: now, activeAt: activeAt, retiredAt: retiredAt,
                            expiresAt: expiresAt))
                    published[number] = now
                case .forget(let id): keys.removeAll { $0.id == id }
                }
            }
            #expect(schedule.steps(keys, now: now).isEmpty)
            let signing = try #require(TokenKeySchedule.signing(keys, now: now))
            if signers.last != signing.number {
                signers.append(signing.number)
                // Whoever verifies has known it for nearly a day, the first one aside.
                if signing.number > 1 { #expect(now - (published[signing.number] ?? now) >= Self.day * 9 / 10) }
            }
            // The last token of the one before is not over.
            if let former = keys.first(where: { $0.number == signing.number - 1 }) {
                #expect(former.expiresAt == former.retiredAt + 600_000_000)
            }
            most = max(most, keys.count)
            now += Self.day / 48
        }
        #expect(signers == [1, 2, 3, 4, 5, 6, 7])
        #expect(most == 2)
    }

    @Test func aKeyThatIsLateSignsAtOnce() throws {
        let schedule = TokenKeySchedule()
        let sealer = TokenKeySealer(rootKey: SessionHarness.rootKey)
        let old = try sealer.make(number: 4, createdAt: 0, activeAt: 0, retiredAt: 100, expiresAt: 200)
        let now: Int64 = 1_780_000_000_000_000
        let steps = schedule.steps([old], now: now)
        #expect(steps.contains(.forget(id: old.id)))
        #expect(
            steps.contains(
                .make(
                    number: 5, activeAt: now, retiredAt: now + schedule.rotation.microseconds,
                    expiresAt: now + (schedule.rotation + schedule.tail).microseconds)))
        #expect(TokenKeySchedule.signing([old], now: now) == nil)
    }

    @Test func privateKeysAreSealed() throws {
        let sealer = TokenKeySealer(rootKey: SessionHarness.rootKey)
        let key = try sealer.make(number: 1, createdAt: 0, activeAt: 0, retiredAt: 1, expiresAt: 2)
        let pair = try sealer.open(key)
        #expect([UInt8](pair.publicKey.rawRepresentation) == key.publicKey)
        #expect(!Data(key.sealedPrivateKey).contains(pair.rawRepresentation))
        let other = try sealer.make(number: 2, createdAt: 0, activeAt: 0, retiredAt: 1, expiresAt: 2)
        // One key's private half does not open in another's place.
        let swapped = TokenKey(
            id: other.id, number: 2, publicKey: other.publicKey, sealedPrivateKey: key.sealedPrivateKey, createdAt: 0,
            activeAt: 0, retiredAt: 1, expiresAt: 2)
        #expect(throws: (any Error).self) { try sealer.open(swapped) }
        let newRoot = SymmetricKey(size: .bits256)
        #expect(throws: (any Error).self) { try TokenKeySealer(rootKey: newRoot).open(key) }
        #expect(throws: Never.self) { try TokenKeySealer(rootKey: newRoot, former: [SessionHarness.rootKey]).open(key) }
    }

    /// RFC 8037, appendix A.3.
    @Test func thumbprintsAreThoseOfTheStandard() throws {
        let x = try #require(Data(base64URL: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
        #expect(TokenKey.thumbprint([UInt8](x)) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }

    // MARK: In the store

    @Test(arguments: stores) func instancesNeverMakeTwoKeysOfOneNumber(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            let rings = (0..<4).map { _ in ring(identity) }
            for _ in 0..<4 {
                let signers = try await withThrowingTaskGroup(of: String.self) { group in
                    for ring in rings { group.addTask { try await ring.signer().keyID } }
                    return try await group.reduce(into: Set<String>()) { $0.insert($1) }
                }
                #expect(signers.count == 1)
                identity.clock.advance(.seconds(30 * 86_400))
            }
            let rows = try await identity.count("SELECT COUNT(*) - COUNT(DISTINCT number) AS n FROM token_keys")
            #expect(rows == 0)
        }
    }

    @Test(arguments: stores) func eachKeyMadeAndForgottenLeavesItsEvent(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            let audit = identity.core.audit
            let news = TokenNews(tokenKeys: { keys, tx in
                for key in keys { try IdentityService.record(key, audit, in: tx) }
            })
            let rings = [ring(identity, news), ring(identity, news)]
            for _ in 0..<4 {
                for ring in rings { try await ring.advance() }
                identity.clock.advance(.seconds(30 * 86_400))
            }
            let keys = try await TokenKeyStore(store: identity.core.store).all()
            let events = try await identity.events().filter { $0.action.hasPrefix("token_key.") }
            let made = events.filter { $0.action == "token_key.create" }
            let forgotten = events.filter { $0.action == "token_key.delete" }
            #expect(Set(made.map(\.resource)).count == made.count)
            #expect(!forgotten.isEmpty && forgotten.allSatisfy { $0.after.isEmpty && !$0.before.isEmpty })
            #expect(
                Set(made.map(\.resource)).subtracting(forgotten.map(\.resource))
                    == Set(keys.map { "token-keys/\($0.id)" }))
            #expect(made.allSatisfy { $0.actor == "role:identity" && $0.after.contains("Ed25519") })
        }
    }

    private func ring(_ identity: SessionHarness, _ news: TokenNews = TokenNews()) -> TokenKeyRing {
        TokenKeyRing(
            store: TokenKeyStore(store: identity.core.store), sealer: TokenKeySealer(rootKey: SessionHarness.rootKey),
            schedule: identity.parts.configuration.keys, news: news, now: { identity.clock.now })
    }

    @Test(arguments: stores) func tokensAreGoodThroughRotations(_ kind: Store.Kind) async throws {
        try await withSessions(kind, { $0.sessions.lifetime = .seconds(365 * 86_400) }) { identity in
            _ = try await identity.user()
            var response = try await identity.logIn()
            var kids: Set<String> = []
            // Every six days over some months, the background looking once in between.
            for _ in 0..<20 {
                response = try await identity.refresh(response.refreshToken)
                let old = response.accessToken
                identity.clock.advance(.seconds(280))
                response = try await identity.refresh(response.refreshToken)
                for token in [old, response.accessToken] {
                    let verified = try await identity.verified(token)
                    kids.insert(verified.keyID)
                }
                identity.clock.advance(.seconds(6 * 86_400))
                try await identity.parts.ring.advance()
            }
            #expect(kids.count >= 4)
        }
    }

    /// The library that gateways do not use reads our tokens and our key set, as any other does.
    @Test func aForeignVerifierBelievesOurTokens() async throws {
        struct Claims: JWTPayload {
            let iss: IssuerClaim
            let aud: AudienceClaim
            let sub: SubjectClaim
            let exp: ExpirationClaim
            let iat: IssuedAtClaim
            let org: String
            let perms: [String]

            func verify(using algorithm: some JWTAlgorithm) async throws {
                try exp.verifyNotExpired()
                try aud.verifyIntendedAudience(includes: "spiffe://datavault.local/gateway")
            }
        }
        try await withSessions(.sqlite) { identity in
            let ada = try await identity.user()
            let token = try await identity.logIn().accessToken
            let set = try await identity.sessions.getTokenKeys(.init())
            let json = try set.jsonUTF8Data()
            let keys = JWTKeyCollection()
            try await keys.add(jwks: try JSONDecoder().decode(JWKS.self, from: json))
            let claims = try await keys.verify(token, as: Claims.self)
            #expect(claims.sub.value == ada.id.name)
            #expect(claims.iss.value == "spiffe://datavault.local/identity")
            #expect(claims.org == ada.organization.rawValue)
            #expect(abs(claims.iat.value.timeIntervalSince1970 - Double(identity.clock.now) / 1e6) < 0.002)
        }
    }
}
