import ArgumentParser
import CollectTool
import Foundation
import Gateway
import Outbound
import ServiceKit

/// By which suite, and as whom.
struct CollectAccess: ParsableArguments {
    @Option(
        help: "The suite's gateway, as https://api.example.org; without it where gateway.listen says, on this machine.")
    var gateway: String?

    @Option(help: "A file with authorities for the gateway's certificate.", completion: .file())
    var caFile: String?

    @Option(help: "A file with key_name and signing_secret, as first-admin.json.", completion: .file())
    var credentials: String?

    @Option(help: "The API key's identifier: its name without api-keys/. DATAVAULT_KEY_ID if left out.")
    var keyID: String?

    @Option(
        help: "A file of mode 0600 with the signing secret. DATAVAULT_SIGNING_SECRET if left out.", completion: .file())
    var secretFile: String?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A network that is not public and that the suite of this machine may fetch from while this runs, as 127.0.0.1/32.",
            discussion: "Only for the operator: it is written to data.folder, which has to be the suite's.",
            valueName: "network"))
    var allowAddress: [String] = []

    /// What was found.
    struct Found: Sendable {
        private let base: String
        private let authorities: String?
        private let signer: RequestSigner
        private let permit: AddressPermit?

        init(_ given: CollectAccess, settings: Settings) throws(CollectFailure) {
            base = given.gateway ?? GatewayAddress.base(settings)
            authorities = given.caFile
            let folders = Self.folders(settings)
            signer = try Self.signer(given, folders)
            guard !given.allowAddress.isEmpty else {
                permit = nil
                return
            }
            for network in given.allowAddress where AddressRange(network) == nil {
                throw CollectFailure(
                    .argument, "--allow-address \(network) is no network", advice: "Write 127.0.0.1/32.")
            }
            guard let folder = folders.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
                throw CollectFailure(
                    .refused,
                    "--allow-address is for the operator, on the suite's machine: there is no data folder here",
                    advice:
                        "Name it with --set data.folder=…, or set scrape.outbound.allow-addresses where the suite runs."
                )
            }
            permit = AddressPermit(folder: folder, networks: given.allowAddress)
        }

        /// The suite's data folder: what the settings say, or where `make run` puts it.
        private static func folders(_ settings: Settings) -> [String] {
            let isSet = settings.origin(of: SuiteSettings.dataFolder.declaration).source != "default"
            return [settings[SuiteSettings.dataFolder]] + (isSet ? [] : ["run-data"])
        }

        private static func signer(
            _ given: CollectAccess, _ folders: [String]
        ) throws(CollectFailure) -> RequestSigner {
            let input = SignInput(environment: ProcessInfo.processInfo.environment)
            let isNamed = given.keyID != nil || given.secretFile != nil
            let isInEnvironment = input.environment[SignInput.secretVariable] != nil
            if given.credentials == nil, isNamed || isInEnvironment {
                do throws(SignInput.Fault) {
                    return RequestSigner(
                        keyID: try input.keyID(given.keyID), secret: try input.secret(given.secretFile))
                } catch { throw CollectFailure(.argument, error.text) }
            }
            let places = given.credentials.map { [$0] } ?? folders.map { "\($0)/first-admin.json" }
            guard let path = places.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
                throw CollectFailure(
                    .argument, "there is no key to sign with: looked for \(places.joined(separator: ", "))",
                    advice:
                        "Start the suite with `make run` first, or give --credentials, or --key-id and --secret-file.")
            }
            return try CollectAccess.signer(path)
        }

        func gateway() throws(CollectFailure) -> GatewayClient {
            try CollectAccess.gateway(base: base, authorities: authorities, signer: signer)
        }

        /// Works with the networks allowed that the operator has named.
        func permitting(
            _ work: () async throws(CollectFailure) -> CollectReport
        ) async throws(CollectFailure) -> CollectReport {
            guard let permit else { return try await work() }
            try permit.grant()
            let keeper = Task { await permit.keep() }
            defer {
                keeper.cancel()
                permit.revoke()
            }
            return try await work()
        }
    }
}

extension CollectAccess {
    /// Signs with the key of a file as `first-admin.json`.
    static func signer(_ path: String) throws(CollectFailure) -> RequestSigner {
        let bytes: [UInt8]
        do throws(KeyError) { bytes = try DurableFile.read(path, limit: 16 << 10, secret: true) } catch {
            throw CollectFailure(.argument, "\(error)")
        }
        let json = (try? JSONValue(parsing: bytes)) ?? .null
        let name = json["key_name"].text
        guard !name.isEmpty, let secret = RequestSigner.secret(json["signing_secret"].text) else {
            throw CollectFailure(.argument, "\(path) has no key_name and signing_secret")
        }
        return RequestSigner(keyID: String(name.split(separator: "/").last ?? ""), secret: secret)
    }

    /// Calls the gateway at `base`, signing each request.
    static func gateway(
        base: String, authorities: String?, signer: RequestSigner
    ) throws(CollectFailure) -> GatewayClient {
        do {
            return try GatewayClient(base: base, authorities: authorities) { method, url, fields, body in
                try signer.sign(
                    RequestSigner.Request(method: method, url: url, headers: fields, body: body),
                    created: Int64(Date().timeIntervalSince1970))
            }
        } catch { throw CollectFailure(.argument, "\(base): \(error)") }
    }
}
