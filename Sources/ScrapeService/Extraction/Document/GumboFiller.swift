import CGumbo
import Foundation

/// Walks gumbo's tree, without recursion, and writes it into a document.
@safe
struct GumboFiller {
    private let source: UnsafePointer<CChar>
    private let length: Int
    private let limits: ExtractionLimits

    /// - Parameter source: what gumbo parsed, the same bytes as the beginning of the document's text.
    init(source: UnsafePointer<CChar>, length: Int, limits: ExtractionLimits) {
        unsafe self.source = source
        self.length = length
        self.limits = limits
    }

    mutating func fill(_ document: inout Document, from top: UnsafeMutablePointer<GumboNode>) {
        var node = unsafe top
        var parent = documentNode
        var depth = 0
        // The element that stands before the place where the next one goes, for each depth.
        var previous = [noNode]
        while true {
            // Down to the first child, or over to the next sibling, or up until there is one.
            if let children = unsafe Self.children(of: node), unsafe children.length > 0, depth < limits.depth,
                let first = unsafe children.data[0]
            {
                if depth > 0 { parent = NodeID(document.count - 1) }
                unsafe node = first.assumingMemoryBound(to: GumboNode.self)
                depth += 1
                previous.append(noNode)
            } else {
                if let children = unsafe Self.children(of: node), unsafe children.length > 0 {
                    document.truncations.insert(.depth)
                }
                while true {
                    guard unsafe node != top, let above = unsafe node.pointee.parent else {
                        document.close(documentNode)
                        return
                    }
                    let next = unsafe node.pointee.index_within_parent + 1
                    let siblings = unsafe Self.children(of: above)
                    if let siblings = unsafe siblings, unsafe next < Int(siblings.length),
                        let sibling = unsafe siblings.data[next]
                    {
                        unsafe node = sibling.assumingMemoryBound(to: GumboNode.self)
                        break
                    }
                    unsafe node = above
                    depth -= 1
                    previous.removeLast()
                    if depth > 0 {
                        document.close(parent)
                        parent = document.parents[parent]
                    }
                }
            }
            guard document.count < limits.nodes else {
                document.truncations.insert(.nodes)
                closeAll(&document, from: parent)
                return
            }
            let added = unsafe add(node, to: &document, parent: parent, previousElement: previous[depth])
            if document.isElement(added) { previous[depth] = added }
        }
    }

    private func closeAll(_ document: inout Document, from node: NodeID) {
        var node = node
        while node != noNode {
            document.close(node)
            node = document.parents[node]
        }
    }

    private static func children(of node: UnsafeMutablePointer<GumboNode>) -> GumboVector? {
        switch unsafe node.pointee.type {
        case GUMBO_NODE_DOCUMENT: unsafe node.pointee.v.document.children
        case GUMBO_NODE_ELEMENT, GUMBO_NODE_TEMPLATE: unsafe node.pointee.v.element.children
        default: nil
        }
    }

    private mutating func add(
        _ node: UnsafeMutablePointer<GumboNode>, to document: inout Document, parent: NodeID, previousElement: NodeID
    ) -> NodeID {
        switch unsafe node.pointee.type {
        case GUMBO_NODE_ELEMENT, GUMBO_NODE_TEMPLATE:
            return unsafe addElement(node.pointee.v.element, &document, parent, previousElement)
        case GUMBO_NODE_COMMENT:
            let text = unsafe node.pointee.v.text
            return document.append(
                .comment, parent: parent, previousElement: previousElement, source: unsafe range(text.original_text),
                content: unsafe content(text.text, within: text.original_text, &document))
        default:
            let text = unsafe node.pointee.v.text
            return document.append(
                .text, parent: parent, previousElement: previousElement, source: unsafe range(text.original_text),
                content: unsafe content(text.text, within: text.original_text, &document))
        }
    }

    private mutating func addElement(
        _ element: GumboElement, _ document: inout Document, _ parent: NodeID, _ previousElement: NodeID
    ) -> NodeID {
        let namespace: Namespace =
            switch unsafe element.tag_namespace {
            case GUMBO_NAMESPACE_SVG: .svg
            case GUMBO_NAMESPACE_MATHML: .mathML
            default: .html
            }
        let name = unsafe name(of: element, namespace, &document)
        let start = unsafe range(element.original_tag)
        let end = unsafe range(element.original_end_tag)
        let source = ByteRange(
            start: start.lower, length: max(end.length == 0 ? start.upper : end.upper, start.upper) - start.lower)
        let node = document.append(
            .element, namespace: namespace, name: name, parent: parent, previousElement: previousElement,
            source: source)
        for index in 0..<Int(unsafe element.attributes.length) {
            guard index < limits.attributesPerElement, document.attributeNames.count < limits.attributes else {
                document.truncations.insert(.attributes)
                break
            }
            guard let item = unsafe element.attributes.data[index] else { continue }
            let attribute = unsafe item.assumingMemoryBound(to: GumboAttribute.self).pointee
            unsafe addAttribute(attribute, &document)
        }
        return node
    }

