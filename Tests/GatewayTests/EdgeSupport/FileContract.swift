import GoogleAPIContract
import PolicyContract
import SwiftProtobuf
import Transcoding

/// A contract with uploads, downloads and streams of every presentation, made of descriptors: nothing is generated.
enum FileContract {
    static let package = "datavault.files.v1"

    static var set: Google_Protobuf_FileDescriptorSet {
        .with { set in
            set.file = [
                .with {
                    ($0.name, $0.package, $0.syntax) = ("google/api/httpbody.proto", "google.api", "proto3")
                    $0.messageType = [message("HttpBody", [("content_type", .string, ""), ("data", .bytes, "")])]
                },
                .with {
                    ($0.name, $0.package, $0.syntax) = ("files.proto", package, "proto3")
                    $0.dependency = ["google/api/httpbody.proto"]
                    $0.messageType = [
                        message("UploadRequest", [("name", .string, ""), ("data", .bytes, "")]),
                        message("SendRequest", [("name", .string, ""), ("file", .message, ".google.api.HttpBody")]),
                        message(
                            "Receipt",
                            [
                                ("name", .string, ""), ("size", .int64, ""), ("pieces", .int32, ""),
                                ("type", .string, ""),
                            ]),
                        message("WatchRequest", [("name", .string, ""), ("count", .int32, "")]),
                        message("Event", [("index", .int32, "")]),
                    ]
                    $0.service = [
                        .with {
                            $0.name = "FileService"
                            $0.method = methods
                        }
                    ]
                },
            ]
        }
    }

    private static var methods: [Google_Protobuf_MethodDescriptorProto] {
        [
            method("Upload", "UploadRequest", "Receipt", client: true) {
                $0.post = "/api/v1/{name=files/*}:upload"
                $0.body = "data"
            },
            method("Send", "SendRequest", "Receipt") {
                $0.put = "/api/v1/{name=files/*}"
                $0.body = "file"
            },
            method("Download", "WatchRequest", ".google.api.HttpBody", server: true, stream: .bytes) {
                $0.get = "/api/v1/{name=files/*}:download"
            },
            method("Fetch", "WatchRequest", ".google.api.HttpBody") { $0.get = "/api/v1/{name=files/*}" },
            method("Watch", "WatchRequest", "Event", server: true, stream: .events) {
                $0.get = "/api/v1/{name=files/*}:watch"
            },
            method("List", "WatchRequest", "Event", server: true, stream: .jsonLines) {
                $0.get = "/api/v1/{name=files/*}:list"
            },
        ]
    }

    private static func message(
        _ name: String, _ fields: [(String, Google_Protobuf_FieldDescriptorProto.TypeEnum, String)]
    ) -> Google_Protobuf_DescriptorProto {
        .with { message in
            message.name = name
            message.field = fields.enumerated().map { place, field in
                .with {
                    ($0.name, $0.number, $0.type) = (field.0, Int32(place + 1), field.1)
                    $0.label = .optional
                    if !field.2.isEmpty { $0.typeName = field.2 }
                }
            }
        }
    }

    private static func method(
        _ name: String, _ input: String, _ output: String, client: Bool = false, server: Bool = false,
        stream: Datavault_Policy_V1_StreamPresentation = .unspecified, _ rule: (inout Google_Api_HttpRule) -> Void
    ) -> Google_Protobuf_MethodDescriptorProto {
        .with {
            $0.name = name
            $0.inputType = input.hasPrefix(".") ? input : ".\(package).\(input)"
            $0.outputType = output.hasPrefix(".") ? output : ".\(package).\(output)"
            ($0.clientStreaming, $0.serverStreaming) = (client, server)
            var route = Google_Api_HttpRule()
            rule(&route)
            $0.options.Google_Api_http = route
            $0.options.Datavault_Policy_V1_call = .with {
                $0.authenticated = true
                $0.stream = stream
            }
        }
    }
}
