import FoundationEssentials
import SwiftProtobuf
import WireProtos

/// Server reflection (grpc.reflection.v1 and v1alpha): clients learn from a running server what it serves.
public struct ReflectionService: ServiceHandler {
    private let registry: ReflectionRegistry
    private let services: [String]

    public var serviceDescriptor: ServiceDescriptor { Grpc_Reflection_V1_ServerReflection.descriptor }

    /// - Parameters:
    ///   - descriptorSet: A serialized `google.protobuf.FileDescriptorSet` with all imports (`protoc
    ///     --include_imports --descriptor_set_out`).
    ///   - services: Full names to list; nil: all in the set. Reflection itself is always listed.
    /// - Throws: SwiftProtobuf's error if the bytes are no descriptor set.
    public init(descriptorSet: [UInt8], services: [String]? = nil) throws {
        var set = try Google_Protobuf_FileDescriptorSet(serializedBytes: descriptorSet)
        let own = try Google_Protobuf_FileDescriptorSet(
            serializedBytes: Base64.decode(StandardDescriptors.base64.utf8.filter { $0 > 0x20 }) ?? [])
        set.file.append(contentsOf: own.file)
        registry = try ReflectionRegistry(set)
        let reflection = [
            Grpc_Reflection_V1_ServerReflection.descriptor.name,
            Grpc_Reflection_V1alpha_ServerReflection.descriptor.name,
        ]
        self.services = services.map { Set($0 + reflection).sorted() } ?? registry.services
    }

    /// As the other initializer, with the descriptor set in base64: the form in which programs carry it.
    public init(base64DescriptorSet: String, services: [String]? = nil) throws {
        let bytes = Base64.decode(base64DescriptorSet.utf8.filter { $0 > 0x20 }) ?? []
        try self.init(descriptorSet: bytes, services: services)
    }

    public func register(in router: inout Router) {
        router.bidirectional(Grpc_Reflection_V1_ServerReflection.Methods.serverReflectionInfo) {
            requests, responses, _ in
            try await answer(requests, responses)
        }
        // v1alpha differs from v1 by its package's name only, so v1's messages read and write it.
        router.bidirectional(Grpc_Reflection_V1alpha_ServerReflection.Methods.serverReflectionInfo) {
            requests, responses, _ in
            try await answer(requests, responses)
        }
    }

    private func answer(
        _ requests: RequestStream<Grpc_Reflection_V1_ServerReflectionRequest>,
        _ responses: ResponseWriter<Grpc_Reflection_V1_ServerReflectionResponse>
    ) async throws {
        for try await request in requests { try await responses.write(response(to: request)) }
    }

    func response(
        to request: Grpc_Reflection_V1_ServerReflectionRequest
    ) -> Grpc_Reflection_V1_ServerReflectionResponse {
        var response = Grpc_Reflection_V1_ServerReflectionResponse()
        response.validHost = request.host
        response.originalRequest = request
        switch request.messageRequest {
        case .fileByFilename(let name):
            answer(&response, registry.file(named: name), orNotFound: "file \(name)")
        case .fileContainingSymbol(let symbol):
            answer(&response, registry.file(containing: symbol), orNotFound: "symbol \(symbol)")
        case .fileContainingExtension(let wanted):
            answer(
                &response,
                registry.file(extending: wanted.containingType, number: wanted.extensionNumber),
                orNotFound: "extension \(wanted.extensionNumber) of \(wanted.containingType)"
            )
        case .allExtensionNumbersOfType(let type):
            if let numbers = registry.extensionNumbers(of: type) {
                response.allExtensionNumbersResponse.baseTypeName = type
                response.allExtensionNumbersResponse.extensionNumber = numbers
            } else {
                fail(&response, .notFound, "type \(type) not found")
            }
        case .listServices:
            response.listServicesResponse.service = services.map { name in
                var service = Grpc_Reflection_V1_ServiceResponse()
                service.name = name
                return service
            }
        case nil: fail(&response, .invalidArgument, "the request asks for nothing")
        }
        return response
    }

    private func answer(
        _ response: inout Grpc_Reflection_V1_ServerReflectionResponse,
        _ files: [Data]?,
        orNotFound what: String
    ) {
        if let files {
            response.fileDescriptorResponse.fileDescriptorProto = files
        } else {
            fail(&response, .notFound, "\(what) not found")
        }
    }

    private func fail(
        _ response: inout Grpc_Reflection_V1_ServerReflectionResponse,
        _ code: StatusCode,
        _ message: String
    ) {
        response.errorResponse.errorCode = Int32(code.rawValue)
        response.errorResponse.errorMessage = message
    }
}
