import PolicyContract
import SwiftProtobuf
import TestContractProtos
import Testing
import Wire

@testable import Policy
@testable import PolicyModel

/// How a role says for whom it calls another.
@Suite struct CallerMetadataTests {
    private typealias Methods = Datavault_Test_V1_LibraryService.Methods

    private let scope = CallScope(
        caller: .principal(principal(), by: .gateway), policy: CallPolicy(access: .authenticated), audit: nil,
        principalToken: [1, 2, 3])

    @Test func principalGoesOnlyWhereTheRoleMay() throws {
        try CallScope.$bound.withValue(scope) {
            var options = CallOptions()
            try options.forwardPrincipal(to: Methods.updateBook, as: .pipeline)
            #expect(options.metadata[bytes: PrincipalToken.metadataName] == [1, 2, 3])
            var others = CallOptions()
            #expect(throws: RoleMayNotCall.self) { try others.forwardPrincipal(to: Methods.createBook, as: .pipeline) }
            #expect(others.metadata.isEmpty)
        }
    }

    @Test func roleActsOnBehalfOfAnOrganization() throws {
        var options = CallOptions()
        let behalf = Caller.OnBehalf(organization: "acme", initiator: "users/ada")
        try options.act(onBehalf: behalf, calling: Methods.updateBook, as: .pipeline)
        let bytes = try #require(options.metadata[bytes: "datavault-on-behalf-bin"])
        let message = try Datavault_Policy_V1_OnBehalf(serializedBytes: bytes)
        #expect((message.organization, message.initiator) == ("acme", "users/ada"))
        #expect(throws: RoleMayNotCall.self) {
            try options.act(onBehalf: behalf, calling: Methods.updateBook, as: .scrape)
        }
    }
}
