import Foundation
import PolicyModel
import Testing

@testable import ServiceKit

@Suite struct DevelopmentKeysTests {
    private static let day: TimeInterval = 86_400

    @Test func theSecondRunLeavesAllAsItIs() async throws {
        let keys = TemporaryKeys()
        let first = try await DevelopmentKeys.prepare(in: keys.folder)
        #expect(first.changes.count == 1 + Role.allCases.count + 2)
        #expect(Set(first.certificates.keys) == Set(Role.allCases))
        let second = try await DevelopmentKeys.prepare(in: keys.folder)
        #expect(second.changes == [])
        #expect(second.certificates == first.certificates)
        #expect(second.principal.keyID == first.principal.keyID)
        #expect(second.trustDomain == .standard)
    }

    @Test func certificatesAreRenewedInTheLastThirdOfTheirLife() async throws {
        let keys = TemporaryKeys()
        let start = Date()
        let first = try await DevelopmentKeys.prepare(in: keys.folder, roles: [.gateway, .scrape], now: start)
        let early = try await DevelopmentKeys.prepare(
            in: keys.folder, roles: [.gateway, .scrape], now: start.addingTimeInterval(59 * Self.day))
        #expect(early.changes == [])
        let late = try await DevelopmentKeys.prepare(
            in: keys.folder, roles: [.gateway, .scrape], now: start.addingTimeInterval(61 * Self.day))
        #expect(late.changes == ["renewed the certificate of gateway", "renewed the certificate of scrape"])
        #expect(late.certificates[.gateway]?.fingerprint != first.certificates[.gateway]?.fingerprint)
        #expect(late.principal.keyID == first.principal.keyID)
    }

    @Test func anAuthorityThatHasEndedIsReplacedWithAllThatItIssued() async throws {
        let keys = TemporaryKeys()
        let start = Date()
        let first = try await DevelopmentKeys.prepare(in: keys.folder, roles: [.gateway], now: start)
        let later = start.addingTimeInterval(3_651 * Self.day)
        let second = try await DevelopmentKeys.prepare(in: keys.folder, roles: [.gateway], now: later)
        #expect(second.changes.count == 2)
        #expect(second.certificates[.gateway]?.fingerprint != first.certificates[.gateway]?.fingerprint)
        #expect(try await DevelopmentKeys.prepare(in: keys.folder, roles: [.gateway], now: later).changes == [])
    }

    /// What somebody put there by mistake: another role's certificate, one of another authority, no certificate.
    @Test func whatDoesNotFitIsMadeAnew() async throws {
        let keys = TemporaryKeys()
        let other = TemporaryKeys()
        _ = try await DevelopmentKeys.prepare(in: keys.folder)
        _ = try await DevelopmentKeys.prepare(in: other.folder)
        func copy(_ from: KeyFolder, _ name: String, to target: String) throws {
            for end in ["pem", "key"] {
                let path = "\(keys.folder.path)/\(target).\(end)"
                try FileManager.default.removeItem(atPath: path)
                try FileManager.default.copyItem(atPath: "\(from.path)/\(name).\(end)", toPath: path)
            }
        }
        try copy(keys.folder, "scrape", to: "gateway")
        try copy(other.folder, "identity", to: "identity")
        try Data("nothing".utf8).write(to: URL(filePath: "\(keys.folder.path)/pipeline.pem"))
        try FileManager.default.removeItem(atPath: "\(keys.folder.path)/compliance.key")
        let mended = try await DevelopmentKeys.prepare(in: keys.folder)
        #expect(
            mended.changes
                == ["gateway", "identity", "pipeline", "compliance"].map { "renewed the certificate of \($0)" })
    }

    @Test func secretsAreNeverReplaced() async throws {
        let keys = TemporaryKeys()
        _ = try await DevelopmentKeys.prepare(in: keys.folder, roles: [])
        for path in [keys.folder.rootKey, keys.folder.principalKey] {
            let before = try keys.contents(path)
            try Data("damaged".utf8).write(to: URL(filePath: path))
            await #expect(throws: KeyError.self) { try await DevelopmentKeys.prepare(in: keys.folder, roles: []) }
            #expect(try keys.contents(path) == Data("damaged".utf8))
            try before.write(to: URL(filePath: path))
        }
        try FileManager.default.removeItem(atPath: keys.folder.principalPublicKey)
        let keyID = try await DevelopmentKeys.prepare(in: keys.folder, roles: []).principal.keyID
        #expect(try PrincipalKeyPair.loadPublic(file: keys.folder.principalPublicKey).keyID == keyID)
    }

    @Test func aFolderThatIsTakenIsWaitedForOnlySoLong() async throws {
        let keys = TemporaryKeys()
        try DurableFile.makeFolder(keys.folder.path)
        let lock = try await FolderLock(keys.folder.path, timeout: .seconds(1))
        var limits = KeyLimits()
        limits.lockTimeout = .milliseconds(50)
        do {
            _ = try await DevelopmentKeys.prepare(in: keys.folder, limits: limits)
            Issue.record("the folder was not waited for")
        } catch let error as KeyError {
            #expect(error.message.contains("another process makes keys in \(keys.folder.path)"))
        }
        extendLifetime(lock)
    }
}
