public import SwiftProtobuf

/// A message of the suite's own protos, with what its field options say as code. Generated code conforms to it.
public protocol ContractMessage: Message {
    /// Adds each rule that the message breaks.
    func check(_ found: inout Violations)

    /// Adds the fields that are set, each with who may see it.
    func list(_ fields: inout FieldList)
}
