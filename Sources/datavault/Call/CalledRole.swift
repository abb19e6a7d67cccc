import CallTool
import ServiceKit

/// Finds the role of this machine's suite that a call is meant for.
enum CalledRole {
    /// The role that is named, or the one whose contract has what is called.
    ///
    /// - Parameters:
    ///   - name: The role's name, if it was said.
    ///   - method: What is called, as it was written: a method, a service or a type, its package left out or not.
    /// - Throws: `CallToolError` if there is none, or more than one.
    static func definition(_ name: String?, _ method: String?) throws -> RoleDefinition {
        let names = Roles.all.map(\.name)
        if let name {
            if let found = Roles.all.first(where: { $0.name == name }) { return found }
            throw CallToolError.usage(
                "--to: this suite has no role \"\(name)\"", next: "its roles are \(names.joined(separator: ", "))")
        }
        let serving = try Roles.all.compactMap { role in
            try role.descriptorSet.map { (role, try DescriptorSetSource($0, name: "the contract of \(role.name)")) }
        }
        let choice = "--to ROLE (\(serving.map(\.0.name).joined(separator: ", ")))"
        guard let method else {
            throw CallToolError.usage(
                "which server is called?", next: "\(choice), --address, or the name of a method or a service")
        }
        if let role = role(ofPackage: method) { return role }
        let methods = serving.flatMap { role, source in
            // A set may have others' services, too.
            source.methods.filter { Self.role(ofPackage: $0.service)?.name == role.name }.map { (role, $0) }
        }
        let matches = methods.filter { $0.1.isNamed(by: method) }
        guard let first = matches.first else {
            throw CallToolError.usage(
                "no role of this suite has \(method)", next: "\(choice) with --list shows what it has")
        }
        if matches.allSatisfy({ $0.0.name == first.0.name }) { return first.0 }
        throw CallToolError.usage(
            "more than one role has \(method)", next: "write package.Service/Method, or \(choice)")
    }

    /// The role of `datavault.<role>.v1.Service`.
    private static func role(ofPackage name: String) -> RoleDefinition? {
        let parts = name.drop { $0 == "/" }.split(separator: ".")
        guard parts.count > 2 else { return nil }
        return Roles.all.first { $0.name == parts[1] }
    }
}