    private mutating func addAttribute(_ attribute: GumboAttribute, _ document: inout Document) {
        guard let start = unsafe attribute.name else { return }
        let prefix = unsafe Self.prefix(attribute.attr_namespace, start)
        let name: NameID
        if prefix.isEmpty {
            name = unsafe document.names.intern(Self.buffer(start))
        } else {
            let whole = unsafe prefix + Array(Self.buffer(start))
            name = unsafe whole.withUnsafeBufferPointer { unsafe document.names.intern($0) }
        }
        guard name != .none else {
            document.truncations.insert(.names)
            return
        }
        document.appendAttribute(name, unsafe content(attribute.value, within: attribute.original_value, &document))
    }

    /// What gumbo took off an attribute's name when it found a namespace.
    private static func prefix(_ namespace: GumboAttributeNamespaceEnum, _ name: UnsafePointer<CChar>) -> [UInt8] {
        switch namespace {
        case GUMBO_ATTR_NAMESPACE_XLINK: Array("xlink:".utf8)
        case GUMBO_ATTR_NAMESPACE_XML: Array("xml:".utf8)
        case GUMBO_ATTR_NAMESPACE_XMLNS where unsafe strcmp(name, "xmlns") != 0: Array("xmlns:".utf8)
        default: []
        }
    }

    private mutating func name(
        of element: GumboElement, _ namespace: Namespace, _ document: inout Document
    ) -> NameID {
        var piece = unsafe element.original_tag
        if namespace == .svg {
            unsafe gumbo_tag_from_original_text(&piece)
            if let adjusted = unsafe gumbo_normalize_svg_tagname(&piece) {
                // The adjusted name is longer than the piece never: both are one word in different case.
                return unsafe document.names.intern(
                    UnsafeBufferPointer(rebasing: Self.buffer(adjusted)[..<Int(piece.length)]))
            }
        }
        if unsafe element.tag != GUMBO_TAG_UNKNOWN, let name = unsafe gumbo_normalized_tagname(element.tag) {
            return unsafe document.names.intern(Self.buffer(name))
        }
        unsafe piece = unsafe element.original_tag
        unsafe gumbo_tag_from_original_text(&piece)
        let range = unsafe range(piece)
        let lowered = (range.lower..<range.upper).map { document.text[$0].asciiLowercased }
        let name = unsafe lowered.withUnsafeBufferPointer { unsafe document.names.intern($0) }
        if name == .none { document.truncations.insert(.names) }
        return name
    }

    /// Where a piece stands in the source.
    private func range(_ piece: GumboStringPiece) -> ByteRange {
        guard let data = unsafe piece.data else { return .empty }
        let start = unsafe data - source
        guard start >= 0, unsafe start + Int(piece.length) <= length else { return .empty }
        return unsafe ByteRange(start: start, length: Int(piece.length))
    }

    /// The range of a decoded text: within its original where it stands there unchanged, else behind the source.
    private mutating func content(
        _ text: UnsafePointer<CChar>?, within piece: GumboStringPiece, _ document: inout Document
    ) -> ByteRange {
        guard let text = unsafe text else { return .empty }
        let bytes = unsafe Self.buffer(text)
        let original = unsafe range(piece)
        guard bytes.count > 0 else { return ByteRange(start: original.lower, length: 0) }
        // A quote, or the beginning of a comment, stands before the text.
        for skipped in [0, 1, 4] where skipped + bytes.count <= Int(original.length) {
            if unsafe memcmp(source + original.lower + skipped, text, bytes.count) == 0 {
                return ByteRange(start: original.lower + skipped, length: bytes.count)
            }
        }
        guard document.text.count - document.sourceLength + bytes.count <= limits.decodedBytes else {
            document.truncations.insert(.decodedBytes)
            return ByteRange(start: original.lower, length: 0)
        }
        let start = document.text.count
        unsafe document.text.append(contentsOf: bytes)
        return ByteRange(start: start, length: bytes.count)
    }

    private static func buffer(_ text: UnsafePointer<CChar>) -> UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(
            start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: strlen(text))
    }
}
