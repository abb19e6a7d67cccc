extension Function {
    func replaced(
        _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        let (texts, olds, news) = (arguments[0].texts, arguments[1].texts, arguments[2].texts)
        let limits = arguments.count > 3 ? wholes(arguments[3]) : []
        var builder = TextBuilder(count: context.count, limit: context.limits.maximumBatchTextBytes)
        var result: [UInt8] = []
        for row in 0..<context.count {
            guard status.isValue(row) else {
                builder.appendEmpty()
                continue
            }
            let range = texts.extents[arguments[0].at(row)].range
            let old = olds.bytes[olds.extents[arguments[1].at(row)].range]
            let new = news.bytes[news.extents[arguments[2].at(row)].range]
            // Below zero: all of them.
            var left = limits.isEmpty ? -1 : max(limits[arguments[3].at(row)], -1)
            result.removeAll(keepingCapacity: true)
            var at = range.lowerBound
            while left != 0, result.count <= builder.limit, let place = next(old, in: texts.bytes, at, range) {
                result.append(contentsOf: texts.bytes[at..<place])
                result.append(contentsOf: new)
                at = place + old.count
                if left > 0 { left -= 1 }
                if old.isEmpty {
                    // Before each code point and behind the last one.
                    guard at < range.upperBound else { break }
                    let step = offset(ofCodePoint: 1, in: texts.bytes, at..<range.upperBound) ?? range.upperBound
                    result.append(contentsOf: texts.bytes[at..<step])
                    at = step
                }
            }
            result.append(contentsOf: texts.bytes[at..<range.upperBound])
            if !builder.append(result[...]) { status.fail(row, context.sites[.textLimit]) }
        }
        return .string(builder.texts)
    }

    private func next(_ part: ArraySlice<UInt8>, in bytes: [UInt8], _ from: Int, _ range: Range<Int>) -> Int? {
        find(part, in: bytes, from..<range.upperBound)
    }

    func pieces(
        _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        let (texts, separators) = (arguments[0].texts, arguments[1].texts)
        let limits = arguments.count > 2 ? wholes(arguments[2]) : []
        var extents: [Extent] = []
        // Pieces are parts of the text: no text moves.
        var elements = Strings(bytes: texts.bytes)
        for row in 0..<context.count {
            let first = elements.count
            defer { extents.append(Extent(start: UInt32(first), length: UInt32(elements.count - first))) }
            guard status.isValue(row) else { continue }
            let range = texts.extents[arguments[0].at(row)].range
            let separator = separators.bytes[separators.extents[arguments[1].at(row)].range]
            let limit = limits.isEmpty ? -1 : limits[arguments[2].at(row)]
            if limit == 0 { continue }
            var at = range.lowerBound
            func add(_ end: Int) { elements.extents.append(Extent(start: UInt32(at), length: UInt32(end - at))) }
            var isOpen = true
            while limit < 0 || elements.count - first < Int(limit) - 1 {
                guard elements.count < context.limits.maximumBatchElements else {
                    status.fail(row, context.sites[.listLimit])
                    break
                }
                let rest = at..<range.upperBound
                if separator.isEmpty {
                    // Code points.
                    guard let step = rest.isEmpty ? nil : offset(ofCodePoint: 1, in: texts.bytes, rest) else {
                        isOpen = false
                        break
                    }
                    add(step)
                    at = step
                } else if let place = find(separator, in: texts.bytes, rest) {
                    add(place)
                    at = place + separator.count
                } else {
                    break
                }
            }
            if isOpen, !(separator.isEmpty && at == range.upperBound) { add(range.upperBound) }
        }
        return .list(Register.Lists(extents: extents, elements: Register(.string(elements))))
    }

    func joined(
        _ arguments: [Register], _ context: KernelContext, _ status: inout StatusBuilder
    ) -> Register.Values {
        guard case .list(let lists) = arguments[0].values else { preconditionFailure("checked: list") }
        let elements = lists.elements.texts
        let separators = arguments.count > 1 ? arguments[1].texts : Strings([""])
        var builder = TextBuilder(count: context.count, limit: context.limits.maximumBatchTextBytes)
        var result: [UInt8] = []
        for row in 0..<context.count {
            guard status.isValue(row) else {
                builder.appendEmpty()
                continue
            }
            result.removeAll(keepingCapacity: true)
            let position = arguments.count > 1 ? arguments[1].at(row) : 0
            let separator = separators.bytes[separators.extents[position].range]
            for (number, element) in lists.extents[arguments[0].at(row)].range.enumerated()
            where result.count <= builder.limit {
                if number > 0 { result.append(contentsOf: separator) }
                if let byte = lists.elements.status?[lists.elements.at(element)], byte != 0 {
                    status.fail(row, byte == Register.null ? context.sites[.nullOperand] : byte)
                }
                if elements.count > 0 {
                    result.append(contentsOf: elements.bytes[elements.extents[lists.elements.at(element)].range])
                }
            }
            if !builder.append(result[...]) { status.fail(row, context.sites[.textLimit]) }
        }
        return .string(builder.texts)
    }
}
