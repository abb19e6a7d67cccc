import Foundation
import Testing

@testable import Outbound

@Suite("Networks that the operator allows while the program runs") struct OperatorAddressesTests {
    private func withFile(_ body: (String, (String) throws -> Void) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "/allowed-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path) { text in
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
    }

    private let loopback = IPAddress("127.0.0.1") ?? IPAddress(v4: 0)

    @Test("What is written counts at once, and what is taken out no longer") func live() throws {
        try withFile { path, write in
            var guarding = AddressGuard()
            guarding.operatorAddresses = OperatorAddresses(path: path)
            #expect(guarding.verdict(on: loopback) == .refused(.loopback))
            try write("# ours\n127.0.0.1/32 until=99999999999 # a remark\n\n10.0.0.0/8\n")
            #expect(guarding.verdict(on: loopback) == .allowed)
            #expect(guarding.verdict(on: IPAddress("10.1.2.3") ?? loopback) == .allowed)
            #expect(guarding.verdict(on: IPAddress("192.168.1.1") ?? loopback) != .allowed)
            try write("10.0.0.0/8\n")
            #expect(guarding.verdict(on: loopback) == .refused(.loopback))
            try FileManager.default.removeItem(atPath: path)
            #expect(guarding.verdict(on: IPAddress("10.1.2.3") ?? loopback) != .allowed)
        }
    }

    @Test("A time that is over allows nothing") func expiry() throws {
        try withFile { path, write in
            try write("127.0.0.1/32 until=1000\n10.0.0.0/8 until=2000\n")
            let addresses = OperatorAddresses(path: path)
            #expect(addresses.ranges(at: 999).map(\.description) == ["127.0.0.1/32", "10.0.0.0/8"])
            #expect(addresses.ranges(at: 1_000).map(\.description) == ["10.0.0.0/8"])
            #expect(addresses.ranges(at: 2_000).isEmpty)
        }
    }

    @Test("A file that others may write to, or that is none, allows nothing") func rights() throws {
        try withFile { path, write in
            try write("127.0.0.1/32\n")
            let addresses = OperatorAddresses(path: path)
            for (mode, count) in [(0o620, 0), (0o602, 0), (0o644, 1), (0o600, 1)] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                #expect(addresses.ranges.count == count, "\(mode)")
            }
            let link = path + ".link"
            defer { try? FileManager.default.removeItem(atPath: link) }
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            #expect(OperatorAddresses(path: link).ranges.isEmpty)
            #expect(OperatorAddresses(path: "/dev/zero").ranges.isEmpty)
        }
    }

    @Test(
        "One line that is none spoils the file: half of what was meant is not what was meant",
        arguments: [
            "127.0.0.1/33", "localhost", "127.0.0.1/32 for ever", "127.0.0.1/32 until=soon", "127.0.0.1 until=1 x",
        ])
    func malformed(line: String) {
        #expect(OperatorAddresses.entries("10.0.0.0/8\n\(line)\n") == nil)
    }
}
