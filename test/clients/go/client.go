// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"example.com/walk/skilld"
)

// connect returns a client that asks for errors as problem details.
func connect(address string) (*skilld.ClientWithResponses, error) {
	return skilld.NewClientWithResponses(address, skilld.WithRequestEditorFn(
		func(_ context.Context, request *http.Request) error {
			request.Header.Set("Accept", "application/json, application/problem+json")
			return nil
		}))
}

// problemError is an answer that is an error.
type problemError struct {
	skilld.Problem
	// requestID finds the request in the daemon's log.
	requestID string
}

// Error says what the daemon said.
func (e *problemError) Error() string {
	return fmt.Sprintf("%s (%d %s, request %s)", e.Detail, e.Status, e.Title, e.requestID)
}

// refusal returns the problem details that an answer holds, as an error.
func refusal(response *http.Response, body []byte) error {
	failure := &problemError{requestID: response.Header.Get("X-Request-Id")}
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") {
		return fmt.Errorf("%s %s: %s", response.Request.Method, response.Request.URL, response.Status)
	}
	if err := json.Unmarshal(body, &failure.Problem); err != nil {
		return fmt.Errorf("problem details: %w", err)
	}
	return failure
}
