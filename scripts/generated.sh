# What is generated from protos. generate.sh writes it, check-generated.sh checks it.
#
# One row a line:  plugins | root of imports | protos | output folder | options
#   plugins  swift (messages), wire (stubs of services, rules of messages) or swift+wire
#   root     folders of protos with colons between; GOOGLEAPIS stands for the Python package googleapis-common-protos
#   protos   files, or folders for all protos in them, relative to the first root
#   options  go to each of the row's plugins; Visibility is what both know
http_protos="google/api/annotations.proto google/api/http.proto google/api/httpbody.proto"
googleapis_protos="google/rpc/code.proto google/rpc/error_details.proto google/rpc/status.proto"
# Which module has the messages of google.api, for contracts that take or give bodies as they are.
google_modules="ProtoPathModuleMappings=scripts/google-modules.asciipb"
grpc="grpc/health/v1 grpc/reflection/v1 grpc/reflection/v1alpha"
otlp=opentelemetry/proto
otlp="$otlp/common/v1 $otlp/resource/v1 $otlp/trace/v1 $otlp/collector/trace/v1"
generated=(
    "swift | GOOGLEAPIS | $http_protos | Sources/Contracts/GoogleAPIContract | Visibility=Public"
    "swift | proto | datavault/policy/v1 | Sources/Contracts/PolicyContract | Visibility=Public"
    "swift | GOOGLEAPIS | $googleapis_protos | Sources/WireProtos | Visibility=Public"
    "swift | proto | $grpc | Sources/WireProtos | Visibility=Public"
    "wire | proto | $grpc | Sources/Wire/Generated | Visibility=Public,ImportWire=false,ExtraModuleImports=WireProtos"
    "wire | proto | datavault/policy/v1 | Sources/Policy/Generated | Visibility=Public,ExtraModuleImports=PolicyContract"
    "swift+wire | proto:GOOGLEAPIS | datavault/identity/v1 | Sources/Contracts/IdentityContract | Visibility=Public"
    "swift+wire | proto:GOOGLEAPIS | datavault/scrape/v1 | Sources/Contracts/ScrapeContract | Visibility=Public,$google_modules"
    "swift+wire | proto:GOOGLEAPIS | datavault/pipeline/v1 | Sources/Contracts/PipelineContract | Visibility=Public,$google_modules"
    "swift | proto:GOOGLEAPIS | datavault/compliance/v1 | Sources/Contracts/ComplianceContract | Visibility=Public"
    "wire | proto:GOOGLEAPIS | datavault/compliance/v1 | Sources/Contracts/ComplianceContract | Visibility=Public,ExtraModuleImports=GoogleAPIContract"
    "swift+wire | proto | datavault/gateway/v1 | Sources/Contracts/GatewayContract | Visibility=Public"
    "swift+wire | proto | $otlp | Sources/Contracts/OpenTelemetryContract | Visibility=Public"
    "swift+wire | Tests/Contract/proto:proto:GOOGLEAPIS | datavault/test/v1 | Tests/Contract/Generated | Visibility=Public"
    "swift+wire | Tests/Example/proto:proto:GOOGLEAPIS | datavault/example/v1 | Tests/Example/Generated | Visibility=Public"
    "swift+wire | Tests/Interop/proto | grpc/testing | Tests/Interop/Generated | Visibility=Public"
    "swift+wire | Tests/ReadMe | greeter.proto | Tests/ReadMe/Generated | Visibility=Public"
    "swift+wire | Tests/Benchmarks/Gateway/proto:proto:GOOGLEAPIS | datavault/bench/v1 | Tests/Benchmarks/Gateway/Generated | Visibility=Public"
    "swift+wire | Tests/Benchmarks/peers/proto | echo.proto | Tests/Benchmarks/EchoProtos | Visibility=Public"
)

# Outputs that lie flat in their folder: a Swift module can't have two files of one name, as each reflection.proto
# would give.
common_options="FileNaming=PathToUnderscores"

# Prints the output folders, each once.
generated_folders() {
    local row
    for row in "${generated[@]}"; do
        row_fields "$row"
        echo "$output"
    done | sort -u
}

# Splits a row into $plugins, $root, $protos, $output and $options.
row_fields() {
    IFS='|' read -r plugins root protos output options <<<"$1"
    local name
    for name in plugins root protos output options; do
        read -r "${name?}" <<<"${!name}"
    done
}

# Prints the generated files of folder $1, relative to it.
generated_files() {
    [ -d "$1" ] || return 0
    (cd "$1" && find . -maxdepth 1 \( -name '*.pb.swift' -o -name '*.wire.swift' -o -name '*.rules.swift' \) | sed 's|^\./||' | sort)
}
