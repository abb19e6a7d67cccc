/// SVG and MathML within HTML: HTML standard, section 13.2.6.5.
extension HTMLTreeBuilder {
    /// Takes the present token by the rules for foreign content; false to have it taken again.
    mutating func processForeign() -> Bool {
        switch token.kind {
        case .text:
            if leadingSpace(token.content) < Int(token.content.length) { framesetOK = false }
            insertText(token.content, start: token.start, end: token.end)
        case .comment: insertComment()
        case .doctype, .end: break
        case .startTag:
            if breaksOut() {
                while open.count > 1, !tree.isHTML(current), !isIntegrationPoint(current) { pop() }
                return process(in: mode)
            }
            insertForeignElement(tree.namespace(current))
        case .endTag: return foreignEndTag()
        }
        return true
    }

    /// If the present start tag is one of HTML's that cannot stand in foreign content.
    private mutating func breaksOut() -> Bool {
        switch token.name.known {
        case .b, .big, .blockquote, .body, .br, .center, .code, .dd, .div, .dl, .dt, .em, .embed, .h1, .h2, .h3, .h4,
            .h5,
            .h6, .head, .hr, .i, .img, .li, .listing, .menu, .meta, .nobr, .ol, .p, .pre, .ruby, .s, .small, .span,
            .strong,
            .strike, .sub, .sup, .table, .tt, .u, .ul, .var:
            return true
        case .font:
            for index in token.attributes.lower..<token.attributes.upper {
                switch tokenizer.attributeNames[index].known {
                case .color, .face, .size: return true
                default: continue
                }
            }
            return false
        default: return false
        }
    }

    private mutating func foreignEndTag() -> Bool {
        if token.name.known == .br || token.name.known == .p {
            while open.count > 1, !tree.isHTML(current), !isIntegrationPoint(current) { pop() }
            return process(in: mode)
        }
        var index = open.count - 1
        while index > 0 {
            let node = open[index]
            if tree.isHTML(node) { return process(in: mode) }
            if isNamed(node, token.name) {
                while open.count > max(index, 1) { pop(atEnd: open.count == index + 1) }
                return true
            }
            index -= 1
        }
        return true
    }

    /// If an element's name is a tag's, case aside.
    private mutating func isNamed(_ node: NodeID, _ name: NameID) -> Bool {
        if tree.nodes[node].name == name { return true }
        return tokenizer.names.text(tree.nodes[node].name).lowercased() == tokenizer.names.text(name)
    }

    /// If HTML may stand in a foreign element: sections 13.2.6.
    mutating func isIntegrationPoint(_ node: NodeID) -> Bool {
        guard tree.nodes[node].traits.contains(.scope) else { return false }
        return tree.namespace(node) == .svg || tree.nodes[node].name.known != .annotationXml
            || isHTMLIntegrationPoint(node)
    }

    /// If a node is an `annotation-xml` whose encoding is HTML.
    mutating func isHTMLIntegrationPoint(_ node: NodeID) -> Bool {
        guard tree.nodes[node].name.known == .annotationXml else { return false }
        let range = tree.nodes[node].attributes
        for index in range.lower..<range.upper where tokenizer.attributeNames[index] == NameID(.encoding) {
            let value = tokenizer.attributeValues[index]
            let text = (value.lower..<value.upper).map { byte($0).asciiLowercased }
            return text == Array("text/html".utf8) || text == Array("application/xhtml+xml".utf8)
        }
        return false
    }

    /// Inserts the element of the present start tag as one of a namespace.
    mutating func insertForeignElement(_ namespace: Namespace) {
        var name = token.name
        if namespace == .svg, let adjusted = ForeignNames.elements[tokenizer.names.text(name)] {
            name = tokenizer.intern(adjusted)
        }
        for index in token.attributes.lower..<token.attributes.upper {
            let text = tokenizer.names.text(tokenizer.attributeNames[index])
            let adjusted = namespace == .svg ? ForeignNames.attributes[text] : nil
            if let adjusted {
                tokenizer.attributeNames[index] = tokenizer.intern(adjusted)
            } else if namespace == .mathML, text == "definitionurl" {
                tokenizer.attributeNames[index] = tokenizer.intern("definitionURL")
            }
        }
        let before = open.count
        insert(
            name, namespace, TagTraits.foreign(namespace, name.known), token.attributes, start: token.start,
            end: token.end)
        if token.isSelfClosing {
            if open.count > before { pop(atEnd: true) } else { _ = flattened.popLast() }
        }
    }
}

extension HTMLTokenizer {
    /// The number of a name.
    mutating func intern(_ name: String) -> NameID {
        let bytes = Array(name.utf8)
        return unsafe bytes.withUnsafeBufferPointer { unsafe names.intern($0) }
    }
}

/// Names of SVG whose case the tokenizer has taken: section 13.2.6.5.
enum ForeignNames {
    static let elements = byLowerCase(
        """
        altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform clipPath feBlend feColorMatrix \
        feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow \
        feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset \
        fePointLight feSpecularLighting feSpotLight feTile feTurbulence foreignObject glyphRef linearGradient \
        radialGradient textPath
        """)
    static let attributes = byLowerCase(
        """
        attributeName attributeType baseFrequency baseProfile calcMode clipPathUnits diffuseConstant edgeMode \
        filterUnits glyphRef gradientTransform gradientUnits kernelMatrix kernelUnitLength keyPoints keySplines keyTimes \
        lengthAdjust limitingConeAngle markerHeight markerUnits markerWidth maskContentUnits maskUnits numOctaves \
        pathLength patternContentUnits patternTransform patternUnits pointsAtX pointsAtY pointsAtZ preserveAlpha \
        preserveAspectRatio primitiveUnits refX refY repeatCount repeatDur requiredExtensions requiredFeatures \
        specularConstant specularExponent spreadMethod startOffset stdDeviation stitchTiles surfaceScale systemLanguage \
        tableValues targetX targetY textLength viewBox viewTarget xChannelSelector yChannelSelector zoomAndPan
        """)

    private static func byLowerCase(_ names: String) -> [String: String] {
        var all: [String: String] = [:]
        for name in names.split(separator: " ") { all[name.lowercased()] = String(name) }
        return all
    }
}
