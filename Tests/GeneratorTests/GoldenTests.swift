import Foundation
import Testing

/// Compares whole outputs with the files under `Golden`.
///
/// With `UPDATE_GOLDEN=1` in the environment they are written anew instead; what changed is then for a person to read.
@Suite struct GoldenTests {
    struct Case: CustomTestStringConvertible {
        let proto: String
        let golden: String
        let options: String
        var testDescription: String { golden }

        init(_ proto: String, _ golden: String, _ options: String) {
            (self.proto, self.golden, self.options) = (proto, golden, options)
        }
    }

    static let modules = "ProtoPathModuleMappings=\(Protoc.protos.path())/modules.textpb"

    static let cases = [
        Case("echo.proto", "echo", "Visibility=Public"),
        Case("echo.proto", "echo_package", "Visibility=Package"),
        Case("echo.proto", "echo_internal", ""),
        Case("echo.proto", "echo_client", "Visibility=Public,Server=false,ExtraModuleImports=EchoMessages"),
        Case("echo.proto", "echo_server", "Visibility=Public,Client=false"),
        Case("echo.proto", "echo_methods", "Visibility=Public,Client=false,Server=false,ExtraModuleImports=Unused"),
        Case("echo.proto", "echo_inside_wire", "Visibility=Public,ImportWire=false,ExtraModuleImports=WireProtos"),
        Case("unpackaged.proto", "unpackaged", "Visibility=Public"),
        Case("hard_names.proto", "hard_names", "Visibility=Public"),
        Case("hard_names.proto", "hard_names_mapped", "Visibility=Public,\(modules)"),
        Case("deprecated.proto", "deprecated", "Visibility=Public"),
        Case("deep/path/prefixed.proto", "prefixed", "Visibility=Public,ExtraModuleImports=Unused"),
    ]

    @Test(arguments: cases)
    func outputIsAsReviewed(_ golden: Case) throws {
        let generation = try Generation(of: golden.proto, options: golden.options)
        #expect(generation.error == "")
        let output = try #require(generation.files.values.first)
        let file = Protoc.folder.appending(path: "Golden/\(golden.golden).wire.swift")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try output.write(to: file, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        #expect(output == expected, "\(golden.golden) differs from its golden file")
        #expect(output.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }
}
