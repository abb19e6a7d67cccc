import GoogleAPIContract
import PolicyContract
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// The options of the contract, read from descriptors.
enum ContractOptions {
    /// The number of all options in `datavault.policy.v1`.
    static let policyNumber = 51200
    /// The number of `google.api.http`.
    static let routeNumber = 72_295_728

    /// All options that have to be decoded.
    static let extensions: [any AnyMessageExtension] = [
        Datavault_Policy_V1_Extensions_call,
        Datavault_Policy_V1_Extensions_field,
        Datavault_Policy_V1_Extensions_oneof,
        Datavault_Policy_V1_Extensions_permissions,
        Google_Api_Extensions_http,
    ]
}

extension FileDescriptor {
    /// Whether the file is of the suite's contract, in which nothing may be left unsaid.
    var isContract: Bool { package == "datavault" || package.hasPrefix("datavault.") }

    /// Whether messages of the file have rules as code. Those that are the rules have none.
    var hasMessageRules: Bool { isContract && !package.hasPrefix("datavault.policy.") }

    /// The file and all that it imports, each once.
    var withImports: [FileDescriptor] {
        var seen: Set<String> = []
        var result: [FileDescriptor] = []
        var pending = [self]
        while let file = pending.popLast() {
            guard seen.insert(file.name).inserted else { continue }
            result.append(file)
            pending += file.dependencies
        }
        return result
    }
}

extension MethodDescriptor {
    var policy: Datavault_Policy_V1_CallPolicy? {
        options.hasDatavault_Policy_V1_call ? options.Datavault_Policy_V1_call : nil
    }

    var route: Google_Api_HttpRule? { options.hasGoogle_Api_http ? options.Google_Api_http : nil }
}

extension FieldDescriptor {
    var rule: Datavault_Policy_V1_FieldRule {
        options.hasDatavault_Policy_V1_field ? options.Datavault_Policy_V1_field : Datavault_Policy_V1_FieldRule()
    }

    var hasRule: Bool { options.hasDatavault_Policy_V1_field }

    /// The field whose type a value has: of a map the values', else the field itself.
    var valueField: FieldDescriptor { mapKeyAndValue?.value ?? self }

    /// The map's two fields; nil for all other fields.
    var mapKeyAndValue: (key: FieldDescriptor, value: FieldDescriptor)? {
        isMap ? messageType.mapKeyAndValue : nil
    }
}

extension OneofDescriptor {
    var isRequired: Bool { options.Datavault_Policy_V1_oneof.required }
}
