// SPDX-License-Identifier: Apache-2.0

package registrytest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Fault answers a request in place of the registry. It may pass the request
// on. The request's context ends with the test.
type Fault func(w http.ResponseWriter, r *http.Request, registry http.Handler)

// On makes the fault answer only requests of the method (any where it is empty)
// whose path has part in it; the registry answers all others.
func On(method, part string, fault Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		if (method == "" || r.Method == method) && strings.Contains(r.URL.Path, part) {
			fault(w, r, registry)
			return
		}
		registry.ServeHTTP(w, r)
	}
}

// Times makes the fault answer the first count requests that reach it, and the
// registry those after.
func Times(count int64, fault Fault) Fault {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		if seen.Add(1) <= count {
			fault(w, r, registry)
			return
		}
		registry.ServeHTTP(w, r)
	}
}

// Status answers with a status, and an error of this code and message in the
// form of the OCI distribution specification ("Error Codes").
func Status(status int, code, message string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { refuse(w, status, code, message) }
}

// RateLimit answers 429, with a Retry-After header unless retryAfter is empty.
func RateLimit(retryAfter string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		refuse(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "you have reached your pull rate limit")
	}
}

// Hang answers nothing at all.
func Hang() Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
}

// Drop closes the connection without an answer.
func Drop() Fault {
	return func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
}

// Stall answers with the headers and half of the body, and then nothing more.
func Stall() Fault {
	return half(func(r *http.Request) { <-r.Context().Done() })
}

// Cut answers with the headers and half of the body, and closes the connection.
func Cut() Fault {
	return half(func(*http.Request) {})
}

// Slowly passes the registry's answer on in pieces, with a pause after each but
// the last.
func Slowly(pieces int, pause time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		body := answer(w, r, registry)
		for left := pieces; left > 1; left-- {
			n := len(body) / left
			_, _ = w.Write(body[:n]) // the client may be gone
			_ = http.NewResponseController(w).Flush()
			body = body[n:]
			select {
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			case <-time.After(pause):
			}
		}
		_, _ = w.Write(body)
	}
}

// half sends the first half of the registry's answer, and aborts after wait.
func half(wait func(*http.Request)) Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		body := answer(w, r, registry)
		_, _ = w.Write(body[:len(body)/2]) // the client may be gone
		_ = http.NewResponseController(w).Flush()
		wait(r)
		panic(http.ErrAbortHandler)
	}
}

// Garble answers with a body of the right length whose last byte is wrong.
func Garble() Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		body := answer(w, r, registry)
		if len(body) > 0 {
			body[len(body)-1] ^= 0xff
		}
		_, _ = w.Write(body) // the client may be gone
	}
}

// Endless answers with the right headers, but for the length, and a body that
// does not end before the client or the test does.
func Endless() Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		block := answer(httptest.NewRecorder(), r, registry)
		w.Header().Set("Content-Type", "application/octet-stream")
		for ; r.Context().Err() == nil; block = make([]byte, 32<<10) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

// Oversized answers with an image index of size bytes; chunked says whether it
// keeps the length to itself.
func Oversized(size int, chunked bool) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		if !chunked {
			w.Header().Set("Content-Length", strconv.Itoa(size))
		}
		if r.Method != http.MethodHead {
			_, _ = w.Write([]byte(strings.Repeat(" ", size))) // the client hangs up early
		}
	}
}

// answer asks the registry, copies its headers to w and returns its body. It
// leaves the headers unsent where w is another recorder.
func answer(w http.ResponseWriter, r *http.Request, registry http.Handler) []byte {
	recorded := httptest.NewRecorder()
	registry.ServeHTTP(recorded, r)
	for key, values := range recorded.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(recorded.Code)
	return recorded.Body.Bytes()
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	type detail struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]detail{"errors": {{code, message}}}) // the client sees a failure
}
