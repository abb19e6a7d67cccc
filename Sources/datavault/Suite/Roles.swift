import ArgumentParser
import ComplianceService
import ExampleService
import Gateway
import IdentityService
import ServiceKit

/// The roles that the program knows.
enum Roles {
    static let all: [RoleDefinition] = [
        IdentityService.role(contracts: [ExampleService.descriptorSet]), ExampleService.role,
        ComplianceService.role(),
        GatewayService.role(version: Version.current, further: [example]),
    ]

    /// The example behind the edge.
    private static let example = GatewayService.Further(
        peer: ExampleService.peer(of: GatewayService.name), package: "datavault.example",
        descriptorSet: ExampleService.descriptorSet)

    static let schema = RoleDefinition.schema(all)

    static var names: String { all.map(\.name).joined(separator: ", ") }

    static func named(_ name: String) throws -> RoleDefinition {
        guard let role = all.first(where: { $0.name == name }) else {
            throw ValidationError("There is no role \"\(name)\"; there are: \(names).")
        }
        return role
    }
}
