import Testing

@testable import ScrapeService

/// Texts read as values: what they are, or which issue.
@Suite struct ExtractionValueTests {
    /// The canonical text, or the issue's reason.
    private func read(_ text: String, _ type: FieldType, _ options: FieldOptions = FieldOptions()) throws -> String {
        let format = try options.dateFormat.map { try DateFormat($0) }
        let reader = ValueReader(type: type, options: options, dateFormat: format)
        switch reader.read(text, base: WebAddress("http://localhost/a/b?c"), urlBytes: 8_192) {
        case .success(let value): return value.text
        case .failure(let issue): return issue.reason.rawValue
        }
    }

    @Test(arguments: [
        ("1234", "1234"), ("-1,234,567.50", "-1234567.50"), ("1.234.567,50", "1234567.50"), ("1 234,5", "1234.5"),
        ("1\u{202F}234\u{202F}567", "1234567"), ("1'234.5", "1234.5"), ("12,34,567.1", "1234567.1"), ("0.125", "0.125"),
        ("3.14", "3.14"), ("3,14", "3.14"), ("1,234", "AMBIGUOUS_NUMBER"), ("1.234", "AMBIGUOUS_NUMBER"),
        ("1234.567", "1234.567"), ("0,123", "0.123"), (".5", "0.5"), ("5.", "5"), ("+7", "7"), ("\u{2212}7", "-7"),
        ("-0", "0"), ("007", "7"), ("٣٤", "34"), ("1 234 567", "1234567"), ("1 234.567", "1234.567"),
        ("12 34", "NOT_A_NUMBER"), ("1,2,3", "NOT_A_NUMBER"), ("abc", "NOT_A_NUMBER"), ("", "NOT_A_NUMBER"),
        ("1.2.3,4", "NOT_A_NUMBER"), ("12 EUR", "NOT_A_NUMBER"), ("--1", "NOT_A_NUMBER"), ("1-2", "NOT_A_NUMBER"),
        ("99999999999999999999999.5", "99999999999999999999999.5"), ("1,234,56", "NOT_A_NUMBER"),
    ])
    func decimals(_ text: String, _ expected: String) throws {
        #expect(try read(text, .decimal) == expected)
    }

    @Test(arguments: [
        ("1,234", DecimalMark.point, "1234"), ("1,234", .comma, "1.234"), ("1.234", .comma, "1234"),
        ("1.234", .point, "1.234"), ("1.234,5", .point, "NOT_A_NUMBER"), ("1,5", .point, "NOT_A_NUMBER"),
    ])
    func declaredMarks(_ text: String, _ mark: DecimalMark, _ expected: String) throws {
        #expect(try read(text, .decimal, FieldOptions(decimalMark: mark)) == expected)
    }

    @Test(arguments: [
        ("1,234", "1234"), ("1.234", "1234"), ("12", "12"), ("-5", "-5"), ("3.14", "NOT_A_NUMBER"),
        ("9223372036854775807", "9223372036854775807"), ("9223372036854775808", "OUT_OF_RANGE"),
    ])
    func integers(_ text: String, _ expected: String) throws {
        #expect(try read(text, .integer) == expected)
    }

    @Test(arguments: [
        ("€ 12,50", "12.50 EUR"), ("12.50 EUR", "12.50 EUR"), ("EUR 1.234,-", "1234 EUR"), ("US$1,234", "1234 USD"),
        ("£5", "AMBIGUOUS_CURRENCY"), ("$5", "AMBIGUOUS_CURRENCY"), ("-$5 USD", "-5 USD"),
        ("1 234,50 zł", "1234.50 PLN"),
        ("CHF 12.–", "12 CHF"), ("5", "MISSING_CURRENCY"), ("5 bananas", "NOT_MONEY"), ("EUR", "NOT_MONEY"),
        ("KWD 1.234", "AMBIGUOUS_NUMBER"), ("¥500", "AMBIGUOUS_CURRENCY"), ("500円", "500 JPY"),
        ("₹1,00,000.50", "100000.50 INR"),
        ("R$ 1.234,56", "1234.56 BRL"), ("EUR 5 USD", "NOT_MONEY"), ("-5 €", "-5 EUR"), ("Fr. 9.95", "9.95 CHF"),
        ("free", "NOT_MONEY"), ("", "NOT_MONEY"),
    ])
    func money(_ text: String, _ expected: String) throws {
        #expect(try read(text, .money) == expected)
    }

    @Test func moneyWithDefault() throws {
        #expect(try read("$5", .money, FieldOptions(defaultCurrency: "CAD")) == "5 CAD")
        #expect(try read("$5", .money, FieldOptions(defaultCurrency: "EUR")) == "AMBIGUOUS_CURRENCY")
        #expect(try read("5,5", .money, FieldOptions(defaultCurrency: "EUR")) == "5.5 EUR")
        #expect(try read("£5", .money, FieldOptions(defaultCurrency: "GBP")) == "5 GBP")
    }

