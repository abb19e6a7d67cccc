import Foundation
import Testing

@testable import CollectTool

@Suite("Allowing networks for as long as the work takes") struct AddressPermitTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "/permit-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func lines(_ folder: String) -> [String] {
        let text = (try? String(contentsOfFile: "\(folder)/\(AddressPermit.fileName)", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    @Test("A permit comes, is renewed and goes, and touches nobody else's") func life() throws {
        try withFolder { folder in
            let path = "\(folder)/\(AddressPermit.fileName)"
            try "10.0.0.0/8 # for good\n192.168.0.0/16 until=5 # left over\n"
                .write(toFile: path, atomically: true, encoding: .utf8)
            let one = AddressPermit(folder: folder, networks: ["127.0.0.1/32", "::1/128"])
            let other = AddressPermit(folder: folder, networks: ["127.0.0.1/32"])
            try one.grant()
            try other.grant()
            try one.grant()
            #expect(lines(folder).count == 4 && lines(folder)[0] == "10.0.0.0/8 # for good")
            one.revoke()
            #expect(lines(folder).count == 2 && lines(folder)[1].hasPrefix("127.0.0.1/32 until="))
            other.revoke()
            #expect(lines(folder) == ["10.0.0.0/8 # for good"])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("Who cannot write the file is told who can") func refused() {
        let failure = #expect(throws: CollectFailure.self) {
            try AddressPermit(folder: "/nonexistent", networks: ["127.0.0.1/32"]).grant()
        }
        #expect(failure?.kind == .refused && failure?.advice.contains("operator") == true)
    }
}
