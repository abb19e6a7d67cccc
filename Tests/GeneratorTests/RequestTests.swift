import SwiftProtobuf
import Testing

@testable import WireGenerator

/// What the generator does with files of all kinds.
@Suite struct RequestTests {
    @Test func fileWithoutServicesGivesNothing() throws {
        let generation = try Generation(of: "shared/types.proto")
        #expect(generation.error == "")
        #expect(generation.files.isEmpty)
    }

    @Test func hiddenMessageIsRefused() throws {
        let message = """
            hidden.proto: the message 'Client' would be hidden by a type of that name in the stub of 'Desk'; \
            give its file a package or a swift_prefix.
            """
        #expect(try Generation(of: "hidden.proto").error == message)
    }

    @Test(arguments: [Google_Protobuf_Edition.edition2023, .edition2024])
    func editionsAreTaken(_ edition: Google_Protobuf_Edition) throws {
        var set = try Protoc.compile("echo.proto")
        let proto3 = Generation(of: set, options: "Visibility=Public").files
        set.file[0].syntax = "editions"
        set.file[0].edition = edition
        // Fields that are optional in proto3 sit in oneofs of their own, which editions have no use for.
        set.file[0].messageType[0].oneofDecl = []
        for index in set.file[0].messageType[0].field.indices {
            set.file[0].messageType[0].field[index].clearProto3Optional()
            set.file[0].messageType[0].field[index].clearOneofIndex()
        }
        #expect(Generation(of: set, options: "Visibility=Public").files == proto3)
    }

    @Test func fileWithoutSourceInfoIsDescribedByItsNames() throws {
        var set = try Protoc.compile("echo.proto")
        set.file[0].clearSourceCodeInfo()
        let output = Generation(of: set).files.values.joined()
        #expect(output.contains("/// The service `echo.EchoService`.\n"))
        #expect(output.contains("/// The method `Say`.\n"))
    }

    @Test func commentsCarryNoControlCharactersOrStrayLines() throws {
        var set = try Protoc.compile("echo.proto")
        let service = try #require(set.file[0].sourceCodeInfo.location.firstIndex { $0.path == [6, 0] })
        let comment = " \n One\u{0}\u{7}.\r\n\n Two.\u{2028} Three. \n\n"
        set.file[0].sourceCodeInfo.location[service].leadingComments = comment
        let output = Generation(of: set).files.values.joined()
        #expect(output.contains("\n/// One.\n///\n/// Two.\n/// Three.\nenum Echo_EchoService {"))
    }

    @Test func helpTellsEveryOption() {
        #expect(GeneratorOptions.help.contains("Visibility=Public|Package|Internal"))
        #expect(GeneratorOptions.help.split(separator: "\n").count == 16)
    }
}
