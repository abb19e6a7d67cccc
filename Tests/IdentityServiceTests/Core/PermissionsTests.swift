import DescriptorSet
import Testing

@testable import IdentityService

@Suite struct PermissionsTests {
    private let permissions = Permissions(declared: Harness.declared)

    @Test func anAdminHoldsAllButTheOperatorsPermission() {
        let all = Set(Harness.declared)
        #expect(permissions.granted(to: .admin, isOperator: true) == all)
        #expect(permissions.granted(to: .admin, isOperator: false) == all.subtracting(["tenants.manage"]))
    }

    @Test func aViewerReadsAndChangesNothing() {
        let read: Set = ["users.read", "organizations.read", "notes.read"]
        #expect(permissions.granted(to: .viewer, isOperator: false) == read)
        #expect(permissions.granted(to: .viewer, isOperator: true) == read)
    }

    @Test func anEditorChangesDataAndNoPeopleKeysOrSettings() {
        let edited: Set = ["users.read", "organizations.read", "notes.read", "notes.write"]
        #expect(permissions.granted(to: .editor, isOperator: true) == edited)
    }

    @Test func rolesAddUp() {
        #expect(permissions.granted(to: [], isOperator: true) == [])
        #expect(
            permissions.granted(to: [.viewer, .editor], isOperator: false)
                == permissions.granted(to: .editor, isOperator: false))
    }

    /// Verbs that later contracts may declare.
    @Test func whatIsNotReadIsWritten() {
        let later = Permissions(declared: ["reports.sign", "organizations.read.all", "api_keys.use", "users.read"])
        #expect(later.granted(to: .viewer, isOperator: false) == ["users.read"])
        #expect(later.granted(to: .editor, isOperator: false) == ["reports.sign", "users.read"])
    }

    /// The log of the installation, and what it tells of persons, are not everybody's.
    @Test func theAuditLogIsReadByAllAndOpenedByAdmins() {
        let all: Set = ["audit.read", "audit.personal", "audit.erase", "tenants.audit"]
        let audit = Permissions(declared: all)
        #expect(audit.granted(to: [.viewer, .editor], isOperator: true) == ["audit.read"])
        #expect(audit.granted(to: .admin, isOperator: false) == all.subtracting(["tenants.audit"]))
        #expect(audit.granted(to: .admin, isOperator: true) == all)
    }

    @Test func theContractDeclaresThem() throws {
        let declared = try DeclaredPermissions.read(DescriptorSet.array)
        #expect(declared.isSuperset(of: ["users.read", "users.write", "api_keys.write", "tenants.manage"]))
        #expect(throws: (any Error).self) { try DeclaredPermissions.read([0xFF, 0xFF, 0xFF]) }
    }
}
