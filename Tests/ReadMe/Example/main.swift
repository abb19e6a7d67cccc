/// The README's example: `readme-example serve` or `readme-example call`.
switch CommandLine.arguments.dropFirst().first {
case "serve": try await serve()
case "call": try await call()
default: fatalError("serve or call?")
}
