import GatewayContract
import GoogleAPIContract
import SwiftProtobuf
import Testing

@testable import Gateway

/// Names of downloads, as services say them in the extensions of their first message.
@Suite struct AttachmentNameTests {
    private func field(_ name: String) throws -> String? {
        let body = try Google_Api_HttpBody.with {
            $0.contentType = "text/csv"
            $0.extensions = [try Google_Protobuf_Any(message: Datavault_Gateway_V1_FileName.with { $0.name = name })]
        }
        return AttachmentName.field(of: try body.serializedBytes(), as: Route.RawBody(path: [], isHTTPBody: true))
    }

    @Test(arguments: [
        ("prices.csv", "attachment; filename=\"prices.csv\"; filename*=UTF-8''prices.csv"),
        ("a \"b\"\r\nx: y", "attachment; filename=\"a _b___x: y\"; filename*=UTF-8''a%20%22b%22%0D%0Ax%3A%20y"),
        ("Größe.csv", "attachment; filename=\"Gr__e.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv"),
        ("../../etc/passwd", "attachment; filename=\"passwd\"; filename*=UTF-8''passwd"),
    ])
    func names(_ name: String, _ field: String) throws {
        let found = try self.field(name)
        #expect(found == field)
    }

    @Test func noName() throws {
        let empty = try field("")
        let plain = AttachmentName.field(
            of: try Google_Api_HttpBody().serializedBytes(), as: Route.RawBody(path: [], isHTTPBody: true))
        let bytes = AttachmentName.field(of: [0xFF, 0xFF], as: Route.RawBody(path: [], isHTTPBody: true))
        #expect(empty == nil && plain == nil && bytes == nil)
    }
}
