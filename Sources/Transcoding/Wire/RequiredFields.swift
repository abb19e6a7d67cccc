/// proto2's required fields.
enum RequiredFields {
    /// Throws where one is missing in a message or in what it holds, with its path.
    static func check(_ message: MessagePointer, _ type: UnsafePointer<MessageEntry>) throws(TranscodingError) {
        guard unsafe type.pointee.canLackRequired else { return }
        for place in unsafe 0..<type.pointee.fieldCount {
            let field = unsafe type.pointee.fields + place
            if unsafe field.pointee.isRequired, unsafe !message.isSet(field) {
                throw unsafe TranscodingError(
                    .missingField, path: field.pointee.jsonName, "the field is required and not set")
            }
            guard let inner = unsafe field.pointee.message, unsafe inner.pointee.canLackRequired else { continue }
            if unsafe field.pointee.shape == .singular {
                guard unsafe message.isSet(field), let content = unsafe message.message(field) else { continue }
                do throws(TranscodingError) {
                    unsafe try check(content, inner)
                } catch { throw unsafe error.inside(field.pointee.jsonName) }
            } else {
                guard let elements = unsafe message.elements(field) else { continue }
                for index in unsafe 0..<message.count(field) {
                    let element = unsafe elements.load(fromByteOffset: index * 8, as: MessagePointer.self)
                    do throws(TranscodingError) {
                        unsafe try check(element, inner)
                    } catch { throw error.inside(unsafe "\(field.pointee.jsonName)[\(index)]") }
                }
            }
        }
    }
}
