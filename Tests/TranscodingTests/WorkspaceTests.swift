import SwiftProtobuf
import TestContractProtos
import Testing

@testable import Transcoding

/// What transcoders keep between calls.
@Suite struct WorkspaceTests {
    /// Many large messages at once must not leave their memory behind until as many come again.
    @Test func waitingWorkspacesAreSmall() throws {
        let transcoder = Shared.limited { $0.maxBytes = 32 * 1024 * 1024 }
        let type = try transcoder.type("KitchenSink")
        var sink = Sink()
        sink.strings = Array(repeating: "some text", count: 200_000)
        let bytes: [UInt8] = try sink.serializedBytes()
        #expect(try transcoder.json(fromProtobuf: bytes, as: type).count > 2_000_000)

        let workspace = transcoder.workspaces.take()
        // Of this message its arena alone had 3 MB, and its output 2 MB.
        #expect(workspace.footprint < 1024 * 1024)
        transcoder.workspaces.giveBack(workspace)
    }
}
