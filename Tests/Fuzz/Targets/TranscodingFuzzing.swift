import Foundation
import SwiftProtobuf
import TestContractProtos
import Transcoding

/// One transcoder for all inputs: what an input leaves behind in its memory meets the next one.
private let fuzzTranscoder: (transcoder: Transcoder, type: MessageType) = {
    guard let set = Data(base64Encoded: TestDescriptors.base64, options: .ignoreUnknownCharacters),
        let pool = try? DescriptorPool(serializedDescriptorSet: Array(set)),
        let type = pool.messageType(named: "datavault.test.v1.KitchenSink")
    else { fatalError("the descriptor set cannot be read") }
    return (Transcoder(pool: pool), type)
}()

/// JSON that becomes a message can be read by others, and comes back the same.
func fuzzJSON(_ input: [UInt8]) {
    let (transcoder, type) = fuzzTranscoder
    guard let bytes = try? transcoder.protobuf(fromJSON: input, as: type) else { return }
    do {
        _ = try Datavault_Test_V1_KitchenSink(serializedBytes: bytes)
        try checkRoundTrip(bytes, transcoder, type)
    } catch {
        fatalError("what was read cannot be written: \(error)")
    }
}

/// Bytes that become JSON come back as the same JSON.
func fuzzProtobuf(_ input: [UInt8]) {
    let (transcoder, type) = fuzzTranscoder
    guard (try? transcoder.json(fromProtobuf: input, as: type)) != nil else { return }
    do { try checkRoundTrip(input, transcoder, type) } catch {
        fatalError("what was written cannot be read: \(error)")
    }
}

private func checkRoundTrip(_ bytes: [UInt8], _ transcoder: Transcoder, _ type: MessageType) throws {
    let json: [UInt8]
    do throws(TranscodingError) {
        json = try transcoder.json(fromProtobuf: bytes, as: type)
    } catch {
        // JSON may say what has no form in JSON of its own: an Any within an Any that takes more depth when written, or
        // a field mask whose paths were not in lowerCamelCase.
        guard error.reason == .limitExceeded || error.reason == .invalidValue else { throw error }
        return
    }
    let again: [UInt8]
    do throws(TranscodingError) {
        again = try transcoder.protobuf(fromJSON: json, as: type)
    } catch {
        guard error.reason == .limitExceeded else { throw error }
        return
    }
    let jsonAgain = try transcoder.json(fromProtobuf: again, as: type)
    precondition(withoutNull(jsonAgain) == withoutNull(json), "JSON changes on its way")
}

/// JSON without the field `null_value`, which has no presence: any number but zero sets it on the wire, JSON has null for
/// all of them, and null leaves it unset.
private func withoutNull(_ json: [UInt8]) -> String {
    // A quote inside a string has a backslash before it, so this is never part of one.
    let field = "\"nullValue\":null"
    var text = String(decoding: json, as: UTF8.self)
    for form in ["\(field),", ",\(field)", field] { text = text.replacingOccurrences(of: form, with: "") }
    return text
}
