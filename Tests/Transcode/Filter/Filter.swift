import Foundation
import Transcoding

/// Answers requests until its input ends.
///
/// A request is the operation's byte, a length and the message type's name, a length and the content; an answer is a byte
/// that tells success from refusal, a length and the result or the error. Lengths are 32 bits in big-endian order.
struct Filter {
    private let plain: Transcoder
    private let ignoring: Transcoder
    private let defaults: Transcoder

    init(pool: DescriptorPool) {
        plain = Transcoder(pool: pool)
        var options = TranscodingOptions()
        options.ignoresUnknownFields = true
        ignoring = Transcoder(pool: pool, options: options)
        options = TranscodingOptions()
        options.emitsDefaultValues = true
        options.writesEnumsAsNumbers = true
        options.preservesProtoNames = true
        defaults = Transcoder(pool: pool, options: options)
    }

    func run(input: FileHandle, output: FileHandle) throws {
        while let operation = try input.read(upToCount: 1)?.first {
            let name = String(decoding: try read(input), as: UTF8.self)
            let content = Array(try read(input))
            let result: [UInt8]
            do throws(TranscodingError) {
                result = try answer(operation, name, content)
            } catch {
                try write(1, Array("\(error.reason.rawValue): \(error)".utf8), to: output)
                continue
            }
            try write(0, result, to: output)
        }
    }

    private func answer(_ operation: UInt8, _ name: String, _ content: [UInt8]) throws(TranscodingError) -> [UInt8] {
        guard let type = plain.messageType(named: name) else { fatalError("\(name) is unknown") }
        switch operation {
        case UInt8(ascii: "p"): return try plain.protobuf(fromJSON: content, as: type)
        case UInt8(ascii: "i"): return try ignoring.protobuf(fromJSON: content, as: type)
        case UInt8(ascii: "j"): return try plain.json(fromProtobuf: content, as: type)
        case UInt8(ascii: "d"): return try defaults.json(fromProtobuf: content, as: type)
        default: fatalError("there is no operation \(operation)")
        }
    }

    private func read(_ input: FileHandle) throws -> Data {
        let length = try exactly(4, input).reduce(0) { $0 << 8 | Int($1) }
        return try exactly(length, input)
    }

    private func exactly(_ count: Int, _ input: FileHandle) throws -> Data {
        var data = Data()
        while data.count < count {
            guard let more = try input.read(upToCount: count - data.count), !more.isEmpty else {
                fatalError("the input ends inside a request")
            }
            data.append(more)
        }
        return data
    }

    private func write(_ status: UInt8, _ result: [UInt8], to output: FileHandle) throws {
        let count = UInt32(result.count)
        let length = (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * UInt32($0))) }
        try output.write(contentsOf: Data([status] + length + result))
    }
}
