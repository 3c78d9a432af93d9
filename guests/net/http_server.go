// net/http on a socket that the runtime was told to listen on:
//
//	GOOS=wasip1 GOARCH=wasm go build -o http_server_go.wasm http_server.go
//	wherry run --tcplisten 127.0.0.1:8080 http_server_go.wasm
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
)

func main() {
	descriptor := 3 // The first after the standard streams and the directories.
	if len(os.Args) > 1 {
		descriptor, _ = strconv.Atoi(os.Args[1])
	}
	listener, err := net.FileListener(os.NewFile(uintptr(descriptor), "listener"))
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "Hello from Go!")
	})
	http.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // All of it first: net/http does not read on once it answers.
		if err == nil {
			w.Write(body)
		}
	})
	log.Fatal(http.Serve(listener, nil))
}
