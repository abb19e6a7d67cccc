import ArgumentParser

/// Commands about the contract: what the suite's protos say.
struct Contract: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the suite's contract, and compare it with another.",
        subcommands: [ContractDescriptorSet.self, ContractDiffCommand.self]
    )
}
