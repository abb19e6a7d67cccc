import Foundation
import Testing

@testable import Outbound

/// The guard where it counts: at the sockets of a real client.
@Suite struct GuardedConnectionTests {
    let server: TestServer

    init() throws { server = try TestServer.get() }

    @Test(arguments: [
        "127.0.0.2", "127.1.1.1", "0x7f.2", "2130706434", "0177.0.0.2", "127.2", "[::ffff:127.0.0.1]",
        "[::ffff:127.0.0.2]",
        "[::127.0.0.1]", "[::]", "0.0.0.0", "0", "10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", "[fe80::1]", "255.255.255.255", "１２７.０.０.２",
    ])
    func literalsAreRefused(host: String) async throws {
        let client = try makeClient()
        let error = await failure {
            try await client.fetch(OutboundRequest(.get, "http://\(host):\(server.other)/hello"))
        }
        #expect(error?.reason == .addressRefused)
    }

    @Test func portsAreRefused() async throws {
        let client = try makeClient()
        let error = await failure { try await client.fetch(OutboundRequest(.get, "http://127.0.0.1:25/")) }
        #expect(error?.reason == .portRefused)
    }

    @Test func namesThatLeadInsideAreRefused() async throws {
        // The real resolver, and what this machine itself calls its loopback.
        let client = try makeClient {
            $0.resolver = .system()
            $0.addressGuard.allowedAddresses = []
        }
        for host in ["localhost", "LOCALHOST", "localhost."] {
            let error = await failure {
                try await client.fetch(OutboundRequest(.get, "http://\(host):\(server.http)/hello"))
            }
            #expect(error?.reason == .addressRefused, "\(host)")
        }
        let allowing = try makeClient { $0.resolver = .system() }
        #expect(
            try await allowing.fetch(OutboundRequest(.get, server.url("/hello", host: "localhost"))).text == "hello")
    }

    /// The name leads somewhere else each time it is looked up; what is connected to is what is checked.
    @Test func namesThatChangeAreCheckedEachTime() async throws {
        let own = try TestServer.start()
        let answers = Locked(["127.0.0.1", "127.0.0.2", "10.0.0.1", "169.254.169.254", "127.0.0.1"])
        let client = try makeClient {
            $0.resolver = HostResolver { _ in
                answers.withLock { $0.isEmpty ? [] : [$0.removeFirst()] }.compactMap(IPAddress.init)
            }
        }
        // `Connection: close`, so that every request needs a connection.
        func ask() async -> OutboundError? {
            await failure {
                try await client.fetch(OutboundRequest(.get, "http://rebind.test:\(own.http)/close"))
            }
        }
        #expect(await ask() == nil)
        for _ in 0..<3 { #expect(await ask()?.reason == .addressRefused) }
        #expect(await ask() == nil)
        #expect(try await Stats.get(own).otherAccepted == 0)
    }

    /// One answer with good and bad addresses: only the good are connected to, in whatever order they stand.
    @Test(arguments: [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"]])
    func ofManyAddressesOnlyTheAllowedAreTried(texts: [String]) async throws {
        let client = try makeClient {
            $0.resolver = HostResolver { _ in texts.compactMap(IPAddress.init) }
        }
        // Only 127.0.0.1 listens on this port, and only 127.0.0.2 on the other.
        #expect(try await client.fetch(OutboundRequest(.get, "http://many.test:\(server.http)/hello")).text == "hello")
        let error = await failure {
            try await client.fetch(OutboundRequest(.get, "http://many.test:\(server.other)/hello"))
        }
        #expect(error?.reason == .connectFailed)
    }

    @Test(arguments: [
        "http://127.0.0.2:OTHER/hello", "http://0x7f.2:OTHER/hello", "http://2130706434:OTHER/hello",
        "http://[::ffff:127.0.0.2]:OTHER/hello", "//127.0.0.2:OTHER/hello", "http://inside.test:OTHER/hello",
        "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:25/",
    ])
    func redirectsInsideAreRefused(target: String) async throws {
        let own = server
        let client = try makeClient {
            $0.resolver = HostResolver { $0 == "inside.test" ? ["127.0.0.2"].compactMap(IPAddress.init) : [] }
        }
        let location = target.replacing("OTHER", with: "\(own.other)")
        let error = await failure {
            try await client.fetch(OutboundRequest(.get, own.url("/redirect/302?to=\(Self.escape(location))")))
        }
        #expect([.addressRefused, .portRefused].contains(error?.reason))
    }

    @Test(arguments: [
        "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "http://user:pass@127.0.0.1/",
        "http://a\\@127.0.0.1/",
        "javascript:x",
    ])
    func redirectsToOtherFormsAreRefused(target: String) async throws {
        let client = try makeClient()
        let error = await failure {
            try await client.fetch(OutboundRequest(.get, server.url("/redirect/302?to=\(Self.escape(target))")))
        }
        #expect(error?.reason == .redirectRefused)
    }

    @Test func connectionsOverIPv6() async throws {
        guard server.http6 != 0 else { return }
        let client = try makeClient()
        let response = try await client.fetch(OutboundRequest(.get, "http://[::1]:\(server.http6)/hello"))
        #expect(response.text == "hello" && response.connection.remoteAddress == IPAddress("::1"))
        let strict = try makeClient { $0.addressGuard.allowedAddresses = [] }
        let error = await failure {
            try await strict.fetch(OutboundRequest(.get, "http://[::1]:\(server.http6)/hello"))
        }
        #expect(error?.reason == .addressRefused)
        #expect(error?.message == "::1 is refused: loopback")
    }

    static func escape(_ text: String) -> String {
        text.utf8.map { byte in
            String(UnicodeScalar(byte)).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
                ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
