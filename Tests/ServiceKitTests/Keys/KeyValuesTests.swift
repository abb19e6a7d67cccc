import Crypto
import Foundation
import Testing

@testable import ServiceKit

@Suite struct KeyValuesTests {
    @Test(arguments: ["datavault.local", "a", "a-b_c.9", String(repeating: "a", count: 255)])
    func trustDomain(_ name: String) throws { #expect(try TrustDomain(name).name == name) }

    @Test(arguments: ["", "A", "a/b", "a b", "ä", "a:1", String(repeating: "a", count: 256)])
    func noTrustDomain(_ name: String) {
        let error = #expect(throws: KeyError.self) { try TrustDomain(name) }
        #expect(error?.input == .trustDomain)
    }

    @Test func rootKeyText() throws {
        let key = SymmetricKey(size: .bits256)
        let text = RootKey.text(of: key)
        #expect(RootKey.parse(text) == key)
        #expect(RootKey.parse("\(text)\r\n") == key)
        let short = RootKey.prefix + Data(repeating: 1, count: 31).base64EncodedString()
        for wrong in ["", "datavault-root-key-v2:" + text.dropFirst(RootKey.prefix.count), short, "\(text) x"] {
            #expect(RootKey.parse(wrong) == nil, "\(wrong)")
        }
    }

    @Test func filesHaveBounds() throws {
        let keys = TemporaryKeys()
        try DurableFile.makeFolder(keys.folder.path)
        let path = "\(keys.folder.path)/large"
        try Data(repeating: 1, count: 1_001).write(to: URL(filePath: path))
        #expect(throws: KeyError.self) { try DurableFile.read(path, limit: 1_000) }
        #expect(try DurableFile.read(path, limit: 1_001).count == 1_001)
        #expect(throws: KeyError.self) { try DurableFile.read(keys.folder.path, limit: 1_000) }
    }

    /// A name that is written must not lead elsewhere: an attacker's link where the pending file goes.
    @Test func pendingFilesFollowNoLink() throws {
        let keys = TemporaryKeys()
        try DurableFile.makeFolder(keys.folder.path)
        let target = "\(keys.folder.path)/target"
        let path = "\(keys.folder.path)/file"
        try Data("old".utf8).write(to: URL(filePath: target))
        try FileManager.default.createSymbolicLink(atPath: path + ".new", withDestinationPath: target)
        try DurableFile.write(Array("new".utf8), to: path, secret: true)
        #expect(try keys.contents(target) == Data("old".utf8))
        #expect(try keys.contents(path) == Data("new".utf8))
    }

    @Test func folders() {
        #expect(DurableFile.folder(of: "/a/b") == "/a")
        #expect(DurableFile.folder(of: "/a/b/") == "/a")
        #expect(DurableFile.folder(of: "/a") == "/")
        #expect(DurableFile.folder(of: "a") == ".")
        #expect(KeyFolder("/a/b//").authorityKey == "/a/b/ca.key")
    }
}
