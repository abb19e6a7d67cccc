import ServiceKit

/// How fresh a gateway's knowledge of credentials is, shown to whoever scrapes.
enum CredentialMetrics {
    static let observed = [
        ObservedMetric(
            .init(
                "datavault_gateway_credentials_age_seconds",
                help: "Time since Identity was heard; past its silence limit all callers are refused.", unit: .seconds)),
        ObservedMetric(
            .init(
                "datavault_gateway_credentials_fresh",
                help: "Whether callers can be told: 1; all are refused with CREDENTIALS_UNAVAILABLE: 0.")),
        ObservedMetric(.init("datavault_gateway_credentials_keys", help: "API keys that are known.")),
    ]

    /// Shows a store from now on, if the process has a registry.
    static func observe(_ store: CredentialStore, in registry: PrometheusRegistry? = .ofProcess) {
        registry?.observe(observed) { [weak store] in store.map(read) ?? [.nan, .nan, .nan] }
    }

    private static func read(_ store: CredentialStore) -> [Double] {
        // Before the first word there is no age.
        let age = store.silence.map { Double($0) / 1e9 } ?? .nan
        return [age, store.isFresh ? 1 : 0, Double(store.keyCount)]
    }
}
