import ArgumentParser
import CollectTool
import Foundation
import ServiceKit

/// Does the main job against a running suite.
struct Collect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        abstract: "Collect a site: pages become records, records a file, and the log of it a proof.",
        discussion: """
            Follows links within the folder of URL, as robots.txt allows and no faster than the site is to be asked; takes \
            the fields from each page; sets records aside that lack what is required; and writes the others to a file, \
            beside it a report of what was left out and why (NAME.report.json) and the part of the audit log that tells of \
            the work (NAME.proof.ndjson), verified.

            A field is NAME[:TYPE][[]][!]=SELECTOR[@ATTRIBUTE]:

              title=h1                   the text of the first h1, as a reader sees it
              price:money!=.price        an amount with its currency; a record without one is set aside
              image:url=img.main@src     an attribute, made an absolute URL
              tags[]=.tag                all of them, as a list
              when:time=time@datetime    types: text, integer, decimal, boolean, date, time, money, url

            Examples:

              datavault collect https://example.org/news/ --field title=h1 --field 'date:date=.date' \\
                  --require title --limit 200 --out news.csv
              datavault collect https://example.org/shop/ --rows article.product --field 'name!=h2' \\
                  --field 'price:money!=.price' --field 'link:url=a@href' --out products.ndjson
              datavault collect http://127.0.0.1:8080/docs/ --allow-address 127.0.0.1/32 --field title=h1 --out d.csv

            The key comes from --credentials, from --key-id and --secret-file or their variables, or from first-admin.json \
            in data.folder. Ctrl-C cancels the job.

            Ends with 0 if the file is there and the log holds; 1 if something failed on the way; 2 if an argument, a \
            selector or a file is wrong; 3 if the suite does not answer; 4 if the caller may not, or the address is not \
            allowed; 5 if the site gave nothing (robots.txt, not reachable, no page has it); 6 if the log could not be \
            proved; 130 if it was cancelled.
            """
    )

    @Argument(help: "Where to begin.")
    var url: String

    @OptionGroup(title: "What") var wanted: CollectWanted
    @OptionGroup(title: "Where to") var files: CollectFiles
    @OptionGroup(title: "By which suite") var access: CollectAccess
    @OptionGroup var options: SettingOptions

    func run() async throws {
        let settings = try options.settings()
        do throws(CollectFailure) {
            let plan = try files.completed(wanted.plan(url, output: files.out))
            let access = try CollectAccess.Found(access, settings: settings)
            try await work(plan, access)
        } catch {
            FileHandle.standardError.write(Data("datavault: \(error)\n".utf8))
            throw ExitCode(error.kind.rawValue)
        }
    }

    private func work(_ plan: CollectPlan, _ access: CollectAccess.Found) async throws(CollectFailure) {
        let (files, json) = (files, files.json)
        let report = try await Interruptible.run { () async throws(CollectFailure) -> CollectReport in
            let gateway = try access.gateway()
            let display = TerminalDisplay.make(isQuiet: files.quiet)
            let run = CollectRun(plan, gateway: gateway, verifier: ExportLogVerifier(), display: display)
            return try await access.permitting { () async throws(CollectFailure) in try await run.run() }
        }
        StandardOutput.write(
            json ? [String(decoding: report.json.bytes(isPretty: true), as: UTF8.self)] : report.lines)
        if case .open(let reason) = report.proof { throw CollectFailure(.unproved, "the log is not proved: \(reason)") }
    }
}

/// What is to be collected.
struct CollectWanted: ParsableArguments {
    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "A field: NAME[:TYPE][[]][!]=SELECTOR[@ATTRIBUTE]. May be given many times.", valueName: "field"))
    var field: [String] = []

    @Option(name: .long, parsing: .singleValue, help: "A field that has to be there, by its name: as its `!`.")
    var require: [String] = []

    @Option(help: "A selector of which each element gives a record; without it each page gives one.")
    var rows: String?

    @Option(
        parsing: .singleValue,
        help: "Only pages whose path matches this RE2 expression; without it those in URL's folder.")
    var include: [String] = []

    @Option(parsing: .singleValue, help: "No pages whose path matches this RE2 expression.")
    var exclude: [String] = []

    @Option(help: "Pages at most.")
    var limit: Int64 = 1_000

    @Option(help: "Links from URL at most.")
    var depth: Int?

    @Option(
        help: "Seconds between two requests to a host. Without it 1, or 0 on this machine; robots.txt may ask for more."
    )
    var delay: Double?

    @Flag(help: "Take this page alone.")
    var onePage = false

    @Flag(help: "Take the pages of the site's sitemaps, too.")
    var sitemaps = false

    func plan(_ url: String, output: String) throws(CollectFailure) -> CollectPlan {
        var fields: [FieldSpecification] = []
        for text in field {
            do throws(FieldSpecification.Malformed) { fields.append(try FieldSpecification(text)) } catch {
                throw CollectFailure(
                    .argument, "\(error)", advice: "`datavault collect --help` shows how fields are written.")
            }
        }
        guard !fields.isEmpty else {
            throw CollectFailure(.argument, "there is no field", advice: "Add one, as --field title=h1.")
        }
        for name in require {
            guard let index = fields.firstIndex(where: { $0.name == name }) else {
                throw CollectFailure(.argument, "--require \(name): there is no field of that name")
            }
            fields[index].isRequired = true
        }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw CollectFailure(.argument, "\(url) is no http or https URL", advice: "Write it whole: https://…")
        }
        guard limit > 0 else { throw CollectFailure(.argument, "--limit is at least 1") }
        var plan = CollectPlan(url: url, fields: fields, output: output)
        (plan.rowSelector, plan.include, plan.exclude) = (rows, include, exclude)
        (plan.limit, plan.depth, plan.followsLinks, plan.usesSiteMaps) = (limit, depth, !onePage, sitemaps)
        plan.delay = delay ?? (Self.isThisMachine(url) ? 0 : nil)
        return plan
    }

    /// Whether nobody else is to be spared.
    private static func isThisMachine(_ url: String) -> Bool {
        guard let host = URL(string: url)?.host() else { return false }
        return host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
    }
}

/// Where records and what belongs to them go.
struct CollectFiles: ParsableArguments {
    @Option(name: .shortAndLong, help: "The file: CSV, or NDJSON if it ends in .ndjson or .jsonl.", completion: .file())
    var out: String

    @Option(help: "csv or ndjson, whatever the file is called.")
    var format: String?

    @Option(help: "The file's columns, with commas between; without it the fields and _url.")
    var columns: String?

    @Option(help: "Where the report goes.", completion: .file())
    var report: String?

    @Option(help: "Where the proof goes.", completion: .file())
    var proof: String?

    @Option(help: "What scraper, pipeline and dataset are called.")
    var name: String?

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    @Flag(help: "Print the report as JSON.")
    var json = false

    func completed(_ plan: CollectPlan) throws(CollectFailure) -> CollectPlan {
        var plan = plan
        plan.name = name
        if let format {
            guard let known = CollectPlan.Format(rawValue: format) else {
                throw CollectFailure(.argument, "--format is csv or ndjson, and not \(format)")
            }
            plan.format = known
        }
        if let columns { plan.columns = columns.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
        if let unknown = plan.unknownColumn {
            throw CollectFailure(
                .argument, "--columns: there will be no column \(unknown)",
                advice: "There are the fields, and _url, _fetch_time and _content_hash.")
        }
        if let report { plan.report = report }
        if let proof { plan.proof = proof }
        return plan
    }
}
