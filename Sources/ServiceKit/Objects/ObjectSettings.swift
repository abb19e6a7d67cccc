import Outbound
import Persistence

/// Where the process's roles keep bulk data: pages, files, segments of datasets.
public enum ObjectSettings {
    /// `objects.url`
    public static let url = SettingKey(
        "objects.url", default: "",
        "Where pages, files and datasets lie: `file:PATH`, or `s3://BUCKET` with an optional `/PREFIX`. Roles that share "
            + "one place keep apart in it. Empty: `objects` in `data.folder`.",
        mustBe: "file:PATH or s3://BUCKET/PREFIX"
    ) { $0.isEmpty || $0.hasPrefix("file:") && $0.count > 5 || S3Place($0) != nil }
    /// `objects.s3.endpoint`
    public static let endpoint = SettingKey(
        "objects.s3.endpoint", default: "",
        "The S3 store's address, as `https://minio.example.com:9000`. Empty: Amazon's of the region.",
        mustBe: "an http or https URL"
    ) { $0.isEmpty || (try? WebURL($0)) != nil }
    /// `objects.s3.region`
    public static let region = SettingKey(
        "objects.s3.region", default: "us-east-1", "The region that requests are signed for.")
    /// `objects.s3.access-key`
    public static let accessKey = SettingKey(
        "objects.s3.access-key", default: "", secret: true, "Who asks the S3 store.")
    /// `objects.s3.secret-key`
    public static let secretKey = SettingKey("objects.s3.secret-key", default: "", secret: true, "The proof of that.")
    /// `objects.maximum-bytes`
    public static let maximumBytes = SettingKey(
        "objects.maximum-bytes", default: ObjectLimits().objectBytes, in: 1 << 20...5 << 30, "The largest object.")
    /// `objects.maximum-waiting`
    public static let maximumWaiting = SettingKey(
        "objects.maximum-waiting", default: ObjectLimits().maximumWaiting, in: 1...1_000_000,
        "Requests for objects that may wait; the next one is refused.")
    /// `objects.concurrency`
    public static let concurrency = SettingKey(
        "objects.concurrency", default: ObjectLimits().concurrency, in: 1...256,
        "Requests for objects under way at once.")

    /// The section for a schema.
    public static let section = SettingsSchema.Section(
        "Objects", "Bulk data of all roles of a process.",
        [
            url.declaration, endpoint.declaration, region.declaration, accessKey.declaration, secretKey.declaration,
            maximumBytes.declaration, maximumWaiting.declaration, concurrency.declaration,
        ])

    /// Opens the storage that the settings name.
    ///
    /// - Throws: `SuiteFailure`: what cannot be had, and which setting names it.
    static func open(_ settings: Settings) throws(SuiteFailure) -> any ObjectStore {
        var limits = ObjectLimits()
        limits.objectBytes = settings[maximumBytes]
        limits.maximumWaiting = settings[maximumWaiting]
        limits.concurrency = settings[concurrency]
        let place = settings[url]
        do {
            guard let s3 = S3Place(place) else {
                let folder =
                    place.isEmpty ? settings[SuiteSettings.dataFolder] + "/objects" : String(place.dropFirst(5))
                return try FolderObjectStore(folder, limits: limits)
            }
            let named = settings[endpoint]
            let endpoint = try WebURL(named.isEmpty ? "https://s3.\(settings[region]).amazonaws.com" : named)
            var configuration = S3Configuration(
                endpoint: endpoint, bucket: s3.bucket,
                signature: AWSSignature(
                    accessKey: settings[accessKey], secretKey: settings[secretKey], region: settings[region]))
            (configuration.prefix, configuration.limits) = (s3.prefix, limits)
            return try S3ObjectStore(configuration)
        } catch { throw SuiteFailure("objects cannot be kept: \(error). Set \(url.name) to another place.") }
    }
}

/// `s3://BUCKET/PREFIX`
struct S3Place {
    let bucket: String
    /// With a slash at its end, or empty.
    let prefix: String

    init?(_ text: String) {
        guard text.hasPrefix("s3://") else { return nil }
        let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let isName = name.utf8.allSatisfy {
            ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D || $0 == 0x2E
        }
        guard (3...63).contains(name.utf8.count), isName else { return nil }
        var prefix = parts.count > 1 ? String(parts[1]) : ""
        while prefix.hasSuffix("/") { prefix.removeLast() }
        guard prefix.isEmpty || ObjectKey(parsing: prefix) != nil else { return nil }
        self.bucket = name
        self.prefix = prefix.isEmpty ? "" : prefix + "/"
    }
}