    @Test(arguments: [
        ("2026-11-21", "2026-11-21"), ("20261121", "2026-11-21"), ("2026/1/2", "2026-01-02"),
        ("21 November 2026", "2026-11-21"),
        ("Nov. 21st, 2026", "2026-11-21"), ("November 21 2026", "2026-11-21"), ("21-Nov-26", "2026-11-21"),
        ("Saturday, 21 Nov 2026", "2026-11-21"), ("21st of November, 2026", "2026-11-21"),
        ("Sun Nov  6 08:49:37 1994", "1994-11-06"),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06"), ("21/11/2026", "2026-11-21"), ("11/21/2026", "2026-11-21"),
        ("03/04/2026", "AMBIGUOUS_DATE"), ("3.4.2026", "AMBIGUOUS_DATE"), ("04/04/2026", "2026-04-04"),
        ("31/31/2026", "NOT_A_DATE"),
        ("29 Feb 2024", "2024-02-29"), ("29 Feb 2026", "NOT_A_DATE"), ("2026-13-01", "NOT_A_DATE"),
        ("2026", "NOT_A_DATE"),
        ("yesterday", "NOT_A_DATE"), ("2026-11-21T10:00:00Z", "2026-11-21"), ("", "NOT_A_DATE"),
        ("2026-11-21 x", "NOT_A_DATE"),
    ])
    func dates(_ text: String, _ expected: String) throws {
        #expect(try read(text, .date) == expected)
    }

    @Test(arguments: [
        ("2026-11-21T16:12:05Z", "2026-11-21T16:12:05Z"),
        ("2026-11-21T16:12:05.125+02:00", "2026-11-21T16:12:05.125+02:00"),
        ("2026-11-21 16:12 UTC", "2026-11-21T16:12:00Z"), ("2026-11-21 16:12 -0530", "2026-11-21T16:12:00-05:30"),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"),
        ("November 21, 2026 at 4:05 PM EST", "2026-11-21T16:05:00-05:00"),
        ("Nov 21, 2026, 12:00 am Z", "2026-11-21T00:00:00Z"),
        ("2026-11-21T16:12", "MISSING_TIME_ZONE"), ("2026-11-21", "NOT_A_DATE"), ("2026-11-21T25:00Z", "NOT_A_DATE"),
        ("2026-11-21T10:61Z", "NOT_A_DATE"), ("2026-11-21T10:00+99:00", "NOT_A_DATE"),
    ])
    func times(_ text: String, _ expected: String) throws {
        #expect(try read(text, .dateTime) == expected)
    }

    @Test(arguments: [
        ("dd.MM.yyyy", "03.04.2026", "2026-04-03"), ("d/M/yy", "3/4/26", "2026-04-03"),
        ("MM/dd/yyyy", "03/04/2026", "2026-03-04"),
        ("EEEE, d MMMM yyyy", "Saturday, 21 November 2026", "2026-11-21"),
        ("d MMM yyyy 'at' HH:mm", "1 Sept 2026 at 10:00", "2026-09-01"),
        ("dd.MM.yyyy", "3.4.2026", "NOT_A_DATE"), ("yyyyMMdd", "20260403", "2026-04-03"),
        ("dd.MM.yyyy", "03.04.2026 x", "NOT_A_DATE"),
    ])
    func declaredFormats(_ format: String, _ text: String, _ expected: String) throws {
        #expect(try read(text, .date, FieldOptions(dateFormat: format)) == expected)
    }

    @Test func declaredTimes() throws {
        let local = FieldOptions(dateFormat: "dd.MM.yyyy hh:mm a", defaultOffsetMinutes: 60)
        #expect(try read("03.04.2026 12:30 PM", .dateTime, local) == "2026-04-03T12:30:00+01:00")
        let zoned = FieldOptions(dateFormat: "yyyy-MM-dd HH:mm:ss.SSS X")
        #expect(try read("2026-04-03 12:30:01.5 -0730", .dateTime, zoned) == "2026-04-03T12:30:01.5-07:30")
    }

    @Test(arguments: [("Yes", "true"), ("off", "false"), ("1", "true"), ("✗", "false"), ("maybe", "NOT_A_BOOLEAN")])
    func booleans(_ text: String, _ expected: String) throws {
        #expect(try read(text, .boolean) == expected)
    }

    /// Each is what the URL standard's reference gives.
    @Test(arguments: [
        ("x", "http://localhost/a/x"), ("?d", "http://localhost/a/b?d"), ("#e", "http://localhost/a/b?c#e"),
        ("", "http://localhost/a/b?c"),
        ("//h:80/../x/./y/..", "http://h/x/"), ("/%2e%2E/ä b", "http://localhost/%C3%A4%20b"),
        ("\\x\\y", "http://localhost/x/y"),
        ("HTTP://EXAMPLE.com:8080", "http://example.com:8080/"), ("http:z", "http://localhost/a/z"),
        ("https:z", "https://z/"),
        ("http://bücher.de/", "http://xn--bcher-kva.de/"), ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://256.1.1.1/", "NOT_A_URL"),
        ("http://[::1]:5/", "http://[::1]:5/"), ("http://a b/", "NOT_A_URL"), ("http:///x", "http://x/"),
        ("http://", "NOT_A_URL"),
        ("mailto:a@b", "mailto:a@b"), ("http://u:p@h/", "http://u:p@h/"), ("http://h:99999/", "NOT_A_URL"),
        (" x\ny ", "http://localhost/a/xy"),
        ("../../..", "http://localhost/"), ("x?a=ü&b='", "http://localhost/a/x?a=%C3%BC&b=%27"),
        ("http://例え.テスト", "http://xn--r8jz45g.xn--zckzah/"),
    ])
    func addresses(_ text: String, _ expected: String) throws {
        #expect(try read(text, .url) == expected)
    }
}
