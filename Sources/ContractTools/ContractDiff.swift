/// What one contract takes from those who rely on another: changes of routes, policies, fields and reasons, each a
/// sentence for people.
///
/// What is added, loosened or made cheaper breaks nobody, and is not told of.
public enum ContractDiff {
    /// The breaking changes from `old` to `new`, in the order of the names that they concern.
    public static func breakingChanges(from old: ContractSnapshot, to new: ContractSnapshot) -> [String] {
        var sentences: [String] = []
        for (name, method) in old.methods.sorted(by: { $0.key < $1.key }) {
            guard let successor = new.methods[name] else {
                let routes = method.routes.map(\.name)
                let also = routes.isEmpty ? "" : ", and with it \(routes.joined(separator: ", "))"
                sentences.append("The method \(name) is gone\(also).")
                continue
            }
            sentences += MethodDiff(name: name, old: method, new: successor).sentences
        }
        for (name, fields) in old.messages.sorted(by: { $0.key < $1.key }) {
            guard let successor = new.messages[name] else {
                sentences.append("The message \(name) is gone.")
                continue
            }
            sentences += MessageDiff(name: name, old: fields, new: successor).sentences
        }
        for (name, values) in old.enums.sorted(by: { $0.key < $1.key }) {
            sentences += enumSentences(name, values, new.enums[name])
        }
        for permission in old.permissions.subtracting(new.permissions).sorted() {
            sentences.append("The permission '\(permission)' is gone; those who were granted it lose what it allowed.")
        }
        return sentences
    }

    private static func enumSentences(
        _ name: String,
        _ old: [Int32: Set<String>],
        _ new: [Int32: Set<String>]?
    ) -> [String] {
        guard let new else { return ["The enum \(name) is gone."] }
        let isReasons = name.split(separator: ".").last == "Reason"
        return old.sorted { $0.key < $1.key }.flatMap { number, names in
            names.subtracting(new[number] ?? []).sorted().map { gone in
                let now = new[number]?.sorted().first
                if isReasons {
                    let reason = gone.hasPrefix("REASON_") ? String(gone.dropFirst(7)) : gone
                    return "The error reason \(reason) of \(domain(name)) is gone; programs that look for it will not "
                        + "find it."
                }
                if let now { return "The value \(number) of \(name) was \(gone) and is \(now)." }
                return "The value \(gone) (\(number)) of \(name) is gone."
            }
        }
    }

    private static func domain(_ name: String) -> String {
        name.split(separator: ".").dropLast().joined(separator: ".")
    }
}
