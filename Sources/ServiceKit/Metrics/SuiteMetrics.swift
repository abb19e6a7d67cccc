extension MetricDescription {
    /// What the suite's own modules measure; docs/telemetry.md has the same table.
    public static let suite =
        servers(prefix: "grpc_server") + clients(prefix: "grpc_client") + compression + policy
        + metrics + traces + stores

    /// Wire's servers, with the prefix of their configuration.
    public static func servers(prefix: String) -> [MetricDescription] {
        [
            .init("\(prefix)_handled_total", help: "Calls that have ended, by status code."),
            .init("\(prefix)_handling_seconds", help: "Time from a call's headers to its end.", unit: .seconds),
            .init("\(prefix)_received_bytes_total", help: "Bytes of request messages, unpacked.", unit: .bytes),
            .init("\(prefix)_sent_bytes_total", help: "Bytes of response messages, unpacked.", unit: .bytes),
            .init("\(prefix)_received_messages_total", help: "Request messages."),
            .init("\(prefix)_sent_messages_total", help: "Response messages."),
            .init("\(prefix)_connections", help: "Open connections."),
            .init("\(prefix)_abuse_total", help: "What was refused to peers that went over a budget, by its kind."),
        ]
    }

    /// Wire's channels, with the prefix of their configuration.
    public static func clients(prefix: String) -> [MetricDescription] {
        [
            .init("\(prefix)_handled_total", help: "Calls that have ended, by status code; retries count once."),
            .init("\(prefix)_handling_seconds", help: "Time from a call's begin to its end.", unit: .seconds),
        ]
    }

    private static let compression: [MetricDescription] = [
        .init("grpc_compression_queue_messages", help: "Messages that wait for a compression thread or are on one."),
        .init("grpc_compression_refused_total", help: "Messages that found the compression queue full."),
    ]

    private static let policy: [MetricDescription] = [
        .init("datavault_calls_total", help: "Calls of the suite's own methods that have ended, by status code."),
        .init("datavault_call_cost_total", help: "Cost units of calls, as the contract states them."),
    ]

    private static let metrics: [MetricDescription] = [
        .init("datavault_metrics_refused_total", help: "Metrics that were not kept, by the bound that they broke."),
        .init("datavault_metrics_left_out_total", help: "Metrics that had no room in a scrape."),
    ]

    private static let stores: [MetricDescription] =
        StoreObserver.metrics(of: "").map(\.description) + [
            .init(
                "datavault_store_acquire_seconds", help: "Time from asking for a connection until it was there.",
                unit: .seconds),
            .init(
                "datavault_store_transaction_seconds",
                help: "Time of transactions as callers see it, with waits and further attempts.", unit: .seconds),
            .init("datavault_store_retries_total", help: "Attempts at transactions after the first."),
            .init("datavault_store_failures_total", help: "Transactions that the store failed, by reason."),
        ]

    private static let traces: [MetricDescription] = [
        .init("datavault_trace_spans_exported_total", help: "Spans that the collector has taken."),
        .init("datavault_trace_spans_dropped_total", help: "Spans that never reached the collector, by reason."),
        .init("datavault_trace_exports_total", help: "Attempts to send spans, by status code."),
        .init("datavault_trace_queue_spans", help: "Spans that wait to be sent."),
        .init("datavault_trace_queue_bytes", help: "Memory of the spans that wait to be sent.", unit: .bytes),
    ]
}
