import IdentityService

/// Log-ins a second through the whole of the handler, beside what the hash alone does on the same threads.
enum LogInBench {
    private static let rounds = 5
    private static let time: Duration = .seconds(4)
    private static let users = 64

    static func run() async throws {
        try await Installation.run(users: users) { installation in
            let clients = installation.sessions.threads * 8
            _ = await installation.flood(clients: clients, users: users, for: .seconds(1))
            var (alone, whole): ([Double], [Double]) = ([], [])
            for _ in 0..<rounds {
                // In turns, so that what else the machine does meets both alike.
                alone.append(installation.sessions.hashAlone(for: time))
                whole.append(await installation.flood(clients: clients, users: users, for: time).done)
            }
            let (hash, logIn) = (Figures.percentile(alone, 0.5), Figures.percentile(whole, 0.5))
            print("| logins | a second |\n|---|---:|")
            print("| Argon2id alone, \(installation.sessions.threads) threads | \(Figures.round(hash)) |")
            print("| log-ins, \(clients) clients at once | \(Figures.round(logIn)) |")
            print("| log-ins / hashes | \(Figures.round(logIn / hash, 2)) |\n")
        }
    }
}
