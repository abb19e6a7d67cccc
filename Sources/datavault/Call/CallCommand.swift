import ArgumentParser
import CallTool
import DescriptorSet
import Foundation
import NIOCore
import Transcoding
import Wire

/// A failure that is to be printed.
struct CallFailure: Error {
    let report: FailureReport
}

/// What the arguments of `datavault call` come to.
struct CallCommand {
    private let arguments: Call
    private let limits: CallToolLimits
    private let metadata: Metadata
    private let output: CallOutput

    init(_ arguments: Call) throws {
        self.arguments = arguments
        do {
            guard arguments.maxMessageSize > 0 else {
                throw CallToolError.usage("--max-message-size is a positive number")
            }
            var limits = CallToolLimits()
            limits.maxMessageSize = arguments.maxMessageSize
            limits.maxJSONSize = max(arguments.maxMessageSize, limits.maxJSONSize)
            self.limits = limits
            metadata = try Arguments.metadata(arguments.header)
        } catch {
            throw CallFailure(report: FailureReport(error))
        }
        output = CallOutput(pretty: arguments.pretty, isVerbose: arguments.verbose)
    }

    func run() async throws {
        var server: CallServer?
        do {
            let called = try CallServer(arguments.server, method: arguments.method)
            server = called
            let channel = try called.connection.channel(limits: limits)
            let lookup = SchemaLookup(try await source(channel))
            if arguments.list {
                try await list(lookup)
            } else if arguments.describe {
                try await describe(lookup)
            } else {
                try await call(lookup, channel, called)
            }
            await channel.shutDown(grace: .zero)
        } catch let failure as CallFailure {
            throw failure
        } catch {
            // Wrong settings have been printed.
            if error is ExitCode { throw error }
            throw CallFailure(report: FailureReport(server?.connection.explain(error) ?? error))
        }
    }

    private func source(_ channel: ClientChannel) async throws -> any SchemaSource {
        if let path = arguments.descriptorSet {
            let input = try RequestInput("@\(path)")
            return try DescriptorSetSource(
                try await input.bytes(limit: limits.maxDescriptorBytes), name: path, limits: limits)
        }
        let reflection = ReflectionSource(
            channel, metadata: metadata, timeout: try timeout() ?? .seconds(30), limits: limits)
        return FallbackSource(reflection) {
            try DescriptorSetSource(DescriptorSet.array, name: "this program's contract")
        }
    }

    private func list(_ lookup: SchemaLookup) async throws {
        guard let service = arguments.method else {
            return try output.lines(try await lookup.source.serviceNames())
        }
        try output.lines(try await lookup.methodLines(of: service))
    }

    private func describe(_ lookup: SchemaLookup) async throws {
        guard let name = arguments.method else {
            throw CallToolError.usage("--describe needs a name", next: "--list shows the services")
        }
        try output.lines([try await lookup.description(of: name)])
    }

    private func call(_ lookup: SchemaLookup, _ channel: ClientChannel, _ server: CallServer) async throws {
        guard let name = arguments.method else {
            throw CallToolError.usage("no method is named", next: "--list shows what the server has")
        }
        let input = try arguments.json.map { try RequestInput($0) }
        let grant = try arguments.caller.grant(keys: server.keys, audience: server.role)
        let (schema, method) = try await lookup.method(name)
        var options = CallOptions(metadata: metadata, timeout: try timeout())
        try grant?.add(to: &options.metadata, for: method)
        if let organization = arguments.caller.onBehalf {
            try OnBehalf.add(organization: organization, initiator: arguments.caller.subject, to: &options.metadata)
        }
        let call = MethodCall(
            channel, method, schema: schema, lookup: lookup, options: options, emitsDefaults: arguments.emitDefaults,
            limits: limits)
        output.start(method.descriptor.path, isStream: method.receivesStream)
        do {
            try await call.run(input) { try output.show($0) }
            output.end(.ok)
        } catch let error as RPCError {
            output.end(error.code, trailers: error.metadata)
            throw CallFailure(
                report: FailureReport(
                    server.connection.explain(error), method: method, schema: await call.schema(for: error)))
        }
    }

    private func timeout() throws -> TimeAmount? {
        arguments.timeout == "0" ? nil : try Arguments.duration(arguments.timeout, flag: "--timeout")
    }
}
