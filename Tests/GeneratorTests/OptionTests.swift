import SwiftProtobuf
import Testing

@testable import WireGenerator

/// What the generator takes and refuses as options.
@Suite struct OptionTests {
    private func error(_ options: String) throws -> String {
        try Generation(of: "echo.proto", options: options).error
    }

    @Test func unknownOptionIsNamed() throws {
        let message = try error("Visibility=Public,Colour=Red")
        #expect(message.hasPrefix("protoc-gen-wire has no option named 'Colour'; its options are Visibility, "))
    }

    @Test(arguments: [
        ("Visibility=Private", "protoc-gen-wire's option Visibility takes Public|Package|Internal, not 'Private'."),
        ("Client=maybe", "protoc-gen-wire's option Client takes true|false, not 'maybe'."),
        ("ImportWire", "protoc-gen-wire's option ImportWire takes true|false, not ''."),
        (
            "FileNaming=Short",
            "protoc-gen-wire's option FileNaming takes FullPath|PathToUnderscores|DropPath, not 'Short'."
        ),
        (
            "ExtraModuleImports=A+",
            "protoc-gen-wire's option ExtraModuleImports takes MODULE[+MODULE...], not 'A+'."
        ),
    ])
    func wrongValueIsNamed(_ options: String, _ message: String) throws {
        #expect(try error(options) == message)
    }

    @Test func missingMappingsAreNamed() throws {
        #expect(try error("ProtoPathModuleMappings=nowhere.textpb").contains("'nowhere.textpb'"))
    }

    @Test func moduleListsAddUp() throws {
        let output = try Generation(of: "echo.proto", options: "ExtraModuleImports=B+C,ExtraModuleImports=A,").files
        let imports = output.values.joined().split(separator: "\n").filter { $0.hasPrefix("import ") }
        #expect(imports == ["import A", "import B", "import C", "import Wire"])
    }

    @Test(arguments: [
        ("FullPath", "deep/path/prefixed.wire.swift"),
        ("PathToUnderscores", "deep_path_prefixed.wire.swift"),
        ("path_to_underscores", "deep_path_prefixed.wire.swift"),
        ("DropPath", "prefixed.wire.swift"),
    ])
    func outputIsNamedAsAsked(_ naming: String, _ name: String) throws {
        let generation = try Generation(of: "deep/path/prefixed.proto", options: "FileNaming=\(naming)")
        #expect(Array(generation.files.keys) == [name])
    }

    @Test func twoOutputsOfOneNameAreRefused() throws {
        var set = try Protoc.compile("echo.proto")
        var copy = set.file[0]
        copy.name = "other/echo.proto"
        copy.package = "other"
        for index in copy.service[0].method.indices {
            copy.service[0].method[index].inputType = ".other.Echo"
            copy.service[0].method[index].outputType = ".other.Echo"
        }
        set.file.append(copy)
        let names = set.file.map(\.name)
        #expect(Generation(of: set, names: names, options: "FileNaming=DropPath").error.contains("echo.wire.swift"))
        #expect(Generation(of: set, names: names).files.count == 2)
    }
}
