import SwiftProtobuf

/// Writes single values in protobuf's text format.
enum ScalarOption {
    typealias Kind = Google_Protobuf_FieldDescriptorProto.TypeEnum

    static func isVarint(_ type: Kind) -> Bool {
        switch type {
        case .int32, .int64, .uint32, .uint64, .sint32, .sint64, .bool, .enum: true
        default: false
        }
    }

    static func text(
        _ value: WireField.Value, _ field: Google_Protobuf_FieldDescriptorProto, _ schema: Schema
    ) -> String {
        switch (value, field.type) {
        case (.varint(let number), .bool): number == 0 ? "false" : "true"
        case (.varint(let number), .enum): enumName(number, Schema.plain(field.typeName), schema)
        case (.varint(let number), .sint32), (.varint(let number), .sint64):
            "\(Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1))"
        case (.varint(let number), .uint32), (.varint(let number), .uint64): "\(number)"
        case (.varint(let number), _): "\(Int64(bitPattern: number))"
        case (.fixed64(let number), .double): "\(Double(bitPattern: number))"
        case (.fixed64(let number), .sfixed64): "\(Int64(bitPattern: number))"
        case (.fixed64(let number), _): "\(number)"
        case (.fixed32(let number), .float): "\(Float(bitPattern: number))"
        case (.fixed32(let number), .sfixed32): "\(Int32(bitPattern: number))"
        case (.fixed32(let number), _): "\(number)"
        case (.bytes(let bytes), .bytes): "\"\(bytes.map(escaped).joined())\""
        case (.bytes(let bytes), _): JSONText.string(String(decoding: bytes, as: UTF8.self))
        }
    }

    private static func enumName(_ number: UInt64, _ type: String, _ schema: Schema) -> String {
        let number = Int32(truncatingIfNeeded: number)
        let names = schema.definitions.enumerations[type]?.proto.value ?? []
        return names.first { $0.number == number }?.name ?? "\(number)"
    }

    private static func escaped(_ byte: UInt8) -> String {
        guard (0x20..<0x7F).contains(byte), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else {
            let digits = String(byte, radix: 16)
            return "\\x" + (digits.count < 2 ? "0" : "") + digits
        }
        return String(UnicodeScalar(byte))
    }
}
