/// Takes a plan's records from one document.
struct ExtractionRun: ~Copyable {
    private let plan: ExtractionPlan
    private var matcher: SelectorMatcher
    private let base: WebAddress?
    /// What to add to indexes in the text for those in the body.
    private let sourceOffset: Int
    private var valuesLeft: Int
    private var bytesLeft: Int
    private var truncations: PageTruncations = []
    /// The names of the fields' attributes in this document.
    private let attributes: [(lower: NameID, exact: NameID)]

    init(_ plan: ExtractionPlan, _ document: consuming Document, base: WebAddress?, sourceOffset: Int) {
        self.plan = plan
        self.base = base
        self.sourceOffset = sourceOffset
        valuesLeft = plan.limits.values
        bytesLeft = plan.limits.pageValueBytes
        var attributes: [(lower: NameID, exact: NameID)] = []
        for field in plan.fields {
            guard let name = field.attribute else {
                attributes.append((.none, .none))
                continue
            }
            attributes.append((document.names.find(name.lower), document.names.find(name.exact)))
        }
        self.attributes = attributes
        matcher = SelectorMatcher(document, plan.program, steps: plan.limits.steps)
    }

    mutating func run(into page: inout ExtractedPage) {
        if let selector = plan.recordSelector {
            var node = matcher.first(selector, below: documentNode)
            while node != noNode {
                guard page.records.count < plan.limits.records else {
                    truncations.insert(.records)
                    break
                }
                page.records.append(record(node, scope: node))
                if matcher.isExhausted { break }
                node = matcher.next(selector, after: node, below: documentNode)
            }
        } else {
            page.records.append(record(matcher.document.root, scope: documentNode))
        }
        if matcher.isExhausted { truncations.insert(.steps) }
        page.truncations.formUnion(truncations)
    }

    private mutating func record(_ node: NodeID, scope: NodeID) -> ExtractedRecord {
        var record = ExtractedRecord(
            values: [],
            source: source(node == noNode ? matcher.document.sources[documentNode] : matcher.document.sources[node]))
        record.values.reserveCapacity(plan.fields.count)
        for index in plan.fields.indices {
            record.values.append(values(index, node, scope, &record.issues))
        }
        return record
    }

    private mutating func values(
        _ index: Int, _ record: NodeID, _ scope: NodeID, _ issues: inout [FieldIssue]
    ) -> [ExtractedValue] {
        let field = plan.fields[index]
        let issuesBefore = issues.count
        var values: [ExtractedValue] = []
        if let selector = field.selector {
            var node = matcher.first(selector, below: scope)
            while node != noNode {
                guard field.isList || values.isEmpty, values.count < plan.limits.valuesPerField else {
                    issues.append(FieldIssue(field: index, reason: .tooManyValues))
                    truncations.insert(.values)
                    break
                }
                take(index, node, &values, &issues)
                if !field.isList { break }
                node = matcher.next(selector, after: node, below: scope)
            }
        } else if record != noNode {
            take(index, record, &values, &issues)
        }
        if matcher.isExhausted {
            issues.append(FieldIssue(field: index, reason: .limitReached))
        } else if values.isEmpty, field.isRequired, issues.count == issuesBefore {
            issues.append(FieldIssue(field: index, reason: .missing))
        }
        return values
    }

    /// Takes a field's value from an element: none if the element has none, an issue if it is not as it should be.
    private mutating func take(
        _ index: Int, _ node: NodeID, _ values: inout [ExtractedValue], _ issues: inout [FieldIssue]
    ) {
        let field = plan.fields[index]
        // Texts of elements inside each other are read again for each.
        let size = Int(matcher.document.subtreeEnds[node] - node) + Int(matcher.document.sources[node].length) >> 4
        matcher.spend(size)
        guard !matcher.isExhausted, let raw = rawText(index, node) else { return }
        let source = source(raw.source)
        guard !raw.isCut, valuesLeft > 0, bytesLeft > 0 else {
            truncations.insert(raw.isCut || bytesLeft <= 0 ? .valueBytes : .values)
            let reason = raw.isCut ? FieldIssue.Reason.tooLong : .limitReached
            issues.append(FieldIssue(field: index, reason: reason, text: Self.excerpt(raw.text), source: source))
            return
        }
        var text = raw.text
        bytesLeft -= text.utf8.count
        if let capture = field.capture {
            guard let captured = capture.capture(in: text) else { return }
            text = captured
        }
        guard !text.isEmpty else { return }
        valuesLeft -= 1
        let reason: FieldIssue.Reason
        switch field.reader.read(text, base: base, urlBytes: plan.limits.urlBytes) {
        case .failure(let issue): reason = issue.reason
        case .success(let value):
            let canonical = value.text
            if let most = field.maximumLength, canonical.utf8.count > most, canonical.unicodeScalars.count > most {
                reason = .tooLong
            } else if let pattern = field.pattern, !pattern.matchesWhole(canonical) {
                reason = .patternMismatch
            } else {
                values.append(ExtractedValue(value: value, source: source))
                return
            }
        }
        issues.append(FieldIssue(field: index, reason: reason, text: Self.excerpt(text), source: source))
    }

    private static func excerpt(_ text: String) -> String { String(text.prefix(256)) }

    private func source(_ range: ByteRange) -> SourceRange {
        // What was decoded stands nowhere in the source.
        guard range.upper <= matcher.document.sourceLength else { return SourceRange(offset: 0, length: 0) }
        return SourceRange(offset: range.lower + sourceOffset, length: Int(range.length))
    }

    private struct RawText {
        var text: String
        var source: ByteRange
        var isCut = false
    }

    private func rawText(_ index: Int, _ node: NodeID) -> RawText? {
        let limit = plan.limits.valueBytes
        let source = matcher.document.sources[node]
        switch plan.fields[index].take {
        case .text:
            let text = ElementText.whole(node, matcher.document, limit: limit)
            return RawText(text: String(decoding: text.bytes, as: UTF8.self), source: source, isCut: text.isCut)
        case .ownText:
            let text = ElementText.own(node, matcher.document, limit: limit)
            return RawText(text: String(decoding: text.bytes, as: UTF8.self), source: source, isCut: text.isCut)
        case .attribute:
            let name = matcher.document.isHTML(node) ? attributes[index].lower : attributes[index].exact
            guard name != .none, let range = matcher.document.attribute(node, name) else { return nil }
            let trimmed = matcher.document.text.trimmed(range)
            let isInSource = range.upper <= matcher.document.sourceLength
            let cut = ByteRange(start: trimmed.lower, length: min(Int(trimmed.length), limit))
            return RawText(
                text: matcher.document.text.string(cut), source: isInSource ? trimmed : source,
                isCut: cut.length < trimmed.length)
        case .innerHTML, .outerHTML:
            var serializer = HTMLSerializer(limit: limit)
            if plan.fields[index].take == .innerHTML {
                serializer.writeInner(node, matcher.document)
            } else {
                serializer.writeOuter(node, matcher.document)
            }
            return RawText(
                text: String(decoding: serializer.bytes, as: UTF8.self), source: source, isCut: serializer.isCut)
        }
    }
}
