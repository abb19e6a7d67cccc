// The benchmark's service in grpc-go: upstream PORT
package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"echopb"

	"google.golang.org/grpc"
)

type service struct{ items *echopb.ListItemsResponse }

func (service) Say(_ context.Context, in *echopb.SayRequest) (*echopb.SayResponse, error) {
	return &echopb.SayResponse{Text: in.Text}, nil
}

func (s service) ListItems(context.Context, *echopb.ListItemsRequest) (*echopb.ListItemsResponse, error) {
	return s.items, nil
}

func main() {
	items := &echopb.ListItemsResponse{}
	for i := 0; i < 1000; i++ {
		items.Items = append(items.Items, &echopb.Item{
			Id: fmt.Sprintf("item-%08d", i), Name: fmt.Sprintf("Customer name number %08d", i),
			Amount: float64(12345+100*i) / 100, Tags: []string{"alpha", "beta"}})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	echopb.RegisterEchoServiceServer(server, service{items})
	panic(server.Serve(listener))
}
