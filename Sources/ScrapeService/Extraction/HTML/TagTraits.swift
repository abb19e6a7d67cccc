/// What tree construction asks of an element by its name: HTML standard, sections 13.2.4.2 and 13.2.6.
struct TagTraits: OptionSet, Sendable, BitwiseCopyable {
    let rawValue: UInt16

    /// Ends a scope.
    static let scope = TagTraits(rawValue: 1 << 0)
    /// Ends a list item's scope besides.
    static let listScope = TagTraits(rawValue: 1 << 1)
    /// Ends a button's scope besides.
    static let buttonScope = TagTraits(rawValue: 1 << 2)
    /// Ends a table's scope.
    static let tableScope = TagTraits(rawValue: 1 << 3)
    static let special = TagTraits(rawValue: 1 << 4)
    /// Its end tag is implied by others.
    static let impliedEnd = TagTraits(rawValue: 1 << 5)
    /// Its end tag is implied by a template's end.
    static let impliedEndThoroughly = TagTraits(rawValue: 1 << 6)
    static let heading = TagTraits(rawValue: 1 << 7)
    /// A table, or a part of one, that nothing but its parts may stand in.
    static let tablePart = TagTraits(rawValue: 1 << 8)
    static let paragraph = TagTraits(rawValue: 1 << 9)
    static let void = TagTraits(rawValue: 1 << 10)

    /// By number of a known name, for elements of HTML.
    static let html: [TagTraits] = KnownName.allCases.map { name in
        var traits: TagTraits = []
        if scopes.contains(name) { traits.insert(.scope) }
        if name == .ol || name == .ul { traits.insert(.listScope) }
        if name == .button { traits.insert(.buttonScope) }
        if name == .html || name == .table || name == .template { traits.insert(.tableScope) }
        if specials.contains(name) { traits.insert(.special) }
        if implied.contains(name) { traits.formUnion([.impliedEnd, .impliedEndThoroughly]) }
        if impliedInTables.contains(name) { traits.insert(.impliedEndThoroughly) }
        if headings.contains(name) { traits.insert(.heading) }
        if tableParts.contains(name) { traits.insert(.tablePart) }
        if name == .p { traits.insert(.paragraph) }
        if name.isVoid { traits.insert(.void) }
        return traits
    }

    /// Elements of SVG and MathML that HTML may stand in.
    static func foreign(_ namespace: Namespace, _ name: KnownName?) -> TagTraits {
        switch (namespace, name) {
        case (.mathML, .mi), (.mathML, .mo), (.mathML, .mn), (.mathML, .ms), (.mathML, .mtext),
            (.mathML, .annotationXml), (.svg, .foreignObject), (.svg, .desc), (.svg, .title):
            [.scope, .special]
        default: []
        }
    }

    private static let scopes: Set<KnownName> = [
        .applet, .caption, .html, .table, .td, .th, .marquee, .object, .select, .template,
    ]
    private static let specials: Set<KnownName> = [
        .address, .applet, .area, .article, .aside, .base, .basefont, .bgsound, .blockquote, .body, .br, .button,
        .caption,
        .center, .col, .colgroup, .dd, .details, .dir, .div, .dl, .dt, .embed, .fieldset, .figcaption, .figure, .footer,
        .form, .frame, .frameset, .h1, .h2, .h3, .h4, .h5, .h6, .head, .header, .hgroup, .hr, .html, .iframe, .img,
        .input,
        .keygen, .li, .link, .listing, .main, .marquee, .menu, .meta, .nav, .noembed, .noframes, .noscript, .object,
        .ol,
        .p, .param, .plaintext, .pre, .script, .search, .section, .select, .source, .style, .summary, .table, .tbody,
        .td,
        .template, .textarea, .tfoot, .th, .thead, .title, .tr, .track, .ul, .wbr, .xmp,
    ]
    private static let implied: Set<KnownName> = [.dd, .dt, .li, .optgroup, .option, .p, .rb, .rp, .rt, .rtc]
    private static let impliedInTables: Set<KnownName> = [.caption, .colgroup, .tbody, .td, .tfoot, .th, .thead, .tr]
    private static let headings: Set<KnownName> = [.h1, .h2, .h3, .h4, .h5, .h6]
    private static let tableParts: Set<KnownName> = [.table, .tbody, .tfoot, .thead, .tr]
}
