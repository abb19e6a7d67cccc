import SwiftProtobufPluginLibrary

/// What the caller of protoc asked for with `--wire_opt`.
struct GeneratorOptions {
    private(set) var visibility = Visibility.internal
    private(set) var fileNaming = FileNaming.fullPath
    /// False for stubs that are compiled inside the module Wire itself.
    private(set) var importsWire = true
    private(set) var extraModuleImports: [String] = []
    private(set) var writesClient = true
    private(set) var writesServer = true
    /// Nothing is written: for checking many contracts against each other.
    private(set) var onlyChecks = false
    private(set) var moduleMappings = ProtoFileToModuleMappings()

    init(_ pairs: [(key: String, value: String)]) throws {
        for (key, value) in pairs where !(key.isEmpty && value.isEmpty) {
            guard let option = Option(rawValue: key) else {
                let known = Option.allCases.map(\.rawValue).joined(separator: ", ")
                throw GeneratorError("protoc-gen-wire has no option named '\(key)'; its options are \(known).")
            }
            try apply(option, value)
        }
    }

    private mutating func apply(_ option: Option, _ value: String) throws {
        switch option {
        case .visibility: visibility = try option.parse(value, Visibility.init(option:))
        case .fileNaming: fileNaming = try option.parse(value, FileNaming.init(option:))
        case .importWire: importsWire = try option.parse(value, Bool.init)
        case .client: writesClient = try option.parse(value, Bool.init)
        case .server: writesServer = try option.parse(value, Bool.init)
        case .onlyCheck: onlyChecks = try option.parse(value, Bool.init)
        case .extraModuleImports: extraModuleImports += try option.parse(value, Self.moduleNames)
        case .protoPathModuleMappings:
            do {
                moduleMappings = try ProtoFileToModuleMappings(path: value)
            } catch {
                throw GeneratorError("The module mappings in '\(value)' cannot be used: \(error).")
            }
        }
    }

    /// The modules of a list like `A+B`. protoc splits its options at commas, which leaves `+` as a separator.
    private static func moduleNames(_ list: String) -> [String]? {
        let names = list.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        let areIdentifiers = names.allSatisfy { name in
            name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil
        }
        return areIdentifiers ? names : nil
    }
}

extension GeneratorOptions {
    /// What `--help` tells of the options.
    static var help: String {
        Option.allCases.map { "    \($0.rawValue)=\($0.values)\n        \($0.meaning)" }.joined(separator: "\n")
    }

    private enum Option: String, CaseIterable {
        case visibility = "Visibility"
        case fileNaming = "FileNaming"
        case importWire = "ImportWire"
        case extraModuleImports = "ExtraModuleImports"
        case client = "Client"
        case server = "Server"
        case onlyCheck = "OnlyCheck"
        case protoPathModuleMappings = "ProtoPathModuleMappings"

        var values: String {
            switch self {
            case .visibility: Visibility.allCases.map(\.rawValue).joined(separator: "|")
            case .fileNaming: FileNaming.allCases.map(\.rawValue).joined(separator: "|")
            case .importWire, .client, .server, .onlyCheck: "true|false"
            case .extraModuleImports: "MODULE[+MODULE...]"
            case .protoPathModuleMappings: "FILE"
            }
        }

        var meaning: String {
            switch self {
            case .visibility: "who sees the stubs (Internal)"
            case .fileNaming: "how outputs are named after their protos (FullPath)"
            case .importWire: "false for stubs inside the module Wire itself (true)"
            case .extraModuleImports: "modules of messages that no mapping names; may be given again"
            case .client: "whether to write clients (true)"
            case .server: "whether to write what servers implement (true)"
            case .onlyCheck: "true to check contracts and write nothing (false)"
            case .protoPathModuleMappings: "which module holds which proto's messages, in protoc-gen-swift's form"
            }
        }

        func parse<Value>(_ text: String, _ convert: (String) -> Value?) throws -> Value {
            guard let value = convert(text) else {
                throw GeneratorError("protoc-gen-wire's option \(rawValue) takes \(values), not '\(text)'.")
            }
            return value
        }
    }
}
