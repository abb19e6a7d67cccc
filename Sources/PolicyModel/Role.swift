/// A role of the suite, as `datavault.policy.v1.Role` lists them.
///
/// The raw value is how the role is spelled in certificates.
public enum Role: String, Sendable, Hashable, CaseIterable {
    case gateway
    case identity
    case scrape
    case pipeline
    case compliance
}
