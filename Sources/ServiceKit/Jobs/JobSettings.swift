public import Jobs

/// How a role works at its jobs and tells others of its changes.
public struct JobSettings: Sendable {
    private let role: String
    /// Jobs at the same time.
    public let concurrency: SettingKey<Int>
    /// How long a worker owns jobs after its last sign of life.
    public let lease: SettingKey<Duration>
    /// Between two signs of life.
    public let heartbeat: SettingKey<Duration>
    /// How often other processes' jobs are looked for.
    public let poll: SettingKey<Duration>
    /// How long jobs that ended well are remembered.
    public let keepSucceeded: SettingKey<Duration>
    /// How long dead letters are kept.
    public let keepDead: SettingKey<Duration>
    /// Deliveries of an outbox to one destination at the same time.
    public let relays: SettingKey<Int>

    /// The settings of a role.
    public init(role: String) {
        self.role = role
        let (worker, queue, relay) = (WorkerConfiguration(), JobsConfiguration(), RelayConfiguration())
        concurrency = SettingKey(
            "\(role).jobs.concurrency", default: worker.concurrency, in: 1...4_096, "Jobs that run at the same time.")
        lease = SettingKey(
            "\(role).jobs.lease", default: worker.lease, in: .seconds(1)...Duration.seconds(3_600),
            "How long a worker owns its jobs after its last sign of life; another one takes them up then.")
        heartbeat = SettingKey(
            "\(role).jobs.heartbeat", default: worker.heartbeat, in: .milliseconds(100)...Duration.seconds(600),
            "Between two signs of life of a worker: well below the lease.")
        poll = SettingKey(
            "\(role).jobs.poll", default: worker.poll, in: .milliseconds(10)...Duration.seconds(60),
            "How often jobs and messages of other processes are looked for while there is nothing to do.")
        keepSucceeded = SettingKey(
            "\(role).jobs.keep-succeeded", default: queue.keepSucceeded, in: .zero...Duration.seconds(31_536_000),
            "How long jobs that ended well are remembered.")
        keepDead = SettingKey(
            "\(role).jobs.keep-dead", default: queue.keepDead, in: .zero...Duration.seconds(31_536_000),
            "How long jobs are kept that used all their attempts up.")
        relays = SettingKey(
            "\(role).jobs.relays", default: relay.concurrency, in: 1...64,
            "Messages to one other role that are under way at the same time.")
    }

    /// All of them, for a schema.
    public var declarations: [SettingDeclaration] {
        [
            concurrency.declaration, lease.declaration, heartbeat.declaration, poll.declaration,
            keepSucceeded.declaration, keepDead.declaration, relays.declaration,
        ]
    }

    /// What a worker is made with.
    public func worker(_ settings: Settings) -> WorkerConfiguration {
        var made = WorkerConfiguration()
        made.concurrency = settings[concurrency]
        (made.lease, made.heartbeat, made.poll) = (settings[lease], settings[heartbeat], settings[poll])
        return made
    }

    /// What a queue is made with.
    public func queue(_ settings: Settings) -> JobsConfiguration {
        var made = JobsConfiguration()
        (made.keepSucceeded, made.keepDead) = (settings[keepSucceeded], settings[keepDead])
        return made
    }

    /// What a relay is made with.
    public func relay(_ settings: Settings) -> RelayConfiguration {
        var made = RelayConfiguration()
        (made.concurrency, made.poll, made.storeName) = (settings[relays], settings[poll], role)
        return made
    }
}

extension RoleContext {
    /// What the role's worker is made with.
    public var workerConfiguration: WorkerConfiguration { jobs.map { $0.worker(settings) } ?? WorkerConfiguration() }

    /// What the role's queue is made with.
    public var jobsConfiguration: JobsConfiguration { jobs.map { $0.queue(settings) } ?? JobsConfiguration() }

    /// What the role's relays are made with.
    public var relayConfiguration: RelayConfiguration { jobs.map { $0.relay(settings) } ?? RelayConfiguration() }
}
