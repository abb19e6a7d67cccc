import Foundation
import SwiftProtobuf
import TestContractProtos
import Testing
import Transcoding

typealias Sink = Datavault_Test_V1_KitchenSink

/// What all tests read from: transcoders of the test package's descriptor set.
enum Shared {
    static let set: Google_Protobuf_FileDescriptorSet = {
        guard let data = Data(base64Encoded: TestDescriptors.base64, options: .ignoreUnknownCharacters),
            let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: data)
        else { fatalError("the embedded descriptor set cannot be read") }
        return set
    }()

    static let pool: DescriptorPool = {
        do { return try DescriptorPool(set) } catch { fatalError("\(error)") }
    }()

    static let transcoder = Transcoder(pool: pool)

    static func transcoder(_ change: (inout TranscodingOptions) -> Void) -> Transcoder {
        var options = TranscodingOptions()
        change(&options)
        return Transcoder(pool: pool, options: options)
    }

    static func limited(_ change: (inout TranscodingLimits) -> Void) -> Transcoder {
        var limits = TranscodingLimits()
        change(&limits)
        return Transcoder(pool: pool, limits: limits)
    }
}

extension Transcoder {
    func type(_ name: String) throws -> MessageType {
        try #require(messageType(named: name.contains(".") ? name : "datavault.test.v1.\(name)"))
    }

    /// JSON read by Transcoding, as swift-protobuf understands the bytes.
    func sink(_ json: String) throws -> Sink {
        try Sink(serializedBytes: try protobuf(fromJSON: Array(json.utf8), as: try type("KitchenSink")))
    }

    /// What Transcoding writes for a message.
    func text(_ message: some SwiftProtobuf.Message) throws -> String {
        let type = try type(Swift.type(of: message).protoMessageName)
        let bytes: [UInt8] = try message.serializedBytes()
        return String(decoding: try json(fromProtobuf: bytes, as: type), as: UTF8.self)
    }
}

/// A call that must be refused, with its error.
func refusal(_ body: () throws -> Any, sourceLocation: SourceLocation = #_sourceLocation) -> TranscodingError? {
    do {
        let result = try body()
        Issue.record("was not refused: \(result)", sourceLocation: sourceLocation)
    } catch let error as TranscodingError {
        return error
    } catch {
        Issue.record("was refused with \(error)", sourceLocation: sourceLocation)
    }
    return nil
}
