// echoserver PORT [CERT KEY]: grpc-go with its defaults.
package main

import (
	"context"
	"log"
	"net"
	"os"

	"echopb"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

type service struct{}

func (service) Say(_ context.Context, request *echopb.Echo) (*echopb.Echo, error) {
	return &echopb.Echo{Text: request.Text}, nil
}

func (service) Stream(request *echopb.StreamReq, stream echopb.EchoService_StreamServer) error {
	reply := &echopb.Echo{Text: request.Text}
	for i := uint32(0); i < request.Count; i++ {
		if err := stream.Send(reply); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	port := "9004"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	var options []grpc.ServerOption
	if len(os.Args) > 3 {
		tls, err := credentials.NewServerTLSFromFile(os.Args[2], os.Args[3])
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(tls))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(options...)
	echopb.RegisterEchoServiceServer(server, service{})
	log.Fatal(server.Serve(listener))
}
