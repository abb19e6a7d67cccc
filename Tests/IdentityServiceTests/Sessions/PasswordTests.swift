import Foundation
import StoreTesting
import Testing

@testable import IdentityService

/// Hashes, and which passwords are taken.
@Suite struct PasswordTests {
    /// From the reference implementation's own tests: two passes over 64 MiB.
    @Test func theHashIsArgon2id() throws {
        let hash = try Argon2.hash(
            Array("password".utf8), salt: Array("somesalt".utf8),
            Argon2Parameters(memoryKiB: 65_536, iterations: 2, lanes: 1), in: nil)
        let text = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        let read = try #require(PasswordHash(text))
        #expect(read.matches(hash))
        #expect(read.text == text)
    }

    @Test func memoryThatIsKeptChangesNoHash() throws {
        let memory = Argon2Memory()
        for size: UInt32 in [64, 256, 64, 1_024] {
            let parameters = Argon2Parameters(memoryKiB: size, iterations: 1, lanes: 1)
            let (password, salt) = (Array("lighthouse \(size)".utf8), [UInt8](repeating: 9, count: 16))
            let kept = try Argon2.hash(password, salt: salt, parameters, in: memory)
            let own = try Argon2.hash(password, salt: salt, parameters, in: nil)
            #expect(kept == own)
        }
    }

    @Test(arguments: [
        "", "$argon2id$", "$argon2i$v=19$m=64,t=1,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=16$m=64,t=1,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        // 2 GiB of memory, none, and a thousand passes.
        "$argon2id$v=19$m=2097152,t=1,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=0,t=1,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=1000,p=1$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=1,p=1,k=2$c29tc2FsdHNvbWVzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=1,p=1$c29tc2FsdHNvbWVzYWx0$CTFh", "$argon2id$v=19$m=64,t=1,p=1$$",
    ]) func whatIsNoHashIsNotRead(_ text: String) {
        #expect(PasswordHash(text) == nil)
    }

    @Test func aPasswordIsTheSameFromEveryKeyboard() async throws {
        let pool = HashingPool(pool(threads: 1))
        defer { pool.close() }
        let hasher = PasswordHasher(parameters: cheap, pool: pool)
        // Precomposed and decomposed, and a ligature.
        let hash = try await hasher.hash(NormalizedPassword("caf\u{E9} \u{FB01}nance"))
        let verdict = try await hasher.check(NormalizedPassword("cafe\u{301} finance"), against: hash)
        #expect(verdict == .right)
        let wrong = try await hasher.check(NormalizedPassword("cafe finance"), against: hash)
        #expect(wrong == .wrong)
        #expect("\(NormalizedPassword("secret"))" == "(password)")
    }

    private func pool(threads: Int) -> HashingPool.Configuration {
        var configuration = HashingPool.Configuration()
        configuration.threads = threads
        configuration.maximumWait = .seconds(3_600)
        return configuration
    }

    // MARK: Policy

    @Test(
        arguments: [
            ("eleven char", PasswordPolicy.Weakness.short(minimum: 12)),
            (String(repeating: "lighthouse ", count: 24), .long(maximum: 256)),
            ("passwordpassword", .common), ("Password2026!", .common), ("P@ssw0rd123456", .common),
            ("iloveyou!!!!!!", .common), ("Welcome 123456", .common), ("aaaaaaaaaaaa", .pattern),
            ("abcabcabcabcabc", .pattern), ("12345678901234", .pattern), ("fedcba987654", nil),
            ("abcdefghijklmn", .pattern), ("zyxwvutsrqponm", .pattern), ("qwertyuiopas", .pattern),
            ("adalovelace-77", .containsAddress), ("the ACME-Ltd vault", .containsOrganization),
            ("a lighthouse in the fog", nil), ("lauter dünne Männer", nil), ("密码密碼密码灯塔灯塔雾", nil),
        ] as [(String, PasswordPolicy.Weakness?)]) func weakPasswordsAreRefused(
            _ password: String, _ weakness: PasswordPolicy.Weakness?
        )
    {
        let found = PasswordPolicy().weaknesses(
            of: NormalizedPassword(password), email: "AdaLovelace+login@example.com", organization: "Acme Ltd")
        if let weakness {
            #expect(found.contains(weakness), "\(password)")
        } else if NormalizedPassword(password).count >= 12 {
            #expect(found.isEmpty, "\(password): \(found)")
        }
    }

    @Test func shortNamesAreWordsLikeOthers() {
        let found = PasswordPolicy().weaknesses(
            of: NormalizedPassword("bo rowed the boat home"), email: "bo@example.com", organization: "At")
        #expect(found.isEmpty)
    }
}
