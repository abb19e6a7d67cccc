import Testing
import Wire

@testable import Policy
@testable import PolicyModel

/// Who may call what, with no server and no key.
@Suite struct AccessDecisionTests {
    private func decide(
        _ access: CallPolicy.Access,
        roles: Set<Role> = [.gateway],
        peer: Role = .gateway,
        fingerprint: String = "f",
        principal: Result<PrincipalVerifier.Verdict, PrincipalVerifier.Refusal>? = nil,
        onBehalf: Caller.OnBehalf? = nil
    ) -> Result<Caller, AccessDecision.Refusal> {
        let question = AccessDecision.Question(
            policy: CallPolicy(access: access, roles: roles), method: createBook.path, ownRole: .pipeline,
            peerRole: peer, peerFingerprint: fingerprint, principal: principal, onBehalf: onBehalf)
        do throws(AccessDecision.Refusal) {
            return .success(try AccessDecision.decide(question))
        } catch {
            return .failure(error)
        }
    }

    private func verdict(
        _ principal: VerifiedPrincipal = principal(),
        fingerprint: String? = "f"
    ) -> Result<PrincipalVerifier.Verdict, PrincipalVerifier.Refusal> {
        .success(PrincipalVerifier.Verdict(principal, certificateFingerprints: fingerprint.map { [$0] }, token: []))
    }

    private func refusal(_ result: Result<Caller, AccessDecision.Refusal>) -> AccessDecision.Refusal? {
        if case .failure(let refusal) = result { return refusal }
        return nil
    }

    @Test func permission() throws {
        let caller = try decide(.permission("books.write"), principal: verdict()).get()
        #expect(caller.organization == "acme" && caller.role == .gateway)
        #expect(caller.principal?.subject == "users/ada")
        let without = verdict(principal(permissions: ["books.read"]))
        #expect(
            refusal(decide(.permission("books.write"), principal: without)) == .permissionMissing("books.write"))
        // A permission is no prefix of others.
        let similar = verdict(principal(permissions: ["books", "books.write.all", "*"]))
        #expect(refusal(decide(.permission("books.write"), principal: similar)) != nil)
    }

    @Test func authenticatedNeedsNoPermission() {
        #expect(refusal(decide(.authenticated, principal: verdict(principal(permissions: [])))) == nil)
        #expect(refusal(decide(.authenticated)) == .principalMissing)
    }

    @Test func publicNeedsNobody() throws {
        let caller = try decide(.public).get()
        #expect(caller.organization == nil && caller.principal == nil)
        #expect(refusal(decide(.public, principal: .failure(.invalid))) == .principalInvalid)
    }

    @Test func internalIsForRoles() throws {
        let caller = try decide(.internal, roles: [.scrape], peer: .scrape).get()
        #expect(caller.role == .scrape && caller.organization == nil)
        let withPrincipal = verdict(principal(audience: .scrape))
        #expect(refusal(decide(.internal, roles: [.scrape], peer: .scrape, principal: withPrincipal)) != nil)
    }

    @Test(arguments: [CallPolicy.Access.public, .authenticated, .permission("books.read"), .internal])
    func unlistedRoleIsRefused(access: CallPolicy.Access) {
        let result = decide(access, roles: [.gateway], peer: .scrape, principal: verdict())
        #expect(refusal(result) == .roleRefused(.scrape))
    }

    @Test func badPrincipals() {
        #expect(refusal(decide(.authenticated, principal: .failure(.invalid))) == .principalInvalid)
        #expect(refusal(decide(.authenticated, principal: .failure(.expired))) == .principalExpired)
        let elsewhere = [principal(audience: .scrape), principal(method: "/datavault.test.v1.LibraryService/GetBook")]
        for principal in elsewhere {
            #expect(refusal(decide(.authenticated, principal: verdict(principal))) == .principalMisdirected)
        }
    }

    @Test func keyIsBoundToACertificate() {
        let other = decide(.authenticated, fingerprint: "g", principal: verdict())
        #expect(refusal(other) == .principalInvalid)
        let none = decide(.authenticated, fingerprint: "", principal: verdict())
        #expect(refusal(none) == .principalInvalid)
        let unbound = decide(.authenticated, fingerprint: "g", principal: verdict(fingerprint: nil))
        #expect(refusal(unbound) == nil)
    }

    @Test func roleForwardsWhatWasAddressedToIt() throws {
        let roles: Set<Role> = [.gateway, .scrape]
        let own = verdict(principal(audience: .scrape, method: "/datavault.scrape.v1.ScrapeService/Fetch"))
        let caller = try decide(.permission("books.read"), roles: roles, peer: .scrape, principal: own).get()
        #expect(caller.role == .scrape && caller.organization == "acme")
        let stolen = decide(.permission("books.read"), roles: roles, peer: .scrape, principal: verdict())
        #expect(refusal(stolen) == .principalMisdirected)
    }

    @Test func roleCallsOnBehalfOfAnOrganization() throws {
        let behalf = Caller.OnBehalf(organization: "acme", initiator: "users/ada")
        let roles: Set<Role> = [.gateway, .scrape]
        let caller = try decide(.permission("books.read"), roles: roles, peer: .scrape, onBehalf: behalf).get()
        #expect(caller.organization == "acme" && caller.principal == nil)
        #expect(refusal(decide(.permission("x"), roles: roles, peer: .scrape)) == .principalMissing)
        // The gateway is never believed to call for somebody whose principal it does not show.
        #expect(refusal(decide(.permission("x"), roles: roles, onBehalf: behalf)) == .principalMissing)
    }

    @Test(
        arguments: [
            (["spiffe://dv/gateway"], Role.gateway), (["https://x", "spiffe://dv/scrape"], .scrape),
            (["spiffe://dv/gateway", "spiffe://dv/scrape"], nil), (["spiffe://other/gateway"], nil),
            (["spiffe://dv/gateway/x"], nil), (["spiffe://dv/Gateway"], nil), (["spiffe://dv/"], nil), ([], nil),
            (["spiffe://dvx/gateway"], nil), (["spiffe://dv/gateway", "spiffe://other/x"], .gateway),
        ] as [([String], Role?)])
    func roleOfACertificate(names: [String], expected: Role?) {
        #expect(PeerRole.of(names, trustDomain: "dv") == expected)
    }
}
