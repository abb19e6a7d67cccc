import ServiceKit

/// The service's settings. Bounds without one stand in `PipelineBounds`.
enum PipelineSettings {
    /// `pipeline.work.threads`
    static let threads = SettingKey(
        "pipeline.work.threads", default: 2, in: 1...256,
        "Threads that read, compute and write rows: how many batches, of all runs and readers, are worked on at once.")
    /// `pipeline.runs.lease`
    static let lease = SettingKey(
        "pipeline.runs.lease", default: Duration.seconds(10), in: .milliseconds(500)...Duration.seconds(600),
        "How long after its last sign of life a process keeps its runs; then another one goes on with them.")
    /// `pipeline.runs.at-once`
    static let runsAtOnce = SettingKey(
        "pipeline.runs.at-once", default: PipelineBounds().runsAtOnce, in: 1...1_000,
        "Runs of one organization that work at the same time; others wait.")
    /// `pipeline.runs.maximum-time`
    static let runTime = SettingKey(
        "pipeline.runs.maximum-time", default: PipelineBounds().runTime,
        in: Duration.seconds(1)...Duration.seconds(604_800),
        "How long a run may take from its first start on; then it fails with RUN_LIMIT_REACHED.")
    /// `pipeline.runs.maximum-quarantined`
    static let quarantinedRows = SettingKey(
        "pipeline.runs.maximum-quarantined", default: Int(PipelineBounds().quarantinedRows), in: 0...100_000_000,
        "Rows that a run may set aside; with one more it fails with RUN_LIMIT_REACHED.")
    /// `pipeline.runs.maximum-watchers`
    static let watchers = SettingKey(
        "pipeline.runs.maximum-watchers", default: PipelineBounds().watchers, in: 1...100_000,
        "Streams of this process that follow runs.")
    /// `pipeline.runs.watchers-per-organization`
    static let ownWatchers = SettingKey(
        "pipeline.runs.watchers-per-organization", default: PipelineBounds().ownWatchers, in: 1...100_000,
        "Of those, the streams that one organization may have; one more is refused with LIMIT_REACHED.")
    /// `pipeline.files.maximum-bytes`
    static let fileBytes = SettingKey(
        "pipeline.files.maximum-bytes", default: ByteCount(PipelineBounds().fileBytes),
        in: ByteCount(1)...ByteCount(1 << 50), "The largest file that may be uploaded.")
    /// `pipeline.limits.datasets`
    static let datasets = SettingKey(
        "pipeline.limits.datasets", default: PipelineBounds().datasets, in: 1...10_000_000,
        "Datasets that an organization may have; one more is refused with LIMIT_REACHED.")
    /// `pipeline.limits.files`
    static let files = SettingKey(
        "pipeline.limits.files", default: PipelineBounds().files, in: 1...10_000_000,
        "Uploaded files that an organization may have; one more is refused with LIMIT_REACHED.")
    /// `pipeline.limits.pipelines`
    static let pipelines = SettingKey(
        "pipeline.limits.pipelines", default: PipelineBounds().pipelines, in: 1...10_000_000,
        "Pipelines that an organization may have; one more is refused with LIMIT_REACHED.")

    static let all = [
        threads.declaration, lease.declaration, runsAtOnce.declaration, runTime.declaration,
        quarantinedRows.declaration, watchers.declaration, ownWatchers.declaration, fileBytes.declaration,
        datasets.declaration, files.declaration,
        pipelines.declaration,
    ]
}

extension PipelineBounds {
    init(_ settings: Settings) {
        self.init()
        runsAtOnce = settings[PipelineSettings.runsAtOnce]
        runTime = settings[PipelineSettings.runTime]
        quarantinedRows = Int64(settings[PipelineSettings.quarantinedRows])
        watchers = settings[PipelineSettings.watchers]
        ownWatchers = settings[PipelineSettings.ownWatchers]
        fileBytes = settings[PipelineSettings.fileBytes].bytes
        datasets = settings[PipelineSettings.datasets]
        files = settings[PipelineSettings.files]
        pipelines = settings[PipelineSettings.pipelines]
    }
}
