import Foundation
import Gateway
import Logging
import NIOCore
import PolicyModel
import SwiftProtobuf
import Synchronization
import Transcoding
import Wire

/// An edge before a server of the file contract, over sockets on both sides.
final class FileBed: Sendable {
    let edge: EdgeServer
    let port: Int
    let service: FileHandlers
    private let server: Server
    private let channel: ClientChannel

    /// What the service does and has seen.
    final class FileHandlers: Sendable {
        let transcoder: Transcoder
        private let written = Atomic<Int>(0)
        private let cancelled = Atomic<Bool>(false)
        private let uploaded = Atomic<Int>(0)

        /// Messages that streams have written.
        var writes: Int { written.load(ordering: .relaxed) }
        /// Uploads whose end the service has seen.
        var uploads: Int { uploaded.load(ordering: .relaxed) }
        /// Whether a quiet stream was cancelled.
        var wasCancelled: Bool { cancelled.load(ordering: .relaxed) }

        init(_ transcoder: Transcoder) { self.transcoder = transcoder }

        func fields(_ bytes: [UInt8], _ type: String) throws -> [String: Any] {
            guard let type = transcoder.messageType(named: "\(FileContract.package).\(type)") else { return [:] }
            let json = try transcoder.json(fromProtobuf: bytes, as: type)
            return try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any] ?? [:]
        }

        func bytes(_ json: String, _ type: String) throws -> [UInt8] {
            guard let type = transcoder.messageType(named: type) else { return [] }
            return try transcoder.protobuf(fromJSON: Array(json.utf8), as: type)
        }

        func upload(_ context: ServerContext) async throws {
            var (size, pieces, name) = (0, 0, "")
            while let bytes = try await context.nextRequestBytes() {
                let message = try fields(bytes, "UploadRequest")
                if let text = message["name"] as? String { name = text }
                size += Data(base64Encoded: message["data"] as? String ?? "")?.count ?? 0
                pieces += 1
                if name.hasSuffix("refused") { throw RPCError(code: .permissionDenied, message: "no room") }
            }
            uploaded.add(1, ordering: .relaxed)
            try await context.write(
                bytes: bytes(
                    #"{"name":"\#(name)","size":"\#(size)","pieces":\#(pieces)}"#, "\(FileContract.package).Receipt"))
        }

        func send(_ context: ServerContext) async throws {
            let message = try fields(try await context.singleRequestBytes(), "SendRequest")
            let file = message["file"] as? [String: Any] ?? [:]
            let size = Data(base64Encoded: file["data"] as? String ?? "")?.count ?? 0
            let json = [
                "name": message["name"] as? String ?? "", "size": "\(size)",
                "type": file["contentType"] as? String ?? "",
            ]
            let text = String(decoding: try JSONSerialization.data(withJSONObject: json), as: UTF8.self)
            try await context.write(bytes: bytes(text, "\(FileContract.package).Receipt"))
        }

        /// `count` pieces of 10 000 bytes each.
        func download(_ context: ServerContext) async throws {
            let message = try fields(try await context.singleRequestBytes(), "WatchRequest")
            let data = Data(repeating: UInt8(ascii: "x"), count: 10_000).base64EncodedString()
            for index in 0..<(message["count"] as? Int ?? 1) {
                let type = index == 0 ? #""contentType":"text/x-test","# : ""
                try await context.write(bytes: bytes("{\(type)\"data\":\"\(data)\"}", "google.api.HttpBody"))
                written.add(1, ordering: .relaxed)
            }
        }

        func watch(_ context: ServerContext) async throws {
            let message = try fields(try await context.singleRequestBytes(), "WatchRequest")
            let name = message["name"] as? String ?? ""
            for index in 0..<(message["count"] as? Int ?? 0) {
                try await context.write(bytes: bytes("{\"index\":\(index + 1)}", "\(FileContract.package).Event"))
                written.add(1, ordering: .relaxed)
            }
            if name.hasSuffix("broken") { throw RPCError(code: .aborted, message: "torn") }
            if name.hasSuffix("quiet") {
                do { try await Task.sleep(for: .seconds(60)) } catch {
                    cancelled.store(true, ordering: .relaxed)
                    throw error
                }
            }
        }
    }

    init(_ configuration: EdgeConfiguration, guard guardian: OpenGuard) async throws {
        let routes = try RouteTable(
            descriptorSet: try FileContract.set.serializedBytes(), packages: [FileContract.package: .pipeline])
        let service = FileHandlers(routes.transcoder)
        var router = Router()
        for (path, method) in routes.methods {
            router.method(method.descriptor) { context in
                switch path.split(separator: "/").last {
                case "Upload": try await service.upload(context)
                case "Send": try await service.send(context)
                case "Download", "Fetch": try await service.download(context)
                default: try await service.watch(context)
                }
            }
        }
        var logger = Logger(label: "edge-tests")
        logger.logLevel = .critical
        server = Server(router: router, logger: logger)
        guard case .tcp(_, let upstream) = try await server.listen(.tcp(host: "127.0.0.1", port: 0)) else {
            throw CancellationError()
        }
        let channel = ClientChannel(.dns(host: "127.0.0.1", port: upstream))
        edge = EdgeServer(
            configuration: configuration, routes: routes, upstreams: ["pipeline": { channel }], guard: guardian,
            accessLog: AccessLog.none, logger: logger)
        (self.channel, self.service) = (channel, service)
        guard case .tcp(_, let port) = try await edge.listen(.tcp(host: "127.0.0.1", port: 0)) else {
            throw CancellationError()
        }
        self.port = port
    }

    static func run(
        _ configuration: EdgeConfiguration = .patient, guard guardian: OpenGuard = OpenGuard(),
        _ body: (FileBed) async throws -> Void
    ) async throws {
        let bed = try await FileBed(configuration, guard: guardian)
        let result: Result<Void, any Error>
        do { result = .success(try await body(bed)) } catch { result = .failure(error) }
        await bed.edge.drain(grace: .milliseconds(100))
        await bed.channel.shutDown(grace: .milliseconds(100))
        await bed.server.drain(grace: .milliseconds(100))
        try result.get()
    }

    func client() async throws -> RawClient { try await RawClient(port: port) }
}
