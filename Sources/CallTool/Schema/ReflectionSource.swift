import FoundationEssentials
package import NIOCore
package import SwiftProtobuf
import Synchronization
package import Wire
import WireProtos

/// Asks a running server what it serves: grpc.reflection.v1, or v1alpha where a server knows no better.
package final class ReflectionSource: SchemaSource {
    package let name = "the server"
    private let channel: ClientChannel
    private let limits: CallToolLimits
    private let options: CallOptions
    private let spent = Mutex(Spent())

    private struct Spent {
        var files = 0
        var bytes = 0
        var requests = 0
        /// The version that has answered.
        var method: MethodDescriptor?
    }

    private typealias Request = Grpc_Reflection_V1_ServerReflectionRequest
    private typealias Response = Grpc_Reflection_V1_ServerReflectionResponse

    /// - Parameters:
    ///   - metadata: Sent with each question.
    ///   - timeout: How long a question may take.
    package init(_ channel: ClientChannel, metadata: Metadata, timeout: TimeAmount, limits: CallToolLimits) {
        (self.channel, self.limits) = (channel, limits)
        var options = CallOptions(metadata: metadata, timeout: timeout)
        options.maxResponseMessageSize = limits.maxDescriptorBytes
        self.options = options
    }

    package func serviceNames() async throws -> [String] {
        var request = Request()
        request.listServices = ""
        guard case .listServicesResponse(let list)? = try await ask(request).messageResponse else {
            throw Self.nonsense
        }
        guard list.service.count <= limits.maxServices else { throw Self.tooMuch("maxServices") }
        return list.service.map(\.name).sorted()
    }

    package func files(defining symbol: String) async throws -> [Google_Protobuf_FileDescriptorProto]? {
        var request = Request()
        request.fileContainingSymbol = symbol
        guard let first = try await files(request) else { return nil }
        var known: [String: Google_Protobuf_FileDescriptorProto] = [:]
        var order: [String] = []
        var missing: [String] = []
        func take(_ files: [Google_Protobuf_FileDescriptorProto]) {
            for file in files where known.updateValue(file, forKey: file.name) == nil {
                order.append(file.name)
                missing.append(contentsOf: file.dependency)
            }
        }
        take(first)
        while let name = missing.popLast() {
            guard known[name] == nil else { continue }
            request.fileByFilename = name
            guard let files = try await files(request), files.contains(where: { $0.name == name }) else {
                throw CallToolError(
                    .usage, "the server's reflection lacks \(name), which \(symbol) needs",
                    next: "give the contract with --descriptor-set FILE")
            }
            take(files)
        }
        return order.compactMap { known[$0] }
    }

    private func files(_ request: Request) async throws -> [Google_Protobuf_FileDescriptorProto]? {
        switch try await ask(request).messageResponse {
        case .fileDescriptorResponse(let found):
            try spent.withLock { spent in
                spent.files += found.fileDescriptorProto.count
                spent.bytes += found.fileDescriptorProto.reduce(0) { $0 + $1.count }
                if spent.files > limits.maxDescriptorFiles { throw Self.tooMuch("maxDescriptorFiles") }
                if spent.bytes > limits.maxDescriptorBytes { throw Self.tooMuch("maxDescriptorBytes") }
            }
            return try found.fileDescriptorProto.map {
                guard let file = try? Google_Protobuf_FileDescriptorProto(serializedBytes: $0) else {
                    throw Self.nonsense
                }
                return file
            }
        case .errorResponse: return nil
        default: throw Self.nonsense
        }
    }

    private func ask(_ request: Request) async throws -> Response {
        let known = try spent.withLock { spent in
            spent.requests += 1
            if spent.requests > limits.maxReflectionRequests { throw Self.tooMuch("maxReflectionRequests") }
            return spent.method
        }
        if let known { return try await ask(request, known) }
        let versions = [
            Grpc_Reflection_V1_ServerReflection.Methods.serverReflectionInfo,
            Grpc_Reflection_V1alpha_ServerReflection.Methods.serverReflectionInfo,
        ]
        var last = Self.nonsense as any Error
        for method in versions {
            do {
                let response = try await ask(request, method)
                spent.withLock { $0.method = method }
                return response
            } catch let error as RPCError where error.code == .unimplemented && error.origin == .peer {
                last = error
            }
        }
        throw last
    }

    /// One question in a call of its own: some servers end a call with the first question that they cannot answer.
    private func ask(_ request: Request, _ method: MethodDescriptor) async throws -> Response {
        // v1alpha differs from v1 by its package's name only.
        let call: BidirectionalCall<Request, Response> = try await channel.bidirectional(method, options: options)
        do {
            try await call.send(request)
            try await call.finishSending()
        } catch is RPCError {
            // The reply says why.
        }
        var responses = call.responses.makeAsyncIterator()
        guard let response = try await responses.next() else { throw Self.nonsense }
        return response
    }

    private static let nonsense = CallToolError(
        .call, "the server's reflection gives no answer that can be read",
        next: "give the contract with --descriptor-set FILE")

    private static func tooMuch(_ limit: String) -> CallToolError {
        CallToolError(
            .call, "the server's reflection gives more than is taken (\(limit))",
            next: "give the contract with --descriptor-set FILE")
    }
}
