/// Bounds of what an organization may have and of what one call or run may take. Those with a setting say so in
/// `Configuration.swift`.
struct PipelineBounds: Sendable {
    /// Datasets, files and pipelines of an organization, each.
    var datasets = 10_000
    var files = 10_000
    var pipelines = 10_000
    /// Bytes of an uploaded file.
    var fileBytes = 10 << 30
    /// How long an upload may take; what it has written is swept after that.
    var uploadTime: Duration = .seconds(3_600)
    /// Bytes of one part of a file, which is one object and in memory at once.
    var partBytes = 8 << 20
    /// Rows that a run may set aside.
    var quarantinedRows: Int64 = 1_000_000
    /// How long a run may take, from its first start on.
    var runTime: Duration = .seconds(86_400)
    /// Runs of an organization that work at the same time.
    var runsAtOnce = 4
    /// Attempts of a run, which only crashes and absent peers use up.
    var runAttempts = 100
    /// Attempts that may end without a word in the same place of a run: rows that a process dies of are not to take down
    /// one after the other.
    var stalledAttempts = 5
    /// Rows that one page of a browse looks at.
    var scannedRows = 200_000
    /// Bytes of one page, about.
    var pageBytes = 1 << 20
    /// Watchers of runs at a process.
    var watchers = 1_000
    /// Rows of a segment that an append makes.
    var segmentRows = 16_384
    /// How long objects of a deleted dataset stay for exports that go on.
    var deletedDataTime: Duration = .seconds(3_600)
    var plan = PipelineLimits()
    var format = FormatLimits()
}
