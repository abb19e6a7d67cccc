import ComplianceContract
import Crypto
import Foundation
import IdentityContract
import Logging
import Persistence
import Policy
import PolicyModel
import SwiftProtobuf
import Testing
import Wire
import WireProtos

@testable import IdentityService

/// Going on with a session, through the real handler on both stores.
@Suite(.timeLimit(.minutes(10))) struct RefreshTests {
    @Test(arguments: stores) func eachRefreshGivesTheNextToken(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            let ada = try await identity.user()
            var response = try await identity.logIn()
            var seen: Set<String> = [response.refreshToken]
            for _ in 0..<5 {
                identity.clock.advance(.seconds(240))
                let next = try await identity.refresh(response.refreshToken)
                #expect(seen.insert(next.refreshToken).inserted)
                #expect(next.session == response.session)
                let token = try await identity.verified(next.accessToken)
                #expect(token.subject == ada.id.name)
                response = next
            }
            // Whatever was used up is known without a row of its own.
            let rows = try await identity.count("SELECT COUNT(*) AS n FROM refresh_tokens")
            #expect(rows == 2)
            let events = try await identity.events()
            #expect(events.map(\.action) == ["session.log_in"] + Array(repeating: "session.refresh", count: 5))
            #expect(events.allSatisfy { $0.actor == ada.id.name })
        }
    }

    @Test(arguments: stores) func aRepeatedRefreshGetsTheSameSuccessor(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            _ = try await identity.user()
            let first = try await identity.logIn()
            let second = try await identity.refresh(first.refreshToken)
            identity.clock.advance(.seconds(9))
            let again = try await identity.refresh(first.refreshToken)
            #expect(again.refreshToken == second.refreshToken)
            _ = try await identity.verified(again.accessToken)
            // The entry of the first stands for both.
            let events = try await identity.events()
            #expect(events.count == 2)
            _ = try await identity.refresh(second.refreshToken)
        }
    }

    @Test(arguments: stores) func aTokenThatIsUsedTwiceEndsItsSession(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            let ada = try await identity.user()
            let (first, other) = (try await identity.logIn(), try await identity.logIn())
            let second = try await identity.refresh(first.refreshToken)
            identity.clock.advance(.seconds(10))
            let reused = try await refusal { try await identity.refresh(first.refreshToken, from: "198.51.100.9") }
            #expect(reused.code == .unauthenticated)
            #expect(reused.reason == "REFRESH_TOKEN_REUSED")
            for token in [second, first] {
                let refused = try await refusal { try await identity.refresh(token.refreshToken) }
                #expect(refused.reason == "REFRESH_TOKEN_INVALID")
            }
            let events = try await identity.events()
            let denial = try #require(events.last)
            #expect(denial.action == "session.refresh")
            #expect(denial.denial.reason == "REFRESH_TOKEN_REUSED")
            #expect(denial.actor == ada.id.name)
            #expect(denial.resource == first.session)
            // Where it was used again is what its owner wants to know.
            #expect(denial.personal.map(\.value) == ["198.51.100.9"])
            #expect(denial.personal.map(\.subject) == [ada.id.name])
            let revocation = try #require(try await identity.revocations().first)
            #expect("sessions/\(revocation.session ?? "")" == first.session)
            let token = try await identity.verified(second.accessToken)
            #expect(token.issuedAt < revocation.issuedBefore)
            #expect(token.expiresAt <= revocation.until)
            // The user's other session is none of its business.
            _ = try await identity.refresh(other.refreshToken)
        }
    }

    @Test(arguments: stores) func aTokenOfLongAgoEndsItsSession(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            _ = try await identity.user()
            let first = try await identity.logIn()
            var newest = first.refreshToken
            for _ in 0..<4 { newest = try await identity.refresh(newest).refreshToken }
            let reused = try await refusal { try await identity.refresh(first.refreshToken) }
            #expect(reused.reason == "REFRESH_TOKEN_REUSED")
            let refused = try await refusal { [newest] in try await identity.refresh(newest) }
            #expect(refused.reason == "REFRESH_TOKEN_INVALID")
        }
    }

    @Test(arguments: stores) func refreshesAtTheSameTimeAgree(_ kind: Store.Kind) async throws {
        try await withSessions(kind) { identity in
            _ = try await identity.user()
            var token = try await identity.logIn().refreshToken
            for _ in 0..<5 {
                let presented = token
                let answers = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<8 { group.addTask { try await identity.refresh(presented).refreshToken } }
                    return try await group.reduce(into: Set<String>()) { $0.insert($1) }
                }
                #expect(answers.count == 1)
                token = try #require(answers.first)
            }
            let generation = try await identity.count("SELECT generation FROM sessions")
            #expect(generation == 6)
        }
    }

    @Test(arguments: stores) func sessionsEndByThemselves(_ kind: Store.Kind) async throws {
        try await withSessions(
            kind,
            {
                $0.sessions.idleTimeout = .seconds(1_000)
                $0.sessions.lifetime = .seconds(2_500)
            }
        ) { identity in
            let ada = try await identity.user()
            let idle = try await identity.logIn()
            var busy = try await identity.logIn()
            for _ in 0..<4 {
                identity.clock.advance(.seconds(600))
                busy = try await identity.refresh(busy.refreshToken)
            }
            let refused = try await refusal { try await identity.refresh(idle.refreshToken) }
            #expect(refused.reason == "REFRESH_TOKEN_INVALID")
            let listed = try await identity.sessions.listSessions(
                .init(),
                options: identity.by(
                    ada.id.name, of: ada.organization, Datavault_Identity_V1_SessionsService.Methods.listSessions)
            ).sessions
            #expect(listed.map(\.name) == [busy.session])
            #expect(listed.first?.idleExpireTime == listed.first?.expireTime)
            identity.clock.advance(.seconds(200))
            let over = try await refusal { [busy] in try await identity.refresh(busy.refreshToken) }
            #expect(over.reason == "REFRESH_TOKEN_INVALID")
            identity.clock.advance(.seconds(86_400))
            let cleaner = SessionCleaner(
                store: identity.core.store, now: { identity.clock.now }, logger: .init(label: "test"))
            let removed = try await cleaner.clean()
            #expect(removed == 2)
            let rest = try await identity.count("SELECT COUNT(*) AS n FROM refresh_tokens")
            #expect(rest == 0)
        }
    }

    @Test func whatWasNotMadeHereIsRefusedWithoutAskingTheStore() async throws {
        try await withSessions(.sqlite) { identity in
            _ = try await identity.user()
            let token = try await identity.logIn().refreshToken
            let foreign = RefreshToken.first(
                session: UUID().uuidString.lowercased(), random: Array(repeating: 1, count: 32))
            let others = RefreshToken.Keys(rootKey: .init(size: .bits256))
            let keys = identity.parts.refreshKeys
            for text in [
                "", "dv_rt_", String(token.dropLast()), token + "0", String(token.reversed()), foreign.text(others),
                // Made here, of no session.
                foreign.text(keys), "dv_rt_" + String(repeating: "z", count: 94), token.uppercased(),
            ] where !text.isEmpty {
                let refused = try await refusal { try await identity.refresh(text) }
                #expect(refused.reason == "REFRESH_TOKEN_INVALID", "\(text)")
            }
            _ = try await identity.refresh(token)
        }
    }
}
