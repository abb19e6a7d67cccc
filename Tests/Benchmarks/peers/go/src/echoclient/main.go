// echoclient --port N --seconds S --connections C --concurrency M [--stream COUNT]: a closed loop of M calls at a time
// over C connections. Prints one JSON line.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"echopb"

	"google.golang.org/grpc"
)

var text = strings.Repeat("x", 100)

// The loop's phases.
const (
	warming = iota
	measuring
	draining
)

var phase, errors int64

// worker is one of the M places of the loop; it alone writes its tallies.
type worker struct {
	client    echopb.EchoServiceClient
	count     uint32
	calls     int64
	messages  int64
	latencies []int
}

func measured() bool { return atomic.LoadInt64(&phase) == measuring }

func (w *worker) unary() error {
	reply, err := w.client.Say(context.Background(), &echopb.Echo{Text: text})
	if err == nil && reply.Text != text {
		err = fmt.Errorf("wrong reply")
	}
	if err == nil && measured() {
		w.messages++
	}
	return err
}

func (w *worker) stream() error {
	stream, err := w.client.Stream(context.Background(), &echopb.StreamReq{Count: w.count, Text: text})
	if err != nil {
		return err
	}
	for got := uint32(0); ; got++ {
		reply, err := stream.Recv()
		if err == io.EOF && got == w.count {
			return nil
		}
		if err != nil {
			return err
		}
		if len(reply.Text) != len(text) {
			return fmt.Errorf("wrong reply")
		}
		if measured() {
			w.messages++
		}
	}
}

func (w *worker) run() {
	for atomic.LoadInt64(&phase) != draining {
		start := time.Now()
		call := w.unary
		if w.count > 0 {
			call = w.stream
		}
		if err := call(); err != nil {
			if atomic.AddInt64(&errors, 1) == 1 {
				log.Print("call failed: ", err)
			}
		} else if measured() {
			w.calls++
			w.latencies = append(w.latencies, int(time.Since(start).Microseconds()))
		}
	}
}

func cpu() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

func main() {
	port := flag.Int("port", 9004, "the server's port")
	seconds := flag.Float64("seconds", 5, "how long to measure")
	connections := flag.Int("connections", 4, "connections")
	concurrency := flag.Int("concurrency", 128, "calls at a time, over all the connections")
	count := flag.Uint("stream", 0, "messages a server-streaming call; 0: unary calls")
	flag.Parse()

	clients := make([]echopb.EchoServiceClient, *connections)
	for i := range clients {
		channel, err := grpc.Dial(fmt.Sprintf("127.0.0.1:%d", *port), grpc.WithInsecure(), grpc.WithBlock())
		if err != nil {
			log.Fatal(err)
		}
		clients[i] = echopb.NewEchoServiceClient(channel)
	}
	workers := make([]worker, *concurrency)
	var group sync.WaitGroup
	for i := range workers {
		workers[i] = worker{client: clients[i%len(clients)], count: uint32(*count)}
		group.Add(1)
		go func(w *worker) { defer group.Done(); w.run() }(&workers[i])
	}
	span := time.Duration(*seconds * float64(time.Second))
	warm := span / 4
	if warm > time.Second {
		warm = time.Second
	}
	time.Sleep(warm)

	start, before := time.Now(), cpu()
	atomic.StoreInt64(&phase, measuring)
	time.Sleep(span)
	atomic.StoreInt64(&phase, draining)
	took, used := time.Since(start).Seconds(), cpu()-before
	group.Wait()

	var calls, messages int64
	var latencies []int
	for i := range workers {
		calls += workers[i].calls
		messages += workers[i].messages
		latencies = append(latencies, workers[i].latencies...)
	}
	sort.Ints(latencies)
	at := func(share float64) int {
		if len(latencies) == 0 {
			return 0
		}
		return latencies[int(float64(len(latencies))*share)]
	}
	fmt.Printf(`{"calls": %d, "seconds": %.6f, "cpu_seconds": %.6f, "p50_us": %d, "p99_us": %d, "messages": %d, `+
		`"errors": %d}`+"\n", calls, took, used, at(.5), at(.99), messages, errors)
	if errors > 0 {
		os.Exit(1)
	}
}
