/// The types of google.protobuf that have a JSON form of their own.
enum WellKnownType: UInt8 {
    case none
    case any, timestamp, duration, fieldMask, structure, value, listValue, wrapper

    init(messageName: String) {
        self =
            switch messageName {
            case "google.protobuf.Any": .any
            case "google.protobuf.Timestamp": .timestamp
            case "google.protobuf.Duration": .duration
            case "google.protobuf.FieldMask": .fieldMask
            case "google.protobuf.Struct": .structure
            case "google.protobuf.Value": .value
            case "google.protobuf.ListValue": .listValue
            case "google.protobuf.DoubleValue", "google.protobuf.FloatValue", "google.protobuf.Int64Value",
                "google.protobuf.UInt64Value", "google.protobuf.Int32Value", "google.protobuf.UInt32Value",
                "google.protobuf.BoolValue", "google.protobuf.StringValue", "google.protobuf.BytesValue":
                .wrapper
            default: .none
            }
    }

    /// The fields that the JSON form is made of: a set that calls something else by these names is refused.
    ///
    /// Each is `number kind`, in the order of the numbers.
    static func expectedFields(messageName: String) -> [(number: UInt32, kind: FieldKind, isRepeated: Bool)]? {
        switch messageName {
        case "google.protobuf.Any": [(1, .string, false), (2, .bytes, false)]
        case "google.protobuf.Timestamp", "google.protobuf.Duration": [(1, .int64, false), (2, .int32, false)]
        case "google.protobuf.FieldMask": [(1, .string, true)]
        case "google.protobuf.Struct": [(1, .message, true)]
        case "google.protobuf.ListValue": [(1, .message, true)]
        case "google.protobuf.Value":
            [
                (1, .enumeration, false), (2, .double, false), (3, .string, false), (4, .bool, false),
                (5, .message, false), (6, .message, false),
            ]
        case "google.protobuf.DoubleValue": [(1, .double, false)]
        case "google.protobuf.FloatValue": [(1, .float, false)]
        case "google.protobuf.Int64Value": [(1, .int64, false)]
        case "google.protobuf.UInt64Value": [(1, .uint64, false)]
        case "google.protobuf.Int32Value": [(1, .int32, false)]
        case "google.protobuf.UInt32Value": [(1, .uint32, false)]
        case "google.protobuf.BoolValue": [(1, .bool, false)]
        case "google.protobuf.StringValue": [(1, .string, false)]
        case "google.protobuf.BytesValue": [(1, .bytes, false)]
        default: nil
        }
    }
}
