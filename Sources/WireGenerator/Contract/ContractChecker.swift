import SwiftProtobufPluginLibrary

/// Checks all that a contract promises, over all files of a request.
enum ContractChecker {
    /// Checks `files`, together with what they import.
    ///
    /// - Throws: `GeneratorError` with all that is wrong, each with its file and line.
    static func check(_ files: [FileDescriptor]) throws {
        var problems = ContractProblems()
        let all = everyFile(files)
        var policies = CallPolicyChecker()
        for file in all { policies.takePermissions(of: file, &problems) }
        var routes = RouteChecker()
        var bounds = RequestBoundChecker()
        let rules = FieldRuleChecker()
        for file in all {
            if file.isContract { checkReasons(file, in: all, &problems) }
            for message in file.messages { rules.check(message, &problems) }
            for method in file.services.flatMap(\.methods) {
                policies.check(method, &problems)
                guard file.isContract else { continue }
                routes.check(method, &problems)
                bounds.check(method.inputType, &problems)
            }
        }
        if let error = problems.error { throw error }
    }

    private static func everyFile(_ files: [FileDescriptor]) -> [FileDescriptor] {
        var seen: Set<String> = []
        return files.flatMap(\.withImports).filter { seen.insert($0.name).inserted }.sorted { $0.name < $1.name }
    }

    /// A package with services has an enum of reasons, as integrators look for one.
    private static func checkReasons(
        _ file: FileDescriptor,
        in files: [FileDescriptor],
        _ problems: inout ContractProblems
    ) {
        guard let service = file.services.first else { return }
        let ofPackage = files.filter { $0.package == file.package }
        guard !ofPackage.contains(where: { $0.enums.contains { $0.name == "Reason" } }) else { return }
        problems.add(
            SourcePlace(of: service),
            "the package '\(file.package)' has a service, and no enum 'Reason' for its errors.")
    }
}
