import ComplianceContract
import Foundation
import IdentityContract
import SwiftProtobuf
import Testing
import Wire

@testable import IdentityService
@testable import Persistence

private typealias Methods = Datavault_Identity_V1_OrganizationsService.Methods

@Suite(.timeLimit(.minutes(5))) struct OrganizationsTests {
    private static func request(
        _ name: String, email: String = "ada@globex.example", password: String = "correct horse battery",
        networks: [String] = [], requestID: String = ""
    ) -> Datavault_Identity_V1_CreateOrganizationRequest {
        .with {
            $0.organization.displayName = name
            $0.organization.allowedNetworks = networks
            $0.admin.email = email
            $0.adminPassword = password
            $0.requestID = requestID
        }
    }

    private func get(_ identity: Harness, _ caller: TestCaller, _ name: String) async throws -> OrganizationMessage {
        try await identity.organizations.getOrganization(
            .with { $0.name = name }, options: identity.by(caller, Methods.getOrganization))
    }

    @Test(arguments: stores) func theOperatorMakesOne(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let first = try await identity.organization(isOperator: true)
            let id = UUID().uuidString
            let request = Self.request("Globex", networks: ["10.0.0.0/8"], requestID: id)
            let made = try await identity.organizations.createOrganization(
                request, options: identity.by(first.caller, Methods.createOrganization))
            #expect(made.displayName == "Globex")
            #expect(made.allowedNetworks == ["10.0.0.0/8"])
            let again = try await identity.organizations.createOrganization(
                request, options: identity.by(first.caller, Methods.createOrganization))
            #expect(again == made)

            let globex = OrganizationID(String(made.name.dropFirst("organizations/".count)))
            let core = identity.core
            let (members, hash, permissions) = try await core.store.scoped(globex).read { tx in
                let members = try MemberStore.members([], of: globex, after: nil, count: 10, in: tx)
                let admin = try UserStore.userByEmail("ada@globex.example", of: globex, in: tx)
                let user = members.first?.user ?? UserID("")
                return (members, admin?.passwordHash, try core.effective.of(user, of: globex, in: tx))
            }
            #expect(members.map(\.roles) == [.admin])
            #expect(hash == "test:correct horse battery")
            #expect(permissions == Set(Harness.declared).subtracting(["tenants.manage"]))
            #expect(identity.observer.all == ["networks \(globex) [\"10.0.0.0/8\"]"])

            let events = try await identity.events()
            #expect(events.map(\.action) == ["organization.create", "user.create", "member.create"])
            #expect(events[0].organization == first.id.rawValue)
            #expect(events[0].resource == made.name)
            // Whose event it is, its row says, too: what is kept of an organization can be found by it.
            let owners = try await core.store.system(.test).read { tx in
                try tx.values(String.self, "SELECT organization FROM outbox_messages")
            }
            #expect(owners == [first.id.rawValue, globex.rawValue, globex.rawValue])
            #expect(events.map(\.organization) == owners)
            #expect(events.allSatisfy { $0.actor == first.caller.subject })
        }
    }

    @Test(arguments: stores) func othersMayNot(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let refused = try await refusal {
                try await identity.organizations.createOrganization(
                    Self.request("Globex"), options: identity.by(acme.caller, Methods.createOrganization))
            }
            #expect(refused.reason == "PERMISSION_MISSING")
            let list = try await refusal {
                try await identity.organizations.listOrganizations(
                    .init(), options: identity.by(acme.caller, Methods.listOrganizations))
            }
            #expect(list.reason == "PERMISSION_MISSING")
        }
    }

    @Test(arguments: stores) func whatIsWrongIsNamed(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let first = try await identity.organization(isOperator: true)
            let network = try await refusal {
                try await identity.organizations.createOrganization(
                    Self.request("Globex", networks: ["::1", "1.2.3.4/99"]),
                    options: identity.by(first.caller, Methods.createOrganization))
            }
            let field = "organization.allowed_networks[1]"
            #expect(
                network
                    == Refusal(
                        code: .invalidArgument, reason: "NETWORK_INVALID", metadata: ["field": field], fields: [field]))
            let password = try await refusal {
                try await identity.organizations.createOrganization(
                    Self.request("Globex", password: "short"),
                    options: identity.by(first.caller, Methods.createOrganization))
            }
            #expect(password.fields == ["admin_password"])
            let events = try await identity.events()
            #expect(events.isEmpty)
        }
    }

    @Test(arguments: stores) func oneSeesItsOwnOnly(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let globex = try await identity.organization()
            let own = try await get(identity, acme.caller, "organizations/me")
            #expect(own.name == "organizations/\(acme.id)")
            let named = try await get(identity, acme.caller, own.name)
            #expect(named == own)
            for name in ["organizations/\(globex.id)", "organizations/nobody"] {
                let unknown = try await refusal { try await get(identity, acme.caller, name) }
                #expect(
                    unknown
                        == Refusal(code: .notFound, reason: "RESOURCE_UNKNOWN", metadata: ["name": name], fields: []))
                let unchanged = try await refusal {
                    try await identity.organizations.updateOrganization(
                        .with {
                            $0.organization.name = name
                            $0.organization.displayName = "Mine"
                        }, options: identity.by(acme.caller, Methods.updateOrganization))
                }
                #expect(unchanged.reason == "RESOURCE_UNKNOWN")
            }
        }
    }

    @Test(arguments: stores) func settingsChange(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let old = try await get(identity, acme.caller, "organizations/me")
            func update(
                _ change: @escaping @Sendable (inout OrganizationMessage) -> Void, mask: [String] = []
            ) async throws -> OrganizationMessage {
                try await identity.organizations.updateOrganization(
                    .with {
                        $0.organization.name = "organizations/me"
                        change(&$0.organization)
                        if !mask.isEmpty { $0.updateMask = Google_Protobuf_FieldMask(protoPaths: mask) }
                    }, options: identity.by(acme.caller, Methods.updateOrganization))
            }
            let renamed = try await update {
                $0.displayName = "Acme & Sons"
                $0.etag = old.etag
            }
            #expect(renamed.displayName == "Acme & Sons")
            #expect(renamed.name == old.name)
            #expect(identity.observer.all.isEmpty)
            let stale = try await refusal { try await update { $0.etag = old.etag } }
            #expect(stale.reason == "ETAG_MISMATCH")
            let closed = try await update { $0.allowedNetworks = ["2001:DB8::/32", "192.0.2.1"] }
            #expect(closed.allowedNetworks == ["2001:db8::/32", "192.0.2.1"])
            let read = try await get(identity, acme.caller, "organizations/me")
            #expect(read == closed)
            let opened = try await update({ _ in }, mask: ["allowed_networks"])
            #expect(opened.allowedNetworks.isEmpty)
            #expect(opened.displayName == "Acme & Sons")
            #expect(
                identity.observer.all == [
                    "networks \(acme.id) [\"2001:db8::/32\", \"192.0.2.1\"]", "networks \(acme.id) []",
                ])
            let immutable = try await refusal { try await update({ _ in }, mask: ["update_time"]) }
            #expect(immutable.reason == "FIELD_IMMUTABLE")
            let invalid = try await refusal { try await update { $0.allowedNetworks = ["everywhere"] } }
            #expect(invalid.reason == "NETWORK_INVALID")
        }
    }

    @Test(arguments: stores) func allAreListedPageByPage(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let first = try await identity.organization(isOperator: true)
            var made = ["organizations/\(first.id)"]
            for index in 0..<4 {
                made.append("organizations/\(try await identity.organization(email: "a\(index)@b.example").id)")
            }
            var (found, token): ([String], String) = ([], "")
            repeat {
                let asked = token
                let page = try await identity.organizations.listOrganizations(
                    .with {
                        $0.pageSize = 2
                        $0.pageToken = asked
                    }, options: identity.by(first.caller, Methods.listOrganizations))
                found += page.organizations.map(\.name)
                token = page.nextPageToken
            } while !token.isEmpty
            #expect(found == made)
        }
    }
}
