public import Policy
import PolicyModel

extension Caller {
    /// How audit events, jobs and replies name a caller: `users/ada`, `role:scrape`, `anonymous:gateway`.
    public var name: String {
        switch self {
        case .principal(let principal, _): principal.subject
        case .role(let role, _): "role:\(role.rawValue)"
        case .anonymous(let role): "anonymous:\(role.rawValue)"
        }
    }
}
