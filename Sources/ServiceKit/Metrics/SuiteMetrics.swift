extension MetricDescription {
    /// What the suite's own modules measure; docs/telemetry.md has the same table.
    public static let suite =
        servers(prefix: "grpc_server") + clients(prefix: "grpc_client") + compression + policy
        + metrics + traces + stores + jobs + audit + outbound + gateway + identity

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

    private static let jobs: [MetricDescription] = [
        .init("datavault_jobs_enqueued_total", help: "Jobs that were enqueued, counted after the commit."),
        .init("datavault_jobs_started_total", help: "Claims of jobs."),
        .init("datavault_jobs_finished_total", help: "Attempts that have ended, by outcome."),
        .init("datavault_jobs_start_latency_seconds", help: "Time from due to claimed.", unit: .seconds),
        .init("datavault_jobs_run_time_seconds", help: "Time from claimed to the end's being written.", unit: .seconds),
        .init("datavault_jobs_depth", help: "Jobs in the store, by state."),
        .init("datavault_jobs_rescued_total", help: "Jobs taken from workers that had fallen silent."),
        .init("datavault_jobs_lease_lost_total", help: "Ends of jobs that came too late to be written."),
        .init("datavault_outbox_messages_total", help: "Messages to other roles, by outcome."),
        .init("datavault_outbox_waiting_messages", help: "Messages to other roles that have not been delivered."),
        .init(
            "datavault_outbox_oldest_age_seconds", help: "Age of the oldest message that has not been delivered.",
            unit: .seconds),
    ]

    private static let audit: [MetricDescription] = [
        .init("datavault_audit_events_total", help: "Events that the audit log was told, by what became of them."),
        .init(
            "datavault_audit_numbers_reused_total", help: "Events under a number that another event of the source has."),
        .init("datavault_audit_batch_events", help: "Events in a transaction of the audit log."),
        .init("datavault_audit_delay_seconds", help: "From an event to its entry in the audit log.", unit: .seconds),
        .init("datavault_audit_entries", help: "Entries of all audit logs."),
        .init("datavault_audit_logs", help: "Organizations with an audit log, and the suite's own."),
    ]

    private static let outbound: [MetricDescription] = [
        .init("outbound_requests_total", help: "Requests out of the suite, by outcome."),
        .init("outbound_request_seconds", help: "Time to the final response's head, or the error.", unit: .seconds),
        .init("outbound_sent_bytes_total", help: "Bytes of request bodies on the connection.", unit: .bytes),
        .init("outbound_received_bytes_total", help: "Bytes of response bodies on the connection.", unit: .bytes),
        .init("outbound_refused_total", help: "Addresses and ports that the guard refused, by class."),
        .init("outbound_connections", help: "Open connections."),
        .init("outbound_active_transfers", help: "Requests under way."),
        .init("outbound_queued_transfers", help: "Requests that wait for a place."),
    ]

    private static let gateway: [MetricDescription] = [
        .init("datavault_gateway_requests_total", help: "Answers of the edge, by route and status."),
        .init(
            "datavault_gateway_request_seconds", help: "Time from a request's head to the end of its answer.",
            unit: .seconds),
        .init("datavault_gateway_requests_in_flight", help: "Requests that the edge serves now."),
        .init("datavault_gateway_connections", help: "Open connections of the edge."),
        .init("datavault_gateway_received_bytes_total", help: "Bytes of bodies that came.", unit: .bytes),
        .init("datavault_gateway_sent_bytes_total", help: "Bytes of bodies that went.", unit: .bytes),
        .init("datavault_gateway_refused_total", help: "Connections and streams over a budget, by its kind."),
    ]

    private static let identity: [MetricDescription] = [
        .init(
            "datavault_identity_password_wait_seconds",
            help: "Time that passwords waited for a thread to be checked or set.", unit: .seconds)
    ]

    private static let traces: [MetricDescription] = [
        .init("datavault_trace_spans_exported_total", help: "Spans that the collector has taken."),
        .init("datavault_trace_spans_dropped_total", help: "Spans that never reached the collector, by reason."),
        .init("datavault_trace_exports_total", help: "Attempts to send spans, by status code."),
        .init("datavault_trace_queue_spans", help: "Spans that wait to be sent."),
        .init("datavault_trace_queue_bytes", help: "Memory of the spans that wait to be sent.", unit: .bytes),
    ]
}
