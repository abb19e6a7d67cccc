import Foundation
import Testing

@testable import ServiceKit

@Suite struct SettingsTests {
    static let name = SettingKey("store.name", default: "none", "A name.")
    static let size = SettingKey("store.pool-size", default: 8, in: 1...10, "A size.")
    static let secret = SettingKey("store.password", default: "", secret: true, "A secret.", mustBe: "long") {
        $0.count > 3 || $0.isEmpty
    }
    static let schema = SettingsSchema([
        .init("Store", "About it.", [name.declaration, size.declaration, secret.declaration])
    ])

    static func settings(
        _ arguments: [String: String] = [:], _ environment: [String: String] = [:], _ file: String? = nil
    ) throws -> Settings {
        let file = try file.map { try SettingsFile(path: "x.yaml", text: $0) }
        return try Settings(
            schema, from: SettingSources(arguments: arguments, environment: environment, file: file))
    }

    /// The problems; none if it works.
    static func problems(
        _ arguments: [String: String] = [:], _ environment: [String: String] = [:], _ file: String? = nil
    ) -> [String] {
        do {
            _ = try settings(arguments, environment, file)
            return []
        } catch { return (error as? SettingsProblems)?.problems ?? ["\(error)"] }
    }

    @Test func argumentsWinOverTheEnvironmentAndThatOverTheFile() throws {
        let file = "store:\n  name: of the file\n  pool-size: 3\n"
        let environment = ["DATAVAULT_STORE_NAME": "of the environment", "PATH": "/bin", "DATAVAULT_CONFIG": "x"]
        func name(_ environment: [String: String], _ file: String?) throws -> String {
            try Self.settings([:], environment, file)[Self.name]
        }
        #expect(try name([:], nil) == "none")
        #expect(try name([:], file) == "of the file")
        #expect(try name(environment, file) == "of the environment")
        let all = try Self.settings(["store.name": "of the argument"], environment, file)
        #expect(all[Self.name] == "of the argument")
        #expect(all[Self.size] == 3)
        #expect(all.origin(of: Self.name.declaration) == .init(source: "argument", place: "--set store.name"))
        #expect(all.origin(of: Self.size.declaration) == .init(source: "file", place: "x.yaml:3"))
        #expect(all.origin(of: Self.secret.declaration).source == "default")
    }

    /// Who calls the suite from a shell starts it from there, too.
    @Test func whatCallersSetIsNoSetting() {
        let found = Self.problems(
            [:], ["DATAVAULT_KEY_ID": "k", "DATAVAULT_SIGNING_SECRET": "s", "DATAVAULT_KEY": "x"], "")
        #expect(found == ["DATAVAULT_KEY: there is no such setting"])
    }

    @Test func allThatIsWrongIsNamedAtOnce() {
        let found = Self.problems(
            ["store.nam": "x"], ["DATAVAULT_STORE_POOL_SIZE": "eleven", "DATAVAULT_STORE_POOLSIZE": "1"],
            "store:\n  bogus: 1\n  password: abc\n")
        #expect(
            found == [
                "--set store.nam: there is no such setting; did you mean store.name?",
                "DATAVAULT_STORE_POOLSIZE: there is no such setting; did you mean DATAVAULT_STORE_POOL_SIZE?",
                "x.yaml:2: store.bogus: there is no such setting",
                "DATAVAULT_STORE_POOL_SIZE: store.pool-size must be a integer, and is \"eleven\"",
                "x.yaml:3: store.password must be long",
            ])
        #expect(
            Self.problems(["store.pool-size": "11"]) == [
                "--set store.pool-size: store.pool-size must be 1 to 10, and is \"11\""
            ])
    }

    @Test func secretsComeFromFilesAndAreShownToNobody() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID())").path()
        try "hunter2\n".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let settings = try Self.settings([:], ["DATAVAULT_STORE_PASSWORD_FILE": path])
        #expect(settings[Self.secret] == "hunter2")
        #expect(settings.shown(Self.secret.declaration) == "(secret)")
        #expect(settings.secrets == ["hunter2"])
        #expect(settings.origin(of: Self.secret.declaration).place == "DATAVAULT_STORE_PASSWORD_FILE")
        // A wrong secret is not quoted.
        #expect(!Self.problems(["store.password": "xyz"]).joined().contains("xyz"))
        #expect(Self.problems(["store.password": "long enough", "store.password-file": path]).count == 1)
        #expect(Self.problems(["store.password-file": path + "-missing"])[0].contains("cannot be read"))
        // Only secrets have files.
        #expect(Self.problems(["store.name-file": path])[0].contains("no such setting"))
    }

    @Test(arguments: [
        "a: [", "- 1\n- 2\n", "a: {b: [{c: 1}]}", "store.name: x\nstore:\n  name: y\n", "? [1]\n: x\n", "just text",
        "store: *x", "a: &x 1\nb: 2\nb: 3\n",
    ])
    func wrongFilesAreRefused(text: String) {
        let found = Self.problems([:], [:], text)
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0.contains("x.yaml") })
    }

    @Test(arguments: ["", "# nothing\n", "store:\n  name: \n", #"{"store": {"pool-size": 3}}"#, "store.pool-size: '3'"])
    func goodFilesAreTaken(text: String) { #expect(Self.problems([:], [:], text) == []) }

    @Test func boundsOfFiles() throws {
        let deep = (0..<20).map { String(repeating: " ", count: $0) + "k:" }.joined(separator: "\n")
        #expect(Self.problems([:], [:], deep).first?.contains("too deep") == true)
        let path = FileManager.default.temporaryDirectory.appending(path: "large-\(UUID())").path()
        try Data(repeating: 0x20, count: SettingsFile.maximumSize + 1).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: SettingsProblems.self) { try SettingsFile(path: path) }
        #expect(throws: SettingsProblems.self) { try SettingsFile(path: path + "-missing") }
    }

    @Test func theReferenceNamesEverySetting() throws {
        let (markdown, json) = (SettingsReference.markdown(Self.schema), try SettingsReference.json(Self.schema))
        for setting in Self.schema.settings {
            #expect(markdown.contains("`\(setting.name)`") && markdown.contains(setting.environmentName))
            #expect(json.contains("\"\(setting.name)\""))
        }
    }
}
