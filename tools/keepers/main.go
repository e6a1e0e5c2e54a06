// Command keepers runs the transit engine of HashiCorp Vault itself behind the addresses that Vault gives it, for make check-reference: what the product sends
// is read by Vault's own code. It has a module of its own, because neither the product nor its tools need any of this. It prints the address and ends with its standard input.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/vault/builtin/logical/transit"
	"github.com/hashicorp/vault/sdk/logical"
)

func main() {
	storage := &logical.InmemStorage{}
	engine, err := transit.Factory(context.Background(), &logical.BackendConfig{StorageView: storage, System: logical.TestSystemView()})
	if err != nil {
		log.Fatal(err)
	}
	ask := func(ctx context.Context, path string, data map[string]any) (*logical.Response, error) {
		return engine.HandleRequest(ctx, &logical.Request{Operation: logical.UpdateOperation, Path: path, Data: data, Storage: storage})
	}
	if _, err := ask(context.Background(), "keys/almirah", map[string]any{"type": "aes256-gcm96"}); err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://" + l.Addr().String())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		say := func(status int, v any) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(v)
		}
		path, ok := strings.CutPrefix(r.URL.Path, "/v1/transit/")
		if !ok {
			say(http.StatusNotFound, map[string]any{"errors": []string{}})
			return
		}
		if r.Header.Get("X-Vault-Token") != "s.token" {
			say(http.StatusForbidden, map[string]any{"errors": []string{"permission denied"}})
			return
		}
		data := map[string]any{}
		if err := json.NewDecoder(r.Body).Decode(&data); err != nil && err != io.EOF {
			say(http.StatusBadRequest, map[string]any{"errors": []string{err.Error()}})
			return
		}
		answer, err := ask(r.Context(), path, data)
		switch {
		case err == logical.ErrUnsupportedPath:
			say(http.StatusNotFound, map[string]any{"errors": []string{}})
		case answer != nil && answer.IsError():
			say(http.StatusBadRequest, map[string]any{"errors": []string{answer.Error().Error()}})
		case err != nil:
			say(http.StatusInternalServerError, map[string]any{"errors": []string{err.Error()}})
		case answer == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			say(http.StatusOK, map[string]any{"data": answer.Data})
		}
	})))
}
