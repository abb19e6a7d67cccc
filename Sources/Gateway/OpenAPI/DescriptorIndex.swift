import GoogleAPIContract
import PolicyContract
import SwiftProtobuf

/// The descriptors of a set by their full names, with their comments.
struct DescriptorIndex {
    struct Message {
        let name: String
        let proto: Google_Protobuf_DescriptorProto
        let comment: String
        /// By the fields' places in the message.
        let fieldComments: [String]
    }

    struct Enumeration {
        let name: String
        let proto: Google_Protobuf_EnumDescriptorProto
        let comment: String
        let valueComments: [String]
    }

    struct Service {
        let name: String
        let comment: String
    }

    struct Method {
        let proto: Google_Protobuf_MethodDescriptorProto
        let service: String
        let comment: String

        var policy: Datavault_Policy_V1_CallPolicy { proto.options.Datavault_Policy_V1_call }
        var input: String { String(proto.inputType.drop { $0 == "." }) }
        var output: String { String(proto.outputType.drop { $0 == "." }) }
    }

    private(set) var messages: [String: Message] = [:]
    private(set) var enums: [String: Enumeration] = [:]
    private(set) var services: [String: Service] = [:]
    /// By `/package.Service/Method`.
    private(set) var methods: [String: Method] = [:]

    /// Reads serialized `google.protobuf.FileDescriptorSet`s; what two have is taken from the first.
    ///
    /// - Throws: SwiftProtobuf's error if the bytes are none.
    init(_ sets: [[UInt8]]) throws {
        var extensions = SimpleExtensionMap()
        extensions.formUnion(Datavault_Policy_V1_Policy_Extensions)
        extensions.formUnion(Google_Api_Annotations_Extensions)
        var seen: Set<String> = []
        for bytes in sets {
            let set = try Google_Protobuf_FileDescriptorSet(serializedBytes: bytes, extensions: extensions)
            for file in set.file where seen.insert(file.name).inserted { take(file) }
        }
    }

    private mutating func take(_ file: Google_Protobuf_FileDescriptorProto) {
        let comments = Comments(file)
        // The numbers are those of fields of FileDescriptorProto and of what they hold.
        for (index, message) in file.messageType.enumerated() {
            take(message, in: file.package, at: [4, Int32(index)], comments)
        }
        for (index, type) in file.enumType.enumerated() {
            take(type, in: file.package, at: [5, Int32(index)], comments)
        }
        for (index, service) in file.service.enumerated() {
            let (name, path) = ("\(file.package).\(service.name)", [6, Int32(index)])
            services[name] = Service(name: service.name, comment: comments[path])
            for (place, method) in service.method.enumerated() {
                methods["/\(name)/\(method.name)"] = Method(
                    proto: method, service: name, comment: comments[path + [2, Int32(place)]])
            }
        }
    }

    private mutating func take(
        _ message: Google_Protobuf_DescriptorProto, in scope: String, at path: [Int32], _ comments: Comments
    ) {
        let name = scope.isEmpty ? message.name : "\(scope).\(message.name)"
        messages[name] = Message(
            name: name, proto: message, comment: comments[path],
            fieldComments: message.field.indices.map { comments[path + [2, Int32($0)]] })
        for (index, nested) in message.nestedType.enumerated() {
            take(nested, in: name, at: path + [3, Int32(index)], comments)
        }
        for (index, type) in message.enumType.enumerated() {
            take(type, in: name, at: path + [4, Int32(index)], comments)
        }
    }

    private mutating func take(
        _ type: Google_Protobuf_EnumDescriptorProto, in scope: String, at path: [Int32], _ comments: Comments
    ) {
        let name = scope.isEmpty ? type.name : "\(scope).\(type.name)"
        enums[name] = Enumeration(
            name: name, proto: type, comment: comments[path],
            valueComments: type.value.indices.map { comments[path + [2, Int32($0)]] })
    }
}

/// The comments of a file, by their places.
private struct Comments {
    private var texts: [[Int32]: String] = [:]

    init(_ file: Google_Protobuf_FileDescriptorProto) {
        for location in file.sourceCodeInfo.location where location.hasLeadingComments {
            texts[location.path] = location.leadingComments
        }
    }

    /// The text without the white space that the comment's sign left at its lines' beginnings.
    subscript(path: [Int32]) -> String {
        guard let text = texts[path] else { return "" }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.first == " " ? line.dropFirst() : line
        }
        return lines.joined(separator: "\n").trimmingWhitespace
    }
}

extension String {
    /// Without white space at both ends.
    var trimmingWhitespace: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }

    /// The text up to the end of its first sentence.
    var firstSentence: String {
        var previous: Character = " "
        var end = startIndex
        for index in indices {
            let character = self[index]
            if previous == ".", character.isWhitespace { return String(self[..<end]).singleSpaced }
            previous = character
            end = self.index(after: index)
        }
        return singleSpaced
    }

    private var singleSpaced: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
