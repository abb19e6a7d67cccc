import Foundation

/// Whether the time of a refusal tells an address that is there from one that is not.
enum EnumerationBench {
    private static let pairs = 400
    private static let users = 8

    static func run() async throws {
        try await Installation.run(users: users) { installation in
            var (known, unknown): ([Double], [Double]) = ([], [])
            for number in 0..<pairs {
                let addresses = [Installation.email(number % users), "nobody\(number)@example.com"]
                // Each first as often as the other.
                for which in number % 2 == 0 ? [0, 1] : [1, 0] {
                    let start = ContinuousClock.now
                    _ = try? await installation.logIn(addresses[which], "not the right password")
                    let taken = (ContinuousClock.now - start) / .microseconds(1)
                    if which == 0 { known.append(taken) } else { unknown.append(taken) }
                }
            }
            print("| a refused log-in, µs | median | mean | standard error |\n|---|---:|---:|---:|")
            line("an address that is there", known)
            line("one that is not", unknown)
            let difference = mean(known) - mean(unknown)
            let error = (deviation(known) + deviation(unknown)).squareRoot()
            print("| difference | | \(Figures.round(difference)) | \(Figures.round(error)) |\n")
        }
    }

    private static func line(_ name: String, _ values: [Double]) {
        print(
            "| \(name) | \(Figures.round(Figures.percentile(values, 0.5))) | \(Figures.round(mean(values))) "
                + "| \(Figures.round(deviation(values).squareRoot())) |")
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    /// The variance of the mean.
    private static func deviation(_ values: [Double]) -> Double {
        let mean = mean(values)
        let count = Double(values.count)
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count * (count - 1))
    }
}
