import Persistence

/// Shows how busy stores are.
enum StoreObserver {
    /// Measures a store from now on, if the process has a registry.
    ///
    /// - Parameter name: What the store is called, as in its configuration.
    static func observe(_ store: Store, name: String) {
        guard let registry = PrometheusRegistry.ofProcess else { return }
        registry.observe(metrics(of: name)) { [weak store] in
            guard let load = store?.load else { return [.nan, .nan, .nan] }
            return [Double(load.busy), Double(load.size), Double(load.waiting)]
        }
    }

    /// In the order in which they are read.
    static func metrics(of name: String) -> [ObservedMetric] {
        let labels = [("store", name)]
        return [
            ObservedMetric(
                .init("datavault_store_busy_connections", help: "Connections that are in use."), labels: labels),
            ObservedMetric(
                .init("datavault_store_max_connections", help: "Connections that there may be."), labels: labels),
            ObservedMetric(
                .init("datavault_store_waiting", help: "Callers that wait for a connection."), labels: labels),
        ]
    }
}
