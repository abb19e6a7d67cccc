import ArgumentParser
import ComplianceService
import ExampleService
import Gateway
import IdentityService
import PipelineService
import PolicyModel
import ScrapeService
import ServiceKit

/// The roles that the program knows.
enum Roles {
    static let all = services + [ExampleService.role, gateway]

    /// Those that `datavault up` starts, in the order of their start.
    static let suite = services + [gateway]

    /// A small service in the pipeline's place, for tests of what all services stand on.
    static let withExample =
        services.filter { $0.role == .identity || $0.role == .compliance }
        + [ExampleService.role, gateway]

    private static let services: [RoleDefinition] = [
        IdentityService.role(contracts: [ExampleService.descriptorSet]), ComplianceService.role(),
        ScrapeService.role(), PipelineService.role(),
    ]

    private static let gateway = GatewayService.role(version: Version.current, further: [example])

    /// The example behind the edge.
    private static let example = GatewayService.Further(
        peer: ExampleService.peer(of: GatewayService.name), package: "datavault.example",
        descriptorSet: ExampleService.descriptorSet)

    static let schema = RoleDefinition.schema(all)

    /// What operators are told of: the suite's own settings, not those of the tests' example.
    static let documented = RoleDefinition.schema(services + [GatewayService.role(version: Version.current)])

    static var names: String { all.map(\.name).joined(separator: ", ") }

    static func named(_ name: String) throws -> RoleDefinition {
        guard let role = all.first(where: { $0.name == name }) else {
            throw ValidationError("There is no role \"\(name)\"; there are: \(names).")
        }
        return role
    }
}
