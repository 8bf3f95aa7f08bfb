// SPDX-License-Identifier: Apache-2.0

// Command walk does the main job of skilld with a client that oapi-codegen
// generated from its OpenAPI document:
//
//	curl -O http://127.0.0.1:8080/api/openapi.json
//	go generate && go run . http://127.0.0.1:8080 /path/to/hello-skill localhost:5000
//
// The arguments are the daemon's address, the folder of a valid skill of the
// name hello-skill, and the host of a registry.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
)

//go:generate go tool oapi-codegen -config oapi-codegen.yaml openapi.json

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: walk URL FOLDER REGISTRY")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "walk:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address, folder, registry string) error {
	client, err := connect(address)
	if err != nil {
		return err
	}
	w := walk{client: client, folder: folder, reference: registry + "/org/hello-skill:v1"}
	for _, step := range []func(context.Context) error{
		w.validate, w.build, w.preview, w.push, w.pull, w.group, w.install, w.uninstall, w.look, w.fail,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// expect returns an error that says what was expected and is not so.
func expect(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("expected "+format, args...)
}

// errIfNot returns the answer's refusal, unless it has the status.
func errIfNot(status int, response *http.Response, body []byte) error {
	if response.StatusCode == status {
		return nil
	}
	return refusal(response, body)
}
