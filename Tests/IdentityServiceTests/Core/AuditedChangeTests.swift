import ComplianceContract
import IdentityContract
import Persistence
import PolicyModel
import ServiceKit
import SwiftProtobuf
import Testing
import Wire

@testable import IdentityService

/// What the audit log is told of persons: nothing in what it keeps in clear, all of it apart, under the person's name.
@Suite(.timeLimit(.minutes(5))) struct AuditedChangeTests {
    private typealias Methods = Datavault_Identity_V1_UsersService.Methods
    private typealias Told = Datavault_Compliance_V1_PersonalValue

    private static func told(_ name: String, _ subject: String, _ value: String) -> Told {
        .with { ($0.name, $0.subject, $0.value) = (name, subject, value) }
    }

    @Test(arguments: stores) func whatTellsOfAPersonIsToldApart(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let acme = try await identity.organization()
            let address = Self.told("source_address", acme.admin.name, "192.0.2.7")
            let ada = try await identity.users.createUser(
                .with { $0.user = .with { ($0.email, $0.displayName) = ("ada@example.com", "Ada L") } },
                options: identity.by(acme.caller, Methods.createUser))
            _ = try await identity.users.updateUser(
                .with { $0.user = .with { ($0.name, $0.email) = (ada.name, "augusta@example.com") } },
                options: identity.by(acme.caller, Methods.updateUser))
            _ = try await identity.users.deleteUser(
                .with { $0.name = ada.name }, options: identity.by(acme.caller, Methods.deleteUser))
            let events = try await identity.events()
            #expect(
                events.map(\.action) == ["user.create", "member.create", "user.update", "member.delete", "user.delete"])
            let (old, name) = ("ada@example.com", Self.told("after.display_name", ada.name, "Ada L"))
            #expect(events[0].personal == [address, Self.told("after.email", ada.name, old), name])
            // The caller's address stands in the events beside the call's own, too.
            #expect(events[1].personal == [address])
            #expect(
                events[2].personal == [
                    address, Self.told("before.email", ada.name, old),
                    Self.told("after.email", ada.name, "augusta@example.com"), name,
                ])
            #expect(events[3].personal == [address])
            #expect(
                events[4].personal == [
                    address, Self.told("before.email", ada.name, "augusta@example.com"),
                    Self.told("before.display_name", ada.name, "Ada L"),
                ])
            for event in events {
                let clear = "\(event.before)\(event.after)\(event.actor)\(event.resource)"
                #expect(!clear.contains("example.com") && !clear.contains("Ada"))
            }
        }
    }

    @Test(arguments: stores) func aNewOrganizationsAdminIsTheOneToldOf(_ kind: Store.Kind) async throws {
        try await withIdentity(kind) { identity in
            let first = try await identity.organization(isOperator: true)
            _ = try await identity.organizations.createOrganization(
                .with {
                    $0.organization.displayName = "Globex"
                    $0.admin = .with { ($0.email, $0.displayName) = ("hank@example.com", "Hank") }
                    $0.adminPassword = "correct horse battery"
                },
                options: identity.by(
                    first.caller, Datavault_Identity_V1_OrganizationsService.Methods.createOrganization))
            let event = try #require(try await identity.events().first { $0.action == "user.create" })
            #expect(event.organization != first.id.rawValue)
            #expect(
                event.personal == [
                    Self.told("source_address", first.admin.name, "192.0.2.7"),
                    Self.told("after.email", event.resource, "hank@example.com"),
                    Self.told("after.display_name", event.resource, "Hank"),
                ])
        }
    }

    /// A key tells of its owner. A list of networks is as few values as the log takes, and none of them is lost.
    @Test func aKeysNetworksAreItsOwners() {
        let networks = (0..<100).map { "2001:db8:ffff:ffff:\(String($0 + 4096, radix: 16))::/80" }
        let before = ApiKeyMessage.with { ($0.owner, $0.displayName) = ("users/ada", "Ada's laptop") }
        let after = ApiKeyMessage.with {
            ($0.owner, $0.displayName, $0.allowedNetworks) = ("users/ada", "Ada's desktop", networks)
        }
        let change = AuditedChange.key(before: before, after: after)
        #expect(change.before?.contains("Ada's") == false && change.after?.contains("Ada's") == false)
        #expect(change.after?.contains("2001:db8") == false)
        #expect(change.personal.allSatisfy { $0.subject == "users/ada" && $0.value.count <= 1_024 })
        #expect(change.personal.prefix(2).map(\.name) == ["before.display_name", "after.display_name"])
        let lists = change.personal.dropFirst(2)
        #expect(lists.allSatisfy { $0.name == "after.allowed_networks" })
        #expect((2...4).contains(lists.count))
        #expect(lists.map(\.value).joined(separator: ", ") == networks.joined(separator: ", "))
    }
}
