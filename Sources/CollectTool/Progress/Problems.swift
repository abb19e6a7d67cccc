/// What stood in the way of pages and records, in words.
enum Problems {
    /// Kinds of the contract that are about links which were never put in line: they say where the crawl ends, and
    /// nothing is missing because of them.
    static let boundaries: Set<String> = [
        "OUT_OF_SCOPE", "PATH_EXCLUDED", "TOO_DEEP", "TRAP", "TOO_MANY_PAGES", "NOFOLLOW",
    ]

    private static let words: [String: String] = [
        "URL_INVALID": "the URL cannot be asked for", "ADDRESS_NOT_ALLOWED": "an address that is not allowed",
        "NAME_UNRESOLVED": "the host's name is unknown", "CONNECTION_FAILED": "nobody answers",
        "TLS_FAILED": "TLS failed, or the certificate is not to be trusted", "TIMEOUT": "it took too long",
        "TOO_LARGE": "larger than the limits", "PROTOCOL_BROKEN": "the answer is no HTTP",
        "ENCODING_BROKEN": "the content coding is broken", "REDIRECT_LOOP": "redirects go round",
        "CLIENT_ERROR": "the site says that it is not there, or not for us (4xx)",
        "SERVER_ERROR": "the site has an error (5xx)", "THROTTLED": "the site asked to be left alone",
        "STATUS_UNEXPECTED": "a status that no page has", "TOO_COMPLEX": "too deep or too many elements",
        "INTERNAL": "an error of DataVault's own", "ROBOTS_DISALLOWED": "robots.txt forbids it",
        "ROBOTS_UNREACHABLE": "robots.txt could not be had, which forbids everything",
        "NOINDEX": "it asks not to be indexed", "REDIRECT_OUT_OF_SCOPE": "a redirect leads out of the site",
        "CONTENT_TYPE": "no HTML", "DUPLICATE": "the same content as another page",
        "NOT_CANONICAL": "it names another page as its canonical form",
        "REDIRECT_KNOWN": "a redirect leads to a page that is known already",
        "JOB_ENDED": "the job ended before its turn came", "OUT_OF_SCOPE": "other hosts",
        "PATH_EXCLUDED": "outside of the paths wanted", "TOO_DEEP": "too many links away", "TRAP": "looks like a trap",
        "TOO_MANY_PAGES": "more pages than the operator allows", "NOFOLLOW": "asks not to be followed",
        "MISSING": "there is none", "PATTERN_MISMATCH": "the pattern does not match",
        "NOT_A_NUMBER": "no number", "AMBIGUOUS_NUMBER": "can be read as two numbers",
        "NOT_A_DATE": "no date", "AMBIGUOUS_DATE": "can be read as two dates", "NOT_MONEY": "no amount",
        "MISSING_CURRENCY": "no currency", "AMBIGUOUS_CURRENCY": "several currencies share the sign",
        "NOT_A_URL": "no URL", "VALUE_INVALID": "a value of another type", "RULE_FAILED": "breaks the rule",
        "EXPRESSION_FAILED": "an expression failed", "ROW_UNREADABLE": "cannot be read",
    ]

    /// A value of one of the contract's enums without what all of them begin with.
    static func bare(_ name: String, _ prefix: String) -> String {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    /// What a kind means; its name in lower case where nobody has written that down.
    static func meaning(_ kind: String) -> String {
        words[kind] ?? kind.lowercased().split(separator: "_").joined(separator: " ")
    }
}
