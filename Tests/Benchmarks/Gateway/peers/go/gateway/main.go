// grpc-gateway before the benchmark's service: gateway PORT UPSTREAM_PORT [builtin]
package main

import (
	"context"
	"net/http"
	"os"

	"echopb"

	"github.com/grpc-ecosystem/grpc-gateway/runtime"
	"google.golang.org/grpc"
)

func main() {
	mux := runtime.NewServeMux()
	if len(os.Args) > 3 && os.Args[3] == "builtin" {
		// encoding/json in the place of jsonpb, which is slower and the default.
		mux = runtime.NewServeMux(runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONBuiltin{}))
	}
	options := []grpc.DialOption{grpc.WithInsecure()}
	if err := echopb.RegisterEchoServiceHandlerFromEndpoint(
		context.Background(), mux, "127.0.0.1:"+os.Args[2], options); err != nil {
		panic(err)
	}
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], mux))
}
